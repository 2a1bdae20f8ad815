"""Features of the blocks that look like a block: what looks alike on a page is alike."""

import numpy as np

from worker.core.evidence.characters import Floats, Ints
from worker.core.evidence.layout import Layout

_GROUPS = {
    "look": "the same element and classes",
    "look_parent": "the same, and the parent's",
    "look_grandparent": "the same element, and the classes of parent and grandparent",
    "same_parent": "the same parent",
    "same_parent_look": "the same parent, element and classes",
    "same_grandparent": "the same grandparent, element, and parent's classes",
}
ALIKE = tuple(
    (f"{group}_{name}", f"{about}: blocks with {alike}")
    for group, alike in _GROUPS.items()
    for name, about in (
        ("share", "their share of the page's text"),
        ("links", "the share of links in them"),
        ("blocks", "their share of the page's blocks"),
        ("mean", "their mean size"),
        ("long", "how many of them are long"),
        ("ends", "how many end as sentences do"),
        ("in_main", "how much of their text lies in the main container"),
    )
)


def alike_columns(x: Layout) -> list[Floats]:
    """The columns of ALIKE."""
    columns: list[Floats] = []
    for group in _groups(x):
        count, plain, length = np.bincount(group), np.bincount(group, x.plain), np.bincount(group, x.length)
        inside = np.bincount(group, x.plain * x.inside_main)
        by_group = np.array(
            [
                plain / x.total,
                1 - plain / length,
                count / x.n,
                x.rel(plain / count),
                np.bincount(group, x.is_long) / count,
                np.bincount(group, x.ends) / count,
                inside / (plain + 1e-9),
            ]
        )
        columns += list(by_group[:, group])
    return columns


def _groups(x: Layout) -> list[Ints]:
    """For each of _GROUPS, the number of each block's group."""
    own, parent = x.own, x.parent[x.own]
    above = x.parent[parent]
    look, tag = x.looks[own], x.tags[own]
    keys = [
        (look,),
        (look, x.looks[parent]),
        (tag, x.looks[parent], x.looks[above]),
        (parent,),
        (parent, look),
        (above, x.looks[parent], tag),
    ]
    return [_numbered(*key) for key in keys]


def _numbered(*parts: Ints) -> Ints:
    """One small number for each combination that comes up."""
    key = parts[0].astype(np.int64)
    for part in parts[1:]:
        key = key * (int(part.max()) + 1) + part
    numbers: Ints = np.unique(key, return_inverse=True)[1].reshape(-1)
    return numbers
