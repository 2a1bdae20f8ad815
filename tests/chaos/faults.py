"""Does the faults of a schedule at their times, each lane on a thread of its own, and notes what was done."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tests.chaos.schedule import Fault, Kind, Lane

_REST_SECONDS = 180.0  # for the faults that are under way at the end
_END_SECONDS = 15.0  # for those that are under way when the run is given up


@dataclass(frozen=True, slots=True)
class Done:
    """A fault that was done. Times are seconds after the start."""

    fault: Fault
    began: float
    ended: float
    told: str
    error: str = ""


class _OverError(Exception):
    """The run has ended before its time."""


class Storm:
    """All faults of a run."""

    def __init__(self, schedule: Sequence[Fault], tell: Callable[[Done], None]):
        self._schedule = schedule
        self._tell = tell
        self._over = threading.Event()
        self._started = 0.0
        self._seconds = 0.0
        self._threads: list[threading.Thread] = []
        self.done: list[Done] = []
        self.late = 0  # faults left out: those before them took too long

    def pause(self, seconds: float) -> None:
        """Wait; ends the fault that waits when the run is over."""
        if self._over.wait(seconds):
            raise _OverError

    def blow(self, ways: Mapping[Kind, Callable[[Fault], str]], seconds: float) -> None:
        """Do the faults, none after so many seconds, and come back when the last is over."""
        self._started, self._seconds = time.monotonic(), seconds
        self._threads = [
            threading.Thread(target=self._run, args=(lane, ways), name=f"faults of {lane}", daemon=True)
            for lane in Lane
        ]
        for thread in self._threads:
            thread.start()
        until = self._started + seconds
        self._over.wait(seconds)
        for thread in self._threads:
            thread.join(max(0.0, until + _REST_SECONDS - time.monotonic()))
            if thread.is_alive():
                raise TimeoutError(f"{thread.name} did not come to an end")

    def end(self) -> None:
        """Let whatever waits come to its end now, and no more begin."""
        self._over.set()
        until = time.monotonic() + _END_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _run(self, lane: Lane, ways: Mapping[Kind, Callable[[Fault], str]]) -> None:
        free = self._started
        for fault in self._schedule:
            if fault.lane is not lane:
                continue
            begins = max(self._started + fault.at, free)
            if self._over.wait(max(0.0, begins - time.monotonic())):
                return
            if time.monotonic() - self._started < self._seconds:
                self._do(fault, ways[fault.kind])
                free = time.monotonic() + fault.peace
            else:
                self.late += 1

    def _do(self, fault: Fault, way: Callable[[Fault], str]) -> None:
        began = time.monotonic() - self._started
        told, error = "", ""
        try:
            told = way(fault)
        except _OverError:
            told = "not to its end"
        except Exception as problem:  # the other faults go on, and the run does not pass
            error = f"{type(problem).__name__}: {problem}"
        done = Done(fault, began, time.monotonic() - self._started, told, error)
        self.done.append(done)
        self._tell(done)
