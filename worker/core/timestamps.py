"""Dates that machines write: ISO 8601 in the forms of the web, RFC 2822, JavaScript's, seconds since 1970."""

import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo

from worker.core.calendars import GREGORIAN_MONTHS

_LONGEST = 80
_CLOCK = r"(?P<hour>[01]?\d|2[0-4])\s?:\s?(?P<minute>[0-5]\d)(?:\s?:\s?(?P<second>[0-5]\d|60)(?:[.,:]\d+)?)?"
_ZONE = r"(?P<zone>[zZ]|(?:UTC|GMT)?\s?[+\u2212-]\s?\d{1,2}(?::?\d{2})?|[A-Z]{2,4})?(?:\s?[\[(][^\])]*[\])])?"

_ISO = re.compile(
    rf"(?P<year>\d{{4}})(?P<sep>[-/.])(?P<month>\d{{1,2}})(?P=sep)(?P<day>\d{{1,2}})"
    rf"(?:(?:\s?[Tt_|,]\s?|\s+)(?:{_CLOCK}\s*(?P<half>[AaPp][Mm])?\s*{_ZONE})?)?"
)
_BASIC = re.compile(
    r"(?P<year>\d{4})(?P<month>[01]\d)(?P<day>[0-3]\d)"
    rf"(?:[Tt]?(?P<hour>[01]\d|2[0-4])(?P<minute>[0-5]\d)(?P<second>[0-5]\d)?(?:\.\d+)?{_ZONE})?"
)
_RFC2822 = re.compile(
    rf"(?:[A-Za-z]{{3,9}}\.?,?\s+)?(?P<day>\d{{1,2}})[\s-]+(?P<name>[A-Za-z]{{3,9}})\.?,?[\s-]+(?P<year>\d{{4}}|\d\d)"
    rf"(?:,?\s+{_CLOCK}\s*{_ZONE})?"
)
_JAVASCRIPT = re.compile(  # and asctime, where the year comes last
    rf"[A-Za-z]{{3,9}},?\s+(?P<name>[A-Za-z]{{3,9}})\.?\s+(?P<day>\d{{1,2}}),?\s+(?:(?P<year>\d{{4}})\s+)?"
    rf"{_CLOCK}\s*{_ZONE}(?:\s+(?P<year_last>\d{{4}}))?"
)
_EPOCH = re.compile(r"(?P<seconds>1?\d{9})(?P<milliseconds>\d{3})?(?:\.\d+)?")

# RFC 2822, section 4.3, and the abbreviations that servers write and that mean one zone
_NAMED_ZONES = {
    "Z": 0, "UT": 0, "UTC": 0, "GMT": 0, "EST": -300, "EDT": -240, "CST": -360, "CDT": -300, "MST":
    -420, "MDT": -360, "PST": -480, "PDT": -420, "CET": 60, "CEST": 120, "MEZ": 60, "MESZ": 120, "EET":
    120, "EEST": 180, "MSK": 180, "WET": 0, "WEST": 60, "BST": 60, "JST": 540, "KST": 540, "HKT": 480,
    "SGT": 480, "TRT": 180, "WIB": 420,
}  # fmt: skip
_OFFSET = re.compile(r"(?:UTC|GMT)?\s?([+\u2212-])\s?(\d{1,2}):?(\d{2})?")


def iso_form(day: date, clock: tuple[int, int, int] | None = None, zone: tzinfo | None = None) -> str:
    """ISO 8601 of a day, of a time on it, or of a time in a zone: exactly as much as is known."""
    if clock is None:
        return day.isoformat()
    return datetime(day.year, day.month, day.day, *clock, tzinfo=zone).isoformat()


def parse_timestamp(raw: str) -> str | None:
    """The ISO 8601 form of a date that a machine wrote, with its zone where one is told.

    A date without a time stays a date; a time without a zone stays without. Fractions of a second are
    dropped. None for anything else, for no real day, and for years outside 1800 to 2100.
    """
    text = raw.strip(" \t\r\n\"'")
    if not 8 <= len(text) <= _LONGEST or not text.isascii():
        return None
    if text.isdigit() and len(text) > 8 and not (len(text) in (12, 14) and text.startswith(("19", "20"))):
        return _epoch(text)
    for pattern in (_ISO, _BASIC, _RFC2822, _JAVASCRIPT):
        match = pattern.fullmatch(text)
        if match:
            return _form(match.groupdict())
    return _epoch(text)


def _epoch(text: str) -> str | None:
    match = _EPOCH.fullmatch(text)
    if not match:
        return None
    seconds = int(match["seconds"])
    if not 300_000_000 < seconds < 4_200_000_000:  # 1979 to 2103: smaller numbers are other things
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def _form(parts: dict[str, str | None]) -> str | None:
    month = _month(parts)
    written = parts.get("year") or parts.get("year_last") or ""
    year = int(written or 0)
    if len(written) == 2:
        year += 2000 if year < 70 else 1900
    if month is None or not 1800 <= year <= 2100:
        return None
    try:
        day = date(year, month, int(parts["day"] or 0))
    except ValueError:
        return None
    if day == date(1970, 1, 1):  # what a missing date turns into
        return None
    if not parts.get("hour"):
        return iso_form(day)
    hour, minute, second = (int(parts.get(name) or 0) for name in ("hour", "minute", "second"))
    half = (parts.get("half") or "").lower()
    hour = hour % 12 + (12 if half == "pm" else 0) if half else hour
    if hour == 24:
        hour, day = 0, day + timedelta(days=1)
    return iso_form(day, (hour, minute, min(second, 59)), zone_of(parts.get("zone")))


def _month(parts: dict[str, str | None]) -> int | None:
    if parts.get("name"):
        return GREGORIAN_MONTHS.get((parts["name"] or "").lower())
    return int(parts["month"] or 0)


def zone_of(written: str | None) -> timezone | None:
    """The fixed offset that `+0300`, `GMT+3`, `Z` or `EST` stands for; None where it tells none."""
    text = (written or "").strip().upper()
    if not text:
        return None
    if text in _NAMED_ZONES:
        return timezone(timedelta(minutes=_NAMED_ZONES[text])) if _NAMED_ZONES[text] else UTC
    match = _OFFSET.fullmatch(text)
    if not match or int(match[2]) > 14 or int(match[3] or 0) > 59:
        return None
    delta = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
    return timezone(delta if match[1] == "+" else -delta)
