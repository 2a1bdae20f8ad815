"""Records that others than kafka-python wrote, and such that cannot be read, on real brokers."""

import logging
import re
from types import SimpleNamespace
from typing import Any

import pytest
from kafka import KafkaProducer, TopicPartition
from kafka.record.default_records import DefaultRecordBatch

from tests.contract.test_stream import reads, turn_until, working
from tests.contract.test_stream_kafka import BOTH, on, servers, world  # noqa: F401 -- fixtures
from tests.contract.worlds import PARTITIONS, KafkaWorld, numbered
from tests.identity import IdentityWorker
from worker.adapters.kafka.consumer import GroupConsumer
from worker.adapters.kafka.stream import KafkaStream
from worker.adapters.kafka.unpacking import UnreadableRecord, read_any_names
from worker.pipeline.ports import StreamUnavailable

REBUILDS = 2


class _RawName(str):
    """A header name that goes out as Latin-1 bytes: other clients leave the encoding to their user."""

    __slots__ = ()

    def encode(self, encoding: str = "latin-1", errors: str = "strict") -> bytes:
        return super().encode("latin-1", errors)


def write(
    world: KafkaWorld,  # noqa: F811
    partition: int,
    values: list[bytes],
    headers: list[tuple[str, bytes]],
    compression: str | None = None,
) -> None:
    """Write messages in one batch."""
    producer = KafkaProducer(
        bootstrap_servers=world.servers, compression_type=compression, linger_ms=500, batch_size=1_000_000
    )
    try:
        sent = [
            producer.send(world.raw, value, b"key", headers=headers, partition=partition) for value in values
        ]
        for future in sent:
            future.get(timeout=30)
    finally:
        producer.close()


@on(BOTH)
@pytest.mark.parametrize("compression", [None, "zstd"])
def test_header_names_may_be_any_bytes(world: KafkaWorld, compression: str | None) -> None:  # noqa: F811
    headers = [("first", b"1"), (_RawName("\xe9tat"), b"2"), (_RawName("\xfc"), b""), ("näme", b"3")]
    write(world, 0, [b"0", b"1", b"2"], headers, compression)
    world.fill(numbered(1))
    with working(world, hold=True) as worker:
        messages = turn_until(worker, reads(3 + PARTITIONS))
    named = [message for message in messages if message.headers]
    assert [message.value for message in named] == [b"0", b"1", b"2"]
    for message in named:
        assert message.headers == (("first", b"1"), ("\ufffdtat", b"2"), ("\ufffd", b""), ("näme", b"3"))


def poison(world: KafkaWorld, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    """Offsets 1 to 3 of partition 2 have header names that kafka-python by itself cannot read."""
    world.fill([(2, b"key", b"0")])
    write(world, 2, [b"1", b"2", b"3"], [(_RawName("\xe9tat"), b"")])
    world.fill([(2, b"key", b"4")])
    monkeypatch.setattr("worker.adapters.kafka.unpacking._Batch._read_msg", DefaultRecordBatch._read_msg)


def turn_until_it_ends(worker: IdentityWorker) -> str:
    """What the stream says when it gives up."""
    with pytest.raises(StreamUnavailable) as caught:
        turn_until(worker, lambda _: False)
    return str(caught.value)


@on(BOTH)
def test_a_record_that_cannot_be_read_ends_the_worker_and_is_named(
    world: KafkaWorld,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    poison(world, monkeypatch)
    caplog.set_level(logging.WARNING, "worker")
    worker = IdentityWorker(world.stream(kafka_max_rebuilds=REBUILDS), world.articles)
    worker.start()
    try:
        text = turn_until_it_ends(worker)
    finally:
        worker.stream.close(5)
    assert f"offset 1 of {world.raw}-2: " in text
    assert "CorruptRecordError" in text
    skipping = rf"--group {world.group} --topic {world.raw}:2 --reset-offsets --to-offset (\d) --execute"
    found = re.search(skipping, text)
    assert found
    assert int(found[1]) in {2, 4, 5}  # behind its batch: the embedded broker keeps none as they came
    assert sum("Kafka consumer replaced" in line for line in caplog.messages) == REBUILDS + 1
    assert world.committed() == {world.partition(2): 1}


@on(BOTH)
def test_what_other_partitions_bring_does_not_keep_it_alive(
    world: KafkaWorld,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    poison(world, monkeypatch)

    class Busy(IdentityWorker):
        def turn(self, timeout: float = 0.2, max_records: int = 100) -> list[Any]:
            messages = super().turn(timeout, max_records)
            if messages:
                world.fill([(0, b"key", b"more")])
            return messages

    worker = Busy(world.stream(kafka_max_rebuilds=REBUILDS), world.articles)
    worker.start()
    try:
        assert f"offset 1 of {world.raw}-2: " in turn_until_it_ends(worker)
    finally:
        worker.stream.close(5)


@on(BOTH)
def test_polls_of_a_member_that_joins_do_not_count_as_a_success(
    world: KafkaWorld,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    poison(world, monkeypatch)
    monkeypatch.setattr(KafkaStream, "_count_unreadable", lambda *_: 0)  # as with an error without a place
    worker = IdentityWorker(world.stream(kafka_max_rebuilds=REBUILDS), world.articles)
    worker.start()
    try:
        assert "the Kafka consumer does not work" in turn_until_it_ends(worker)
    finally:
        worker.stream.close(5)


@on(BOTH)
def test_a_member_that_does_its_work_makes_up_for_those_before(
    world: KafkaWorld,  # noqa: F811
) -> None:
    with working(world) as worker:
        stream: Any = worker.stream
        stream._member_failures = 1
        turn_until(worker, lambda _: stream._member_failures == 0)  # nothing to read
        stream._member_failures = 1
        world.fill(numbered(1))
        turn_until(worker, reads(PARTITIONS))
        assert stream._member_failures == 0


def test_the_skipped_records_are_those_that_cannot_be_read_without_it() -> None:
    error = UnreadableRecord(TopicPartition("pages.raw", 3), 7, 12, ValueError("two\nlines"))
    assert str(error) == "offset 7 of pages.raw-3: ValueError: two lines"
    assert (error.offset, error.behind) == (7, 12)


def test_another_library_that_unpacks_otherwise_is_told() -> None:
    other = SimpleNamespace(_fetcher=SimpleNamespace(PartitionRecords=object))
    with pytest.raises(AttributeError, match="a class of its own"):
        read_any_names(other)


@on(BOTH)
def test_the_consumer_unpacks_with_our_class(world: KafkaWorld) -> None:  # noqa: F811
    consumer = GroupConsumer(
        bootstrap_servers=world.servers, bootstrap_timeout_ms=5_000, group_id=world.group
    )
    try:
        assert consumer._fetcher.PartitionRecords.__module__ == "worker.adapters.kafka.unpacking"
    finally:
        consumer.close(autocommit=False)
