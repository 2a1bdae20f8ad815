"""`pagesieve topics`: create what is missing."""

from rich.console import Console
from rich.table import Table

from worker.adapters.kafka.admin import create_topics as create_missing
from worker.settings import Settings


def create_topics(settings: Settings, console: Console) -> None:
    """Create the topics that are missing, and tell of each what was done.

    Raises:
        StreamUnavailable: Kafka is out of reach, or refuses.
    """
    table = Table("topic", "what was done")
    for report in create_missing(settings):
        table.add_row(report.topic, report.detail)
    console.print(table)
