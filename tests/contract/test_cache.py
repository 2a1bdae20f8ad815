"""The contract of `ports.Cache`, held against the fake in memory, the embedded server and a real Redis."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import redis
import zstandard

from tests.fakes_cache import MemoryCache
from worker.adapters.breaker import Breaker
from worker.adapters.redis import KEY_PREFIX, RedisCache, redis_check
from worker.environment import load_settings
from worker.pipeline.ports import Cache
from worker.settings import Settings

VALUE = b'{"article": {"paragraphs": ["\xd9\x86\xd8\xb5"]}}' * 40


@dataclass
class Subject:
    """A cache under test, what it counted, and how to look behind it."""

    cache: Cache
    counted: Counter[str]
    errors: list[str] = field(default_factory=list)
    client: redis.Redis | None = None  # None: no server behind it

    def put(self, **items: bytes) -> None:
        """Store, and wait until it is stored: stores are made on another thread."""
        self.cache.put_many(list(items.items()))
        wait_until(lambda: None not in self.peek(*items))

    def peek(self, *keys: str) -> list[Any]:
        if self.client is None:
            return [b"" for _ in keys]
        return [self.client.get(KEY_PREFIX + key) for key in keys]

    def take(self) -> dict[str, int]:
        counted = dict(self.counted)
        self.counted.clear()
        return counted


def wait_until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition did not come true in time"
        time.sleep(0.01)


def settings_for(url: str, **more: Any) -> Settings:
    return load_settings({"PAGESIEVE_REDIS_URL": url}, cache_timeout=0.25, **more)


def server_url(request: pytest.FixtureRequest) -> str:
    """The address of the server that the parameter names: a test starts with it empty."""
    if request.param == "embedded":
        return str(request.getfixturevalue("embedded").redis_url)
    return str(request.getfixturevalue("redis_server").url)


def connected(url: str, **more: Any) -> Iterator[Subject]:
    counted: Counter[str] = Counter()
    errors: list[str] = []
    cache = RedisCache(
        settings_for(url, **more),
        lambda result, number: counted.update({result: number}),
        errors.append,
        breaker=lambda: Breaker(failures=3, first_pause=0.05, longest_pause=0.2),
    )
    client = redis.Redis.from_url(url)
    client.flushall()
    try:
        yield Subject(cache, counted, errors, client)
    finally:
        cache.close()
        client.close()


@pytest.fixture(params=["memory", "embedded", pytest.param("redis", marks=pytest.mark.redis)])
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    if request.param == "memory":
        counted: Counter[str] = Counter()
        cache = MemoryCache(lambda result, number: counted.update({result: number}))
        yield Subject(cache, counted)
        return
    yield from connected(server_url(request))


def test_gives_back_what_was_stored_in_the_order_asked(subject: Subject) -> None:
    subject.put(one=VALUE, two=b"", three=bytes(range(256)))
    assert list(subject.cache.get_many(["three", "none", "one", "two", "one"])) == [
        bytes(range(256)),
        None,
        VALUE,
        b"",
        VALUE,
    ]
    assert subject.take() == {"hit": 4, "miss": 1}


def test_a_later_value_replaces_an_earlier_one(subject: Subject) -> None:
    subject.put(key=b"first")
    subject.cache.put_many([("key", b"second")])
    wait_until(lambda: list(subject.cache.get_many(["key"])) == [b"second"])


def test_asks_nothing_for_no_keys(subject: Subject) -> None:
    assert list(subject.cache.get_many([])) == []
    subject.cache.put_many([])
    assert subject.take() == {}


def test_a_large_batch_is_one_answer(subject: Subject) -> None:
    items = {f"key{number}": VALUE + b"%d" % number for number in range(500)}
    subject.put(**items)
    assert list(subject.cache.get_many(list(items))) == list(items.values())
    assert subject.take() == {"hit": 500}


def test_does_nothing_after_it_was_closed(subject: Subject) -> None:
    subject.put(key=VALUE)
    subject.cache.close()
    subject.cache.close()
    subject.cache.put_many([("key", VALUE)])
    assert list(subject.cache.get_many(["key"])) == [None]


@pytest.fixture(params=["embedded", pytest.param("redis", marks=pytest.mark.redis)])
def served(request: pytest.FixtureRequest) -> Iterator[tuple[Subject, redis.Redis]]:
    for subject in connected(server_url(request), cache_ttl=1000):
        assert subject.client is not None
        yield subject, subject.client


def test_stores_compressed_with_a_time_to_live(served: tuple[Subject, redis.Redis]) -> None:
    subject, client = served
    subject.put(key=VALUE)
    stored: Any = client.get("pagesieve:key")
    assert zstandard.decompress(stored) == VALUE
    assert len(stored) < len(VALUE) / 4
    left: Any = client.ttl("pagesieve:key")
    assert 990 <= left <= 1000


def test_rubbish_is_a_miss_and_is_written_over(served: tuple[Subject, redis.Redis]) -> None:
    subject, client = served
    client.set("pagesieve:rubbish", b"\x00\xff rubbish")
    client.set("pagesieve:bomb", zstandard.compress(bytes(40_000_000)))
    client.set("pagesieve:plain", VALUE)
    client.hset("pagesieve:hash", "field", "value")
    client.rpush("pagesieve:list", "value")
    keys = ["rubbish", "bomb", "plain", "hash", "list"]
    assert list(subject.cache.get_many(keys)) == [None] * 5
    assert subject.take() == {"invalid": 3, "miss": 2}
    subject.cache.put_many([(key, VALUE) for key in keys])
    wait_until(lambda: list(subject.cache.get_many(keys)) == [VALUE] * 5)
    assert subject.errors == []


def test_a_value_runs_out(served: tuple[Subject, redis.Redis]) -> None:
    subject, client = served
    subject.put(key=VALUE)
    client.pexpire("pagesieve:key", 1)
    wait_until(lambda: list(subject.cache.get_many(["key"])) == [None])


def test_check_tells_the_version(served: tuple[Subject, redis.Redis]) -> None:
    _, client = served
    kwargs = client.connection_pool.connection_kwargs
    ok, detail = redis_check(settings_for(f"redis://{kwargs['host']}:{kwargs['port']}"))
    assert ok, detail
    assert f"{kwargs['host']}:{kwargs['port']}: Redis " in detail
    assert " gives back what it stored, in " in detail
    assert "\n" not in detail
    wait_until(lambda: client.keys("pagesieve:probe*") == [])
