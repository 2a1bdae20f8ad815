"""An outcome as JSON and back: what crosses from the children to the parent, and lies in the cache."""

from dataclasses import asdict, fields
from typing import Any, TypeVar

import orjson

from worker.core.records import Article, Dateline, Kind, Outcome, Reason, Rejected, Removed

_ARTICLE = frozenset(field.name for field in fields(Article))
_REJECTED = frozenset(field.name for field in fields(Rejected))
_REMOVED = frozenset(field.name for field in fields(Removed))
_DATELINE = frozenset(field.name for field in fields(Dateline))
_KINDS = {kind.value: kind for kind in Kind}
_REASONS = {reason.value: reason for reason in Reason}
T = TypeVar("T")


def encode_outcome(outcome: Outcome) -> bytes:
    """`{"article": {...}}` or `{"rejected": {...}}`, compact, with every field of the record."""
    name = "article" if isinstance(outcome, Article) else "rejected"
    try:
        return orjson.dumps({name: outcome})
    except TypeError:  # a lone surrogate: JSON inside a page may spell one out
        return orjson.dumps({name: _without_surrogates(asdict(outcome))})


def decode_outcome(data: bytes) -> Outcome:
    """The outcome that was encoded; what comes from a cache may be anything.

    Raises:
        ValueError: when it is not exactly what `encode_outcome` writes: other fields, types or values.
    """
    document = orjson.loads(data)
    if type(document) is dict and len(document) == 1:
        if "article" in document:
            return _article(document["article"])
        if "rejected" in document:
            return _rejected(document["rejected"])
    raise ValueError("neither an article nor a rejection")


def _article(value: Any) -> Article:
    _exactly(value, _ARTICLE)
    direction = _optional(value, "text_direction")
    if direction not in {None, "ltr", "rtl"}:
        raise ValueError("text_direction is neither ltr nor rtl")
    dateline = value["dateline"]
    return Article(
        paragraphs=_texts(value, "paragraphs"),
        word_count=_number(value, "word_count"),
        title=_optional(value, "title"),
        description=_optional(value, "description"),
        canonical_url=_optional(value, "canonical_url"),
        site_name=_optional(value, "site_name"),
        authors=_texts(value, "authors"),
        published_at=_optional(value, "published_at"),
        published_at_raw=_optional(value, "published_at_raw"),
        modified_at=_optional(value, "modified_at"),
        language=_optional(value, "language"),
        text_direction=direction,
        section=_optional(value, "section"),
        tags=_texts(value, "tags"),
        image_url=_optional(value, "image_url"),
        source_credits=_texts(value, "source_credits"),
        dateline=None if dateline is None else _dateline(dateline),
        removed=tuple(map(_removed, _list(value, "removed"))),
    )


def _rejected(value: Any) -> Rejected:
    _exactly(value, _REJECTED)
    return Rejected(_member(_REASONS, value["reason"]), _text(value["detail"]))


def _removed(value: Any) -> Removed:
    _exactly(value, _REMOVED)
    return Removed(_member(_KINDS, value["kind"]), _text(value["rule"]), _text(value["text"]))


def _dateline(value: Any) -> Dateline:
    _exactly(value, _DATELINE)
    return Dateline(_optional(value, "place"), _optional(value, "agency"))


def _exactly(value: Any, names: frozenset[str]) -> None:
    if type(value) is not dict or value.keys() != names:
        raise ValueError(f"not an object of {', '.join(sorted(names))}")


def _member(members: dict[str, T], value: Any) -> T:
    if type(value) is not str or value not in members:
        raise ValueError("a kind or reason that is not known")
    return members[value]


def _text(value: Any) -> str:
    if type(value) is not str:
        raise ValueError("a string is missing")
    return value


def _optional(value: dict[str, Any], name: str) -> str | None:
    found = value[name]
    if found is not None and type(found) is not str:
        raise ValueError(f"{name} is neither a string nor null")
    return found


def _number(value: dict[str, Any], name: str) -> int:
    found = value[name]
    if type(found) is not int or found < 0:
        raise ValueError(f"{name} is no number of things")
    return found


def _list(value: dict[str, Any], name: str) -> list[Any]:
    found = value[name]
    if type(found) is not list:
        raise ValueError(f"{name} is not a list")
    return found


def _texts(value: dict[str, Any], name: str) -> tuple[str, ...]:
    found = _list(value, name)
    for text in found:
        if type(text) is not str:
            raise ValueError(f"{name} has more than strings in it")
    return tuple(found)


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {name: _without_surrogates(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_surrogates(item) for item in value]
    return value
