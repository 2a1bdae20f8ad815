"""What can happen to workers. Each fault gives a line about what was done."""

import time
from collections.abc import Callable

import psutil

from tests.chaos.feed import OTHER_RULES, RUNNING_RULES
from tests.chaos.fleet import Fleet, Life
from tests.chaos.schedule import Fault, Kind

LEAST = 2  # workers
_READY_SECONDS = 40.0

Pause = Callable[[float], None]


class WorkerFaults:
    """The faults of the workers' lane. `pause` waits, unless the run is over."""

    def __init__(self, fleet: Fleet, pause: Pause):
        self._fleet = fleet
        self._pause = pause
        self.ways: dict[Kind, Callable[[Fault], str]] = {
            Kind.WORKER_KILLED: self._kill,
            Kind.WORKER_STOPPED: self._stop,
            Kind.WORKER_ADDED: self._add,
            Kind.WORKER_ZOMBIE: lambda fault: self._freeze(fault, whole=False),
            Kind.WORKER_PAUSED: lambda fault: self._freeze(fault, whole=True),
            Kind.CHILD_KILLED: self._kill_child,
            Kind.FORK_SERVER_KILLED: self._kill_fork_server,
            Kind.INTERVAL_LOST: self._kill_all,
            Kind.RULES_RELOADED: self._reload_rules,
        }

    def restore(self) -> None:
        """All awake, and enough of them."""
        for life in self._fleet.running():
            self._fleet.thaw(life)
        while len(self._fleet.running()) < LEAST:
            self._fleet.start_new()

    def _kill(self, fault: Fault) -> str:
        life = self._fleet.pick(fault.target)
        self._fleet.kill(life)
        self._pause(fault.seconds)
        self._fleet.start(life.slot)
        return f"{life.name}, back after {fault.seconds:g} s"

    def _stop(self, fault: Fault) -> str:
        life = self._fleet.pick(fault.target)
        started = time.monotonic()
        self._fleet.stop(life)
        told = f"{life.name}, gone after {time.monotonic() - started:.1f} s"
        if len(self._fleet.running()) >= LEAST:
            return told
        self._pause(fault.seconds)
        self._fleet.start(life.slot)
        return f"{told}, back {fault.seconds:g} s later"

    def _add(self, fault: Fault) -> str:
        if len(self._fleet.running()) < self._fleet.most:
            return f"worker {self._fleet.start_new()}"
        life = self._fleet.pick(fault.target)
        self._fleet.stop(life)
        return f"{life.name} taken away: there are as many as may be"

    def _freeze(self, fault: Fault, *, whole: bool) -> str:
        life = self._fleet.pick(fault.target)
        self._fleet.freeze(life, whole=whole)
        try:
            self._pause(fault.seconds)
        finally:
            self._fleet.thaw(life)
        return f"{life.name} for {fault.seconds:g} s"

    def _kill_child(self, fault: Fault) -> str:
        life = self._fleet.pick(fault.target)
        children = [process for process in self._fleet.processes(life) if _cleans(process, life)]
        if not children:
            return f"{life.name} had no child at that moment"
        child = children[fault.target % len(children)]
        self._fleet.children_killed += 1
        child.kill()
        return f"process {child.pid} of {life.name}"

    def _kill_fork_server(self, fault: Fault) -> str:
        life = self._fleet.pick(fault.target)
        found = self._fleet.processes(life)
        servers = [process for process in found if any(_parent(other) == process.pid for other in found)]
        servers = [process for process in servers if process.pid != life.worker.pid]
        if not servers:
            return f"{life.name} had none at that moment"
        servers[0].kill()
        return f"process {servers[0].pid} of {life.name}"

    def _kill_all(self, fault: Fault) -> str:
        lives = self._fleet.running()
        self._fleet.kill(*lives)
        self._pause(fault.seconds)
        for life in lives:
            self._fleet.start(life.slot)
        return f"all {len(lives)} workers killed at once, back after {fault.seconds:g} s"

    def _reload_rules(self, fault: Fault) -> str:
        fleet = self._fleet
        fleet.min_words = OTHER_RULES if fleet.min_words == RUNNING_RULES else RUNNING_RULES
        for life in fleet.running():
            fleet.stop(life)
            fleet.start(life.slot)
            self._wait_until_ready(life.slot)
        return f"one worker after the other, min_words {fleet.min_words}"

    def _wait_until_ready(self, slot: int) -> None:
        """Until the new worker is in the group; the next one goes even when that takes too long."""
        until = time.monotonic() + _READY_SECONDS
        while time.monotonic() < until:
            if any(life.slot == slot and life.worker.is_ready() for life in self._fleet.running()):
                return
            self._pause(0.2)


def _cleans(process: psutil.Process, life: Life) -> bool:
    """Whether it is a grandchild: the worker's own children are the fork server and its like."""
    parent = _parent(process)
    return parent is not None and parent != life.worker.pid and process.pid != life.worker.pid


def _parent(process: psutil.Process) -> int | None:
    try:
        return int(process.ppid())
    except psutil.NoSuchProcess:
        return None
