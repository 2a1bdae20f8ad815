"""make bench-scale: the speed of 1, 2 and 4 workers on Apache Kafka, and what a rebalance costs the others.

Every worker is a process of its own, with one child unless told otherwise, and all pages are cleaned: there
is no cache. The pause is the longest time in which a worker that stays publishes nothing, while another one
joins or leaves; between two commits it publishes nothing either, which is what the first column shows. With
--rate, pages trickle in meanwhile instead of waiting in a heap, so that a busy machine counts for less.
"""

import argparse
import itertools
import os
import tempfile
import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from tests.bench.crew import Crew
from tests.bench.pages import BenchPage, read_pages, repeated
from tests.bench.trickle import trickle
from tests.servers.kafka import KafkaCluster
from tests.servers.topics import fill
from worker.adapters.kafka.admin import create_topics
from worker.environment import load_settings
from worker.settings import Settings

_SPEED_LOOK = 0.5  # a scrape costs the worker milliseconds: looking more often would measure the looking
_PAUSE_LOOK = 0.1
_SETTLE_SECONDS = 8.0  # after a change of the group: the rebalance and some commits after it


class Pauses(NamedTuple):
    """The longest time without progress of any worker that stays, in seconds."""

    steady: float
    joining: float
    leaving: float


def main() -> None:
    """Measure and print."""
    args = _arguments()
    pages = read_pages(args.folder, args.different)
    if not pages:
        raise SystemExit(f"{args.folder}: no pages there")
    console = Console()
    cores = len(os.sched_getaffinity(0))
    size = sum(len(page.body) for page in pages) / len(pages) / 1000
    where = "each on one processor" if args.pinned else "on all of them"
    console.print(f"{cores} processors, pages of {size:.0f} kB; {args.children} child a worker, {where}")
    with tempfile.TemporaryDirectory() as name, KafkaCluster(Path(name) / "kafka") as kafka:
        bench = Bench(kafka, Path(name), args)
        bench.load(pages, args.pages)
        if args.workers:
            speeds = {count: bench.speed(count) for count in args.workers}
            console.print(_speed_table(speeds, cores))
        if args.rounds:
            with trickle(bench.settings, pages, args.rate) if args.rate else nullcontext():
                console.print(_pause_table([bench.pauses() for _ in range(args.rounds)]))


class Bench:
    """The same pages in one raw topic, read from the beginning by one group after the other."""

    def __init__(self, kafka: KafkaCluster, folder: Path, args: argparse.Namespace):
        self._folder = folder
        self._args = args
        self._groups = 0
        self._environment = {
            "PAGESIEVE_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
            "PAGESIEVE_CHILDREN": str(args.children),
        } | dict(setting.split("=", 1) for setting in args.set)
        self.settings: Settings = load_settings(self._environment)

    def load(self, pages: Sequence[BenchPage], count: int) -> None:
        """Create the topics and write `count` pages, as many into each partition."""
        create_topics(self.settings)
        partitions = self.settings.topic_partitions
        values = (
            (number % partitions, page.url.encode(), page.body)
            for number, page in enumerate(repeated(pages, count))
        )
        fill(self.settings.kafka_bootstrap_servers, self.settings.raw_topic, values)

    def speed(self, workers: int) -> float:
        """Pages a second of so many workers, once all of them are at work."""
        with self._crew() as crew:
            for slot in range(workers):
                crew.start(slot)
            crew.wait_until_at_work(3, _SPEED_LOOK)
            started = time.monotonic()
            crew.watch(self._args.seconds, _SPEED_LOOK)
            return crew.speed(started)

    def pauses(self) -> Pauses:
        """What the workers that stay have to wait while one more joins, and while it leaves again."""
        others, guest = range(self._args.others), self._args.others
        start = {"PAGESIEVE_KAFKA_AUTO_OFFSET_RESET": "latest"} if self._args.rate else {}
        with self._crew(**start) as crew:
            for slot in others:
                crew.start(slot)
            crew.wait_until_at_work(5, _PAUSE_LOOK)
            moments = [time.monotonic()]
            crew.watch(_SETTLE_SECONDS, _PAUSE_LOOK)
            moments.append(time.monotonic())
            crew.start(guest)
            crew.wait_until_at_work(3, _PAUSE_LOOK)
            crew.watch(_SETTLE_SECONDS, _PAUSE_LOOK)
            moments.append(time.monotonic())
            crew.stop(guest, _PAUSE_LOOK)
            crew.watch(_SETTLE_SECONDS, _PAUSE_LOOK)
            moments.append(time.monotonic())
            spans = itertools.pairwise(moments)
            return Pauses(*(max(crew.longest_pause(slot, *span) for slot in others) for span in spans))

    def _crew(self, **more: str) -> Crew:
        self._groups += 1
        environment = self._environment | {"PAGESIEVE_KAFKA_GROUP_ID": f"scale-{self._groups}"} | more
        return Crew(environment, self._folder, self._args.pinned)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.scale",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("folder", type=Path, help="pages: HTML files, or corpora as *.jsonl.gz")
    add("--different", type=int, default=300, help="different pages (300)")
    add("--pages", type=int, default=6_000, help="pages in the topic, enough for the longest part (6000)")
    add("--workers", type=int, nargs="*", default=[1, 2, 4], help="numbers of workers to measure (1 2 4)")
    add("--children", type=int, default=1, help="child processes of each worker (1)")
    add("--seconds", type=float, default=30.0, help="seconds to measure each number of workers for (30)")
    add("--rounds", type=int, default=3, help="times that a worker joins and leaves (3)")
    add("--others", type=int, default=2, help="workers that stay meanwhile (2)")
    add("--rate", type=float, default=0.0, help="pages a second that come in meanwhile (0: all are there)")
    add("--pinned", action="store_true", help="give each worker one processor, in turn")
    add("--set", nargs="*", default=[], metavar="NAME=VALUE", help="settings of every worker: PAGESIEVE_...")
    return parser.parse_args()


def _speed_table(speeds: dict[int, float], cores: int) -> Table:
    table = Table("workers", "pages/s", "to the first", "share of linear")
    (base, first), *_ = speeds.items()
    for workers, speed in speeds.items():
        # More workers than processors cannot be faster than the processors are.
        linear = min(workers, cores) / min(base, cores)
        table.add_row(
            str(workers), f"{speed:.1f}", f"{speed / first:.2f}", f"{100 * speed / first / linear:.0f} %"
        )
    return table


def _pause_table(rounds: Sequence[Pauses]) -> Table:
    table = Table("longest pause of the others, s", "steady", "one joins", "one leaves")
    for number, pauses in enumerate(rounds, 1):
        table.add_row(f"round {number}", *(f"{seconds:.1f}" for seconds in pauses))
    return table


if __name__ == "__main__":
    main()
