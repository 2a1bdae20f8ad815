"""What can happen to brokers, Redis and the network. Each fault gives a line about what was done."""

import random
import time
from collections.abc import Callable, Sequence
from functools import cache

import redis
import zstandard

from tests.chaos.cluster import ChaosCluster
from tests.chaos.fleet import Fleet
from tests.chaos.network import Link
from tests.chaos.schedule import Fault, Kind
from tests.chaos.workerfaults import Pause
from tests.servers.redis import RedisServer
from worker.adapters.redis import KEY_PREFIX

_KAFKA_DELAY, _REDIS_DELAY = (0.03, 0.4), (0.02, 0.3)  # seconds, one way
_CUT_EVERY = 1.0
_KEYS_A_TRIP = 500
_WHOLE_SECONDS = 90.0  # for a broker that came back to have what the others have


class BrokerFaults:
    """The faults of the brokers' lane: one node after the other, for two must be there."""

    def __init__(self, cluster: ChaosCluster, fleet: Fleet, pause: Pause):
        self._cluster = cluster
        self._fleet = fleet
        self._pause = pause
        self.ways: dict[Kind, Callable[[Fault], str]] = {
            Kind.LEADER_KILLED: lambda fault: self._down(fault, self._leader(fault), cluster.kill),
            Kind.LEADER_STOPPED: lambda fault: self._down(fault, self._leader(fault), cluster.stop),
            Kind.LEADER_FROZEN: self._freeze,
            Kind.GROUP_COORDINATOR_KILLED: lambda fault: self._down(fault, self._of_group(), cluster.kill),
            Kind.GROUP_COORDINATOR_STOPPED: lambda fault: self._down(fault, self._of_group(), cluster.stop),
            Kind.TRANSACTION_COORDINATOR_KILLED: (
                lambda fault: self._down(fault, self._of_transactions(fault), cluster.kill)
            ),
            Kind.TRANSACTION_COORDINATOR_STOPPED: (
                lambda fault: self._down(fault, self._of_transactions(fault), cluster.stop)
            ),
            Kind.BROKERS_ROLLED: self._roll,
        }

    def _leader(self, fault: Fault) -> int:
        settings = self._fleet.group.settings
        topics = (settings.raw_topic, settings.articles_topic, settings.dead_topic)
        return self._cluster.leader(topics[fault.target % len(topics)], fault.target // len(topics))

    def _of_group(self) -> int:
        return self._cluster.group_coordinator(self._fleet.group.name)

    def _of_transactions(self, fault: Fault) -> int:
        slot = fault.target % self._fleet.most
        return self._cluster.transaction_coordinator(self._fleet.group.name, slot)

    def _down(self, fault: Fault, node: int, end: Callable[[int], None]) -> str:
        end(node)
        self._pause(fault.seconds)
        self._cluster.start(node)
        self._until_whole()
        return f"broker {node + 1}, down for {fault.seconds:g} s"

    def _freeze(self, fault: Fault) -> str:
        node = self._leader(fault)
        self._cluster.freeze(node)
        try:
            self._pause(fault.seconds)
        finally:
            self._cluster.thaw(node)
        self._until_whole()
        return f"broker {node + 1} for {fault.seconds:g} s"

    def _until_whole(self) -> None:
        # As whoever rolls brokers does: with two of three replicas behind, nobody can write.
        until = time.monotonic() + _WHOLE_SECONDS
        while not self._cluster.is_whole():
            if time.monotonic() > until:
                raise TimeoutError(f"replicas were behind for {_WHOLE_SECONDS:g} s")
            self._pause(0.5)

    def _roll(self, fault: Fault) -> str:
        for node in self._cluster.nodes:
            self._cluster.stop(node)
            self._cluster.start(node)
            self._until_whole()
            self._pause(fault.seconds)
        return f"brokers 1 to {len(self._cluster.nodes)}, one after the other"


class RedisFaults:
    """The faults of Redis, and of the way there."""

    def __init__(self, server: RedisServer, link: Link, pause: Pause):
        self._server = server
        self._link = link
        self._pause = pause
        self.ways: dict[Kind, Callable[[Fault], str]] = {
            Kind.REDIS_STOPPED: self._stop,
            Kind.REDIS_FROZEN: self._freeze,
            Kind.REDIS_FULL: self._fill,
            Kind.REDIS_CORRUPTED: self._corrupt,
            Kind.REDIS_FLUSHED: self._flush,
            Kind.REDIS_SLOW: lambda fault: slow([self._link], fault, _REDIS_DELAY, self._pause),
            Kind.REDIS_CUT_OFF: lambda fault: cut_off([self._link], fault, self._pause),
            Kind.REDIS_HALF_OPEN: lambda fault: half_open([self._link], fault, self._pause),
        }

    def _stop(self, fault: Fault) -> str:
        self._server.stop()
        self._pause(fault.seconds)
        self._server.start()
        return f"for {fault.seconds:g} s, and empty after it"

    def _freeze(self, fault: Fault) -> str:
        self._server.freeze()
        try:
            self._pause(fault.seconds)
        finally:
            self._server.thaw()
        return f"for {fault.seconds:g} s"

    def _fill(self, fault: Fault) -> str:
        with self._client() as client:
            client.config_set("maxmemory-policy", "noeviction")
            client.config_set("maxmemory", 1)
            try:
                self._pause(fault.seconds)
            finally:
                client.config_set("maxmemory", 0)
        return f"stored nothing for {fault.seconds:g} s"

    def _corrupt(self, fault: Fault) -> str:
        chance = random.Random(fault.target)
        with self._client() as client:
            keys = list(client.scan_iter(match=f"{KEY_PREFIX}*", count=_KEYS_A_TRIP))
            for start in range(0, len(keys), _KEYS_A_TRIP):
                trip = client.pipeline(transaction=False)
                for key in keys[start : start + _KEYS_A_TRIP]:
                    _spoil(trip, key, chance)
                trip.execute()
        return f"rubbish under all {len(keys)} keys"

    def _flush(self, fault: Fault) -> str:
        with self._client() as client:
            size = client.dbsize()
            client.flushall()
        return f"{size} keys gone"

    def _client(self) -> redis.Redis:
        return redis.Redis(port=self._server.port, socket_timeout=30)


@cache
def _rubbish() -> Sequence[bytes]:
    packed = zstandard.ZstdCompressor(level=1, write_checksum=True)
    noise = bytes(range(256))
    return [
        b"",
        noise,
        packed.compress(noise),
        packed.compress(b"{}"),
        packed.compress(b'{"paragraphs": 7, "reason": "no such reason"}'),
        packed.compress(b"[" * 100_000),
        packed.compress(bytes(50_000_000)),
    ]


def _spoil(trip: "redis.client.Pipeline", key: bytes, chance: random.Random) -> None:
    trip.delete(key)
    if chance.random() < 0.1:
        trip.rpush(key, b"a list")
    else:
        trip.set(key, chance.choice(_rubbish()))


class NetworkFaults:
    """The faults of the way between the workers and one broker, or all of them."""

    def __init__(self, links: Sequence[Link], pause: Pause):
        self._links = links
        self._pause = pause
        self.ways: dict[Kind, Callable[[Fault], str]] = {
            Kind.KAFKA_SLOW: lambda fault: slow(self._some(fault), fault, _KAFKA_DELAY, pause),
            Kind.KAFKA_CUT_OFF: lambda fault: cut_off(self._some(fault), fault, pause),
            Kind.KAFKA_HALF_OPEN: lambda fault: half_open(self._some(fault), fault, pause),
        }

    def _some(self, fault: Fault) -> Sequence[Link]:
        chosen = fault.target % (len(self._links) + 1)
        return self._links if chosen == len(self._links) else [self._links[chosen]]


def slow(links: Sequence[Link], fault: Fault, delays: tuple[float, float], pause: Pause) -> str:
    """Every byte comes later."""
    delay = random.Random(fault.target).uniform(*delays)
    for link in links:
        link.slow(delay)
    _hold(links, fault, pause)
    return f"{_whom(links)}{delay * 1000:.0f} ms each way for {fault.seconds:g} s"


def cut_off(links: Sequence[Link], fault: Fault, pause: Pause) -> str:
    """Connections are reset, time after time."""
    times = max(1, int(fault.seconds / _CUT_EVERY))
    for _ in range(times):
        for link in links:
            link.cut()
        pause(_CUT_EVERY)
    return f"{_whom(links)}all connections reset {times} times"


def half_open(links: Sequence[Link], fault: Fault, pause: Pause) -> str:
    """Connections that are there, but dead."""
    for link in links:
        link.half_open()
    _hold(links, fault, pause)
    return f"{_whom(links)}for {fault.seconds:g} s, and its connections for good"


def _hold(links: Sequence[Link], fault: Fault, pause: Pause) -> None:
    try:
        pause(fault.seconds)
    finally:
        for link in links:
            link.heal()


def _whom(links: Sequence[Link]) -> str:
    return f"{len(links)} brokers, " if len(links) > 1 else ""
