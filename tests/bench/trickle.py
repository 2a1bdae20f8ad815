"""Pages that come into a raw topic at a steady rate, for as long as a context lasts."""

import itertools
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from kafka import KafkaProducer

from tests.bench.pages import BenchPage
from worker.settings import Settings


@contextmanager
def trickle(settings: Settings, pages: Sequence[BenchPage], rate: float) -> Iterator[None]:
    """Write `rate` pages a second into the raw topic, one partition after the other."""
    over = threading.Event()
    producer = KafkaProducer(
        bootstrap_servers=settings.kafka_bootstrap_servers, linger_ms=0, max_request_size=32_000_000
    )

    def write() -> None:
        numbered = zip(itertools.count(), itertools.cycle(pages))
        while not over.wait(1 / rate):
            number, page = next(numbered)
            partition = number % settings.topic_partitions
            producer.send(settings.raw_topic, page.body, b"%d" % number, partition=partition)

    thread = threading.Thread(target=write, name="trickle")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        producer.close()
