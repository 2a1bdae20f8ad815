"""The circuit breaker, the lane behind it, and what is done to a stored value."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest
import zstandard

from worker.adapters.breaker import Breaker
from worker.adapters.lane import Lane
from worker.adapters.redis import MAX_VALUE, unpack
from worker.adapters.redis_address import connection_options
from worker.environment import load_settings


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def fast_breaker(pause: float = 0.02) -> Breaker:
    return Breaker(failures=3, first_pause=pause, longest_pause=pause)


def wait_until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition did not come true in time"
        time.sleep(0.002)


# The breaker


def test_opens_after_failures_in_a_row_only() -> None:
    breaker = Breaker(failures=3, clock=Clock())
    assert [breaker.failed(), breaker.failed()] == [False, False]
    assert not breaker.succeeded()
    assert [breaker.failed(), breaker.failed(), breaker.failed()] == [False, False, True]
    assert not breaker.closed


def test_a_probe_is_due_after_the_pause_and_a_success_closes() -> None:
    clock = Clock()
    breaker = Breaker(failures=1, first_pause=2.0, clock=clock, spread=lambda: 0.5)
    assert breaker.probe_in() == 0.0
    assert breaker.failed()
    assert breaker.probe_in() == pytest.approx(2.0)
    clock.now += 1.5
    assert breaker.probe_in() == pytest.approx(0.5)
    clock.now += 1.0
    assert breaker.probe_in() == 0.0
    assert not breaker.closed
    assert breaker.succeeded()
    assert breaker.closed
    assert not breaker.succeeded()


def test_the_pause_doubles_up_to_its_bound() -> None:
    breaker = Breaker(failures=1, first_pause=1.0, longest_pause=5.0, clock=Clock(), spread=lambda: 0.5)
    pauses = []
    for _ in range(5):
        breaker.failed()
        pauses.append(round(breaker.probe_in(), 6))
    assert pauses == [1.0, 2.0, 4.0, 5.0, 5.0]


@pytest.mark.parametrize(("drawn", "pause"), [(0.0, 0.8), (0.999999, 1.2)])
def test_the_pause_is_spread_by_a_fifth(drawn: float, pause: float) -> None:
    breaker = Breaker(failures=1, first_pause=1.0, clock=Clock(), spread=lambda: drawn)
    breaker.failed()
    assert breaker.probe_in() == pytest.approx(pause, abs=1e-3)


def test_a_service_that_answers_probes_only_is_left_alone_for_longer_and_longer() -> None:
    breaker = Breaker(failures=3, first_pause=1.0, longest_pause=8.0, clock=Clock(), spread=lambda: 0.5)
    pauses = []
    for _ in range(5):
        while not breaker.failed():
            pass
        pauses.append(round(breaker.probe_in(), 6))
        assert breaker.succeeded()
    assert pauses == [1.0, 2.0, 4.0, 8.0, 8.0]
    for _ in range(3):
        breaker.succeeded()
    while not breaker.failed():
        pass
    assert breaker.probe_in() == pytest.approx(1.0)


# The lane


class Service:
    """Takes calls; told to fail or to hang."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.probes = 0
        self.errors: list[str] = []
        self.fails = False
        self.cut_offs = 0
        self.gate = threading.Event()
        self.gate.set()

    def call(self, items: Sequence[int]) -> None:
        self.gate.wait(10)
        self.calls.append(list(items))
        self.check()

    def probe(self) -> None:
        self.probes += 1
        self.check()

    def cut_off(self) -> None:
        self.cut_offs += 1
        self.fails = True
        self.gate.set()

    def check(self) -> None:
        if self.fails:
            raise AttributeError("a reply\nthat makes no sense")


@contextmanager
def lane_to(
    service: Service,
    *,
    breaker: Breaker | None = None,
    patience: float = 5.0,
    capacity: int = 100,
    batch: int = 10,
) -> Iterator[Lane[int]]:
    lane = Lane(
        "test lane",
        service.call,
        service.probe,
        breaker=breaker or fast_breaker(),
        cut_off=service.cut_off,
        patience=patience,
        capacity=capacity,
        batch=batch,
        on_error=service.errors.append,
    )
    try:
        yield lane
    finally:
        service.gate.set()
        lane.close(5)


def test_items_go_in_order_and_in_batches() -> None:
    service = Service()
    service.gate.clear()
    with lane_to(service) as lane:
        assert all(lane.offer(number) for number in range(25))
        service.gate.set()
        wait_until(lambda: sum(map(len, service.calls)) == 25)
    assert [item for call in service.calls for item in call] == list(range(25))
    assert max(map(len, service.calls)) == 10


def test_never_holds_more_than_its_capacity_but_always_one_item() -> None:
    service = Service()
    service.gate.clear()
    with lane_to(service, capacity=10) as lane:
        assert lane.offer(1, 50)
        assert not lane.offer(2, 1)
        service.gate.set()
        wait_until(lambda: lane.offer(3, 6))
        wait_until(lambda: service.calls == [[1], [3]])


def test_an_offer_never_waits_for_a_call_that_hangs() -> None:
    service = Service()
    service.gate.clear()
    with lane_to(service, capacity=1) as lane:
        assert lane.offer(1)
        started = time.monotonic()
        assert not any(lane.offer(number) for number in range(1000))
        assert time.monotonic() - started < 5.0


def test_left_alone_after_failures_and_taken_up_again_by_a_probe(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "worker.adapters.lane")
    service = Service()
    service.fails = True
    with lane_to(service, batch=1) as lane:
        wait_until(lambda: not lane.offer(1))
        wait_until(lambda: service.probes >= 3)
        called = len(service.calls)
        assert called == 3
        assert not lane.offer(2)
        assert service.errors == ["AttributeError"] * 3
        service.fails = False
        wait_until(lambda: lane.offer(3))
        wait_until(lambda: service.calls[-1] == [3])
    assert len(service.calls) == called + 1
    assert [record.getMessage() for record in caplog.records] == [
        "test lane: left alone until it works again: AttributeError: a reply that makes no sense",
        "test lane: works again",
    ]


def test_what_waits_is_dropped_when_the_circuit_opens() -> None:
    service = Service()
    service.fails = True
    service.gate.clear()
    with lane_to(service, breaker=fast_breaker(0.2), batch=1, capacity=5) as lane:
        assert all(lane.offer(number) for number in range(5))
        service.gate.set()
        wait_until(lambda: len(service.calls) == 3 and not lane.offer(9))
        service.fails = False
        wait_until(lambda: lane.offer(7, 5))  # the whole capacity is free again
        wait_until(lambda: service.calls[-1] == [7])
    assert len(service.calls) == 4


def test_a_slow_success_is_a_failure() -> None:
    service = Service()
    with lane_to(service, patience=0.0, batch=1) as lane:
        wait_until(lambda: not lane.offer(1))
    assert service.errors[:3] == ["TimeoutError"] * 3


def test_a_call_that_goes_on_too_long_is_cut_off() -> None:
    service = Service()
    service.gate.clear()
    with lane_to(service, patience=0.05, capacity=1) as lane:
        assert lane.offer(1)
        assert not lane.offer(2)
        assert service.cut_offs == 0
        wait_until(lambda: not lane.offer(3) and service.cut_offs > 0)
        wait_until(lambda: service.errors == ["AttributeError"])


def test_close_makes_the_calls_that_wait() -> None:
    service = Service()
    service.gate.clear()
    with lane_to(service) as lane:
        assert all(lane.offer(number) for number in range(30))
    assert sum(map(len, service.calls)) == 30
    assert not lane.offer(1)


def test_close_is_bounded_when_a_call_hangs() -> None:
    service = Service()
    service.gate.clear()
    with lane_to(service) as lane:
        lane.offer(1)
        started = time.monotonic()
        lane.close(0.05)
        assert time.monotonic() - started < 5.0


# Stored values


def test_unpack_gives_what_was_packed() -> None:
    value = b'{"article": null}' * 100
    assert unpack(zstandard.compress(value)) == value
    assert unpack(zstandard.compress(b"")) == b""


@pytest.mark.parametrize(
    "stored",
    [
        b"",
        b"rubbish",
        b'{"text": "not compressed"}',
        b"\x28\xb5\x2f\xfd",
        zstandard.compress(b"x" * 1000)[:-3],
        zstandard.compress(b"x" * 1000) + b"tail",
        zstandard.ZstdCompressor(write_content_size=False).compress(b"x" * 1000),
    ],
    ids=["nothing", "rubbish", "json", "magic only", "cut off", "tail", "size not told"],
)
def test_unpack_takes_nothing_else(stored: bytes) -> None:
    assert unpack(stored) is None


def test_unpack_sees_a_flipped_bit() -> None:
    packed = bytearray(zstandard.ZstdCompressor(write_checksum=True).compress(bytes(range(256)) * 8))
    packed[-1] ^= 1
    assert unpack(bytes(packed)) is None


def test_unpack_refuses_a_bomb_before_it_goes_off() -> None:
    bomb = zstandard.ZstdCompressor(level=3).compress(bytes(MAX_VALUE + 1))
    assert len(bomb) < 10_000
    assert unpack(bomb) is None
    liar = bytearray(bomb)  # says 1,000 bytes, holds more
    assert liar[4] & 0xC0 == 0x80
    liar[5:9] = (1000).to_bytes(4, "little")
    assert unpack(bytes(liar)) is None


# How it connects


def test_no_wait_of_the_library_is_left_even_when_the_url_asks_for_one() -> None:
    settings = load_settings(
        {
            "PAGESIEVE_REDIS_URL": "redis://me:first@cache:7000/3?socket_timeout=60&retry_on_timeout=yes",
            "PAGESIEVE_REDIS_PASSWORD": "second",
            "PAGESIEVE_CACHE_TIMEOUT": "0.2",
        }
    )
    options = connection_options(settings)
    assert (options["host"], options["port"], options["db"]) == ("cache", 7000, 3)
    assert (options["username"], options["password"]) == ("me", "second")
    assert options["socket_timeout"] == options["socket_connect_timeout"] == 0.2
    assert options["retry"].get_retries() == 0
    assert options["retry_on_timeout"] is False


def test_an_address_that_is_none_is_an_error() -> None:
    with pytest.raises(ValueError, match="redis://"):
        connection_options(load_settings({"PAGESIEVE_REDIS_URL": "http://cache:6379"}))
    with pytest.raises(ValueError, match="not set"):
        connection_options(load_settings({}))
