"""Publishing and committing as one step, with producers that are replaced when they do not work any more."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from kafka import ConsumerGroupMetadata
from kafka.errors import (
    AuthorizationError,
    CommitFailedError,
    KafkaError,
    KafkaTimeoutError,
    RebalanceInProgressError,
    SaslAuthenticationFailedError,
)

from worker.adapters.kafka.config import plain_options, transactional_options
from worker.adapters.kafka.deadline import DeadlinePassed, Helper
from worker.adapters.kafka.explaining import explained
from worker.adapters.kafka.producer import BoundedProducer, Offsets, discard_later, told
from worker.pipeline.ports import Outgoing, PublishFailed, StreamUnavailable, Unpublishable
from worker.settings import Settings

log = logging.getLogger(__name__)

_LONGEST_PAUSE = 5.0


class Publisher(Protocol):
    """Publishes messages and commits offsets as one step, as far as its delivery promises."""

    @property
    def ready(self) -> bool:
        """Whether there is a producer that works, as far as known."""

    def ensure(self) -> bool:
        """Make a producer if there is none, at most one attempt; whether there is one now.

        Raises:
            StreamUnavailable: when too many in a row have failed.
        """

    def publish(self, messages: Sequence[Outgoing], offsets: Offsets, group: ConsumerGroupMetadata) -> None:
        """Publish and commit; see `ports.Stream.publish`."""

    def close(self, timeout: float) -> None:
        """Close; never raises."""


class Replaceable:
    """The producer in use; counts and paces its replacements."""

    def __init__(self, settings: Settings, make: Callable[[], BoundedProducer]):
        self._settings = settings
        self._make = make
        self._producer: BoundedProducer | None = None
        self._failures = 0  # producers lost or not made, since the last success
        self._next_attempt = 0.0

    @property
    def ready(self) -> bool:
        """Whether there is a producer."""
        return self._producer is not None

    def ensure(self) -> bool:
        """Make a producer if there is none and the pause is over; whether there is one now.

        Raises:
            StreamUnavailable: when too many in a row have failed.
        """
        if self._producer is None and time.monotonic() >= self._next_attempt:
            self._attempt()
        return self._producer is not None

    def use(self) -> BoundedProducer:
        """The producer.

        Raises:
            PublishFailed: when there is none.
        """
        if self._producer is None:
            raise PublishFailed("there is no producer at the moment")
        return self._producer

    def succeeded(self) -> None:
        """The producer did its work: what failed before does not count any more."""
        self._failures = 0

    def lose(self, reason: object, *, counts: bool = True) -> None:
        """Give the producer up.

        Raises:
            StreamUnavailable: when too many in a row have failed.
        """
        log.warning("Kafka producer replaced: %s", told(reason))
        if self._producer is not None:
            discard_later(self._producer)
            self._producer = None
        if counts:
            self._failed(reason)

    def close(self, timeout: float) -> None:
        """Close the producer, or leave it to its end when that takes longer than `timeout`."""
        producer, self._producer = self._producer, None
        if producer is not None:
            discard_later(producer).join(timeout)

    def _attempt(self) -> None:
        helper = Helper("kafka-producer")
        try:
            seconds = self._settings.kafka_call_timeout + 1
            self._producer = helper.call(self._make, seconds, too_late=BoundedProducer.discard)
        except (AuthorizationError, SaslAuthenticationFailedError) as error:
            text = explained(error, self._settings)
            raise StreamUnavailable(f"Kafka does not allow it: {text}") from error
        except (KafkaError, DeadlinePassed) as error:
            self._failed(error)
        finally:
            helper.end()

    def _failed(self, reason: object) -> None:
        self._failures += 1
        if self._failures > self._settings.kafka_max_rebuilds:
            raise StreamUnavailable(
                f"{self._failures} Kafka producers in a row did not work; of the last: {told(reason)}"
            )
        log.info("Kafka producer, failure %d in a row: %s", self._failures, told(reason))
        pause = 0.0 if self._failures == 1 else min(0.1 * 2**self._failures, _LONGEST_PAUSE)
        self._next_attempt = time.monotonic() + pause


class TransactionalPublisher:
    """Exactly once: messages and offsets in one transaction.

    Whatever goes wrong within a transaction, its producer is given up and a new one is made with the same
    transactional.id: its first call aborts what hung and fences the old one. There is no way back with the
    old one: when a transaction is aborted, kafka-python 3.0.12 keeps the offsets that were refused, and
    commits them with the next one.
    """

    def __init__(self, settings: Settings, transactional_id: str):
        self._settings = settings
        self._transactional_id = transactional_id
        self._producer = Replaceable(settings, self._make)

    @property
    def ready(self) -> bool:
        """Whether there is a producer that works, as far as known."""
        return self._producer.ready

    def ensure(self) -> bool:
        """Make a producer if there is none, at most one attempt; whether there is one now."""
        return self._producer.ensure()

    def publish(self, messages: Sequence[Outgoing], offsets: Offsets, group: ConsumerGroupMetadata) -> None:
        """One transaction. The group's metadata let the brokers refuse a member of the past (KIP-447).

        Raises:
            PublishFailed: when it was undone, or may have been.
            Unpublishable: when messages are refused for good.
            StreamUnavailable: when too many in a row have failed.
        """
        producer = self._producer.use()
        seconds = self._settings.kafka_call_timeout
        try:
            producer.begin_transaction()
            producer.send_all(messages, seconds)
            if offsets:
                producer.send_offsets_within(offsets, group, seconds)
            producer.commit_within(seconds)
        except Unpublishable as error:
            self._producer.lose(error, counts=False)
            self._producer.ensure()
            raise
        except CommitFailedError as error:  # the group has moved on: nothing is wrong with Kafka
            self._producer.lose(error, counts=False)
            raise PublishFailed(told(error)) from error
        except KafkaError as error:
            self._producer.lose(self._explain(error))
            raise PublishFailed(told(error)) from _cause(error)
        self._producer.succeeded()

    def close(self, timeout: float) -> None:
        """Close the producer, or leave it to its end when that takes longer than `timeout`."""
        self._producer.close(timeout)

    def _make(self) -> BoundedProducer:
        producer = BoundedProducer(**transactional_options(self._settings, self._transactional_id))
        try:
            producer.init_transactions()
        except BaseException:
            producer.discard()
            raise
        return producer

    def _explain(self, error: KafkaError) -> str:
        text = told(error)
        if "FENCED" not in text.upper():
            return text
        return (
            f"{text}: another producer has taken the transactional.id {self._transactional_id}; "
            "workers that share a host name need different values of PAGESIEVE_WORKER_SLOT"
        )


class PlainPublisher:
    """At least once: the messages first, then the offsets. For brokers without transactions."""

    def __init__(self, settings: Settings, commit: Callable[[Offsets, float], None]):
        self._settings = settings
        self._commit = commit  # offsets, seconds; raises KafkaError or DeadlinePassed
        self._producer = Replaceable(settings, lambda: BoundedProducer(**plain_options(settings)))

    @property
    def ready(self) -> bool:
        """Whether there is a producer that works, as far as known."""
        return self._producer.ready

    def ensure(self) -> bool:
        """Make a producer if there is none, at most one attempt; whether there is one now."""
        return self._producer.ensure()

    def publish(
        self,
        messages: Sequence[Outgoing],
        offsets: Offsets,
        group: ConsumerGroupMetadata,  # noqa: ARG002 -- the consumer's commit names its membership itself
    ) -> None:
        """Wait until the brokers have every message, then commit.

        Raises:
            PublishFailed: when that did not succeed wholly; messages may be visible.
            Unpublishable: when messages are refused for good.
            StreamUnavailable: when too many in a row have failed.
        """
        producer = self._producer.use()
        seconds = self._settings.kafka_call_timeout
        try:
            producer.send_all(messages, seconds)
        except KafkaError as error:
            self._producer.lose(error)
            raise PublishFailed(told(error)) from _cause(error)
        try:
            self._commit(offsets, seconds)
        except (CommitFailedError, RebalanceInProgressError) as error:  # nothing is wrong with Kafka
            raise PublishFailed(told(error)) from error
        except (KafkaError, DeadlinePassed) as error:
            self._producer.lose(error)
            raise PublishFailed(told(error)) from _cause(error)
        self._producer.succeeded()

    def close(self, timeout: float) -> None:
        """Close the producer, or leave it to its end when that takes longer than `timeout`."""
        self._producer.close(timeout)


def _cause(error: Exception) -> Exception:
    """The error, as a TimeoutError when it is one: those who do not know kafka-python can tell by that."""
    return TimeoutError(told(error)) if isinstance(error, KafkaTimeoutError | DeadlinePassed) else error
