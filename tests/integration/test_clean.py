"""`pagesieve clean`: pages in, one result each out, in the same order."""

import base64
import gzip
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.integration.conftest import Command
from tests.integration.pages import MAX_PAGE_BYTES
from tests.integration.workers import clean_environment
from worker.demo_pages import SampleCase, sample_cases
from worker.poison import PoisonCase, poison_cases

SAMPLES, POISON = sample_cases(), poison_cases(MAX_PAGE_BYTES)
SECONDS = 100.0
COMMAND = [sys.executable, "-m", "worker", "clean", "--children", "2"]


def envelope(url: str, headers: Mapping[str, bytes], body: bytes) -> bytes:
    """A page as a JSON line; text as text, anything else in base64."""
    told = {name: value.decode() for name, value in headers.items()}
    row: dict[str, Any] = {"url": url, "content_type": told["content-type"]}
    if told["content-type"].startswith("text/plain"):
        row["text"] = body.decode()
    else:
        row["html_b64"] = base64.b64encode(body).decode()
    if "http-status" in told:
        row["http_status"] = int(told["http-status"])
    return orjson.dumps(row)


def line(case: SampleCase | PoisonCase) -> bytes:
    if isinstance(case, SampleCase):
        return envelope(case.url, dict(case.headers()), case.body)
    if dict(case.headers)["pagesieve-format"] == b"json":
        return case.value
    return envelope(case.key.decode(), dict(case.headers), case.value)


@pytest.fixture(scope="module")
def rows() -> Sequence[Mapping[str, Any]]:
    """What became of every sample page, and after those of the poison, all in one call."""
    lines = [*map(line, SAMPLES), *map(line, POISON)]
    ended = subprocess.run(
        [*COMMAND, "--set", f"max_page_bytes={MAX_PAGE_BYTES}"],
        input=b"\n\n".join(lines) + b"\n",
        env=clean_environment(),
        capture_output=True,
        timeout=SECONDS,
        check=True,
    )
    assert ended.stderr == b""  # no progress where nobody looks
    return [orjson.loads(row) for row in ended.stdout.splitlines()]


def test_a_line_for_each_page_in_the_same_order(rows: Sequence[Mapping[str, Any]]) -> None:
    assert len(rows) == len(SAMPLES) + len(POISON)
    assert [row["url"] for row in rows[: len(SAMPLES)]] == [case.url for case in SAMPLES]
    named = [(case, row) for case, row in zip(POISON, rows[len(SAMPLES) :], strict=True) if row["url"]]
    assert [row["url"].rpartition("/")[2] for _, row in named] == [case.name for case, _ in named]
    assert [case.name for case in POISON if case.name not in {c.name for c, _ in named}] == ["not-json"]


@pytest.mark.parametrize("case", SAMPLES, ids=lambda case: case.name)
def test_a_sample_page_gives_exactly_its_article(rows: Sequence[Mapping[str, Any]], case: SampleCase) -> None:
    row = rows[SAMPLES.index(case)]
    expected = {name: value for name, value in case.expected.items() if name != "about"}
    assert {name: row.get(name) for name in expected} == expected
    assert row["source"] is None


@pytest.mark.parametrize("case", POISON, ids=lambda case: case.name)
def test_poison_gives_its_reason_or_still_an_article(
    rows: Sequence[Mapping[str, Any]], case: PoisonCase
) -> None:
    row = rows[len(SAMPLES) + POISON.index(case)]
    if case.reason is None:
        assert any(case.holds in paragraph for paragraph in row["paragraphs"])
    else:
        assert row.keys() == {"url", "error", "detail"}
        assert row["error"] == case.reason
        assert row["detail"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files of pages: in name order an HTML page, a text packed, and a page without anything."""
    by_name = {case.name: case for case in SAMPLES}
    (tmp_path / "1.html").write_bytes(by_name["en-newspaper-theme"].body)
    (tmp_path / "2.txt.gz").write_bytes(gzip.compress(by_name["ar-jannah-text"].body))
    (tmp_path / "3.html").write_bytes(b" ")
    return tmp_path


def test_files_as_text(folder: Path, pagesieve: Command) -> None:
    ended = pagesieve("clean", "--format", "text", "-c", 1, folder)
    assert (ended.code, ended.err) == (0, "")
    first, second, third = ended.out.rstrip("\n").split("\n\n\n")
    expected = {case.name: case.expected for case in SAMPLES}
    for text, name in ((first, "en-newspaper-theme"), (second, "ar-jannah-text")):
        title, _, body = text.partition("\n\n")
        assert title == expected[name]["title"]
        assert expected[name]["paragraphs"][0] in body
    assert third == f"[{folder}/3.html: empty: the body is blank]"


def test_files_as_markdown(folder: Path, pagesieve: Command) -> None:
    ended = pagesieve("clean", "-f", "markdown", "-c", 1, folder / "1.html", folder / "3.html")
    expected = next(case.expected for case in SAMPLES if case.name == "en-newspaper-theme")
    lines = ended.out.split("\n\n")
    assert lines[0] == f"# {expected['title']}"
    assert lines[1].startswith("*")
    assert ", ".join(expected["authors"]) in lines[1]
    assert expected["published_at"] in lines[1]
    assert lines[2:].index("---") >= len(expected["paragraphs"])
    assert lines[-2] == f"[{folder}/3.html: empty: the body is blank]"


def test_what_comes_before_a_file_that_cannot_be_read_is_written(folder: Path, pagesieve: Command) -> None:
    (folder / "2.warc.gz").write_bytes(gzip.compress(b"WARC/1.0\r\n")[:-4])
    ended = pagesieve("clean", "-c", 1, folder)
    assert ended.code == 65
    assert [orjson.loads(row)["url"] for row in ended.out.splitlines()] == [None, None]
    assert ended.err.startswith(f"pagesieve: {folder}/2.warc.gz: ")
    assert ended.err.count("\n") == 1


def test_a_reader_that_has_seen_enough(tmp_path: Path) -> None:
    case = next(case for case in SAMPLES if case.name == "en-drupal")
    pages = tmp_path / "pages.jsonl"
    pages.write_bytes((line(case) + b"\n") * 400)
    with subprocess.Popen(
        [*COMMAND, str(pages)], env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert orjson.loads(process.stdout.readline())["url"] == case.url
        process.stdout.close()
        told = process.stderr.read()
        assert process.wait(SECONDS) == 0
    assert told == b""
