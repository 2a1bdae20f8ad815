"""The plain reader of topics, on the embedded broker and on a real Kafka."""

import pytest
from kafka import KafkaProducer

from tests.conftest import Names
from tests.servers.topics import create_topics, fill
from worker.adapters.kafka.reader import TopicReader
from worker.environment import load_settings
from worker.pipeline.ports import Message, Partition, StreamUnavailable
from worker.settings import Settings


@pytest.fixture(params=["embedded", pytest.param("kafka", marks=pytest.mark.kafka)])
def settings(request: pytest.FixtureRequest) -> Settings:
    servers = request.getfixturevalue(request.param).bootstrap_servers
    return load_settings({}, kafka_bootstrap_servers=servers)


def _read(settings: Settings, topic: str) -> list[Message]:
    with TopicReader(settings, [topic]) as reader:
        return list(reader.read_to_end())


def test_reads_all_partitions_each_in_order(settings: Settings, names: Names) -> None:
    topic = names.new("topic")
    create_topics(settings.kafka_bootstrap_servers, {topic: 3})
    written = [(number % 3, b"key%d" % number, b"value%d" % number) for number in range(300)]
    fill(settings.kafka_bootstrap_servers, topic, written)
    messages = _read(settings, topic)
    assert sorted((m.partition.number, m.key, m.value) for m in messages) == sorted(written)
    for partition in (Partition(topic, number) for number in range(3)):
        assert [m.offset for m in messages if m.partition == partition] == list(range(100))


def test_goes_on_where_it_was(settings: Settings, names: Names) -> None:
    one, two = names.new("one"), names.new("two")
    servers = settings.kafka_bootstrap_servers
    create_topics(servers, {one: 1, two: 1})
    with TopicReader(settings, [one, two]) as reader:
        assert list(reader.read_to_end()) == []
        fill(servers, one, [(0, None, b"first")])
        fill(servers, two, [(0, None, b"second")])
        assert {m.value for m in reader.read_to_end()} == {b"first", b"second"}
        assert reader.poll(0.05) == []
        fill(servers, two, [(0, None, b"third")])
        found: list[bytes | None] = []
        for _ in range(50):
            found += [message.value for message in reader.poll(0.2)]
            if found:
                break
        assert found == [b"third"]


def test_sees_what_was_committed_only(settings: Settings, names: Names) -> None:
    topic = names.new("topic")
    servers = settings.kafka_bootstrap_servers
    create_topics(servers, {topic: 1})
    producer = KafkaProducer(bootstrap_servers=servers, transactional_id=names.new("tx"))
    try:
        producer.init_transactions()
        for value, commits in ((b"aborted", False), (b"committed", True)):
            producer.begin_transaction()
            producer.send(topic, value)
            producer.flush()
            if commits:
                producer.commit_transaction()
            else:
                producer.abort_transaction()
    finally:
        producer.close()
    assert [message.value for message in _read(settings, topic)] == [b"committed"]


def test_a_topic_that_is_not_there(settings: Settings, names: Names) -> None:
    with pytest.raises(StreamUnavailable, match="no topic"):
        _read(settings, names.new("absent"))


def test_no_kafka_at_all() -> None:
    nobody = load_settings({}, kafka_bootstrap_servers="127.0.0.1:1", kafka_call_timeout=1.0)
    with pytest.raises(StreamUnavailable, match=r"Kafka at 127\.0\.0\.1:1"):
        _read(nobody, "pages.raw")
