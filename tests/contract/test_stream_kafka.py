"""What a stream on Kafka does beyond the common contract, on the embedded broker and on Apache Kafka."""

import threading
import time
from typing import Any

import pytest
from kafka import KafkaAdminClient
from kafka.admin import MemberToRemove

from tests.conftest import Names
from tests.contract.test_stream import COUNT, SECONDS, in_background, reads, turn_until, working
from tests.contract.worlds import PARTITIONS, KafkaWorld, in_order, numbered
from tests.identity import IdentityWorker
from tests.servers.processes import free_port, wait_for
from tests.servers.topics import create_topics, read_all
from worker.adapters.kafka.stream import KafkaStream
from worker.core.records import Reason, Rejected
from worker.environment import load_settings
from worker.pipeline.mending import mended
from worker.pipeline.ports import Message, Outgoing, StreamMisconfigured, StreamUnavailable, Unpublishable
from worker.pipeline.routing import Part, Publication, Stage, dead_letter
from worker.settings import Delivery, RemovedDetail

BOTH = ["embedded", pytest.param("kafka", marks=pytest.mark.kafka)]
REAL = [pytest.param("kafka", marks=pytest.mark.kafka)]


@pytest.fixture
def servers(request: pytest.FixtureRequest) -> str:
    address: str = request.getfixturevalue(request.param).bootstrap_servers
    return address


@pytest.fixture
def world(servers: str, names: Names) -> KafkaWorld:
    return KafkaWorld(servers, names)


def on(places: list[Any]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("servers", places, indirect=True)


@on(BOTH)
def test_a_message_above_the_clients_limit_is_named(world: KafkaWorld) -> None:
    world.fill(numbered(3))
    worker = IdentityWorker(
        world.stream(max_page_bytes=10_000, kafka_max_request_size=20_000), world.articles
    )
    worker.hold = True
    worker.start()
    try:
        messages = turn_until(worker, reads(3 * PARTITIONS))
        good = [Outgoing(world.articles, message.key, message.value) for message in messages]
        large = Outgoing(world.dead, b"key", b"x" * 30_000)
        offsets = {world.partition(number): 3 for number in range(PARTITIONS)}
        with pytest.raises(Unpublishable, match="kafka_max_request_size") as caught:
            worker.stream.publish([*good, large], offsets)
        assert caught.value.messages == (large,)
        assert world.committed() == {}
        worker.stream.publish([*good, Outgoing(world.dead, b"key", None)], offsets)
    finally:
        worker.stream.close(5)
    assert in_order(world.published(world.articles), 3)
    assert [seen.value for seen in world.published(world.dead)] == [None]
    assert [what for what, _ in worker.events] == ["assigned"]


@on(REAL)
def test_of_many_messages_only_those_that_the_broker_refuses_are_named(
    world: KafkaWorld, servers: str, names: Names
) -> None:
    small = names.new("small")
    create_topics(servers, {small: 2}, max_message_bytes="50000")
    world.fill(numbered(COUNT))
    noise = bytes(range(256)) * 4
    with working(world, hold=True) as worker:
        messages = turn_until(worker, reads(COUNT * PARTITIONS))
        good = [Outgoing(world.articles, message.key, message.value) for message in messages]
        fits = [Outgoing(small, b"%d" % number, noise) for number in range(30)]
        large = [Outgoing(small, b"large%d" % number, random_bytes(80_000)) for number in range(3)]
        offsets = {world.partition(number): COUNT for number in range(PARTITIONS)}
        refused: set[Outgoing] = set()
        for _ in range(len(large)):
            with pytest.raises(Unpublishable) as caught:
                worker.stream.publish(
                    [*good[:100], *(one for one in large if one not in refused), *good[100:], *fits], offsets
                )
            assert set(caught.value.messages) <= set(large) - refused
            refused |= set(caught.value.messages)
            if len(refused) == len(large):
                break
        worker.stream.publish([*good, *fits], offsets)
    assert in_order(world.published(world.articles), COUNT)
    assert len(read_all(servers, small)) == len(fits)
    assert [what for what, _ in worker.events] == ["assigned"]


ALL_PARTS = [Part.VALUE, Part.HEADERS, Part.KEY]


@on(BOTH)
def test_a_dead_letter_that_the_client_refuses_goes_without_its_page(servers: str, names: Names) -> None:
    come_as_dead_letter(KafkaWorld(servers, names, kafka_max_request_size=20_000), ALL_PARTS)


@on(REAL)
def test_a_dead_letter_comes_to_a_topic_that_takes_only_small_messages(servers: str, names: Names) -> None:
    world = KafkaWorld(servers, names)
    world.dead = names.new("dead")
    create_topics(servers, {world.dead: 1}, max_message_bytes="20000")
    come_as_dead_letter(world, ALL_PARTS)


@on(REAL)
def test_a_dead_letter_without_a_key_comes_whole_to_a_compacted_topic(servers: str, names: Names) -> None:
    world = KafkaWorld(servers, names)
    world.dead = names.new("dead")
    create_topics(servers, {world.dead: 1}, cleanup_policy="compact")
    come_as_dead_letter(world, [Part.KEY])


def come_as_dead_letter(world: KafkaWorld, parts: list[Part]) -> None:
    """A page is refused as often as `parts` tells, each time for one of them, and then taken."""
    publication = Publication(world.articles, world.dead, RemovedDetail.FULL, "0", "0", "rules")
    keyless = parts == [Part.KEY]
    world.fill([(0, b"key", b"0"), (0, b"key", b"1")])
    stream = world.stream(max_page_bytes=10_000)
    worker = IdentityWorker(stream, world.articles, hold=True)
    worker.start()
    try:
        page, other = turn_until(worker, reads(2))
        page = Message(
            page.partition,
            page.offset,
            None if keyless else random_bytes(30_000),
            random_bytes(50_000),
            (("large", random_bytes(40_000)),),
        )
        good = dead_letter(other, Rejected(Reason.EMPTY, ""), publication, Stage.CLEAN)
        letter = dead_letter(page, Rejected(Reason.EMPTY, ""), publication, Stage.CLEAN)
        for part in parts:
            with pytest.raises(Unpublishable) as caught:
                stream.publish([good, letter], {page.partition: 2})
            assert (caught.value.messages, caught.value.keyless) == ((letter,), keyless)
            letter, changed = mended(letter, page, caught.value)
            assert changed is part
        stream.publish([good, letter], {page.partition: 2})
    finally:
        stream.close(5)
    own_key = f"{world.raw}-0-0".encode()
    assert [seen.key for seen in world.published(world.dead)] == [b"key", own_key]
    assert world.published(world.dead)[1].value == (page.value if keyless else None)


def random_bytes(size: int) -> bytes:
    """Bytes that no compression makes smaller."""
    import random

    return random.Random(size).randbytes(size)


@on(BOTH)
def test_latest_starts_at_the_end_and_then_misses_nothing(world: KafkaWorld) -> None:
    world.fill(numbered(COUNT))

    def member() -> IdentityWorker:
        worker = IdentityWorker(world.stream(kafka_auto_offset_reset="latest"), world.articles, hold=True)
        worker.start()
        return worker

    first = member()
    wait_for(lambda: first.turn(0.1) == [] and bool(first.events), SECONDS, "assigned", pause=0)
    first.stream.close(5)
    world.fill([(place, b"key%d" % place, b"0") for place in range(PARTITIONS)])
    second = member()
    try:
        messages = turn_until(second, reads(PARTITIONS))
    finally:
        second.stream.close(5)
    assert {message.offset for message in messages} == {COUNT}


@on(BOTH)
def test_at_least_once_publishes_and_commits_without_transactions(servers: str, names: Names) -> None:
    world = KafkaWorld(servers, names, delivery=Delivery.AT_LEAST_ONCE)
    world.fill(numbered(COUNT))
    with working(world, hold=True) as worker:
        turn_until(worker, reads(COUNT * PARTITIONS))
        worker.publish(share=0.5)
        assert set(world.committed().values()) == {COUNT // 2}
    with working(world) as worker:
        turn_until(worker, reads(COUNT * PARTITIONS // 2))
    assert in_order(world.published(world.articles), COUNT)


@on(REAL)
def test_at_least_once_commits_while_partitions_are_taken_away(servers: str, names: Names) -> None:
    world = KafkaWorld(servers, names, delivery=Delivery.AT_LEAST_ONCE)
    world.fill(numbered(COUNT))
    with working(world, 1, hold=True) as first:
        turn_until(first, reads(COUNT * PARTITIONS))
        with working(world, 2) as second, in_background(first, second):
            wait_for(lambda: bool(second.events), SECONDS, "the second has its share")
        assert not first.failures
        assert (first.published, second.published) == (COUNT * PARTITIONS, 0)
    assert in_order(world.published(world.articles), COUNT)


@on(REAL)
def test_a_member_that_was_put_out_publishes_nothing_and_comes_back(world: KafkaWorld) -> None:
    world.fill(numbered(COUNT))
    with working(world, hold=True) as worker:
        turn_until(worker, reads(COUNT * PARTITIONS))
        put_out_everybody(world)
        assert not worker.publish()
        assert world.published(world.articles) == []
        again = turn_until(worker, reads(COUNT * PARTITIONS))
        assert in_order(again, COUNT)
        # What was refused must not come in with the next commit.
        assert worker.publish([world.partition(1)])
        assert world.committed() == {world.partition(1): COUNT}
        assert worker.publish()
        assert [what for what, _ in worker.events] == ["assigned", "dropped", "revoking", "assigned"]
    assert in_order(world.published(world.articles), COUNT)


def put_out_everybody(world: KafkaWorld) -> None:
    admin = KafkaAdminClient(bootstrap_servers=world.servers)
    try:
        members = admin.describe_groups([world.group])[world.group]["members"]
        admin.remove_group_members(world.group, [MemberToRemove(one["member_id"]) for one in members])
    finally:
        admin.close()


@on(BOTH)
def test_a_join_that_ends_between_two_polls_is_not_made_twice(world: KafkaWorld) -> None:
    with working(world, hold=True) as worker:
        deadline = time.monotonic() + SECONDS
        while not worker.events:
            worker.turn(0.0)
            time.sleep(0.02)  # the answers come now
            assert time.monotonic() < deadline
        group = worker.stream._held.group  # type: ignore[attr-defined]
        assert group.generation_id == 1


@on(BOTH)
def test_replaced_producers_leave_no_threads_behind(world: KafkaWorld) -> None:
    world.fill(numbered(COUNT))
    with working(world, hold=True) as worker:
        turn_until(worker, reads(COUNT * PARTITIONS))
        before = threading.active_count()
        for _ in range(5):
            with pytest.raises(Unpublishable):
                worker.stream.publish([Outgoing(world.dead, None, b"x" * 20_000_000)], {})
        wait_for(lambda: threading.active_count() <= before, 10, f"{before} threads again")
        worker.publish()
    assert in_order(world.published(world.articles), COUNT)


@on(BOTH)
def test_a_missing_topic_is_told(servers: str, names: Names) -> None:
    settings = load_settings(
        {}, kafka_bootstrap_servers=servers, raw_topic=names.new("raw"), kafka_connect_timeout=1
    )
    stream = KafkaStream(settings)
    try:
        with pytest.raises(StreamUnavailable, match=f"no topic .*{settings.raw_topic}.*pagesieve topics"):
            stream.start(IdentityWorker(stream, ""))
    finally:
        stream.close(5)


@on(REAL)
def test_a_session_timeout_that_the_brokers_refuse_is_told_at_once(world: KafkaWorld) -> None:
    stream = world.stream(kafka_session_timeout_ms=7_200_000)
    stream.start(IdentityWorker(stream, ""))
    try:
        with pytest.raises(StreamMisconfigured, match="PAGESIEVE_KAFKA_SESSION_TIMEOUT_MS"):
            stream.poll(SECONDS, 10)
    finally:
        stream.close(5)


def test_a_kafka_that_is_not_there_is_told_in_time() -> None:
    servers = f"127.0.0.1:{free_port()}"
    settings = load_settings(
        {}, kafka_bootstrap_servers=servers, kafka_connect_timeout=1, kafka_call_timeout=1
    )
    stream = KafkaStream(settings)
    started = time.monotonic()
    with pytest.raises(StreamUnavailable, match=f"Kafka at {servers} cannot be reached"):
        stream.start(IdentityWorker(stream, ""))
    stream.close(5)
    assert time.monotonic() - started < 20
