"""Hostile pages through the decoder and a real pool of children, with what each cost."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Self

import psutil

from tests.hostile.case import HostileCase
from worker.core.decode import decode_message
from worker.core.records import Article, Envelope, Outcome, Page, Rejected
from worker.environment import load_settings
from worker.pipeline.child import PRELOAD, Bug, build_cleaner
from worker.pipeline.outcomes import decode_outcome
from worker.pipeline.pool import ProcessCleaner
from worker.pipeline.ports import Cleaned
from worker.rulefiles import read_rules

_RESET_PEAK = "5"  # proc(5), clear_refs: the peak of the resident set begins anew


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a case: `article` or the reason, the seconds it took and the memory it cost."""

    name: str
    outcome: str
    detail: str
    seconds: float
    peak_bytes: int  # resident, of the child, while it had the page
    record: Article | Rejected
    envelope: Envelope | None


class Bench:
    """A pool of one child with the settings that a worker has by default."""

    def __init__(self, recycle_pages: int = 5_000) -> None:
        self.settings = load_settings({})
        self.bugs: list[tuple[str, Bug]] = []
        self.restarts: list[str] = []
        self._results: SimpleQueue[Cleaned] = SimpleQueue()
        self._pool = ProcessCleaner(
            partial(build_cleaner, read_rules(), self.settings.clean_options),
            children=1,
            deadline=self.settings.page_deadline,
            memory_bytes=self.settings.child_memory_mb * 1024 * 1024,
            recycle_pages=recycle_pages,
            preload=PRELOAD,
            on_restart=self.restarts.append,
            on_bug=lambda page, bug: self.bugs.append((page.url or "", bug)),
        )

    def __enter__(self) -> Self:
        self._pool.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._pool.close(10)

    def child(self) -> psutil.Process | None:
        """The child, the process below the fork server; None until a page needs the next."""
        for server in psutil.Process().children():
            for child in server.children():
                if child.status() != psutil.STATUS_ZOMBIE:
                    return child
        return None

    def run(self, cases: Iterable[HostileCase]) -> Iterator[Fate]:
        """Each case's fate, one after another."""
        for case in cases:
            yield self._fate(case)

    def _fate(self, case: HostileCase) -> Fate:
        started = time.perf_counter()
        found = decode_message(case.make(), case.key, case.headers, self.settings.clean_options)
        if isinstance(found, Rejected):
            return _fate(case, found, None, time.perf_counter() - started, 0)
        self._forget_peak()
        cleaned = self._clean(found.page)
        return _fate(case, decode_outcome(cleaned.outcome), found, cleaned.seconds, self._peak())

    def _clean(self, page: Page) -> Cleaned:
        self._pool.submit(0, page, lambda _ticket, cleaned: self._results.put(cleaned))
        try:
            return self._results.get(timeout=3 * self.settings.page_deadline + 60)
        except Empty:
            raise TimeoutError("the pool gave no answer") from None

    def _forget_peak(self) -> None:
        child = self.child()
        if child is not None:
            Path(f"/proc/{child.pid}/clear_refs").write_text(_RESET_PEAK, encoding="ascii")

    def _peak(self) -> int:
        """The most memory that the child had; 0 when it was killed over the page."""
        child = self.child()
        if child is None:
            return 0
        status = Path(f"/proc/{child.pid}/status").read_text(encoding="utf-8")
        peaks = [line for line in status.splitlines() if line.startswith("VmHWM:")]
        return int(peaks[0].split()[1]) * 1024 if peaks else 0


def _fate(case: HostileCase, outcome: Outcome, found: Envelope | None, seconds: float, peak: int) -> Fate:
    if isinstance(outcome, Rejected):
        return Fate(case.name, outcome.reason.value, outcome.detail, seconds, peak, outcome, found)
    return Fate(case.name, "article", f"{outcome.word_count} words", seconds, peak, outcome, found)
