"""Sums over any stretch of the blocks while single ones change: a Fenwick tree (P. Fenwick, 1994).

Added up anew for each question, a page of thousands of headings takes minutes.
"""

from collections.abc import Sequence


class Weights:
    """Numbers in a row; a change and a sum each take the logarithm of their count."""

    __slots__ = ("_tree",)

    def __init__(self, numbers: Sequence[int]) -> None:
        self._tree = [0, *numbers]
        for i in range(1, len(self._tree)):
            above = i + (i & -i)
            if above < len(self._tree):
                self._tree[above] += self._tree[i]

    def add(self, index: int, number: int) -> None:
        """Add to one of the numbers."""
        i = index + 1
        while i < len(self._tree):
            self._tree[i] += number
            i += i & -i

    def sum(self, first: int, end: int) -> int:
        """The sum of the numbers from `first` to `end` (exclusive)."""
        return self._before(end) - self._before(first) if first < end else 0

    def _before(self, end: int) -> int:
        total, i = 0, end
        while i > 0:
            total += self._tree[i]
            i -= i & -i
        return total
