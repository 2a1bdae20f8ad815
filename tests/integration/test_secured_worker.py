"""Every command with exactly the rights that SECURITY.md tells, over TLS, and nothing secret in sight."""

import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import psutil
import pytest

from tests.integration.workers import WorkerProcess, clean_environment
from tests.servers.certificates import Authority
from tests.servers.documented import kafka_rights, redis_rules
from tests.servers.processes import wait_for
from tests.servers.secured import Grant, SecuredKafka, SecuredRedis
from tests.servers.topics import fill, read_all, read_count
from worker.pipeline.routing import dead_reason
from worker.settings import PREFIX

pytestmark = [pytest.mark.kafka, pytest.mark.redis, pytest.mark.timeout(600)]

SENTINEL = "do-not-tell"  # every secret has it in it
RUN, LOAD, TOPICS, REPLAY = "worker", "crawler", "setup", "mender"  # the users of SECURITY.md
GROUP = "pagesieve"
SECONDS = 60.0
ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "worker" / "samples"


@dataclass
class Site:
    """The secured servers, the secrets in their files, and all that any of our processes has shown."""

    kafka: SecuredKafka
    redis: SecuredRedis
    authority: Authority
    folder: Path
    shown: dict[str, str] = field(default_factory=dict)

    def secret(self, name: str, text: str) -> str:
        """The path of a file that holds a secret."""
        path = self.folder / name
        path.write_text(f"{text}\n")
        return str(path)

    def settings(self, user: str) -> dict[str, str]:
        """Those of a command that a user of Kafka gives."""
        return {
            "kafka_bootstrap_servers": self.kafka.sasl_address,
            "kafka_security_protocol": "SASL_SSL",
            "kafka_sasl_mechanism": "SCRAM-SHA-512",
            "kafka_sasl_username": user,
            "kafka_sasl_password_file": self.secret(f"kafka-{user}", word(user)),
            "kafka_ssl_cafile": str(self.authority.certificate),
            "kafka_session_timeout_ms": "6000",
            "kafka_heartbeat_interval_ms": "1000",
            "topic_partitions": "2",
            "log_level": "DEBUG",
        }

    def worker_settings(self) -> dict[str, str]:
        """Those of a worker: a secret of each kind is in use."""
        key_word = f"{SENTINEL}-key"
        identity = self.authority.client(RUN, key_word)
        key = self.secret("key-password", key_word)
        own = {
            f"{server}_ssl_{what}": str(value)
            for server in ("kafka", "redis")
            for what, value in (
                ("certfile", identity.certificate),
                ("keyfile", identity.key),
                ("key_password_file", key),
            )
        }
        url = self.redis.url.replace("//", f"//{RUN}:{SENTINEL}-in-the-url@")
        return {
            **self.settings(RUN),
            **own,
            "redis_url": url,
            "redis_password_file": self.secret("redis-password", f"{SENTINEL}-redis"),
            "redis_ssl_cafile": str(self.authority.certificate),
            "cache_timeout": "0.25",
            "children": "1",
            "commit_interval": "0.2",
        }

    def call(self, settings: Mapping[str, str], *words: object, code: int = 0) -> str:
        """Call a command, which must end with this code, and give what it printed."""
        ended = subprocess.run(
            [sys.executable, "-m", "worker", *map(str, words)],
            cwd=ROOT,
            env=clean_environment() | {"COLUMNS": "250"} | environment(settings),
            capture_output=True,
            text=True,
            timeout=2 * SECONDS,
            check=False,
        )
        printed = ended.stdout + ended.stderr
        self.shown[f"{words[0]} {len(self.shown)}"] = printed
        assert ended.returncode == code, printed
        return printed


@dataclass
class Story:
    """What became of a worker's life with no more than its rights."""

    site: Site
    topics: str
    check: str
    log: str
    exit_code: int
    articles: list[dict[str, Any]]
    reasons: list[str]
    replay: str
    raw_pages: int


def word(user: str) -> str:
    """A user's password."""
    return f"{SENTINEL}-{user}"


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    return {f"{PREFIX}{name.upper()}": value for name, value in settings.items()}


@pytest.fixture(scope="module")
def site(
    secured_kafka: SecuredKafka,
    secured_redis: SecuredRedis,
    authority: Authority,
    tmp_path_factory: pytest.TempPathFactory,
) -> Site:
    rights = kafka_rights()
    assert set(rights) == {RUN, LOAD, TOPICS, REPLAY}
    secured_kafka.add_scram_users({user: word(user) for user in rights})
    for user, grants in rights.items():
        secured_kafka.grant(user, grants)
    name, rules = redis_rules(f"{SENTINEL}-redis")
    assert name == RUN
    secured_redis.set_user(name, *rules)
    secured_redis.denied()
    return Site(secured_kafka, secured_redis, authority, tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def story(site: Site) -> Story:
    topics = site.call(site.settings(TOPICS), "topics")
    short = site.folder / "short.jsonl"
    short.write_bytes(orjson.dumps({"url": "https://short.example/", "text": "Too short."}) + b"\n")
    site.call(site.settings(LOAD), "load", SAMPLES, short)
    settings = site.worker_settings()
    check = site.call(settings, "check")
    worker = WorkerProcess(settings, site.folder)
    worker.start()
    try:
        again = _page_of("https://again.example/")

        def some_page_is_known() -> bool:
            fill(site.kafka.open_address, "pages.raw", [again])
            return worker.metric("cache_requests_total", result="hit") > 0

        wait_for(some_page_is_known, 2 * SECONDS, "a hit", pause=0.5)
        pages = len(read_all(site.kafka.open_address, "pages.raw"))
        wait_for(lambda: worker.metric("pages_total") == pages, 2 * SECONDS, "every page")
        site.shown |= {
            path: worker.get(path)[1] for path in ("/metrics", "/version", "/livez", "/readyz", "/x")
        }
        site.shown |= seen_from_outside(worker.pid)
        worker.terminate()
        exit_code = worker.exit_code()
    finally:
        worker.kill()
    site.shown["log"] = worker.log.read_text()
    open_address = site.kafka.open_address
    replay = site.call(site.settings(REPLAY), "replay")
    return Story(
        site,
        topics,
        check,
        site.shown["log"],
        exit_code,
        [orjson.loads(record.value) for record in read_all(open_address, "articles.clean")],
        [str(dead_reason(record.headers)) for record in read_all(open_address, "pages.dead")],
        replay,
        pages,
    )


def _page_of(url: str) -> tuple[int, bytes, bytes]:
    """A page for the raw topic, told by its key."""
    text = "The harbour opened again on Monday after the storm, and the first ferry left at noon. " * 3
    return 0, url.encode(), f"<html><title>Harbour</title><article><p>{text}</p></article></html>".encode()


def seen_from_outside(pid: int) -> dict[str, str]:
    """The command lines of a process and of all below it, and the environments of those."""
    worker = psutil.Process(pid)
    below = worker.children(recursive=True)
    assert below, "no child"
    lines = {f"arguments of {one.pid}": " ".join(one.cmdline()) for one in (worker, *below)}
    return lines | {f"environment of {one.pid}": repr(one.environ()) for one in below}


def test_every_command_works_with_its_rights(story: Story) -> None:
    assert "created with 2 partitions" in story.topics
    assert "not fine" not in story.check
    assert story.exit_code == 0, story.log[-3000:]
    assert len(story.articles) + len(story.reasons) == story.raw_pages
    assert len({article["id"] for article in story.articles}) > 20
    assert story.reasons.count("too_short") == 1
    back = read_count(story.site.kafka.open_address, "pages.raw", story.raw_pages + len(story.reasons))
    assert len(back) == story.raw_pages + len(story.reasons)


def test_redis_refused_nothing_but_a_question_of_check(story: Story) -> None:
    for entry in story.site.redis.denied():
        assert b"info" in (entry.values() if isinstance(entry, dict) else entry)


def test_nothing_secret_is_shown(story: Story) -> None:
    shown = story.site.shown
    assert any("DEBUG" in line for line in shown["log"].splitlines()), "the log is not that of DEBUG"
    assert "pagesieve_pages_total" in shown["/metrics"]
    assert [name for name, text in shown.items() if SENTINEL in text] == []


@pytest.fixture(scope="module")
def outcasts(site: Site, story: Story) -> Mapping[Grant, tuple[int, str]]:
    """How workers end that lack one right each: the exit code and the last line of the log."""
    fill(site.kafka.open_address, "pages.raw", [_page_of("https://outcast.example/")])
    rights = kafka_rights()[RUN]

    def without(number: int, missing: Grant) -> tuple[int, str]:
        user = f"{RUN}-{number}"
        group = f"{GROUP}-{number}"
        site.kafka.add_scram_users({user: word(user)})
        granted = [_renamed(right, group) for right in rights if right != missing]
        site.kafka.grant(user, granted)
        worker = WorkerProcess(
            site.worker_settings()
            | site.settings(user)
            | {"kafka_group_id": group, "kafka_connect_timeout": "2", "redis_url": ""},
            site.folder,
            number,
        )
        worker.start()
        try:
            code = worker.exit_code()
        finally:
            worker.kill()
        site.shown[f"log without {missing}"] = worker.log.read_text()
        return code, site.shown[f"log without {missing}"].strip().splitlines()[-1]

    with ThreadPoolExecutor(2) as pool:
        ended = {right: pool.submit(without, n, right) for n, right in enumerate(rights, 1)}
        return {right: found.result() for right, found in ended.items()}


def _renamed(right: Grant, group: str) -> Grant:
    """The right for another group, and its transactional ids."""
    return right._replace(name=right.name.replace(GROUP, group, 1)) if right.name.startswith(GROUP) else right


def test_without_one_of_its_rights_a_worker_tells_which(outcasts: Mapping[Grant, tuple[int, str]]) -> None:
    assert len(outcasts) == 5
    for right, (code, line) in outcasts.items():
        kind = right.resource.name.lower().replace("_", " ")
        assert right.name.rstrip("-") in line, line
        if kind == "topic":
            assert code == 69, line
            assert "or this user may not see it" in line
        else:
            assert code == (75 if kind == "group" else 69), line
            assert f"needs {right.operation.name.capitalize()} on the {kind}" in line


def test_without_one_of_their_rights_the_other_commands_fail(site: Site, story: Story) -> None:
    words = {LOAD: ("load", SAMPLES), TOPICS: ("topics",), REPLAY: ("replay",)}
    for user, command in words.items():
        stranger = f"{user}-stranger"
        site.kafka.add_scram_users({stranger: word(stranger)})
        told = site.call(site.settings(stranger), *command, code=69)
        assert "Traceback" not in told
        assert "may not see it" in told or "SECURITY.md" in told


@pytest.mark.parametrize(
    ("wrong", "code", "words"),
    [
        ("kafka_sasl_password_file", 69, ("user or password", "PAGESIEVE_KAFKA_SASL_PASSWORD")),
        ("kafka_ssl_cafile", 78, ("the TLS files for Kafka cannot be used",)),
        ("redis_ssl_cafile", 78, ("the TLS files for Redis cannot be used",)),
        (
            "redis_password_file",
            78,
            ("PAGESIEVE_REDIS_PASSWORD_FILE: the file that it names cannot be read",),
        ),
    ],
)
def test_what_cannot_be_used_ends_a_worker(site: Site, wrong: str, code: int, words: tuple[str, ...]) -> None:
    path = site.secret("wrong", f"{SENTINEL}-wrong") if code == 69 else "/nothing"
    settings = site.worker_settings() | {"kafka_connect_timeout": "1", "http_port": "0", wrong: path}
    told = site.call(settings, "run", code=code)
    assert any(text in told for text in words)


def test_nothing_secret_is_shown_by_what_failed(
    site: Site, outcasts: Mapping[Grant, tuple[int, str]]
) -> None:
    assert len(site.shown) > 10
    assert [name for name, text in site.shown.items() if SENTINEL in text] == []
