"""The block view as arrays, and where the page's main text lies: what all features are taken from.

Sizes are in characters. Everything is relative to the page (its typical paragraph, its text, its main
container), so that one model serves every language and site.
"""

import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from worker.core.blocks import BlockView, Container
from worker.core.evidence.characters import CAPITALS, COMMAS, DIGITS, SENTENCES, Floats, Ints, kind_counts
from worker.core.prose import ends_sentence

_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)

FLAGS = (
    "header", "footer", "aside", "nav", "form", "figure", "list", "table", "article", "main",
    "heading", "hidden",
)  # fmt: skip
_BITS = {flag: 1 << bit for bit, flag in enumerate(FLAGS)}
_TAG_FLAG = {tag: _BITS[tag] for tag in FLAGS[:6] + FLAGS[7:10]}
_TAG_FLAG |= {"ul": _BITS["list"], "ol": _BITS["list"], "figcaption": _BITS["figure"]}
_TAG_FLAG |= {f"h{level}": _BITS["heading"] for level in range(1, 7)}
_ROLE_FLAG = {
    "navigation": _BITS["nav"], "complementary": _BITS["aside"], "contentinfo": _BITS["footer"],
    "banner": _BITS["header"], "main": _BITS["main"], "article": _BITS["article"], "search": _BITS["form"],
    "form": _BITS["form"],
}  # fmt: skip


@dataclass
class Layout:
    """Columns over the n blocks and the m containers of a page that has at least one block."""

    view: BlockView

    def __post_init__(self) -> None:
        blocks, containers = self.view.blocks, self.view.containers
        self.n = len(blocks)
        self.own: Ints = np.array([block.node for block in blocks])  # n: the block's container
        self.parent: Ints = np.array([max(0, c.parent) for c in containers])  # m; the outermost is its own
        self.depth: Ints = np.array([c.depth for c in containers])
        self.first: Ints = np.array([c.first for c in containers])
        self.end: Ints = np.array([c.end for c in containers])
        self.length: Floats = np.array([len(block.text) for block in blocks], float)
        self.plain: Floats = self.length - np.array([block.link_chars for block in blocks], float)  # no link
        self.total = float(self.plain.sum()) + 1e-9
        self.link_share: Floats = 1 - self.plain / self.length
        self.paragraph = self._typical_paragraph()
        self.ends: Floats = np.array([ends_sentence(block.text) for block in blocks], float)
        self.is_long: Floats = ((self.plain >= 0.5 * self.paragraph) & (self.link_share < 0.5)).astype(float)
        self.in_p: Floats = self.plain * np.array([block.tag == "p" for block in blocks], float)
        counts = kind_counts([block.text for block in blocks])
        self.sentences, self.commas = counts[SENTENCES], counts[COMMAS]
        self.digits, self.capitals = counts[DIGITS], counts[CAPITALS]
        self.main = self._densest()  # the container with the densest text
        self.inside_main: Floats = np.zeros(self.n)
        self.inside_main[self.first[self.main] : self.end[self.main]] = 1.0

    def within(self, column: Floats) -> Floats:
        """The sum of a block column over all blocks inside each container."""
        summed = np.concatenate(([0.0], np.cumsum(column)))
        return summed[self.end] - summed[self.first]

    def rel(self, size: Floats) -> Floats:
        """A size against that of the page's typical paragraph, as a logarithm."""
        return np.log((size + 1) / (self.paragraph + 1))

    @cached_property
    def plain_within(self) -> Floats:
        """Characters that are no link, in each container."""
        return self.within(self.plain)

    @cached_property
    def links_within(self) -> Floats:
        """The share of links in each container's text."""
        return 1 - self.plain_within / (self.within(self.length) + 1e-9)

    @cached_property
    def looks(self) -> Ints:
        """A number for what each container looks like: its tag and classes."""
        numbers: dict[tuple[str, str | None], int] = {}
        return np.array(
            [
                numbers.setdefault(
                    (c.tag, None if c.element is None else c.element.get("class")), len(numbers)
                )
                for c in self.view.containers
            ]
        )

    @cached_property
    def tags(self) -> Ints:
        """A number for each container's tag."""
        numbers: dict[str, int] = {}
        return np.array([numbers.setdefault(c.tag, len(numbers)) for c in self.view.containers])

    @cached_property
    def flags(self) -> Ints:
        """For each block a bit for each of FLAGS that it lies in."""
        found: list[int] = []
        for container in self.view.containers:
            around = found[container.parent] if container.parent >= 0 else 0
            found.append(around | _flags_of(container))
        return np.array(found)[self.own]

    def in_flag(self, flag: str) -> Floats:
        """1.0 for the blocks that lie in such an element."""
        return ((self.flags & _BITS[flag]) > 0).astype(float)

    def lies_in(self, index: int, *flags: str) -> bool:
        """True for a block that lies in any of these elements."""
        return bool(self.flags[index] & sum(_BITS[flag] for flag in flags))

    def _typical_paragraph(self) -> float:
        """The length of the block that the middle character of the page's text lies in."""
        order = np.argsort(-self.plain, kind="stable")
        middle = int(np.searchsorted(np.cumsum(self.plain[order]), self.total / 2))
        return max(1.0, float(self.plain[order[min(middle, self.n - 1)]]))

    def _densest(self) -> int:
        """The container with the most prose near: its own blocks count half, its children's count whole."""
        prose = self.plain * (1 - self.link_share) * np.minimum(1.0, self.plain / self.paragraph)
        prose *= 0.5 + 0.5 * self.ends
        size, above = len(self.parent), self.parent[self.own]
        score = 0.5 * np.bincount(self.own, prose, size) + np.bincount(above, prose, size)
        score += 0.5 * np.bincount(self.parent[above], prose, size)
        return int(np.argmax(score * (1 - self.links_within)))


def _flags_of(container: Container) -> int:
    bits = _TAG_FLAG.get(container.tag, 0)
    element = container.element
    if element is None or not element.attrib:
        return bits
    bits |= _ROLE_FLAG.get(element.get("role") or "", 0)
    style = element.get("style")
    hidden = element.get("hidden") is not None or element.get("aria-hidden") == "true"
    if hidden or (style and _HIDDEN.search(style)):
        bits |= _BITS["hidden"]
    return bits
