"""An explanation in a terminal."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rich.console import Console, ConsoleRenderable, Group
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from worker.explaining.rows import Explanation, Row, Verdict
from worker.explaining.runs import Run, runs_of
from worker.explaining.visible import visible

_STYLES = {Verdict.KEPT: "green", Verdict.CUT: "red", Verdict.OUTSIDE: "dim"}
_SIGNS = {Verdict.KEPT: "+", Verdict.CUT: "-", Verdict.OUTSIDE: " "}
_SHOWN = 240  # characters of a block
_INDENT = 2


@dataclass(frozen=True, slots=True)
class _Line:
    """A line that wraps, and the columns that it stands in from the left."""

    text: Text
    indent: int


def print_explanation(explanation: Explanation, console: Console, *, whole: bool) -> None:
    """Print what became of a page; `whole` leaves nothing folded or shortened."""
    console.print(_head(explanation))
    if explanation.fields:
        console.print(Padding(_fields(explanation), (0, 0, 1, _INDENT)))
    for run in runs_of(explanation.rows):
        for line in _run(run, whole=whole):
            _print_indented(line, console)
    console.print()


def _print_indented(line: _Line, console: Console) -> None:
    margin = " " * line.indent
    for part in line.text.wrap(console, max(20, console.width - line.indent)):
        part.rstrip()
        console.print(Text(margin) + part)


def _head(explanation: Explanation) -> ConsoleRenderable:
    lines = [Rule(Text(visible(explanation.name), style="bold"), align="left", style="dim")]
    text = Text()
    if explanation.url:
        text.append(f"{visible(explanation.url)}\n", style="dim")
    rejected = explanation.rejected
    if rejected:
        text.append(f"rejected: {rejected.reason.value}", style="bold red")
        text.append(f" ({visible(rejected.detail)})")
    else:
        text.append("article", style="bold green")
        text.append(f" of {explanation.word_count} words")
    if explanation.rows:
        counts = ", ".join(f"{count} {verdict.value}" for verdict, count in explanation.verdicts.items())
        text.append(f"; {len(explanation.rows)} blocks: {counts}\n")
    return Group(*lines, text)


def _fields(explanation: Explanation) -> Table:
    table = Table.grid(padding=(0, 2))
    for field in explanation.fields:
        if field.values:
            value = visible(", ".join(field.values))
            table.add_row(
                Text(field.name, style="cyan", no_wrap=True),
                Text(_shortened(value)),
                Text(visible(field.evidence or ""), style="dim"),
            )
    return table


def _run(run: Run, *, whole: bool) -> Iterator[_Line]:
    if run.folded and not whole:
        what = ", ".join(f"{count} {name}" for name, count in _names(run.rows))
        yield _Line(Text(f"… {len(run.rows)} blocks that extraction left out: {what}", style="dim"), _INDENT)
        return
    for row in run.rows:
        yield _Line(_label(row), 0)
        for sign in row.signs if row.by_layout else ():
            speaks = "for" if sign.weight > 0 else "against"
            yield _Line(Text(f"{speaks}: {visible(sign.about)}", style="dim"), 2 * _INDENT)
        text = visible(row.text)
        style = "" if row.verdict is Verdict.KEPT else "dim"
        yield _Line(Text(text if whole else _shortened(text), style=style), 2 * _INDENT)


def _names(rows: Iterable[Row]) -> list[tuple[str, int]]:
    return Counter((row.kind or row.verdict).value for row in rows).most_common()


def _label(row: Row) -> Text:
    style = _STYLES[row.verdict]
    text = Text(f"{_SIGNS[row.verdict]} {row.number} ", style=style)
    text.append(row.verdict.value, style=f"bold {style}")
    if row.kind:
        text.append(f" {row.kind.value}", style=style)
    if row.rule:
        text.append(f" {row.rule}", style="cyan")
    text.append(f"  {visible(row.why)}", style="dim")
    if row.score is not None:
        text.append(f"; layout {row.score:.2f}", style="dim")
    return text


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"
