"""The places that the stream's contract is checked in: each with its own topics and streams to read them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from kafka import KafkaAdminClient

from tests.conftest import Names
from tests.servers.topics import create_topics, fill, read_all
from worker.adapters.kafka.stream import KafkaStream
from worker.environment import load_settings
from worker.pipeline.ports import Message, Partition, Stream
from worker.settings import Settings

PARTITIONS = 4


@dataclass(frozen=True)
class Seen:
    """A message that a reader of a topic sees."""

    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


class World(Protocol):
    """One raw topic of four partitions, a topic for articles, one for dead letters, and a group."""

    articles: str
    dead: str

    def partition(self, number: int) -> Partition:
        """A partition of the raw topic."""

    def fill(self, pages: Sequence[tuple[int, bytes | None, bytes]]) -> None:
        """Write pages to the raw topic, each (partition, key, value)."""

    def stream(self, slot: int = 0) -> Stream:
        """A stream that is not started; those of one slot share a transactional.id."""

    def published(self, topic: str) -> list[Seen]:
        """What a read_committed reader sees, in order within each partition."""

    def committed(self) -> Mapping[Partition, int]:
        """The group's committed offsets."""


class KafkaWorld:
    """The contract on a broker, real or embedded."""

    def __init__(self, servers: str, names: Names, **settings: Any):
        self.servers = servers
        self.raw = names.new("raw")
        self.articles = names.new("articles")
        self.dead = names.new("dead")
        self.group = names.new("group")
        self._settings = settings
        create_topics(servers, {self.raw: PARTITIONS, self.articles: PARTITIONS, self.dead: 1})

    def partition(self, number: int) -> Partition:
        return Partition(self.raw, number)

    def fill(self, pages: Sequence[tuple[int, bytes | None, bytes]]) -> None:
        fill(self.servers, self.raw, pages)

    def settings(self, slot: int = 0, **more: Any) -> Settings:
        names = {
            "kafka_bootstrap_servers": self.servers,
            "kafka_group_id": self.group,
            "kafka_session_timeout_ms": 6_000,
            "kafka_heartbeat_interval_ms": 500,
            "raw_topic": self.raw,
            "articles_topic": self.articles,
            "dead_topic": self.dead,
            "worker_slot": slot,
        }
        return load_settings({}, **{**names, **self._settings, **more})

    def stream(self, slot: int = 0, **more: Any) -> KafkaStream:
        return KafkaStream(self.settings(slot, **more))

    def published(self, topic: str) -> list[Seen]:
        return [
            Seen(record.key, record.value, tuple(record.headers)) for record in read_all(self.servers, topic)
        ]

    def committed(self) -> Mapping[Partition, int]:
        admin = KafkaAdminClient(bootstrap_servers=self.servers)
        try:
            found = admin.list_group_offsets([self.group])[self.group]
            return {Partition(*place): mark.offset for place, mark in found.items() if mark.offset >= 0}
        finally:
            admin.close()


def numbered(count: int, partitions: int = PARTITIONS) -> list[tuple[int, bytes, bytes]]:
    """Pages 0, 1, 2, ... of each partition, keyed by the partition."""
    return [(place, b"key%d" % place, b"%d" % n) for n in range(count) for place in range(partitions)]


def in_order(messages: Sequence[Message] | Sequence[Seen], count: int) -> bool:
    """Whether these are exactly the pages 0 to `count` of each partition, once each and in order."""
    by_key: dict[bytes | None, list[int]] = {}
    for message in messages:
        by_key.setdefault(message.key, []).append(int(message.value or b"-1"))
    return len(by_key) == PARTITIONS and all(numbers == list(range(count)) for numbers in by_key.values())
