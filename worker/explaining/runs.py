"""Rows in groups, so that a page of 500 blocks stays readable: what was never in the text folds together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from worker.explaining.rows import Row, Verdict

_FEWEST = 3  # rows that are worth folding


@dataclass(frozen=True, slots=True)
class Run:
    """Rows that follow each other. Folded ones are all blocks that extraction had left out by itself."""

    rows: Sequence[Row]
    folded: bool


def runs_of(rows: Sequence[Row]) -> Iterator[Run]:
    """The rows in their order, each in one run."""
    for aside, group in groupby(rows, _is_aside):
        found = list(group)
        yield Run(found, folded=aside and len(found) >= _FEWEST)


def _is_aside(row: Row) -> bool:
    if row.verdict is Verdict.OUTSIDE:
        return True
    return row.verdict is Verdict.CUT and not row.extracted
