"""`pagesieve demo`: the whole way of a page on this machine, with an embedded broker and cache."""

import os
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from worker.adapters.kafka.admin import create_topics
from worker.adapters.kafka.reader import TopicReader
from worker.adapters.kafka.writer import TopicWriter
from worker.commands.demo_load import DemoPage, Tally, demo_pages
from worker.commands.demo_report import Run, print_before_and_after, print_figures, print_next_steps
from worker.commands.demo_workers import WorkerProcesses
from worker.commands.failures import CommandError
from worker.demo_pages import sample_cases
from worker.embedded import EmbeddedError, EmbeddedServers
from worker.environment import load_settings
from worker.settings import PREFIX, Settings

_COPIES = 15
_MAX_PAGE_BYTES = 1_500_000
_SHOWN = "en-newspaper-theme"
_RUN_SECONDS = 180.0
_POLL_SECONDS = 0.2
_PROBLEMS = 10  # lines of them, at most
_UNAVAILABLE = 69  # sysexits: EX_UNAVAILABLE
_WRONG = 70  # EX_SOFTWARE
_TEMPORARY = 75  # EX_TEMPFAIL


def demo(console: Console, workers: int = 2) -> int:
    """Run the demo, print what it shows, and return 0 when each page came out exactly once, as it must.

    Raises:
        CommandError: the embedded servers or the workers did not do their work.
        StreamUnavailable: the embedded broker does not answer.
    """
    with _ended_by_sigterm(), tempfile.TemporaryDirectory(prefix="pagesieve-demo-") as folder:
        try:
            with EmbeddedServers(Path(folder)) as servers:
                return _show(console, workers, servers, Path(folder))
        except EmbeddedError as error:
            raise CommandError(_UNAVAILABLE, str(error)) from error


def _show(console: Console, count: int, servers: EmbeddedServers, folder: Path) -> int:
    environment = _environment(servers, count)
    settings = load_settings(environment)
    pages = demo_pages(_COPIES, _MAX_PAGE_BYTES)
    console.print(
        f"An embedded Kafka and Redis run on {servers.bootstrap_servers} and {servers.redis_url}. "
        f"{len(pages)} pages go in; {count} workers clean them, each twice.",
        highlight=False,
    )
    create_topics(settings)
    topics = [settings.articles_topic, settings.dead_topic]
    with TopicReader(settings, topics) as reader:
        with _progress(console) as progress:
            start = progress.add_task("starting the workers", total=1)
            with WorkerProcesses(count, environment, folder) as workers:
                progress.update(start, completed=1)
                stage = _Stage(settings, pages, reader, workers, progress)
                runs = [stage.run("first run"), stage.run("the same pages again")]
                exit_codes = workers.stop()
        surplus = sum(1 for _ in reader.read_to_end())
    _print_shown(console, runs[0].tally)
    print_figures(console, pages, runs)
    problems = _problems(pages, runs, surplus, exit_codes)
    for problem in problems[:_PROBLEMS]:
        console.print(f"wrong: {problem}", style="red", highlight=False, markup=False)
    if len(problems) > _PROBLEMS:
        console.print(f"and {len(problems) - _PROBLEMS} more", style="red")
    if not problems:
        console.print("Each page came out exactly once, in both runs, as it must.\n", style="green")
    print_next_steps(console)
    return _WRONG if problems else os.EX_OK


@dataclass(frozen=True, slots=True)
class _Stage:
    """All that a run needs."""

    settings: Settings
    pages: Sequence[DemoPage]
    reader: TopicReader
    workers: WorkerProcesses
    progress: Progress

    def run(self, name: str) -> Run:
        """Load the pages and wait for what becomes of them."""
        task = self.progress.add_task(name, total=len(self.pages))
        known = self._cache_hits()
        started = time.monotonic()
        with TopicWriter(self.settings) as writer:
            for page in self.pages:
                writer.send(page.message(self.settings.raw_topic))
        tally = Tally()
        while tally.results < len(self.pages):
            for message in self.reader.poll(_POLL_SECONDS):
                tally.add(message, self.settings.dead_topic)
            self.progress.update(task, completed=tally.results)
            self.workers.check()
            if time.monotonic() - started > _RUN_SECONDS:
                lost = f"{tally.results} of {len(self.pages)} pages came out in {_RUN_SECONDS:g} s"
                raise CommandError(_TEMPORARY, f"{name}: only {lost}")
        return Run(tally, time.monotonic() - started, self._cache_hits() - known)

    def _cache_hits(self) -> int:
        return round(self.workers.total("pagesieve_cache_requests_total", result="hit"))


def _environment(servers: EmbeddedServers, count: int) -> dict[str, str]:
    values = {
        "kafka_bootstrap_servers": servers.bootstrap_servers,
        "kafka_group_id": "pagesieve-demo",
        "redis_url": servers.redis_url,
        "topic_partitions": 6,
        "topic_replication": 1,
        "children": max(1, len(os.sched_getaffinity(0)) // count),
        "commit_interval": 0.3,
        "max_page_bytes": _MAX_PAGE_BYTES,
    }
    return {f"{PREFIX}{name.upper()}": str(value) for name, value in values.items()}


def _problems(
    pages: Sequence[DemoPage], runs: Sequence[Run], surplus: int, exit_codes: Sequence[int]
) -> list[str]:
    problems = [problem for run in runs for problem in run.tally.problems(pages)]
    if surplus:
        problems.append(f"{surplus} articles or dead letters more than pages")
    problems += [
        f"worker {slot} ended with code {code}" for slot, code in enumerate(exit_codes) if code != os.EX_OK
    ]
    return problems


def _print_shown(console: Console, tally: Tally) -> None:
    case = next(case for case in sample_cases() if case.name == _SHOWN)
    record = tally.articles.get(case.url.encode())
    if record is not None:
        print_before_and_after(console, case, record)


def _progress(console: Console) -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    )


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """While it lasts, SIGTERM ends the demo as Ctrl-C does: by an exception that lets everything clean up."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
