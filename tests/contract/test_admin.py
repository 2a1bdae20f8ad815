"""Topics and checks, on the embedded broker and on Apache Kafka."""

from typing import Any

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigFilterType, ConfigResource, ConfigResourceType

from tests.conftest import Names
from tests.servers.processes import free_port
from tests.servers.topics import create_topics as create_plain
from worker.adapters.kafka.admin import Check, check_kafka, create_topics
from worker.environment import load_settings
from worker.pipeline.ports import StreamUnavailable
from worker.settings import Delivery, Settings

REAL = pytest.param("kafka", marks=pytest.mark.kafka)


@pytest.fixture(params=["embedded", REAL])
def settings(request: pytest.FixtureRequest, names: Names) -> Settings:
    return settings_for(request.getfixturevalue(request.param).bootstrap_servers, names)


@pytest.fixture(params=[REAL])
def real_settings(request: pytest.FixtureRequest, names: Names) -> Settings:
    return settings_for(request.getfixturevalue(request.param).bootstrap_servers, names)


def settings_for(servers: str, names: Names, **more: Any) -> Settings:
    topics = {f"{kind}_topic": names.new(kind) for kind in ("raw", "articles", "dead")}
    return load_settings(
        {},
        kafka_bootstrap_servers=servers,
        kafka_group_id=names.new("group"),
        topic_partitions=8,
        **topics,
        **more,
    )


def topics_of(settings: Settings) -> list[str]:
    return [settings.raw_topic, settings.articles_topic, settings.dead_topic]


def by_name(checks: list[Check]) -> dict[str, Check]:
    return {check.name: check for check in checks}


def test_missing_topics_are_created_and_then_left_alone(settings: Settings) -> None:
    first = create_topics(settings)
    assert [report.topic for report in first] == topics_of(settings)
    assert all(report.created for report in first)
    assert [report.detail for report in first] == [
        "created with 8 partitions",
        "created with 8 partitions",
        "created with 2 partitions",
    ]
    second = create_topics(settings)
    assert not any(report.created for report in second)
    assert [report.detail.split(";")[0] for report in second] == [
        "is there, with 8 partitions",
        "is there, with 8 partitions",
        "is there, with 2 partitions",
    ]


def test_only_what_is_missing_is_created(settings: Settings) -> None:
    create_plain(settings.kafka_bootstrap_servers, {settings.articles_topic: 1})
    created = {report.topic: report.created for report in create_topics(settings)}
    assert created == {settings.raw_topic: True, settings.articles_topic: False, settings.dead_topic: True}


def test_topics_hold_the_largest_message_and_dead_letters_are_kept_longest(real_settings: Settings) -> None:
    create_topics(real_settings)
    admin = KafkaAdminClient(bootstrap_servers=real_settings.kafka_bootstrap_servers)
    try:
        wanted = [ConfigResource(ConfigResourceType.TOPIC, name) for name in topics_of(real_settings)]
        found = admin.describe_configs(wanted, config_filter=ConfigFilterType.ALL)["topic"]
    finally:
        admin.close()
    limits = {int(found[name]["max.message.bytes"]["value"]) for name in topics_of(real_settings)}
    assert limits == {real_settings.kafka_max_request_size}
    raw, articles, dead = (int(found[name]["retention.ms"]["value"]) for name in topics_of(real_settings))
    assert raw <= articles < dead


def test_all_is_fine_when_the_topics_are_there(settings: Settings) -> None:
    create_topics(settings)
    checks = list(check_kafka(settings))
    assert [check.name for check in checks] == [
        "Kafka",
        *(f"topic {name}" for name in topics_of(settings)),
        "transactions",
    ]
    assert all(check.ok and check.detail and not check.next_step for check in checks)


def test_missing_topics_are_told_with_the_next_step(settings: Settings) -> None:
    checks = by_name(list(check_kafka(settings)))
    assert checks["Kafka"].ok
    for name in topics_of(settings):
        assert not checks[f"topic {name}"].ok
        assert "pagesieve topics" in checks[f"topic {name}"].next_step
    assert checks["transactions"].ok


def test_a_topic_that_does_not_hold_the_largest_message_is_told(real_settings: Settings) -> None:
    create_plain(real_settings.kafka_bootstrap_servers, {real_settings.dead_topic: 1})  # 1 MiB by default
    create_topics(real_settings)
    checks = by_name(list(check_kafka(real_settings)))
    dead = checks[f"topic {real_settings.dead_topic}"]
    assert not dead.ok
    assert "max.message.bytes" in dead.next_step
    assert checks[f"topic {real_settings.articles_topic}"].ok


def test_without_transactions_none_are_checked(embedded: Any, names: Names) -> None:
    settings = settings_for(embedded.bootstrap_servers, names, delivery=Delivery.AT_LEAST_ONCE)
    assert "transactions" not in by_name(list(check_kafka(settings)))


def test_a_kafka_that_is_not_there_is_told_in_one_line(names: Names) -> None:
    settings = settings_for(f"127.0.0.1:{free_port()}", names, kafka_call_timeout=0.5)
    (check,) = check_kafka(settings)
    assert not check.ok
    assert settings.kafka_bootstrap_servers in check.detail
    assert "\n" not in check.detail
    assert check.next_step
    with pytest.raises(StreamUnavailable, match=settings.kafka_bootstrap_servers):
        create_topics(settings)
