"""make bench: bare trafilatura, `clean`, and the worker end to end, on the same pages in one run."""

import argparse
import base64
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table

from tests.bench import baseline
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


def main() -> None:
    """Measure and print, ratios first."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("folder", type=Path, help="pages: HTML files, or corpora as *.jsonl.gz")
    parser.add_argument("--pages", type=int, default=600, help="different pages to take (600)")
    parser.add_argument("--rounds", type=int, default=2, help="times to go round them end to end (2)")
    parser.add_argument("--children", type=int, default=len(os.sched_getaffinity(0)), help="child processes")
    args = parser.parse_args()
    pages = read_pages(args.folder, args.pages)
    if not pages:
        parser.error(f"{args.folder}: no pages there")
    console = Console()
    console.print(
        f"{len(pages)} pages, {sum(len(p.body) for p in pages) / len(pages) / 1000:.0f} kB each on average;"
        f" {args.children} child processes, {len(os.sched_getaffinity(0))} processors"
    )
    speeds = {"bare trafilatura with metadata": baseline.pages_a_second(pages, args.children)}
    speeds["pagesieve clean"] = _clean(pages, args.children)
    with tempfile.TemporaryDirectory() as folder:
        misses, hits = _end_to_end(pages, args.rounds * len(pages), args.children, Path(folder))
    speeds["worker on Apache Kafka, all misses"] = misses.pages_a_second
    speeds["worker on Apache Kafka, all hits"] = hits.pages_a_second
    _report(console, speeds, misses, hits)


def _clean(pages: Sequence[BenchPage], children: int) -> float:
    lines = b"".join(
        orjson.dumps({"url": p.url, "html_b64": base64.b64encode(p.body).decode()}) + b"\n" for p in pages
    )
    command = [sys.executable, "-m", "worker", "clean", "--children", str(children)]
    started = time.perf_counter()
    subprocess.run([*command], input=lines[: lines.index(b"\n") + 1], stdout=subprocess.DEVNULL, check=True)
    start_up = time.perf_counter() - started
    started = time.perf_counter()
    subprocess.run(command, input=lines, stdout=subprocess.DEVNULL, check=True)
    return len(pages) / (time.perf_counter() - started - start_up)


def _end_to_end(
    pages: Sequence[BenchPage], count: int, children: int, folder: Path
) -> tuple[Figures, Figures]:
    with KafkaCluster(folder / "kafka") as kafka, RedisServer(folder / "redis") as redis:
        environment = {
            "PAGESIEVE_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
            "PAGESIEVE_REDIS_URL": redis.url,
            "PAGESIEVE_CHILDREN": str(children),
        }
        settings = load_settings(environment)
        create_topics(settings)
        with TopicWriter(settings) as writer:
            for page in repeated(pages, count):
                headers = (("pagesieve-format", b"raw"), ("url", page.url.encode()))
                writer.send(Outgoing(settings.raw_topic, page.url.encode(), page.body, headers))
        port, log = free_port(), folder / "worker.log"
        misses = measure(environment | {"PAGESIEVE_KAFKA_GROUP_ID": "misses"}, port, count, log, _TIMEOUT)
        hits = measure(environment | {"PAGESIEVE_KAFKA_GROUP_ID": "hits"}, port, count, log, _TIMEOUT)
        return misses, hits


def _report(console: Console, speeds: dict[str, float], misses: Figures, hits: Figures) -> None:
    base = next(iter(speeds.values()))
    table = Table("", "ratio", "pages/s")
    for name, speed in speeds.items():
        table.add_row(name, f"{speed / base:.2f}", f"{speed:.1f}")
    console.print(table)
    console.print(f"all hits to all misses: {hits.pages_a_second / misses.pages_a_second:.1f}")
    costs = Table("the worker", "parent ms/page", "parent peak MiB", "child peak MiB")
    for name, figures in (("all misses", misses), ("all hits", hits)):
        costs.add_row(
            name,
            f"{figures.parent_ms_a_page:.2f}",
            f"{figures.parent_peak_mb:.0f}",
            f"{figures.child_peak_mb:.0f}",
        )
    console.print(costs)


if __name__ == "__main__":
    main()
