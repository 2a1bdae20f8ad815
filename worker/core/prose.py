"""What makes a block running text, rather than a label, a headline or a list's entry."""

import re

from worker.core.blocks import Block, BlockView
from worker.core.shadow import SPACELESS

_FEWEST_WORDS = 12
_FEWEST_CHARS = 15  # less never makes twelve words, in any script
_SENTENCE_END = re.compile("[.!?。！？؟۔।…][\"'”’»)\\]」』]*$")


def running_chars(block: Block, words: int | None = None) -> int:
    """The characters of a block that is running text; 0 for any other.

    Running text is long, or of some length and ended like a sentence, and never mostly links.
    """
    if len(block.text) < _FEWEST_CHARS:
        return 0
    words = word_estimate(block.text) if words is None else words
    if words < _FEWEST_WORDS or link_share(block) > 0.5:
        return 0
    return len(block.text) if words >= 30 or ends_sentence(block.text) else 0


def measured(view: BlockView) -> tuple[list[int], list[int]]:
    """Of each block of a page about how many words it has, and its characters if it is running text, else 0.

    Counted once for a page: several stages ask.
    """
    if view.measures is None:
        words = [word_estimate(block.text) for block in view.blocks]
        running = [running_chars(block, count) for block, count in zip(view.blocks, words, strict=True)]
        view.measures = words, running
    return view.measures


def link_share(block: Block) -> float:
    """The part of a block's characters that are links, 0 to 1."""
    return block.link_chars / max(1, len(block.text))


def ends_sentence(text: str) -> bool:
    """True when the text ends as sentences do."""
    return _SENTENCE_END.search(text) is not None


def word_estimate(text: str) -> int:
    """About how many words, for the layout: in scripts that write no spaces, half the characters.

    What is published is the count of words.py.
    """
    words = text.count(" ") + text.count("\n") + 1
    return words if text.isascii() else words + len(SPACELESS.findall(text)) // 2
