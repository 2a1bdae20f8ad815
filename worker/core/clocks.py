"""Times of day and their zones, as people write them: `23:10 دمشق`, `11:10 مساء`, `7.32 WIB`, `18h05`."""

import re
from dataclasses import dataclass
from datetime import UTC, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from worker.core.places import zone_of_city
from worker.core.shadow import bare, shadow

_MORNING = r"a\.?\s?m\.?|صباحا?ً?|صباحًا|ص|فجرا?ً?|ق\.?\s?ظ|صبح|öö|π\.?μ\.?|पूर्वाह्न"
_EVENING = r"p\.?\s?m\.?|مساء?ا?ً?|مساءً|م|ظهرا?ً?|عصرا?ً?|ليلا?ً?|ب\.?\s?ظ|بعدازظهر|بعد از ظهر|ös|μ\.?μ\.?|अपराह्न"
_CLOCK = re.compile(
    rf"""
    (?:(?P<cjk>上午|下午|午前|午後|早上|晚上|오전|오후)\s?)?
    (?<![\d.,:/+A-SU-Za-su-z-])
    (?:
        (?P<hour>[01]?\d|2[0-3])
        (?:\s?[:∶٫]\s?(?P<minute>[0-5]\d)
            (?:\s?:\s?(?P<second>[0-5]\d)(?:[.,]\d+)?)?(?![\d:])
          | \s?[hH]\s?(?P<minute_h>[0-5]\d)?(?!\w)
          | [時时点시]\s?(?:(?P<minute_cjk>[0-5]?\d)\s?[分분])?
          | \.(?P<minute_dot>[0-5]\d)(?![\d.]) (?=\s*(?:uhr|wib|wita|wit|uur|น|hrs|[ap]\.?m\b))
        )
      | (?P<hour_only>1[0-2]|0?[1-9])(?=\s?[ap]\.?m\b)
      | (?<=klo\s|kl\.\s|lle\s|ore\s|kul\s|jam\s)
        (?P<hour_dot>[01]?\d|2[0-3])\.(?P<minute_said>[0-5]\d)(?![\d.])
    )
    (?:\s*(?:(?P<morning>{_MORNING})|(?P<evening>{_EVENING}))(?!\w))?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_COULD_BE = re.compile(r"\d\s?[:∶٫hH時时点시.]|\d\s?[aApP]\.?[mM]")
_MINUTES = ("minute", "minute_h", "minute_cjk", "minute_dot", "minute_said")
_LATE_CJK = frozenset(("下午", "午後", "晚上", "오후"))
_NIGHT = re.compile("ليل")

# Minutes east of Greenwich, of abbreviations that mean one zone wherever they stand in the news
ZONE_OFFSETS = {
    "utc": 0, "gmt": 0, "z": 0, "ut": 0, "wet": 0, "west": 60, "bst": 60, "cet": 60, "cest": 120, "mez":
    60, "mesz": 120, "eet": 120, "eest": 180, "msk": 180, "мск": 180, "trt": 180, "tsi": 180, "est":
    -300, "edt": -240, "cdt": -300, "mst": -420, "mdt": -360, "pst": -480, "pdt": -420, "jst": 540,
    "kst": 540, "hkt": 480, "sgt": 480, "wib": 420, "wita": 480, "wit": 540, "pkt": 300, "aest": 600,
    "aedt": 660, "nzst": 720, "nzdt": 780, "غرينتش": 0, "جرينتش": 0, "غرينيتش": 0, "جرنتش": 0, "ت غ": 0,
    "ت.غ": 0, "тмг": 0, "гринвичу": 0,
}  # fmt: skip
_CIVIL = {
    "et": "America/New_York",
    "ct": "America/Chicago",
    "pt": "America/Los_Angeles",
    "مكه": "Asia/Riyadh",
    "مكه المكرمه": "Asia/Riyadh",
    "السعوديه": "Asia/Riyadh",
    "الامارات": "Asia/Dubai",
    "سوريا": "Asia/Damascus",
    "لبنان": "Asia/Beirut",
    "مصر": "Africa/Cairo",
    "ليبيا": "Africa/Tripoli",
    "قطر": "Asia/Qatar",
    "العراق": "Asia/Baghdad",
    "تركيا": "Europe/Istanbul",
    "فلسطين": "Asia/Gaza",
    "المغرب": "Africa/Casablanca",
    "москве": "Europe/Moscow",
}
_OFFSET = re.compile(
    r"[\s|,،(\[]*+(?:(?P<sign>[+\u2212-])(?P<hours>\d\d):?(?P<minutes>[0-5]\d)(?!\d)"
    r"|(?:gmt|utc|توقيت غرينتش|غرينتش|جرينتش)\s?(?P<sign2>[+\u2212-])\s?"
    r"(?P<hours2>1[0-4]|0?\d)(?::?(?P<minutes2>[0-5]\d))?(?!\d)"
    r"|(?P<sign3>[+-])(?P<hours3>\d\d?)\s?gmt)",
    re.IGNORECASE,
)
_PHRASE = re.compile(
    r"[\s|,،•·–—\-(\[]*+(?:uhr|hrs)?\s*+(?P<said>بتوقيت|توقيت|به وقت|به‌وقت|hora de|heure de|по)?\s*+"
    r"(?P<name>[^\W\d_][^\d|,،()\[\]\n•·–—]{0,30})",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day at `start` to `end` (exclusive) of a line; no second where none is written."""

    hour: int
    minute: int
    second: int
    start: int
    end: int


def clocks_in(text: str) -> list[Clock]:
    """All times of day in a line of ASCII digits, in order."""
    if not _COULD_BE.search(text):
        return []
    return [_clock(match) for match in _CLOCK.finditer(text)]


def _clock(match: re.Match[str]) -> Clock:
    hour = int(match["hour"] or match["hour_only"] or match["hour_dot"])
    minute = int(next((match[name] for name in _MINUTES if match[name]), 0))
    evening = match["evening"] or (match["cjk"] if match["cjk"] in _LATE_CJK else None)
    morning = match["morning"] or (match["cjk"] if not evening else None)
    if evening and hour < 12 and not (_NIGHT.match(evening) and hour < 6):
        hour += 12
    elif hour == 12 and (morning or (evening and _NIGHT.match(evening))):
        hour = 0
    return Clock(hour, minute, int(match["second"] or 0), match.start(), match.end())


def zone_after(text: str, position: int) -> tuple[tzinfo, int] | None:
    """The zone that a line tells right after a time, and where its text ends.

    Offsets (`+03:00`, `GMT+3`), abbreviations with one meaning, `بتوقيت دمشق`, and a city of the table of
    places at the end of the line. None where nothing is told.
    """
    if position >= len(text):
        return None
    match = _OFFSET.match(text, position)
    if match:
        return _offset(match), match.end() + (
            text[match.end() : match.end() + 1] in ")]" and match.end() < len(text)
        )
    match = _PHRASE.match(text, position)
    return _named(match, text) if match else None


def _offset(match: re.Match[str]) -> timezone:
    sign = match["sign"] or match["sign2"] or match["sign3"]
    hours = int(match["hours"] or match["hours2"] or match["hours3"])
    minutes = int(match["minutes"] or match["minutes2"] or 0)
    delta = timedelta(hours=hours, minutes=minutes)
    if delta >= timedelta(hours=15):
        return UTC
    return timezone(delta if sign == "+" else -delta)


def _named(match: re.Match[str], text: str) -> tuple[tzinfo, int] | None:
    name = match["name"].rstrip()
    start = match.start("name")
    end = start + len(name)
    whole, first = _zone_of(name), _zone_of(name.split()[0])
    rest = text[end:].strip(" .)]|،,")
    if whole and (not rest or match["said"]):
        return whole, end
    if name.casefold().endswith((" time", " saati", " local time")):
        city = _zone_of(name.rsplit(" ", 1)[0])
        return (city, end) if city else None
    word = name.split()[0]
    if first and (match["said"] or bare(shadow(word)) in ZONE_OFFSETS or word in ("ET", "PT", "CT")):
        return first, start + len(word)
    return None


@lru_cache(maxsize=512)
def _zone_of(name: str) -> tzinfo | None:
    key = bare(shadow(name))
    if key in ZONE_OFFSETS:
        minutes = ZONE_OFFSETS[key]
        return timezone(timedelta(minutes=minutes)) if minutes else UTC
    zone = _CIVIL.get(key) or zone_of_city(key)
    return ZoneInfo(zone) if zone else None
