"""trafilatura's verdict on the blocks. The only importer of trafilatura.

A page's own text is what gets published; trafilatura only tells which blocks it would keep. To
learn that exactly, every text node is marked with its block's number before trafilatura runs, in
two printable Braille characters, which survive it (private-use characters do not).
"""

import logging
import re
from importlib.metadata import version

from lxml import html
from trafilatura import bare_extraction
from trafilatura.settings import Document, use_config

from worker.core.blocks import BlockView
from worker.core.prose import running_chars

NAME = "trafilatura"
VERSION = version("trafilatura")

_FIRST = 0x2800
_MARK = re.compile("([\u2800-\u28ff]{2})")
# Braille of the page's own would be taken for marks; lxml refuses to be given control characters
_UNFIT = re.compile("[\u2800-\u28ff\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_MAX_BLOCKS = 256 * 256

KEEP = 0.5  # the share of a block that trafilatura must keep for the block to count as kept
_TRUSTED_COVERAGE = 0.4  # of the page's running text: what fast mode must keep to be believed

# Of more, the fallbacks do not come to an end before the deadline: they take the square of the texts' number.
_MOST_ASKED_AGAIN = 1_000_000  # characters of running text
_MOST_TEXTS_ASKED_AGAIN = 5_000

_CONFIG = use_config()
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # it logs what it returns as None


def verdict(root: html.HtmlElement, view: BlockView) -> list[float]:
    """The share of each block's text that trafilatura keeps, 0.0 to 1.0, in block order.

    Its fast mode comes first, at little more than half the cost. Only where that leaves out most of the
    page's running text is trafilatura asked again, with its fallbacks.

    Marks the tree: read everything else that you need of it before.
    """
    if not view.blocks:
        return []
    _mark(view)
    running = [running_chars(block) for block in view.blocks]
    shares = _shares(root, view, fast=True)
    kept = sum(size for size, share in zip(running, shares, strict=True) if share >= KEEP)
    if kept < _TRUSTED_COVERAGE * sum(running) and _is_small(view, sum(running)):
        shares = _shares(root, view, fast=False)
    return shares


def _is_small(view: BlockView, running: int) -> bool:
    return running <= _MOST_ASKED_AGAIN and len(view.pieces) <= _MOST_TEXTS_ASKED_AGAIN


def _shares(root: html.HtmlElement, view: BlockView, *, fast: bool) -> list[float]:
    shares = [0.0] * len(view.blocks)
    document = bare_extraction(
        root, fast=fast, include_comments=False, with_metadata=False, deduplicate=False, config=_CONFIG
    )
    if not isinstance(document, Document) or not document.text:
        return shares
    kept = [0] * len(view.blocks)
    for number, size in _sizes(document.text):
        if number < len(kept):
            kept[number] += size
    return [
        min(1.0, size / max(1, _letters(block.text))) if size else 0.0
        for size, block in zip(kept, view.blocks, strict=True)
    ]


def _mark(view: BlockView) -> None:
    for element, is_tail, number in view.pieces:
        if number >= _MAX_BLOCKS:
            continue
        mark = chr(_FIRST + (number >> 8)) + chr(_FIRST + (number & 255))
        if is_tail:
            element.tail = mark + _UNFIT.sub("", element.tail or "")
        else:
            element.text = mark + _UNFIT.sub("", element.text or "")


def _sizes(text: str) -> list[tuple[int, int]]:
    """(block number, letters that came out after its mark), of each mark in trafilatura's text."""
    parts = _MARK.split(text)
    return [
        ((ord(mark[0]) - _FIRST) << 8 | (ord(mark[1]) - _FIRST), _letters(after))
        for mark, after in zip(parts[1::2], parts[2::2], strict=True)
    ]


def _letters(text: str) -> int:
    return sum(map(str.isalnum, text))
