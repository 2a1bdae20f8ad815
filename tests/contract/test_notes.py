"""The contract of notes: what is committed beside an offset is found by whoever reads on from it."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.conftest import Names
from tests.contract.fakeworld import FakeWorld
from tests.contract.worlds import PARTITIONS, KafkaWorld, World, numbered
from tests.identity import IdentityWorker
from tests.servers.processes import wait_for
from worker.pipeline.ports import Committed, Message, Outgoing

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
def reading(world: World, slot: int = 0, others: int = 0) -> Iterator[IdentityWorker]:
    """A worker with something of all partitions but `others` in flight; nothing is published by itself."""
    worker = IdentityWorker(world.stream(slot), world.articles, hold=True)
    worker.start()
    try:
        wait_for(
            lambda: bool(worker.turn() is None or len(worker.in_flight) == PARTITIONS - others),
            SECONDS,
            "pages",
        )
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
        assert not worker.committed
        offsets = {head.partition: head.offset + number for number, head in enumerate(heads)}
        places = list(offsets)
        worker.stream.publish([], offsets, {places[0]: "in hand: 5*", places[1]: LONG})
    with reading(world) as worker:
        notes = ["in hand: 5*", LONG, ""]
        assert worker.committed == {
            place: Committed(offsets[place], note) for place, note in zip(places, notes, strict=True)
        }
        assert [first(worker, world, number).offset for number in range(3)] == list(offsets.values())


def test_a_commit_replaces_the_note(world: World) -> None:
    world.fill(numbered(COUNT))
    with reading(world) as worker:
        head = first(worker, world, 0)
        worker.stream.publish([], {head.partition: head.offset}, {head.partition: "first"})
        letter = Outgoing(world.dead, b"key", b"value")
        worker.stream.publish([letter], {head.partition: head.offset + 1}, {head.partition: "second"})
    with reading(world) as worker:
        assert worker.committed[head.partition] == (head.offset + 1, "second")
        worker.stream.publish([], {head.partition: head.offset + 1})
    with reading(world) as worker:
        assert worker.committed[head.partition] == (head.offset + 1, "")
    assert [seen.value for seen in world.published(world.dead)] == [b"value"]


def test_a_note_is_found_beside_its_offset_even_if_no_message_comes(world: World) -> None:
    world.fill(numbered(COUNT))
    with reading(world) as worker:
        head = first(worker, world, 0)
        held = worker.in_flight[head.partition]
        wait_for(lambda: bool(worker.turn() is None or len(held) == COUNT), SECONDS, "all its pages")
        end = held[-1].offset + 1
        worker.stream.publish([], {head.partition: end}, {head.partition: "at the end"})
    with reading(world, others=1) as worker:
        assert worker.committed == {head.partition: Committed(end, "at the end")}
        assert head.partition not in worker.in_flight
        worker.stream.publish([], {head.partition: end}, {head.partition: "still there"})
    with reading(world, others=1) as worker:
        assert worker.committed == {head.partition: Committed(end, "still there")}
