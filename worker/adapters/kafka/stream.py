"""The consumer group and its transactions: `ports.Stream` on Kafka."""

import logging
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from kafka import OffsetAndMetadata, TopicPartition
from kafka.errors import (
    AuthorizationError,
    InvalidSessionTimeoutError,
    KafkaError,
    SaslAuthenticationFailedError,
)

from worker.adapters.kafka.deadline import Budget, DeadlinePassed
from worker.adapters.kafka.explaining import explained, missing_topics
from worker.adapters.kafka.holdings import STEP_SECONDS, Holdings
from worker.adapters.kafka.member import Member
from worker.adapters.kafka.producer import Offsets, told
from worker.adapters.kafka.publisher import PlainPublisher, Publisher, TransactionalPublisher
from worker.adapters.kafka.unpacking import UnreadableRecord
from worker.pipeline.ports import (
    Message,
    Outgoing,
    Partition,
    PublishFailed,
    StreamListener,
    StreamMisconfigured,
    StreamUnavailable,
)
from worker.settings import Delivery, Settings

log = logging.getLogger(__name__)


class KafkaStream:
    """A member of the group and the producer of its results. Used by one thread.

    What keeps a page from being lost or doubled, whatever dies:

    - What is in flight belongs to one membership of the group, a generation and a member's id. Its offsets
      are committed in the name of that membership and no other, and the brokers refuse one of the past.
    - With every change of the membership, and with every commit that failed or may have, everything in
      flight is dropped and every position is read anew from the committed offsets. kafka-python keeps the
      positions of partitions that come back to the same member, where others may have moved on.
    - Committed offsets are read only when there is a producer: making one ends what the last one left open.
    """

    def __init__(self, settings: Settings):
        self._settings = settings
        self._publisher = self._make_publisher()
        self._member: Member | None = None
        self._member_failures = 0  # members lost or not made, since the last one that did its work
        self._unreadable: Counter[tuple[TopicPartition, int]] = Counter()  # failures to read on from here
        self._holdings: Holdings | None = None
        self._void = False  # a commit failed: what is in flight is to be dropped

    def start(self, listener: StreamListener) -> None:
        """Connect and fence earlier owners of the transactional.id; polling joins the group.

        Raises:
            StreamUnavailable: when Kafka cannot be reached within the connect timeout, refuses this user, or
                lacks a topic.
        """
        self._holdings = Holdings(self._settings, listener)
        budget = Budget(self._settings.kafka_connect_timeout)
        while (problem := self._connect()) is not None:
            if budget.left == 0:
                raise StreamUnavailable(problem)
            time.sleep(min(0.5, budget.left))

    def poll(self, timeout: float, max_records: int) -> Sequence[Message]:
        """Messages in order within each partition; none when `timeout` passes.

        Raises:
            StreamUnavailable: when the bounded retries are used up.
        """
        budget = Budget(timeout)
        while True:
            messages = self._round(self._held, budget, max_records)
            if messages or budget.left == 0:
                return messages

    def publish(
        self,
        messages: Sequence[Outgoing],
        offsets: Mapping[Partition, int],
        notes: Mapping[Partition, str] | None = None,
    ) -> None:
        """Publish the messages and commit the offsets (each the next one to read) as one step.

        The notes are committed as the offsets' metadata: a broker takes offset.metadata.max.bytes of each,
        4096 unless it is told otherwise.

        Raises:
            PublishFailed: when the step was undone: `dropped` is called in the next poll.
            Unpublishable: when Kafka refuses some of the messages for good: nothing is dropped.
            StreamUnavailable: when the bounded retries are used up.
            ValueError: for an offset beyond the messages of this membership.
        """
        group = self._held.group
        if self._void or group is None:
            raise PublishFailed("the membership that these pages were read in has ended")
        if not self._held.current:
            self._void = True
            raise PublishFailed("the group has moved on since these pages were read")
        told_of = notes or {}
        marked = {
            TopicPartition(*partition): OffsetAndMetadata(offset, told_of.get(partition, ""), -1)
            for partition, offset in offsets.items()
        }
        self._held.check(marked)
        if not messages and not marked:
            return
        try:
            self._publisher.publish(messages, marked, group)
        except PublishFailed:
            self._void = True
            raise

    def pause(self, partitions: Iterable[Partition]) -> None:
        """Fetch no more of these; polling goes on."""
        self._held.pause(partitions)

    def resume(self, partitions: Iterable[Partition]) -> None:
        """Fetch these again."""
        self._held.resume(partitions)

    def lag(self) -> Mapping[Partition, int]:
        """Messages after the position, of each partition assigned, as far as known. Never blocks."""
        return self._held.lag()

    def joined(self) -> bool:
        """True while the member has a stable place in its group and a producer that works."""
        return self._publisher.ready and self._held.current

    def close(self, timeout: float) -> None:
        """Leave the group and close, within `timeout`. Never raises."""
        budget = Budget(timeout)
        if self._member is not None:
            self._member.close(budget.left)
            self._member = None
        self._publisher.close(budget.left)

    @property
    def _held(self) -> Holdings:
        if self._holdings is None:
            raise RuntimeError("the stream is not started")
        return self._holdings

    def _make_publisher(self) -> Publisher:
        settings = self._settings
        if settings.delivery is Delivery.EXACTLY_ONCE:
            return TransactionalPublisher(settings, settings.transactional_id)
        return PlainPublisher(settings, self._commit)

    def _commit(self, offsets: Offsets, seconds: float) -> None:
        if self._member is None:
            raise PublishFailed("there is no consumer at the moment")
        self._member.commit(offsets, seconds)

    def _connect(self) -> str | None:
        """One attempt to have everything at hand; what is missing, in a line."""
        servers = self._settings.kafka_bootstrap_servers
        try:
            self._member = self._member or self._new_member()
            topics = self._member.topics()
        except (AuthorizationError, SaslAuthenticationFailedError) as error:
            raise StreamUnavailable(
                f"Kafka at {servers} refuses this user: {explained(error, self._settings)}"
            ) from error
        except (KafkaError, DeadlinePassed) as error:
            return f"Kafka at {servers} cannot be reached: {explained(error, self._settings)}"
        wanted = {self._settings.raw_topic, self._settings.articles_topic, self._settings.dead_topic}
        if missing := sorted(wanted - topics):
            return missing_topics(missing, self._settings)
        if not self._publisher.ensure():
            return f"Kafka at {servers} gives no producer; `pagesieve check` tells more"
        return None

    def _round(self, held: Holdings, budget: Budget, max_records: int) -> list[Message]:
        """One look at the group and one poll: a short one as long as something is missing."""
        if self._void:
            self._void = False
            held.drop()
        ready = self._publisher.ensure()
        member = self._member or self._replace_member()
        if member is None:
            time.sleep(min(STEP_SECONDS, budget.left))
            return []
        try:
            if ready:
                held.find_positions()
            held.look_at_ends()
            seconds = budget.left if held.settled else min(STEP_SECONDS, budget.left)
            returned = member.poll(seconds, max_records, held.on_event)
        except DeadlinePassed as error:
            self._lose_member(error)
            return []
        if returned.error is not None:
            self._lose_member(returned.error)
            return []
        messages = held.deliver(returned.get())
        # While it joins a member's polls come back too, and bring nothing: they tell nothing of it.
        if held.settled and (messages or member.at_the_end()):
            self._member_failures = 0
        return messages

    def _new_member(self) -> Member:
        member = Member(self._settings)
        self._held.belong_to(member)
        return member

    def _replace_member(self) -> Member | None:
        try:
            self._member = self._new_member()
        except (KafkaError, DeadlinePassed) as error:
            self._count_member_failure(error)
        return self._member

    def _lose_member(self, error: BaseException) -> None:
        lost, self._member = self._member, None
        self._held.belong_to(None)
        if lost is not None:
            lost.give_up()
        self._count_member_failure(error)

    def _count_member_failure(self, error: BaseException) -> None:
        self._member_failures += 1
        failures = max(self._member_failures, self._count_unreadable(error))
        log.warning("Kafka consumer replaced, failure %d in a row: %s", failures, told(error))
        hopeless = isinstance(error, AuthorizationError | SaslAuthenticationFailedError)
        if isinstance(error, InvalidSessionTimeoutError):
            raise StreamMisconfigured(
                f"Kafka lets no worker join: {explained(error, self._settings)}"
            ) from error
        if hopeless or failures > self._settings.kafka_max_rebuilds:
            text = explained(error, self._settings)
            raise StreamUnavailable(f"the Kafka consumer does not work: {text}") from error

    def _count_unreadable(self, error: BaseException) -> int:
        """How often reading has failed at this place, whatever other partitions bring meanwhile."""
        if not isinstance(error, UnreadableRecord):
            return 0
        place = (error.partition, error.offset)
        self._unreadable[place] += 1
        return self._unreadable[place]
