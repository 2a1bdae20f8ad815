"""What a dead Redis costs: the worker's speed with none configured, with one that is gone, and one frozen."""

import argparse
import os
import statistics
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench.endtoend import Figures, measure
from tests.bench.pages import BenchPage, read_pages, repeated
from tests.servers.kafka import KafkaCluster
from tests.servers.processes import free_port
from tests.servers.redis import RedisServer
from worker.adapters.kafka.admin import create_topics
from worker.adapters.kafka.writer import TopicWriter
from worker.environment import load_settings
from worker.pipeline.ports import Outgoing

_TIMEOUT = 1800.0
_NONE = "none configured"


def main() -> None:
    """Measure and print, ratios first."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.deadredis", description=__doc__)
    parser.add_argument("folder", type=Path, help="pages: HTML files, or corpora as *.jsonl.gz")
    parser.add_argument("--pages", type=int, default=600, help="pages of a run (600)")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each kind, in turn (3)")
    parser.add_argument("--children", type=int, default=len(os.sched_getaffinity(0)), help="child processes")
    args = parser.parse_args()
    pages = read_pages(args.folder, args.pages)
    if not pages:
        parser.error(f"{args.folder}: no pages there")
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        figures = _measure(pages, args.pages, args.rounds, args.children, Path(folder))
    _report(console, figures)


def _measure(
    pages: Sequence[BenchPage], count: int, rounds: int, children: int, folder: Path
) -> Mapping[str, Sequence[Figures]]:
    """The figures of each round, by the kind of Redis."""
    found: defaultdict[str, list[Figures]] = defaultdict(list)
    with KafkaCluster(folder / "kafka") as kafka, RedisServer(folder / "redis") as redis:
        redis.freeze()
        urls = {
            _NONE: "",
            "gone: connections refused": f"redis://127.0.0.1:{free_port()}/0",
            "frozen: never answers": redis.url,
        }
        environment = {
            "PAGESIEVE_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
            "PAGESIEVE_CHILDREN": str(children),
        }
        _load(environment, pages, count)
        for number in range(rounds):
            for name, url in urls.items():
                own = {
                    "PAGESIEVE_REDIS_URL": url,
                    "PAGESIEVE_KAFKA_GROUP_ID": f"{name.partition(' ')[0]}{number}",
                }
                log = folder / "worker.log"
                found[name].append(measure(environment | own, free_port(), count, log, _TIMEOUT))
    return found


def _load(environment: Mapping[str, str], pages: Sequence[BenchPage], count: int) -> None:
    settings = load_settings(environment)
    create_topics(settings)
    with TopicWriter(settings) as writer:
        for page in repeated(pages, count):
            headers = (("pagesieve-format", b"raw"), ("url", page.url.encode()))
            writer.send(Outgoing(settings.raw_topic, page.url.encode(), page.body, headers))


def _report(console: Console, figures: Mapping[str, Sequence[Figures]]) -> None:
    base = [found.pages_a_second for found in figures[_NONE]]
    table = Table("Redis", "ratio of medians", "of the best", "parent ms/page", "pages/s of each round")
    for name, rounds in figures.items():
        speeds = [found.pages_a_second for found in rounds]
        table.add_row(
            name,
            f"{statistics.median(speeds) / statistics.median(base):.2f}",
            f"{max(speeds) / max(base):.2f}",
            f"{statistics.median(found.parent_ms_a_page for found in rounds):.2f}",
            ", ".join(f"{speed:.1f}" for speed in speeds),
        )
    console.print(table)


if __name__ == "__main__":
    main()
