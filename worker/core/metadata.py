"""The metadata of a page: one precedence for each field, and the evidence that each value came from."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

from lxml import etree

from worker.core.authorship import (
    Authors,
    authors_in_head,
    authors_in_lines,
    authors_in_page,
    choose_authors,
    only_byline,
)
from worker.core.headfields import (
    canonical_of,
    description_of,
    image_of,
    section_of,
    site_name_of,
    site_names_of,
    tags_of,
)
from worker.core.language import direction_of, language_of, primary_subtag
from worker.core.pagemeta import PageMeta, collect
from worker.core.published import (
    Dated,
    by_finder,
    confirming,
    date_in_dateline,
    date_in_url,
    dates_in_lines,
    modified_in_head,
    only_date,
    published_in_head,
    reconcile,
)
from worker.core.surroundings import (
    Line,
    category_near,
    dated_texts,
    find_text,
    labelled_texts,
    lines_around,
    marked_lines,
    openings,
)
from worker.core.titles import Title, choose_title

__all__ = ["Metadata", "collect", "resolve"]


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

    @property
    def category(self) -> tuple[str, str] | None:
        text = category_near(self.anchor) if self.anchor is not None else None
        return ("link near the headline", text) if text else None

    def labelled(self) -> Iterator[str]:
        return labelled_texts(self._page.root, self.anchor)

    def dated(self) -> Iterator[str]:
        return dated_texts(self._page.root, self.anchor)

    def openings(self) -> Iterator[str]:
        return openings(self._page.root, self.anchor)


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
    site = keep("site_name", site_name_of(page, url))
    title = choose_title(page, sites)
    lines = _Lines(page, title)
    language = keep("language", _language(page, text))
    authors = _authors(page, lines, sites)
    published, modified = _dates(page, lines, url, date_finder)
    section = keep("section", section_of(page) or lines.category)
    tags = tags_of(page)
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
        description=keep("description", description_of(page)),
        canonical_url=keep("canonical_url", canonical_of(page, url)),
        site_name=site,
        authors=authors.names if authors else (),
        published_at=published.iso if published else None,
        published_at_raw=published.raw if published else None,
        modified_at=modified.iso if modified else None,
        language=language,
        text_direction=direction_of(language),
        section=section,
        tags=tags[1] if tags else (),
        image_url=keep("image_url", image_of(page, url)),
        evidence=evidence,
    )


def _authors(page: PageMeta, lines: _Lines, sites: Sequence[str]) -> Authors | None:
    found = choose_authors(authors_in_head(page, sites), authors_in_lines(lines.near, sites))
    found = found or authors_in_page(lines.marked, sites)
    if found and not found.is_abbreviated:
        return found
    return only_byline(lines.labelled(), sites) or found


def _dates(
    page: PageMeta, lines: _Lines, url: str | None, finder: Callable[[], str | None] | None
) -> tuple[Dated | None, Dated | None]:
    language = _declared_tag(page)
    told = list(published_in_head(page, language))
    modified = next(modified_in_head(page, language), None)
    seen, updated = dates_in_lines(lines.near, language)
    published = reconcile(told, seen or confirming(told, lines.dated()), modified)
    if published is None:
        seen, changed = dates_in_lines(lines.marked, language)
        updated += changed
        elsewhere = chain(
            date_in_url(url),
            seen,
            updated,
            only_date(lines.dated(), language),
            date_in_dateline(lines.openings(), language),
            by_finder(finder),
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
    return next(
        (name for name, value in declared if primary_subtag(value) == language), "the text itself"
    ), language
