"""Workers of one consumer group, each a process, watched together while they work."""

import itertools
import os
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import psutil

from tests.bench.endtoend import published, running_worker
from tests.servers.processes import free_port, wait_for

_START_SECONDS = 180.0


class Step(NamedTuple):
    """A worker's counter of published pages was seen to have grown."""

    time: float  # seconds of the monotonic clock
    pages: int


class Crew:
    """Workers that share a group; a context manager that ends those that still run.

    With `pinned`, each worker and its children have one processor, taken in turn, which is what the limits in
    docker-compose.yml give them.
    """

    def __init__(self, environment: Mapping[str, str], folder: Path, pinned: bool):
        self._environment = dict(environment)
        self._folder = folder
        self._pinned = pinned
        self._stacks: dict[int, ExitStack] = {}
        self._ports: dict[int, int] = {}
        self.steps: dict[int, list[Step]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for slot in list(self._stacks):
            self.stop(slot)

    def start(self, slot: int) -> None:
        """Start the worker of a slot, and wait for nothing."""
        self._ports[slot] = free_port()
        self.steps[slot] = []
        stack = self._stacks[slot] = ExitStack()
        environment = self._environment | {"PAGESIEVE_WORKER_SLOT": str(slot)}
        log = self._folder / f"worker{slot}.log"
        process = stack.enter_context(running_worker(environment, self._ports[slot], log))
        if self._pinned:
            processors = sorted(os.sched_getaffinity(0))
            psutil.Process(process.pid).cpu_affinity([processors[slot % len(processors)]])

    def stop(self, slot: int, pause: float | None = None) -> None:
        """SIGTERM, and wait for its end; with `pause`, watch the others meanwhile."""
        self._ports.pop(slot)
        ending = threading.Thread(target=self._stacks.pop(slot).close)
        ending.start()
        while pause is not None and ending.is_alive():
            self.watch(pause, pause)
        ending.join()

    def look(self) -> None:
        """Note which workers have published since the last look."""
        for slot, port in self._ports.items():
            pages, steps = published(port), self.steps[slot]
            if pages > (steps[-1].pages if steps else 0):
                steps.append(Step(time.monotonic(), pages))

    def watch(self, seconds: float, pause: float) -> None:
        """Look again and again for so long, `pause` seconds between two looks."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.look()
            time.sleep(pause)

    def wait_until_at_work(self, steps: int, pause: float) -> None:
        """Watch until every worker was seen to publish so often.

        Raises:
            TimeoutError: when one of them does not.
        """

        def at_work() -> bool:
            self.look()
            return all(len(self.steps[slot]) >= steps for slot in self._ports)

        wait_for(at_work, _START_SECONDS, f"{len(self._ports)} workers that publish", pause)

    def speed(self, since: float) -> float:
        """Pages a second of all workers together, each from its first step after `since` to its last one."""
        total = 0.0
        for steps in self.steps.values():
            known = [step for step in steps if step.time >= since]
            if len(known) < 2:
                raise RuntimeError("a worker stood still while it was measured; measure for longer")
            total += (known[-1].pages - known[0].pages) / (known[-1].time - known[0].time)
        return total

    def longest_pause(self, slot: int, since: float, until: float) -> float:
        """The longest time without a page published, of those that end or go on between two moments."""
        times = [step.time for step in self.steps[slot] if step.time <= until] + [until]
        gaps = itertools.pairwise(times)
        return max((later - earlier for earlier, later in gaps if later >= since), default=until - since)
