"""`pagesieve check`: what works, what does not, and what to do next."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from worker.adapters.kafka.admin import check_kafka
from worker.adapters.redis import redis_check
from worker.settings import Settings

_UNAVAILABLE = 69  # sysexits: EX_UNAVAILABLE


def check_all(settings: Settings, console: Console) -> int:
    """Check each part, print a line for it, and return the exit code: 0 when all is fine."""
    table = Table("", "what", "found", "next step")
    fine = True
    rows = [("settings", True, "all hold", "")]
    rows += [(r.name, r.ok, r.detail, r.next_step) for r in check_kafka(settings)]
    ok, detail = redis_check(settings)
    rows.append(
        ("Redis", ok, detail, "" if ok else "mend it, or unset PAGESIEVE_REDIS_URL to run without a cache")
    )
    for name, good, found, step in rows:
        fine = fine and good
        table.add_row("[green]fine[/]" if good else "[red]not fine[/]", name, escape(found), escape(step))
    console.print(table)
    return 0 if fine else _UNAVAILABLE
