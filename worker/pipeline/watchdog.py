"""The watchdog: a worker that stopped making progress ends, so that its partitions go to another.

The loop itself may be stuck in a call that never returns, and the interpreter's shutdown behind it, so
the watchdog is a thread of its own and ends the process with `os._exit`.
"""

import faulthandler
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import NoReturn

log = logging.getLogger(__name__)

EX_TEMPFAIL = 75  # sysexits.h: try again later


class Progress:
    """When the worker last got on: committed, or had nothing to do. Any thread may ask."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._marked = clock()

    def mark(self) -> None:
        """The worker got on."""
        self._marked = self._clock()

    def age(self) -> float:
        """Seconds since the last mark."""
        return self._clock() - self._marked


class Watchdog:
    """Calls `give_up(age)` once `progress` is older than `timeout` seconds."""

    def __init__(
        self, progress: Progress, timeout: float, give_up: Callable[[float], None] | None = None
    ) -> None:
        self._progress = progress
        self._timeout = timeout
        self._give_up = give_up or end_process
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def start(self) -> None:
        """Watch from now on."""
        self._progress.mark()
        self._thread.start()

    def stop(self) -> None:
        """Watch no longer."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.wait(min(1.0, self._timeout / 10)):
            age = self._progress.age()
            if age > self._timeout:
                self._give_up(age)
                return


def end_process(age: float) -> NoReturn:
    """Log what every thread is doing, and end the process with 75."""
    log.critical("no progress for %.0f s although there is work: giving up, the stacks follow", age)
    faulthandler.dump_traceback(file=sys.__stderr__ or sys.stderr, all_threads=True)
    os._exit(EX_TEMPFAIL)
