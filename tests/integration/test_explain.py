"""`pagesieve explain`: the three forms, for files, folders and JSON lines."""

import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from jsonschema import Draft202012Validator

import worker
from tests.explaining import samples
from tests.integration.conftest import Command
from tests.integration.pages import MAX_PAGE_BYTES
from tests.integration.workers import clean_environment
from worker.poison import poison_cases

SECONDS = 100.0
SCHEMA = Draft202012Validator(
    orjson.loads((Path(worker.__file__).parent / "explanation.schema.json").read_bytes())
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """In name order an Arabic page, an English one, and one without anything."""
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / "1.html").write_bytes(samples()["ar-jannah"].body)
    (pages / "2.html").write_bytes(samples()["en-newspaper-theme"].body)
    (pages / "3.html").write_bytes(b" ")
    return pages


def test_in_the_terminal(folder: Path, pagesieve: Command) -> None:
    ended = pagesieve("explain", folder)
    assert (ended.code, ended.err) == (0, "")
    arabic, english, empty = (part for part in ended.out.split(f"{folder}/") if part)
    assert samples()["ar-jannah"].expected["title"] in arabic
    assert "- 41 cut title repeats/title  the headline again" in arabic
    assert "cut read_also en/read-also  the cue “Also read”" in english
    assert "\n    Also read: Ferry timetable" in english
    assert "meta article:published_time" in english
    assert "rejected: empty (the body is blank)" in empty
    assert "\x1b" not in ended.out


def test_all_blocks_in_the_terminal(folder: Path, pagesieve: Command) -> None:
    short = pagesieve("explain", folder / "1.html")
    whole = pagesieve("explain", "--all", folder / "1.html")
    assert "blocks that extraction left out" in short.out
    assert "blocks that extraction left out" not in whole.out


def test_as_json(folder: Path, pagesieve: Command) -> None:
    ended = pagesieve("explain", "-f", "json", folder)
    records = [orjson.loads(line) for line in ended.out.splitlines()]
    for record in records:
        SCHEMA.validate(record)
    assert [record["name"] for record in records] == [f"{folder}/{n}.html" for n in (1, 2, 3)]
    for record, name in zip(records, ("ar-jannah", "en-newspaper-theme"), strict=False):
        kept = [block["text"] for block in record["blocks"] if block["verdict"] == "kept"]
        assert "".join("".join(kept).split()) == "".join(
            "".join(samples()[name].expected["paragraphs"]).split()
        )
    assert records[0]["direction"] == "rtl"
    assert records[2]["reason"] == "empty"


def test_as_html_to_a_file(folder: Path, tmp_path: Path, pagesieve: Command) -> None:
    out = tmp_path / "out.html"
    ended = pagesieve("explain", "--format", "html", "--output", out, folder)
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    document = out.read_text(encoding="utf-8")
    assert document.startswith("<!doctype html>")
    assert document.count("<section ") == 3
    assert f'dir="rtl" lang="ar">{samples()["ar-jannah"].expected["paragraphs"][0]}</p>' in document


def test_json_lines_on_standard_input() -> None:
    lines = [
        orjson.dumps({"url": "https://a.example/1", "html": samples()["en-drupal"].body.decode()}),
        orjson.dumps({"url": "https://a.example/2", "text": samples()["ar-jannah-text"].body.decode()}),
        b"no json",
    ]
    ended = subprocess.run(
        [sys.executable, "-m", "worker", "explain", "-f", "json"],
        input=b"\n".join(lines),
        env=clean_environment(),
        capture_output=True,
        timeout=SECONDS,
        check=True,
    )
    assert ended.stderr == b""
    records = [orjson.loads(line) for line in ended.stdout.splitlines()]
    assert [(r["name"], r["url"], r["reason"]) for r in records] == [
        ("stdin:1", "https://a.example/1", None),
        ("stdin:2", "https://a.example/2", None),
        ("stdin:3", None, "bad_envelope"),
    ]


@pytest.mark.parametrize("form", ["terminal", "json", "html"])
def test_poison_is_explained_too(form: str, tmp_path: Path, pagesieve: Command) -> None:
    pages = tmp_path / "pages"
    pages.mkdir()
    for case in poison_cases(MAX_PAGE_BYTES):
        if dict(case.headers)["pagesieve-format"] == b"raw":
            (pages / f"{case.name}.html").write_bytes(case.value)
    out = tmp_path / "out"
    ended = pagesieve("explain", "-f", form, "-o", out, pages, max_page_bytes=MAX_PAGE_BYTES)
    assert (ended.code, ended.err) == (0, "")
    assert out.stat().st_size > 0


def test_settings_count(folder: Path, pagesieve: Command) -> None:
    ended = pagesieve("explain", "-f", "json", folder / "1.html", min_words=100_000)
    assert orjson.loads(ended.out)["reason"] == "too_short"


def test_a_form_that_is_not_known(folder: Path, pagesieve: Command) -> None:
    ended = pagesieve("explain", "-f", "pdf", folder)
    assert (ended.code, ended.err) == (64, "pagesieve: --format: pdf is not one of terminal, json, html\n")


def test_a_file_that_cannot_be_written(folder: Path, tmp_path: Path, pagesieve: Command) -> None:
    out = tmp_path / "none" / "out.html"
    ended = pagesieve("explain", folder, "-o", out)
    assert (ended.code, ended.err) == (73, f"pagesieve: {out}: No such file or directory\n")


@pytest.mark.parametrize("form", ["json", "html"])
def test_what_came_before_a_bad_input_is_written(form: str, folder: Path, pagesieve: Command) -> None:
    ended = pagesieve("explain", "-f", form, folder / "2.html", folder / "missing.html")
    assert (ended.code, ended.err) == (65, f"pagesieve: {folder}/missing.html: No such file or directory\n")
    assert samples()["en-newspaper-theme"].expected["title"] in ended.out
