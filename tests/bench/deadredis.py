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

from tests.bench.endtoend import measure
from tests.bench.pages import BenchPage, read_pages, repeated
from tests.servers.kafka import KafkaCluster
from tests.servers.processes import free_port
from tests.servers.redis import RedisServer
from worker.adapters.kafka.admin import create_topics
from worker.adapters.kafka.writer import TopicWriter
from worker.pipeline.ports import Outgoing
from worker.settings import load_settings

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
        speeds = _measure(pages, args.pages, args.rounds, args.children, Path(folder))
    _report(console, speeds)


def _measure(
    pages: Sequence[BenchPage], count: int, rounds: int, children: int, folder: Path
) -> Mapping[str, Sequence[float]]:
    """Pages a second of each round, by the kind of Redis."""
    speeds: defaultdict[str, list[float]] = defaultdict(list)
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
                figures = measure(environment | own, free_port(), count, log, _TIMEOUT)
                speeds[name].append(figures.pages_a_second)
    return speeds


def _load(environment: Mapping[str, str], pages: Sequence[BenchPage], count: int) -> None:
    settings = load_settings(environment)
    create_topics(settings)
    with TopicWriter(settings) as writer:
        for page in repeated(pages, count):
            headers = (("pagesieve-format", b"raw"), ("url", page.url.encode()))
            writer.send(Outgoing(settings.raw_topic, page.url.encode(), page.body, headers))


def _report(console: Console, speeds: Mapping[str, Sequence[float]]) -> None:
    base = speeds[_NONE]
    table = Table("Redis", "ratio of medians", "of the best", "pages/s of each round")
    for name, found in speeds.items():
        ratios = (statistics.median(found) / statistics.median(base), max(found) / max(base))
        table.add_row(name, *(f"{ratio:.2f}" for ratio in ratios), ", ".join(f"{x:.1f}" for x in found))
    console.print(table)


if __name__ == "__main__":
    main()
