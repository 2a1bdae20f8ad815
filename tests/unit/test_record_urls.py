"""The URLs of a record are http and https, whatever a page or its crawler says."""

from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.core.clean import clean
from worker.core.decode import decode_message
from worker.core.options import CleanOptions
from worker.core.records import Article, Envelope, Page
from worker.core.rules import RuleSet, parse_rules
from worker.pipeline.ports import Message, Partition
from worker.pipeline.routing import Publication, article_message, article_record
from worker.rulefiles import read_rules
from worker.settings import RemovedDetail

PUBLICATION = Publication("articles", "dead", RemovedDetail.FULL, "1", "1", "print")
NOW = datetime(2026, 1, 31, tzinfo=UTC)
PAGE_URL = "https://news.example/2026/story"
HOSTILE = (
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    " javascript:alert(1)",
    "java\tscript:alert(1)",
    "java\nscript:alert(1)",
    "\x01javascript:alert(1)",
    "javascript://news.example/%0aalert(1)",
    "javascript:https://news.example/",
    "data:text/html,<script>alert(1)</script>",
    "data:image/svg+xml;base64,PHN2Zz4=",
    "file:///etc/passwd",
    "file://news.example/etc/passwd",
    "vbscript:msgbox(1)",
    "blob:https://news.example/1",
    "view-source:https://news.example/",
    "ftp://news.example/picture.jpg",
    "gopher://localhost:6379/_FLUSHALL",
    "http:javascript:alert(1)",
    "https:",
    "http://",
    "https://\x00",
    "https:///story",
    "http://[::1",
    "mailto:someone@news.example",
)


def urls_of(record: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in record.items() if name.endswith("url")}


def is_web(url: object) -> bool:
    return url is None or (isinstance(url, str) and url.lower().startswith(("http://", "https://")))


def test_these_are_all_the_urls_of_a_record() -> None:
    record = article_record(Envelope(Page(b"", url=PAGE_URL)), Article(("text",)), PUBLICATION, NOW)
    assert urls_of(record).keys() == {"url", "canonical_url", "image_url"}


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("url", [PAGE_URL, None])
def test_an_article_with_another_url_loses_it(hostile: str, url: str | None) -> None:
    article = Article(("text",), canonical_url=hostile, image_url=hostile)
    message = Message(Partition("raw", 0), 0, None, b"", (), None)
    out = article_message(message, Envelope(Page(b"", url=url)), article, PUBLICATION, NOW)
    record = orjson.loads(out.value or b"")
    assert all(is_web(value) for value in urls_of(record).values()), urls_of(record)
    assert out.key is None or is_web(out.key.decode())


@given(st.text(max_size=60), st.sampled_from(("", "javascript:", "data:", "file://", "//", "http:", "\t")))
def test_no_text_becomes_another_url(text: str, prefix: str) -> None:
    article = Article(("text",), canonical_url=prefix + text, image_url=text)
    record = article_record(Envelope(Page(b"", url=PAGE_URL)), article, PUBLICATION, NOW)
    assert all(is_web(value) for value in urls_of(record).values())


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_crawler_cannot_tell_another_url(hostile: str) -> None:
    options = CleanOptions()
    row = orjson.dumps({"url": hostile, "html": "<p>text</p>"})
    crawled = orjson.dumps({"url": hostile, "response_url": hostile, "body": "<p>", "crawlid": "1"})
    headers = (("url", hostile.encode()),)
    for value, key, told in (
        (row, None, ()),
        (crawled, None, ()),
        (b"<p>text</p>", hostile.encode(), ()),
        (b"<p>text</p>", None, headers),
    ):
        envelope = decode_message(value, key, told, options)
        assert isinstance(envelope, Envelope)
        assert is_web(envelope.page.url), envelope.page.url


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return parse_rules(read_rules())


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_page_cannot_give_itself_another_url(hostile: str, rules: RuleSet) -> None:
    quoted = hostile.replace("\x00", "&#0;").replace("<", "&lt;").replace('"', "&quot;")
    ld = orjson.dumps(
        {
            "@type": "NewsArticle",
            "headline": "Harbour",
            "url": hostile,
            "image": hostile,
            "mainEntityOfPage": hostile,
        }
    ).decode()
    text = "The harbour opened again on Monday after the storm, and the first ferry left at noon. " * 3
    page = f"""<html><head><title>Harbour</title><base href="{quoted}"><link rel="canonical" href="{quoted}">
        <meta property="og:url" content="{quoted}"><meta property="og:image" content="{quoted}">
        <meta name="twitter:image" content="{quoted}"><script type="application/ld+json">{ld}</script>
        </head><body><article><h1>Harbour</h1><p>{text}</p></article></body></html>"""
    for url in (PAGE_URL, None):
        envelope = Envelope(Page(page.encode(), url=url, encoding="utf-8"))
        article = clean(envelope.page, rules, CleanOptions())
        assert isinstance(article, Article)
        record = article_record(envelope, article, PUBLICATION, NOW)
        assert all(is_web(value) for value in urls_of(record).values()), urls_of(record)
