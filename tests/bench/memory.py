"""The parent's memory over many pages: `python -m tests.bench.memory FOLDER --pages 50000`.

Few different pages go round, so that most are cache hits and many pass in a minute.
"""

import argparse
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from tests.bench.endtoend import published, running_worker
from tests.bench.pages import read_pages
from tests.servers.kafka import KafkaCluster
from tests.servers.processes import free_port
from tests.servers.redis import RedisServer
from worker.adapters.kafka.admin import create_topics
from worker.adapters.kafka.writer import TopicWriter
from worker.environment import load_settings
from worker.pipeline.ports import Outgoing

_STEPS = 10
_TIMEOUT = 900.0


def main() -> None:
    """Run one worker over all pages and print the parent's resident memory at each tenth."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.memory", description=__doc__)
    parser.add_argument("folder", type=Path, help="pages: HTML files, or corpora as *.jsonl.gz")
    parser.add_argument("--pages", type=int, default=50_000, help="pages in all (50000)")
    parser.add_argument(
        "--different", type=int, default=200, help="different pages, the smallest there are (200)"
    )
    args = parser.parse_args()
    pages = sorted(read_pages(args.folder, 2_000), key=lambda page: len(page.body))[: args.different]
    with (
        tempfile.TemporaryDirectory() as folder,
        KafkaCluster(Path(folder) / "kafka") as kafka,
        RedisServer(Path(folder) / "redis") as redis,
    ):
        port = free_port()
        environment = {
            "PAGESIEVE_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
            "PAGESIEVE_REDIS_URL": redis.url,
        }
        settings = load_settings(environment)
        create_topics(settings)
        with TopicWriter(settings) as writer:
            for page in islice(cycle(pages), args.pages):
                headers = (("pagesieve-format", b"raw"), ("url", page.url.encode()))
                writer.send(Outgoing(settings.raw_topic, page.url.encode(), page.body, headers))
        _run(environment, port, args.pages, Path(folder) / "worker.log")


def _run(environment: dict[str, str], port: int, pages: int, log: Path) -> None:
    table = Table("pages published", "parent resident, MiB")
    until = time.monotonic() + _TIMEOUT
    with running_worker(environment, port, log) as worker:
        parent = psutil.Process(worker.pid)
        for step in range(1, _STEPS + 1):
            while published(port) < pages * step // _STEPS:
                if worker.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"the worker did not get to {pages} pages; see its log")
                time.sleep(0.1)
            table.add_row(str(published(port)), f"{parent.memory_info().rss / 2**20:.0f}")
    Console().print(table)


if __name__ == "__main__":
    main()
