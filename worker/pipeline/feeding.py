"""Pages to the children and back: a short supply in the pool, the rest where it can be dropped."""

from collections import deque
from collections.abc import Collection, Iterator
from queue import Empty, SimpleQueue
from typing import NamedTuple

from worker.pipeline.ports import Cleaned, Cleaner, Partition
from worker.pipeline.publishing import Pages


class Result(NamedTuple):
    """What came of one page; `key` is that of the cache."""

    ticket: int
    key: str | None
    cleaned: Cleaned


class Feeder:
    """Keeps `cleaner` supplied with pages of `window`, `supply` at a time.

    Used by one thread, but for `wake`.
    """

    def __init__(self, cleaner: Cleaner, window: Pages, supply: int):
        self._cleaner = cleaner
        self._window = window
        self._supply = supply
        self._backlog: deque[int] = deque()  # tickets of pages that are not in the pool yet
        self._cleaning: dict[int, str | None] = {}  # ticket -> cache key, of pages in the pool
        self._results: SimpleQueue[tuple[int, Cleaned] | None] = SimpleQueue()

    @property
    def waiting(self) -> int:
        """Pages that are not in the pool yet."""
        return len(self._backlog)

    @property
    def cleaning(self) -> int:
        """Pages in the pool."""
        return len(self._cleaning)

    @property
    def is_ahead(self) -> bool:
        """Whether more is waiting than the pool takes at a time."""
        return len(self._backlog) > self._supply

    def add(self, ticket: int) -> None:
        """A page that goes to the pool when its turn comes."""
        self._backlog.append(ticket)

    def feed(self) -> None:
        """Keep the pool supplied, and no more than that: what is still here can be dropped."""
        while self._backlog and len(self._cleaning) < self._supply:
            self.submit(self._backlog.popleft())

    def submit(self, ticket: int, *, fresh: bool = False) -> None:
        """Hand a page to the pool at once; `fresh`: in a child of its own."""
        arrival = self._window.item(ticket)
        if arrival is None or arrival.envelope is None:
            raise RuntimeError(f"ticket {ticket} has nothing to clean")
        self._cleaning[ticket] = arrival.key
        self._cleaner.submit(ticket, arrival.envelope.page, self._done, fresh=fresh)

    def results(self, timeout: float) -> Iterator[Result]:
        """The results that are there; waits up to `timeout` seconds for the first."""
        try:
            result = self._results.get(timeout=timeout) if timeout > 0 else self._results.get_nowait()
            while result is not None:
                ticket, cleaned = result
                yield Result(ticket, self._cleaning.pop(ticket), cleaned)
                result = self._results.get_nowait()
        except Empty:
            pass

    def wake(self) -> None:
        """End a wait for results. From any thread or signal handler."""
        self._results.put(None)

    def withdraw(self, partitions: Collection[Partition]) -> None:
        """Take back what no child has begun of these."""
        for ticket in self._cleaner.withdraw(self._cleaning_of(partitions)):
            del self._cleaning[ticket]

    def interrupt(self, partitions: Collection[Partition]) -> None:
        """End the children that still have pages of these."""
        if left := self._cleaning_of(partitions):
            self._cleaner.interrupt(left)

    def has_any_of(self, partitions: Collection[Partition]) -> bool:
        """Whether a page of these is in the pool."""
        return bool(self._cleaning_of(partitions))

    def prune(self) -> None:
        """Forget the pages that the window has dropped before they went to the pool."""
        self._backlog = deque(ticket for ticket in self._backlog if self._window.item(ticket) is not None)

    def _cleaning_of(self, partitions: Collection[Partition]) -> set[int]:
        items = ((ticket, self._window.item(ticket)) for ticket in self._cleaning)
        return {ticket for ticket, item in items if item is None or item.message.partition in partitions}

    def _done(self, ticket: int, cleaned: Cleaned) -> None:
        """On a thread of the pool."""
        self._results.put((ticket, cleaned))
