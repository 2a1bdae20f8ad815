"""The contract of notes: what is committed beside an offset is found by whoever reads on from it."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.conftest import Names
from tests.contract.fakeworld import FakeWorld
from tests.contract.worlds import PARTITIONS, KafkaWorld, World, numbered
from tests.identity import IdentityWorker
from tests.servers.processes import wait_for
from worker.pipeline.ports import Message, Outgoing

COUNT = 10
SECONDS = 30.0
LONG = "n" * 1000
DELIVERIES = ["exactly_once", "at_least_once"]


@pytest.fixture(
    params=[
        "fake",
        *(f"embedded {name}" for name in DELIVERIES),
        *(pytest.param(f"kafka {name}", marks=pytest.mark.kafka) for name in DELIVERIES),
    ]
)
def world(request: pytest.FixtureRequest, names: Names) -> World:
    server, _, delivery = str(request.param).partition(" ")
    if server == "fake":
        return FakeWorld()
    return KafkaWorld(request.getfixturevalue(server).bootstrap_servers, names, delivery=delivery)


@contextmanager
def reading(world: World, slot: int = 0) -> Iterator[IdentityWorker]:
    """A worker that has something of every partition in flight; nothing is published by itself."""
    worker = IdentityWorker(world.stream(slot), world.articles, hold=True)
    worker.start()
    try:
        wait_for(lambda: bool(worker.turn() is None or len(worker.in_flight) == PARTITIONS), SECONDS, "pages")
        yield worker
    finally:
        worker.in_flight.clear()  # not even when partitions are revoked
        worker.stream.close(5)


def first(worker: IdentityWorker, world: World, number: int) -> Message:
    return worker.in_flight[world.partition(number)][0]


def test_a_note_is_found_by_the_next_reader(world: World) -> None:
    world.fill(numbered(COUNT))
    with reading(world) as worker:
        heads = [first(worker, world, number) for number in range(3)]
        assert not any(worker.stream.note(head.partition) for head in heads)
        offsets = {head.partition: head.offset + number for number, head in enumerate(heads)}
        places = list(offsets)
        worker.stream.publish([], offsets, {places[0]: "in hand: 5*", places[1]: LONG})
    with reading(world) as worker:
        assert [worker.stream.note(place) for place in places] == ["in hand: 5*", LONG, ""]
        assert worker.stream.note(world.partition(3)) == ""
        assert [first(worker, world, number).offset for number in range(3)] == list(offsets.values())


def test_a_commit_replaces_the_note(world: World) -> None:
    world.fill(numbered(COUNT))
    with reading(world) as worker:
        head = first(worker, world, 0)
        worker.stream.publish([], {head.partition: head.offset}, {head.partition: "first"})
        letter = Outgoing(world.dead, b"key", b"value")
        worker.stream.publish([letter], {head.partition: head.offset + 1}, {head.partition: "second"})
    with reading(world) as worker:
        assert worker.stream.note(head.partition) == "second"
        worker.stream.publish([], {head.partition: head.offset + 1})
    with reading(world) as worker:
        assert worker.stream.note(head.partition) == ""
    assert [seen.value for seen in world.published(world.dead)] == [b"value"]
