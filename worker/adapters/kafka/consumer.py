"""What kafka-python 3.0.12 keeps to itself and a careful member of a group needs."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from kafka import (
    AsyncConsumerRebalanceListener,
    ConsumerGroupMetadata,
    KafkaConsumer,
    OffsetAndMetadata,
    TopicPartition,
)
from kafka.errors import UnstableOffsetCommitError
from kafka.future import Future

from worker.adapters.kafka.connecting import Connecting
from worker.adapters.kafka.unpacking import read_any_names

_LEAVE_MS = 2_000
_LOOKUP_SECONDS = 0.1  # between two look-ups of the group's coordinator


@dataclass(frozen=True, slots=True)
class GroupEvent:
    """A step of a rebalance. The group waits until `answered` is resolved, see `GroupConsumer.answer`."""

    kind: Literal["revoked", "lost", "assigned"]
    partitions: frozenset[TopicPartition]
    answered: Future = field(default_factory=Future)


class GroupListener(AsyncConsumerRebalanceListener):  # type: ignore[misc]
    """Hands each step of a rebalance to another thread and waits for its answer.

    kafka-python calls its listener on the thread that also sends the heartbeats. As coroutines the calls
    leave that thread free: the member stays in its group however long the answer takes, and the other
    thread may commit meanwhile, since the generation is still the old one.
    """

    def __init__(self, tell: Callable[[GroupEvent], None]):
        self._tell = tell
        self.silent = False  # nobody is listening any more

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """A rebalance begins: all partitions go, until the new assignment comes."""
        await self._pass_on(GroupEvent("revoked", frozenset(revoked)))

    async def on_partitions_lost(self, lost: Iterable[TopicPartition]) -> None:
        """The group has put this member out; others may read these already."""
        await self._pass_on(GroupEvent("lost", frozenset(lost)))

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """The rebalance has ended with this assignment."""
        await self._pass_on(GroupEvent("assigned", frozenset(assigned)))

    async def _pass_on(self, event: GroupEvent) -> None:
        if not self.silent:
            self._tell(event)
            await event.answered


class GroupConsumer(Connecting, KafkaConsumer):  # type: ignore[misc]
    """A KafkaConsumer with committed offsets that are never old, positions that cost no call, and an end."""

    def __init__(self, **options: Any):
        super().__init__(**options)
        read_any_names(self)
        self._join_group = self._coordinator.join_group_async
        self._coordinator.join_group_async = self._join_group_once
        self._look_up = self._coordinator._send_group_coordinator_request  # noqa: SLF001
        self._coordinator._send_group_coordinator_request = self._look_up_in_time  # noqa: SLF001
        self._next_look_up = 0.0

    def answer(self, event: GroupEvent) -> None:
        """Let the rebalance go on."""
        self._resolve_soon(event.answered)

    def committed_offsets(
        self, partitions: Iterable[TopicPartition], timeout_ms: int
    ) -> dict[TopicPartition, OffsetAndMetadata | None]:
        """The committed offsets as they are now, each with its note; None for a partition without one.

        A partition with an open transaction is left out: its offset is not known before that has ended
        (KIP-447). `KafkaConsumer.committed` cannot be used: a request that it gave up stays behind, and
        answers the next call for the same partitions, however much later that comes.

        Raises:
            KafkaError: when the group's coordinator does not answer.
        """
        offsets: dict[TopicPartition, OffsetAndMetadata | None]
        offsets = self._net.run(self._ask, sorted(partitions), timeout_ms)
        return offsets

    async def _join_group_once(self, timeout_ms: float | None = None) -> bool:
        # When the group answers a join between two polls, kafka-python 3.0.12 throws the answer away and
        # joins again, which may start the rebalance of the whole group anew. It takes the answer of a join
        # that it finds under way, so the join has to look as if it were.
        ended = self._coordinator._join_task  # noqa: SLF001
        if ended is not None and ended.succeeded():
            under_way = Future()
            self._coordinator._join_task = under_way  # noqa: SLF001
            self._resolve_soon(under_way, ended.value)
        return bool(await self._join_group(timeout_ms=timeout_ms))

    async def _look_up_in_time(self) -> Any:
        # For seconds the brokers go on naming a coordinator that is down, and kafka-python 3.0.12 asks them
        # again at once: hundreds of times a second, with a processor busy.
        pause = self._next_look_up - time.monotonic()
        if pause > 0:
            await self._net.sleep(pause)
        self._next_look_up = time.monotonic() + _LOOKUP_SECONDS
        return await self._look_up()

    async def _ask(
        self, partitions: list[TopicPartition], timeout_ms: int
    ) -> dict[TopicPartition, OffsetAndMetadata | None]:
        await self._coordinator.ensure_coordinator_ready_async(timeout_ms=timeout_ms)
        try:
            return await self._ask_once(partitions, timeout_ms)
        except UnstableOffsetCommitError:
            return await self._ask_each(partitions, timeout_ms)

    async def _ask_each(
        self, partitions: list[TopicPartition], timeout_ms: int
    ) -> dict[TopicPartition, OffsetAndMetadata | None]:
        known: dict[TopicPartition, OffsetAndMetadata | None] = {}
        for partition in partitions:
            try:
                known |= await self._ask_once([partition], timeout_ms)
            except UnstableOffsetCommitError:
                continue
        return known

    async def _ask_once(
        self, partitions: list[TopicPartition], timeout_ms: int
    ) -> dict[TopicPartition, OffsetAndMetadata | None]:
        request = self._manager.call_soon(self._coordinator._send_offset_fetch_request, partitions)  # noqa: SLF001
        found = await self._manager.wait_for(request, timeout_ms)
        return {partition: found.get(partition) for partition in partitions}

    def _resolve_soon(self, future: Future, value: Any = None) -> None:
        def resolve() -> None:
            future.success(value)

        self._net.call_soon_threadsafe(resolve)

    def known_positions(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """The next offsets to be read, where known. Unlike `KafkaConsumer.position` it asks nobody."""
        states = {partition: self._subscription.assignment.get(partition) for partition in partitions}
        return {
            partition: state.position.offset
            for partition, state in states.items()
            if state is not None and state.position is not None
        }

    def discard(self) -> None:
        """Leave the group if it can be reached, and end the thread and the connections. It may block."""
        # A poll that found a record it cannot read goes round for ever, unless its partition is paused.
        self.pause(*self.assignment())
        self.close(autocommit=False, timeout_ms=_LEAVE_MS)


def membership_of(group: ConsumerGroupMetadata) -> tuple[int, str]:
    """What tells one membership of a group from the next: the generation and the member's id."""
    return group.generation_id, group.member_id
