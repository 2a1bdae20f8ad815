"""Text of a page as it may be shown: what would steer a terminal or turn the reading order is spelt out."""

import re

# control characters, what is no character, and the embeddings, overrides and isolates of the bidi algorithm
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def visible(text: str) -> str:
    """The text with each such character as its code: `[U+202E]`. Joiners and direction marks stay."""
    return UNSEEN.sub(lambda match: code(match[0]), text)


def code(character: str) -> str:
    """The code of a character: `[U+202E]`."""
    return f"[U+{ord(character):04X}]"
