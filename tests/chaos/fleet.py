"""The workers of a run: each process from its start to its end, and what was seen of it."""

import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.chaos.feed import RUNNING_RULES
from tests.integration.workers import WorkerGroup, WorkerProcess

PROGRAM = ("tests.integration.poisoned_worker",)  # `run`, with children that a page can hurt
STOP_SECONDS = 60.0
_ORPHAN_SECONDS = 20.0  # for the children of a killed worker to be gone; the kernel needs none of it


@dataclass(frozen=True, slots=True)
class Sample:
    """A worker's own figures. Times are seconds of the wall clock, memory is in bytes."""

    at: float  # before they were asked for
    articles: int
    dead_letters: int
    failed: int  # commits that failed, or that nobody knows the end of
    progress: float  # when it last committed, or had nothing to do; 0 before the first time
    memory: int


@dataclass(slots=True)
class Life:
    """One process of a worker."""

    slot: int
    worker: WorkerProcess
    started: float
    samples: list[Sample] = field(default_factory=list)
    ended: float | None = None
    awake_since: float = 0.0  # after its start, or after it was frozen
    frozen: bool = False
    ready: bool = False  # it was, once

    @property
    def name(self) -> str:
        """For people."""
        return f"worker {self.slot} (process {self.worker.pid})"


class Fleet:
    """The workers by their slots. Any thread may call; a worker is changed by one thread at a time."""

    def __init__(self, group: WorkerGroup, folder: Path, most: int):
        self.group = group
        self.most = most
        self.lives: list[Life] = []
        self.findings: list[str] = []
        self.min_words = RUNNING_RULES
        self.children_killed = self.workers_killed = 0
        self._folder = folder
        self._lock = threading.RLock()
        self._living: dict[int, Life] = {}
        self._orphans: deque[tuple[float, Sequence[psutil.Process]]] = deque()
        self._seen: dict[int, psutil.Process] = {}
        self._closed = False

    def start(self, slot: int) -> None:
        """Start the worker of a slot, anew or again."""
        with self._lock:
            if self._closed or slot in self._living:
                return
            settings = self.group.environment | {"min_words": str(self.min_words)}
            worker = WorkerProcess(settings, self._folder, slot, PROGRAM)
            worker.start()
            life = Life(slot, worker, time.time(), awake_since=time.time())
            self._living[slot] = life
            self.lives.append(life)

    def start_new(self) -> int:
        """Start one more worker, and give its slot."""
        with self._lock:
            slot = next(slot for slot in range(len(self._living) + 1) if slot not in self._living)
            self.start(slot)
            return slot

    def running(self) -> Sequence[Life]:
        """The workers that run, by their slots."""
        with self._lock:
            return [life for _, life in sorted(self._living.items())]

    def pick(self, target: int) -> Life:
        """One of those that run."""
        running = self.running()
        return running[target % len(running)]

    def kill(self, *lives: Life) -> None:
        """Signal 9 to all of these at once."""
        before = [self.processes(life)[1:] for life in lives]
        self.workers_killed += len(lives)
        for life in lives:
            self._take_out(life)
            with suppress(psutil.NoSuchProcess):
                psutil.Process(life.worker.pid).kill()
        for life, children in zip(lives, before, strict=True):
            life.worker.kill()
            self._expect_gone(children)
            code = life.worker.wait(0)
            if code != -signal.SIGKILL:
                self.findings.append(f"{life.name} ended by itself with {code}: {_last_line(life)}")

    def stop(self, *lives: Life) -> None:
        """SIGTERM to all of these at once; each must end by itself, with 0."""
        taken = [life for life in lives if self._take_out(life)]
        before = [self.processes(life)[1:] for life in taken]
        for life in taken:
            life.worker.terminate()  # once: a second signal would end it at once
        for life, children in zip(taken, before, strict=True):
            self._wait_for_end(life)
            life.ended = time.time()
            self._expect_gone(children)

    def freeze(self, life: Life, *, whole: bool) -> None:
        """SIGSTOP to a worker, or to the whole of it."""
        life.frozen = True
        for process in self.processes(life) if whole else self.processes(life)[:1]:
            with suppress(psutil.NoSuchProcess):
                process.suspend()

    def thaw(self, life: Life) -> None:
        """SIGCONT to all of a worker, its children first."""
        for process in reversed(self.processes(life)):
            with suppress(psutil.NoSuchProcess):
                process.resume()
        life.awake_since = time.time()
        life.frozen = False

    def processes(self, life: Life) -> list[psutil.Process]:
        """The worker's process, then all that descend from it."""
        try:
            own = psutil.Process(life.worker.pid)
            found = [own, *own.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []
        self._seen |= {process.pid: process for process in found}
        return found

    def look_after(self) -> None:
        """Note what ended by itself, and start it again, as a supervisor does; look for orphans."""
        for life in self.running():
            self.processes(life)
            if not life.worker.runs() and self._take_out(life):
                code = life.worker.wait(0)
                self.findings.append(f"{life.name} ended by itself with {code}: {_last_line(life)}")
                self.start(life.slot)
        while self._orphans and time.time() - self._orphans[0][0] > _ORPHAN_SECONDS:
            _, children = self._orphans.popleft()
            self.findings += [f"outlived its worker: {_told(process)}" for process in left_of(children)]

    def close(self) -> None:
        """Kill every worker that still runs."""
        with self._lock:
            self._closed = True
            living = self.running()
        self.kill(*living)

    def left(self, seconds: float) -> list[str]:
        """Processes of any worker that are still there after so long."""
        until = time.time() + seconds
        while (left := left_of(list(self._seen.values()))) and time.time() < until:
            time.sleep(0.1)
        return [_told(process) for process in left]

    def end_leftovers(self) -> None:
        """Kill what is still there of any worker."""
        for process in left_of(list(self._seen.values())):
            with suppress(psutil.NoSuchProcess):
                process.kill()

    def _expect_gone(self, children: Sequence[psutil.Process]) -> None:
        self._orphans.append((time.time(), children))

    def _take_out(self, life: Life) -> bool:
        with self._lock:
            life.ended = time.time()
            return self._living.pop(life.slot, None) is not None

    def _wait_for_end(self, life: Life) -> None:
        started = time.time()
        try:
            code = life.worker.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            life.worker.kill()
            self.findings.append(f"{life.name} did not end within {STOP_SECONDS:g} s of SIGTERM")
            return
        unready = code == -signal.SIGTERM and not life.ready  # it had not yet come to its handler
        if code != 0 and not unready:
            took = f"{time.time() - started:.0f} s after SIGTERM"
            self.findings.append(f"{life.name} ended with {code} {took}: {_last_line(life)}")


def left_of(processes: Sequence[psutil.Process]) -> list[psutil.Process]:
    """Those that still run: not those whose id has gone to another process, nor those that only wait
    for their parent to notice."""
    left = []
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                left.append(process)
    return left


def _told(process: psutil.Process) -> str:
    try:
        return f"process {process.pid}: {' '.join(process.cmdline())[:160]}"
    except psutil.NoSuchProcess:
        return f"process {process.pid}"


def _last_line(life: Life) -> str:
    lines = life.worker.log_end().splitlines()
    return lines[-1][:300] if lines else "it said nothing"
