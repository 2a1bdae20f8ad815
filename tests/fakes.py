"""Kafka in memory: a broker with a consumer group and transactions, for tests that need no server.

It keeps what the contract of `ports.Stream` promises, and its suite runs over it: the eager rebalance
protocol (everybody gives everything back, then everybody gets a share), generations, transactional.ids
that fence each other, commits that belong to one membership. Beyond a real broker it can be told to fail.
"""

import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from worker.pipeline.ports import (
    Committed,
    Headers,
    Message,
    Outgoing,
    Partition,
    PublishFailed,
    StreamListener,
    StreamUnavailable,
    Unpublishable,
)


class Killed(BaseException):
    """What ends the thread of a worker that was killed."""


Fault = Literal["undone", "timeout", "unanswered"]


class FakeBroker:
    """One raw topic with its consumer group, and every other topic as a list of what was published.

    The next publishes can be made to fail by appending to `faults`: `undone` and `timeout` leave nothing
    behind, `unanswered` commits but tells of failure, as when the answer is lost on its way. Those of
    steps without messages, which only commit offsets and their notes, are `note_faults`.
    """

    def __init__(self, partitions: int = 1, topic: str = "pages.raw"):
        self.topic = topic
        self.changed = threading.Condition()
        self.reachable = True
        self.faults: deque[Fault] = deque()
        self.note_faults: deque[Fault] = deque()
        self.max_message_bytes = 1_000_000_000  # of key, value and headers
        self.compacted: set[str] = set()  # topics that take no message without a key
        self.committed: dict[Partition, int] = {}
        self.notes: dict[Partition, str] = {}
        self.published: defaultdict[str, list[Outgoing]] = defaultdict(list)
        self.steps: list[int] = []  # messages of each step published that had any
        self.generation = 0
        self.owners: dict[str, FakeStream] = {}  # transactional.id -> the producer that is not fenced
        self.assignment: dict[FakeStream, frozenset[Partition]] = {}  # of this generation
        self._logs: dict[Partition, list[Message]] = {Partition(topic, n): [] for n in range(partitions)}
        self._ends = dict.fromkeys(self._logs, 0)
        self._members: list[FakeStream] = []
        self._rejoined: set[FakeStream] = set()

    @property
    def partitions(self) -> list[Partition]:
        """The partitions of the raw topic."""
        return list(self._logs)

    def write(
        self,
        value: bytes | None,
        partition: int = 0,
        key: bytes | None = None,
        headers: Headers = (),
    ) -> Message:
        """Append a message to the raw topic."""
        with self.changed:
            place = Partition(self.topic, partition)
            now = int(time.time() * 1000)
            message = Message(place, self._ends[place], key, value, headers, now)
            self._logs[place].append(message)
            self._ends[place] += 1
            self.changed.notify_all()
            return message

    def skip(self, partition: int = 0, offsets: int = 1) -> None:
        """Use up offsets without messages, as the markers of transactions do."""
        with self.changed:
            self._ends[Partition(self.topic, partition)] += offsets

    def end(self, place: Partition) -> int:
        """The offset that the next message gets."""
        return self._ends[place]

    def after(self, place: Partition, offset: int) -> list[Message]:
        """The messages from this offset on."""
        return [message for message in self._logs[place] if message.offset >= offset]

    def done(self) -> bool:
        """Whether every message has been committed."""
        with self.changed:
            return all(
                not log or self.committed.get(place, 0) > log[-1].offset for place, log in self._logs.items()
            )

    def join(self, member: "FakeStream") -> None:
        """Ask for a place; everybody has to rejoin."""
        self._members.append(member)
        self._rebalance()

    def leave(self, member: "FakeStream") -> None:
        """Give up a place, or lose it: a member that was frozen for too long hears of it when it polls."""
        with self.changed:
            if member in self._members:
                self._members.remove(member)
                self._rebalance()

    def is_member(self, member: "FakeStream") -> bool:
        """Whether this one has a place, assigned or not."""
        return member in self._members

    @property
    def rebalancing(self) -> bool:
        """Whether members still have to give back what they hold."""
        return self._rejoined != set(self._members)

    def rejoin(self, member: "FakeStream") -> None:
        """The member has given everything back; the last one to do so completes the rebalance."""
        self._rejoined.add(member)
        if self.rebalancing:
            return
        self.generation += 1
        shares: list[set[Partition]] = [set() for _ in self._members]
        for number, place in enumerate(self._logs):
            shares[number % len(shares)].add(place)
        self.assignment = {m: frozenset(share) for m, share in zip(self._members, shares, strict=True)}
        self.changed.notify_all()

    def commit(
        self, messages: Sequence[Outgoing], offsets: Mapping[Partition, int], notes: Mapping[Partition, str]
    ) -> None:
        """Make a transaction visible."""
        if messages:
            self.steps.append(len(messages))
        for message in messages:
            self.published[message.topic].append(message)
        self.committed.update(offsets)
        self.notes.update({place: notes.get(place, "") for place in offsets})
        self.changed.notify_all()

    def _rebalance(self) -> None:
        self._rejoined = set()
        self.changed.notify_all()


class FakeStream:
    """A member of the fake broker's group: `ports.Stream`."""

    def __init__(self, broker: FakeBroker, transactional_id: str = "worker-0"):
        self.polls = 0
        self.handed_out = 0  # messages
        self.paused: set[Partition] = set()
        self._broker = broker
        self._id = transactional_id
        self._listener: StreamListener | None = None
        self._generation = -1
        self._positions: dict[Partition, int] = {}
        self._delivered: dict[Partition, int] = {}
        self._void = False
        self.killed = False

    def start(self, listener: StreamListener) -> None:
        with self._broker.changed:
            if not self._broker.reachable:
                raise StreamUnavailable("the fake broker cannot be reached")
            self._listener = listener
            self._broker.owners[self._id] = self

    def poll(self, timeout: float, max_records: int) -> Sequence[Message]:
        until = time.monotonic() + timeout
        with self._broker.changed:
            self.polls += 1
            while True:
                self._live()
                if not self._broker.reachable:
                    raise StreamUnavailable("the fake broker cannot be reached")
                self._look_at_the_group()
                messages = self._fetch(max_records)
                left = until - time.monotonic()
                if messages or left <= 0:
                    self.handed_out += len(messages)
                    return messages
                self._broker.changed.wait(left)

    def publish(
        self,
        messages: Sequence[Outgoing],
        offsets: Mapping[Partition, int],
        notes: Mapping[Partition, str] | None = None,
    ) -> None:
        with self._broker.changed:
            self._live()
            self._check(messages, offsets)
            faults = self._broker.faults if messages else self._broker.note_faults
            fault = faults.popleft() if faults else None
            if fault in {None, "unanswered"}:
                self._broker.commit(messages, offsets, notes or {})
            if fault is not None:
                self._void = True
                cause = TimeoutError("fake") if fault == "timeout" else None
                raise PublishFailed(f"the fake broker was told so: {fault}") from cause

    def kill(self) -> None:
        """As signal 9 does, in whatever it is: nothing is given back, and the group hears of it in time."""
        self.killed = True
        with self._broker.changed:
            self._broker.leave(self)

    def pause(self, partitions: Iterable[Partition]) -> None:
        self.paused |= self._positions.keys() & set(partitions)

    def resume(self, partitions: Iterable[Partition]) -> None:
        self.paused -= set(partitions)

    def lag(self) -> Mapping[Partition, int]:
        with self._broker.changed:
            return {place: self._broker.end(place) - at for place, at in self._positions.items()}

    def joined(self) -> bool:
        with self._broker.changed:
            owner = self._broker.owners.get(self._id) is self
            return owner and self._is_current() and not self._broker.rebalancing

    def close(self, timeout: float) -> None:
        self._broker.leave(self)

    def _live(self) -> None:
        if self.killed:
            raise Killed

    def _check(self, messages: Sequence[Outgoing], offsets: Mapping[Partition, int]) -> None:
        if self._void:
            raise PublishFailed("the last commit failed, and nothing was polled since")
        if not self._is_current() or self._broker.owners[self._id] is not self:
            self._void = True
            raise PublishFailed("fenced, or no member of the group any more")
        for place, offset in offsets.items():
            if offset > self._delivered.get(place, -1):
                raise ValueError(f"offset {offset} of {place} is not of this membership")
        large = [m for m in messages if _size(m) > self._broker.max_message_bytes]
        if large:
            raise Unpublishable(large, "too large for the fake broker")
        keyless = [m for m in messages if m.key is None and m.topic in self._broker.compacted]
        if keyless:
            raise Unpublishable(keyless, "no key for a compacted topic", keyless=True)

    def _is_current(self) -> bool:
        return self._broker.is_member(self) and self._generation == self._broker.generation

    def _look_at_the_group(self) -> None:
        """What a poll hears of the group, with its calls of the listener."""
        if not self._broker.is_member(self):
            self._drop()  # never joined, or put out: what it holds may be another's by now
            self._positions = {}
            self._broker.join(self)
        if self._void:
            self._drop()
            self._broker.owners[self._id] = self  # a new producer of the same name
            self._take_positions()
            self._tell_of_commits()
        if self._broker.rebalancing:
            self._give_back()
        elif not self._is_current():
            self._adopt()

    def _give_back(self) -> None:
        try:
            if self._positions:
                self._hear().revoking(frozenset(self._positions))
        finally:  # whatever the listener raises, the group goes on
            self._positions = {}
            self._delivered = {}
            self._broker.rejoin(self)
        if not self._broker.rebalancing:
            self._adopt()

    def _adopt(self) -> None:
        self._generation = self._broker.generation
        self._positions = dict.fromkeys(self._broker.assignment[self], 0)
        self.paused.clear()
        self._take_positions()
        if self._positions:
            self._hear().assigned(frozenset(self._positions))
        self._tell_of_commits()

    def _take_positions(self) -> None:
        self._positions = {place: self._broker.committed.get(place, 0) for place in self._positions}
        self._delivered = dict(self._positions)

    def _tell_of_commits(self) -> None:
        broker = self._broker
        found = {
            place: Committed(at, broker.notes.get(place, ""))
            for place, at in self._positions.items()
            if place in broker.committed
        }
        if found:
            self._hear().found(found)

    def _drop(self) -> None:
        self._void = False
        self._delivered = {}
        if self._positions:
            self._hear().dropped(frozenset(self._positions))

    def _fetch(self, max_records: int) -> list[Message]:
        messages: list[Message] = []
        for place, position in self._positions.items():
            if place in self.paused:
                continue
            batch = self._broker.after(place, position)[: max_records - len(messages)]
            messages += batch
            self._positions[place] = batch[-1].offset + 1 if batch else self._broker.end(place)
            if len(messages) == max_records:
                self._positions[place] = messages[-1].offset + 1
                break
        for message in messages:
            self._delivered[message.partition] = message.offset + 1
        return messages

    def _hear(self) -> StreamListener:
        assert self._listener is not None
        return self._listener


def _size(message: Outgoing) -> int:
    headers = sum(len(name) + len(value) for name, value in message.headers)
    return len(message.key or b"") + len(message.value or b"") + headers
