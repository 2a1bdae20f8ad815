"""The pool of child processes: a deadline a page, a memory limit a child, and what dies is replaced.

Each child has its own pipe and its own keeper, a thread that does nothing but wait. Children share
nothing, neither a queue nor a lock, so one that is killed, at whatever moment, takes at most the page
that it was cleaning with it.
"""

import logging
import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from multiprocessing import resource_tracker
from queue import Empty, SimpleQueue
from typing import NamedTuple

from worker.core.records import Page, Reason, Rejected
from worker.pipeline.child import Bug, CleanFactory
from worker.pipeline.malloc import give_back_large_blocks
from worker.pipeline.outcomes import encode_outcome
from worker.pipeline.ports import Cleaned
from worker.pipeline.process import END_SECONDS, ChildLost, ChildProcess, StartError, StartLost

log = logging.getLogger(__name__)

_LONGEST_PAUSE = 5.0  # seconds between attempts to start a child
_MORE_STARTS = 2  # of a first child that was killed before it was ready

# How a failed allocation in C code ends: the kernel's out-of-memory killer, or abort().
_MEMORY_ENDS = (-signal.SIGKILL, -signal.SIGABRT)

# Libraries below the extractor start a thread for each processor, and a process with threads forks badly.
_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


class _Job(NamedTuple):
    ticket: int
    page: Page
    done: Callable[[int, Cleaned], None]
    fresh: bool = False


class ProcessCleaner:
    """`ports.Cleaner` on child processes, forked from a server that has done their imports.

    `build` is called in each child and gives the function that cleans; it must pickle, and `preload`
    names the modules to import for it. A page may take `deadline` seconds once its child has it, and
    `memory_bytes` beyond what the child took to start; a child is replaced after `recycle_pages`.
    Both callbacks come on the pool's threads: `on_restart(reason)` for each child replaced (timeout,
    memory, crashed, recycled, suspect around a page that wants a fresh child, revoked when it was
    interrupted, or idle when it was gone before its next page), `on_bug(page, bug)` for each exception
    that cleaning let out.
    """

    def __init__(
        self,
        build: CleanFactory,
        *,
        children: int,
        deadline: float,
        memory_bytes: int,
        recycle_pages: int,
        preload: Sequence[str] = (),
        on_restart: Callable[[str], None] = lambda _reason: None,
        on_bug: Callable[[Page, Bug], None] = lambda _page, _bug: None,
    ):
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(preload))
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._closing = threading.Event()
        terms = _Terms(
            start=lambda: ChildProcess(context, build, memory_bytes, deadline),
            jobs=self._jobs,
            closing=self._closing,
            deadline=deadline,
            recycle_pages=recycle_pages,
            on_restart=on_restart,
            on_bug=on_bug,
        )
        self._keepers = [_Keeper(terms) for _ in range(children)]

    def start(self) -> None:
        """Start the children, and wait until all can take pages.

        Raises:
            StartError: one did not start; the others are ended.
        """
        give_back_large_blocks()
        for name in _ONE_THREAD:
            os.environ.setdefault(name, "1")
        resource_tracker.ensure_running()  # now, because it unblocks the signals of the thread that does it
        for keeper in self._keepers:
            keeper.thread.start()
        try:
            for keeper in self._keepers:
                keeper.wait_started()
        except Exception:
            self.close(END_SECONDS)
            raise

    def submit(
        self, ticket: int, page: Page, done: Callable[[int, Cleaned], None], *, fresh: bool = False
    ) -> None:
        """Clean a page as soon as a child is free; `done(ticket, cleaned)` comes once, on a pool's thread.

        `fresh`: in a child that has cleaned no other, and will not.
        """
        self._jobs.put(_Job(ticket, page, done, fresh))

    def withdraw(self, tickets: Collection[int]) -> frozenset[int]:
        """Forget those of these pages that no child has yet; `done` is not called for those returned."""
        jobs: list[_Job | None] = []
        try:
            while True:
                jobs.append(self._jobs.get_nowait())
        except Empty:
            pass
        withdrawn = frozenset(job.ticket for job in jobs if job is not None and job.ticket in tickets)
        for job in jobs:
            if job is None or job.ticket not in withdrawn:
                self._jobs.put(job)
        return withdrawn

    def interrupt(self, tickets: Collection[int]) -> None:
        """End the children that have one of these pages; what `done` is told of it does not matter."""
        for keeper in self._keepers:
            keeper.interrupt(tickets)

    def close(self, timeout: float) -> None:
        """End the children now, waiting up to `timeout` seconds; pages not yet done are forgotten."""
        until = time.monotonic() + timeout
        self._closing.set()
        while True:
            try:
                self._jobs.get_nowait()
            except Empty:
                break
        for _ in self._keepers:
            self._jobs.put(None)
        for keeper in self._keepers:
            keeper.stop()
        for keeper in self._keepers:
            if keeper.thread.is_alive():
                keeper.thread.join(max(0.0, until - time.monotonic()))


@dataclass(frozen=True, slots=True)
class _Terms:
    """What all keepers work with."""

    start: Callable[[], ChildProcess]
    jobs: SimpleQueue[_Job | None]
    closing: threading.Event
    deadline: float
    recycle_pages: int
    on_restart: Callable[[str], None]
    on_bug: Callable[[Page, Bug], None]


class _Keeper:
    """The thread that keeps one child alive and hands it page after page."""

    def __init__(self, terms: _Terms):
        self.thread = threading.Thread(target=self._run, name="keeper", daemon=True)
        self._terms = terms
        self._child: ChildProcess | None = None
        self._started: SimpleQueue[Exception | None] = SimpleQueue()
        self._ticket: int | None = None  # of the page that the child has, or is about to get
        self._interrupted = False
        self._changing = threading.Lock()  # of the two above

    def wait_started(self) -> None:
        """Wait for the first child. Raises what kept it from starting."""
        problem = self._started.get()
        if problem is not None:
            raise problem

    def stop(self) -> None:
        """Kill the child, once closing is set."""
        child = self._child
        if child is not None:
            child.kill()

    def interrupt(self, tickets: Collection[int]) -> None:
        """Kill the child if it has one of these; none that it is about to get goes into a child."""
        with self._changing:
            if self._ticket in tickets:
                self._interrupted = True
                self.stop()

    def _begin(self, ticket: int) -> None:
        with self._changing:
            self._ticket, self._interrupted = ticket, False

    def _is_interrupted(self) -> bool:
        with self._changing:
            return self._interrupted

    def _was_interrupted(self) -> bool:
        with self._changing:
            self._ticket = None
            return self._interrupted

    def _run(self) -> None:
        # Signals are the main thread's; and the fork server, which this thread may have to start,
        # inherits the mask: a SIGTERM to the process group must not take it from under the children.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
        try:
            self._child = self._first_child()
        except Exception as error:  # noqa: BLE001 - raised again by whoever waits for the start
            self._started.put(error)
            return
        self._started.put(None)
        while (job := self._terms.jobs.get()) is not None and not self._terms.closing.is_set():
            self._begin(job.ticket)
            if job.fresh and self._child is not None and self._child.pages:
                self._replace("suspect")
            cleaned, restart = self._clean(job.page)
            if self._was_interrupted():
                restart = "revoked"
            elif job.fresh:
                restart = restart or "suspect"
            if self._terms.closing.is_set():  # `close` may have killed the child over this page
                break
            job.done(job.ticket, cleaned)
            if restart is not None:
                self._replace(restart)
        self._end_child()

    def _first_child(self) -> ChildProcess:
        for _ in range(_MORE_STARTS):
            try:
                return self._terms.start()
            except StartLost as error:
                log.warning("%s; trying again", error)
                self._terms.on_restart("idle")
        return self._terms.start()

    def _clean(self, page: Page) -> tuple[Cleaned, str | None]:
        """The outcome of a page, whatever becomes of the child, and why the child must be replaced."""
        try:
            return self._attempt(page)
        except Exception as error:  # noqa: BLE001 - a bug of the pool, or a reply that makes no sense
            self._terms.on_bug(page, Bug(type(error).__name__, traceback.format_exc()))
            return self._lost(Reason.CRASHED, f"handing it to a child raised {type(error).__name__}")

    def _attempt(self, page: Page) -> tuple[Cleaned, str | None]:
        for _ in range(2):
            child = self._ready_child()
            if child is None:
                break
            if self._is_interrupted():  # from here on `interrupt` finds the child, and kills it
                return self._lost(Reason.CRASHED, "taken back before a child process had it")
            try:
                reply = child.clean(page)
            except BrokenPipeError:  # it was killed while it had nothing to do: not this page's fault
                if not self._is_interrupted():
                    self._replace("idle")
                continue
            except TimeoutError:
                return self._lost(Reason.TIMEOUT, f"not done after {self._terms.deadline:g} s")
            except ChildLost as end:
                reason = Reason.MEMORY if end.exit_code in _MEMORY_ENDS else Reason.CRASHED
                return self._lost(reason, f"the child process that cleaned it ended: {end}")
            if reply.bug is not None:
                self._terms.on_bug(page, reply.bug)
            if reply.spent:
                return reply.cleaned, "memory"
            return reply.cleaned, "recycled" if child.pages >= self._terms.recycle_pages else None
        return self._lost(Reason.CRASHED, "two child processes ended before they had taken it")

    def _lost(self, reason: Reason, detail: str) -> tuple[Cleaned, str]:
        seconds = self._terms.deadline if reason is Reason.TIMEOUT else 0.0
        return Cleaned(encode_outcome(Rejected(reason, detail)), seconds, cacheable=False), reason.value

    def _replace(self, reason: str) -> None:
        if not self._terms.closing.is_set():
            self._terms.on_restart(reason)
        self._end_child()

    def _end_child(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.end(kill=True)

    def _ready_child(self) -> ChildProcess | None:
        """The child, started anew if need be and for as long as it takes; None when the pool is closing."""
        pause = 0.1
        while self._child is None and not self._terms.closing.is_set():
            try:
                self._child = self._terms.start()
            except StartError as error:
                log.error("%s; trying again in %g s", error, pause)  # noqa: TRY400 - it explains itself
                self._terms.closing.wait(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
        return None if self._terms.closing.is_set() else self._child
