"""A whole worker over the broker in memory: the real loop, decoder, router and metrics."""

import secrets
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import orjson
from prometheus_client import CollectorRegistry

from tests.fakes import FakeBroker, FakeStream
from worker.core.decode import decode_message
from worker.core.fingerprint import page_key
from worker.core.options import CleanOptions
from worker.core.records import Envelope, Outcome, Rejected
from worker.metrics import build_metrics
from worker.pipeline.counting import Counting
from worker.pipeline.deadletter_breaker import DeadLetterBreaker
from worker.pipeline.finishing import Finisher
from worker.pipeline.intake import Intake
from worker.pipeline.ledger import Ledger
from worker.pipeline.limits import Limits
from worker.pipeline.loop import Loop
from worker.pipeline.ports import Cache, Cleaner, Message, Outgoing
from worker.pipeline.routing import Publication, route
from worker.pipeline.watchdog import Progress
from worker.settings import RemovedDetail

TEXT = (("content-type", b"text/plain; charset=utf-8"),)
PUBLICATION = Publication("articles.clean", "pages.dead", RemovedDetail.FULL, "0", "0", "rules")
DEFAULTS: dict[str, Any] = {
    "max_pages": 100,
    "max_bytes": 10**9,
    "max_poll_records": 20,
    "commit_interval": 0.02,
    "drain_timeout": 5.0,
    "children": 2,
    "idle_poll": 0.05,
}


def decode(message: Message) -> Envelope | Rejected:
    """The real decoder; `decode-bug` makes it raise."""
    if message.value == b"decode-bug":
        raise ArithmeticError("in the decoder")
    return decode_message(message.value, message.key, message.headers, CleanOptions())


def routed(message: Message, envelope: Envelope | None, outcome: Outcome, attempts: int) -> Outgoing:
    """The real router; an article of `route-bug` makes it raise."""
    if message.value == b"route-bug" and not isinstance(outcome, Rejected):
        raise ArithmeticError("in the router")
    return route(message, envelope, outcome, PUBLICATION, datetime.now(UTC), attempts)


class Worker:
    """A loop and all that it is made of."""

    def __init__(
        self,
        broker: FakeBroker,
        cleaner: Cleaner,
        cache: Cache | None = None,
        name: str = "worker-0",
        breaker: DeadLetterBreaker | None = None,
        deploy: str = "rules",
        **limits: Any,
    ):
        bounds = Limits(**DEFAULTS | limits)
        self.breaker = breaker or DeadLetterBreaker(0, 0, 1)
        self.ledger = Ledger(secrets.token_hex(4), bounds.max_pages, deploy, self.breaker)
        self.registry = CollectorRegistry()
        self.progress = Progress()
        self.stream = FakeStream(broker, name)
        counting = Counting(build_metrics(self.registry))
        self.loop = Loop(
            stream=self.stream,
            cleaner=cleaner,
            cache=cache,
            intake=Intake(decode, lambda page: page_key(page, "rules"), cache, counting),
            finisher=Finisher(routed, counting),
            ledger=self.ledger,
            breaker=self.breaker,
            counting=counting,
            progress=self.progress,
            limits=bounds,
        )
        self.errors: list[BaseException] = []
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Run the loop on a thread."""
        self.loop.start()
        self._thread.start()

    def stop(self) -> None:
        """Stop in good order and leave the group."""
        self.loop.stop()
        self._thread.join(20)
        assert not self._thread.is_alive()
        self.stream.close(1)

    def metric(self, name: str, **labels: str) -> float | None:
        """A sample's value; None when there is no such sample."""
        return self.registry.get_sample_value(f"pagesieve_{name}", labels)

    def _run(self) -> None:
        try:
            self.loop.run()
        except BaseException as error:
            self.errors.append(error)


@contextmanager
def working(
    broker: FakeBroker, cleaner: Cleaner, cache: Cache | None = None, **limits: Any
) -> Iterator[Worker]:
    """A worker that runs meanwhile; nothing may have gone wrong in it."""
    worker = Worker(broker, cleaner, cache, **limits)
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()
        cleaner.close(5)
    assert not worker.errors, worker.errors


def sources(broker: FakeBroker) -> dict[int, list[int]]:
    """Of each partition, the offsets of the articles, in their order."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    for sent in broker.published["articles.clean"]:
        source = orjson.loads(sent.value or b"")["source"]
        found[source["partition"]].append(source["offset"])
    return dict(found)


def dead(broker: FakeBroker) -> list[dict[str, str]]:
    """The headers of the dead letters, in their order."""
    return [{name: value.decode() for name, value in sent.headers} for sent in broker.published["pages.dead"]]


def dead_sources(broker: FakeBroker) -> dict[int, list[int]]:
    """Of each partition, the offsets of the dead letters, in their order."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    for headers in dead(broker):
        found[int(headers["__connect.errors.partition"])].append(int(headers["__connect.errors.offset"]))
    return dict(found)
