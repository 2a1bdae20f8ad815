"""A worker that cleans nothing: what comes in goes out, so that a test can see what a stream does.

As a program it works until SIGTERM, with the settings of the environment: for tests that kill and freeze.
"""

import json
import os
import random
import signal
import sys
import time
from collections.abc import Iterable, Mapping

from worker.adapters.kafka.stream import KafkaStream
from worker.environment import load_settings
from worker.pipeline.ports import (
    Committed,
    Message,
    Outgoing,
    Partition,
    PublishFailed,
    Stream,
    StreamUnavailable,
)


class IdentityWorker:
    """Polls, holds what it read for a while, and publishes it in order; the stream's listener too."""

    def __init__(self, stream: Stream, topic: str, hold: bool = False):
        self.stream = stream
        self.topic = topic
        self.hold = hold  # publish only when asked, and when partitions are revoked
        self.in_flight: dict[Partition, list[Message]] = {}
        self.committed: dict[Partition, Committed] = {}  # that reading began at, the last time
        self.events: list[tuple[str, frozenset[Partition]]] = []
        self.failures: list[str] = []
        self.published = 0

    def start(self) -> None:
        """Connect."""
        self.stream.start(self)

    def turn(self, timeout: float = 0.2, max_records: int = 100) -> list[Message]:
        """One poll, and one commit of what it brought and what was left over."""
        messages = list(self.stream.poll(timeout, max_records))
        for message in messages:
            self.in_flight.setdefault(message.partition, []).append(message)
        if not self.hold:
            self.publish()
        return messages

    def publish(self, partitions: Iterable[Partition] | None = None, share: float = 1.0) -> bool:
        """Commit the first `share` of what is in flight of each partition; False when it failed."""
        wanted = self.in_flight.keys() if partitions is None else partitions
        heads = {place: self._head(place, share) for place in wanted}
        heads = {place: head for place, head in heads.items() if head}
        if not heads:
            return True
        outgoing = [_same(message, self.topic) for head in heads.values() for message in head]
        try:
            self.stream.publish(outgoing, {place: head[-1].offset + 1 for place, head in heads.items()})
        except PublishFailed as error:
            self.failures.append(str(error))
            self.in_flight.clear()
            return False
        for place, head in heads.items():
            del self.in_flight[place][: len(head)]
        self.published += len(outgoing)
        return True

    def revoking(self, partitions: frozenset[Partition]) -> None:
        """Publish what is there."""
        self.events.append(("revoking", partitions))
        self.publish(partitions)
        self._drop(partitions)

    def dropped(self, partitions: frozenset[Partition]) -> None:
        """Forget what is there."""
        self.events.append(("dropped", partitions))
        self._drop(partitions)

    def assigned(self, partitions: frozenset[Partition]) -> None:
        """Note it."""
        self.events.append(("assigned", partitions))

    def found(self, committed: Mapping[Partition, Committed]) -> None:
        """Keep it."""
        self.committed |= committed

    def _head(self, place: Partition, share: float) -> list[Message]:
        held = self.in_flight.get(place, [])
        return held[: round(len(held) * share)]

    def _drop(self, partitions: Iterable[Partition]) -> None:
        for place in partitions:
            self.in_flight.pop(place, None)


def _same(message: Message, topic: str) -> Outgoing:
    return Outgoing(topic, message.key, message.value, message.headers, message.timestamp)


def main(environ: Mapping[str, str]) -> int:
    """Work until SIGTERM; one JSON object a line tells what happened. Exit codes as the worker's."""
    settings = load_settings(
        {name: value for name, value in environ.items() if name.startswith("PAGESIEVE_")}
    )
    chance = random.Random(int(environ.get("SEED", "0")))
    worker = IdentityWorker(KafkaStream(settings), settings.articles_topic)
    stopping: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: stopping.append(number))
    started, parent = time.monotonic(), os.getppid()

    def tell(what: str) -> None:
        line = {"t": round(time.monotonic() - started, 1), "what": what, "published": worker.published}
        print(json.dumps({**line, "failures": len(worker.failures)}), flush=True)

    try:
        worker.start()
        tell("started")
        worker.hold = True
        due = told = 0.0
        while not stopping and os.getppid() == parent:
            worker.turn(0.05)
            if time.monotonic() >= due:  # rarely all at once: most of the time something stays in flight
                worker.publish(share=chance.choice((0.3, 0.7, 1.0)))
                due = time.monotonic() + chance.uniform(0.02, 0.4)
            if time.monotonic() >= told:
                tell(worker.failures[-1] if worker.failures else "works")
                told = time.monotonic() + 2
        worker.publish()
        worker.stream.close(5)
        tell("ended")
    except StreamUnavailable as error:
        tell(f"unavailable: {error}")
        return 75
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
