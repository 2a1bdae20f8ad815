"""A producer whose every call ends in time, and who tells which message was refused."""

import logging
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kafka import ConsumerGroupMetadata, KafkaProducer, OffsetAndMetadata, TopicPartition
from kafka.errors import (
    InvalidRecordError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
)

from worker.adapters.kafka.deadline import Budget
from worker.pipeline.ports import Outgoing, Unpublishable

log = logging.getLogger(__name__)

Offsets = Mapping[TopicPartition, OffsetAndMetadata]  # each the next one to read, with its note

# What a broker says of a message that it will never take.
_REFUSALS = (MessageSizeTooLargeError, RecordListTooLargeError, InvalidRecordError)
# Brokers refuse a time that is further ahead than this (message.timestamp.after.max.ms).
_MAX_AHEAD_MS = 3_600_000
_DISCARD_SECONDS = 60.0


class BoundedProducer(KafkaProducer):  # type: ignore[misc]
    """A KafkaProducer with deadlines where kafka-python 3.0.12 waits for ever, and an end that ends it."""

    def send_all(self, messages: Sequence[Outgoing], seconds: float) -> None:
        """Send the messages and wait until the brokers have taken each of them.

        Raises:
            Unpublishable: with the messages that were refused for good.
            KafkaError: when one was not taken for another reason, or not in time.
        """
        self._refuse_too_large(messages)
        budget = Budget(seconds)
        sent, trouble = self._send_each(messages)
        refused: list[tuple[Outgoing, KafkaError]] = []
        for message, future in zip(messages, sent, strict=False):
            try:
                future.get(timeout=budget.left)
            except KafkaError as error:
                trouble = trouble or error
                if isinstance(error, _REFUSALS) and _came_from_broker(future):
                    refused.append((message, error))
        if refused:
            raise _unpublishable(refused)
        if trouble is not None:
            raise trouble

    def send_offsets_within(self, offsets: Offsets, group: ConsumerGroupMetadata, seconds: float) -> None:
        """Put the offsets into the transaction.

        Raises:
            KafkaTimeoutError: when the brokers have not answered after `seconds`.
            KafkaError: when they refuse.
        """
        self._within(self._transaction_manager.send_offsets_to_transaction(dict(offsets), group), seconds)

    def send_marks_within(self, marks: Offsets, group_id: str, seconds: float) -> None:
        """Put offsets with metadata into the transaction, for a group that nobody is a member of.

        Raises:
            KafkaTimeoutError: when the brokers have not answered after `seconds`.
            KafkaError: when they refuse.
        """
        group = ConsumerGroupMetadata(group_id=group_id)
        self._within(self._transaction_manager.send_offsets_to_transaction(marks, group), seconds)

    def commit_within(self, seconds: float) -> None:
        """Commit the transaction. After an error it may have been committed, or not.

        Raises:
            KafkaTimeoutError: when the brokers have not answered after `seconds`.
            KafkaError: when they refuse.
        """
        self._within(self._transaction_manager.begin_commit(), seconds)

    def discard(self) -> None:
        """End the thread and the connections; what was not sent stays unsent. It may block.

        `close(timeout=0)` does not do it: with messages on the way it raises, and the thread goes on
        sending for ever.
        """
        self._sender.force_close()
        self._sender.join(_DISCARD_SECONDS)
        if not self._sender.is_alive():
            self.close(timeout=0)

    def _within(self, result: Any, seconds: float) -> None:
        self._sender.wakeup()
        if not result.wait(timeout_ms=seconds * 1000):
            raise KafkaTimeoutError(f"no answer within {seconds:g} s")

    def _refuse_too_large(self, messages: Iterable[Outgoing]) -> None:
        limit = self.config["max_request_size"]
        large = [message for message in messages if self._size_of(message) > limit]
        if large:
            text = f"{len(large)} messages larger than kafka_max_request_size, {limit} bytes"
            raise Unpublishable(large, text)

    def _size_of(self, message: Outgoing) -> int:
        return int(self._estimate_size_in_bytes(message.key, message.value, list(message.headers)))

    def _send_each(self, messages: Iterable[Outgoing]) -> tuple[list[Any], KafkaError | None]:
        latest = time.time_ns() // 1_000_000 + _MAX_AHEAD_MS
        sent: list[Any] = []
        for message in messages:
            try:
                sent.append(self._send_one(message, latest))
            except KafkaError as error:  # one that was sent before may be the reason
                return sent, error
        return sent, None

    def _send_one(self, message: Outgoing, latest: int) -> Any:
        stamp = message.timestamp
        known = stamp is not None and 0 <= stamp <= latest
        # kafka-python refuses a message with neither key nor value; an empty value is the nearest there is.
        value = b"" if message.key is None and message.value is None else message.value
        return self.send(
            message.topic,
            value=value,
            key=message.key,
            headers=list(message.headers),
            timestamp_ms=stamp if known else None,
        )


def discard_later(client: Any) -> threading.Thread:
    """End a client on a thread of its own: it may block."""
    thread = threading.Thread(target=_discard, args=(client,), name="kafka-discard", daemon=True)
    thread.start()
    return thread


def told(error: object) -> str:
    """An error in one line: its type, and what it says."""
    text = " ".join(str(error).split())
    if isinstance(error, str):
        return text
    name = type(error).__name__
    return f"{name}: {text}" if text and not text.startswith(name) else text or name


def _unpublishable(refused: Sequence[tuple[Outgoing, KafkaError]]) -> Unpublishable:
    # A compacted topic refuses a message without a key, and the whole batch with it: only those that lack
    # one are named, and by themselves, for what they need is not to be smaller.
    keyless = [one for one in refused if one[0].key is None and isinstance(one[1], InvalidRecordError)]
    named = [one for one in refused if not isinstance(one[1], InvalidRecordError)] or keyless or list(refused)
    detail = f"{len(named)} messages refused: {told(named[0][1])}"
    return Unpublishable([message for message, _ in named], detail, keyless=named is keyless)


def _came_from_broker(future: Any) -> bool:
    # When one message is refused, kafka-python fails all that it has not sent yet with the same error.
    # Those carry the offset -1; what the broker itself has refused carries none.
    offset, _, _ = future._produce_future.value  # noqa: SLF001
    return offset is None


def _discard(client: Any) -> None:
    try:
        client.discard()
    except Exception as error:  # noqa: BLE001 -- it is given up already; that it does not end is worth a line
        log.warning("a Kafka client that was given up did not end: %s", told(error))
