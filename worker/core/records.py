"""The records of the core: what goes into cleaning and what comes out. Data only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Reason(StrEnum):
    """Why a page gave no article: the value is the metric label and the dead-letter header."""

    NOT_HTML = "not_html"  # a PDF, an image, a feed, JSON: nothing to extract from
    EMPTY = "empty"  # no text at all, or none that belongs to an article
    TOO_SHORT = "too_short"  # an article of fewer words than `CleanOptions.min_words`
    OVERSIZED = "oversized"  # more bytes, elements or text than `CleanOptions` allows
    TOO_DEEP = "too_deep"  # elements nested deeper than the extractor can follow
    UNDECODABLE = "undecodable"  # bytes that no charset makes text of
    BAD_ENVELOPE = "bad_envelope"  # the message is not in the form that it says
    TIMEOUT = "timeout"  # cleaning passed the page's deadline
    MEMORY = "memory"  # cleaning passed the child's memory limit
    CRASHED = "crashed"  # cleaning killed its process
    HTTP_STATUS = "http_status"  # the crawler stored an error page


class Kind(StrEnum):
    """What a removed block was; the value is the metric label and `removed[].kind`."""

    THEME_NOTICE = "theme_notice"
    COMMENT_FORM = "comment_form"
    COMMENTS = "comments"
    RELATED_LINKS = "related_links"
    READ_ALSO = "read_also"
    SHARE = "share"
    FOLLOW = "follow"
    NEWSLETTER = "newsletter"
    SUBSCRIPTION_NOTICE = "subscription_notice"
    COOKIE_NOTICE = "cookie_notice"
    ADVERT = "advert"
    NAVIGATION = "navigation"
    BREADCRUMB = "breadcrumb"
    CATEGORY_LABEL = "category_label"
    TAGS = "tags"
    BYLINE = "byline"
    DATE_LINE = "date_line"
    DATELINE = "dateline"
    SOURCE_CREDIT = "source_credit"
    IMAGE_FILENAME = "image_filename"
    CAPTION = "caption"
    WIDGET = "widget"
    COPYRIGHT = "copyright"
    DUPLICATE_TEXT = "duplicate_text"
    TITLE = "title"
    DESCRIPTION = "description"


@dataclass(frozen=True, slots=True)
class Page:
    """All that cleaning depends on: equal pages give equal outcomes."""

    body: bytes  # as fetched; text input as UTF-8
    url: str | None = None
    content_type: str | None = None  # the HTTP header's value, charset included
    encoding: str | None = None  # set when the characters are certain: it wins over every other sign
    is_text: bool = False  # plain text, a paragraph or label a line: no tree to look at


@dataclass(frozen=True, slots=True)
class Envelope:
    """One input message: the page, and what its crawler told beside it."""

    page: Page
    fetched_at: str | None = None  # ISO 8601 with a zone
    http_status: int | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dateline:
    """Where a report was filed, and by which agency: `موسكو/ الأناضول`, `BERLIN (Reuters) -`."""

    place: str | None
    agency: str | None


@dataclass(frozen=True, slots=True)
class Removed:
    """A block that was cut out of the article, whole."""

    kind: Kind
    rule: str
    text: str


@dataclass(frozen=True, slots=True)
class Article:
    """What cleaning found. Absent means None or empty, never a guess; times are ISO 8601."""

    paragraphs: tuple[str, ...]
    word_count: int = 0  # of the paragraphs; see words.py
    title: str | None = None
    description: str | None = None
    canonical_url: str | None = None
    site_name: str | None = None
    authors: tuple[str, ...] = ()
    published_at: str | None = None
    published_at_raw: str | None = None
    modified_at: str | None = None
    language: str | None = None  # BCP 47, the primary subtag only: `ar`
    text_direction: str | None = None  # ltr or rtl
    section: str | None = None
    tags: tuple[str, ...] = ()
    image_url: str | None = None
    source_credits: tuple[str, ...] = ()
    dateline: Dateline | None = None
    removed: tuple[Removed, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejected:
    """A page that gave no article, and why, in a sentence short enough for a header."""

    reason: Reason
    detail: str


Outcome = Article | Rejected
