"""`pagesieve load`: pages from files into the raw topic."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from worker.adapters.kafka.writer import TopicWriter
from worker.commands.failures import CommandError
from worker.commands.inputs import RawPage, read_paths
from worker.pipeline.ports import Outgoing, Unpublishable
from worker.settings import Settings


def load_pages(paths: Sequence[Path], settings: Settings, console: Console) -> int:
    """Publish every page of the paths to the raw topic, and return how many that were.

    Raises:
        InputError: an input cannot be read; the pages before it are loaded.
        CommandError: a page is larger than a message may be.
        StreamUnavailable: Kafka is out of reach.
    """
    count = 0
    with _bar(console) as progress:
        task = progress.add_task(f"loading into {settings.raw_topic}", total=None)
        with TopicWriter(settings) as writer:
            for page in read_paths(paths):
                _send(writer, page, settings)
                count += 1
                progress.update(task, completed=count)
        progress.update(task, total=count)
    console.print(f"{count} pages loaded into {settings.raw_topic}")
    return count


def _send(writer: TopicWriter, page: RawPage, settings: Settings) -> None:
    try:
        writer.send(Outgoing(settings.raw_topic, page.key, page.value, page.headers))
    except Unpublishable as error:
        raise CommandError(65, f"near {page.name}: {error}") from error


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed} pages"),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    )
