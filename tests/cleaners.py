"""Cleaners without child processes: one whose results the test lets go, one on threads."""

import random
import threading
from collections import deque
from collections.abc import Callable, Collection
from contextlib import suppress
from queue import Empty, SimpleQueue

from worker.core.records import Article, Outcome, Page, Reason, Rejected
from worker.pipeline.outcomes import encode_outcome
from worker.pipeline.ports import Cleaned

Done = Callable[[int, Cleaned], None]


def echo(page: Page) -> Outcome:
    """The page's text as an article; `bad ...` is rejected as empty."""
    if page.body.startswith(b"bad"):
        return Rejected(Reason.EMPTY, "bad on purpose")
    return Article((page.body.decode("utf-8", "replace"),))


def cleaned(outcome: Outcome) -> Cleaned:
    """What a child would give back; what tells of the child and not of the page is not cacheable."""
    lasting = not isinstance(outcome, Rejected) or outcome.reason not in {
        Reason.TIMEOUT,
        Reason.MEMORY,
        Reason.CRASHED,
    }
    return Cleaned(encode_outcome(outcome), 0.001, cacheable=lasting)


class HeldCleaner:
    """Holds every page until the test lets it go."""

    def __init__(self, clean: Callable[[Page], Outcome] = echo) -> None:
        self._clean = clean
        self._held: deque[tuple[int, Page, Done]] = deque()
        self.pages: list[Page] = []  # all that ever came
        self.fresh: list[bool] = []  # whether each of them wanted a fresh child

    @property
    def held(self) -> int:
        """Pages that wait."""
        return len(self._held)

    def submit(self, ticket: int, page: Page, done: Done, *, fresh: bool = False) -> None:
        self.pages.append(page)
        self.fresh.append(fresh)
        self._held.append((ticket, page, done))

    def withdraw(self, tickets: Collection[int]) -> frozenset[int]:
        withdrawn = frozenset(ticket for ticket, _, _ in self._held if ticket in tickets)
        self._held = deque(job for job in self._held if job[0] not in withdrawn)
        return withdrawn

    def interrupt(self, tickets: Collection[int]) -> None:
        raise AssertionError("no page is in a child here")

    def release(self, count: int = 1, last: bool = False) -> None:
        """Let pages go, the oldest first, or the youngest."""
        for _ in range(count):
            ticket, page, done = self._held.pop() if last else self._held.popleft()
            done(ticket, cleaned(self._clean(page)))

    def release_pages(self, *bodies: bytes) -> None:
        """Let these pages go, in this order."""
        for body in bodies:
            (job,) = (job for job in self._held if job[1].body == body)
            self._held.remove(job)
            ticket, page, done = job
            done(ticket, cleaned(self._clean(page)))

    def close(self, timeout: float) -> None:
        self._held.clear()


class ThreadCleaner:
    """Cleans on threads, each page after a delay of its own, so that results come out of order."""

    def __init__(
        self, clean: Callable[[Page], Outcome] = echo, threads: int = 3, delay: float = 0.0, seed: int = 0
    ) -> None:
        self._clean = clean
        self._delay = delay
        self._chance = random.Random(seed)
        self._jobs: SimpleQueue[tuple[int, Page, Done] | None] = SimpleQueue()
        self._closing = threading.Event()
        self._interrupted: set[int] = set()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]
        self.count = 0
        for thread in self._threads:
            thread.start()

    def submit(self, ticket: int, page: Page, done: Done, *, fresh: bool = False) -> None:
        self._jobs.put((ticket, page, done))

    def withdraw(self, tickets: Collection[int]) -> frozenset[int]:
        jobs: list[tuple[int, Page, Done] | None] = []
        while not self._jobs.empty():
            with suppress(Empty):
                jobs.append(self._jobs.get_nowait())
        withdrawn = frozenset(job[0] for job in jobs if job is not None and job[0] in tickets)
        for job in jobs:
            if job is None or job[0] not in withdrawn:
                self._jobs.put(job)
        return withdrawn

    def interrupt(self, tickets: Collection[int]) -> None:
        self._interrupted |= set(tickets)

    def close(self, timeout: float) -> None:
        self._closing.set()
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join(timeout)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None and not self._closing.is_set():
            ticket, page, done = job
            if self._delay:
                self._closing.wait(self._chance.uniform(0, self._delay))
            if ticket in self._interrupted:
                done(ticket, cleaned(Rejected(Reason.CRASHED, "interrupted")))
                continue
            self.count += 1
            done(ticket, cleaned(self._clean(page)))
