"""The stream's contract on the broker in memory: what the loop's tests rely on is held to the same suite."""

from collections.abc import Mapping, Sequence

from tests.contract.worlds import PARTITIONS, Seen
from tests.fakes import FakeBroker, FakeStream
from worker.pipeline.ports import Partition


class FakeWorld:
    """`worlds.World` without a server."""

    def __init__(self) -> None:
        self.articles = "articles"
        self.dead = "dead"
        self.broker = FakeBroker(PARTITIONS)

    def partition(self, number: int) -> Partition:
        return Partition(self.broker.topic, number)

    def fill(self, pages: Sequence[tuple[int, bytes | None, bytes]]) -> None:
        for place, key, value in pages:
            self.broker.write(value, place, key)

    def stream(self, slot: int = 0) -> FakeStream:
        return FakeStream(self.broker, f"worker-{slot}")

    def published(self, topic: str) -> list[Seen]:
        return [Seen(sent.key, sent.value, sent.headers) for sent in self.broker.published[topic]]

    def committed(self) -> Mapping[Partition, int]:
        return dict(self.broker.committed)
