"""Features of a block's surroundings: the containers around it, its place, its neighbours."""

from collections.abc import Sequence

import numpy as np

from worker.core.evidence.characters import Floats, Ints
from worker.core.evidence.layout import Layout

_LEVELS = 5  # containers looked at, the block's own first
_KIND_LEVELS = (2, 3, 4)  # where the share of <p> is told
_RANK_LEVELS = 2
ANCESTORS = (
    *(
        column
        for level in range(_LEVELS)
        for column in (
            (
                f"up{level}_share",
                "the article's container has most of the text: its share, so many levels up",
            ),
            (f"up{level}_links", "a list of teasers is links: the share of links, so many levels up"),
            (f"up{level}_blocks", "a teaser box is small: its share of the page's blocks, so many levels up"),
            (f"up{level}_mean", "paragraphs stand with paragraphs: the mean block, so many levels up"),
            (f"up{level}_long", "the same, as the share of long blocks"),
        )
    ),
    *((f"up{level}_in_p", "editors write <p>: their share of the text there") for level in _KIND_LEVELS),
    *(
        (f"up{level}_place", "first and last boxes differ: place among siblings")
        for level in range(_RANK_LEVELS)
    ),
)


def ancestor_columns(x: Layout) -> list[Floats]:
    """The columns of ANCESTORS."""
    count = (x.end - x.first).astype(float) + 1e-9
    by_container = [
        x.plain_within / x.total,
        x.links_within,
        count / x.n,
        x.rel(x.plain_within / count),
        x.within(x.is_long) / count,
    ]
    in_p = x.within(x.in_p) / (x.plain_within + 1e-9)
    rank = _rank(x.parent)
    columns, kinds, ranks = [], [], []
    node = x.own
    for level in range(_LEVELS):
        columns += [column[node] for column in by_container]
        if level in _KIND_LEVELS:
            kinds.append(in_p[node])
        if level < _RANK_LEVELS:
            ranks.append(rank[node])
        node = x.parent[node]
    return columns + kinds + ranks


def _rank(parent: Ints) -> Floats:
    """Each container's place among its parent's containers, 0 to 1."""
    siblings = np.bincount(parent)
    order = np.argsort(parent, kind="stable")
    starts = np.concatenate(([0], np.cumsum(siblings)))[parent[order]]
    rank = np.empty(len(parent))
    rank[order] = np.arange(len(parent)) - starts
    return (rank + 0.5) / siblings[parent]


PLACE = (
    ("up_to_main", "the article is in the main container: levels up to what both share"),
    ("down_to_main", "the same, levels down from there"),
    ("meet_share", "how far out they meet: that container's share of the text"),
    ("meet_links", "the same, as its share of links"),
    ("side_of_main", "before, in or after the main container"),
    ("place_in_main", "the article ends before its container does: how much of its text is passed"),
    ("main_share", "pages differ: the main container's share of the text"),
    ("main_links", "pages differ: the share of links in it"),
    ("page_links", "pages differ: the share of links on the page"),
    ("text_before", "how much of the page's text is passed"),
    ("order", "how many of its blocks are passed"),
    ("from_opening", "blocks since the article's first paragraph, as a share of all"),
    ("from_closing", "blocks since its last paragraph, as a share of all"),
    ("blocks_from_opening", "the same counted, twelve at most"),
    ("blocks_from_closing", "the same counted, twelve at most"),
    ("side_of_headline", "what stands above the headline is no article; -2 where there is none"),
    ("text_since_headline", "text between here and the headline, as a share of the page's"),
    ("blocks_since_headline", "blocks between here and the headline, fifteen at most"),
    ("since_long", "labels stand apart: blocks since the last long one, twelve at most"),
    ("until_long", "a subhead leads to a paragraph: blocks until the next long one, twelve at most"),
)
_HEADINGS = frozenset({"h1", "h2", "h3"})


def place_columns(x: Layout, title_likeness: Floats) -> list[Floats]:
    """The columns of PLACE."""
    index = np.arange(x.n)
    first, end = int(x.first[x.main]), int(x.end[x.main])
    before = np.concatenate(([0.0], np.cumsum(x.plain)))
    shared = _shared_ancestor(x)
    meet = shared[x.own]
    long = np.flatnonzero((x.is_long > 0) & (x.inside_main > 0))
    opening, closing = (int(long[0]), int(long[-1])) if len(long) else (first, max(first, end - 1))
    passed = (before[:-1] + x.plain / 2 - before[first]) / (before[end] - before[first] + 1e-9)
    last_long = np.maximum.accumulate(np.where(x.is_long > 0, index, -1))
    next_long = np.minimum.accumulate(np.where(x.is_long > 0, index, x.n + 99)[::-1])[::-1]
    return [
        (x.depth[x.own] - x.depth[meet]).astype(float),
        (x.depth[x.main] - x.depth[meet]).astype(float),
        x.plain_within[meet] / x.total,
        x.links_within[meet],
        np.where(index < first, -1.0, np.where(index >= end, 1.0, 0.0)),
        np.clip(passed, -2, 3),
        np.full(x.n, x.plain_within[x.main] / x.total),
        np.full(x.n, x.links_within[x.main]),
        np.full(x.n, 1 - x.total / x.length.sum()),
        before[:-1] / x.total,
        index / x.n,
        (index - opening) / x.n,
        (index - closing) / x.n,
        np.clip(index - opening, -12, 12).astype(float),
        np.clip(index - closing, -12, 12).astype(float),
        *_since_headline(x, title_likeness, index, before),
        np.minimum(index - last_long, 12).astype(float),
        np.minimum(next_long - index, 12).astype(float),
    ]


def _since_headline(x: Layout, title_likeness: Floats, index: Ints, before: Floats) -> list[Floats]:
    headline = _headline(x, title_likeness.tolist())
    if headline < 0:
        return [np.full(x.n, -2.0), np.zeros(x.n), np.full(x.n, -20.0)]
    return [
        np.sign(index - headline).astype(float),
        (before[:-1] - before[headline]) / x.total,
        np.clip(index - headline, -15, 15).astype(float),
    ]


def _headline(x: Layout, title_likeness: Sequence[float]) -> int:
    """The block that is most likely the headline; -1 without one."""
    best, place = 0.0, -1
    for i, block in enumerate(x.view.blocks):
        if block.tag in _HEADINGS:
            likeness = title_likeness[i]
            score = likeness + 0.3 if block.tag == "h1" else likeness if likeness > 0.5 else 0.0
            if score > best:
                best, place = score, i
    return place


def _shared_ancestor(x: Layout) -> Ints:
    """For each container, the innermost one that it shares with the main one."""
    chain = {0, *x.view.ancestors(x.main)}
    shared: list[int] = []
    for i, above in enumerate(x.parent.tolist()):
        shared.append(i if i in chain else shared[above])
    return np.array(shared)


_STEPS = (-3, -2, -1, 1, 2, 3)
_WINDOWS = (3, 8)
NEIGHBOURS = (
    *(
        column
        for step in _STEPS
        for column in (
            (f"next{step}_size", "paragraphs follow paragraphs: the size of the block so far on"),
            (f"next{step}_links", "teasers follow teasers: its share of links"),
        )
    ),
    *(
        column
        for step in (-1, 1)
        for column in (
            (f"next{step}_same_tag", "lists go on: it is the same element"),
            (f"next{step}_same_parent", "it lies in the same container"),
            (f"next{step}_ends", "it ends as a sentence does"),
            (f"next{step}_heading", "it is a heading"),
        )
    ),
    *(
        column
        for width in _WINDOWS
        for column in (
            (f"window{width}_before", "text just before, as a share of the page's"),
            (f"window{width}_after", "text just after"),
            (f"window{width}_links", "the share of links around"),
            (f"window{width}_long", "the share of long blocks around"),
        )
    ),
)
_EVERY_HEADING = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})


def neighbour_columns(x: Layout) -> list[Floats]:
    """The columns of NEIGHBOURS."""
    index, size = np.arange(x.n), x.rel(x.plain)
    columns: list[Floats] = []
    for step in _STEPS:
        columns += [shifted(size, step, -9.0), shifted(x.link_share, step, -1.0)]
    tag = x.tags[x.own].astype(float)
    own = x.own.astype(float)
    heading = np.array([block.tag in _EVERY_HEADING for block in x.view.blocks], float)
    for step in (-1, 1):
        columns += [
            (shifted(tag, step, -1.0) == tag).astype(float),
            (shifted(own, step, -1.0) == own).astype(float),
            shifted(x.ends, step, -1.0),
            shifted(heading, step, -1.0),
        ]
    plain, length, long = (np.concatenate(([0.0], np.cumsum(c))) for c in (x.plain, x.length, x.is_long))
    for width in _WINDOWS:
        low, high = np.maximum(0, index - width), np.minimum(x.n, index + width + 1)
        columns += [
            (plain[index] - plain[low]) / x.total,
            (plain[high] - plain[index + 1]) / x.total,
            1 - (plain[high] - plain[low]) / (length[high] - length[low]),
            (long[high] - long[low]) / (high - low),
        ]
    return columns


def shifted(column: Floats, step: int, beyond: float) -> Floats:
    """The column's value `step` blocks on; `beyond` where there is no such block."""
    result = np.full(len(column), beyond)
    if abs(step) < len(column):
        if step < 0:
            result[-step:] = column[:step]
        else:
            result[:-step] = column[step:]
    return result
