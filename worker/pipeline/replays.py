"""Which dead letters were put back already: kept as the metadata of a committed offset.

A replay may pick letters out of a partition (by reason, domain, age), so one offset does not tell.
The committed offset is the first letter not put back; the letters after it that were are ranges in the
commit's metadata string, as distances from it: `2-5,9`. The broker's limit for that string is 4096 bytes.
"""

from collections.abc import Iterable

MAX_METADATA = 4000  # characters; offset.metadata.max.bytes is 4096 unless the broker says otherwise


class TooScattered(Exception):
    """More gaps between the letters put back than a commit's metadata can tell."""


class PutBack:
    """The letters of one partition that were put back: all below `first_open`, and some after it."""

    def __init__(self, first_open: int, later: Iterable[int] = ()):
        self.first_open = first_open
        self._later = set(later)

    def __contains__(self, offset: int) -> bool:
        return offset < self.first_open or offset in self._later

    def add(self, offset: int) -> None:
        """Remember one more."""
        if offset not in self:
            self._later.add(offset)

    def close_up_to(self, passed: Iterable[int]) -> None:
        """Move `first_open` on over `passed`: the offsets of all letters from there on, in order.

        Offsets between them hold no letter (transaction markers), so they are no gap. Offsets before
        `first_open` may be among them: it never moves back.
        """
        for offset in passed:
            if offset not in self:
                break
            self._later.discard(offset)
            self.first_open = max(self.first_open, offset + 1)

    def encode(self) -> str:
        """The metadata string.

        Raises:
            TooScattered: it would be longer than a broker takes.
        """
        text = ",".join(_range(a - self.first_open, b - self.first_open) for a, b in _ranges(self._later))
        if len(text) > MAX_METADATA:
            raise TooScattered(f"{len(self._later)} letters put back with gaps between them")
        return text

    @classmethod
    def decode(cls, first_open: int, text: str) -> "PutBack":
        """What `encode` wrote. A string of anybody else's counts as empty."""
        later: set[int] = set()
        for part in filter(None, text.split(",")):
            low, _, high = part.partition("-")
            if not (low.isdigit() and (high or low).isdigit()):
                return cls(first_open)
            later.update(range(first_open + int(low), first_open + int(high or low) + 1))
        return cls(first_open, later)


def _ranges(offsets: set[int]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for offset in sorted(offsets):
        if found and found[-1][1] == offset - 1:
            found[-1] = (found[-1][0], offset)
        else:
            found.append((offset, offset))
    return found


def _range(low: int, high: int) -> str:
    return str(low) if low == high else f"{low}-{high}"
