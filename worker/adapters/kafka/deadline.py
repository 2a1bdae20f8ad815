"""Blocking calls of a library that may never return, made on a thread that can be given up."""

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


class DeadlinePassed(Exception):
    """The call did not return in time; its helper is of no more use."""


@dataclass(frozen=True, slots=True)
class Returned(Generic[T]):
    """How a call ended: with a value, or with an error."""

    value: T | None = None
    error: BaseException | None = None

    def get(self) -> T:
        """The value; raises the error."""
        if self.error is not None:
            raise self.error
        return self.value  # type: ignore[return-value]


class Helper:
    """One daemon thread that makes the calls it is given, one after the other."""

    def __init__(self, name: str):
        self._work: queue.SimpleQueue[tuple[Callable[[], object], Callable[[Returned[object]], None]] | None]
        self._work = queue.SimpleQueue()
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def submit(self, call: Callable[[], T], done: Callable[[Returned[T]], None]) -> None:
        """Make the call when those before it are through; `done` hears how it ended, on that thread."""
        self._work.put((call, done))  # type: ignore[arg-type]

    def call(self, call: Callable[[], T], seconds: float, too_late: Callable[[T], object] | None = None) -> T:
        """Make the call and wait for it; a value that comes after the deadline goes to `too_late`.

        Raises:
            DeadlinePassed: when it has not returned after `seconds`. The helper must be ended then.
            BaseException: whatever the call raises.
        """
        answer: queue.SimpleQueue[Returned[T]] = queue.SimpleQueue()
        self.submit(call, answer.put)
        try:
            returned = answer.get(timeout=max(0.0, seconds))
        except queue.Empty:
            if too_late is not None:
                self.submit(lambda: too_late(answer.get_nowait().get()), _ignore)
            raise DeadlinePassed(f"no answer within {seconds:g} s") from None
        return returned.get()

    def end(self) -> None:
        """Take no more calls; the thread ends when the one under way returns, if it ever does."""
        self._work.put(None)

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            call, done = work
            try:
                returned = Returned(call())
            except BaseException as error:  # noqa: BLE001 -- carried to the thread that asked
                returned = Returned(None, error)
            done(returned)
            del call, done, returned, work  # what the last call held must not outlive it


def _ignore(_returned: Returned[object]) -> None:
    """Nobody waits for this any more."""


class Budget:
    """Seconds to spend on several steps together."""

    def __init__(self, seconds: float):
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds left, never below zero."""
        return max(0.0, self._end - time.monotonic())
