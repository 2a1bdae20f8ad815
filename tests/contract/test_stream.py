"""The contract of `ports.Stream`, held by every place that a stream can be in."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.conftest import Names
from tests.contract.fakeworld import FakeWorld
from tests.contract.worlds import PARTITIONS, KafkaWorld, World, in_order, numbered
from tests.identity import IdentityWorker
from tests.servers.processes import wait_for
from worker.pipeline.ports import Message, Outgoing, Partition, PublishFailed

COUNT = 50  # pages of each partition
SECONDS = 30.0


@pytest.fixture(params=["fake", "embedded", pytest.param("kafka", marks=pytest.mark.kafka)])
def world(request: pytest.FixtureRequest, names: Names) -> World:
    if request.param == "fake":
        return FakeWorld()
    server = request.getfixturevalue(request.param)
    return KafkaWorld(server.bootstrap_servers, names)


@contextmanager
def working(world: World, slot: int = 0, hold: bool = False) -> Iterator[IdentityWorker]:
    """A worker with its stream started; closed at the end."""
    worker = IdentityWorker(world.stream(slot), world.articles, hold=hold)
    worker.start()
    try:
        yield worker
    finally:
        worker.stream.close(5)


@contextmanager
def in_background(*workers: IdentityWorker) -> Iterator[None]:
    """Turn these on threads of their own meanwhile."""
    stop = threading.Event()
    errors: list[BaseException] = []

    def run(worker: IdentityWorker) -> None:
        try:
            while not stop.is_set():
                worker.turn(0.1)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(SECONDS)
    assert not errors, errors


def turn_until(worker: IdentityWorker, condition: Callable[[list[Message]], bool]) -> list[Message]:
    """Turn until the messages that came in are as wanted."""
    messages: list[Message] = []

    def enough() -> bool:
        messages.extend(worker.turn(0.1))
        return condition(messages)

    wait_for(enough, SECONDS, "messages", pause=0)
    return messages


def reads(count: int) -> Callable[[list[Message]], bool]:
    return lambda messages: len(messages) >= count


def places_of(worker: IdentityWorker) -> set[Partition]:
    """The partitions that the worker was told of and not taken from it since."""
    places: set[Partition] = set()
    for what, partitions in worker.events:
        if what == "assigned":
            places |= partitions
        elif what == "revoking":
            places -= partitions
    return places


def test_messages_come_whole_and_in_order(world: World) -> None:
    world.fill(numbered(COUNT))
    with working(world, hold=True) as worker:
        messages = turn_until(worker, reads(COUNT * PARTITIONS))
    assert in_order(messages, COUNT)
    offsets = [message.offset for message in messages if message.partition.number == 2]
    assert offsets == list(range(COUNT))
    assert all(message.timestamp and message.timestamp > 1_600_000_000_000 for message in messages)


def test_a_poll_gives_no_more_than_it_is_asked_for(world: World) -> None:
    world.fill(numbered(COUNT))
    with working(world, hold=True) as worker:
        sizes = [len(worker.turn(0.2, max_records=7)) for _ in range(20)]
    assert max(sizes) == 7


def test_what_is_published_and_what_is_committed_agree(world: World) -> None:
    world.fill(numbered(COUNT))
    with working(world, hold=True) as worker:
        turn_until(worker, reads(COUNT * PARTITIONS))
        worker.publish([world.partition(0), world.partition(3)], share=0.5)
        seen = world.published(world.articles)
        assert {message.key for message in seen} == {b"key0", b"key3"}
        assert len(seen) == COUNT
        half = COUNT // 2
        assert world.committed() == {world.partition(0): half, world.partition(3): half}


def test_headers_and_times_go_through(world: World) -> None:
    world.fill([(0, b"key", b"page")])
    headers = (("pagesieve.reason", b"empty"), ("url", "https://example.org/ن".encode()))
    with working(world, hold=True) as worker:
        (message,) = turn_until(worker, reads(1))
        letter = Outgoing(world.dead, message.key, message.value, headers, message.timestamp)
        worker.stream.publish([letter], {message.partition: message.offset + 1})
    (seen,) = world.published(world.dead)
    assert seen.headers == headers
    assert (seen.key, seen.value) == (b"key", b"page")


def test_a_message_with_neither_key_nor_value_goes_through(world: World) -> None:
    world.fill(numbered(1))
    with working(world, hold=True) as worker:
        first, *_ = turn_until(worker, reads(PARTITIONS))
        worker.stream.publish([Outgoing(world.dead, None, None)], {first.partition: first.offset + 1})
    assert [message.key for message in world.published(world.dead)] == [None]


def test_offsets_without_messages_are_committed(world: World) -> None:
    world.fill(numbered(3))
    with working(world, hold=True) as worker:
        turn_until(worker, reads(3 * PARTITIONS))
        worker.stream.publish([], {world.partition(1): 3})
    assert world.committed() == {world.partition(1): 3}
    assert world.published(world.articles) == []


def test_a_restart_goes_on_where_the_last_commit_ended(world: World) -> None:
    world.fill(numbered(COUNT))
    with working(world, hold=True) as first:
        turn_until(first, reads(COUNT * PARTITIONS))
        first.publish(share=0.4)
    with working(world) as second:
        messages = turn_until(second, lambda _: second.published >= 0.6 * COUNT * PARTITIONS)
    assert min(message.offset for message in messages) == COUNT * 0.4
    assert in_order(world.published(world.articles), COUNT)


def test_a_second_owner_of_the_transactional_id_fences_the_first(world: World) -> None:
    world.fill(numbered(COUNT))
    with working(world, hold=True) as first:
        turn_until(first, reads(COUNT * PARTITIONS))
        second = world.stream()
        second.start(IdentityWorker(second, world.articles))
        try:
            assert not first.publish()
            assert world.published(world.articles) == []
            assert world.committed() == {}
        finally:
            second.close(5)


def test_a_failed_commit_drops_what_is_in_flight_and_reads_it_again(world: World) -> None:
    world.fill(numbered(COUNT))
    with working(world, hold=True) as worker:
        turn_until(worker, reads(COUNT * PARTITIONS))
        worker.publish(share=0.2)
        other = world.stream()
        other.start(IdentityWorker(other, world.articles))
        other.close(5)
        assert not worker.publish()
        with pytest.raises(PublishFailed):  # and it stays failed until the next poll
            worker.stream.publish([], {world.partition(0): COUNT})
        worker.events.clear()
        worker.committed.clear()
        again = turn_until(worker, reads(int(COUNT * PARTITIONS * 0.8)))
        assert worker.events[0] == ("dropped", frozenset(world.partition(n) for n in range(PARTITIONS)))
        assert min(message.offset for message in again) == COUNT * 0.2
        assert {offset for offset, _ in worker.committed.values()} == {COUNT * 0.2}
        worker.publish()
        assert in_order(world.published(world.articles), COUNT)


def test_committed_offsets_are_told_whenever_they_are_found_and_void_before_that(world: World) -> None:
    """Also when no message comes: whoever keeps something of what was found has to know."""
    world.fill(numbered(COUNT))
    places = frozenset(world.partition(number) for number in range(PARTITIONS))
    with working(world) as worker:
        turn_until(worker, lambda _: len(world.published(world.articles)) == COUNT * PARTITIONS)
        for _ in range(2):
            worker.events.clear()
            worker.committed.clear()
            other = world.stream()
            other.start(IdentityWorker(other, world.articles))
            other.close(5)
            with pytest.raises(PublishFailed):
                worker.stream.publish([], dict.fromkeys(places, COUNT))
            turn_until(worker, lambda _: len(worker.committed) == PARTITIONS)
            assert worker.events == [("dropped", places)]
            assert not any(note for _, note in worker.committed.values())


def test_two_members_share_the_partitions(world: World) -> None:
    world.fill(numbered(COUNT))
    with working(world, 1) as first, working(world, 2) as second, in_background(first, second):
        half = PARTITIONS // 2
        wait_for(lambda: len(places_of(first)) == len(places_of(second)) == half, SECONDS, "a share each")
        assert not places_of(first) & places_of(second)
        world.fill([(place, key, b"%d" % (COUNT + int(value))) for place, key, value in numbered(COUNT)])
        everything = 2 * COUNT * PARTITIONS
        wait_for(lambda: first.published + second.published >= everything, SECONDS, "every page")
        assert first.stream.joined()
        assert second.stream.joined()
    assert in_order(world.published(world.articles), 2 * COUNT)
    assert not first.failures
    assert not second.failures


def test_partitions_that_go_are_published_first(world: World) -> None:
    world.fill(numbered(COUNT))
    with working(world, 1, hold=True) as first:
        turn_until(first, reads(COUNT * PARTITIONS))
        with working(world, 2) as second, in_background(first, second):
            wait_for(lambda: bool(places_of(second)), SECONDS, "the second has its share")
            assert in_order(world.published(world.articles), COUNT)
    assert not first.failures
    assert first.published == COUNT * PARTITIONS
    assert second.published == 0


def test_a_member_that_closes_leaves_its_partitions_at_once(world: World) -> None:
    world.fill(numbered(COUNT))
    with working(world, 2, hold=True) as second:
        with working(world, 1) as first, in_background(first, second):
            wait_for(lambda: len(places_of(second)) == PARTITIONS // 2, SECONDS, "a share each")
        second.hold = False
        with in_background(second):  # the session timeout is 6 s
            wait_for(lambda: len(places_of(second)) == PARTITIONS, 5, "the second has all partitions")
            wait_for(lambda: first.published + second.published == COUNT * PARTITIONS, SECONDS, "every page")
    assert in_order(world.published(world.articles), COUNT)


def test_paused_partitions_give_nothing_until_they_are_resumed(world: World) -> None:
    with working(world) as worker:
        wait_for(lambda: worker.turn(0.1) == [] and worker.stream.joined(), SECONDS, "joined", pause=0)
        quiet = [world.partition(0), world.partition(1)]
        worker.stream.pause(quiet)
        world.fill(numbered(COUNT))
        messages = turn_until(worker, reads(COUNT * PARTITIONS // 2))
        assert not [message for message in messages if message.partition in quiet]
        assert all(not worker.turn(0.2) for _ in range(3))
        worker.stream.resume(quiet)
        messages += turn_until(worker, reads(COUNT * PARTITIONS // 2))
    assert in_order(messages, COUNT)


def test_lag_tells_what_is_still_to_be_read(world: World) -> None:
    world.fill(numbered(COUNT))
    with working(world, hold=True) as worker:
        read = 0

        def known() -> bool:
            nonlocal read
            read += len(worker.turn(0.1, max_records=3))
            return len(worker.stream.lag()) == PARTITIONS

        wait_for(known, SECONDS, "a lag of each partition", pause=0)
        assert sum(worker.stream.lag().values()) == COUNT * PARTITIONS - read > 0
        turn_until(worker, reads(COUNT * PARTITIONS - read))
        assert worker.stream.lag() == {world.partition(number): 0 for number in range(PARTITIONS)}


def test_offsets_that_were_never_delivered_cannot_be_committed(world: World) -> None:
    world.fill(numbered(COUNT))
    with working(world, hold=True) as worker:
        turn_until(worker, reads(COUNT * PARTITIONS))
        with pytest.raises(ValueError, match="not of this membership"):
            worker.stream.publish([], {world.partition(0): COUNT + 1})
