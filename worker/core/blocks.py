"""The block view of a page: its runs of text in document order, each with its place in the tree.

A block is a leaf-most run of text: a paragraph, a heading, a list item, a cell, a div's own text.
A container is an element that blocks lie in. Blocks and containers refer to each other by index, so
what looks at the page's layout can do so in arrays. `walk` makes the view of markup.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree, html


@dataclass(slots=True)
class Container:
    """An element that starts blocks of its own. Blocks `first` to `end` (exclusive) lie in it."""

    element: html.HtmlElement | None
    tag: str
    parent: int  # index of the container around it; -1 for the outermost
    depth: int
    first: int
    end: int = 0


@dataclass(slots=True)
class Block:
    """One run of text. Lengths are in characters of the folded text."""

    text: str  # the page's own characters; spaces folded, single line breaks kept as \n
    node: int  # index of its container
    tag: str = "p"
    link_chars: int = 0
    links: int = 0
    bold_chars: int = 0
    media: int = 0  # images and frames since the block before
    row: int = -1  # index of the table row around it


@dataclass(slots=True)
class BlockView:
    """All blocks and containers of a page, and the text nodes that each block was made of."""

    blocks: list[Block] = field(default_factory=list)
    containers: list[Container] = field(default_factory=list)
    pieces: list[tuple[etree._Element, bool, int]] = field(default_factory=list)  # element, is tail, block
    measures: tuple[list[int], list[int]] | None = None  # see prose.measured
    depth: int = 0  # of the deepest element in the body, inline ones too

    def ancestors(self, node: int) -> Iterator[int]:
        """The container and all those around it, innermost first."""
        while node >= 0:
            yield node
            node = self.containers[node].parent


def text_blocks(text: str, most: int | None = None) -> BlockView:
    """The view of plain text: a line is a block; there is nothing around it.

    It ends with the block after the first `most`.
    """
    view = BlockView(containers=[Container(None, "body", -1, 0, 0)])
    for line in text.splitlines():
        folded = " ".join(line.split())
        if any(map(str.isalnum, folded)):
            view.blocks.append(Block(folded, 0))
            if len(view.blocks) - 1 == most:
                break
    view.containers[0].end = len(view.blocks)
    return view
