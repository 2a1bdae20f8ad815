"""What an explanation says of a page, as data."""

import re
from collections import Counter
from pathlib import Path

import orjson
import pytest
from jsonschema import Draft202012Validator

import worker
from tests.explaining import HOSTILE_PAGE, explained, explained_html, explained_page, rules, samples
from worker.core.evidence.features import FEATURES
from worker.core.records import Kind, Page, Reason, Rejected
from worker.explaining.fields import Field
from worker.explaining.reasons import _BUILT_IN, _MODEL
from worker.explaining.record import json_line
from worker.explaining.rows import Explanation, Row, Verdict, direction_of_text, explain
from worker.explaining.runs import runs_of

PACKAGE = Path(worker.__file__).parent
SCHEMA = Draft202012Validator(orjson.loads((PACKAGE / "explanation.schema.json").read_bytes()))


def row_with(explanation: Explanation, text: str) -> Row:
    return next(row for row in explanation.rows if row.text.startswith(text))


def field_of(explanation: Explanation, name: str) -> Field:
    return next(field for field in explanation.fields if field.name == name)


@pytest.mark.parametrize("name", samples())
def test_what_is_kept_is_the_article(name: str) -> None:
    explanation = explained(name)
    kept = "".join(row.text for row in explanation.rows if row.verdict is Verdict.KEPT)
    paragraphs = "".join(samples()[name].expected["paragraphs"])
    assert "".join(kept.split()) == "".join(paragraphs.split())


@pytest.mark.parametrize("name", samples())
def test_every_cut_has_a_kind_a_rule_and_a_reason_of_its_own(name: str) -> None:
    for row in explained(name).rows:
        assert row.why
        assert (row.verdict is Verdict.CUT) == (row.kind is not None)
        assert (row.verdict is Verdict.CUT) == (row.rule is not None)


def test_the_rules_that_are_code_are_all_told_of() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in (PACKAGE / "core").rglob("*.py"))
    ids = set(re.findall(r'"((?:fields|repeats|shape)/[a-z-]+)"', source))
    assert ids == _BUILT_IN.keys()
    assert {f"layout/{feature.group}" for feature in FEATURES} == _MODEL.keys()


@pytest.mark.parametrize("name", samples())
def test_every_field_that_is_told_has_its_evidence(name: str) -> None:
    explanation = explained(name)
    for field in explanation.fields:
        assert bool(field.values) == (field.evidence is not None), field
    expected = samples()[name].expected
    assert field_of(explanation, "title").values == ((expected["title"],) if expected["title"] else ())
    assert list(field_of(explanation, "authors").values) == expected["authors"]


def test_evidence_names_the_meta_tag_or_the_line() -> None:
    page = explained("en-newspaper-theme")
    assert field_of(page, "published_at").evidence == "meta article:published_time"
    text = explained("ar-jannah-text")
    headline = row_with(text, samples()["ar-jannah-text"].expected["title"])
    assert field_of(text, "title").evidence == f"a line of the text, block {headline.number}"
    agency = explained("ar-agency")
    dateline = row_with(agency, "موسكو/ الأناضول")
    for name in ("source_credits", "dateline"):
        assert field_of(agency, name).evidence == f"a line of the text, block {dateline.number}"


def test_a_cue_is_named_with_the_phrase_that_stands_there() -> None:
    row = row_with(explained("en-newspaper-theme"), "Also read: Ferry")
    assert (row.kind, row.rule, row.why) == (Kind.READ_ALSO, "en/read-also", "the cue “Also read”")


def test_a_selector_is_named_with_the_element_that_it_found() -> None:
    row = row_with(explained("ar-jannah"), "شاركها")
    assert (row.rule, row.why) == ("jannah/share", "it lies in div.share-links.icons-only")
    assert row.place.endswith("div.share-title")


def test_what_goes_with_a_heading_says_so() -> None:
    page = "<article>" + "<p>The council met on Monday to talk about the new bridge over the river.</p>" * 5
    page += "<div><h3>Read also</h3><ul><li><a href=/a>Ferry adds trips</a></li></ul></div></article>"
    row = row_with(explained_html(page), "Ferry adds")
    assert row.why == "it goes with the heading above it"


def test_a_page_that_was_rejected_tells_why_and_still_shows_its_blocks() -> None:
    explanation = explained_html(
        "<html lang=en><title>Short</title><body><h1>Short</h1><p>Three words only.</p>"
    )
    assert explanation.rejected is not None
    assert explanation.rejected.reason is Reason.TOO_SHORT
    assert [row.text for row in explanation.rows] == ["Short", "Three words only."]
    assert field_of(explanation, "title").values == ("Short",)
    record = orjson.loads(json_line(explanation))
    assert (record["outcome"], record["reason"], record["word_count"]) == ("rejected", "too_short", 0)
    SCHEMA.validate(record)


def test_a_page_that_was_rejected_before_it_had_blocks() -> None:
    explanation = explain("x", None, Rejected(Reason.NOT_HTML, "a PDF"), None, rules())
    record = orjson.loads(json_line(explanation))
    assert (record["reason"], record["detail"], record["blocks"], record["fields"]) == (
        "not_html",
        "a PDF",
        [],
        [],
    )
    SCHEMA.validate(record)


def test_a_text_page_has_no_places_and_no_shares() -> None:
    rows = explained("ar-jannah-text").rows
    assert {(row.place, row.share, row.score, row.signs) for row in rows} == {("", None, None, ())}
    assert all(row.extracted for row in rows)


@pytest.mark.parametrize("name", samples())
def test_the_json_is_as_its_schema_says(name: str) -> None:
    line = json_line(explained(name))
    assert line.count(b"\n") == 1
    record = orjson.loads(line)
    SCHEMA.validate(record)
    assert record["counts"] == {
        verdict: sum(block["verdict"] == verdict for block in record["blocks"]) for verdict in Verdict
    }
    assert record["kinds"] == Counter(block["kind"] for block in record["blocks"] if block["kind"])


def test_the_json_has_hostile_text_as_it_is() -> None:
    record = orjson.loads(json_line(explained_html(HOSTILE_PAGE)))
    assert any("\u202eThis would read" in block["text"] for block in record["blocks"])
    SCHEMA.validate(record)


@pytest.mark.parametrize(
    ("text", "otherwise", "direction"),
    [
        ("RT نشرت المؤسسة تقريرها السنوي عن حرية الصحافة", "ltr", "rtl"),
        ("The word سلام means peace", "rtl", "ltr"),
        ("2024 / 12", "rtl", "rtl"),
        ("2024 / 12", "ltr", "ltr"),
        ("שלום עולם", "ltr", "rtl"),
        ("", "rtl", "rtl"),
    ],
)
def test_the_direction_is_that_of_most_letters(text: str, otherwise: str, direction: str) -> None:
    assert direction_of_text(text, otherwise) == direction


def test_only_what_extraction_left_out_folds() -> None:
    explanation = explained("ar-jannah")
    runs = list(runs_of(explanation.rows))
    assert [row for run in runs for row in run.rows] == list(explanation.rows)
    folded = [row for run in runs if run.folded for row in run.rows]
    assert len(folded) > 100
    assert not any(row.verdict is Verdict.KEPT or row.extracted for row in folded)


def test_hostile_class_names_do_not_make_a_place_long() -> None:
    page = f"<body><div class='{'x' * 100_000}' id='{'y' * 100_000}'><p>Some words stand here.</p></div>"
    assert len(explained_html(page).rows[0].place) < 200


def test_an_empty_page() -> None:
    explanation = explained_page(Page(b" "))
    assert explanation.rejected is not None
    assert explanation.rows == ()
    assert explanation.fields == ()
    assert explanation.verdicts == dict.fromkeys(Verdict, 0)
