"""The dead letters, to be read through and put back, each at most once."""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Any, NamedTuple, Self

from kafka import OffsetAndMetadata, TopicPartition
from kafka.errors import KafkaError

from worker.adapters.kafka.config import consumer_options, transactional_options
from worker.adapters.kafka.connecting import TellingConsumer
from worker.adapters.kafka.deadline import DeadlinePassed, Helper
from worker.adapters.kafka.explaining import explained, missing_topics
from worker.adapters.kafka.producer import BoundedProducer
from worker.pipeline.ports import Message, Outgoing, Partition, StreamUnavailable
from worker.pipeline.replays import PutBack
from worker.settings import Settings

_CALL_SECONDS = 30.0
_CLOSE_MS = 5_000
_POLL_MS = 500


class Letter(NamedTuple):
    """A dead letter and the message that puts its page back."""

    dead: Message
    page: Outgoing


class DeadLetters:
    """The dead-letter topic as it stood when this was entered; a context manager.

    Raises on any call:
        StreamUnavailable: Kafka is out of reach, or does not answer in time.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._group = f"{settings.kafka_group_id}-replay"
        self._put_back: dict[TopicPartition, PutBack] = {}
        self._ends: dict[TopicPartition, int] = {}
        self._seen: dict[TopicPartition, list[int]] = {}

    def __enter__(self) -> Self:
        options = consumer_options(self._settings) | {
            "group_id": self._group,
            "auto_offset_reset": "earliest",
        }
        with ExitStack() as stack, self._errors_told():
            self._consumer = TellingConsumer(**options)
            stack.callback(self._consumer.close, autocommit=False, timeout_ms=_CLOSE_MS)
            self._producer = BoundedProducer(**transactional_options(self._settings, self._group))
            stack.callback(self._producer.discard)
            self._init_transactions()
            self._begin()
            self._open = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def read(self) -> Iterator[Message]:
        """Every letter that was not put back, in order within a partition, up to the end as it was."""
        idle_since = time.monotonic()
        while self._is_open():
            polled = self._poll()
            if polled:
                idle_since = time.monotonic()
            elif time.monotonic() - idle_since > _CALL_SECONDS:
                raise StreamUnavailable(f"no answer from {self._settings.dead_topic} in {_CALL_SECONDS:g} s")
            for partition, records in polled.items():
                for record in records:
                    if record.offset < self._ends[partition]:
                        self._seen[partition].append(record.offset)
                        if record.offset not in self._put_back[partition]:
                            yield _message(record)

    def put_back(self, letters: Sequence[Letter]) -> None:
        """Publish the pages and remember their letters, in one transaction.

        Raises:
            TooScattered: the letters are too many and too far apart to be remembered; nothing was published.
            Unpublishable: with the pages that are too large; nothing was published.
        """
        for letter in letters:
            self._put_back[TopicPartition(*letter.dead.partition)].add(letter.dead.offset)
        commits = {}
        for partition in {TopicPartition(*letter.dead.partition) for letter in letters}:
            done = self._put_back[partition]
            done.close_up_to(self._seen[partition])
            commits[partition] = OffsetAndMetadata(done.first_open, done.encode(), -1)
        with self._errors_told():
            self._producer.begin_transaction()
            self._producer.send_all([letter.page for letter in letters], _CALL_SECONDS)
            self._producer.send_marks_within(commits, self._group, _CALL_SECONDS)
            self._producer.commit_within(_CALL_SECONDS)

    def _init_transactions(self) -> None:
        helper = Helper("kafka-replay")
        try:
            helper.call(self._producer.init_transactions, _CALL_SECONDS)
        finally:
            helper.end()

    def _begin(self) -> None:
        topic = self._settings.dead_topic
        numbers = self._consumer.partitions_for_topic(topic)
        if not numbers:
            raise StreamUnavailable(missing_topics([topic], self._settings))
        partitions = [TopicPartition(topic, number) for number in sorted(numbers)]
        self._consumer.assign(partitions)
        self._ends = self._consumer.end_offsets(partitions, timeout_ms=_CALL_SECONDS * 1000)
        starts = self._consumer.beginning_offsets(partitions, timeout_ms=_CALL_SECONDS * 1000)
        for partition in partitions:
            kept = self._consumer.committed(partition, metadata=True, timeout_ms=_CALL_SECONDS * 1000)
            done = PutBack.decode(kept.offset, kept.metadata or "") if kept else PutBack(starts[partition])
            self._put_back[partition] = done
            self._seen[partition] = []
            self._consumer.seek(partition, max(done.first_open, starts[partition]))

    def _is_open(self) -> bool:
        """Whether something is left to be read."""
        timeout = _CALL_SECONDS * 1000
        with self._errors_told():
            return any(
                self._consumer.position(partition, timeout_ms=timeout) < end
                for partition, end in self._ends.items()
            )

    def _poll(self) -> dict[TopicPartition, list[Any]]:
        with self._errors_told():
            return dict(self._consumer.poll(timeout_ms=_POLL_MS))

    @contextmanager
    def _errors_told(self) -> Iterator[None]:
        try:
            yield
        except (KafkaError, DeadlinePassed) as error:
            servers = self._settings.kafka_bootstrap_servers
            text = explained(error, self._settings)
            raise StreamUnavailable(f"Kafka at {servers}: {text}") from error


def _message(record: Any) -> Message:
    return Message(
        Partition(record.topic, record.partition),
        record.offset,
        record.key,
        record.value,
        tuple(record.headers or ()),
        record.timestamp,
    )
