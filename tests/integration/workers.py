"""Whole workers in processes of their own, as a user starts them, on topics of a test."""

import http.client
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.errors import KafkaError
from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import Names
from tests.integration.pages import MAX_PAGE_BYTES, GivenPage
from tests.servers.processes import ServerProcess, free_port, wait_for
from worker.adapters.kafka.admin import create_topics
from worker.adapters.kafka.writer import TopicWriter
from worker.environment import load_settings
from worker.pipeline.ports import Outgoing
from worker.settings import PREFIX

NUMBER = "test-number"  # the header that tells which of the given pages a message is
RUN = ("worker", "run")
_ROOT = Path(__file__).parents[2]
_START_SECONDS = 90.0
_STOP_SECONDS = 60.0
_ADMIN_MS = 5_000


class WorkerProcess(ServerProcess):
    """A worker, `python -m worker run` unless `program` names another module and its arguments."""

    def __init__(
        self,
        settings: dict[str, str],
        folder: Path,
        slot: int = 0,
        program: Sequence[str] = RUN,
    ):
        self.port = free_port()
        own = settings | {"worker_slot": str(slot), "http_port": str(self.port)}
        super().__init__(
            [sys.executable, "-m", *program],
            folder / f"worker{slot}.log",
            _ROOT,
            clean_environment() | {f"{PREFIX}{name.upper()}": value for name, value in own.items()},
        )

    def get(self, path: str) -> tuple[int, str]:
        """The status and the body of one of its HTTP pages; status 0 without a whole answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.read().decode()
        except (OSError, http.client.HTTPException):  # the latter when it dies while it answers
            return 0, ""

    def is_ready(self) -> bool:
        """Whether it has its place in the group."""
        return self.get("/readyz")[0] == 200

    def wait_until_ready(self) -> None:
        """Wait for its place in the group."""
        self.wait_until(self.is_ready, _START_SECONDS, "a worker")

    def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric's samples with these labels; the name without `pagesieve_`."""
        return sum(
            sample.value
            for family in text_string_to_metric_families(self.get("/metrics")[1])
            for sample in family.samples
            if sample.name == f"pagesieve_{name}" and labels.items() <= sample.labels.items()
        )

    def exit_code(self) -> int:
        """Wait for its end; it is killed, and the code is -9, when that takes too long."""
        try:
            return self.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            return self.wait(0)


class WorkerGroup:
    """A consumer group on topics of its own; a context manager that kills what still runs.

    `settings` are those of every worker, beyond what a test wants anyway: one child, short intervals.
    """

    def __init__(self, servers: str, names: Names, folder: Path, **settings: object):
        self.servers = servers
        self.name = names.new("group")
        self.environment = {
            "kafka_bootstrap_servers": servers,
            "kafka_group_id": self.name,
            "kafka_session_timeout_ms": "6000",
            "kafka_heartbeat_interval_ms": "1000",
            "raw_topic": f"{self.name}.raw",
            "articles_topic": f"{self.name}.articles",
            "dead_topic": f"{self.name}.dead",
            "topic_partitions": "6",
            "children": "1",
            "commit_interval": "0.2",
            "max_page_bytes": str(MAX_PAGE_BYTES),
            **{name: str(value) for name, value in settings.items()},
        }
        self.settings = load_settings({f"{PREFIX}{n.upper()}": v for n, v in self.environment.items()})
        self.given: list[GivenPage] = []
        self.workers: dict[int, WorkerProcess] = {}
        self._folder = folder
        create_topics(self.settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for slot in list(self.workers):
            self.kill(slot)

    def load(self, pages: Iterable[GivenPage]) -> None:
        """Write pages into the raw topic, and wait until the brokers have them."""
        with TopicWriter(self.settings) as writer:
            for page in pages:
                writer.send(self.message(page))

    def message(self, page: GivenPage) -> Outgoing:
        """The page as a message that tells which one it is."""
        numbered = (*page.headers, (NUMBER, b"%d" % len(self.given)))
        self.given.append(page)
        return Outgoing(self.settings.raw_topic, page.key, page.value, numbered)

    def start(self, slot: int = 0, program: Sequence[str] = RUN, **settings: object) -> WorkerProcess:
        """Start the worker of a slot, anew or again."""
        more = {name: str(value) for name, value in settings.items()}
        worker = WorkerProcess(self.environment | more, self._folder, slot, program)
        self.workers[slot] = worker
        worker.start()
        return worker

    def kill(self, slot: int) -> None:
        """Signal 9."""
        self.workers.pop(slot).kill()

    def stop(self, *slots: int) -> list[int]:
        """SIGTERM to these workers, or to all, at the same time, and their exit codes."""
        ending = [self.workers.pop(slot) for slot in slots or list(self.workers)]
        for worker in ending:
            worker.terminate()  # once: a second signal would end it at once
        return [worker.exit_code() for worker in ending]

    def committed(self) -> dict[int, int]:
        """The committed offset of each partition that has one.

        Raises:
            KafkaError: when the brokers do not answer.
        """
        admin = KafkaAdminClient(
            bootstrap_servers=self.servers, bootstrap_timeout_ms=_ADMIN_MS, request_timeout_ms=_ADMIN_MS
        )
        try:
            marks = admin.list_group_offsets([self.name])[self.name]
        finally:
            admin.close()
        return {place.partition: mark.offset for place, mark in marks.items() if mark.offset >= 0}

    def ends(self) -> dict[int, int]:
        """Where each partition of the raw topic ends now."""
        consumer = KafkaConsumer(bootstrap_servers=self.servers)
        try:
            topic = self.settings.raw_topic
            places = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic)]
            return {place.partition: end for place, end in consumer.end_offsets(places).items()}
        finally:
            consumer.close()

    def pages_done(self) -> int:
        """How many pages are committed, as far as the brokers tell at the moment."""
        try:
            return sum(self.committed().values())
        except KafkaError:
            return 0

    def wait_for_pages(self, count: int, seconds: float) -> None:
        """Wait until so many pages are committed, by workers that all run.

        Raises:
            TimeoutError: when they are not within `seconds`.
            AssertionError: when a worker has ended by itself.
        """

        def done() -> bool:
            self.assert_all_run()
            return self.pages_done() >= count

        try:
            wait_for(done, seconds, f"{count} pages committed", pause=0.2)
        except TimeoutError as error:
            logs = "\n".join(f"worker {s}: {w.log_end(1500)}" for s, w in self.workers.items())
            raise TimeoutError(f"{error}; there are {self.pages_done()}\n{logs}") from None

    def wait_until_finished(self, seconds: float = 60.0) -> None:
        """Wait until every page that is in the raw topic now is committed."""
        self.wait_for_pages(sum(self.ends().values()), seconds)

    def assert_all_run(self) -> None:
        """No worker has ended by itself."""
        for slot, worker in self.workers.items():
            assert worker.runs(), f"worker {slot} has ended:\n{worker.log_end()}"


def clean_environment() -> dict[str, str]:
    """The environment of the tests without any setting of pagesieve."""
    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
