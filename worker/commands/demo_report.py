"""What the demo prints when it is through: a page before and after, and the figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.columns import Columns
from rich.console import Console, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from worker.commands.demo_load import ARTICLE, DemoPage, Tally
from worker.core.charset import page_text
from worker.core.records import Page, Rejected
from worker.core.tree import parse
from worker.core.walk import tree_blocks
from worker.demo_pages import SampleCase

_LINES = 30  # of the page and of the article
_NEXT = """\
Where to look next:
  pagesieve clean page.html         clean files without Kafka
  pagesieve check                   see whether your own Kafka and Redis will do
  pagesieve run                     the worker of this demo, on your own Kafka
  pagesieve --help                  the other commands
"""


@dataclass(frozen=True, slots=True)
class Run:
    """One run over all pages: what came of them, in how many seconds, and how often the cache knew."""

    tally: Tally
    seconds: float
    cache_hits: int


def print_figures(console: Console, pages: Sequence[DemoPage], runs: Sequence[Run]) -> None:
    """The table of both runs."""
    table = Table("", "first run", "the same pages again", title="What became of the pages")
    counts = [run.tally.counts for run in runs]

    def row(name: str, values: Sequence[object], style: str = "") -> None:
        table.add_row(name, *map(str, values), style=style)

    row("pages in", [len(pages)] * len(runs))
    row("articles", [count[ARTICLE] for count in counts], "green")
    row("dead letters", [sum(count.values()) - count[ARTICLE] for count in counts], "yellow")
    for reason in sorted({fate for count in counts for fate in count} - {ARTICLE}):
        row(f"  {reason}", [count[reason] for count in counts])
    row("known to the cache", [run.cache_hits for run in runs])
    row("pages a second", [f"{len(pages) / run.seconds:.0f}" for run in runs], "bold")
    for column in table.columns[1:]:
        column.justify = "right"
    console.print(table)


def print_before_and_after(console: Console, case: SampleCase, record: Mapping[str, Any]) -> None:
    """The lines of a page, what was cut out struck through, beside the article that came of it."""
    before = Panel(_page_lines(case, record), title=f"before: {case.expected['about']}", title_align="left")
    after = Panel(_article(record), title="after: the article record", title_align="left")
    if console.width >= 100:
        width = console.width // 2 - 1
        before.width = after.width = width
        console.print(Columns([before, after], padding=(0, 1)))
    else:
        console.print(before, after, sep="\n")


def print_next_steps(console: Console) -> None:
    """Where a newcomer goes from here."""
    console.print(_NEXT, highlight=False)


def _page_lines(case: SampleCase, record: Mapping[str, Any]) -> RenderableType:
    kept = set(record["paragraphs"])
    lines = _visible_lines(case)
    start = max(0, next((n for n, line in enumerate(lines) if line in kept), 0) - _LINES // 3)
    shown = lines[start : start + _LINES]
    text = Text().append(f"… {start} lines before …\n" if start else "", style="dim")
    for line in shown:
        short = line if len(line) <= 150 else line[:149] + "…"
        text.append(short + "\n", style="" if line in kept else "red strike")
    rest = len(lines) - start - len(shown)
    return text.append(f"… {rest} lines after …" if rest > 0 else "", style="dim")


def _article(record: Mapping[str, Any]) -> RenderableType:
    text = Text()
    for field in ("title", "authors", "published_at", "section", "site_name", "language", "word_count"):
        value = record[field]
        shown = ", ".join(value) if isinstance(value, list) else str(value)
        text.append(f"{field}: ", style="cyan").append(f"{shown}\n")
    text.append("removed: ", style="cyan").append(_kinds(record["removed"]) + "\n\n")
    text.append("\n\n".join(record["paragraphs"][:_LINES]))
    return text


def _kinds(removed: Sequence[Mapping[str, str]]) -> str:
    kinds: dict[str, int] = {}
    for block in removed:
        kinds[block["kind"]] = kinds.get(block["kind"], 0) + 1
    return ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items())) or "nothing"


def _visible_lines(case: SampleCase) -> list[str]:
    page = Page(case.body, case.url, case.content_type)
    text = page_text(page)
    root = None if isinstance(text, Rejected) else parse(text)
    return [] if root is None else [block.text for block in tree_blocks(root).blocks]
