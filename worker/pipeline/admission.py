"""What may go on of the messages that were read: everything in normal work, step by step after a death."""

import logging
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from worker.pipeline.ledger import MAX_DEATHS, Ledger
from worker.pipeline.ports import Committed, Message, Partition

log = logging.getLogger(__name__)

MAX_BATCH = 32  # doubtful pages in hand at a time: their offsets must fit into the notes


class Admitted(NamedTuple):
    """A message that goes on, and how many workers died with it in hand."""

    message: Message
    deaths: int

    @property
    def lost(self) -> bool:
        """Whether it is not to be touched any more."""
        return self.deaths >= MAX_DEATHS


class Admission:
    """Holds messages back until the ledger has them recorded.

    Pages in hand of one death go on in batches, those of two go alone: no other page is in a child, or is
    even decoded, meanwhile. Between two of those the others get their turn, so that each costs them the time
    of its own cleaning at most, which its deadline bounds. A `batch` is as small as the children allow,
    for after one more death its pages go alone.
    """

    def __init__(self, ledger: Ledger, batch: int = MAX_BATCH):
        self._ledger = ledger
        self._batch = min(batch, MAX_BATCH)
        self._held: dict[Partition, deque[Message]] = {}
        self._draining = False  # the children finish what they have, so that a page can be alone
        self.alone = False  # a page is, or was the last to go on
        self.pages = 0
        self.bytes = 0

    @property
    def exclusive(self) -> bool:
        """Whether no other page may go to a child."""
        return self._draining or (self.alone and self._ledger.busy)

    def begin(self, committed: Mapping[Partition, Committed]) -> None:
        """Reading these begins at their committed offsets."""
        for place, (offset, note) in committed.items():
            if self._ledger.begin(place, offset, note):
                log.warning("a worker ended with pages of %s in hand: going on carefully", place)

    def take(self, messages: Sequence[Message]) -> None:
        """Messages that were read, in order within each partition."""
        for message in messages:
            place = message.partition
            self._ledger.came(place, message.offset)
            self._held.setdefault(place, deque()).append(message)
            self.pages += 1
            self.bytes += _size(message)

    def go_on(self, *, idle: bool) -> list[Admitted]:
        """The messages that may go on now, in order within each partition, once the ledger is recorded.

        `idle`: no page is in a child.
        """
        if not self._held or (self.alone and self._ledger.busy):
            return []
        suspect = None if self.alone or self._ledger.busy else self._suspect()
        self.alone = self._draining = False
        if suspect is None:
            return self._all_others()
        if not idle:
            self._draining = True
            return []
        self.alone = True
        self._ledger.start(suspect, self._held[suspect][0].offset)
        return [self._pop(suspect)]

    def drop(self, partitions: Iterable[Partition] | None = None) -> None:
        """Forget the messages of these, or of all: they are read again, or are another's."""
        for place in list(self._held) if partitions is None else partitions:
            while place in self._held:
                self._pop(place)
        self._draining = False

    def _suspect(self) -> Partition | None:
        """A partition whose next page was in hand of two that died."""
        heads = ((place, queue[0].offset) for place, queue in self._held.items())
        return next((place for place, at in heads if self._ledger.deaths(place, at) == MAX_DEATHS - 1), None)

    def _all_others(self) -> list[Admitted]:
        room = 0 if self._ledger.busy else self._batch
        admitted: list[Admitted] = []
        for place in list(self._held):
            room -= self._of(place, room, admitted)
        return admitted

    def _of(self, place: Partition, room: int, admitted: list[Admitted]) -> int:
        """Add what may go on of a partition; returns how many of those are doubtful."""
        ledger, doubtful = self._ledger, 0
        while place in self._held:
            offset = self._held[place][0].offset
            deaths = ledger.deaths(place, offset)
            if deaths == 0 and not ledger.open(place):
                break
            if 0 < deaths < MAX_DEATHS:
                if deaths == MAX_DEATHS - 1 or doubtful >= room:
                    break
                ledger.start(place, offset)
                doubtful += 1
            admitted.append(self._pop(place))
        return doubtful

    def _pop(self, place: Partition) -> Admitted:
        queue = self._held[place]
        message = queue.popleft()
        if not queue:
            del self._held[place]
        self.pages -= 1
        self.bytes -= _size(message)
        deaths = self._ledger.deaths(place, message.offset) if place in self._ledger else 0
        return Admitted(message, deaths)


def _size(message: Message) -> int:
    return len(message.key or b"") + len(message.value or b"")
