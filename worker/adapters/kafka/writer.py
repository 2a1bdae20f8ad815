"""A plain writer of messages to topics, for the commands: batches, acknowledged by all replicas."""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from kafka.errors import KafkaError

from worker.adapters.kafka.config import consumer_options, plain_options
from worker.adapters.kafka.connecting import why_not_connected
from worker.adapters.kafka.explaining import explained, missing_topics
from worker.adapters.kafka.producer import BoundedProducer
from worker.pipeline.ports import Outgoing, StreamUnavailable
from worker.settings import Settings

_BATCH_MESSAGES = 500
_BATCH_BYTES = 8 * 1024 * 1024
_SEND_SECONDS = 60.0


class TopicWriter:
    """Sends messages in batches; a context manager that sends the last batch when it ends well.

    Raises on any call:
        StreamUnavailable: the brokers are out of reach, or do not take a batch in time.
        Unpublishable: with the messages that the brokers refuse for good.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._batch: list[Outgoing] = []
        self._bytes = 0

    def __enter__(self) -> Self:
        try:
            self._producer = _Producer(**plain_options(self._settings))
        except KafkaError as error:
            servers = self._settings.kafka_bootstrap_servers
            reason = why_not_connected(consumer_options(self._settings)) or error
            raise StreamUnavailable(f"no Kafka at {servers}: {explained(reason, self._settings)}") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.flush()
        finally:
            self._producer.discard()

    def fits(self, message: Outgoing) -> bool:
        """Whether the message is not larger than kafka_max_request_size."""
        return self._producer.fits(message)

    def send(self, message: Outgoing) -> None:
        """Send a message, with its batch when that is full."""
        self._batch.append(message)
        self._bytes += len(message.value or b"")
        if len(self._batch) >= _BATCH_MESSAGES or self._bytes >= _BATCH_BYTES:
            self.flush()

    def flush(self) -> None:
        """Send what has gathered, and wait until the brokers have it."""
        batch, self._batch, self._bytes = self._batch, [], 0
        try:
            self._producer.send_all(batch, _SEND_SECONDS)
        except KafkaError as error:
            servers = self._settings.kafka_bootstrap_servers
            if missing := self._producer.unknown_topics(batch):
                raise StreamUnavailable(missing_topics(missing, self._settings)) from error
            text = explained(error, self._settings)
            raise StreamUnavailable(f"Kafka at {servers} did not take messages: {text}") from error


class _Producer(BoundedProducer):
    def unknown_topics(self, messages: Sequence[Outgoing]) -> list[str]:
        """The topics of these that the brokers have not told of."""
        topics = {message.topic for message in messages}
        return sorted(topic for topic in topics if not self._metadata.partitions_for_topic(topic))

    def fits(self, message: Outgoing) -> bool:
        return self._size_of(message) <= int(self.config["max_request_size"])
