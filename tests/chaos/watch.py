"""Looks at the workers while they run: their metrics, their progress, their ends."""

import threading
import time
from collections.abc import Callable

from kafka.errors import KafkaError
from prometheus_client.parser import text_string_to_metric_families

from tests.chaos.cluster import committed_offsets, topic_ends
from tests.chaos.fleet import Fleet, Life, Sample

PAUSE = 2.0  # seconds between two looks
PATIENCE = 60.0  # seconds that a worker may be without progress while there is lag


class Watch(threading.Thread):
    """Samples every worker that is awake, and the group's lag, until it is stopped."""

    def __init__(self, fleet: Fleet, servers: str):
        super().__init__(name="watch", daemon=True)
        self._fleet = fleet
        self._servers = servers
        self._stopped = threading.Event()
        self._told: set[int] = set()
        self._began = time.time()
        self._moved = time.time()  # when the group last committed, or had nothing to commit
        self._committed = -1
        self.lag = 0  # of the group, when it was last told
        self._group_told = False
        self.findings: list[str] = []
        self.longest = 0.0  # seconds that a worker was without progress
        self.where = "none"  # which worker that was, and when
        self.longest_of_all = 0.0  # seconds that the group committed nothing while there was lag
        self.peak_lag = 0
        self.failed: BaseException | None = None

    def run(self) -> None:
        """Look, again and again."""
        self._began = time.time()
        try:
            while not self._stopped.wait(PAUSE):
                self._fleet.look_after()
                self._look_at_group()
                for life in self._fleet.running():
                    self._look_at(life)
        except BaseException as error:  # the harness must not pass because its eyes were shut
            self.failed = error

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()
        self.join(60)

    def _look_at(self, life: Life) -> None:
        if life.frozen:
            return
        sample = take_sample(life)
        if sample is not None:
            life.samples.append(sample)
            life.ready = life.ready or sample.progress > 0
        if self.lag and not life.frozen and life.ended is None:
            progress = life.samples[-1].progress if life.samples else 0.0
            self._judge(life, time.time() - max(progress, life.awake_since))

    def _judge(self, life: Life, age: float) -> None:
        if age > self.longest:
            self.longest, self.where = age, f"{life.name}, until {self._now:.0f} s"
        if age > PATIENCE and id(life) not in self._told:
            self._told.add(id(life))
            text = f"{life.name} had no progress for {age:.0f} s while there was lag, until {self._now:.0f} s"
            self.findings.append(text)

    @property
    def _now(self) -> float:
        """Seconds after the beginning of the faults, about."""
        return time.time() - self._began

    def _look_at_group(self) -> None:
        """The group's lag, as far as the brokers tell, and when it was last seen to commit."""
        group = self._fleet.group
        try:
            ends = topic_ends(self._servers, group.settings.raw_topic)
            committed = committed_offsets(self._servers, group.name)
        except KafkaError:
            return
        total = sum(committed.values())
        self.lag = sum(ends.values()) - total
        self.peak_lag = max(self.peak_lag, self.lag)
        if total != self._committed or self.lag == 0:
            self._committed, self._moved = total, time.time()
        stalled = time.time() - self._moved
        self.longest_of_all = max(self.longest_of_all, stalled)
        if stalled > PATIENCE and not self._group_told:
            self._group_told = True
            text = f"the whole group committed nothing for {stalled:.0f} s while there was lag"
            self.findings.append(f"{text}, until {self._now:.0f} s")


def take_sample(life: Life) -> Sample | None:
    """The worker's figures now; None when it does not answer."""
    at = time.time()
    status, text = life.worker.get("/metrics")
    if status != 200:
        return None
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for one in family.samples:
            label = one.labels.get("outcome") or one.labels.get("result") or ""
            key = f"{one.name} {label}".strip()
            found[key] = found.get(key, 0.0) + one.value
    return Sample(
        at=at,
        articles=int(found["pagesieve_pages_total article"]),
        dead_letters=int(found["pagesieve_pages_total dead_letter"]),
        failed=int(
            found["pagesieve_transactions_total failed"] + found["pagesieve_transactions_total timeout"]
        ),
        progress=found["pagesieve_last_progress_timestamp_seconds"],
        memory=int(found["process_resident_memory_bytes"]),
    )


def wait_until_worked_off(lag: Callable[[], int], seconds: float) -> float:
    """Wait until there is no lag, and give the seconds that it took.

    Raises:
        TimeoutError: when it did not within `seconds`.
    """
    started = time.monotonic()
    left: int | str = "an unknown number"
    while time.monotonic() - started < seconds:
        try:
            left = lag()
        except KafkaError:
            left = "an unknown number"
        if left == 0:
            return time.monotonic() - started
        time.sleep(0.5)
    raise TimeoutError(f"{left} pages were still not committed after {seconds:.0f} s")
