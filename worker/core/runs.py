"""The runs of text after and before an element, as a reader meets them: each a line, a label, a paragraph."""

from collections.abc import Iterator
from typing import NamedTuple

from lxml import etree

from worker.core.layout_words import text_of

_MOST_ELEMENTS_AFTER = 160
_MOST_ELEMENTS_BEFORE = 30
_BLOCKS = frozenset(
    """
    address article aside blockquote body center dd details dialog div dl dt fieldset figcaption figure
    footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section table tbody td tfoot th thead
    tr ul
    """.split()
)
_UNSEEN = frozenset(
    """
    script style noscript template svg select option textarea iframe object button input form nav
    blockquote figure aside meta link
    """.split()
)


class Run(NamedTuple):
    """A run of text: all of an element, or what stands behind one inside its parent."""

    element: etree._Element
    is_tail: bool = False

    def text(self) -> str:
        """What it says, on one line."""
        return " ".join((self.element.tail or "").split()) if self.is_tail else text_of(self.element)


def _is_leaf(node: etree._Element) -> bool:
    """True for an element without blocks in it, or with text of its own."""
    if len(node) == 0 or (node.text and node.text.strip()):
        return True
    return not any(below.tag in _BLOCKS for below in node.iterdescendants())


def runs_after(start: etree._Element) -> Iterator[Run]:
    """The runs of text in document order after `start`."""
    budget = _MOST_ELEMENTS_AFTER
    for above in (start, *start.iterancestors()):
        if above.tag in ("body", "html"):
            return
        yield from _tail(above)
        for sibling in above.itersiblings():
            for run in _runs_in(sibling, budget):
                budget -= 1
                yield run
            yield from _tail(sibling)
            budget -= 1
            if budget <= 0:
                return


def runs_before(start: etree._Element) -> Iterator[Run]:
    """The runs of text right before `start`, nearest first."""
    budget = _MOST_ELEMENTS_BEFORE
    for above in (start, *start.iterancestors()):
        if above.tag in ("body", "html", "main"):
            return
        for sibling in above.itersiblings(preceding=True):
            yield from _tail(sibling)
            runs = list(_runs_in(sibling, budget))
            yield from reversed(runs)
            budget -= len(runs) + 1
            if budget <= 0:
                return


def _tail(element: etree._Element) -> Iterator[Run]:
    if element.tail and element.tail.strip():
        yield Run(element, is_tail=True)


def _runs_in(root: etree._Element, budget: int) -> Iterator[Run]:
    """The runs of text of a subtree in document order, as far as the budget of elements goes."""
    node: etree._Element = root
    for _ in range(budget):
        if isinstance(node.tag, str) and node.tag not in _UNSEEN:
            if not _is_leaf(node):
                node = node[0]
                continue
            yield Run(node)
        following = _next_within(node, root)
        while following is None:
            if node is root:
                return
            yield from _tail(node)
            node = _parent(node)
            following = _next_within(node, root)
        yield from _tail(node)
        node = following


def _parent(node: etree._Element) -> etree._Element:
    parent = node.getparent()
    if parent is None:
        raise ValueError("the walk left its subtree")
    return parent


def _next_within(node: etree._Element, root: etree._Element) -> etree._Element | None:
    return None if node is root else node.getnext()
