"""The composition root: a worker as a process, its exit codes and its signals."""

import json
import logging
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any
from unittest.mock import Mock

import psutil
import pytest

from tests.conftest import Names
from tests.servers.processes import free_port, wait_for
from tests.servers.topics import create_topics, fill, read_all
from worker.app import run
from worker.assembly import fingerprint
from worker.core.options import CleanOptions
from worker.embedded import EmbeddedServers
from worker.environment import load_settings
from worker.pipeline.ports import StreamUnavailable
from worker.pipeline.process import StartError

PROGRAM = """
import os, sys
from worker.app import run
from worker.environment import load_settings
ours = {name: value for name, value in os.environ.items() if name.startswith("PAGESIEVE_")}
sys.exit(run(load_settings(ours)))
"""
PAGE = (
    "<html><head><title>A title of some words</title></head><body><article><h1>A title of some words</h1>%s"
)
SECONDS = 30.0


class Worker:
    """A worker in a process of its own."""

    def __init__(self, **settings: Any):
        env = {name: value for name, value in os.environ.items() if not name.startswith("PAGESIEVE_")}
        told = {"children": 1, "http_port": 0, "log_format": "json", **settings}
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            env=env | {f"PAGESIEVE_{name.upper()}": str(value) for name, value in told.items()},
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[dict[str, Any]] = []

    def read_until(self, text: str) -> str:
        """Read the log up to the line that has this in it."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(json.loads(line))
            if text in self.lines[-1]["message"]:
                return str(self.lines[-1]["message"])
        raise AssertionError(f"no line with {text!r} in {self.lines}")

    def end(self) -> tuple[int, str]:
        """Wait for the end: the exit code, and the messages of the log."""
        _, rest = self.process.communicate(timeout=SECONDS)
        self.lines += [json.loads(line) for line in rest.splitlines()]
        return self.process.returncode, "\n".join(line["message"] for line in self.lines)

    def ask(self, port: int, path: str) -> tuple[int, str]:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read().decode()
        connection.close()
        return response.status, body


@contextmanager
def working(**settings: Any) -> Iterator[Worker]:
    worker = Worker(**settings)
    try:
        yield worker
    finally:
        worker.process.kill()
        worker.process.wait()


def unreachable() -> dict[str, Any]:
    return {"kafka_bootstrap_servers": f"127.0.0.1:{free_port()}"}


def test_kafka_out_of_reach_is_69() -> None:
    with working(**unreachable(), kafka_connect_timeout=0.5, kafka_call_timeout=1) as worker:
        code, told = worker.end()
    assert code == 69
    assert "cannot be reached" in told
    assert all("error" not in line for line in worker.lines)  # a clear line, no traceback


def test_a_port_in_use_is_78(embedded: EmbeddedServers) -> None:
    with working(**unreachable(), http_port=embedded.kafka_port) as worker:
        code, told = worker.end()
    assert code == 78
    assert "PAGESIEVE_HTTP_PORT=0" in told


def test_a_redis_url_that_is_none_is_78() -> None:
    with working(**unreachable(), redis_url="http://localhost") as worker:
        code, told = worker.end()
    assert code == 78
    assert "PAGESIEVE_REDIS_URL" in told


@pytest.mark.parametrize(("host", "shown"), [("::1", "[::1]"), ("127.0.0.2", "127.0.0.2")])
def test_the_http_port_listens_on_the_address_that_it_is_given(host: str, shown: str) -> None:
    with working(**unreachable(), http_host=host) as worker:
        line = worker.read_until("/metrics")
        (port,) = re.findall(re.escape(f"http://{shown}:") + r"(\d+)/metrics", line)
        connection = HTTPConnection(host, int(port), timeout=5)
        connection.request("GET", "/version")
        assert connection.getresponse().status == 200
        connection.close()
        with pytest.raises(ConnectionRefusedError):
            worker.ask(int(port), "/version")
        worker.process.send_signal(signal.SIGTERM)
        assert worker.end()[0] == 0


def test_an_address_that_is_none_of_the_machines_is_78() -> None:
    with working(**unreachable(), http_host="192.0.2.1") as worker:
        code, told = worker.end()
    assert code == 78
    assert "cannot listen on 192.0.2.1" in told


def test_a_signal_during_the_start_ends_it_in_good_order() -> None:
    with working(**unreachable()) as worker:
        worker.read_until("pagesieve")
        wait_for(lambda: len(psutil.Process(worker.process.pid).children(True)) >= 3, SECONDS, "a child")
        worker.process.send_signal(signal.SIGTERM)
        code, told = worker.end()
    assert code == 0
    assert "stopped before it had started" in told


def test_a_worker_cleans_tells_and_stops_in_good_order(embedded: EmbeddedServers, names: Names) -> None:
    raw, articles, dead = names.new("raw"), names.new("articles"), names.new("dead")
    servers = embedded.bootstrap_servers
    create_topics(servers, {raw: 2, articles: 1, dead: 1})
    good = PAGE % "".join(
        f"<p>Sentence {n} of an article that goes on for a while, as they do.</p>" for n in range(8)
    )
    fill(
        servers,
        raw,
        [(0, b"https://example.org/a", good.encode()), (1, b"https://example.org/b", b"%PDF-1.7")],
    )
    settings = {
        "kafka_bootstrap_servers": servers,
        "redis_url": embedded.redis_url,
        "kafka_group_id": names.new("group"),
        "raw_topic": raw,
        "articles_topic": articles,
        "dead_topic": dead,
        "commit_interval": 0.1,
    }
    with working(**settings) as worker:
        found = re.search(r"http://127.0.0.1:(\d+)/metrics", worker.read_until("pagesieve"))
        assert found
        port = int(found[1])

        def published() -> bool:
            lines = worker.ask(port, "/metrics")[1].splitlines()
            counts = [float(line.split()[-1]) for line in lines if line.startswith("pagesieve_pages_total")]
            return counts == [1.0, 1.0]

        wait_for(published, SECONDS, "both pages published")
        wait_for(lambda: worker.ask(port, "/readyz")[0] == 200, SECONDS, "ready")
        assert worker.ask(port, "/livez")[0] == 200
        version = json.loads(worker.ask(port, "/version")[1])
        family = psutil.Process(worker.process.pid).children(recursive=True)
        worker.process.send_signal(signal.SIGTERM)
        code, told = worker.end()
    assert code == 0, told
    assert "bug" not in told
    _, alive = psutil.wait_procs(family, SECONDS)
    assert not alive
    (article,) = read_all(servers, articles)
    record = json.loads(article.value)
    assert record["title"] == "A title of some words"
    assert record["extractor"]["rules_fingerprint"] == version["rules_fingerprint"]
    (letter,) = read_all(servers, dead)
    assert dict(letter.headers)["pagesieve.reason"] == b"not_html"


def test_a_second_signal_ends_the_process_at_once(embedded: EmbeddedServers, names: Names) -> None:
    topics = {"raw_topic": names.new("raw"), "articles_topic": names.new("a"), "dead_topic": names.new("d")}
    create_topics(embedded.bootstrap_servers, dict.fromkeys(topics.values(), 1))
    with working(
        kafka_bootstrap_servers=embedded.bootstrap_servers, kafka_group_id=names.new("g"), **topics
    ) as w:
        port = int(w.read_until("pagesieve").split(":")[-1].split("/")[0])
        wait_for(lambda: w.ask(port, "/readyz")[0] == 200, SECONDS, "ready")
        w.process.send_signal(signal.SIGTERM)
        w.process.send_signal(signal.SIGINT)
        assert w.process.wait(SECONDS) == 75


def test_the_fingerprint_tells_rules_and_options_apart() -> None:
    options = CleanOptions()
    first = fingerprint({"a": "1"}, options)
    assert first == fingerprint({"a": "1"}, CleanOptions())
    assert (
        len({first, fingerprint({"a": "2"}, options), fingerprint({"a": "1"}, CleanOptions(min_words=3))})
        == 3
    )


@pytest.fixture
def quiet() -> Iterator[None]:
    """Everything that `run` sets in its process as it was, afterwards."""
    root, hook = logging.getLogger(), threading.excepthook
    before = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = before
    threading.excepthook = hook


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize(
    ("error", "code"),
    [(StreamUnavailable("gone for good"), 75), (ZeroDivisionError("a bug"), 70), (None, 0)],
)
def test_how_the_loop_ends_is_the_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception | None, code: int
) -> None:
    loop = Mock(run=Mock(side_effect=error))
    monkeypatch.setattr("worker.app.build_worker", lambda *_: Mock(loop=loop))
    assert run(load_settings({})) == code
    told = capsys.readouterr().err
    assert ("Traceback" in told) is (code == 70)
    assert str(error or "stopped") in told


@pytest.mark.usefixtures("quiet")
def test_children_that_do_not_start_are_70(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.app.build_worker", Mock(side_effect=StartError("no rules")))
    assert run(load_settings({})) == 70


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_handlers_are_put_back(number: signal.Signals) -> None:
    from worker.app import _Stopping

    before = signal.getsignal(number)
    with _Stopping():
        assert signal.getsignal(number) is not before
    assert signal.getsignal(number) is before
