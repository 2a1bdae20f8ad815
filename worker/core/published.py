"""When a page was published and changed: which of its dates holds."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import islice
from urllib.parse import unquote

from worker.core.dates import FoundDate, find_date, is_posting, parse_timestamp
from worker.core.layout_words import AUTHOR, DATE
from worker.core.pagemeta import PageMeta, TimeElement
from worker.core.surroundings import Line
from worker.core.timestamps import iso_form

_PUBLISHED_METAS = (
    "article:published_time", "og:article:published_time", "og:published_time", "og:pubdate",
    "datepublished", "article:published", "article:post_date", "date.issued", "dc.date.issued",
    "dcterms.issued", "parsely-pub-date", "sailthru.date", "bt:pubdate", "publish-date", "publishdate",
    "publish_date", "published_date", "pubdate", "publication_date", "published", "release_date",
    "citation_publication_date", "rnews:datepublished", "cxenseparse:recs:publishtime",
    "cxenseparse:publishtime", "weibo:article:create_at", "article.published",
    "shareaholic:article_published_time", "dc.date.published", "dc.date", "dcterms.date",
    "dcterms.created", "dc.date.created", "dc.created", "creation_date", "datecreated",
    "article:create_at", "article_date_original", "originalpublicationdate", "gentime", "pub_date",
    "pubtime", "time", "date",
)  # fmt: skip
_MODIFIED_METAS = (
    "article:modified_time", "og:article:modified_time", "og:modified_time", "og:updated_time",
    "article:modified", "article:updated", "article:updated_time", "datemodified", "dc.date.modified",
    "dcterms.modified", "lastmod", "last-modified", "bt:moddate", "modified", "updated",
    "rnews:datemodified", "lastmodified", "revision_date",
)  # fmt: skip
_UPDATED_NAME = re.compile(r"updat|modif|aktualis", re.IGNORECASE)
_PUBLISHED_NAME = re.compile(r"publi[sc]|entry-date|post-?date|datecreated|created|posted", re.IGNORECASE)
_URL_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)([/_.-])(0?[1-9]|1[0-2])\2(0?[1-9]|[12]\d|3[01])(?!\d)")
_URL_DIGITS = re.compile(r"(?<!\d)(20[0-3]\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?!\d)")
_COULD_BE_SWAPPED = re.compile(r"(?<!\d)(?:0?[1-9]|1[0-2])[/-](?:0?[1-9]|1[0-2])[/-]\d")
_PLACE = re.compile(r"[^\W\d_a-z][^\W\d_]+(?:[ -][^\W\d_]+){0,2},? \(?(?=[\dA-Z])")
_DASH = re.compile(r"\)?(?:\.\s|\s*[-–—:/(])")
_STRONG = frozenset(("json-ld datePublished", "meta article:published_time", "meta datepublished"))
_CLOSE = 4  # lines
_FARTHEST_LINE = 14
_FARTHEST_BEFORE = 5
_SHORT_BESIDE = 32  # characters beside a date at the start or the end of any line near the headline
_LONGEST_BESIDE = 60  # characters beside a date in a line that the markup calls the date's
_SAME_MOMENT = timedelta(minutes=2)
_QUARTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Dated:
    """A date with what it was read from: `raw` as the page has it, `iso` in ISO 8601."""

    iso: str
    raw: str
    evidence: str
    is_certain: bool = True  # False where its day and month could be the other way round
    distance: int = 0  # of a line: how many lines from the headline

    @property
    def day(self) -> str:
        """The date without its time."""
        return self.iso[:10]


def published_in_head(page: PageMeta, language: str | None) -> Iterator[Dated]:
    """The dates of publication that the structured data, the meta elements and the times tell, best first."""
    for article in page.structured.articles:
        if article.rank == 0:
            yield from _dated(article.published, "json-ld datePublished", language)
    for key, value in page.meta(*_PUBLISHED_METAS):
        yield from _dated(value, f"meta {key}", language)
    yield from published_in_times(page.times, language)
    for article in page.structured.articles:
        if article.rank > 0:
            yield from _dated(article.published, "json-ld datePublished", language)


def published_in_times(times: Sequence[TimeElement], language: str | None) -> Iterator[Dated]:
    """The dates of `time` elements: those named after publication first, none that lies aside."""
    fresh = [time for time in times if not _UPDATED_NAME.search(time.names)]
    named = [time for time in fresh if _PUBLISHED_NAME.search(time.names) and not time.is_aside]
    for time in named or islice((time for time in fresh if not time.is_aside), 1):
        for raw in (time.value, time.text):
            found = list(_dated(raw, "time element", language))
            if found:
                yield from found
                break


def modified_in_head(page: PageMeta, language: str | None) -> Iterator[Dated]:
    """The dates of change that the head and the times tell, best first."""
    for article in page.structured.articles:
        yield from _dated(article.modified, "json-ld dateModified", language)
    for key, value in page.meta(*_MODIFIED_METAS):
        yield from _dated(value, f"meta {key}", language)
    for time in page.times:
        if _UPDATED_NAME.search(time.names) and not time.is_aside:
            yield from _dated(time.value or time.text, "time element", language)


def dates_in_lines(lines: Sequence[Line], language: str | None) -> tuple[list[Dated], list[Dated]]:
    """The dates of the lines around the headline, surest first: of publication, and of change."""
    ranked: list[tuple[int, bool, Dated]] = []
    for line in lines:
        if not -_FARTHEST_BEFORE <= line.distance <= _FARTHEST_LINE or line.paragraphs > 1:
            continue
        found = find_date(line.text, language)
        if found is None or found.iso is None:
            continue
        rank = _rank(line, found)
        if rank is not None:
            certain = not _COULD_BE_SWAPPED.search(found.raw)
            dated = Dated(found.iso, found.raw, "date line near the headline", certain, line.distance)
            ranked.append((rank, found.is_update, dated))
    ranked.sort(key=lambda entry: entry[0])
    published = [dated for _, is_update, dated in ranked if not is_update]
    return published, [dated for _, is_update, dated in ranked if is_update]


def _rank(line: Line, found: FoundDate) -> int | None:
    """How surely a line tells the page's date, 0 the surest; None for a date that the text speaks of."""
    if found.is_whole_line:
        may_be_today = line.distance < 0 and "T" not in (found.iso or "")
        return 3 if may_be_today else 0
    before, after = line.text[: found.start].strip(), line.text[found.end :].strip()
    beside = len(before) + len(after)
    if beside <= _LONGEST_BESIDE and (line.own | line.around) & (DATE | AUTHOR):
        return 1
    is_close = line.paragraphs == 0 and -3 <= line.distance <= 8
    return 2 if is_close and beside <= _SHORT_BESIDE and not (before and after) else None


def confirming(told: Sequence[Dated], lines: Iterable[str]) -> list[Dated]:
    """The date line of the page that says which number of the head's uncertain date is the day."""
    if not told or told[0].is_certain or any(dated.is_certain for dated in told):
        return []
    for line in lines:
        found = find_date(line)
        if found and found.iso and found.is_whole_line and not _COULD_BE_SWAPPED.search(found.raw):
            dated = Dated(found.iso, found.raw, "date line of the page")
            if dated.day == told[0].day or _swapped(dated, told[0]):
                return [dated]
    return []


def date_in_dateline(openings: Iterable[str], language: str | None) -> Iterator[Dated]:
    """The date behind the place that a text opens with: `Karlsruhe, 12. November 2021 – ...`."""
    for opening in openings:
        place = _PLACE.match(opening)
        found = find_date(opening, language) if place else None
        if place and found and found.iso and found.start == place.end() and _DASH.match(opening, found.end):
            yield Dated(found.iso, found.raw, "dateline of the text")
            return


def date_in_url(url: str | None) -> Iterator[Dated]:
    """The date in the path of a URL: `/2021/02/04/`, `-20210204-`."""
    path = unquote(url or "").split("://", 1)[-1].split("?", 1)[0].partition("/")[2]
    match = _URL_DATE.search(path) or _URL_DIGITS.search(path)
    if match:
        year, month, day = (
            int(match[group]) for group in ((1, 3, 4) if len(match.groups()) == 4 else (1, 2, 3))
        )
        try:
            yield Dated(iso_form(date(year, month, day)), match[0], "date in the URL")
        except ValueError:
            return


def reconcile(told: Sequence[Dated], seen: Sequence[Dated], modified: Dated | None) -> Dated | None:
    """The date of publication from what the head tells and what a reader sees, each best first.

    A visible date on the day before or after holds: it is in the site's own zone. When both are the same
    moment, the visible time with the offset between them tells most. A visible date that is farther away
    holds where it stands close to the headline and the head does not contradict it.
    """
    if not told or not seen:
        return _most_exact(told) or _most_exact(seen)
    best = told[0]
    if any(dated.day == best.day for dated in seen) or _swapped(best, seen[0]):
        return _most_exact([best, *told, *seen])
    for dated in told:
        local = _same_moment(dated, seen[0])
        if local:
            return local
    if _swapped(seen[0], best):
        return seen[0]
    days = (date.fromisoformat(seen[0].day) - date.fromisoformat(best.day)).days
    is_close = abs(seen[0].distance) <= _CLOSE
    is_strong = best.evidence in _STRONG
    is_change = is_strong and days > 0 and (modified is None or seen[0].day <= modified.day)
    if abs(days) <= 1 or (is_close and (is_change or not is_strong)):
        return _most_exact([seen[0], *told])
    return _most_exact(told)


def _most_exact(dates: Sequence[Dated]) -> Dated | None:
    """Of the dates on the day of the first, the one that tells most: with a time and a zone if any has."""
    return max(
        (dated for dated in dates if dated.day == dates[0].day), key=lambda d: len(d.iso), default=None
    )


def _swapped(told: Dated, seen: Dated) -> bool:
    """True where the visible date is the told one with day and month swapped, and could be either."""
    return (
        told.is_certain
        and not seen.is_certain
        and f"{seen.day[:5]}{seen.day[8:]}-{seen.day[5:7]}" == told.day
    )


def _same_moment(told: Dated, seen: Dated) -> Dated | None:
    """The visible time with the offset that makes it the told moment, if a zone on earth has that offset."""
    moment, local = datetime.fromisoformat(told.iso), datetime.fromisoformat(seen.iso)
    if "T" not in told.iso or "T" not in seen.iso or moment.tzinfo is None:
        return None
    if local.tzinfo is not None:
        return seen if abs(local - moment) <= _SAME_MOMENT else None
    offset = local - moment.astimezone(UTC).replace(tzinfo=None)
    quarters = round(offset / _QUARTER)
    if abs(offset - quarters * _QUARTER) > _SAME_MOMENT or abs(quarters) > 56:
        return None
    zoned = moment.astimezone(timezone(quarters * _QUARTER))
    return Dated(zoned.isoformat(), seen.raw, f"{seen.evidence}, offset from {told.evidence}")


def only_date(lines: Iterable[str], language: str | None) -> Iterator[Dated]:
    """The date of all the page's date lines, where they tell one day only; a posting's own line first."""
    posted, alone = [], []
    for line in lines:
        found = find_date(line, language)
        if found and found.iso:
            dated = Dated(found.iso, found.raw, "only date line of the page")
            posted += [dated] if is_posting(line) else []
            alone += [dated] if found.is_whole_line else []
    dates = posted or alone
    if len({dated.day for dated in dates}) == 1:
        yield dates[0]


def by_finder(finder: Callable[[], str | None] | None) -> Iterator[Dated]:
    """What a slower search of the whole page finds."""
    found = finder() if finder else None
    if found:
        iso = parse_timestamp(found)
        if iso:
            yield Dated(iso, found, "htmldate search")


def _dated(raw: str | None, evidence: str, language: str | None) -> Iterator[Dated]:
    if not raw:
        return
    iso = parse_timestamp(raw)
    if iso:
        yield Dated(iso, raw, evidence)
        return
    found = find_date(raw[:160], language)
    if found and found.iso:
        yield Dated(found.iso, raw, evidence, not _COULD_BE_SWAPPED.search(raw))
