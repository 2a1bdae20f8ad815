"""Dates in lines that people write, in the languages of the news: `2021.02.04 | 23:10 دمشق`.

Nothing is guessed: no relative dates, no year that is not written, and `04/02/2021` only where the
language tells which number is the day.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from worker.core.calendars import GREGORIAN_MONTHS, HIJRI_MONTHS, JALALI_MONTHS, jalali_to_gregorian
from worker.core.clocks import Clock, clocks_in, zone_after
from worker.core.datewords import CONNECTORS, UPDATE_WORDS, only_date_words
from worker.core.shadow import shadow
from worker.core.timestamps import iso_form, parse_timestamp

__all__ = ["FoundDate", "find_date", "parse_timestamp"]

_LONGEST_SEARCHED = 600  # characters: a longer line is a paragraph that speaks of dates
_LONGEST_LINE = 200  # characters: no longer line is nothing but a date line
_MOST_NUMBERS = 40
_MOST_BETWEEN = 48  # characters between a date and its time
_OTHER_DIGITS = re.compile("[\u0660-\u0669\u06f0-\u06f9\u0966-\u096f\u09e6-\u09ef\uff10-\uff19]")
_PERSIAN_DIGITS = re.compile("[\u06f0-\u06f9]")
_ASCII_DIGITS = {base + i: str(i) for base in (0x660, 0x6F0, 0x966, 0x9E6, 0xFF10) for i in range(10)}
_MAY_HOLD_DATE = re.compile(r"[0-9](?:[0-9]{3}|[0-9]?\s?[./]\s?[0-9]{1,2}\s?[./]\s?[0-9]{2})")
_NUMBER = re.compile(r"\d+")
_WORD_BREAK = re.compile(r"[\s.,،؛/\\\-–—()\[\]'’ʼ|:;·•_]+")
_DAY_FIRST_SCRIPT = re.compile("[\u0370-\u05ff\u0600-\u06ff\u0900-\u0e7f]")
_JALALI_LETTERS = re.compile("[پچژگکی]")
_YEAR_MARKS = {"年": "月", "년": "월", "nam": "thang"}
_DAY_FIRST_ENGLISH = frozenset(("GB", "AU", "NZ", "IE", "IN", "ZA", "PK", "NG", "KE", "SG", "MY", "HK"))
_YEAR_FIRST = frozenset(("zh", "ja", "ko", "hu", "lt", "mn", "eu"))
_DAY_FIRST_LABEL = re.compile(
    "publicad|publié|pubblicat|veröffentl|aktualis|actualiz|yayın|yayım|güncel|tarih|diterbit|opublik|ngày|publicat|"
    "gepubliceerd|atualiza|aggiorn|mise? à jour| às | à | um | uhr",
    re.IGNORECASE,
)


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


@dataclass(frozen=True, slots=True)
class _Day:
    """A calendar date as written at `start` to `end`; no `value` where its order is not told."""

    value: date | None
    start: int
    end: int
    is_hijri: bool = False


def find_date(line: str, language: str | None = None) -> FoundDate | None:
    """The date that a line tells, with time and zone where it tells them; of several, when it was published.

    `language` (BCP 47) settles the order of day and month in `04/02/2021`. Never raises.
    """
    if len(line) > _LONGEST_SEARCHED:
        return None
    text = line.translate(_ASCII_DIGITS) if _OTHER_DIGITS.search(line) else line
    if not _MAY_HOLD_DATE.search(text):
        return None
    days = list(_days(text, _Hints(line, language)))
    if not any(not day.is_hijri for day in days):
        return None
    return _choose(line, text, days)


def _choose(line: str, text: str, days: list[_Day]) -> FoundDate:
    clocks = clocks_in(text)
    found: list[tuple[_Day, Clock | None, str | None, int, int, bool]] = []
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


def _clock_of(day: _Day, clocks: list[Clock], days: list[_Day], text: str) -> Clock | None:
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


def _join(day: _Day, clock: Clock | None, text: str) -> tuple[str | None, int, int]:
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


class _Hints:
    """What the line and its language tell about the order of numbers and the calendar. Looked up lazily."""

    __slots__ = ("_line", "_primary", "_region")

    def __init__(self, line: str, language: str | None):
        tag = (language or "").replace("_", "-").split("-")
        self._line, self._primary = line, tag[0].lower()
        self._region = tag[-1].upper() if len(tag) > 1 else ""

    @property
    def day_first(self) -> bool | None:
        """True for day before month, False for month before day, None where nothing tells."""
        if self._primary == "en":
            return {True: True, False: False if self._region == "US" else None}[
                self._region in _DAY_FIRST_ENGLISH
            ]
        if self._primary:
            return None if self._primary in _YEAR_FIRST else True
        tells = _DAY_FIRST_SCRIPT.search(self._line) or _DAY_FIRST_LABEL.search(self._line)
        return True if tells else None

    @property
    def jalali(self) -> bool:
        """True where a year like 1403 is a Jalali one, not a Hijri one."""
        if self._primary and self._primary != "fa":
            return False
        has_letters = bool(_JALALI_LETTERS.search(self._line))
        return self._primary == "fa" or has_letters or bool(_PERSIAN_DIGITS.search(self._line))


def _days(text: str, hints: _Hints) -> Iterator[_Day]:
    numbers = [match.span() for match in _NUMBER.finditer(text)][:_MOST_NUMBERS]
    i = 0
    while i < len(numbers):
        day, used = _numeric(text, numbers, i, hints)
        if day is None:
            day, used = _named(text, numbers, i)
        if day is not None:
            yield day
        i += used


def _numeric(text: str, numbers: list[tuple[int, int]], i: int, hints: _Hints) -> tuple[_Day | None, int]:
    """A date of three numbers that begins with number `i`, and how many numbers it took (1 for none)."""
    if i + 2 >= len(numbers):
        return None, 1
    (start, a_end), (b_start, b_end), (c_start, end) = numbers[i : i + 3]
    if b_start - a_end > 8 or c_start - b_end > 8 or b_end - b_start > 2:
        return None, 1
    parts = text[start:a_end], text[b_start:b_end], text[c_start:end]
    first, second = text[a_end:b_start].strip(), text[b_end:c_start].strip()
    is_year_first = len(parts[0]) == 4 and len(parts[2]) <= 2
    if is_year_first and _YEAR_MARKS.get(first) == second:
        end += text[end : end + 1] in ("日", "일")
    elif first != second or first not in (".", "/", "-", "–") or _continues(text, start, end, first):
        return None, 1
    if is_year_first:
        return _day((int(parts[0]), int(parts[1]), int(parts[2])), (start, end), hints), 3
    if len(parts[0]) <= 2 and len(parts[2]) in (2, 4):
        return _day_month_year(parts, (start, end), first, hints), 3
    return None, 1


def _continues(text: str, start: int, end: int, separator: str) -> bool:
    """True where the numbers go on in the same way: a version, an address, a telephone number."""
    before = text[max(0, start - 1) : start]
    after = text[end : end + 2]
    return before in (separator, "+", "#", "$", "€", "£", "v") or (
        after[:1] == separator and after[1:].isdigit()
    )


def _day_month_year(
    parts: tuple[str, str, str], span: tuple[int, int], separator: str, hints: _Hints
) -> _Day | None:
    a, b, year = (int(part) for part in parts)
    if len(parts[2]) == 2:
        if (
            separator in "-–"
            or {len(parts[0]), len(parts[1])} != {2}
            or not (hints.day_first or separator == ".")
        ):
            return None
        year += 2000 if year < 70 else 1900
    if b > 12 >= a:
        return _day((year, a, b), span, hints)
    if a > 12 or a == b or separator == "." or year < 1500:
        return _day((year, b, a), span, hints)
    if hints.day_first is None:
        return _Day(None, *span) if 1900 <= year <= 2100 else None
    return _day((year, b, a) if hints.day_first else (year, a, b), span, hints)


def _day(numbers: tuple[int, int, int], span: tuple[int, int], hints: _Hints) -> _Day | None:
    """A day, of year, month and day, in the calendar that its year is of; None where there is no such day."""
    year, month, day = numbers
    try:
        if 1900 <= year <= 2100:
            return _Day(date(year, month, day), *span)
        if 1300 <= year < 1500 and (hints.jalali or 1370 <= year < 1400):
            return _Day(jalali_to_gregorian(year, month, day), *span)
    except ValueError:
        return None
    is_hijri = 1380 <= year < 1500 and month <= 12 and day <= 30
    return _Day(None, *span, is_hijri=True) if is_hijri else None


def _named(text: str, numbers: list[tuple[int, int]], i: int) -> tuple[_Day | None, int]:
    """A date of two numbers and the name of a month that begins with number `i`, and how many it took."""
    if i + 1 >= len(numbers):
        return None, 1
    (start, a_end), (b_start, end) = numbers[i : i + 2]
    between = text[a_end:b_start]
    a, b = text[start:a_end], text[b_start:end]
    if len(between) > 36 or not {len(a), len(b)} <= {1, 2, 4} or (len(a) == 4) == (len(b) == 4):
        return None, 1
    name = _month_in(between)
    if name is None and len(b) == 4:
        start, name = _month_before(text, start, between)
    if name is None:
        return None, 1
    year, number = (int(a), int(b)) if len(a) == 4 else (int(b), int(a))
    return _named_day(name, year, number, start, end), 2


def _named_day(name: tuple[str, int], year: int, number: int, start: int, end: int) -> _Day | None:
    calendar, month = name
    if calendar == "hijri":
        return _Day(None, start, end, is_hijri=True) if 1300 <= year < 1600 and number <= 30 else None
    try:
        if calendar == "jalali":
            return _Day(jalali_to_gregorian(year, month, number), start, end)
        return _Day(date(year, month, number), start, end) if 1900 <= year <= 2100 else None
    except ValueError:
        return None


def _month_before(text: str, start: int, between: str) -> tuple[int, tuple[str, int] | None]:
    """The month of `February 4, 2021`, and where it begins; only ordinals and commas stand between."""
    if len(between) > 6 or any(word not in CONNECTORS for word in _words(between)):
        return start, None
    before = text[max(0, start - 24) : start]
    words = list(re.finditer(r"[^\W\d_]+", before))
    if not words or len(before) - words[-1].end() > 3:
        return start, None
    for first in words[-2:] if len(words) > 1 else words[-1:]:
        name = _month_in(before[first.start() : words[-1].end()])
        if name:
            return start - len(before) + first.start(), name
    return start, None


def _words(text: str) -> list[str]:
    return [word for word in _WORD_BREAK.split(shadow(text)) if word]


@lru_cache(maxsize=2048)
def _month_in(between: str) -> tuple[str, int] | None:
    """The calendar and the month that the words between two numbers name, and nothing else."""
    words = _words(between)
    names: set[tuple[str, int]] = set()
    i = 0
    while i < len(words):
        pair = " ".join(words[i : i + 2])
        if pair in GREGORIAN_MONTHS and len(words) > i + 1:
            names.add(("gregorian", GREGORIAN_MONTHS[pair]))
            i += 2
            continue
        name = _month_called(words[i])
        if name:
            names.add(name)
        elif words[i] not in CONNECTORS:
            return None
        i += 1
    return names.pop() if len(names) == 1 else None


def _month_called(word: str) -> tuple[str, int] | None:
    if word in GREGORIAN_MONTHS:
        return "gregorian", GREGORIAN_MONTHS[word]
    if word.startswith("ב") and word[1:] in GREGORIAN_MONTHS:  # Hebrew's "in"
        return "gregorian", GREGORIAN_MONTHS[word[1:]]
    if word in JALALI_MONTHS:
        return "jalali", JALALI_MONTHS[word]
    return ("hijri", 0) if word in HIJRI_MONTHS else None
