"""What a crawler tells of a fetch, brought into one form: URL, time, HTTP status, media type."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

# No length that a browser takes is refused; control characters and what has no host are.
_URL = re.compile(r"https?://[^\s/?#\\][^\x00-\x1f\x7f]{0,8000}", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{9,17}(?:\.[0-9]{1,9})?", re.ASCII)
_STATUS = re.compile(r"[0-9]{1,9}", re.ASCII)
_MEDIA_TYPE = re.compile(r"\s*([A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+*-]+)")

# Types that a page comes under, also those of servers that do not know better. Feeds come as XML as well:
# their first element tells.
_PAGE_TYPES = frozenset(
    {
        "text/html",
        "application/xhtml+xml",
        "application/vnd.wap.xhtml+xml",
        "application/xml",
        "text/xml",
        "text/plain",
        "application/octet-stream",
        "binary/octet-stream",
        "application/x-httpd-php",
        "unknown/unknown",
        "application/unknown",
        "application/force-download",
    }
)


def http_url(value: object) -> str | None:
    """The value, without the space around it, when it is an http or https URL; else None."""
    if not isinstance(value, str):
        return None
    url = value.strip()
    return url if _URL.fullmatch(url) else None


def fetch_time(value: object) -> str | None:
    """ISO 8601 in UTC of a time told as ISO 8601, RFC 2822 (HTTP dates) or a Unix time in s or ms.

    A time without a zone is UTC. None for anything else: a page is no worse for a time that is unusable.
    """
    if isinstance(value, str):
        text = value.strip()[:64]
        return _from_number(float(text)) if _NUMBER.fullmatch(text) else _from_text(text)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _from_number(value)
    return None


def http_status(value: object) -> int | None:
    """The status of a response, given as an integer or its digits; None when none is given.

    Raises:
        ValueError: when something else is given.
    """
    if value is None or value == "":
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _STATUS.fullmatch(value.strip()):
        return int(value)
    raise ValueError("the HTTP status is neither an integer nor digits")


def media_type(content_type: str | None) -> str | None:
    """The type and subtype of a Content-Type, in lower case; None when there is none or it is malformed."""
    match = _MEDIA_TYPE.match(content_type or "")
    return match[1].lower() if match else None


def may_be_page(media: str | None) -> bool:
    """True for media types that a page comes under; no type at all is one of them."""
    return media is None or media in _PAGE_TYPES or "html" in media or "*" in media


def _from_text(text: str) -> str | None:
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = parse(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        return _utc(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    return None


def _from_number(number: float) -> str | None:
    if not 1e8 <= number < 1e15:  # 1973 in seconds; past the year 9999 in milliseconds
        return None
    seconds = number / 1000 if number >= 1e11 else number
    try:
        return _utc(datetime.fromtimestamp(seconds, UTC))
    except (ValueError, OverflowError, OSError):
        return None


def _utc(moment: datetime) -> str | None:
    try:
        return moment.astimezone(UTC).isoformat()
    except (ValueError, OverflowError):  # the first and the last day of the calendar
        return None
