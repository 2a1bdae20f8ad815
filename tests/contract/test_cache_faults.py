"""Whatever happens to Redis, the cache costs bounded time, never raises, and works again afterwards."""

import logging
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.servers.processes import free_port
from tests.servers.redis import RedisServer
from worker.adapters.breaker import Breaker
from worker.adapters.redis import RedisCache, redis_check
from worker.environment import load_settings
from worker.settings import Settings

TIMEOUT = 0.1
STALL = 3.0  # a busy machine may hold a thread up for so long; redis-py's own waits are 59 s
VALUE = b'{"article": {}}' * 100


class Watched:
    """A cache with what it counted and the longest that one call took."""

    def __init__(self, url: str, **settings: Any):
        self.counted: Counter[str] = Counter()
        self.errors: list[str] = []
        self.longest = 0.0
        self.cache = RedisCache(
            settings_for(url, **settings),
            lambda result, number: self.counted.update({result: number}),
            self.errors.append,
            breaker=lambda: Breaker(failures=3, first_pause=0.05, longest_pause=0.2),
        )

    def get(self, *keys: str) -> list[bytes | None]:
        values: list[bytes | None] = self._timed(lambda: list(self.cache.get_many(keys)))
        return values

    def put(self, *keys: str, value: bytes = VALUE) -> None:
        self._timed(lambda: self.cache.put_many([(key, value) for key in keys]))

    def batch(self) -> None:
        """What the loop does for a batch of pages."""
        keys = [f"key{number}" for number in range(50)]
        self.get(*keys)
        self.put(*keys)

    def stored(self, key: str) -> bool:
        self.put(key)
        return self.get(key) == [VALUE]

    def left_alone(self) -> bool:
        """True when the next look-up is not even asked."""
        self.counted.clear()
        self.get("key")
        return self.counted == {"skipped": 1}

    def _timed(self, call: Callable[[], Any]) -> Any:
        started = time.monotonic()
        result = call()
        self.longest = max(self.longest, time.monotonic() - started)
        return result


def settings_for(url: str, **more: Any) -> Settings:
    return load_settings({"PAGESIEVE_REDIS_URL": url}, cache_timeout=TIMEOUT, **more)


@contextmanager
def watching(url: str, **settings: Any) -> Iterator[Watched]:
    watched = Watched(url, **settings)
    try:
        yield watched
    finally:
        watched.cache.close()


def wait_until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition did not come true in time"
        time.sleep(0.01)


def seconds_for(count: int, call: Callable[[], object]) -> float:
    started = time.monotonic()
    for _ in range(count):
        call()
    return time.monotonic() - started


# Servers that lie: sockets that answer what they are told


@contextmanager
def talker(reply: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that does `reply` with each connection; gives its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        open_sockets: list[socket.socket] = []

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                open_sockets.append(connection)
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

        def answer(connection: socket.socket) -> None:
            try:
                reply(connection)
            except OSError:
                connection.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"redis://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            for connection in open_sockets:
                connection.close()
            thread.join(5)


def always(answer: bytes) -> Callable[[socket.socket], None]:
    def reply(connection: socket.socket) -> None:
        while connection.recv(65536):
            connection.sendall(answer)

    return reply


def silent(connection: socket.socket) -> None:
    while connection.recv(65536):
        pass


def hangs_up(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.close()


def trickles(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"*1\r\n$100000\r\n")
    while True:
        connection.sendall(b"x")
        time.sleep(TIMEOUT / 5)


LIARS = {
    "silent": silent,
    "hangs up": hangs_up,
    "trickles": trickles,
    "http": always(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
    "noise": always(bytes(range(256)) * 8),
    "number": always(b":7\r\n"),
    "text": always(b"+OK\r\n"),
    "nothing": always(b"*-1\r\n"),
    "too few": always(b"*0\r\n"),
    "too many": always(b"*2\r\n$1\r\na\r\n$1\r\nb\r\n"),
    "numbers": always(b"*1\r\n:5\r\n"),
    "nested": always(b"*1\r\n*1\r\n$1\r\na\r\n"),
    "errors": always(b"-ERR no\r\n"),
    "loading": always(b"-LOADING Redis is loading the dataset in memory\r\n"),
    "impossible length": always(b"*1\r\n$99999999999999999999\r\n"),
}


@pytest.mark.parametrize("liar", LIARS)
def test_a_server_that_lies_is_left_alone(liar: str) -> None:
    with talker(LIARS[liar]) as url, watching(url) as watched:
        wait_until(lambda: watched.get("key") == [None] and len(watched.errors) >= 3)
        wait_until(watched.left_alone)
        assert watched.longest < TIMEOUT + STALL
        watched.put("key")
        ok, detail = redis_check(settings_for(url))
    assert not ok
    assert detail.startswith(url.removeprefix("redis://") + ": ")
    assert "\n" not in detail


def test_a_name_that_does_not_resolve_costs_no_more_than_the_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = threading.Event()
    released = threading.Event()

    def resolve(*_args: object, **_kwargs: object) -> list[Any]:
        asked.set()
        released.wait(20)
        raise socket.gaierror("no such name")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    try:
        with watching("redis://cache.example:6379") as watched:
            assert watched.get("key") == [None]
            assert asked.is_set()
            assert seconds_for(100, lambda: watched.get("key")) < TIMEOUT
            assert watched.longest < TIMEOUT + STALL
            released.set()
    finally:
        released.set()


# A real server, and what happens to servers


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.mark.redis
def test_stopped_and_started_again(server: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with watching(server.url) as watched:
        wait_until(lambda: watched.stored("key"))
        server.stop()
        wait_until(watched.left_alone)
        assert seconds_for(200, watched.batch) < 200 * TIMEOUT / 4
        assert watched.longest < TIMEOUT + STALL
        server.start()
        wait_until(lambda: watched.stored("other"))
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("worker")]
    assert [line for line in lines if line.startswith("redis look-ups: ")] == [
        lines[0],
        "redis look-ups: works again",
    ]
    assert "ConnectionError" in lines[0]
    assert len(lines) <= 4


@pytest.mark.redis
def test_frozen_and_thawed(server: RedisServer) -> None:
    with watching(server.url) as watched:
        wait_until(lambda: watched.stored("key"))
        server.freeze()
        try:
            watched.longest = 0.0
            frozen = seconds_for(500, watched.batch)
            assert frozen < 3 * TIMEOUT + 0.5
            assert watched.longest < TIMEOUT + STALL
            assert watched.counted["error"] <= 3 * 50
            ok, detail = redis_check(settings_for(server.url))
            assert (ok, detail) == (
                False,
                f"127.0.0.1:{server.port}: no answer within 0.1 s (PAGESIEVE_CACHE_TIMEOUT)",
            )
        finally:
            server.thaw()
        wait_until(lambda: watched.stored("other"))
        assert watched.get("key") == [VALUE]


@pytest.mark.redis
def test_frozen_from_the_start(server: RedisServer) -> None:
    server.freeze()
    try:
        with watching(server.url) as watched:
            assert seconds_for(500, watched.batch) < 3 * TIMEOUT + 0.5
            assert watched.longest < TIMEOUT + STALL
            server.thaw()
            wait_until(lambda: watched.stored("key"))
    finally:
        server.thaw()


@pytest.mark.redis
def test_a_full_server_still_gives_hits(server: RedisServer) -> None:
    with watching(server.url) as watched, redis.Redis.from_url(server.url) as client:
        wait_until(lambda: watched.stored("key"))
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", "1mb")
        for number in range(200):
            watched.put(f"more{number}", value=VALUE + b"%d" % number)
        wait_until(lambda: watched.errors)
        assert set(watched.errors) == {"OutOfMemoryError"}
        assert watched.get("key") == [VALUE]
        assert not watched.left_alone()
        ok, detail = redis_check(settings_for(server.url))
        assert not ok
        assert "OutOfMemoryError" in detail
        assert "allkeys-lru" in detail
        client.config_set("maxmemory", "0")
        wait_until(lambda: watched.stored("other"))


@pytest.mark.redis
def test_a_read_only_replica_still_gives_hits(server: RedisServer) -> None:
    with watching(server.url) as watched, redis.Redis.from_url(server.url) as client:
        wait_until(lambda: watched.stored("key"))
        client.config_set("replica-serve-stale-data", "yes")
        client.replicaof("127.0.0.1", "1")
        watched.put("other")
        wait_until(lambda: watched.errors)
        assert set(watched.errors) == {"ReadOnlyError"}
        assert watched.get("key") == [VALUE]
        ok, detail = redis_check(settings_for(server.url))
        assert not ok
        assert "name the primary" in detail
        client.replicaof("NO", "ONE")
        wait_until(lambda: watched.stored("other"))


@pytest.mark.redis
def test_the_password_is_asked_for(server: RedisServer) -> None:
    with redis.Redis.from_url(server.url) as client:
        client.config_set("requirepass", "right")
        client.acl_setuser(
            "reader", enabled=True, passwords=["+word"], keys=["pagesieve:*"], commands=["+ping", "+set"]
        )
    for more in ({}, {"redis_password": "wrong"}, {"redis_username": "nobody", "redis_password": "right"}):
        with watching(server.url, **more) as watched:
            wait_until(watched.left_alone)
            assert watched.longest < TIMEOUT + STALL
        ok, detail = redis_check(settings_for(server.url, **more))
        assert not ok
        assert "PAGESIEVE_REDIS_PASSWORD" in detail
    ok, detail = redis_check(settings_for(server.url, redis_username="reader", redis_password="word"))
    assert not ok
    assert "allow its user MGET" in detail
    assert redis_check(settings_for(server.url, redis_password="right"))[0]
    with watching(server.url, redis_password="right") as watched:
        wait_until(lambda: watched.stored("key"))


@pytest.mark.redis
def test_filled_with_rubbish_while_it_runs(server: RedisServer) -> None:
    with watching(server.url) as watched, redis.Redis.from_url(server.url) as client:
        watched.batch()
        wait_until(lambda: None not in watched.get(*(f"key{number}" for number in range(50))))
        for number in range(50):
            client.set(f"pagesieve:key{number}", bytes([number]) * 5000)
        watched.counted.clear()
        assert watched.get("key1", "key2") == [None, None]
        assert watched.counted == {"invalid": 2}
        watched.batch()
        wait_until(lambda: None not in watched.get(*(f"key{number}" for number in range(50))))


def test_nothing_there_at_all() -> None:
    url = f"redis://127.0.0.1:{free_port()}"
    with watching(url) as watched:
        wait_until(watched.left_alone)
        assert seconds_for(500, watched.batch) < 1.0
    ok, detail = redis_check(settings_for(url))
    assert not ok
    assert "Connection refused" in detail


def test_check_without_a_cache_and_with_an_address_that_is_none() -> None:
    ok, detail = redis_check(load_settings({}))
    assert ok
    assert detail.startswith("not configured (PAGESIEVE_REDIS_URL)")
    ok, detail = redis_check(settings_for("cache:6379"))
    assert not ok
    assert detail.startswith("PAGESIEVE_REDIS_URL: ")
