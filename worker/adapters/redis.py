"""The cache of results in Redis: with `redis_address` the only importer of redis-py.

Redis may be absent, slow, frozen, full, or full of rubbish; all that it can cost is repeated work. The
caller of the cache never touches a socket: two threads do, one for look-ups and one for stores, so that a
full or read-only Redis still gives hits. A look-up is waited for `cache_timeout` seconds at most, name
resolution and a reply that trickles included, and not at all while the circuit is open.
"""

import secrets
import threading
import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

import redis
import zstandard

from worker.adapters.breaker import Breaker
from worker.adapters.lane import Lane, one_line
from worker.adapters.redis_address import connection_options
from worker.settings import Settings

KEY_PREFIX = "pagesieve:"
PROBE_KEY = f"{KEY_PREFIX}probe"
MAX_VALUE = 32 * 1024 * 1024  # bytes of an outcome; a stored value that says it is larger is rubbish
WAITING_BYTES = 16 * 1024 * 1024  # outcomes not yet stored; more are dropped
TRIP_BYTES = 1024 * 1024  # outcomes stored in one round trip: it must fit in the timeout
STORE_PATIENCE = 4  # timeouts that a round trip of stores may take: nobody waits for it
CHECK_SECONDS = 3.0
CLOSE_SECONDS = 1.0


class _Lookup(NamedTuple):
    keys: Sequence[str]
    answer: SimpleQueue[Sequence[bytes | None] | None]


class UnexpectedReplyError(Exception):
    """An answer that no Redis gives to this command."""


class RedisCache:
    """`ports.Cache` over Redis. Values are compressed with zstd and live for `settings.cache_ttl`.

    `count(result, n)` is called for each batch of look-ups, on the caller's thread; the results are hit,
    miss, invalid (a value that is not ours), error (no answer, or not in time) and skipped (not asked).
    `on_error(type)` is called once for each round trip that failed, on one of the cache's threads.

    Raises:
        ValueError: `settings.redis_url` is missing or not a URL of Redis.
    """

    def __init__(
        self,
        settings: Settings,
        count: Callable[[str, int], None],
        on_error: Callable[[str], None] = lambda _type: None,
        breaker: Callable[[], Breaker] = Breaker,
    ):
        self._timeout = settings.cache_timeout
        self._ttl = settings.cache_ttl
        self._count = count
        self._compressor = zstandard.ZstdCompressor(level=3, write_checksum=True)
        options = connection_options(settings)
        self._readers = redis.Redis(connection_pool=_pool(options))
        self._writers = redis.Redis(connection_pool=_pool(options))
        self._lookups: Lane[_Lookup] = Lane(
            "redis look-ups",
            self._look_up,
            self._probe_lookups,
            breaker=breaker(),
            cut_off=self._readers.connection_pool.disconnect,
            patience=self._timeout,
            capacity=1,
            batch=1,
            on_error=on_error,
        )
        self._stores: Lane[tuple[str, bytes]] = Lane(
            "redis stores",
            self._store,
            self._probe_stores,
            breaker=breaker(),
            cut_off=self._writers.connection_pool.disconnect,
            patience=STORE_PATIENCE * self._timeout,
            capacity=WAITING_BYTES,
            batch=TRIP_BYTES,
            on_error=on_error,
        )

    def get_many(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        """The stored outcome of each key, in order; None where there is none, or no answer in time."""
        if not keys:
            return []
        lookup = _Lookup(keys, SimpleQueue())
        if not self._lookups.offer(lookup):
            self._count("skipped", len(keys))
            return [None] * len(keys)
        try:
            found = lookup.answer.get(timeout=self._timeout)
        except Empty:
            found = None
        if found is None:
            self._count("error", len(keys))
            return [None] * len(keys)
        values = [None if packed is None else unpack(packed) for packed in found]
        misses = sum(packed is None for packed in found)
        hits = sum(value is not None for value in values)
        for result, number in (("hit", hits), ("miss", misses), ("invalid", len(keys) - hits - misses)):
            if number:
                self._count(result, number)
        return values

    def put_many(self, items: Sequence[tuple[str, bytes]]) -> None:
        """Store outcomes soon, on another thread; what does not fit in its queue is dropped."""
        for key, value in items:
            if len(value) <= MAX_VALUE:
                self._stores.offer((key, value), len(value))

    def close(self) -> None:
        """Store what still waits, if that is quick, and close the connections."""
        self._stores.close(CLOSE_SECONDS)
        self._lookups.close(CLOSE_SECONDS)
        self._readers.connection_pool.disconnect()
        self._writers.connection_pool.disconnect()

    def _look_up(self, lookups: Sequence[_Lookup]) -> None:
        for lookup in lookups:
            found = None
            try:
                found = _ask(self._readers, lookup.keys)
            finally:
                lookup.answer.put(found)

    def _probe_lookups(self) -> None:
        _ask(self._readers, ["probe"])

    def _store(self, items: Sequence[tuple[str, bytes]]) -> None:
        trip = self._writers.pipeline(transaction=False)
        for key, value in items:
            trip.set(KEY_PREFIX + key, self._compressor.compress(value), ex=self._ttl)
        for reply in trip.execute(raise_on_error=False):
            if isinstance(reply, Exception):
                raise reply
            if reply is not True:
                raise UnexpectedReplyError(f"to SET: {reply!r:.100}")

    def _probe_stores(self) -> None:
        self._writers.set(PROBE_KEY, b"", ex=1)


def unpack(packed: bytes) -> bytes | None:
    """The outcome in a stored value, or None when it is none of ours. Never takes more than `MAX_VALUE`."""
    try:
        size = zstandard.frame_content_size(packed)
        if not 0 <= size <= MAX_VALUE:  # unknown is below zero: ours always say
            return None
        return zstandard.ZstdDecompressor().decompress(packed, allow_extra_data=False)
    except zstandard.ZstdError:
        return None


def _pool(options: dict[str, Any]) -> redis.ConnectionPool:
    return redis.ConnectionPool(**options)


def _ask(client: redis.Redis, keys: Sequence[str]) -> Sequence[bytes | None]:
    reply: Any = client.mget([KEY_PREFIX + key for key in keys])
    if (
        isinstance(reply, list)
        and len(reply) == len(keys)
        and all(value is None or isinstance(value, bytes) for value in reply)
    ):
        return reply
    raise UnexpectedReplyError(f"to MGET of {len(keys)} keys: {reply!r:.100}")


def redis_check(settings: Settings) -> tuple[bool, str]:
    """Whether the cache works with these settings, in one line with the reason and the next step."""
    if settings.redis_url is None:
        return True, "not configured (PAGESIEVE_REDIS_URL): every page is cleaned, none is remembered"
    try:
        options = connection_options(settings)
    except ValueError as error:
        return False, str(error)
    where = options.get("path") or f"{options.get('host', 'localhost')}:{options.get('port', 6379)}"
    client = redis.Redis(connection_pool=_pool(options))
    cut_off = threading.Timer(CHECK_SECONDS, client.connection_pool.disconnect)
    cut_off.start()
    try:
        return True, f"{where}: {_try_out(client)}"
    except Exception as error:  # noqa: BLE001 - whatever answers at that address, the answer is one line
        return False, f"{where}: {_explain(error, settings)}"
    finally:
        cut_off.cancel()
        client.connection_pool.disconnect()


def _try_out(client: redis.Redis) -> str:
    """Store and look up, by the commands that the worker uses: its user may be allowed no other."""
    key, value = f"{PROBE_KEY}:{secrets.token_hex(8)}", secrets.token_bytes(1024)
    client.set(key, value, ex=10)
    started = time.monotonic()
    if _ask(client, [key.removeprefix(KEY_PREFIX)]) != [value]:
        raise UnexpectedReplyError("what was stored did not come back")
    took = time.monotonic() - started
    client.set(key, b"", px=1)  # gone in a moment
    name, advice = _about(client)
    return f"{name} gives back what it stored, in {took * 1000:.1f} ms{advice}"


def _about(client: redis.Redis) -> tuple[str, str]:
    """The name and version of the server, and what to mend in it; as far as this user may ask."""
    try:
        info: Any = client.info()
    except redis.exceptions.NoPermissionError:
        return "Redis", " (its version and policy are not told: this user may not call INFO)"
    name = str(info.get("server_name") or "redis").capitalize()
    version = info.get(f"{name.lower()}_version") or info.get("redis_version", "of unknown version")
    full = info.get("maxmemory") and info.get("maxmemory_policy") == "noeviction"
    advice = " (when full, its policy noeviction stores no more; allkeys-lru would go on)" if full else ""
    return f"{name} {version}", advice


def _explain(error: Exception, settings: Settings) -> str:
    step = ""
    if isinstance(error, redis.TimeoutError):
        return f"no answer within {settings.cache_timeout:g} s (PAGESIEVE_CACHE_TIMEOUT)"
    if isinstance(error, redis.AuthenticationError):
        step = "; see PAGESIEVE_REDIS_USERNAME and PAGESIEVE_REDIS_PASSWORD"
    elif isinstance(error, redis.exceptions.NoPermissionError):
        step = f"; allow its user MGET and SET on {KEY_PREFIX}*"
    elif isinstance(error, redis.ReadOnlyError):
        step = "; name the primary, not a replica"
    elif isinstance(error, redis.OutOfMemoryError):
        step = "; give it more memory, or maxmemory-policy allkeys-lru"
    elif "CERTIFICATE_VERIFY_FAILED" in str(error):
        step = "; see PAGESIEVE_REDIS_SSL_CAFILE, and the host in PAGESIEVE_REDIS_URL"
    return one_line(error) + step
