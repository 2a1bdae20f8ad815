"""The fields of an article, each with the evidence that its value came from."""

from dataclasses import dataclass

from worker.core.clean import Trace
from worker.core.metadata import Metadata
from worker.core.records import Article, Dateline, Kind

_OF_THE_HEAD = (
    "title",
    "description",
    "authors",
    "published_at",
    "published_at_raw",
    "modified_at",
    "site_name",
    "section",
    "tags",
    "language",
    "text_direction",
    "canonical_url",
    "image_url",
)
_OF_THE_TEXT = ("source_credits", "dateline")
# what a line was that told a field
_TOLD_BY = {
    "title": (Kind.TITLE,),
    "description": (Kind.DESCRIPTION,),
    "authors": (Kind.BYLINE,),
    "published_at": (Kind.DATE_LINE, Kind.DESCRIPTION),
    "site_name": (Kind.DESCRIPTION,),
    "section": (Kind.CATEGORY_LABEL,),
}
_DERIVED = {"published_at_raw": "published_at", "text_direction": "language"}


@dataclass(frozen=True, slots=True)
class Field:
    """A field: its values, none where the page does not tell it, and what they were read from."""

    name: str
    values: tuple[str, ...]
    evidence: str | None


def fields_of(told: Article | Metadata, trace: Trace) -> tuple[Field, ...]:
    """Every field that there is, in a fixed order; of a page without an article, those of its head."""
    names = (*_OF_THE_HEAD, *_OF_THE_TEXT) if isinstance(told, Article) else _OF_THE_HEAD
    fields = []
    for name in names:
        values = _values(getattr(told, name))
        fields.append(Field(name, values, _evidence(name, values, trace) if values else None))
    return tuple(fields)


def _values(value: str | tuple[str, ...] | Dateline | None) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, Dateline):
        return tuple(part for part in (value.place, value.agency) if part)
    return (value,) if isinstance(value, str) else value


def _evidence(name: str, values: tuple[str, ...], trace: Trace) -> str:
    """Where a value was read: a part of the head, as the metadata names it, or a line of the text."""
    source = _DERIVED.get(name, name)
    known = trace.metadata.evidence.get(source) if trace.metadata else None
    if name == "text_direction":
        return "the language"
    if known is not None:
        return known
    line = _line(source, values, trace)
    return f"a line of the text, block {line}" if line is not None else "the text"


def _line(name: str, values: tuple[str, ...], trace: Trace) -> int | None:
    """The number of the block that told a field."""
    blocks, decisions = trace.view.blocks, trace.sieved.decisions
    if name == "dateline":
        opening = (i for i, block in enumerate(blocks) if all(value in block.text[:200] for value in values))
        return next(opening, None)
    if name == "source_credits":
        told = (i for i, names in trace.sieved.fields.credits.items() if set(names) & set(values))
        return next(told, None)
    kinds = _TOLD_BY.get(name, ())
    for i, (block, decision) in enumerate(zip(blocks, decisions, strict=True)):
        if decision.kind in kinds or block.text in values:
            return i
    return None
