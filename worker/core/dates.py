"""Dates in lines that people write, in the languages of the news: `2021.02.04 | 23:10 دمشق`.

Nothing is guessed: no relative dates, no year that is not written, and `04/02/2021` only where the
language tells which number is the day.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from worker.core.clocks import Clock, clocks_in, zone_after
from worker.core.datewords import UPDATE_WORDS, only_date_words
from worker.core.days import Day, Hints, days_in
from worker.core.shadow import shadow
from worker.core.timestamps import iso_form, parse_timestamp

__all__ = ["FoundDate", "find_date", "is_posting", "parse_timestamp"]

_LONGEST_SEARCHED = 600  # characters: a longer line is a paragraph that speaks of dates
_LONGEST_LINE = 200  # characters: no longer line is nothing but a date line
_MOST_BETWEEN = 48  # characters between a date and its time
# How WordPress says it below a post, in the languages of its themes
_POSTING = re.compile(
    r"""\W*(?:this\s(?:entry|post|article)\swas\s(?:posted|written|published)
    |dieser\s(?:beitrag|artikel|eintrag)\swurde
    |cet(?:te)?\s(?:entrée|article|billet)\sa\sété\s(?:publiée?|postée?|écrit)
    |est[ae]\s(?:entrada|artículo|post)\s(?:fue|se)\s(?:publicad[ao]|publicó|escrito)
    |quest[oa]\s(?:articolo|post|voce)\sè\sstat[oa]
    |dit\s(?:bericht|artikel)\s(?:is|werd)\s(?:geplaatst|gepost)
    |est[ae]\s(?:entrada|artigo|post)\sfoi|(?:эта\s)?запись\sопубликована|ten\swpis\szostał
    |detta\sinlägg|bu\syazı|نشرت\sهذه|هذه\sالتدوينة)""",
    re.IGNORECASE | re.VERBOSE,
)
_OTHER_DIGITS = re.compile("[\u0660-\u0669\u06f0-\u06f9\u0966-\u096f\u09e6-\u09ef\uff10-\uff19]")
_ASCII_DIGITS = {base + i: str(i) for base in (0x660, 0x6F0, 0x966, 0x9E6, 0xFF10) for i in range(10)}
_MAY_HOLD_DATE = re.compile(r"[0-9](?:[0-9]{3}|[0-9]?\s?[./]\s?[0-9]{1,2}\s?[./]\s?[0-9]{2})")
_WORD_BREAK = re.compile(r"[\s.,،؛/\\\-–—()\[\]'’ʼ|:;·•_]+")


@dataclass(frozen=True, slots=True)
class FoundDate:
    """A date in a line. `line[start:end]` is `raw`: the date with its time and zone."""

    iso: str | None  # None where it surely is a date, but the order of day and month is not told
    raw: str
    start: int
    end: int
    is_whole_line: bool  # the line is nothing else: labels, weekdays, separators and a city aside
    is_update: bool  # the words before it say that the text was changed then

    @property
    def span(self) -> tuple[int, int]:
        """Where `raw` lies in the line, as slices count."""
        return self.start, self.end


def find_date(line: str, language: str | None = None) -> FoundDate | None:
    """The date that a line tells, with time and zone where it tells them; of several, when it was published.

    `language` (BCP 47) settles the order of day and month in `04/02/2021`. Never raises.
    """
    return _find_date(line, language) if len(line) <= _LONGEST_SEARCHED else None


@lru_cache(maxsize=512)
def _find_date(line: str, language: str | None) -> FoundDate | None:
    text = line.translate(_ASCII_DIGITS) if _OTHER_DIGITS.search(line) else line
    if not _MAY_HOLD_DATE.search(text):
        return None
    days = list(days_in(text, Hints(line, language)))
    if not any(not day.is_hijri for day in days):
        return None
    return _choose(line, text, days)


def is_posting(line: str) -> bool:
    """True for a sentence that tells when its page was posted: `This entry was posted on May 2, 2011`."""
    return _POSTING.match(line) is not None


def _choose(line: str, text: str, days: list[Day]) -> FoundDate:
    clocks = clocks_in(text)
    found: list[tuple[Day, Clock | None, str | None, int, int, bool]] = []
    covered = [(day.start, day.end) for day in days if day.is_hijri]
    before = 0
    for day in (day for day in days if not day.is_hijri):
        clock = _clock_of(day, clocks, days, text)
        iso, start, end = _join(day, clock, text)
        covered.append((start, end))
        found.append((day, clock, iso, start, end, _says_update(text[before:start])))
        before = end
    _, _, iso, start, end, is_update = next((f for f in found if not f[5] and f[2]), None) or next(
        (f for f in found if f[2]), found[0]
    )
    whole = len(line) <= _LONGEST_LINE and only_date_words(text, covered + [(c.start, c.end) for c in clocks])
    return FoundDate(iso, line[start:end], start, end, whole, is_update)


def _clock_of(day: Day, clocks: list[Clock], days: list[Day], text: str) -> Clock | None:
    """The time that belongs to a day: right after it, or else right before it, with nothing said between."""
    for clock in clocks:
        taken = any(day.end <= other.start < clock.start for other in days if not other.is_hijri)
        if clock.start >= day.end and not taken and _close(text[day.end : clock.start]):
            return clock
    for clock in reversed(clocks):
        taken = any(clock.end <= other.start < day.start for other in days if not other.is_hijri)
        if clock.end <= day.start and not taken and _close(text[clock.end : day.start]):
            return clock
    return None


def _close(between: str) -> bool:
    return len(between) <= _MOST_BETWEEN and (len(between) < 4 or only_date_words(between, ()))


def _join(day: Day, clock: Clock | None, text: str) -> tuple[str | None, int, int]:
    start, end = day.start, day.end
    if clock is None:
        return (iso_form(day.value) if day.value else None), start, end
    start, end = min(start, clock.start), max(end, clock.end)
    told = zone_after(text, clock.end) if clock.start > day.start else None
    if told is None and clock.start < day.start:
        told = zone_after(text[: day.start], clock.end) or zone_after(text, day.end)
    if told:
        end = max(end, told[1])
    if day.value is None:
        return None, start, end
    return (
        iso_form(day.value, (clock.hour, clock.minute, clock.second), told[0] if told else None),
        start,
        end,
    )


def _says_update(label: str) -> bool:
    return any(word in UPDATE_WORDS for word in _WORD_BREAK.split(shadow(label[-60:])))
