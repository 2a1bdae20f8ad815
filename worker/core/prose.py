"""What makes a block running text, rather than a label, a headline or a list's entry."""

import re

from worker.core.blocks import Block
from worker.core.shadow import SPACELESS

_SENTENCE_END = re.compile("[.!?。！？؟۔।…][\"'”’»)\\]」』]*$")


def running_chars(block: Block, words: int | None = None) -> int:
    """The characters of a block that is running text; 0 for any other.

    Running text is long, or of some length and ended like a sentence, and never mostly links.
    """
    words = word_count(block.text) if words is None else words
    if words < 12 or link_share(block) > 0.5:
        return 0
    return len(block.text) if words >= 30 or ends_sentence(block.text) else 0


def link_share(block: Block) -> float:
    """The part of a block's characters that are links, 0 to 1."""
    return block.link_chars / max(1, len(block.text))


def ends_sentence(text: str) -> bool:
    """True when the text ends as sentences do."""
    return _SENTENCE_END.search(text) is not None


def word_count(text: str) -> int:
    """Words; in scripts that write no spaces, half the characters."""
    words = text.count(" ") + text.count("\n") + 1
    return words if text.isascii() else words + len(SPACELESS.findall(text)) // 2
