"""trafilatura's verdict on the blocks.

A page's own text is what gets published; trafilatura only tells which blocks it would keep. To
learn that exactly, every text node is marked with its block's number before trafilatura runs, in
two printable Braille characters, which survive it (private-use characters do not).
"""

import re
from importlib.metadata import version

from lxml import html

from worker.core.blocks import BlockView
from worker.core.prose import measured
from worker.core.trafilatura_steps import fast_text, full_text, prune

NAME = "trafilatura"
VERSION = version("trafilatura")

_FIRST = 0x2800
_MARK = re.compile("([\u2800-\u28ff]{2})")
# Braille of the page's own would be taken for marks; lxml refuses to be given control characters
_UNFIT = re.compile("[\u2800-\u28ff\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]+")
_NO_LETTER = re.compile(r"[\W_]+")
_MAX_BLOCKS = 256 * 256

KEEP = 0.5  # the share of a block that trafilatura must keep for the block to count as kept
_TRUSTED_COVERAGE = 0.4  # of the page's running text: what fast mode must keep to be believed

# Of more, the fallbacks do not come to an end before the deadline: they take the square of the texts' number.
_MOST_ASKED_AGAIN = 1_000_000  # characters of running text
_MOST_TEXTS_ASKED_AGAIN = 5_000


def verdict(root: html.HtmlElement, view: BlockView) -> list[float]:
    """The share of each block's text that trafilatura keeps, 0.0 to 1.0, in block order.

    Its fast mode comes first, at little more than half the cost. Only where that leaves out most of the
    page's running text is trafilatura asked again, with its fallbacks.

    Marks the tree and prunes it: read everything else that you need of it before.
    """
    if not view.blocks:
        return []
    _mark(view)
    prune(root)
    _, running = measured(view)
    shares = _shares(fast_text(root), view)
    kept = sum(size for size, share in zip(running, shares, strict=True) if share >= KEEP)
    if kept < _TRUSTED_COVERAGE * sum(running) and _is_small(view, sum(running)):
        shares = _shares(full_text(root), view)
    return shares


def _is_small(view: BlockView, running: int) -> bool:
    return running <= _MOST_ASKED_AGAIN and len(view.pieces) <= _MOST_TEXTS_ASKED_AGAIN


def _shares(text: str, view: BlockView) -> list[float]:
    shares = [0.0] * len(view.blocks)
    for number, kept in _kept_texts(text).items():
        if number < len(shares):
            shares[number] = _share(kept, view.blocks[number].text)
    return shares


def _share(kept: str, whole: str) -> float:
    if "".join(kept.split()) == "".join(whole.split()):
        return 1.0
    return min(1.0, _letters(kept) / max(1, _letters(whole)))


def _mark(view: BlockView) -> None:
    for element, is_tail, number in view.pieces:
        if number >= _MAX_BLOCKS:
            continue
        mark = chr(_FIRST + (number >> 8)) + chr(_FIRST + (number & 255))
        if is_tail:
            element.tail = mark + _UNFIT.sub("", element.tail or "")
        else:
            element.text = mark + _UNFIT.sub("", element.text or "")


def _kept_texts(text: str) -> dict[int, str]:
    """Of trafilatura's text what came out after the marks of each block, by the block's number."""
    kept: dict[int, str] = {}
    parts = _MARK.split(text)
    for mark, after in zip(parts[1::2], parts[2::2], strict=True):
        number = (ord(mark[0]) - _FIRST) << 8 | (ord(mark[1]) - _FIRST)
        kept[number] = kept.get(number, "") + after
    return kept


def _letters(text: str) -> int:
    """How many letters and digits a text has."""
    return len(_NO_LETTER.sub("", text))
