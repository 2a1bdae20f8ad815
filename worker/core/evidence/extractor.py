"""Features of what trafilatura keeps: of a block, around it, of its parent and of what looks like it."""

from collections.abc import Sequence

import numpy as np

from worker.core.evidence.around import shifted
from worker.core.evidence.characters import Floats
from worker.core.evidence.layout import Layout

_KEPT = 0.5
_STEPS = (-2, -1, 1, 2)
_WINDOWS = (3, 8)
_GROUPS = ("parent", "grandparent", "look")
EXTRACTOR = (
    ("kept_share", "the share of the block that trafilatura keeps"),
    ("kept", "trafilatura keeps the block"),
    *((f"kept{step}", "trafilatura keeps the block so far on") for step in _STEPS),
    *(
        column
        for group in _GROUPS
        for column in (
            (f"kept_of_{group}", f"how much text of the same {group} it keeps"),
            (f"kept_in_{group}", f"how much of what it keeps has the same {group}"),
            (f"kept_blocks_of_{group}", f"how many blocks of the same {group} it keeps"),
        )
    ),
    ("kept_before", "how much of what it keeps is passed"),
    *((f"kept_window{width}", "how many of the blocks around it keeps") for width in _WINDOWS),
    ("kept_of_page", "how much of the page's text it keeps"),
)


def extractor_columns(x: Layout, shares: Sequence[float]) -> list[Floats]:
    """The columns of EXTRACTOR; `shares` is trafilatura's verdict by block, 0 to 1."""
    verdict = np.array(shares, float)
    kept = (verdict >= _KEPT).astype(float)
    text = x.plain * kept
    total = float(text.sum()) + 1e-9
    parent = x.parent[x.own]
    columns = [verdict, kept, *(shifted(kept, step, -1.0) for step in _STEPS)]
    for group in (parent, x.parent[parent], x.looks[x.own]):
        in_group = np.bincount(group, text)
        columns += [
            (in_group / (np.bincount(group, x.plain) + 1e-9))[group],
            (in_group / total)[group],
            (np.bincount(group, kept) / np.maximum(1, np.bincount(group)))[group],
        ]
    columns.append(np.cumsum(text) / total)
    summed = np.concatenate(([0.0], np.cumsum(kept)))
    index = np.arange(x.n)
    for width in _WINDOWS:
        low, high = np.maximum(0, index - width), np.minimum(x.n, index + width + 1)
        columns.append((summed[high] - summed[low]) / (2 * width + 1))
    columns.append(np.full(x.n, total / x.total))
    return columns
