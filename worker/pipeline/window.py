"""The in-order window of each partition: results come in any order and leave in the order of offsets.

Pure: no threads, no clock. A page is known by its ticket, a number that is never used twice, so a
result that comes after its partition was dropped finds nothing to finish.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from worker.pipeline.ports import Partition

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(slots=True)
class _Entry(Generic[Item, Result]):
    ticket: int
    partition: Partition
    offset: int
    size: int  # bytes
    item: Item | None  # until it is finished: a page in flight need not be kept beside its result
    result: Result | None = None
    weight: int = 0  # bytes of the result, as the publisher sees them


@dataclass(slots=True)
class _Lane(Generic[Item, Result]):
    """One partition: the finished run at the head, then everything from the first unfinished page on."""

    ready: deque[_Entry[Item, Result]]
    waiting: deque[_Entry[Item, Result]]
    last_offset: int = -1


@dataclass(frozen=True, slots=True)
class Run(Generic[Result]):
    """Finished results taken from the window, and the offset to commit for each partition of them."""

    results: tuple[Result, ...]
    offsets: Mapping[Partition, int]


class Window(Generic[Item, Result]):
    """What is in flight: pages added, in the order of their offsets, and not yet taken."""

    def __init__(self) -> None:
        self._lanes: dict[Partition, _Lane[Item, Result]] = {}
        self._unfinished: dict[int, _Entry[Item, Result]] = {}
        self._next_ticket = 0
        self.pages = 0
        self.bytes = 0
        self.ready_pages = 0
        self.ready_bytes = 0

    def add(self, partition: Partition, offset: int, size: int, item: Item) -> int:
        """Put a page of `size` bytes behind the others of its partition, and return its ticket.

        Raises:
            ValueError: when the offset is not above the last one of the partition: the caller has lost order.
        """
        lane = self._lanes.get(partition)
        if lane is None:
            lane = self._lanes[partition] = _Lane(deque(), deque())
        if offset <= lane.last_offset:
            raise ValueError(f"offset {offset} after {lane.last_offset} in {partition}")
        lane.last_offset = offset
        ticket = self._next_ticket
        self._next_ticket += 1
        entry: _Entry[Item, Result] = _Entry(ticket, partition, offset, size, item)
        lane.waiting.append(entry)
        self._unfinished[ticket] = entry
        self.pages += 1
        self.bytes += size
        return ticket

    def item(self, ticket: int) -> Item | None:
        """The page of a ticket; None when it is finished or was dropped."""
        entry = self._unfinished.get(ticket)
        return entry.item if entry is not None else None

    def finish(self, ticket: int, result: Result, weight: int = 0) -> bool:
        """Give a page its result, of `weight` bytes; False when the page is finished or was dropped."""
        entry = self._unfinished.pop(ticket, None)
        if entry is None:
            return False
        entry.item, entry.result, entry.weight = None, result, weight
        lane = self._lanes[entry.partition]
        while lane.waiting and lane.waiting[0].ticket not in self._unfinished:
            head = lane.waiting.popleft()
            lane.ready.append(head)
            self.ready_pages += 1
            self.ready_bytes += head.weight
        return True

    def ready(self) -> Mapping[Partition, int]:
        """The partitions with a finished run at their head, each with the offset to commit after it."""
        return {partition: lane.ready[-1].offset + 1 for partition, lane in self._lanes.items() if lane.ready}

    def take(
        self, max_pages: int, max_bytes: int, partitions: Iterable[Partition] | None = None
    ) -> Run[Result]:
        """Take finished runs within `max_pages` and `max_bytes` of weight, one page at least if one is ready.

        Only of `partitions` when they are given. Partitions that were left over come first the next time.
        """
        results: list[Result] = []
        offsets: dict[Partition, int] = {}
        weight = 0
        wanted = list(self._lanes) if partitions is None else [p for p in partitions if p in self._lanes]
        for partition in wanted:
            ready = self._lanes[partition].ready
            while (
                ready and len(results) < max_pages and (not results or weight + ready[0].weight <= max_bytes)
            ):
                entry = ready.popleft()
                self._forget(entry)
                weight += entry.weight
                offsets[partition] = entry.offset + 1
                results.append(entry.result)  # type: ignore[arg-type]  # finished: it has a result
            if ready:
                break
            # Served in full: to the end of the order, so that a busy partition starves no other.
            self._lanes[partition] = self._lanes.pop(partition)
        return Run(tuple(results), offsets)

    def drop(self, partitions: Iterable[Partition]) -> int:
        """Forget all that is in flight of these; their offsets may start anew. Returns the pages dropped."""
        before = self.pages
        for partition in partitions:
            lane = self._lanes.pop(partition, None)
            if lane is None:
                continue
            for entry in lane.ready:
                self._forget(entry)
            for entry in lane.waiting:
                self._unfinished.pop(entry.ticket, None)
                self.pages -= 1
                self.bytes -= entry.size
        return before - self.pages

    def partitions(self) -> frozenset[Partition]:
        """The partitions that were added to since they were dropped last."""
        return frozenset(self._lanes)

    def _forget(self, entry: _Entry[Item, Result]) -> None:
        self.pages -= 1
        self.bytes -= entry.size
        self.ready_pages -= 1
        self.ready_bytes -= entry.weight
