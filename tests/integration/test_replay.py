"""`pagesieve replay` on the embedded broker: dead letters back into the raw topic, each once."""

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.conftest import Names
from tests.integration.conftest import Command, Ended
from tests.integration.pages import text_page
from tests.integration.workers import WorkerGroup
from tests.servers.topics import read_all, read_count
from worker.adapters.kafka.admin import create_topics
from worker.adapters.kafka.writer import TopicWriter
from worker.core.records import Reason, Rejected
from worker.embedded import EmbeddedServers
from worker.environment import load_settings
from worker.pipeline.ports import Message, Partition
from worker.pipeline.routing import Publication, Stage, dead_letter, dead_reason, replay_count
from worker.settings import RemovedDetail

HOUR_MS = 3_600_000


class Post:
    """A topic of dead letters, and the command that puts them back."""

    def __init__(self, values: dict[str, Any], pagesieve: Command):
        self.values = values
        self.settings = load_settings({}, **values)
        self._pagesieve = pagesieve

    def put(self, reason: Reason, *urls: str, replays: int = 0, age_hours: float = 0.5) -> None:
        """Write letters as a worker does, of pages of such an age."""
        publication = Publication("", self.settings.dead_topic, RemovedDetail.OFF, "0", "0", "rules")
        stamp = int(time.time() * 1000 - age_hours * HOUR_MS)
        headers = (("trace", b"\xff"), ("pagesieve.replay_count", b"%d" % replays))
        with TopicWriter(self.settings) as writer:
            for url in urls:
                row = orjson.dumps({"url": url, "html": f"<p>{url}"})
                raw = Message(Partition(self.settings.raw_topic, 0), 7, url.encode(), row, headers, stamp)
                writer.send(dead_letter(raw, Rejected(reason, "on purpose"), publication, Stage.CLEAN))

    def replay(self, *words: object) -> Ended:
        """Call the command, which must end well."""
        ended = self._pagesieve("replay", *words, **self.values)
        assert (ended.code, ended.err) == (0, "")
        return ended

    def back(self) -> list[str]:
        """The URLs that are in the raw topic again, sorted."""
        return sorted(record.key.decode() for record in self.raw())

    def raw(self) -> Sequence[Any]:
        return read_all(self.settings.kafka_bootstrap_servers, self.settings.raw_topic)


@pytest.fixture
def post(embedded: EmbeddedServers, names: Names, pagesieve: Command) -> Post:
    values = {
        "kafka_bootstrap_servers": embedded.bootstrap_servers,
        "kafka_group_id": names.new("group"),
        "topic_partitions": 12,  # of the dead letters 3
        **{f"{kind}_topic": names.new(kind) for kind in ("raw", "articles", "dead")},
    }
    post = Post(values, pagesieve)
    create_topics(post.settings)
    return post


def urls(count: int, host: str = "a.example") -> list[str]:
    return [f"https://{host}/{number:03d}" for number in range(count)]


def count_of(ended: Ended) -> int:
    """What the last line tells."""
    return int(ended.out.splitlines()[-1].split()[0])


def test_pages_come_back_as_they_were_with_one_replay_more(post: Post) -> None:
    post.put(Reason.TIMEOUT, *urls(30), replays=1)
    ended = post.replay()
    assert f"30 pages put back into {post.settings.raw_topic}" in ended.out
    assert post.back() == urls(30)
    for record in post.raw():
        assert record.value == orjson.dumps({"url": record.key.decode(), "html": f"<p>{record.key.decode()}"})
        assert record.headers == [("trace", b"\xff"), ("pagesieve.replay_count", b"2")]
        assert record.timestamp > (time.time() - 60) * 1000


def test_nothing_is_put_back_twice(post: Post) -> None:
    post.put(Reason.TIMEOUT, *urls(20))
    assert count_of(post.replay()) == 20
    assert count_of(post.replay()) == 0
    post.put(Reason.TIMEOUT, *urls(5, "b.example"))
    assert count_of(post.replay()) == 5
    assert post.back() == urls(20) + urls(5, "b.example")


def test_by_reason(post: Post) -> None:
    post.put(Reason.TIMEOUT, *urls(3, "timeout.example"))
    post.put(Reason.MEMORY, *urls(4, "memory.example"))
    post.put(Reason.EMPTY, *urls(5, "empty.example"))
    ended = post.replay("--reason", "timeout", "--reason", "memory")
    assert dict(_cells(ended)) == {"timeout": "3", "memory": "4"}
    assert post.back() == urls(4, "memory.example") + urls(3, "timeout.example")
    assert count_of(post.replay()) == 5  # what was passed over is there still
    assert Counter(post.back()).most_common(1)[0][1] == 1


def test_by_domain(post: Post) -> None:
    hosts = ["a.example", "www.a.example", "sub.a.example", "nota.example", "b.example"]
    for host in hosts:
        post.put(Reason.TIMEOUT, *urls(1, host))
    assert count_of(post.replay("--domain", "www.A.example", "--domain", "c.example")) == 3
    assert post.back() == sorted(f"https://{host}/000" for host in hosts[:3])


def test_by_age(post: Post) -> None:
    for hours in (1, 30, 80):
        post.put(Reason.TIMEOUT, f"https://a.example/{hours}", age_hours=hours)
    assert count_of(post.replay("--older-than", "1d", "--newer-than", "72h")) == 1
    assert post.back() == ["https://a.example/30"]
    assert count_of(post.replay("--newer-than", "90m")) == 1
    assert post.back() == ["https://a.example/1", "https://a.example/30"]


def test_a_dry_run_changes_nothing(post: Post) -> None:
    post.put(Reason.EMPTY, *urls(8))
    ended = post.replay("--dry-run", "--limit", 6)
    assert "6 pages would be put back" in ended.out
    assert dict(_cells(ended)) == {"empty": "6"}
    assert post.back() == []
    assert count_of(post.replay()) == 8


def test_limits_that_add_up(post: Post) -> None:
    post.put(Reason.EMPTY, *urls(25))
    assert [count_of(post.replay("--limit", 10)) for _ in range(4)] == [10, 10, 5, 0]
    assert post.back() == urls(25)


def test_a_rate_is_kept(post: Post) -> None:
    post.put(Reason.EMPTY, *urls(6))
    started = time.monotonic()
    assert count_of(post.replay("--rate", 4)) == 6
    assert time.monotonic() - started > 1.0  # the last must wait for the first four
    assert len(post.back()) == 6


def test_many_letters(post: Post) -> None:
    post.put(Reason.EMPTY, *urls(450))
    post.put(Reason.TIMEOUT, *urls(450, "b.example"))
    assert count_of(post.replay("--reason", "timeout")) == 450
    assert count_of(post.replay("--domain", "a.example", "--limit", 440)) == 440
    assert count_of(post.replay()) == 10
    assert post.back() == urls(450) + urls(450, "b.example")


def test_pages_that_were_put_back_too_often_are_left(post: Post) -> None:
    for replays in range(4):
        post.put(Reason.TIMEOUT, f"https://a.example/{replays}", replays=replays)
    ended = post.replay("--max-replays", 2)
    assert post.back() == ["https://a.example/0", "https://a.example/1"]
    assert dict(_cells(ended)) == {
        "timeout": "2",
        "left: put back 2 times already": "1",
        "left: put back 3 times already": "1",
    }


def test_without_dead_letters_and_without_their_topic(post: Post, pagesieve: Command, names: Names) -> None:
    assert count_of(post.replay()) == 0
    values = post.values | {"dead_topic": names.new("gone")}
    ended = pagesieve("replay", **values)
    assert (ended.code, ended.out) == (69, "")
    assert f"no topic {values['dead_topic']} in Kafka at " in ended.err
    assert "`pagesieve topics` creates it" in ended.err
    assert ended.err.count("\n") == 1


@pytest.fixture
def group(embedded: EmbeddedServers, names: Names, tmp_path: Path) -> WorkerGroup:
    return WorkerGroup(embedded.bootstrap_servers, names, tmp_path)


def test_a_page_that_fails_again_and_then_does_not(group: WorkerGroup, pagesieve: Command) -> None:
    """The whole circle: rejected, put back, rejected again until nobody puts it back, mended, an article."""

    def letters(count: int) -> Sequence[Any]:
        return read_count(group.servers, group.settings.dead_topic, count, 60)

    def replay(*words: object) -> int:
        return count_of(pagesieve("replay", "--max-replays", 2, *words, **group.environment))

    with group:
        group.start()
        short = "The harbour is closed today.\n\nBoats wait outside."
        group.load([text_page(0, short, Reason.TOO_SHORT)])
        assert [replay_count(letter.headers) for letter in letters(1)] == [0]
        assert replay() == 1
        assert [replay_count(letter.headers) for letter in letters(2)] == [0, 1]
        assert replay() == 1
        last = letters(3)[-1]
        assert dead_reason(last.headers) is Reason.TOO_SHORT
        assert dict(last.headers)["pagesieve.attempts"] == b"3"
        assert replay() == 0
        assert group.stop() == [0]
        group.start(1, min_words=1)
        assert replay("--max-replays", 3, "--reason", "too_short") == 1
        (article,) = read_count(group.servers, group.settings.articles_topic, 1, 60)
        assert orjson.loads(article.value)["text"] == short
        assert group.stop() == [0]
        assert len(letters(3)) == 3


def _cells(ended: Ended) -> list[tuple[str, str]]:
    rows = [line.split("│") for line in ended.out.splitlines() if line.startswith("│")]
    return [(row[1].strip(), row[2].strip()) for row in rows]
