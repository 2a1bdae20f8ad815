"""Each service of docker-compose.yml runs by its own command line and environment, and they work together."""

import json
import re
import time
from typing import Any

import psutil
import pytest
from kafka import KafkaAdminClient

from tests.deploy.compose import seconds
from tests.deploy.expressions import panels, rules
from tests.deploy.stack import Stack
from tests.servers.processes import free_port, wait_for
from tests.servers.topics import read_all
from tests.tools.grafana_dashboard import DASHBOARD
from worker.commands.demo_load import demo_pages
from worker.environment import load_settings

# The first that asks for it waits for the image and for Kafka.
pytestmark = [pytest.mark.deploy, pytest.mark.timeout(2000)]

SETTINGS = load_settings({})
PAGES = demo_pages(3, SETTINGS.max_page_bytes)
# What a panel may have nothing to show of, after sample pages on a machine where nothing fails.
MAYBE_EMPTY = {"Errors survived"}


@pytest.fixture(scope="module")
def topics(stack: Stack) -> None:
    """The one-shot `topics` has ended well."""
    ended = stack.run("topics")
    assert ended.returncode == 0, ended.stderr


@pytest.fixture(scope="module")
def watched(stack: Stack, topics: None) -> Stack:
    """Two workers that Prometheus has scraped, and then the sample pages."""
    for _ in range(2):
        stack.start_worker()
    stack.start_prometheus()
    wait_for(
        lambda: stack.value('count(pagesieve_pages_total{outcome="article"})') == 2, 90, "both are scraped"
    )
    ended = stack.run("demo")
    assert ended.returncode == 0, ended.stderr
    wait_for(lambda: stack.value("sum(pagesieve_pages_total)") == len(PAGES), 180, "all pages are counted")
    return stack


def test_redis_forgets_what_is_asked_least_and_keeps_nothing(stack: Stack) -> None:
    health = stack.redis_health()
    assert (health.returncode, health.stdout) == (0, "PONG\n")

    def setting(name: str) -> str:
        return stack.redis_cli("redis-cli", "config", "get", name).stdout.split("\n")[1]

    assert setting("maxmemory") == str(256 * 1024 * 1024)
    assert setting("maxmemory-policy") == "allkeys-lfu"
    assert (setting("save"), setting("appendonly")) == ("", "no")


def test_kafka_is_reached_from_inside_and_from_the_host(stack: Stack, topics: None) -> None:
    names = {SETTINGS.raw_topic, SETTINGS.articles_topic, SETTINGS.dead_topic}
    for servers in (stack.kafka.bootstrap_servers, stack.kafka.host_servers):
        admin = KafkaAdminClient(bootstrap_servers=servers)
        try:
            assert names <= set(admin.list_topics())
        finally:
            admin.close()


def test_topics_are_made_once(stack: Stack, topics: None) -> None:
    ended = stack.run("topics")
    assert ended.returncode == 0
    assert ended.stdout.count("is there, with") == 3


def test_everything_is_fine_inside_a_worker(stack: Stack, topics: None) -> None:
    # The first transaction of a broker waits until its own topic is there.
    wait_for(lambda: stack.run("worker", ["check"]).returncode == 0, 90, "check finds everything fine")
    assert "not fine" not in stack.run("worker", ["check"]).stdout


def test_nothing_can_be_written_but_tmp(stack: Stack) -> None:
    places = "/ /etc /opt/pagesieve /var/tmp /usr/local"
    script = f"touch /tmp/it; for place in {places}; do touch $place/it && exit 9; done; ls /tmp; id -u"
    command = stack.image.command(["sh", "-c", script], {})
    ended = stack.run_words(command)
    assert (ended.returncode, ended.stdout) == (0, "it\n10001\n"), ended.stderr


def test_two_workers_clean_the_sample_pages(watched: Stack) -> None:
    servers = watched.kafka.bootstrap_servers
    fates = {page.key: page.fate for page in PAGES}
    articles = {
        json.loads(message.value)["url"].encode() for message in read_all(servers, SETTINGS.articles_topic)
    }
    dead = {message.key for message in read_all(servers, SETTINGS.dead_topic)}
    assert articles == {key for key, fate in fates.items() if fate == "article"}
    assert dead == {key for key, fate in fates.items() if fate != "article"}


def test_the_health_check_tells_a_worker_that_lives(watched: Stack) -> None:
    worker = watched.workers[0]
    assert watched.health_check(worker.port) == 0
    assert watched.health_check(free_port()) != 0
    (process,) = psutil.Process(worker.pid).children()  # below the init
    process.suspend()
    try:
        assert watched.health_check(worker.port) != 0
    finally:
        process.resume()


def test_prometheus_scrapes_both_workers(watched: Stack) -> None:
    targets = watched.prometheus("targets")["activeTargets"]
    assert {target["labels"]["job"] for target in targets} == {"pagesieve"}
    assert {target["labels"]["instance"] for target in targets} == {
        f"127.0.0.1:{worker.port}" for worker in watched.workers[:2]
    }
    assert watched.value('sum(up{job="pagesieve"})') == 2
    dead = sum(page.fate != "article" for page in PAGES)
    assert watched.value('sum(pagesieve_pages_total{outcome="dead_letter"})') == dead
    assert watched.value("sum(pagesieve_dead_letters_total)") == dead
    assert watched.value("count(count by (partition) (pagesieve_consumer_lag))") == SETTINGS.topic_partitions


def test_every_rule_is_evaluated_and_no_alert_fires(watched: Stack) -> None:
    def evaluated() -> list[dict[str, Any]]:
        groups = watched.prometheus("rules")["groups"]
        return [rule for group in groups for rule in group["rules"] if rule["health"] != "unknown"]

    wait_for(lambda: len(evaluated()) == len(rules()), 60, "every rule is evaluated")
    assert {(rule["name"], rule["health"]) for rule in evaluated()} == {(rule.name, "ok") for rule in rules()}
    assert [rule["name"] for rule in evaluated() if rule.get("state", "inactive") == "firing"] == []
    assert watched.value("job:pagesieve_consumer_lag:sum") == 0


def test_every_panel_has_something_to_show(watched: Stack) -> None:
    told = {
        panel.expression: panel.title for panel in panels(json.loads(DASHBOARD.read_text(encoding="utf-8")))
    }
    filled = {"$__rate_interval": "5m", "$job": "pagesieve", "$instance": ".+"}

    def empty() -> set[str]:
        found = set()
        for expression, title in told.items():
            query = re.sub("|".join(map(re.escape, filled)), lambda match: filled[match[0]], expression)
            if not watched.prometheus("query", query=query)["result"]:
                found.add(title)
        return found

    wait_for(lambda: empty() <= MAYBE_EMPTY, 90, f"every panel; empty: {empty()}")


def test_a_worker_ends_well_within_its_grace(watched: Stack) -> None:
    worker = watched.start_worker()
    grace = seconds(watched.compose.services["worker"].raw["stop_grace_period"])
    began = time.monotonic()
    worker.terminate()
    assert worker.wait(grace) == 0, worker.log_end()
    assert time.monotonic() - began < grace
    assert "stopped" in worker.log_end()
