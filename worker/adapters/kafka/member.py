"""A member of the consumer group: a consumer on a thread of its own, asked with deadlines."""

import queue
import time
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from kafka import ConsumerGroupMetadata, OffsetAndMetadata, TopicPartition
from kafka.structs import MemberState

from worker.adapters.kafka.config import consumer_options
from worker.adapters.kafka.consumer import GroupConsumer, GroupEvent, GroupListener
from worker.adapters.kafka.deadline import Budget, DeadlinePassed, Helper, Returned
from worker.adapters.kafka.producer import Offsets, discard_later
from worker.settings import Settings

T = TypeVar("T")

Records = dict[TopicPartition, list[Any]]

# After a process was frozen its deadlines are over before anything could be answered.
_SECOND_CHANCE = 1.0
_LOOK_SECONDS = 10.0  # between two looks at where the partitions end


class Member:
    """One consumer, from its first connection to its end. Used by one thread.

    `seconds` beyond its own timeout is what a call may take before it counts as stuck.

    Raises:
        KafkaError: when no broker can be reached.
        DeadlinePassed: when connecting takes longer than `seconds`.
    """

    def __init__(self, settings: Settings):
        self._settings = settings
        self._seconds = settings.kafka_call_timeout
        self._inbox: queue.SimpleQueue[GroupEvent | Returned[Records]] = queue.SimpleQueue()
        self._listener = GroupListener(self._inbox.put)
        self._caller = Helper("kafka-consumer")
        self._committer = Helper("kafka-commit")  # commits may be due while a poll is under way
        self._looker = Helper("kafka-ends")
        self._ends: dict[TopicPartition, int] = {}
        self._looking = False
        self._next_look = 0.0
        self._consumer = self._connect()

    def poll(
        self, seconds: float, max_records: int, handle: Callable[[GroupEvent], None]
    ) -> Returned[Records]:
        """Poll; `handle` is called for each step of a rebalance, on this thread, while the group waits.

        Raises:
            DeadlinePassed: when the poll does not come back.
        """
        timeout = int(seconds * 1000)
        self._caller.submit(
            lambda: self._consumer.poll(timeout_ms=timeout, max_records=max_records), self._inbox.put
        )
        while isinstance(item := self._next(seconds + self._seconds), GroupEvent):
            try:
                handle(item)
            finally:
                self._consumer.answer(item)
        return item

    def topics(self) -> set[str]:
        """The topics that this user may see."""
        return set(self._call(self._consumer.topics))

    def group(self) -> ConsumerGroupMetadata | None:
        """The membership as it is now; None while the member has no stable place."""
        group = self._consumer.group_metadata()
        stable = group.state == MemberState.STABLE and group.generation_id >= 0 and group.member_id
        return group if stable else None

    def committed(
        self, partitions: Iterable[TopicPartition]
    ) -> dict[TopicPartition, OffsetAndMetadata | None]:
        """The committed offsets; those that an open transaction may yet change are left out."""
        wanted = list(partitions)
        timeout = int(self._seconds * 1000)
        return self._call(lambda: self._consumer.committed_offsets(wanted, timeout))

    def ends(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Where the partitions end now."""
        wanted = list(partitions)
        timeout = int(self._seconds * 1000)
        return dict(self._call(lambda: self._consumer.end_offsets(wanted, timeout_ms=timeout)))

    def commit(self, offsets: Offsets, seconds: float) -> None:
        """Commit without a transaction; also while `poll` handles a rebalance."""
        marked = dict(offsets)
        timeout = int(seconds * 1000)
        try:
            self._committer.call(lambda: self._consumer.commit(marked, timeout_ms=timeout), seconds + 1)
        except DeadlinePassed:
            self._committer.end()
            self._committer = Helper("kafka-commit")
            raise

    def seek(self, partition: TopicPartition, offset: int | None) -> None:
        """Read on from here; None is the oldest message that there is."""
        if offset is None:
            self._consumer.seek_to_beginning(partition)
        else:
            self._consumer.seek(partition, offset)

    def pause(self, partitions: Iterable[TopicPartition]) -> None:
        """Fetch no more of these, as far as they are assigned."""
        self._consumer.pause(*(self._consumer.assignment() & set(partitions)))

    def resume(self, partitions: Iterable[TopicPartition]) -> None:
        """Fetch these again, as far as they are assigned."""
        self._consumer.resume(*(self._consumer.assignment() & set(partitions)))

    def lag(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Messages after the position, where known. Never blocks."""
        ends = self._ends
        positions = self._consumer.known_positions(partitions)
        return {place: max(0, ends[place] - offset) for place, offset in positions.items() if place in ends}

    def at_the_end(self) -> bool:
        """Whether nothing assigned has a message left to read, as far as known; True with no partition."""
        assigned = self._consumer.assignment()
        lags = self.lag(assigned)
        return lags.keys() == assigned and not any(lags.values())

    def look_at_ends(self, partitions: Iterable[TopicPartition]) -> None:
        """Ask where the partitions end, now and then, without waiting for the answer.

        The end is that of the committed messages. The high-water mark, which comes with what is fetched, is
        not: it tells of a lag where an open transaction is waited for, and of none where fetching is stuck.
        """
        wanted = list(partitions)
        if not wanted or (time.monotonic() < self._next_look and self._ends.keys() >= set(wanted)):
            return
        if self._looking:
            return
        self._looking = True
        self._next_look = time.monotonic() + _LOOK_SECONDS
        timeout = int(self._seconds * 1000)
        self._looker.submit(lambda: self._consumer.end_offsets(wanted, timeout_ms=timeout), self._looked)

    def _looked(self, returned: Returned[dict[TopicPartition, int]]) -> None:
        if returned.error is None:
            self._ends = returned.get()
        self._looking = False

    def give_up(self) -> None:
        """End it without waiting."""
        self._listener.silent = True
        discard_later(self._consumer)
        self._end_helpers()

    def close(self, seconds: float) -> None:
        """Leave the group and end, or be given up when that takes longer than `seconds`."""
        self._listener.silent = True
        discard_later(self._consumer).join(seconds)
        self._end_helpers()

    def _connect(self) -> GroupConsumer:
        options = consumer_options(self._settings)
        topic, listener = self._settings.raw_topic, self._listener

        def connect() -> GroupConsumer:
            consumer = GroupConsumer(**options)
            consumer.subscribe([topic], listener=listener)
            return consumer

        try:
            return self._caller.call(connect, self._seconds + _SECOND_CHANCE, too_late=GroupConsumer.discard)
        except BaseException:
            listener.silent = True
            self._end_helpers()
            raise

    def _call(self, call: Callable[[], T]) -> T:
        return self._caller.call(call, self._seconds + _SECOND_CHANCE)

    def _next(self, seconds: float) -> GroupEvent | Returned[Records]:
        budget = Budget(seconds)
        for wait in (budget.left, _SECOND_CHANCE):
            try:
                return self._inbox.get(timeout=wait)
            except queue.Empty:
                continue
        raise DeadlinePassed(f"the Kafka consumer has not come back for {seconds:g} s")

    def _end_helpers(self) -> None:
        for helper in (self._caller, self._committer, self._looker):
            helper.end()
