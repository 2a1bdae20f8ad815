"""Whole worker processes on the embedded broker and cache: what a user sees of them."""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.conftest import Names
from tests.integration.pages import every_page, mixed_pages, text_page
from tests.integration.results import Results, assert_each_page_once, record_of
from tests.integration.workers import WorkerGroup, WorkerProcess, clean_environment
from tests.servers.processes import free_port, wait_for
from tests.servers.topics import read_count
from worker.core.records import Kind, Reason
from worker.demo_pages import SampleCase, sample_cases
from worker.embedded import EmbeddedServers
from worker.pipeline.routing import dead_reason

CACHE = ("hit", "miss", "error", "invalid", "skipped")


@dataclass
class Counts:
    """Some of a worker's metrics at one moment."""

    outcomes: Counter[str]
    reasons: Counter[str]
    cache: Counter[str]
    removed: int
    read: int
    cleaned: int

    @classmethod
    def of(cls, worker: WorkerProcess) -> "Counts":
        def by(metric: str, label: str, values: Iterator[str]) -> Counter[str]:
            found = {value: int(worker.metric(metric, **{label: value})) for value in values}
            return Counter({value: number for value, number in found.items() if number})

        return cls(
            by("pages_total", "outcome", iter(("article", "dead_letter"))),
            by("dead_letters_total", "reason", iter(Reason)),
            by("cache_requests_total", "result", iter(CACHE)),
            sum(by("removed_total", "kind", iter(Kind)).values()),
            int(worker.metric("page_bytes_count")),
            int(worker.metric("clean_duration_seconds_count")),
        )


@dataclass
class Story:
    """A worker that met every page twice, and what was seen of it."""

    first: Counts
    second: Counts
    http: dict[str, tuple[int, str]]
    exit_code: int
    log: str
    results: Results


@pytest.fixture(scope="module")
def story(embedded: EmbeddedServers, tmp_path_factory: pytest.TempPathFactory) -> Story:
    folder = tmp_path_factory.mktemp("story")
    with redis.Redis.from_url(embedded.redis_url) as cache:
        cache.flushall()  # other tests have cleaned the same pages
    with WorkerGroup(embedded.bootstrap_servers, Names(), folder, redis_url=embedded.redis_url) as group:
        worker = group.start(cache_timeout=0.25)
        worker.wait_until_ready()
        first, second = _meet_every_page(group, worker), _meet_every_page(group, worker)
        http = {path: worker.get(path) for path in ("/livez", "/readyz", "/version", "/nowhere")}
        (exit_code,) = group.stop()
        return Story(first, second, http, exit_code, worker.log_end(), assert_each_page_once(group))


def _meet_every_page(group: WorkerGroup, worker: WorkerProcess) -> Counts:
    group.load(every_page())
    group.wait_until_finished()
    wait_for(lambda: worker.metric("pages_total") == len(group.given), 10, "all pages counted")
    return Counts.of(worker)


@pytest.mark.parametrize("case", sample_cases(), ids=lambda case: case.name)
def test_a_sample_page_gives_exactly_its_article(story: Story, case: SampleCase) -> None:
    expected = {name: value for name, value in case.expected.items() if name != "about"}
    articles = [article for article in map(_article, story.results.articles) if article["url"] == case.url]
    assert len(articles) == 2
    for article in articles:
        assert {name: article[name] for name in expected} == expected


def test_the_same_pages_again_come_from_the_cache(story: Story) -> None:
    assert story.first.cache["hit"] == 0
    assert story.second.cache["hit"] > 0.9 * story.first.cache.total()
    assert story.second.cache.total() == 2 * story.first.cache.total()
    again = story.second.cache.total() - story.first.cache.total() - story.second.cache["hit"]
    assert story.second.cleaned - story.first.cleaned == again


def test_the_metrics_agree_with_the_topics(story: Story) -> None:
    counts, results = story.second, story.results
    assert counts.read == results.pages == 2 * len(every_page())
    assert counts.outcomes == {"article": len(results.articles), "dead_letter": len(results.dead)}
    assert counts.reasons == results.reasons
    assert counts.removed == sum(len(_article(found)["removed"]) for found in results.articles)


def test_it_answers_over_http(story: Story) -> None:
    assert {path: status for path, (status, _) in story.http.items()} == {
        "/livez": 200,
        "/readyz": 200,
        "/version": 200,
        "/nowhere": 404,
    }
    version = json.loads(story.http["/version"][1])
    extractors = {json.dumps(_article(found)["extractor"]) for found in story.results.articles}
    assert len(extractors) == 1
    assert version["rules_fingerprint"] == json.loads(extractors.pop())["rules_fingerprint"]


def test_sigterm_ends_it_with_zero_and_no_complaint(story: Story) -> None:
    assert story.exit_code == 0, story.log
    assert " ERROR " not in story.log
    assert " WARNING " not in story.log


@pytest.fixture
def group(embedded: EmbeddedServers, names: Names, tmp_path: Path) -> Iterator[WorkerGroup]:
    with WorkerGroup(embedded.bootstrap_servers, names, tmp_path) as group:
        yield group


def test_sigterm_drains_and_the_next_worker_goes_on(group: WorkerGroup) -> None:
    group.load(mixed_pages(120, seed=1))
    worker = group.start(max_in_flight_pages=30, kafka_max_poll_records=10)
    group.wait_for_pages(20, 60)
    assert group.stop() == [0]
    assert re.search(r"stopping: [1-9]\d* pages in flight", worker.log_end())
    results = assert_each_page_once(group, complete=False)
    assert 20 <= len(results.articles) + len(results.dead) < 120, "all of them, or none, were in flight"
    group.start(1, delivery="at_least_once")  # as long as nothing fails that is once, too
    group.wait_until_finished()
    assert group.stop() == [0]
    assert_each_page_once(group)


def test_pages_that_hurt_their_process(group: WorkerGroup) -> None:
    deadline = 10.0  # starting children anew takes seconds on a busy machine
    poison = {"hang": Reason.TIMEOUT, "eat": Reason.MEMORY, "exit": Reason.CRASHED}
    worker = group.start(
        program=("tests.integration.poisoned_worker",),
        children=2,
        page_deadline=deadline,
        child_memory_mb=150,
    )
    worker.wait_until_ready()
    around = [page for page in every_page() if page.reason is None]
    hurting = [text_page(n, f"{text} until somebody helps", poison[text]) for n, text in enumerate(poison)]
    group.load([*around[:4], *hurting, *around[4:]])
    letters = read_count(group.servers, group.settings.dead_topic, len(poison), 2 * deadline)
    assert {dead_reason(letter.headers) for letter in letters} == set(poison.values())
    group.wait_until_finished()
    for reason in poison.values():
        assert worker.metric("pool_restarts_total", reason=reason.value) == 1
    assert group.stop() == [0]
    assert_each_page_once(group)


def run(**settings: object) -> subprocess.CompletedProcess[str]:
    named = {f"PAGESIEVE_{name.upper()}": str(value) for name, value in settings.items()}
    return subprocess.run(
        [sys.executable, "-m", "worker", "run"],
        env=clean_environment() | named,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_all_bad_settings_are_told_at_once_a_line_each() -> None:
    ended = run(page_deadline=-1, min_wrods=5, drain_timeout=40, children="many")
    assert ended.returncode == 78
    lines = ended.stderr.splitlines()
    assert len(lines) == 3
    assert all(line.startswith("pagesieve: PAGESIEVE_") for line in lines)
    assert "PAGESIEVE_MIN_WORDS" in ended.stderr
    assert ended.stdout == ""


def test_settings_in_conflict_are_told() -> None:
    ended = run(drain_timeout=40, raw_topic="a", dead_topic="a")
    assert ended.returncode == 78
    assert "drain_timeout must be below stop_grace" in ended.stderr
    assert "must differ" in ended.stderr


def test_kafka_out_of_reach() -> None:
    servers = f"127.0.0.1:{free_port()}"
    ended = run(
        kafka_bootstrap_servers=servers,
        kafka_connect_timeout=0.5,
        kafka_call_timeout=1,
        http_port=0,
        children=1,
    )
    assert ended.returncode == 69
    assert f"Kafka at {servers} cannot be reached" in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr


def _article(found: tuple[Any, Any]) -> dict[str, Any]:
    return record_of(found[1])
