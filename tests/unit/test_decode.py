import base64
import gzip
import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.core.decode import MAX_META_BYTES, decode_message
from worker.core.fetch import fetch_time, http_status, http_url, may_be_page, media_type
from worker.core.options import CleanOptions
from worker.core.records import Envelope, Page, Reason, Rejected

URL = "https://news.example/a/1"
HTML = "<!doctype html><html><body><p>بدأت القمة العربية أعمالها اليوم في بغداد</p></body></html>"
OPTIONS = CleanOptions(max_page_bytes=10_000)


def decode(
    value: bytes | None,
    *headers: tuple[str, bytes],
    key: bytes | None = None,
    options: CleanOptions = OPTIONS,
) -> Envelope | Rejected:
    return decode_message(value, key, headers, options)


def accepted(value: bytes | None, *headers: tuple[str, bytes], key: bytes | None = None) -> Envelope:
    found = decode(value, *headers, key=key)
    assert isinstance(found, Envelope), found
    return found


def refused(value: bytes | None, *headers: tuple[str, bytes], options: CleanOptions = OPTIONS) -> Rejected:
    found = decode(value, *headers, options=options)
    assert isinstance(found, Rejected), found
    assert 0 < len(found.detail) < 300
    return found


def as_json(**fields: Any) -> bytes:
    return orjson.dumps({"url": URL, **fields})


def crawled(**fields: Any) -> bytes:
    """An item as Scrapy Cluster's KafkaPipeline writes it: sorted keys, ASCII, a naive UTC timestamp."""
    item = {
        "appid": "newsroom",
        "attrs": {"country": "IQ"},
        "body": HTML,
        "crawlid": "c-17",
        "encoding": "utf-8",
        "links": [{"text": "2", "url": "https://news.example/a/2"}],
        "request_headers": {"User-Agent": ["Scrapy"]},
        "response_headers": {"Content-Type": ["text/html; charset=utf-8"], "Server": ["nginx"]},
        "response_url": URL,
        "spiderid": "link",
        "status_code": 200,
        "status_msg": "OK",
        "timestamp": "2024-05-01T10:20:30.123456",
        "url": "https://news.example/short",
    }
    return json.dumps(item | fields, sort_keys=True).encode()


class TestRaw:
    def test_headers_tell_what_is_beside_the_page(self) -> None:
        body = HTML.encode("cp1256")
        envelope = accepted(
            body,
            ("url", URL.encode()),
            ("content-type", b"text/html; charset=windows-1256"),
            ("fetched-at", b"2024-05-01T10:20:30+03:00"),
            ("http-status", b"200"),
        )
        assert envelope == Envelope(
            Page(body, URL, "text/html; charset=windows-1256"), "2024-05-01T07:20:30+00:00", 200, {}
        )

    def test_nothing_but_the_page(self) -> None:
        assert accepted(HTML.encode()) == Envelope(Page(HTML.encode()))

    def test_header_names_in_any_case_and_the_last_of_several(self) -> None:
        envelope = accepted(HTML.encode(), ("URL", b"https://old.example/"), ("Url", URL.encode()))
        assert envelope.page.url == URL

    @pytest.mark.parametrize("key", [b"https://k.example/x", b"HTTP://k.example/x"])
    def test_the_key_serves_as_url(self, key: bytes) -> None:
        assert accepted(HTML.encode(), key=key).page.url == key.decode()

    @pytest.mark.parametrize("key", [b"k-17", b"\xff\xfe", b"ftp://x/", b"https://", b"", None])
    def test_a_key_that_is_no_url_does_not(self, key: bytes | None) -> None:
        assert accepted(HTML.encode(), key=key).page.url is None

    def test_a_header_before_the_key(self) -> None:
        assert accepted(HTML.encode(), ("url", URL.encode()), key=b"https://k.example/").page.url == URL

    def test_a_header_that_is_no_url_leaves_it_to_the_key(self) -> None:
        envelope = accepted(HTML.encode(), ("url", b"javascript:alert(1)"), key=URL.encode())
        assert envelope.page.url == URL

    def test_plain_text_is_text(self) -> None:
        page = accepted("سطر أول\nسطر ثان".encode(), ("content-type", b"text/plain; charset=utf-8")).page
        assert page.is_text
        assert page.content_type == "text/plain; charset=utf-8"

    def test_html_that_is_labelled_as_text_is_html(self) -> None:
        assert not accepted(HTML.encode(), ("content-type", b"text/plain")).page.is_text

    def test_a_page_that_starts_with_a_brace_is_raw_when_its_type_says_so(self) -> None:
        body = b'{"x": 1} <p>and more</p>'
        assert accepted(body, ("content-type", b"text/html")).page.body == body
        assert accepted(b"{% block %}<p>text</p>").page.body == b"{% block %}<p>text</p>"

    @pytest.mark.parametrize(
        "media",
        [
            "application/pdf",
            "image/png",
            "application/json",
            "application/rss+xml",
            "application/atom+xml; charset=utf-8",
            "video/mp4",
            "text/css",
            "text/javascript",
        ],
    )
    def test_another_type_is_not_html(self, media: str) -> None:
        rejected = refused(b"whatever", ("pagesieve-format", b"raw"), ("content-type", media.encode()))
        assert rejected.reason is Reason.NOT_HTML
        assert media.partition(";")[0] in rejected.detail

    @pytest.mark.parametrize(
        "media",
        ["text/html", "application/xhtml+xml", "text/xml", "application/octet-stream", "", "html", "*/*"],
    )
    def test_types_that_a_page_comes_under(self, media: str) -> None:
        assert accepted(HTML.encode(), ("content-type", media.encode())).page.body == HTML.encode()

    @pytest.mark.parametrize(
        ("body", "word"),
        [(gzip.compress(HTML.encode()), "gzip"), (b"%PDF-1.7 ...", "PDF"), (b"\x89PNG\r\n\x1a\n....", "PNG")],
    )
    def test_files_are_told_by_their_magic_whatever_their_type(self, body: bytes, word: str) -> None:
        rejected = refused(body, ("content-type", b"text/html"))
        assert rejected.reason is Reason.NOT_HTML
        assert word in rejected.detail

    def test_no_value(self) -> None:
        assert refused(None).reason is Reason.EMPTY

    @pytest.mark.parametrize("body", [b"", b" \r\n\t "])
    def test_a_blank_body(self, body: bytes) -> None:
        assert refused(body).reason is Reason.EMPTY

    def test_a_page_at_the_limit_and_one_above(self) -> None:
        assert accepted(b"x" * OPTIONS.max_page_bytes)
        assert refused(b"x" * (OPTIONS.max_page_bytes + 1)).reason is Reason.OVERSIZED

    @pytest.mark.parametrize("status", [b"404", b"301", b"500", b"0", b" 503 "])
    def test_another_status_than_2xx(self, status: bytes) -> None:
        rejected = refused(HTML.encode(), ("http-status", status))
        assert rejected.reason is Reason.HTTP_STATUS
        assert status.decode().strip() in rejected.detail

    @pytest.mark.parametrize("status", [b"OK", b"2oo", "٢٠٠".encode(), b"-200", b"9" * 5000])
    def test_a_status_that_is_no_number(self, status: bytes) -> None:
        assert refused(HTML.encode(), ("http-status", status)).reason is Reason.BAD_ENVELOPE

    def test_an_empty_status_is_none(self) -> None:
        assert accepted(HTML.encode(), ("http-status", b"")).http_status is None


class TestText:
    def test_the_value_is_the_text(self) -> None:
        body = "عنوان\n\nفقرة".encode("cp1256")
        page = accepted(
            body, ("pagesieve-format", b"text"), ("content-type", b"text/plain; charset=windows-1256")
        ).page
        assert page == Page(body, content_type="text/plain; charset=windows-1256", is_text=True)

    def test_a_text_that_looks_like_json_stays_text(self) -> None:
        assert accepted(b'{"a": 1}', ("pagesieve-format", b" TEXT ")).page.is_text


class TestJson:
    def test_html(self) -> None:
        envelope = accepted(
            as_json(
                html=HTML,
                content_type="text/html; charset=windows-1256",
                fetched_at=1714558830,
                http_status=200,
                meta={"feed": "top", "depth": 2},
            )
        )
        assert envelope == Envelope(
            Page(HTML.encode(), URL, "text/html; charset=windows-1256", encoding="utf-8"),
            "2024-05-01T10:20:30+00:00",
            200,
            {"feed": "top", "depth": 2},
        )

    def test_html_b64_leaves_the_charset_open(self) -> None:
        body = HTML.encode("cp1256")
        page = accepted(
            as_json(html_b64=base64.b64encode(body).decode(), content_type="text/html; charset=windows-1256")
        ).page
        assert page == Page(body, URL, "text/html; charset=windows-1256")

    def test_text(self) -> None:
        page = accepted(as_json(text="سطر\nسطر")).page
        assert page == Page("سطر\nسطر".encode(), URL, encoding="utf-8", is_text=True)

    def test_plain_text_in_html(self) -> None:
        assert accepted(as_json(html="two\nlines", content_type="text/plain")).page.is_text

    @pytest.mark.parametrize("name", ["Content-Type", "content-type", "CONTENT-TYPE"])
    @pytest.mark.parametrize(
        "value", ["text/html; charset=iso-8859-6", ["text/html; charset=iso-8859-6", "x"]]
    )
    def test_the_content_type_from_the_http_headers(self, name: str, value: object) -> None:
        page = accepted(as_json(html=HTML, headers={"Server": "x", name: value})).page
        assert page.content_type == "text/html; charset=iso-8859-6"

    def test_told_by_the_header_or_found(self) -> None:
        value = as_json(html=HTML)
        told = accepted(value, ("pagesieve-format", b"json"))
        assert told == accepted(value)
        assert told == accepted(value, ("content-type", b"application/json"))
        assert told == accepted(b"\xef\xbb\xbf \n" + value)

    def test_message_headers_fill_what_the_object_leaves_out(self) -> None:
        envelope = accepted(
            orjson.dumps({"html": HTML}),
            ("fetched-at", b"1714558830000"),
            ("http-status", b"203"),
            key=URL.encode(),
        )
        assert envelope.page.url == URL
        assert envelope.fetched_at == "2024-05-01T10:20:30+00:00"
        assert envelope.http_status == 203

    def test_the_url_header_before_the_field_before_the_key(self) -> None:
        value = as_json(html=HTML)
        assert accepted(value, ("url", b"https://h.example/"), key=b"https://k.example/").page.url == (
            "https://h.example/"
        )
        assert accepted(value, key=b"https://k.example/").page.url == URL

    @pytest.mark.parametrize("url", ["", "about:blank", "//news.example/a", "mailto:a@b", "https:///x"])
    def test_a_url_that_is_not_http_is_none(self, url: str) -> None:
        assert accepted(as_json(url=url, html=HTML)).page.url is None

    def test_null_is_absent(self) -> None:
        nulls = dict.fromkeys(
            ("url", "html_b64", "text", "content_type", "fetched_at", "http_status", "headers")
        )
        envelope = accepted(as_json(html=HTML, **nulls, meta=None))
        assert envelope == Envelope(Page(HTML.encode(), encoding="utf-8"))

    @pytest.mark.parametrize(
        "fields",
        [
            {},
            {"html": None},
            {"html": HTML, "text": "x"},
            {"html": HTML, "html_b64": "eA=="},
            {"html": 5},
            {"html": ["<p>"]},
            {"html_b64": "not base64!"},
            {"html_b64": "eA"},
            {"html_b64": "e\nA=="},
            {"html_b64": "صورة"},
            {"html": HTML, "url": 17},
            {"html": HTML, "url": [URL]},
            {"html": HTML, "content_type": 1},
            {"html": HTML, "headers": []},
            {"html": HTML, "headers": "text/html"},
            {"html": HTML, "meta": "x"},
            {"html": HTML, "meta": [1]},
            {"html": HTML, "http_status": "ok"},
            {"html": HTML, "http_status": 200.0},
            {"html": HTML, "http_status": True},
            {"html": HTML, "http_status": [200]},
        ],
    )
    def test_bad_envelopes(self, fields: dict[str, Any]) -> None:
        assert refused(as_json(**fields)).reason is Reason.BAD_ENVELOPE

    @pytest.mark.parametrize(
        "value",
        [
            b'{"url": "https://a.example/", "html": "<p>',
            b'{"html": "\\ud800"}',
            b'{"html": "\xff"}',
            b'{"html": NaN}',
            b'{"x": ' + b"[" * 2000,
        ],
    )
    def test_not_json(self, value: bytes) -> None:
        assert refused(value).reason is Reason.BAD_ENVELOPE

    @pytest.mark.parametrize("value", [b"[]", b"1", b"null", b'"x"', b"", b"<html>"])
    def test_not_an_object_where_the_header_says_json(self, value: bytes) -> None:
        assert refused(value, ("pagesieve-format", b"json")).reason is Reason.BAD_ENVELOPE

    def test_an_unknown_form(self) -> None:
        rejected = refused(HTML.encode(), ("pagesieve-format", b"avro" * 1000))
        assert rejected.reason is Reason.BAD_ENVELOPE
        assert "avro" in rejected.detail
        assert "scrapy-cluster" in rejected.detail

    @pytest.mark.parametrize("fields", [{"html": ""}, {"html": " \n"}, {"html_b64": ""}, {"text": "\t"}])
    def test_a_blank_body(self, fields: dict[str, str]) -> None:
        assert refused(as_json(**fields)).reason is Reason.EMPTY

    def test_an_error_page_is_told_before_its_body_is_looked_at(self) -> None:
        assert refused(as_json(html="", http_status=404)).reason is Reason.HTTP_STATUS

    def test_other_types(self) -> None:
        body = base64.b64encode(b"%PDF-1.4").decode()
        assert refused(as_json(html_b64=body)).reason is Reason.NOT_HTML
        assert refused(as_json(html="<rss/>", content_type="application/rss+xml")).reason is Reason.NOT_HTML

    @pytest.mark.parametrize("field", ["html", "text"])
    def test_too_large_in_bytes_not_in_characters(self, field: str) -> None:
        half = OPTIONS.max_page_bytes // 2
        assert accepted(as_json(**{field: "ب" * half}))
        assert refused(as_json(**{field: "ب" * (half + 1)})).reason is Reason.OVERSIZED

    def test_too_large_in_base64(self) -> None:
        limit = OPTIONS.max_page_bytes
        assert accepted(as_json(html_b64=base64.b64encode(b"x" * limit).decode()))
        assert (
            refused(as_json(html_b64=base64.b64encode(b"x" * (limit + 1)).decode())).reason
            is Reason.OVERSIZED
        )

    def test_a_value_far_above_the_limit_is_not_even_parsed(self) -> None:
        value = b'{"html": "' + b"x" * (3 * OPTIONS.max_page_bytes + MAX_META_BYTES)  # no JSON: never closed
        assert refused(value).reason is Reason.OVERSIZED

    def test_escaped_json_is_measured_as_the_page_it_holds(self) -> None:
        value = json.dumps({"html": "ب" * 5000}).encode()  # six bytes for each two
        assert len(value) > OPTIONS.max_page_bytes
        assert accepted(value)

    def test_meta_that_could_not_be_written_again(self) -> None:
        nested = b'{"html": "<p>x</p>", "meta": {"a": ' + b"[" * 400 + b"]" * 400 + b"}}"
        assert refused(nested).reason is Reason.BAD_ENVELOPE

    def test_meta_that_is_too_large(self) -> None:
        value = as_json(html="<p>x</p>", meta={"a": "x" * MAX_META_BYTES})
        assert refused(value, options=CleanOptions()).reason is Reason.OVERSIZED


class TestScrapyCluster:
    def test_an_item_with_the_page_as_characters(self) -> None:
        assert accepted(crawled()) == Envelope(
            Page(HTML.encode(), URL, "text/html; charset=utf-8", encoding="utf-8"),
            "2024-05-01T10:20:30.123456+00:00",
            200,
            {"appid": "newsroom", "crawlid": "c-17", "spiderid": "link", "attrs": {"country": "IQ"}},
        )

    def test_a_body_in_base64(self) -> None:
        body = HTML.encode("cp1256")
        item = crawled(
            body=base64.b64encode(body).decode(),
            encoding="cp1256",
            response_headers={"content-type": "text/html; charset=windows-1256"},
        )
        assert accepted(item).page == Page(body, URL, "text/html; charset=windows-1256")

    def test_the_encoding_that_scrapy_found_stands_in_for_the_header(self) -> None:
        body = base64.b64encode(HTML.encode("cp1256")).decode()
        absent: list[object] = [{}, [], None]
        for headers in absent:
            page = accepted(crawled(body=body, encoding="cp1256", response_headers=headers)).page
            assert page.content_type == "text/html; charset=cp1256"

    def test_scrapys_fallback_says_nothing(self) -> None:
        body = base64.b64encode(HTML.encode("cp1256")).decode()
        assert accepted(crawled(body=body, encoding="cp1252", response_headers={})).page.content_type is None

    def test_told_by_the_header_or_found(self) -> None:
        assert accepted(crawled(), ("pagesieve-format", b"Scrapy-Cluster")) == accepted(crawled())

    def test_the_url_of_the_request_when_the_response_has_none(self) -> None:
        assert accepted(crawled(response_url=None)).page.url == "https://news.example/short"

    def test_only_the_meta_that_is_there(self) -> None:
        item = {"url": URL, "body": HTML, "status_code": "200", "attrs": None}
        assert accepted(orjson.dumps(item)).meta == {}

    def test_plain_text(self) -> None:
        item = crawled(body="two\nlines of text", response_headers={"Content-Type": ["text/plain"]})
        assert accepted(item).page.is_text

    @pytest.mark.parametrize(
        ("fields", "reason"),
        [
            ({"status_code": 503}, Reason.HTTP_STATUS),
            ({"body": ""}, Reason.EMPTY),
            ({"body": None}, Reason.EMPTY),
            ({"body": {"a": 1}}, Reason.BAD_ENVELOPE),
            ({"status_code": "OK"}, Reason.BAD_ENVELOPE),
            ({"body": "<p>" + "x" * 10_000}, Reason.OVERSIZED),
            ({"body": base64.b64encode(b"x" * 10_001).decode()}, Reason.OVERSIZED),
            ({"response_headers": {"Content-Type": ["application/pdf"]}}, Reason.NOT_HTML),
            ({"body": base64.b64encode(gzip.compress(b"x")).decode()}, Reason.NOT_HTML),
        ],
    )
    def test_reasons(self, fields: dict[str, Any], reason: Reason) -> None:
        assert refused(crawled(**fields)).reason is reason

    def test_what_its_pipeline_sends_when_it_fails(self) -> None:
        rejected = refused(b"json failed to parse", ("pagesieve-format", b"scrapy-cluster"))
        assert rejected.reason is Reason.BAD_ENVELOPE


class TestFetch:
    @pytest.mark.parametrize(
        ("value", "time"),
        [
            ("2024-05-01T10:20:30Z", "2024-05-01T10:20:30+00:00"),
            ("2024-05-01T10:20:30.5+03:00", "2024-05-01T07:20:30.500000+00:00"),
            ("2024-05-01 10:20", "2024-05-01T10:20:00+00:00"),
            ("20240501T102030", "2024-05-01T10:20:30+00:00"),
            ("20240501", "2024-05-01T00:00:00+00:00"),
            ("Wed, 01 May 2024 10:20:30 GMT", "2024-05-01T10:20:30+00:00"),
            ("Wed, 01 May 2024 13:20:30 +0300", "2024-05-01T10:20:30+00:00"),
            (1714558830, "2024-05-01T10:20:30+00:00"),
            (1714558830.25, "2024-05-01T10:20:30.250000+00:00"),
            (1714558830123, "2024-05-01T10:20:30.123000+00:00"),
            ("1714558830", "2024-05-01T10:20:30+00:00"),
            (" 1714558830123 ", "2024-05-01T10:20:30.123000+00:00"),
        ],
    )
    def test_times(self, value: object, time: str) -> None:
        assert fetch_time(value) == time

    @pytest.mark.parametrize(
        "value",
        [
            None,
            "",
            "yesterday",
            "2024-13-01",
            "Mon, 99 Foo 2024",
            "9" * 17,
            "0001-01-01T00:00:00+14:00",
            "9999-12-31T23:59:59-14:00",
            True,
            0,
            -5,
            1e300,
            float("nan"),
            [2024],
            {},
        ],
    )
    def test_times_that_are_none(self, value: object) -> None:
        assert fetch_time(value) is None

    def test_an_unusable_time_is_no_rejection(self) -> None:
        assert accepted(as_json(html=HTML, fetched_at={"at": "noon"})).fetched_at is None

    @pytest.mark.parametrize(
        "url",
        ["https://a", "HTTP://A.b:80/x?y#z", " https://مثال.example/مقال ", "http://[::1]/", "https://a/b c"],
    )
    def test_urls(self, url: str) -> None:
        assert http_url(url) == url.strip()

    @pytest.mark.parametrize(
        "url",
        [None, 5, "", "a.b/c", "https:/a", "https:// a", "https://a\nb", "file:///x", "https://?x", "x" * 9],
    )
    def test_not_urls(self, url: object) -> None:
        assert http_url(url) is None

    def test_a_status_is_an_integer(self) -> None:
        assert [http_status(given) for given in (200, "204", None, "")] == [200, 204, None, None]

    def test_media_types(self) -> None:
        assert media_type(" Text/HTML ;charset=x") == "text/html"
        assert media_type("text/html, text/html") == "text/html"
        assert media_type("nonsense") is media_type(None) is None
        assert may_be_page(None)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
FIELDS = ["url", "html", "html_b64", "text", "content_type", "fetched_at", "http_status", "headers", "meta"]
FIELDS += [
    "body",
    "response_url",
    "status_code",
    "response_headers",
    "encoding",
    "timestamp",
    "appid",
    "attrs",
]
HEADERS = ["pagesieve-format", "url", "content-type", "fetched-at", "http-status", "X"]
header_values = st.binary(max_size=30) | st.sampled_from(
    [b"raw", b"json", b"text", b"scrapy-cluster", b"text/html"]
)
header_lists = st.lists(st.tuples(st.sampled_from(HEADERS) | st.text(max_size=5), header_values), max_size=5)


def check(found: Envelope | Rejected) -> None:
    if isinstance(found, Rejected):
        assert found.detail
        return
    page = found.page
    assert len(page.body) <= OPTIONS.max_page_bytes
    assert page.url is None or page.url.lower().startswith(("http://", "https://"))
    assert found.fetched_at is None or found.fetched_at.endswith("+00:00")
    assert found.http_status is None or 200 <= found.http_status <= 299
    orjson.dumps({"meta": found.meta})


@given(st.none() | st.binary(max_size=300), st.none() | st.binary(max_size=40), header_lists)
def test_never_raises_on_bytes(
    value: bytes | None, key: bytes | None, headers: list[tuple[str, bytes]]
) -> None:
    check(decode_message(value, key, headers, OPTIONS))


@given(st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=8), header_lists)
def test_never_raises_on_json(fields: dict[str, Any], headers: list[tuple[str, bytes]]) -> None:
    check(decode_message(orjson.dumps(fields), None, headers, OPTIONS))


@given(st.text(min_size=1, max_size=200))
def test_html_keeps_every_character(html: str) -> None:
    found = decode(as_json(html=html))
    if html.isascii() and not html.strip(" \t\n\r\x0b\x0c"):
        assert isinstance(found, Rejected)
        assert found.reason is Reason.EMPTY
    else:
        assert isinstance(found, Envelope)
        assert found.page.body.decode() == html
