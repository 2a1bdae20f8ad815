"""Redis stopped, frozen, or filled with rubbish in the middle of a run: every page comes out once."""

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
import zstandard

from tests.conftest import Names
from tests.integration.pages import mixed_pages
from tests.integration.results import assert_each_page_once
from tests.integration.workers import WorkerGroup, WorkerProcess
from tests.servers.redis import RedisServer
from worker.embedded import EmbeddedServers

pytestmark = pytest.mark.redis

PAGES = 80


@pytest.fixture
def group(
    embedded: EmbeddedServers, redis_server: RedisServer, names: Names, tmp_path: Path
) -> Iterator[WorkerGroup]:
    with redis.Redis.from_url(redis_server.url) as client:
        client.flushall()
    with WorkerGroup(
        embedded.bootstrap_servers, names, tmp_path, redis_url=redis_server.url, children=2
    ) as group:
        yield group


def lookups(worker: WorkerProcess, *results: str) -> float:
    return sum(worker.metric("cache_requests_total", result=result) for result in results)


def test_stopped_and_started_again(group: WorkerGroup, redis_server: RedisServer) -> None:
    worker = group.start()
    group.load(mixed_pages(PAGES, seed=3))
    group.wait_for_pages(PAGES // 4, 60)
    redis_server.stop()
    try:
        group.load(mixed_pages(PAGES, seed=4))
        group.wait_until_finished()
        assert worker.is_ready()
        assert lookups(worker, "error", "skipped") > 0
    finally:
        redis_server.start()
    group.load(mixed_pages(PAGES, seed=3))
    group.wait_until_finished()
    assert group.stop() == [0]
    assert_each_page_once(group)


def test_frozen_and_thawed(group: WorkerGroup, redis_server: RedisServer) -> None:
    worker = group.start()
    group.load(mixed_pages(PAGES, seed=5))
    group.wait_for_pages(PAGES // 4, 60)
    redis_server.freeze()
    try:
        group.load(mixed_pages(PAGES, seed=6))
        group.wait_until_finished()
        assert worker.is_ready()
        assert lookups(worker, "error", "skipped") > 0
    finally:
        redis_server.thaw()
    group.load(mixed_pages(PAGES, seed=5))
    group.wait_until_finished()
    assert group.stop() == [0]
    assert_each_page_once(group)


def test_frozen_while_the_worker_stops(group: WorkerGroup, redis_server: RedisServer) -> None:
    group.start()
    group.load(mixed_pages(PAGES, seed=7))
    group.wait_for_pages(PAGES // 4, 60)
    redis_server.freeze()
    try:
        assert group.stop() == [0]
    finally:
        redis_server.thaw()
    assert_each_page_once(group, complete=False)


def test_filled_with_rubbish(group: WorkerGroup, redis_server: RedisServer) -> None:
    worker = group.start(cache_timeout=0.25)
    group.load(mixed_pages(PAGES, seed=8))
    group.wait_until_finished()
    group.load(mixed_pages(PAGES, seed=9))
    assert fill_with_rubbish(redis_server) > 20
    group.load(mixed_pages(PAGES, seed=8))
    group.wait_until_finished()
    assert lookups(worker, "invalid") > 10
    group.load(mixed_pages(PAGES, seed=8))  # what was cleaned anew has taken the place of the rubbish
    group.wait_until_finished()
    assert lookups(worker, "hit") > 10
    assert group.stop() == [0]
    assert_each_page_once(group)


def fill_with_rubbish(server: RedisServer) -> int:
    """Put something else in the place of every value, and give the number of those."""
    compress = zstandard.ZstdCompressor().compress
    with redis.Redis.from_url(server.url) as client:
        keys = list(client.scan_iter("pagesieve:*"))
        for key, kind in zip(keys, itertools.cycle(range(8)), strict=False):
            value: bytes = client.get(key) or b""
            client.set(
                key,
                [
                    b"",
                    os.urandom(300),
                    b'{"paragraphs": ["Rubbish."]}',
                    compress(os.urandom(300)),
                    compress(b'{"paragraphs": ["Rubbish."]}'),
                    compress(b"null"),
                    value[: len(value) // 2],
                    bytes(byte ^ 16 for byte in value),
                ][kind],
            )
        return len(keys)
