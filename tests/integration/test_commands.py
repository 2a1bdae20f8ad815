"""`pagesieve load`, `topics` and `check` on the embedded services, the help, and errors of one line."""

import gzip
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
import typer
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from tests.conftest import Names
from tests.integration.conftest import Command
from tests.servers.kafka import Kafka
from tests.servers.processes import free_port
from tests.servers.topics import read_all
from worker.cli import app
from worker.commands.demo_load import demo_pages
from worker.embedded import EmbeddedServers
from worker.environment import load_settings

COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
NOWHERE = f"127.0.0.1:{free_port()}"


@pytest.fixture
def settings(embedded: EmbeddedServers, names: Names) -> dict[str, Any]:
    """Those that name the embedded broker and topics of this test."""
    topics = {f"{kind}_topic": names.new(kind) for kind in ("raw", "articles", "dead")}
    return {
        "kafka_bootstrap_servers": embedded.bootstrap_servers,
        "kafka_group_id": names.new("group"),
        "topic_partitions": 4,
        **topics,
    }


def raw_messages(settings: Mapping[str, Any]) -> list[Any]:
    return read_all(settings["kafka_bootstrap_servers"], settings["raw_topic"])


def test_every_command_is_listed_with_what_it_does(pagesieve: Command) -> None:
    ended = pagesieve("--help")
    assert ended.code == 0
    assert COMMANDS.keys() == {"run", "clean", "explain", "load", "topics", "check", "replay", "demo"}
    for name, command in COMMANDS.items():
        assert f" {name} " in ended.out
        assert command.help.split("\n")[0] in ended.out
    assert "PAGESIEVE_" in ended.out


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_explains_all_of_it(pagesieve: Command, name: str) -> None:
    ended = pagesieve(name, "--help")
    assert (ended.code, ended.err) == (0, "")
    assert COMMANDS[name].help.split("\n")[0] in ended.out
    for parameter in COMMANDS[name].params:
        assert parameter.help, parameter.name
        assert parameter.help.split()[0] in ended.out


def test_without_anything_the_help_is_shown(pagesieve: Command) -> None:
    ended = pagesieve()
    assert ended.code == 64
    assert "COMMAND [ARGS]" in ended.out
    assert "Load pages from files into the raw topic." in ended.out
    assert pagesieve("--version").out.startswith("pagesieve 0.")


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["clean", "--format", "xml"], 64, "--format: xml is not one of json, text, markdown"),
        (["clean", "--children", "two"], 64, "Invalid value for '--children'"),
        (["clean", "--set", "min_wrods=5"], 64, "--set min_wrods: not of the form NAME=VALUE"),
        (["clean", "--set", "min_words=0"], 78, "PAGESIEVE_MIN_WORDS: "),
        (["clean", "nowhere.html"], 65, "nowhere.html: No such file or directory"),
        (["sweep"], 64, "No such command 'sweep'"),
        (["run", "--colour"], 64, "No such option: --colour"),
        (["load"], 64, "load takes either files and folders, or --samples"),
        (["load", "page.html", "--samples", "1"], 64, "load takes either files and folders, or --samples"),
        (["load", "nowhere.html", "-b", NOWHERE, "--set", "kafka_call_timeout=1"], 69, NOWHERE),
        (["topics", "-b", NOWHERE, "--set", "kafka_call_timeout=1"], 69, NOWHERE),
        (["replay", "-b", NOWHERE, "--set", "kafka_call_timeout=1"], 69, NOWHERE),
        (["replay", "--reason", "bored"], 64, "--reason: bored: known are not_html, "),
        (["replay", "--newer-than", "yesterday"], 64, "yesterday: an age is a number and s, m, h or d"),
        (["replay", "--limit", "0"], 64, "Invalid value for '--limit'"),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, list) else "",
)
def test_errors_are_one_line(pagesieve: Command, words: list[str], code: int, told: str) -> None:
    ended = pagesieve(*words)
    assert (ended.code, ended.out) == (code, "")
    assert ended.err.startswith("pagesieve: ")
    assert told in ended.err
    assert ended.err.count("\n") == 1


def test_topics_are_created_once(pagesieve: Command, settings: dict[str, Any]) -> None:
    first, second = pagesieve("topics", **settings), pagesieve("topics", **settings)
    assert (first.code, second.code) == (0, 0)
    for ended, told in ((first, "created with"), (second, "is there, with")):
        for kind, partitions in (("raw", 4), ("articles", 4), ("dead", 1)):
            (row,) = [line for line in ended.out.splitlines() if settings[f"{kind}_topic"] in line]
            assert f"{told} {partitions} partitions" in row


def test_check_finds_everything_fine(
    pagesieve: Command, settings: dict[str, Any], embedded: EmbeddedServers
) -> None:
    pagesieve("topics", **settings)
    ended = pagesieve("check", redis_url=embedded.redis_url, **settings)
    assert ended.code == 0, ended.out
    assert "not fine" not in ended.out
    for what in ("settings", "Kafka", "transactions", "Redis", f"topic {settings['raw_topic']}"):
        (row,) = [line for line in ended.out.splitlines() if f" {what} " in line]
        assert " fine " in row


def test_check_tells_what_is_wrong_and_what_to_do(pagesieve: Command, settings: dict[str, Any]) -> None:
    ended = pagesieve("check", redis_url=f"redis://{NOWHERE}/0", **settings)
    assert ended.code == 69
    rows = {line.split("│")[2].strip(): line for line in ended.out.splitlines() if line.count("│") > 3}
    for kind in ("raw", "articles", "dead"):
        row = rows[f"topic {settings[f'{kind}_topic']}"]
        assert "not fine" in row
        assert "`pagesieve topics` creates it" in row
    assert "not fine" in rows["Redis"]
    assert "unset PAGESIEVE_REDIS_URL" in rows["Redis"]
    assert "not fine" not in rows["Kafka"]


def test_check_without_kafka(pagesieve: Command) -> None:
    ended = pagesieve("check", "-b", NOWHERE, kafka_call_timeout=1)
    assert ended.code == 69
    (row,) = [line for line in ended.out.splitlines() if " Kafka " in line]
    assert "not fine" in row
    assert "PAGESIEVE_KAFKA_BOOTSTRAP_SERVERS" in row


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Pages in every kind of file."""
    (tmp_path / "a.html").write_bytes(b"<p>one")
    (tmp_path / "b.txt.gz").write_bytes(gzip.compress(b"two"))
    rows = [{"url": f"https://a.example/{number}", "html": "<p>three"} for number in range(700)]
    (tmp_path / "c.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    archive = io.BytesIO()
    writer = WARCWriter(archive, gzip=True)
    headers = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
    record = writer.create_warc_record(
        "https://a.example/w", "response", payload=io.BytesIO(b"<p>four"), http_headers=headers
    )
    writer.write_record(record)
    (tmp_path / "d.warc.gz").write_bytes(archive.getvalue())
    return tmp_path


def test_load_publishes_every_page(pagesieve: Command, settings: dict[str, Any], folder: Path) -> None:
    pagesieve("topics", **settings)
    ended = pagesieve("load", folder, **settings)
    assert (ended.code, ended.out) == (0, "")
    assert ended.err == f"703 pages loaded into {settings['raw_topic']}\n"
    messages = raw_messages(settings)
    assert len(messages) == 703
    by_key = {message.key: message for message in messages}
    assert len(by_key) == 703
    assert by_key[str(folder / "a.html").encode()].value == b"<p>one"
    text = by_key[str(folder / "b.txt.gz").encode()]
    assert (text.value, dict(text.headers)["content-type"]) == (b"two", b"text/plain")
    assert orjson.loads(by_key[b"https://a.example/699"].value)["html"] == "<p>three"
    archived = by_key[b"https://a.example/w"]
    assert archived.value == b"<p>four"
    assert {("url", b"https://a.example/w"), ("http-status", b"200")} <= set(archived.headers)


def test_load_leaves_out_what_no_message_holds(
    pagesieve: Command, settings: dict[str, Any], folder: Path
) -> None:
    (folder / "b.html").write_bytes(b"x" * 300_000)
    pagesieve("topics", **settings)
    limits = {"max_page_bytes": 100_000, "kafka_max_request_size": 200_000}
    ended = pagesieve("load", folder, **settings, **limits)
    assert ended.code == 65
    assert f"1 pages larger than kafka_max_request_size: {folder}/b.html" in ended.err
    assert len(raw_messages(settings)) == 703


def test_load_has_loaded_what_comes_before_a_damaged_file(
    pagesieve: Command, settings: dict[str, Any], folder: Path
) -> None:
    (folder / "d.html.gz").write_bytes(b"not gzip")
    pagesieve("topics", **settings)
    ended = pagesieve("load", folder, **settings)
    assert ended.code == 65
    assert ended.err.startswith(f"pagesieve: {folder}/d.html.gz: ")
    assert len(raw_messages(settings)) == 702


def test_load_publishes_the_sample_pages(pagesieve: Command, settings: dict[str, Any]) -> None:
    pagesieve("topics", **settings)
    ended = pagesieve("load", "--samples", 2, **settings)
    pages = demo_pages(2, load_settings({}).max_page_bytes)
    assert (ended.code, ended.out) == (0, "")
    assert ended.err == f"{len(pages)} pages loaded into {settings['raw_topic']}\n"
    found = {(message.key, message.value) for message in raw_messages(settings)}
    assert found == {(page.key, page.value) for page in pages}


@pytest.mark.kafka  # the embedded broker makes every topic that it is asked for
def test_load_without_its_topic(
    pagesieve: Command, settings: dict[str, Any], folder: Path, kafka: Kafka
) -> None:
    settings |= {"kafka_bootstrap_servers": kafka.bootstrap_servers, "kafka_call_timeout": 2}
    ended = pagesieve("load", folder, **settings)
    assert ended.code == 69
    assert settings["raw_topic"] in ended.err
    assert "`pagesieve topics` creates it" in ended.err
    assert ended.err.count("\n") == 1
