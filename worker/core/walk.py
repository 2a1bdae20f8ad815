"""One walk over a parsed page that makes its block view: what is a block, and which belong together.

Inline elements belong to their block, a double line break ends one, the short cells of a table row are one.
"""

import re

from lxml import etree, html

from worker.core.blocks import Block, BlockView, Container

INLINE = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr o:p picture q "
    "rp rt ruby s samp small span strike strong sub sup time tt u var wbr img amp-link center-inline".split()
)
BLOCK = frozenset(
    "address article aside blockquote body button caption center colgroup col dd details dialog dir div "
    "dl dt fieldset figcaption figure footer form frameset h1 h2 h3 h4 h5 h6 header hgroup hr legend li "
    "main menu nav ol p pre search section summary table tbody td tfoot th thead tr ul".split()
)
SKIPPED = frozenset(
    "script style noscript template svg select option textarea iframe head object embed audio video canvas "
    "math datalist map link meta input title".split()
)
_SKIP, _MEDIA, _BREAK_LINE = "skip", "media", "break line"  # what an element is to the walk
_SPAN, _IMAGE, _LINK, _BOLD, _BLOCK = "span", "image", "link", "bold", "block"
_ROLES: dict[object, str] = {
    **dict.fromkeys(BLOCK, _BLOCK),
    **dict.fromkeys(INLINE, _SPAN),
    **dict.fromkeys(SKIPPED, _SKIP),
    **dict.fromkeys(("iframe", "video", "svg"), _MEDIA),
    **dict.fromkeys(("b", "strong"), _BOLD),
    "a": _LINK,
    "img": _IMAGE,
    "br": _BREAK_LINE,
}
_BREAK = "\ue000"  # a single <br> while a block is being collected
_CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]+")
_SHORT_CELL = 120  # characters: a row of longer cells is a layout table, not data
_MOST_CELLS = 1000  # of a row of data
_PARAGRAPH = 100  # characters: a line of an article, or an excerpt
_MOST_IN_LINK = 2  # blocks as long as that: a card has an excerpt or two


def tree_blocks(root: html.HtmlElement) -> BlockView:
    """The view of a parsed page. One pass; the tree is not changed."""
    body = root.find("body")
    return _Walk(root if body is None else body).view


class _Walk:
    """The state of the one pass: what is open, and the run of text being collected."""

    def __init__(self, body: html.HtmlElement) -> None:
        self.view = BlockView(containers=[Container(body, "body", -1, 0, 0)])
        self._open = [0]  # containers, innermost last
        self._rows = [-1]  # table rows around, -1 for each table
        self._parts: list[str] = []  # of the run: empty as long as there are only spaces
        self._last: str | None = None  # of the parts, the last that is more than spaces
        self._links = self._link_chars = self._bold_chars = self._media = 0
        self._in_link = self._in_bold = 0
        self._link_first = 0  # the first block in the outermost link
        self._piece_start = 0
        self._run(body)

    def _run(self, body: html.HtmlElement) -> None:
        roles = [_SPAN]  # of each open element, the body's first
        if body.text:
            self._add(body, body.text, is_tail=False)
        walker = etree.iterwalk(body, events=("start", "end"))
        next(walker)  # the body itself
        deepest = len(roles)
        for event, element in walker:
            if event == "start":
                role = self._start(element)
                roles.append(role)
                if len(roles) > deepest:  # noqa: PLR1730 - this runs for every element, and max() is slow
                    deepest = len(roles)
                if role == _SKIP:
                    walker.skip_subtree()
            elif element is not body:
                self._end(roles.pop())
                tail = element.tail
                if tail:
                    self._add(element, tail, is_tail=True)
        self._flush()
        self.view.depth = deepest - 1  # without the body
        self.view.containers[0].end = len(self.view.blocks)

    def _start(self, element: html.HtmlElement) -> str:
        """What an element is to the walk; its own text is collected."""
        tag = element.tag
        role = _ROLES.get(tag) or self._role_of_unknown(element)
        if role == _BLOCK:
            self._open_container(element, tag)
        elif role == _LINK:
            self._links += 1
            self._in_link += 1
            if self._in_link == 1:
                self._link_first = len(self.view.blocks)
        elif role == _BOLD:
            self._in_bold += 1
        elif role != _SPAN:
            return self._start_void(role)
        text = element.text
        if text:
            self._add(element, text, is_tail=False)
        return role

    def _start_void(self, role: str) -> str:
        """For elements without a text of their own."""
        if role == _BREAK_LINE:
            self._line_break()
        elif role != _SKIP:
            self._media += 1
        return _SKIP

    def _role_of_unknown(self, element: etree._Element) -> str:
        # an unknown tag amid text is inline; one that stands alone is a block
        if not isinstance(element.tag, str):
            return _SKIP
        amid_text = bool(self._parts) or bool(element.tail and not element.tail.isspace())
        return _SPAN if amid_text else _BLOCK

    def _open_container(self, element: html.HtmlElement, tag: str) -> None:
        self._flush()
        view, around = self.view, self._open
        index = len(view.containers)
        view.containers.append(Container(element, tag, around[-1], len(around), len(view.blocks)))
        around.append(index)
        if tag == "tr":
            self._rows.append(index)
        elif tag == "table":
            self._rows.append(-1)

    def _end(self, role: str) -> None:
        if role == _BLOCK:
            self._close_container()
        elif role == _LINK:
            self._in_link -= 1
            if not self._in_link and len(self.view.blocks) > self._link_first:
                self._end_link_around(self.view.blocks[self._link_first :])
        elif role == _BOLD:
            self._in_bold -= 1

    def _end_link_around(self, blocks: list[Block]) -> None:
        """A link around a card is one; one around the rest of the page was never closed."""
        if sum(block.link_chars >= _PARAGRAPH for block in blocks) > _MOST_IN_LINK:
            for block in blocks:
                block.link_chars = 0
            self._link_chars = 0

    def _close_container(self) -> None:
        self._flush()
        index = self._open.pop()
        container = self.view.containers[index]
        if container.tag == "tr":
            self._rows.pop()
            self._merge_cells(index)
        elif container.tag == "table":
            self._rows.pop()
        container.end = len(self.view.blocks)

    def _add(self, element: etree._Element, text: str, *, is_tail: bool) -> None:
        if text.isspace():
            if self._parts:
                self._parts.append(text)
            return
        self._parts.append(text)
        self._last = text
        self.view.pieces.append((element, is_tail, len(self.view.blocks)))
        if self._in_link or self._in_bold:
            length = len(text.strip())
            self._link_chars += length if self._in_link else 0
            self._bold_chars += length if self._in_bold else 0

    def _line_break(self) -> None:
        if self._last == _BREAK:
            self._flush()  # two in a row end a paragraph
        elif self._last is not None:
            self._parts.append(_BREAK)
            self._last = _BREAK

    def _flush(self) -> None:
        self._links, links = 0, self._links
        if not self._parts:
            return
        text = _folded("".join(self._parts))
        if any(map(str.isalnum, text)):
            self._close_block(text, links)
        else:
            del self.view.pieces[self._piece_start :]
        self._parts.clear()
        self._last = None
        self._link_chars = self._bold_chars = 0
        self._piece_start = len(self.view.pieces)

    def _close_block(self, text: str, links: int) -> None:
        node, size = self._open[-1], len(text)
        block = Block(
            text,
            node,
            self.view.containers[node].tag,
            min(self._link_chars, size),
            links,
            min(self._bold_chars, size),
            self._media,
            self._rows[-1],
        )
        self._media = 0
        self.view.blocks.append(block)

    def _merge_cells(self, index: int) -> None:
        """A row of short cells is one block: `Total | 12 | 14`."""
        row = self.view.containers[index]
        if not 2 <= len(self.view.blocks) - row.first <= _MOST_CELLS:
            return
        cells = self.view.blocks[row.first :]
        if any(len(c.text) >= _SHORT_CELL or "\n" in c.text for c in cells):
            return
        merged = Block(
            " | ".join(c.text for c in cells),
            cells[0].node,
            "tr",
            sum(c.link_chars for c in cells),
            sum(c.links for c in cells),
            sum(c.bold_chars for c in cells),
            sum(c.media for c in cells),
            cells[0].row,
        )
        self.view.blocks[row.first :] = [merged]
        for container in self.view.containers[index + 1 :]:
            container.first = min(container.first, row.first)
            container.end = min(container.end, row.first + 1)
        for i in range(len(self.view.pieces) - 1, -1, -1):
            element, is_tail, block = self.view.pieces[i]
            if block < row.first:
                break
            self.view.pieces[i] = (element, is_tail, row.first)


def _folded(text: str) -> str:
    folded = " ".join(text.split())
    if folded.isprintable():
        return folded  # neither a line break nor a control character
    text = _CONTROL.sub("", text)  # character references bring them in
    lines = (" ".join(line.split()) for line in text.split(_BREAK))
    return "\n".join(line for line in lines if line)
