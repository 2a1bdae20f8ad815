"""A member of a group whose coordinator is down."""

import time
from typing import Any

import pytest
from kafka.protocol.metadata import FindCoordinatorRequest

from tests.conftest import Names
from tests.servers.kafka import KafkaCluster
from tests.servers.processes import wait_for
from tests.servers.topics import create_topics
from worker.adapters.kafka.config import consumer_options
from worker.adapters.kafka.consumer import GroupConsumer
from worker.environment import load_settings

pytestmark = pytest.mark.kafka

SECONDS = 60.0
DOWN = 4.0  # seconds; the other brokers miss it after 9


def test_the_brokers_are_asked_for_it_a_few_times_a_second(
    kafka3: KafkaCluster, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = names.new("raw")
    create_topics(kafka3.bootstrap_servers, {topic: 3})
    settings = load_settings({}, kafka_bootstrap_servers=kafka3.bootstrap_servers)
    consumer = GroupConsumer(**consumer_options(settings) | {"group_id": names.new("group")})
    asked = 0
    send = consumer._manager.send

    def counted(request: Any, *rest: Any, **more: Any) -> Any:
        nonlocal asked
        asked += isinstance(request, FindCoordinatorRequest)
        return send(request, *rest, **more)

    monkeypatch.setattr(consumer._manager, "send", counted)
    try:
        consumer.subscribe([topic])
        wait_for(lambda: consumer.poll(200) is not None and bool(consumer.assignment()), SECONDS, "its place")
        node = int(str(consumer._coordinator.coordinator_id).removeprefix("coordinator-")) - 1
        kafka3.kill(node)
        asked, until = 0, time.monotonic() + DOWN
        while time.monotonic() < until:
            consumer.poll(200)
        assert 1 <= asked <= DOWN / 0.1 + 1
        kafka3.start(node)
        generation = consumer.group_metadata().generation_id
        wait_for(lambda: _is_member(consumer, generation), SECONDS, "its place, once more")
    finally:
        consumer.close(autocommit=False, timeout_ms=2_000)
        for number in kafka3.nodes:
            if not kafka3.runs(number):
                kafka3.start(number)


def _is_member(consumer: GroupConsumer, generation: int) -> bool:
    consumer.poll(200)
    known = consumer._coordinator.coordinator() is not None
    return known and consumer.group_metadata().generation_id >= generation and bool(consumer.assignment())
