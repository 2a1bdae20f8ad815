"""Topics of a test: made, filled and read, with plain clients that know nothing of the worker."""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition

Record = Any  # kafka-python's ConsumerRecord


def create_topics(servers: str, partitions: Mapping[str, int], **config: str) -> None:
    """Create topics, each with its number of partitions, and wait until they can be used."""
    wanted = {
        name: {
            "num_partitions": count,
            "configs": {key.replace("_", "."): value for key, value in config.items()},
        }
        for name, count in partitions.items()
    }
    admin = KafkaAdminClient(bootstrap_servers=servers)
    try:
        admin.create_topics(wanted)
        admin.wait_for_topics(list(wanted), timeout_ms=30_000)
    finally:
        admin.close()


def fill(servers: str, topic: str, values: Iterable[tuple[int, bytes | None, bytes]]) -> None:
    """Write messages, each (partition, key, value), and wait until the brokers have them."""
    producer = KafkaProducer(
        bootstrap_servers=servers, linger_ms=20, compression_type="zstd", max_request_size=32_000_000
    )
    try:
        sent = [producer.send(topic, value, key, partition=place) for place, key, value in values]
        for future in sent:
            future.get(timeout=60)
    finally:
        producer.close()


def read_all(
    servers: str, topic: str, seconds: float = 30.0, isolation_level: str = "read_committed"
) -> list[Record]:
    """All records of a topic up to where it ends now, in order within each partition.

    Raises:
        TimeoutError: when they are not there within `seconds`.
    """
    with _reader(servers, topic, isolation_level) as consumer:
        ends = consumer.end_offsets(consumer.assignment(), timeout_ms=int(seconds * 1000))
        deadline = time.monotonic() + seconds
        records: list[Record] = []
        while any(consumer.position(place) < end for place, end in ends.items()):
            _take(consumer, records, deadline)
        return records


def read_count(
    servers: str, topic: str, count: int, seconds: float = 30.0, isolation_level: str = "read_committed"
) -> list[Record]:
    """Records of a topic from its beginning, as soon as there are `count` of them or more.

    Raises:
        TimeoutError: when there are not within `seconds`.
    """
    with _reader(servers, topic, isolation_level) as consumer:
        deadline = time.monotonic() + seconds
        records: list[Record] = []
        while len(records) < count:
            _take(consumer, records, deadline)
        return records


def each_record(
    servers: str, topic: str, seconds: float = 30.0, isolation_level: str = "read_committed"
) -> Iterator[Record]:
    """The records of `read_all` one by one, for topics that are too large to hold.

    Raises:
        TimeoutError: when none comes for `seconds`.
    """
    with _reader(servers, topic, isolation_level) as consumer:
        ends = consumer.end_offsets(consumer.assignment(), timeout_ms=int(seconds * 1000))
        deadline = time.monotonic() + seconds
        while any(consumer.position(place) < end for place, end in ends.items()):
            records: list[Record] = []
            _take(consumer, records, deadline)
            if records:
                deadline = time.monotonic() + seconds
            yield from records


@contextmanager
def _reader(servers: str, topic: str, isolation_level: str) -> Iterator[Any]:
    consumer = KafkaConsumer(
        bootstrap_servers=servers,
        isolation_level=isolation_level,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        max_partition_fetch_bytes=8_000_000,
    )
    try:
        numbers = consumer.partitions_for_topic(topic)
        consumer.assign([TopicPartition(topic, number) for number in sorted(numbers)])
        consumer.seek_to_beginning()
        yield consumer
    finally:
        consumer.close()


def _take(consumer: Any, records: list[Record], deadline: float) -> None:
    for batch in consumer.poll(timeout_ms=200).values():
        records += batch
    if time.monotonic() > deadline:
        raise TimeoutError(f"only {len(records)} records were read in time")
