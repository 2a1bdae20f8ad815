"""Every feature that the layout model looks at, by group, and the matrix of a page."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.core.blocks import BlockView
from worker.core.evidence.alike import ALIKE, alike_columns
from worker.core.evidence.around import (
    ANCESTORS,
    NEIGHBOURS,
    PLACE,
    ancestor_columns,
    neighbour_columns,
    place_columns,
)
from worker.core.evidence.extractor import EXTRACTOR, extractor_columns
from worker.core.evidence.layout import Layout
from worker.core.evidence.own import (
    ELEMENT,
    REPEATS,
    TEXT,
    element_columns,
    repeat_columns,
    text_columns,
)

Matrix = NDArray[np.float32]  # features x blocks


@dataclass(frozen=True, slots=True)
class Feature:
    """A column of the matrix: what it is called, what it looks at, and why it tells."""

    name: str
    group: str
    about: str


_GROUPS = {
    "text": TEXT,
    "repeats": REPEATS,
    "element": ELEMENT,
    "containers": ANCESTORS,
    "lookalikes": ALIKE,
    "place": PLACE,
    "neighbours": NEIGHBOURS,
}
PAGE_FEATURES = tuple(
    Feature(name, group, about) for group, columns in _GROUPS.items() for name, about in columns
)
EXTRACTOR_FEATURES = tuple(Feature(name, "extractor", about) for name, about in EXTRACTOR)
FEATURES = PAGE_FEATURES + EXTRACTOR_FEATURES


def page_matrix(view: BlockView, titles: Sequence[str], description: str | None) -> tuple[Layout, Matrix]:
    """The layout of a page with at least one block, and its features: PAGE_FEATURES x blocks."""
    layout = Layout(view)
    repeats = repeat_columns(view, titles, description)
    title_likeness = repeats[2]
    columns = text_columns(layout) + repeats + element_columns(layout) + ancestor_columns(layout)
    columns += alike_columns(layout) + place_columns(layout, title_likeness) + neighbour_columns(layout)
    return layout, np.array(columns, np.float32)


def with_verdict(layout: Layout, matrix: Matrix, shares: Sequence[float]) -> Matrix:
    """The same with trafilatura's verdict: FEATURES x blocks."""
    return np.concatenate((matrix, np.array(extractor_columns(layout, shares), np.float32)))
