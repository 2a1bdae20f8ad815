"""The metadata of a page: one precedence for each field, and the evidence that each value came from."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from urllib.parse import urljoin, urlsplit

from lxml import etree

from worker.core.authorship import Authors, authors_in_head, authors_in_lines, authors_in_page, choose_authors, only_byline
from worker.core.language import direction_of, language_of, primary_subtag
from worker.core.pagemeta import PageMeta, collect
from worker.core.published import (
    Dated,
    by_finder,
    date_in_url,
    dates_in_lines,
    modified_in_head,
    only_date,
    published_in_head,
    reconcile,
)
from worker.core.shadow import letters
from worker.core.surroundings import Line, dated_texts, find_text, lines_around, marked_lines, labelled_texts
from worker.core.titles import Title, choose_title, segments

__all__ = ["Metadata", "collect", "resolve"]

_MOST_TAGS = 40
_LONGEST_TAG = 80
_LONGEST_URL = 2000


@dataclass(frozen=True, slots=True)
class Metadata:
    """The fields of an article that are about it. `evidence` names, by field, what a value was read from."""

    title: str | None = None
    description: str | None = None
    canonical_url: str | None = None
    site_name: str | None = None
    authors: tuple[str, ...] = ()
    published_at: str | None = None
    published_at_raw: str | None = None
    modified_at: str | None = None
    language: str | None = None
    text_direction: str | None = None
    section: str | None = None
    tags: tuple[str, ...] = ()
    image_url: str | None = None
    evidence: Mapping[str, str] = field(default_factory=dict)


class _Lines:
    """What stands around the headline, read when a field first needs it."""

    def __init__(self, page: PageMeta, title: Title | None):
        self._page, self._title = page, title

    @cached_property
    def anchor(self) -> etree._Element | None:
        if self._title is None:
            return None
        if self._title.heading:
            return self._title.heading.element
        return find_text(self._page.root, self._title.text)

    @cached_property
    def near(self) -> list[Line]:
        return lines_around(self.anchor) if self.anchor is not None else []

    @cached_property
    def marked(self) -> list[Line]:
        return marked_lines(self._page.root, self.anchor)

    def labelled(self) -> Iterator[str]:
        return labelled_texts(self._page.root, self.anchor)

    def dated(self) -> Iterator[str]:
        return dated_texts(self._page.root, self.anchor)


def resolve(
    page: PageMeta,
    url: str | None = None,
    text: str = "",
    date_finder: Callable[[], str | None] | None = None,
) -> Metadata:
    """The metadata that the page's own words support; absent is None, never a guess.

    `text` is the article's text, for its language. `date_finder` searches the page for a date in ways too
    slow for every page; it is called only where nothing else tells one.
    """
    evidence: dict[str, str] = {}

    def keep(name: str, found: tuple[str, str] | None) -> str | None:
        if found is None:
            return None
        evidence[name] = found[0]
        return found[1]

    sites = site_names_of(page, url)
    site = keep("site_name", _site_name(page, url))
    title = choose_title(page, sites)
    lines = _Lines(page, title)
    language = keep("language", _language(page, text))
    authors = _authors(page, lines, sites)
    published, modified = _dates(page, lines, url, date_finder)
    section = keep("section", _section(page))
    tags = _tags(page)
    if title:
        evidence["title"] = title.evidence
    if authors:
        evidence["authors"] = authors.evidence
    for name, dated in (("published_at", published), ("modified_at", modified)):
        if dated:
            evidence[name] = dated.evidence
    if tags:
        evidence["tags"] = tags[0]
    return Metadata(
        title=title.text if title else None,
        description=keep("description", _description(page)),
        canonical_url=keep("canonical_url", _canonical(page, url)),
        site_name=site,
        authors=authors.names if authors else (),
        published_at=published.iso if published else None,
        published_at_raw=published.raw if published else None,
        modified_at=modified.iso if modified else None,
        language=language,
        text_direction=direction_of(language),
        section=section,
        tags=tags[1] if tags else (),
        image_url=keep("image_url", _image(page, url)),
        evidence=evidence,
    )


def _first(*candidates: tuple[str, str | None]) -> tuple[str, str] | None:
    return next(((evidence, value) for evidence, value in candidates if value), None)


def _metas(page: PageMeta, *keys: str) -> Iterator[tuple[str, str | None]]:
    return ((f"meta {key}", value) for key, value in page.meta(*keys))


def _authors(page: PageMeta, lines: _Lines, sites: Sequence[str]) -> Authors | None:
    found = choose_authors(authors_in_head(page, sites), authors_in_lines(lines.near, sites))
    return found or authors_in_page(lines.marked, sites) or only_byline(lines.labelled(), sites)


def _dates(
    page: PageMeta, lines: _Lines, url: str | None, finder: Callable[[], str | None] | None
) -> tuple[Dated | None, Dated | None]:
    language = _declared_tag(page)
    told = list(published_in_head(page, language))
    modified = next(modified_in_head(page, language), None)
    seen, updated = dates_in_lines(lines.near, language)
    published = reconcile(told, seen, modified)
    if published is None:
        seen, changed = dates_in_lines(lines.marked, language)
        updated += changed
        elsewhere = chain(
            date_in_url(url), seen, updated, only_date(lines.dated(), language), by_finder(finder)
        )
        published = next(elsewhere, None)
    return published, modified or (updated[0] if updated else None)


def _declared_tag(page: PageMeta) -> str | None:
    """The language tag with its region, as the page declares it: it tells the order of numbers in dates."""
    return page.language or next(
        (value for _, value in page.meta("og:locale", "content-language", "language")), None
    )


def _language(page: PageMeta, text: str) -> tuple[str, str] | None:
    declared = [
        ("html lang", page.language),
        *((f"meta {key}", value) for key, value in page.meta("og:locale", "content-language", "language")),
        *(("json-ld inLanguage", article.language) for article in page.structured.articles),
    ]
    language = language_of([value for _, value in declared], text)
    if language is None:
        return None
    return next((name for name, value in declared if primary_subtag(value) == language), "text"), language


def _description(page: PageMeta) -> tuple[str, str] | None:
    return _first(
        *_metas(page, "og:description", "description", "twitter:description"),
        *(("json-ld description", article.description) for article in page.structured.articles),
        *_metas(page, "dc.description", "sailthru.description"),
    )


def _section(page: PageMeta) -> tuple[str, str] | None:
    return _first(
        *(("json-ld articleSection", article.section) for article in page.structured.articles),
        *_metas(
            page,
            "article:section",
            "og:article:section",
            "parsely-section",
            "sailthru.section",
            "section",
            "category",
        ),
    )


def _tags(page: PageMeta) -> tuple[str, tuple[str, ...]] | None:
    for evidence, values in (
        ("meta article:tag", [value for _, value in page.meta("article:tag", "og:article:tag")]),
        ("json-ld keywords", [word for article in page.structured.articles for word in article.keywords]),
        (
            "meta news_keywords",
            [value for _, value in page.meta("news_keywords", "parsely-tags", "sailthru.tags")],
        ),
        ("meta keywords", [value for _, value in page.meta("keywords")]),
    ):
        parts = (
            part.strip() for value in values for part in value.replace("،", ",").replace(";", ",").split(",")
        )
        tags = dict.fromkeys(part for part in parts if part and len(part) <= _LONGEST_TAG)
        if tags:
            return evidence, tuple(tags)[:_MOST_TAGS]
    return None


def _image(page: PageMeta, url: str | None) -> tuple[str, str] | None:
    candidates = [
        *_metas(
            page, "og:image", "og:image:url", "og:image:secure_url", "twitter:image", "twitter:image:src"
        ),
        *(("json-ld image", article.image) for article in page.structured.articles),
    ]
    return _first(*((evidence, _absolute(value, url)) for evidence, value in candidates))


def _canonical(page: PageMeta, url: str | None) -> tuple[str, str] | None:
    """The page's own address for itself. The front page is none, unless the page is the front page."""
    for evidence, value in (("link canonical", page.canonical), *_metas(page, "og:url")):
        address = _absolute(value, url)
        if address and not (_is_front(address) and url and not _is_front(url)):
            return evidence, address
    return None


def _absolute(value: str | None, url: str | None) -> str | None:
    if not value or len(value) > _LONGEST_URL:
        return None
    try:
        address = urljoin(url or "", value.strip())
        parts = urlsplit(address)
    except ValueError:
        return None
    return address if parts.scheme in ("http", "https") and parts.netloc else None


def _is_front(url: str) -> bool:
    parts = urlsplit(url)
    return parts.path in ("", "/") and not parts.query


def site_names_of(page: PageMeta, url: str | None) -> list[str]:
    """Every name that the page or its address gives to its site, for taking them off titles and authors."""
    names = [
        value
        for _, value in page.meta(
            "og:site_name", "application-name", "apple-mobile-web-app-title", "publisher"
        )
    ]
    names += [
        value for _, value in page.meta("al:ios:app_name", "al:android:app_name", "dc.publisher", "copyright")
    ]
    if page.structured.site_name:
        names.append(page.structured.site_name)
    authors = {party.name for article in page.structured.articles for party in article.authors}
    publishers = [article.publisher for article in page.structured.articles if article.publisher]
    names += [name for name in publishers if not names or name not in authors]  # bloggers publish themselves
    host = _host(url)
    labels = [label for label in host.split(".")[:-1] if len(label) > 2 and label != "www"]
    return [*names, host, *labels] if host else names


def _host(url: str | None) -> str:
    try:
        return (urlsplit(url or "").hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _site_name(page: PageMeta, url: str | None) -> tuple[str, str] | None:
    publishers = (("json-ld publisher", article.publisher) for article in page.structured.articles)
    told = _first(
        *_metas(page, "og:site_name"),
        ("json-ld WebSite", page.structured.site_name),
        *publishers,
        *_metas(page, "application-name", "apple-mobile-web-app-title"),
    )
    if told:
        return told
    labels = {letters(label) for label in _host(url).split(".")[:-1] if len(label) > 2}
    parts = segments(page.title or "")
    return next(
        (
            ("title", part)
            for part in parts
            if letters(part) in labels or letters(part) == letters(_host(url))
        ),
        None,
    )
