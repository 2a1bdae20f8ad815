"""A thread that makes the calls to a service nobody may wait for, behind a circuit breaker."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from worker.adapters.breaker import Breaker

log = logging.getLogger(__name__)

Item = TypeVar("Item")


class Lane(Generic[Item]):
    """Takes items without ever waiting, and hands them in batches to `call` on its own thread.

    An exception of `call` or `probe`, whatever its type, and one that took longer than `patience` seconds
    count as failures; `cut_off` is to end one that goes on after that, from another thread. While the
    breaker is open nothing is taken and nothing is called: the thread alone probes, when a probe is due.
    `capacity` bounds the weights of what is waiting or under way, `batch` those of one call; an item
    above either goes alone.
    """

    def __init__(
        self,
        name: str,
        call: Callable[[Sequence[Item]], None],
        probe: Callable[[], None],
        *,
        breaker: Breaker,
        cut_off: Callable[[], None],
        patience: float,
        capacity: int,
        batch: int,
        on_error: Callable[[str], None],
    ):
        self._name = name
        self._call = call
        self._probe = probe
        self._breaker = breaker
        self._cut_off = cut_off
        self._patience = patience
        self._capacity = capacity
        self._batch = batch
        self._on_error = on_error
        self._waiting: deque[tuple[Item, int]] = deque()
        self._load = 0
        self._started: float | None = None  # when what is under way began
        self._closing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def offer(self, item: Item, weight: int = 1) -> bool:
        """Take an item; False when the service is left alone, or too much is waiting."""
        started = self._started
        if started is not None and time.monotonic() - started > self._patience:
            self._cut_off()
        if not self._breaker.closed:
            return False
        with self._changed:
            if self._closing or (self._load and self._load + weight > self._capacity):
                return False
            self._waiting.append((item, weight))
            self._load += weight
            self._changed.notify()
        return True

    def close(self, timeout: float) -> None:
        """Make the calls that wait, as far as `timeout` seconds allow, and end the thread."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(timeout)

    def _run(self) -> None:
        while (work := self._next()) is not None:
            items, weight = work
            problem = self._attempt(items)
            if problem is not None and items:
                self._on_error(type(problem).__name__)
            self._note(problem, weight)

    def _next(self) -> tuple[list[Item], int] | None:
        """The next batch with its weight; an empty one when a probe is due; None at the end."""
        with self._changed:
            while not (self._waiting and self._breaker.closed):
                if self._closing:
                    return None
                if not self._breaker.closed and self._breaker.probe_in() <= 0:
                    return [], 0
                self._changed.wait(None if self._breaker.closed else self._breaker.probe_in())
            return self._take()

    def _take(self) -> tuple[list[Item], int]:
        items: list[Item] = []
        total = 0
        while self._waiting and (not items or total + self._waiting[0][1] <= self._batch):
            item, weight = self._waiting.popleft()
            items.append(item)
            total += weight
        return items, total

    def _attempt(self, items: Sequence[Item]) -> Exception | None:
        started = self._started = time.monotonic()
        try:
            self._call(items) if items else self._probe()
        except Exception as error:  # noqa: BLE001 - a server that lies may make anything of its client
            return error
        finally:
            self._started = None
        if time.monotonic() - started > self._patience:
            return TimeoutError(f"took longer than {self._patience:g} s")
        return None

    def _note(self, problem: Exception | None, weight: int) -> None:
        with self._changed:
            self._load -= weight
            turned = self._breaker.succeeded() if problem is None else self._breaker.failed()
            if turned and problem is not None:
                self._load -= sum(weight for _, weight in self._waiting)
                self._waiting.clear()
        if turned and problem is None:
            log.warning("%s: works again", self._name)
        elif turned:
            log.warning("%s: left alone until it works again: %s", self._name, one_line(problem))


def one_line(error: Exception | None) -> str:
    """The type and the text of an error, short enough for a log line."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]
