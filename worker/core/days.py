"""Calendar dates in a line: three numbers, or two and the name of a month, in three calendars."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from worker.core.calendars import GREGORIAN_MONTHS, HIJRI_MONTHS, JALALI_MONTHS, jalali_to_gregorian
from worker.core.datewords import CONNECTORS
from worker.core.shadow import shadow

_MOST_NUMBERS = 40
_PERSIAN_DIGITS = re.compile("[\u06f0-\u06f9]")
_NUMBER = re.compile(r"\d+")
_DAY_FIRST_SCRIPT = re.compile("[\u0370-\u05ff\u0600-\u06ff\u0900-\u0e7f]")
_DAY_FIRST_LABEL = re.compile(
    "publicad|publié|pubblicat|veröffentl|aktualis|actualiz|yayın|yayım|güncel|tarih|diterbit|opublik|ngày|publicat|"
    "gepubliceerd|atualiza|aggiorn|mise? à jour| às | à | um | uhr",
    re.IGNORECASE,
)
_JALALI_LETTERS = re.compile("[پچژگکی]")
_YEAR_MARKS = {"年": "月", "년": "월", "nam": "thang"}
_DAY_FIRST_ENGLISH = frozenset(("GB", "AU", "NZ", "IE", "IN", "ZA", "PK", "NG", "KE", "SG", "MY", "HK"))
_YEAR_FIRST = frozenset(("zh", "ja", "ko", "hu", "lt", "mn", "eu"))
_WORD_BREAK = re.compile(r"[\s.,،؛/\\\-–—()\[\]'’ʼ|:;·•_]+")


@dataclass(frozen=True, slots=True)
class Day:
    """A calendar date as written at `start` to `end`; no `value` where its order is not told."""

    value: date | None
    start: int
    end: int
    is_hijri: bool = False


class Hints:
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


def days_in(text: str, hints: Hints) -> Iterator[Day]:
    """The dates of a line of ASCII digits, in order; what cannot be one, or no such day, is passed over."""
    numbers = [match.span() for match in _NUMBER.finditer(text)][:_MOST_NUMBERS]
    i = 0
    while i < len(numbers):
        day, used = _numeric(text, numbers, i, hints)
        if day is None:
            day, used = _named(text, numbers, i)
        if day is not None:
            yield day
        i += used


def _numeric(text: str, numbers: list[tuple[int, int]], i: int, hints: Hints) -> tuple[Day | None, int]:
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
    parts: tuple[str, str, str], span: tuple[int, int], separator: str, hints: Hints
) -> Day | None:
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
        return Day(None, *span) if 1900 <= year <= 2100 else None
    return _day((year, b, a) if hints.day_first else (year, a, b), span, hints)


def _day(numbers: tuple[int, int, int], span: tuple[int, int], hints: Hints) -> Day | None:
    """A day, of year, month and day, in the calendar that its year is of; None where there is no such day."""
    year, month, day = numbers
    try:
        if 1900 <= year <= 2100:
            return Day(date(year, month, day), *span)
        if 1300 <= year < 1500 and (hints.jalali or 1370 <= year < 1400):
            return Day(jalali_to_gregorian(year, month, day), *span)
    except ValueError:
        return None
    is_hijri = 1380 <= year < 1500 and month <= 12 and day <= 30
    return Day(None, *span, is_hijri=True) if is_hijri else None


def _named(text: str, numbers: list[tuple[int, int]], i: int) -> tuple[Day | None, int]:
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


def _named_day(name: tuple[str, int], year: int, number: int, start: int, end: int) -> Day | None:
    calendar, month = name
    if calendar == "hijri":
        return Day(None, start, end, is_hijri=True) if 1300 <= year < 1600 and number <= 30 else None
    try:
        if calendar == "jalali":
            return Day(jalali_to_gregorian(year, month, number), start, end)
        return Day(date(year, month, number), start, end) if 1900 <= year <= 2100 else None
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
