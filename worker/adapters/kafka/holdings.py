"""What a member holds: its partitions, their positions, and the membership that they were read in."""

import logging
import time
from collections.abc import Iterable, Mapping
from typing import Any

from kafka import ConsumerGroupMetadata, OffsetAndMetadata, TopicPartition
from kafka.errors import KafkaError

from worker.adapters.kafka.consumer import GroupEvent, membership_of
from worker.adapters.kafka.member import Member, Records
from worker.adapters.kafka.producer import Offsets, told
from worker.pipeline.ports import Committed, Message, Partition, StreamListener
from worker.settings import Settings

log = logging.getLogger(__name__)

STEP_SECONDS = 0.1  # between two looks when something is missing


class Holdings:
    """The partitions from one rebalance to the next, kept for one member after the other.

    A partition is owned when the group says so, sure when its position was read from the committed offsets
    in the present membership, and told when the listener knows of it. Only sure ones are read.
    """

    def __init__(self, settings: Settings, listener: StreamListener):
        self._settings = settings
        self._listener = listener
        self._member: Member | None = None
        self.group: ConsumerGroupMetadata | None = None  # the membership that all in flight was read in
        self._owned: frozenset[TopicPartition] = frozenset()
        self._sure: dict[TopicPartition, int] = {}  # with the offset after the last message delivered
        self._told: set[TopicPartition] = set()
        self._paused: set[TopicPartition] = set()
        self._in_flight = False  # the listener heard of positions or messages since the last drop
        self._next_look = 0.0

    @property
    def settled(self) -> bool:
        """Whether every owned partition is sure."""
        return self.group is not None and self._owned == self._sure.keys()

    @property
    def current(self) -> bool:
        """Whether the membership that all in flight was read in is the present one."""
        now = self._member.group() if self._member is not None else None
        return now is not None and self.group is not None and membership_of(now) == membership_of(self.group)

    def belong_to(self, member: Member | None) -> None:
        """Another member from now on, or none: nothing of what was held is left."""
        self._end()
        self._member = member

    def on_event(self, event: GroupEvent) -> None:
        """A step of a rebalance; the group waits for it."""
        if event.kind == "assigned":
            self._owned = event.partitions
            self._pause(self._owned)  # until their positions are found
        elif event.kind == "revoked" and self.group is not None:
            self._tell_of_revocation()
            self._in_flight = False
            self._end()
        else:
            self._end()

    def drop(self) -> None:
        """All in flight is void; the partitions stay, and their positions are to be found again."""
        self.group = None
        self._sure.clear()
        self._next_look = 0.0
        self._pause(self._owned)
        if self._in_flight:
            self._in_flight = False
            self._listener.dropped(_ports(self._told))

    def find_positions(self) -> None:
        """Take the positions of partitions that have none yet from the committed offsets.

        Raises:
            DeadlinePassed: when the member is stuck.
        """
        member = self._member
        group = member.group() if member is not None else None
        if member is None or group is None:
            return
        if self.group is not None and not self.current:
            self.drop()
        self.group = group
        wanted = self._owned - self._sure.keys()
        if not wanted or time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + STEP_SECONDS
        try:
            found = self._committed(member, wanted)
        except KafkaError as error:
            log.info("committed offsets not known yet: %s", told(error))
            return
        if self.current:
            self._read_from(member, found)

    def deliver(self, records: Records) -> list[Message]:
        """What a poll brought, of partitions that are sure."""
        if self.group is not None and not self.current:
            self.drop()
        messages: list[Message] = []
        for partition, batch in records.items():
            if partition in self._sure:
                messages += [_message(record) for record in batch]
                self._sure[partition] = batch[-1].offset + 1
        self._in_flight = self._in_flight or bool(messages)
        return messages

    def check(self, offsets: Offsets) -> None:
        """Only what was delivered in this membership may be committed.

        Raises:
            ValueError: for anything else.
        """
        for partition, mark in offsets.items():
            if mark.offset > self._sure.get(partition, -1):
                raise ValueError(f"offset {mark.offset} of {partition} is not of this membership")

    def pause(self, partitions: Iterable[Partition]) -> None:
        """Fetch no more of these."""
        wanted = self._owned & {TopicPartition(*partition) for partition in partitions}
        self._paused |= wanted
        self._pause(wanted)

    def resume(self, partitions: Iterable[Partition]) -> None:
        """Fetch these again, those that are sure."""
        wanted = self._owned & {TopicPartition(*partition) for partition in partitions}
        self._paused -= wanted
        if self._member is not None:
            self._member.resume(wanted & self._sure.keys())

    def lag(self) -> Mapping[Partition, int]:
        """Messages after the position of each partition, as far as known."""
        lags = self._member.lag(self._sure) if self._member is not None else {}
        return {Partition(*partition): lag for partition, lag in lags.items()}

    def look_at_ends(self) -> None:
        """Keep the lag up to date."""
        if self._member is not None:
            self._member.look_at_ends(self._sure)

    def _end(self) -> None:
        """The membership is over."""
        self.drop()
        self._tell_of_revocation()
        self._owned = frozenset()
        self._paused.clear()

    def _tell_of_revocation(self) -> None:
        if self._told:
            partitions = _ports(self._told)
            self._told.clear()
            self._listener.revoking(partitions)

    def _pause(self, partitions: Iterable[TopicPartition]) -> None:
        if self._member is not None:
            self._member.pause(partitions)

    def _committed(
        self, member: Member, wanted: frozenset[TopicPartition]
    ) -> dict[TopicPartition, OffsetAndMetadata | None]:
        found = member.committed(wanted)
        new = [partition for partition, mark in found.items() if mark is None]
        if new and self._settings.kafka_auto_offset_reset == "latest":
            # Committed at once: else what comes in before the first commit is skipped by the next rebalance.
            ends = {place: OffsetAndMetadata(end, "", -1) for place, end in member.ends(new).items()}
            member.commit(ends, self._settings.kafka_call_timeout)
            found |= ends
        return found

    def _read_from(self, member: Member, found: Mapping[TopicPartition, OffsetAndMetadata | None]) -> None:
        for partition, mark in found.items():
            member.seek(partition, mark.offset if mark else None)
            self._sure[partition] = mark.offset if mark else 0
        member.resume(found.keys() - self._paused)
        if fresh := found.keys() - self._told:
            self._told |= fresh
            self._listener.assigned(_ports(fresh))
        committed = {
            Partition(*place): Committed(mark.offset, mark.metadata or "")
            for place, mark in found.items()
            if mark is not None
        }
        if committed:
            self._in_flight = True
            self._listener.found(committed)


def _ports(partitions: Iterable[TopicPartition]) -> frozenset[Partition]:
    return frozenset(Partition(*partition) for partition in partitions)


def _message(record: Any) -> Message:
    return Message(
        partition=Partition(record.topic, record.partition),
        offset=record.offset,
        key=record.key,
        value=record.value,
        headers=tuple((name, value or b"") for name, value in record.headers),
        timestamp=record.timestamp if record.timestamp >= 0 else None,
    )
