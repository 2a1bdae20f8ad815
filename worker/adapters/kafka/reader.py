"""A plain reader of topics, for the demo and the tests: no group, committed messages only."""

import time
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, Self

from kafka import TopicPartition
from kafka.errors import KafkaError

from worker.adapters.kafka.config import consumer_options
from worker.adapters.kafka.connecting import TellingConsumer
from worker.adapters.kafka.explaining import explained, missing_topics
from worker.pipeline.ports import Message, Partition, StreamUnavailable
from worker.settings import Settings

_CALL_SECONDS = 30.0
_POLL_SECONDS = 0.5


class TopicReader:
    """Reads topics from their beginning, all partitions of them; a context manager.

    Raises on any call:
        StreamUnavailable: Kafka is out of reach, or a topic is not there.
    """

    def __init__(self, settings: Settings, topics: Sequence[str]) -> None:
        self._settings = settings
        self._topics = topics
        self._partitions: list[TopicPartition] = []

    def __enter__(self) -> Self:
        try:
            self._consumer = TellingConsumer(**consumer_options(self._settings) | {"group_id": None})
        except KafkaError as error:
            raise self._unavailable(error) from error
        try:
            self._partitions = [place for topic in self._topics for place in self._of_topic(topic)]
            self._consumer.assign(self._partitions)
            self._consumer.seek_to_beginning(*self._partitions)
        except KafkaError as error:
            self._close()
            raise self._unavailable(error) from error
        except StreamUnavailable:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def poll(self, seconds: float) -> list[Message]:
        """What has come since the last read, a partition's in order; none when `seconds` pass without any."""
        try:
            polled = self._consumer.poll(timeout_ms=round(seconds * 1000))
        except KafkaError as error:
            raise self._unavailable(error) from error
        return [_message(record) for records in polled.values() for record in records]

    def read_to_end(self) -> Iterator[Message]:
        """What follows, up to the end as it stands now.

        What an open transaction holds, and what lies behind it, is not waited for: it is not committed.
        """
        timeout = _CALL_SECONDS * 1000
        try:
            ends = self._consumer.end_offsets(self._partitions, timeout_ms=timeout)
            quiet_since = time.monotonic()
            while any(
                self._consumer.position(place, timeout_ms=timeout) < end for place, end in ends.items()
            ):
                messages = self.poll(_POLL_SECONDS)
                yield from messages
                if messages:
                    quiet_since = time.monotonic()
                elif time.monotonic() - quiet_since > _CALL_SECONDS:
                    raise StreamUnavailable(f"no answer from {self._where} in {_CALL_SECONDS:g} s")
        except KafkaError as error:
            raise self._unavailable(error) from error

    def _of_topic(self, topic: str) -> list[TopicPartition]:
        numbers = self._consumer.partitions_for_topic(topic)
        if not numbers:
            raise StreamUnavailable(missing_topics([topic], self._settings))
        return [TopicPartition(topic, number) for number in sorted(numbers)]

    def _close(self) -> None:
        self._consumer.close(autocommit=False, timeout_ms=5_000)

    @property
    def _where(self) -> str:
        return f"Kafka at {self._settings.kafka_bootstrap_servers}"

    def _unavailable(self, error: Exception) -> StreamUnavailable:
        return StreamUnavailable(f"{self._where}: {explained(error, self._settings)}")


def _message(record: Any) -> Message:
    return Message(
        Partition(record.topic, record.partition),
        record.offset,
        record.key,
        record.value,
        tuple(record.headers or ()),
        record.timestamp,
    )
