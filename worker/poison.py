"""Pages that no crawler should store and every crawler does, made by code: what must not stop a worker."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from worker.core.records import Reason
from worker.pipeline.ports import Headers

_HOST = "https://poison.example"
_SENTENCE = (
    "The lighthouse keeper counted the ships that passed before breakfast, wrote the number on a slate "
    "and hung the slate in the window, where the harbour could read it through a telescope."
)
_ARABIC = (
    "عدّ حارس المنارة السفن التي مرت قبل الفطور، وكتب العدد على لوح، ثم علّق اللوح في النافذة "
    "حيث يستطيع أهل الميناء أن يقرؤوه بالمنظار في كل صباح."
)
_PARAGRAPHS = 6
_DEPTH = 100_000


@dataclass(frozen=True, slots=True)
class PoisonCase:
    """A message of the raw topic, and the reason it must be rejected for; None where it gives an article.

    `holds` is text that the article must hold.
    """

    name: str
    about: str
    value: bytes
    headers: Headers
    reason: Reason | None = None
    holds: str = ""

    @property
    def key(self) -> bytes:
        """The key of its message: its URL."""
        return f"{_HOST}/{self.name}".encode()


def poison_cases(max_page_bytes: int) -> Sequence[PoisonCase]:
    """One of each kind. `max_page_bytes` is what the worker allows: one page is larger."""
    return [*_damaged_pages(), *_pages_without_article(max_page_bytes), *_other_files(), *_bad_messages()]


def _damaged_pages() -> list[PoisonCase]:
    """Pages out of which an article must still come."""
    return [
        _case(
            "broken-markup",
            "tags that nobody closed, attributes cut in the middle",
            _broken(),
            holds=_SENTENCE,
        ),
        _case(
            "wrong-charset",
            "windows-1256 bytes that the server calls UTF-8",
            _page(_ARABIC).encode("windows-1256"),
            content_type="text/html; charset=utf-8",
            holds=_ARABIC,
        ),
        _case(
            "truncated-utf8",
            "a download that ended in the middle of a character",
            _page(_ARABIC).encode()[: -len("6.</p></article></body></html>\n")] + "ع".encode()[:1],
            content_type="text/html; charset=utf-8",
            holds=_ARABIC,
        ),
        _case(
            "zero-bytes",
            "NUL bytes between the words",
            _page(_SENTENCE).encode().replace(b" the ", b" \x00the\x00 "),
            holds=_SENTENCE,
        ),
    ]


def _pages_without_article(max_page_bytes: int) -> list[PoisonCase]:
    short = "<!DOCTYPE html><html><body><article><p>Back soon.</p></article></body></html>"
    nested = b"<div>" * _DEPTH + b"deep down" + b"</div>" * _DEPTH
    huge = b"<!DOCTYPE html><html><body><p>" + b"word " * (max_page_bytes // 5 + 1) + b"</p></body></html>"
    return [
        _case("empty", "no bytes at all", b"", reason=Reason.EMPTY),
        _case("blank", "white space only", b" \r\n\t\n" * 200, reason=Reason.EMPTY),
        _case("huge", "one text node, larger than a page may be", huge, reason=Reason.OVERSIZED),
        _case(
            "deep",
            f"elements nested {_DEPTH} deep",
            b"<!DOCTYPE html><html><body>" + nested + b"</body></html>",
            reason=Reason.TOO_DEEP,
        ),
        _case("too-short", "a page of two words", short.encode(), reason=Reason.TOO_SHORT),
        _case(
            "not-found",
            "an error page that the crawler stored",
            _page(_SENTENCE).encode(),
            status=404,
            reason=Reason.HTTP_STATUS,
        ),
    ]


def _other_files() -> list[PoisonCase]:
    """Files that came under a page's URL."""
    pdf = (
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
        + bytes(range(256)) * 40
    )
    jpeg = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00" + bytes(range(256)) * 40
    json = orjson.dumps({"items": [{"id": number, "text": _SENTENCE} for number in range(20)]})
    return [
        _case("pdf", "a PDF that the server calls HTML", pdf, reason=Reason.NOT_HTML),
        _case("jpeg", "a photograph that the server calls HTML", jpeg, reason=Reason.NOT_HTML),
        _case(
            "json",
            "the answer of a web service",
            json,
            content_type="application/json",
            reason=Reason.NOT_HTML,
        ),
    ]


def _bad_messages() -> list[PoisonCase]:
    """Messages that are not in the form that they name."""
    headers: Headers = (("pagesieve-format", b"json"),)
    page = _page(_SENTENCE)
    two = {"url": f"{_HOST}/two-bodies", "html": page, "html_b64": base64.b64encode(page.encode()).decode()}
    return [
        PoisonCase("not-json", "an envelope that is no JSON", b'{"url": "http', headers, Reason.BAD_ENVELOPE),
        PoisonCase(
            "two-bodies", "an envelope with two pages", orjson.dumps(two), headers, Reason.BAD_ENVELOPE
        ),
    ]


def _case(
    name: str,
    about: str,
    body: bytes,
    *,
    content_type: str = "text/html",
    status: int = 200,
    reason: Reason | None = None,
    holds: str = "",
) -> PoisonCase:
    headers = (
        ("pagesieve-format", b"raw"),
        ("url", f"{_HOST}/{name}".encode()),
        ("content-type", content_type.encode()),
        ("http-status", str(status).encode()),
    )
    return PoisonCase(name, about, body, headers, reason, holds)


def _page(sentence: str) -> str:
    paragraphs = "".join(f"<p>{sentence} {number}.</p>\n" for number in range(_PARAGRAPHS))
    return (
        "<!DOCTYPE html><html><head><title>The slate in the window</title></head><body>"
        f"<article><h1>The slate in the window</h1>\n{paragraphs}</article></body></html>"
    )


def _broken() -> bytes:
    paragraphs = "".join(
        f"<p><b>{_SENTENCE}</p></i><div class='x' id=\"y{number}<span>\"><td><p"
        for number in range(_PARAGRAPHS)
    )
    start = "<html><body><<div><article <h1>The slate in the window</h2>"
    return f"{start}<p>{_SENTENCE}{paragraphs}<table><tr".encode()
