"""A message of the raw topic -> its page. Only bytes are moved here: `charset` makes characters of them."""

import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from worker.core.fetch import fetch_time, http_status, http_url, may_be_page, media_type
from worker.core.options import CleanOptions
from worker.core.records import Envelope, Page, Reason, Rejected
from worker.core.sniff import binary_kind, starts_as_html

FORMATS = ("raw", "json", "scrapy-cluster", "text")
BODY_FIELDS = ("html", "html_b64", "text")
MAX_META_BYTES = 1_000_000

_OBJECT = re.compile(rb"(?:\xef\xbb\xbf)?\s*\{\s*[\"}]")
_CRAWL_FIELDS = ("response_url", "crawlid", "appid", "status_code")
_META_FIELDS = ("appid", "crawlid", "spiderid", "attrs")
# Scrapy falls back on windows-1252 where a page declares nothing: that says nothing of the page.
_SCRAPY_FALLBACKS = frozenset({"cp1252", "windows-1252", "ascii"})

_Object = dict[str, Any]


class _RefusedError(Exception):
    def __init__(self, detail: str, reason: Reason = Reason.BAD_ENVELOPE):
        super().__init__(detail)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _Found:
    """What a message of any form comes down to."""

    body: bytes
    url: object = None
    content_type: str | None = None
    encoding: str | None = None
    is_text: bool = False
    fetched_at: object = None
    http_status: object = None
    meta: Mapping[str, Any] = field(default_factory=dict)


def decode_message(
    value: bytes | None, key: bytes | None, headers: Sequence[tuple[str, bytes]], options: CleanOptions
) -> Envelope | Rejected:
    """The page of a message in one of the FORMATS, and what its crawler told beside it. Never raises.

    The header `pagesieve-format` tells the form; without it a JSON object is `scrapy-cluster` or `json` by
    its fields, and anything else is `raw`. Rejected with `bad_envelope`, `oversized`, `http_status`, `empty`
    or `not_html`.
    """
    told = {name.lower(): data for name, data in headers if data is not None}
    try:
        found = _find(value, told, options)
        _check(found, told, options)
        return Envelope(
            page=Page(
                body=found.body,
                url=_url(found, told, key),
                content_type=found.content_type,
                encoding=found.encoding,
                is_text=found.is_text,
            ),
            fetched_at=fetch_time(found.fetched_at) or fetch_time(_header(told, "fetched-at")),
            http_status=_status(found, told),
            meta=found.meta,
        )
    except _RefusedError as refused:
        return Rejected(refused.reason, str(refused))


def _find(value: bytes | None, told: Mapping[str, bytes], options: CleanOptions) -> _Found:
    if value is None:
        raise _RefusedError("the message has no value", Reason.EMPTY)
    form = (_header(told, "pagesieve-format") or "").strip().lower()
    if form and form not in FORMATS:
        raise _RefusedError(f"no such pagesieve-format: {form[:40]!r}, there are {', '.join(FORMATS)}")
    if form in {"raw", "text"} or (not form and not _looks_like_envelope(value, told)):
        return _raw(value, told, is_text=form == "text")
    # JSON may write a character in three times its bytes; beyond that the page cannot fit, and is not parsed.
    _check_size(len(value), 3 * options.max_page_bytes + MAX_META_BYTES)
    fields = _parse(value)
    if form == "scrapy-cluster" or (not form and _is_crawl(fields)):
        return _scrapy_cluster(fields, options)
    return _json(fields, options)


def _looks_like_envelope(value: bytes, told: Mapping[str, bytes]) -> bool:
    media = media_type(_header(told, "content-type"))
    return (media is None or media.endswith("json")) and _OBJECT.match(value, 0, 4096) is not None


def _is_crawl(fields: _Object) -> bool:
    named = any(name in fields for name in _CRAWL_FIELDS)
    return named and "body" in fields and not any(name in fields for name in BODY_FIELDS)


def _parse(value: bytes) -> _Object:
    try:
        fields = orjson.loads(value.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise _RefusedError(f"the value is not JSON: {error.msg[:100]} at byte {error.pos}") from None
    if not isinstance(fields, dict):
        raise _RefusedError(f"the value is a JSON {type(fields).__name__}, not an object")
    return fields


def _raw(value: bytes, told: Mapping[str, bytes], *, is_text: bool) -> _Found:
    content_type = _header(told, "content-type")
    return _Found(
        body=value, content_type=content_type, is_text=is_text or _is_plain_text(content_type, value)
    )


def _json(fields: _Object, options: CleanOptions) -> _Found:
    given = [name for name in BODY_FIELDS if fields.get(name) is not None]
    if len(given) != 1:
        raise _RefusedError(
            f"one of html, html_b64 and text is needed, found {' and '.join(given) or 'none'}"
        )
    url = fields.get("url")
    if url is not None and not isinstance(url, str):
        raise _RefusedError("url is not a string")
    content = _string(fields, given[0])
    content_type = _string(fields, "content_type") or _http_header(
        _mapping(fields, "headers"), "content-type"
    )
    body = _base64(content, options) if given[0] == "html_b64" else content.encode()
    is_text = given[0] == "text"
    return _Found(
        body=body,
        url=url,
        content_type=None if is_text else content_type,
        encoding=None if given[0] == "html_b64" else "utf-8",
        is_text=is_text or _is_plain_text(content_type, body),
        fetched_at=fields.get("fetched_at"),
        http_status=fields.get("http_status"),
        meta=_meta(_mapping(fields, "meta")),
    )


def _scrapy_cluster(fields: _Object, options: CleanOptions) -> _Found:
    """The item that Scrapy Cluster's KafkaPipeline (crawling/pipelines.py) writes to `crawled_firehose`.

    Its body is the page's characters, or base64 of its bytes with KAFKA_BASE_64_ENCODE, and nothing in the
    item tells which: HTML has a `<`, base64 has none.
    """
    content = _string(fields, "body")
    decoded = None if "<" in content else _maybe_base64(content)
    if decoded is None:
        decoded, encoding = content.encode(), "utf-8"
    else:
        encoding = None
    _check_size(len(decoded), options.max_page_bytes)
    response_headers = fields.get("response_headers")
    content_type = _http_header(response_headers, "content-type")
    if encoding is None:
        content_type = _with_charset(content_type, fields.get("encoding"))
    return _Found(
        body=decoded,
        url=http_url(fields.get("response_url")) or fields.get("url"),
        content_type=content_type,
        encoding=encoding,
        is_text=_is_plain_text(content_type, decoded),
        fetched_at=fields.get("timestamp"),
        http_status=fields.get("status_code"),
        meta=_meta({name: fields[name] for name in _META_FIELDS if fields.get(name) is not None}),
    )


def _check(found: _Found, told: Mapping[str, bytes], options: CleanOptions) -> None:
    status = _status(found, told)
    if status is not None and not 200 <= status <= 299:
        raise _RefusedError(f"the crawler stored a response with HTTP status {status}", Reason.HTTP_STATUS)
    _check_size(len(found.body), options.max_page_bytes)
    if not found.body or found.body.isspace():
        raise _RefusedError("the body is blank", Reason.EMPTY)
    media = media_type(found.content_type)
    if not found.is_text and not may_be_page(media):
        raise _RefusedError(f"the content type is {str(media)[:80]}", Reason.NOT_HTML)
    kind = binary_kind(found.body) if found.encoding is None else None
    if kind:
        raise _RefusedError(f"the body is {kind}", Reason.NOT_HTML)


def _check_size(size: int, allowed: int) -> None:
    if size > allowed:
        raise _RefusedError(f"{size} bytes, more than the {allowed} allowed", Reason.OVERSIZED)


def _url(found: _Found, told: Mapping[str, bytes], key: bytes | None) -> str | None:
    return (
        http_url(_header(told, "url"))
        or http_url(found.url)
        or http_url((key or b"")[:10_000].decode("utf-8", "ignore"))
    )


def _status(found: _Found, told: Mapping[str, bytes]) -> int | None:
    given = found.http_status if found.http_status is not None else _header(told, "http-status")
    try:
        return http_status(given)
    except ValueError as error:
        raise _RefusedError(str(error)) from None


def _header(told: Mapping[str, bytes], name: str) -> str | None:
    data = told.get(name)
    return None if data is None else data[:10_000].decode("utf-8", "replace")


def _is_plain_text(content_type: str | None, body: bytes) -> bool:
    return media_type(content_type) == "text/plain" and not starts_as_html(body)


def _string(fields: _Object, name: str) -> str:
    value = fields.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _RefusedError(f"{name} is not a string")
    return value


def _mapping(fields: _Object, name: str) -> _Object:
    value = fields.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _RefusedError(f"{name} is not an object")
    return value


def _http_header(headers: object, name: str) -> str | None:
    """A header's value by its name in any case; the first where a list is given."""
    if not isinstance(headers, dict):
        return None
    for key, value in headers.items():
        if key.lower() == name:
            first = value[0] if isinstance(value, list) and value else value
            return first if isinstance(first, str) else None
    return None


def _with_charset(content_type: str | None, encoding: object) -> str | None:
    if not isinstance(encoding, str) or encoding.lower() in _SCRAPY_FALLBACKS:
        return content_type
    if content_type is not None and "charset" in content_type.lower():
        return content_type
    return f"{content_type or 'text/html'}; charset={encoding[:40]}"


def _meta(meta: _Object) -> _Object:
    if meta:
        try:
            size = len(orjson.dumps({"meta": meta}))
        except TypeError:  # orjson reads 1,024 levels and writes 254
            raise _RefusedError("meta is nested too deep") from None
        if size > MAX_META_BYTES:
            raise _RefusedError(
                f"meta of {size} bytes, more than the {MAX_META_BYTES} allowed", Reason.OVERSIZED
            )
    return meta


def _base64(content: str, options: CleanOptions) -> bytes:
    _check_size(len(content) * 3 // 4, options.max_page_bytes + 3)
    decoded = _maybe_base64(content)
    if decoded is None:
        raise _RefusedError("html_b64 is not base64")
    return decoded


def _maybe_base64(content: str) -> bytes | None:
    try:
        return binascii.a2b_base64(content, strict_mode=True)
    except ValueError:
        return None
