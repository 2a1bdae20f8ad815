"""Outcome -> the message to publish: an article's record, or a dead letter; and a dead letter back again.

Pure: the clock's time comes as an argument. What a dead letter adds to its page's headers follows Kafka
Connect (KIP-298), so that the tools made for those can read ours.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urljoin, urlsplit

import orjson

from worker.core.fetch import http_url
from worker.core.fingerprint import article_id, page_key, text_sha256
from worker.core.records import Article, Dateline, Envelope, Outcome, Reason, Rejected, Removed
from worker.pipeline.ports import Headers, Message, Outgoing
from worker.settings import RemovedDetail

SCHEMA_VERSION = 1
EXTRACTOR = "trafilatura"
MAX_DETAIL = 500  # characters of a rejection's detail that go into a header

REASON_HEADER = "pagesieve.reason"
REPLAY_COUNT_HEADER = "pagesieve.replay_count"
CHANGED_HEADER = "pagesieve.changed"
_OWN = "pagesieve."
_CONNECT = "__connect.errors."


class Part(StrEnum):
    """A part of a page's message; `pagesieve.changed` names those that its dead letter does not have."""

    VALUE = "value"
    HEADERS = "headers"
    KEY = "key"  # the letter has one of its own


class Stage(StrEnum):
    """Where a page was rejected; the value of `__connect.errors.stage`."""

    DECODE = "decode"
    CLEAN = "clean"


@dataclass(frozen=True, slots=True)
class Publication:
    """What every message of a worker has in common."""

    articles_topic: str
    dead_topic: str
    removed: RemovedDetail
    version: str  # of pagesieve
    extractor_version: str  # of trafilatura
    rules_fingerprint: str


def route(
    message: Message,
    envelope: Envelope | None,
    outcome: Outcome,
    publication: Publication,
    now: datetime,
    attempts: int = 1,
) -> Outgoing:
    """The message to publish for an outcome; without an envelope the page was rejected in decoding.

    `attempts` counts this one and those that ended with their worker.

    Raises:
        ValueError: an article without an envelope.
    """
    if isinstance(outcome, Rejected):
        stage = Stage.CLEAN if envelope else Stage.DECODE
        return dead_letter(message, outcome, publication, stage, attempts)
    if envelope is None:
        raise ValueError("an article without the envelope of its page")
    return article_message(message, envelope, outcome, publication, now)


def article_message(
    message: Message, envelope: Envelope, article: Article, publication: Publication, cleaned_at: datetime
) -> Outgoing:
    """The article's record as JSON; its key is the canonical URL, else the URL, else none."""
    record = article_record(envelope, article, publication, cleaned_at, message)
    url = record["canonical_url"] or record["url"]
    key = url.encode() if url else None
    return Outgoing(publication.articles_topic, key, orjson.dumps(record))


def article_record(
    envelope: Envelope,
    article: Article,
    publication: Publication,
    cleaned_at: datetime,
    message: Message | None = None,
) -> dict[str, Any]:
    """The record of `article.schema.json`, its fields in that order. No message, no `source`."""
    url = envelope.page.url
    canonical = _absolute(url, article.canonical_url)
    text = "\n\n".join(article.paragraphs)
    named = canonical or url
    return {
        "schema_version": SCHEMA_VERSION,
        "id": article_id(named, "" if named else page_key(envelope.page, "")),
        "url": url,
        "canonical_url": canonical,
        "domain": domain_of(url or canonical),
        "site_name": article.site_name,
        "title": article.title,
        "description": article.description,
        "authors": article.authors,
        "published_at": article.published_at,
        "published_at_raw": article.published_at_raw,
        "modified_at": article.modified_at,
        "language": article.language,
        "text_direction": article.text_direction,
        "section": article.section,
        "tags": article.tags,
        "image_url": _absolute(url, article.image_url),
        "source_credits": article.source_credits,
        "dateline": _dateline(article.dateline),
        "text": text,
        "paragraphs": article.paragraphs,
        "word_count": article.word_count,
        "text_sha256": text_sha256(text),
        "fetched_at": envelope.fetched_at,
        "cleaned_at": cleaned_at.astimezone(UTC).isoformat(timespec="milliseconds"),
        "removed": _removed(article.removed, publication.removed),
        "extractor": {
            "name": EXTRACTOR,
            "version": publication.extractor_version,
            "rules_fingerprint": publication.rules_fingerprint,
        },
        "source": _source(message),
        "meta": envelope.meta,
    }


def dead_letter(
    message: Message, rejected: Rejected, publication: Publication, stage: Stage, attempts: int = 1
) -> Outgoing:
    """The page unchanged, and in added headers why it gave no article.

    `attempts` counts the cleanings of this delivery; the header adds those before each replay.
    """
    replays = replay_count(message.headers)
    added = {
        f"{_CONNECT}topic": message.partition.topic,
        f"{_CONNECT}partition": str(message.partition.number),
        f"{_CONNECT}offset": str(message.offset),
        f"{_CONNECT}stage": stage.value,
        f"{_CONNECT}exception.class.name": f"pagesieve.Rejected.{rejected.reason.value}",
        f"{_CONNECT}exception.message": _one_line(rejected.detail),
        REASON_HEADER: rejected.reason.value,
        f"{_OWN}attempts": str(replays + attempts),
        f"{_OWN}version": publication.version,
        REPLAY_COUNT_HEADER: str(replays),
    }
    headers = original_headers(message.headers) + tuple(
        (name, value.encode("utf-8", "replace")) for name, value in added.items()
    )
    return Outgoing(publication.dead_topic, message.key, message.value, headers, message.timestamp)


def replayed(dead: Message, raw_topic: str, max_replays: int) -> Outgoing | None:
    """A dead letter's page as it was, with one replay more counted; None when it had `max_replays` of them.

    It takes a new timestamp: with its own, a topic's retention could delete it before it is read. A key
    that is the letter's own stays behind.
    """
    replays = replay_count(dead.headers)
    if replays >= max_replays:
        return None
    counted = (REPLAY_COUNT_HEADER, str(replays + 1).encode())
    key = None if Part.KEY in changed_parts(dead.headers) else dead.key
    return Outgoing(raw_topic, key, dead.value, (*original_headers(dead.headers), counted))


def dead_reason(headers: Sequence[tuple[str, bytes]]) -> Reason | None:
    """Why a dead letter is one; None when no header tells a reason that is known."""
    found = _last(headers, REASON_HEADER)
    return next((reason for reason in Reason if reason.value == found), None)


def changed_parts(headers: Sequence[tuple[str, bytes]]) -> frozenset[Part]:
    """What a dead letter does not have of its page's message, since Kafka refused it with that."""
    named = _last(headers, CHANGED_HEADER).split()
    return frozenset(part for part in Part if part.value in named)


def replay_count(headers: Sequence[tuple[str, bytes]]) -> int:
    """How often the page was put back; 0 when no header tells a number."""
    found = _last(headers, REPLAY_COUNT_HEADER)
    return int(found) if found.isascii() and found.isdigit() and len(found) < 10 else 0


def original_headers(headers: Sequence[tuple[str, bytes]]) -> Headers:
    """The headers that the page came with: all but those that a dead letter or a replay adds."""
    return tuple((name, value) for name, value in headers if not name.startswith((_OWN, _CONNECT)))


def _last(headers: Sequence[tuple[str, bytes]], name: str) -> str:
    values = [value for found, value in headers if found == name]
    return values[-1].decode("utf-8", "replace") if values and values[-1] is not None else ""


def _removed(
    removed: Sequence[Removed], detail: RemovedDetail
) -> list[dict[str, str]] | dict[str, int] | None:
    if detail is RemovedDetail.FULL:
        return [{"kind": block.kind.value, "rule": block.rule, "text": block.text} for block in removed]
    if detail is RemovedDetail.COUNTS:
        return dict(Counter(block.kind.value for block in removed))
    return None


def _dateline(dateline: Dateline | None) -> dict[str, str | None] | None:
    return {"place": dateline.place, "agency": dateline.agency} if dateline else None


def _source(message: Message | None) -> dict[str, Any] | None:
    if message is None:
        return None
    return {
        "topic": message.partition.topic,
        "partition": message.partition.number,
        "offset": message.offset,
    }


def _absolute(base: str | None, reference: str | None) -> str | None:
    """The reference as an http or https URL, relative ones resolved against the page's; None without one."""
    reference = (reference or "").strip()
    if not reference:
        return None
    try:
        return http_url(urljoin(base or "", reference))
    except ValueError:  # brackets that hold no IPv6 address
        return None


def domain_of(url: str | None) -> str | None:
    """The host of a URL without a leading `www.`; None without one."""
    try:
        host = urlsplit(url or "").hostname
    except ValueError:
        return None
    return host.removeprefix("www.") if host else None


def _one_line(detail: str) -> str:
    # A UnicodeError's text holds the whole page: cut first.
    return " ".join(detail[: 2 * MAX_DETAIL].split())[:MAX_DETAIL]
