"""A group of workers under load while brokers and workers are killed, frozen, added and taken away."""

import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError
from kafka.protocol.metadata import CoordinatorType

from tests.servers.kafka import KafkaCluster
from tests.servers.topics import create_topics, read_all

PARTITIONS = 6
_ROOT = Path(__file__).parents[2]


@dataclass
class Outcome:
    """What came out of a run, page by page against what went in."""

    pages: int
    lost: int
    doubled: int
    disordered: int
    exits: list[int]
    seconds_to_finish: float
    notes: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Every page once, in order, and no worker ended by itself."""
        return not (self.lost or self.doubled or self.disordered or any(self.exits))


class Workers:
    """Identity workers in processes of their own, each with its slot."""

    def __init__(self, settings: Mapping[str, str], folder: Path, seed: int = 0):
        self._settings = settings
        self._folder = folder
        self._seed = seed
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self.exits: list[int] = []

    def start(self, slot: int) -> None:
        """Start the worker of a slot, anew or again."""
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(_ROOT),
            "SEED": str(self._seed * 100 + slot),
            **{f"PAGESIEVE_{name.upper()}": value for name, value in self._settings.items()},
            "PAGESIEVE_WORKER_SLOT": str(slot),
        }
        with self._log(slot).open("ab") as out:
            self._processes[slot] = subprocess.Popen(
                [sys.executable, "-m", "tests.identity"], env=environment, stdout=out, stderr=out
            )

    def kill(self, slot: int) -> None:
        """Signal 9."""
        self._processes[slot].kill()
        self._processes.pop(slot).wait()

    def freeze(self, slot: int) -> None:
        """SIGSTOP."""
        self._processes[slot].send_signal(signal.SIGSTOP)

    def thaw(self, slot: int) -> None:
        """SIGCONT."""
        self._processes[slot].send_signal(signal.SIGCONT)

    def stop(self, slot: int) -> None:
        """SIGTERM, and note how it ended."""
        process = self._processes.pop(slot)
        process.send_signal(signal.SIGCONT)
        process.terminate()
        try:
            code = process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        if code != -signal.SIGTERM:  # so ends one that had not yet come to its handler
            self.exits.append(code)

    def stop_all(self) -> None:
        """Every worker that runs."""
        for slot in list(self._processes):
            self.stop(slot)

    def running(self) -> list[int]:
        """The slots whose process is there."""
        return [slot for slot, process in self._processes.items() if process.poll() is None]

    def told(self) -> list[str]:
        """The last line of each worker."""
        lines = [self._log(slot).read_text().splitlines() for slot in sorted(self._processes)]
        return [line[-1] for line in lines if line]

    def _log(self, slot: int) -> Path:
        return self._folder / f"worker{slot}.log"


class Feeder(threading.Thread):
    """Writes numbers as pages at a steady pace; what the topic holds at the end is what counts."""

    def __init__(self, servers: str, topic: str, rate: int):
        super().__init__(name="feeder", daemon=True)
        self._servers = servers
        self._topic = topic
        self._pause = 1 / rate
        self._stopped = threading.Event()

    def run(self) -> None:
        """Write until stopped."""
        producer = KafkaProducer(bootstrap_servers=self._servers, linger_ms=20, retry_backoff_ms=50)
        number = 0
        next_at = time.monotonic()
        while not self._stopped.is_set():
            producer.send(self._topic, **self.page(number))
            number += 1
            next_at += self._pause
            self._stopped.wait(max(0.0, next_at - time.monotonic()))
        try:
            producer.flush(60)
        finally:
            producer.close(5)

    def page(self, number: int) -> Mapping[str, Any]:
        """What the producer is given to send."""
        place = number % PARTITIONS
        return {"value": b"%d" % (number // PARTITIONS), "key": b"key%d" % place, "partition": place}

    def stop(self) -> None:
        """Write no more, and wait until all is written."""
        self._stopped.set()
        self.join(90)


class Run:
    """One run: a group of its own on topics of its own."""

    def __init__(
        self,
        cluster: KafkaCluster,
        name: str,
        folder: Path,
        *,
        workers: int = 3,
        rate: int = 300,
        seed: int = 0,
    ):
        self.cluster = cluster
        self._raw, self._articles, dead = f"{name}.raw", f"{name}.articles", f"{name}.dead"
        self._group = name
        folder.mkdir(parents=True, exist_ok=True)
        create_topics(cluster.bootstrap_servers, {self._raw: PARTITIONS, self._articles: PARTITIONS, dead: 1})
        settings = {
            "kafka_bootstrap_servers": cluster.bootstrap_servers,
            "kafka_group_id": name,
            "kafka_session_timeout_ms": "6000",
            "kafka_heartbeat_interval_ms": "1000",
            "raw_topic": self._raw,
            "articles_topic": self._articles,
            "dead_topic": dead,
        }
        self.workers = Workers(settings, folder, seed)
        self.count = workers
        self._progress = 0
        self._feeder = Feeder(cluster.bootstrap_servers, self._raw, rate)

    def under(self, faults: Callable[["Run"], Sequence[str] | None], patience: float = 120.0) -> Outcome:
        """Start, let the faults happen, wait until everything is worked off, and compare."""
        for slot in range(self.count):
            self.workers.start(slot)
        self._feeder.start()
        try:
            notes = list(faults(self) or [])
            self._feeder.stop()
            started = time.monotonic()
            finished = self._wait_until_finished(started + patience)
            if not finished:
                notes.append(f"not finished within {patience:g} s: {self.workers.told()}")
            seconds = time.monotonic() - started
        finally:
            self._feeder.stop()
            self.workers.stop_all()
        return self._compare(seconds, notes)

    def progress(self) -> int:
        """Pages committed so far, as far as somebody tells."""
        try:
            admin = KafkaAdminClient(
                bootstrap_servers=self.cluster.bootstrap_servers, request_timeout_ms=5000
            )
        except KafkaError:
            return self._progress
        try:
            marks = admin.list_group_offsets([self._group])[self._group]
            self._progress = sum(max(0, mark.offset) for mark in marks.values())
        except KafkaError:  # the coordinator has died, or is not there yet
            pass
        finally:
            admin.close()
        return self._progress

    def wait_for_progress(self, pages: int, seconds: float = 60.0) -> None:
        """Wait until so many more pages are committed.

        Raises:
            TimeoutError: when they are not within `seconds`.
        """
        deadline = time.monotonic() + seconds
        target = self.progress() + pages
        while self.progress() < target:
            if time.monotonic() > deadline:
                raise TimeoutError(f"no {pages} pages within {seconds:g} s: {self.workers.told()}")
            time.sleep(0.2)

    def group_coordinator(self) -> int:
        """The node that keeps the group's membership and offsets."""
        return self._coordinator(CoordinatorType.GROUP, self._group)

    def transaction_coordinator(self, slot: int) -> int:
        """The node that keeps the transactions of a worker."""
        return self._coordinator(CoordinatorType.TRANSACTION, f"{self._group}-{socket.gethostname()}-{slot}")

    def _coordinator(self, kind: CoordinatorType, key: str) -> int:
        admin = KafkaAdminClient(bootstrap_servers=self.cluster.bootstrap_servers)
        try:
            return int(admin._manager.run(admin._find_coordinator_id, key, kind)) - 1
        finally:
            admin.close()

    def _wait_until_finished(self, deadline: float) -> bool:
        end = self._ends()
        while time.monotonic() < deadline:
            if self.progress() >= end:
                return True
            time.sleep(0.3)
        return False

    def _ends(self) -> int:
        consumer = KafkaConsumer(bootstrap_servers=self.cluster.bootstrap_servers)
        try:
            places = [TopicPartition(self._raw, number) for number in range(PARTITIONS)]
            return sum(consumer.end_offsets(places).values())
        finally:
            consumer.close()

    def _compare(self, seconds: float, notes: list[str]) -> Outcome:
        servers = self.cluster.bootstrap_servers
        given, taken = (
            _by_key(read_all(servers, self._raw, 60)),
            _by_key(read_all(servers, self._articles, 60)),
        )
        lost = doubled = disordered = 0
        for key, numbers in given.items():
            got = taken.get(key, [])
            lost += len(set(numbers) - set(got))
            doubled += len(got) - len(set(got))
            disordered += sum(later <= earlier for earlier, later in itertools.pairwise(got))
        total = sum(map(len, given.values()))
        return Outcome(total, lost, doubled, disordered, self.workers.exits, round(seconds, 1), notes)


def _by_key(records: Sequence[object]) -> dict[bytes, list[int]]:
    numbers: dict[bytes, list[int]] = defaultdict(list)
    for record in records:
        numbers[record.key].append(int(record.value))  # type: ignore[attr-defined]
    return numbers


def told(outcome: Outcome) -> str:
    """An outcome in a line of JSON."""
    return json.dumps({**vars(outcome), "clean": outcome.clean})
