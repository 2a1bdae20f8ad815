import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import jsonschema
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

import worker
from tests.unit.test_outcomes import FULL, articles
from worker.core.decode import decode_message
from worker.core.fingerprint import page_key
from worker.core.options import CleanOptions
from worker.core.records import Article, Dateline, Envelope, Kind, Page, Reason, Rejected, Removed
from worker.pipeline.ports import Headers, Message, Outgoing, Partition
from worker.pipeline.routing import (
    MAX_DETAIL,
    Publication,
    Stage,
    article_message,
    article_record,
    dead_letter,
    dead_reason,
    original_headers,
    replay_count,
    replayed,
    route,
)
from worker.settings import RemovedDetail

SCHEMA = orjson.loads((Path(worker.__file__).parent / "article.schema.json").read_bytes())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())

NOW = datetime(2024, 5, 1, 13, 20, 30, 123456, tzinfo=timezone(timedelta(hours=3)))
URL = "https://www.news.example/a/1?x=2"
PUBLICATION = Publication(
    "articles.clean", "pages.dead", RemovedDetail.FULL, "0.1.0", "2.3.1", "0123456789abcdef"
)
HEADERS: Headers = (("pagesieve-format", b"json"), ("trace", b"\xff\x00"), ("trace", b"2"))
MESSAGE = Message(Partition("pages.raw", 3), 17, b"key", b"value", HEADERS, 1714558830000)
ENVELOPE = Envelope(Page(b"<p>", URL), "2024-05-01T10:20:30+00:00", 200, {"feed": "top", "n": [1, None]})
BARE = Article(("One two three.",))
REJECTED = Rejected(Reason.TOO_SHORT, "3 words, fewer than 10")


def record_of(
    article: Article = BARE,
    envelope: Envelope = ENVELOPE,
    publication: Publication = PUBLICATION,
    message: Message | None = MESSAGE,
) -> dict[str, Any]:
    record: dict[str, Any] = orjson.loads(
        orjson.dumps(article_record(envelope, article, publication, NOW, message))
    )
    VALIDATOR.validate(record)
    return record


def at(url: str | None) -> Envelope:
    return replace(ENVELOPE, page=Page(b"<p>", url))


def header(outgoing: Outgoing, name: str) -> str:
    found = [value.decode() for key, value in outgoing.headers if key == name]
    assert len(found) == 1, (name, found)
    return found[0]


class TestSchema:
    def test_is_a_schema_of_2020_12(self) -> None:
        jsonschema.Draft202012Validator.check_schema(SCHEMA)
        assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"

    def test_kinds_are_those_of_the_code(self) -> None:
        assert SCHEMA["$defs"]["kind"]["enum"] == [kind.value for kind in Kind]

    def test_every_field_is_required_and_told_of(self) -> None:
        def walk(schema: dict[str, Any]) -> None:
            for name, field in schema.get("properties", {}).items():
                assert field.get("description") or "$ref" in field, name
                walk(field)
            if "properties" in schema:
                assert schema["required"] == list(schema["properties"])
                assert schema["additionalProperties"] is False

        walk(SCHEMA)
        walk(SCHEMA["properties"]["removed"]["oneOf"][0]["items"])

    def test_the_record_has_its_fields_in_its_order(self) -> None:
        assert list(record_of()) == list(SCHEMA["properties"])

    @pytest.mark.parametrize(
        "wrong",
        [
            {"extra": 1},
            {"schema_version": 2},
            {"published_at": "yesterday"},
            {"published_at": "2024-05"},
            {"cleaned_at": "2024-05-01T10:20:30"},
            {"url": "ftp://x/"},
            {"paragraphs": "x"},
            {"removed": [{"kind": "no_such", "rule": "r", "text": "t"}]},
            {"removed": {"no_such": 1}},
            {"source": {"topic": "t", "partition": 0}},
            {"word_count": -1},
        ],
    )
    def test_it_refuses_what_is_wrong(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(jsonschema.ValidationError):
            VALIDATOR.validate(record_of() | wrong)


class TestArticleRecord:
    def test_all_of_it(self) -> None:
        article = replace(
            FULL, canonical_url="https://news.example/a/1", paragraphs=("سطر أول.", "سطر ثان هنا.")
        )
        text = "سطر أول.\n\nسطر ثان هنا."
        assert record_of(article) == {
            "schema_version": 1,
            "id": hashlib.sha256(b"url:https://news.example/a/1").hexdigest()[:32],
            "url": URL,
            "canonical_url": "https://news.example/a/1",
            "domain": "news.example",
            "site_name": "News",
            "title": "عنوان",
            "description": "وصف",
            "authors": ["Ana", "بدر"],
            "published_at": "2024-05-01T10:20:30+03:00",
            "published_at_raw": "1 مايو 2024",
            "modified_at": "2024-05-02",
            "language": "ar",
            "text_direction": "rtl",
            "section": "سياسة",
            "tags": ["a", "b"],
            "image_url": "https://news.example/i.jpg",
            "source_credits": ["RT"],
            "dateline": {"place": "موسكو", "agency": None},
            "text": text,
            "paragraphs": ["سطر أول.", "سطر ثان هنا."],
            "word_count": 5,
            "text_sha256": hashlib.sha256(text.encode()).hexdigest(),
            "fetched_at": "2024-05-01T10:20:30+00:00",
            "cleaned_at": "2024-05-01T10:20:30.123+00:00",
            "removed": [
                {"kind": "share", "rule": "wp.share", "text": "شارك"},
                {"kind": "share", "rule": "wp.share", "text": "x"},
            ],
            "extractor": {"name": "trafilatura", "version": "2.3.1", "rules_fingerprint": "0123456789abcdef"},
            "source": {"topic": "pages.raw", "partition": 3, "offset": 17},
            "meta": {"feed": "top", "n": [1, None]},
        }

    def test_absent_is_null(self) -> None:
        record = record_of(BARE, Envelope(Page(b"<p>")), message=None)
        nulls = {name for name, value in record.items() if value is None}
        assert nulls == {
            "url",
            "canonical_url",
            "domain",
            "site_name",
            "title",
            "description",
            "published_at",
            "published_at_raw",
            "modified_at",
            "language",
            "text_direction",
            "section",
            "image_url",
            "dateline",
            "fetched_at",
            "source",
        }
        assert record["authors"] == record["tags"] == record["source_credits"] == record["removed"] == []

    @pytest.mark.parametrize(
        ("detail", "removed"),
        [
            (RemovedDetail.FULL, [{"kind": "tags", "rule": "r", "text": "t"}] * 2),
            (RemovedDetail.COUNTS, {"tags": 2}),
            (RemovedDetail.OFF, None),
        ],
    )
    def test_removed(self, detail: RemovedDetail, removed: object) -> None:
        article = replace(BARE, removed=(Removed(Kind.TAGS, "r", "t"),) * 2)
        assert record_of(article, publication=replace(PUBLICATION, removed=detail))["removed"] == removed

    def test_nothing_removed_counts_to_an_empty_object(self) -> None:
        counts = replace(PUBLICATION, removed=RemovedDetail.COUNTS)
        assert record_of(publication=counts)["removed"] == {}

    @pytest.mark.parametrize(
        ("reference", "absolute"),
        [
            ("/b/2", "https://www.news.example/b/2"),
            ("2?p=1", "https://www.news.example/a/2?p=1"),
            ("//cdn.example/x.jpg", "https://cdn.example/x.jpg"),
            (" https://other.example/x ", "https://other.example/x"),
            ("", None),
            ("   ", None),
            ("data:image/png;base64,AAAA", None),
            ("javascript:void(0)", None),
            ("http://[broken/", None),
            ("ftp://x.example/", None),
        ],
    )
    def test_addresses_are_made_absolute(self, reference: str, absolute: str | None) -> None:
        record = record_of(replace(BARE, canonical_url=reference, image_url=reference))
        assert record["canonical_url"] == record["image_url"] == absolute

    def test_a_relative_address_without_the_url_of_its_page_is_none(self) -> None:
        record = record_of(replace(BARE, canonical_url="/a", image_url="https://cdn.example/x.jpg"), at(None))
        assert record["canonical_url"] is None
        assert record["image_url"] == "https://cdn.example/x.jpg"

    @pytest.mark.parametrize(
        ("url", "domain"),
        [
            ("https://www.Example.org:8080/", "example.org"),
            ("http://user@sub.example.org/x", "sub.example.org"),
            ("http://www.www.example/", "www.example"),
            ("http://[2001:db8::1]:80/", "2001:db8::1"),
            ("http://[broken/", None),
            ("https://مثال.example/", "مثال.example"),
        ],
    )
    def test_domain(self, url: str, domain: str | None) -> None:
        assert record_of(envelope=at(url))["domain"] == domain

    def test_the_id_of_a_page_without_a_url_is_that_of_its_bytes(self) -> None:
        record = record_of(envelope=at(None))
        assert (
            record["id"] == record_of(envelope=at(None), publication=replace(PUBLICATION, version="2"))["id"]
        )
        assert record["id"] != record_of(envelope=replace(ENVELOPE, page=Page(b"<q>")))["id"]
        key = page_key(Page(b"<p>"), "")
        assert record["id"] == hashlib.sha256(f"page:{key}".encode()).hexdigest()[:32]

    @given(articles)
    def test_every_article_fits_the_schema(self, article: Article) -> None:
        clean = replace(article, published_at=None, modified_at="2024-05-01", language=None)
        record_of(clean)


class TestArticleMessage:
    def test_the_key_is_the_canonical_url(self) -> None:
        outgoing = article_message(MESSAGE, ENVELOPE, replace(BARE, canonical_url="/a/1"), PUBLICATION, NOW)
        assert outgoing.topic == "articles.clean"
        assert outgoing.key == b"https://www.news.example/a/1"
        assert outgoing.headers == ()
        assert outgoing.timestamp is None
        assert outgoing.value is not None
        VALIDATOR.validate(orjson.loads(outgoing.value))

    @pytest.mark.parametrize("url", [URL, None])
    def test_else_the_url_else_none(self, url: str | None) -> None:
        outgoing = article_message(MESSAGE, at(url), BARE, PUBLICATION, NOW)
        assert outgoing.key == (url.encode() if url else None)


class TestDeadLetter:
    def test_the_page_is_unchanged_and_the_headers_tell_why(self) -> None:
        outgoing = dead_letter(MESSAGE, REJECTED, PUBLICATION, Stage.CLEAN, attempts=2)
        assert (outgoing.topic, outgoing.key, outgoing.value, outgoing.timestamp) == (
            "pages.dead",
            b"key",
            b"value",
            1714558830000,
        )
        assert outgoing.headers[: len(HEADERS)] == HEADERS
        assert dict(outgoing.headers[len(HEADERS) :]) == {
            "__connect.errors.topic": b"pages.raw",
            "__connect.errors.partition": b"3",
            "__connect.errors.offset": b"17",
            "__connect.errors.stage": b"clean",
            "__connect.errors.exception.class.name": b"pagesieve.Rejected.too_short",
            "__connect.errors.exception.message": b"3 words, fewer than 10",
            "pagesieve.reason": b"too_short",
            "pagesieve.attempts": b"2",
            "pagesieve.version": b"0.1.0",
            "pagesieve.replay_count": b"0",
        }

    @pytest.mark.parametrize("reason", Reason)
    def test_every_reason(self, reason: Reason) -> None:
        outgoing = dead_letter(MESSAGE, Rejected(reason, "why"), PUBLICATION, Stage.CLEAN)
        assert header(outgoing, "pagesieve.reason") == reason.value
        assert dead_reason(outgoing.headers) is reason

    def test_no_key_no_value_no_timestamp(self) -> None:
        empty = Message(Partition("pages.raw", 0), 0, None, None)
        outgoing = dead_letter(empty, REJECTED, PUBLICATION, Stage.DECODE)
        assert (outgoing.key, outgoing.value, outgoing.timestamp) == (None, None, None)

    @pytest.mark.parametrize("detail", ["x" * 100_000, "ب" * 100_000, "a\r\nb\t" * 9000, "\ud800" * 600])
    def test_the_detail_is_cut_to_one_bounded_line(self, detail: str) -> None:
        outgoing = dead_letter(MESSAGE, Rejected(Reason.UNDECODABLE, detail), PUBLICATION, Stage.CLEAN)
        message = header(outgoing, "__connect.errors.exception.message")
        assert 0 < len(message) <= MAX_DETAIL
        assert message.isprintable()

    def test_what_an_earlier_dead_letter_told_is_replaced(self) -> None:
        first = dead_letter(MESSAGE, REJECTED, PUBLICATION, Stage.CLEAN)
        again = Message(Partition("pages.raw", 5), 99, first.key, first.value, first.headers, 1)
        second = dead_letter(again, Rejected(Reason.TIMEOUT, "10 s"), PUBLICATION, Stage.CLEAN)
        names = [name for name, _ in second.headers if name != "trace"]
        assert len(names) == len(set(names))
        assert header(second, "pagesieve.reason") == "timeout"
        assert header(second, "__connect.errors.offset") == "99"
        assert original_headers(second.headers) == HEADERS

    def test_headers_that_only_resemble_ours_stay(self) -> None:
        odd: Headers = (
            ("pagesieve-format", b"raw"),
            ("pagesieve", b"1"),
            ("__connect", b"2"),
            ("Pagesieve.x", b"3"),
        )
        outgoing = dead_letter(replace(MESSAGE, headers=odd), REJECTED, PUBLICATION, Stage.CLEAN)
        assert outgoing.headers[:4] == odd


class TestReplay:
    def dead(self, headers: Headers = HEADERS) -> Message:
        letter = dead_letter(replace(MESSAGE, headers=headers), REJECTED, PUBLICATION, Stage.CLEAN)
        return Message(
            Partition("pages.dead", 0), 5, letter.key, letter.value, letter.headers, letter.timestamp
        )

    def test_the_page_comes_back_as_it_was(self) -> None:
        assert replayed(self.dead(), "pages.raw", 3) == Outgoing(
            "pages.raw", b"key", b"value", (*HEADERS, ("pagesieve.replay_count", b"1"))
        )

    def test_a_page_that_fails_for_ever_is_put_back_so_often_and_no_more(self) -> None:
        headers: Headers = HEADERS
        for replays in range(3):
            dead = self.dead(headers)
            assert replay_count(dead.headers) == replays
            assert dict(dead.headers)["pagesieve.attempts"] == str(replays + 1).encode()
            outgoing = replayed(dead, "pages.raw", 3)
            assert outgoing is not None
            headers = outgoing.headers
        assert replayed(self.dead(headers), "pages.raw", 3) is None

    @pytest.mark.parametrize("value", [b"", b"x", b"-1", b"1.5", b"9" * 40, "٣".encode(), b"\xff"])
    def test_a_count_that_is_no_number_is_zero(self, value: bytes) -> None:
        assert replay_count((("pagesieve.replay_count", value),)) == 0

    def test_the_last_count_holds(self) -> None:
        assert replay_count((("pagesieve.replay_count", b"1"), ("pagesieve.replay_count", b"2"))) == 2

    def test_a_reason_that_is_not_known_is_none(self) -> None:
        assert dead_reason(()) is dead_reason((("pagesieve.reason", b"no_such"),)) is None

    def test_the_page_decodes_as_it_did_the_first_time(self) -> None:
        options = CleanOptions()
        headers: Headers = (("url", URL.encode()), ("content-type", b"text/html"))
        outgoing = replayed(self.dead(headers), "pages.raw", 1)
        assert outgoing is not None
        assert decode_message(outgoing.value, outgoing.key, outgoing.headers, options) == decode_message(
            MESSAGE.value, MESSAGE.key, headers, options
        )


class TestRoute:
    def test_an_article(self) -> None:
        assert route(MESSAGE, ENVELOPE, BARE, PUBLICATION, NOW) == article_message(
            MESSAGE, ENVELOPE, BARE, PUBLICATION, NOW
        )

    def test_a_rejection_in_the_child(self) -> None:
        outgoing = route(MESSAGE, ENVELOPE, REJECTED, PUBLICATION, NOW)
        assert outgoing == dead_letter(MESSAGE, REJECTED, PUBLICATION, Stage.CLEAN)

    def test_a_rejection_in_decoding(self) -> None:
        outgoing = route(MESSAGE, None, REJECTED, PUBLICATION, NOW)
        assert header(outgoing, "__connect.errors.stage") == "decode"

    def test_an_article_without_an_envelope_is_a_bug(self) -> None:
        with pytest.raises(ValueError, match="envelope"):
            route(MESSAGE, None, BARE, PUBLICATION, NOW)


def test_a_dateline_of_an_agency_alone() -> None:
    assert record_of(replace(BARE, dateline=Dateline(None, "AFP")))["dateline"] == {
        "place": None,
        "agency": "AFP",
    }


def test_the_clock_may_be_in_any_zone() -> None:
    in_utc = article_record(ENVELOPE, BARE, PUBLICATION, NOW.astimezone(UTC))
    assert in_utc == article_record(ENVELOPE, BARE, PUBLICATION, NOW)


@given(st.lists(st.tuples(st.text(max_size=30), st.binary(max_size=12)), max_size=6).map(tuple))
def test_any_headers_survive_a_dead_letter_and_a_replay(headers: Headers) -> None:
    message = replace(MESSAGE, headers=headers)
    letter = dead_letter(message, REJECTED, PUBLICATION, Stage.CLEAN)
    dead = Message(Partition("pages.dead", 0), 1, letter.key, letter.value, letter.headers)
    outgoing = replayed(dead, "pages.raw", 2**40)
    assert outgoing is not None
    assert original_headers(outgoing.headers) == original_headers(headers)
