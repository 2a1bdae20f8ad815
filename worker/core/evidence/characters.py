"""What kinds of characters the blocks of a page are made of, counted for all blocks at once."""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_SENTENCE = ".!?。！？؟۔।…"
_COMMA = ",;:،、，；：؛·"
SENTENCES, COMMAS, DIGITS, CAPITALS = 0, 1, 2, 3
_KINDS = 4
_PLANE = 0x10000  # characters beyond the Basic Multilingual Plane are of no kind


@cache
def _table() -> NDArray[np.uint8]:
    """A bit for each kind, by code point."""
    table = np.zeros(_PLANE, np.uint8)
    for kind, characters in ((SENTENCES, _SENTENCE), (COMMAS, _COMMA)):
        table[[ord(character) for character in characters]] |= 1 << kind
    every = [chr(point) for point in range(_PLANE)]
    table[[c.isdecimal() for c in every]] |= 1 << DIGITS
    table[[c.isupper() for c in every]] |= 1 << CAPITALS
    return table


def kind_counts(texts: Sequence[str]) -> list[Floats]:
    """How many characters of each kind each text has: an array by text for each of the four kinds.

    Every text must have a character.
    """
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
    bits = _table().take(codes, mode="clip")
    bits[codes >= _PLANE] = 0
    starts = np.concatenate(([0], np.cumsum([len(text) for text in texts])[:-1]))
    return [np.add.reduceat((bits >> kind) & 1, starts, dtype=np.float64) for kind in range(_KINDS)]
