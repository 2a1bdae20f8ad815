"""What a worker leaves beside the offset that it commits: which pages it has in hand, and how it ended. Pure.

The note is the metadata string of the committed offset, so it is as durable as the offset, moves with the
partition, and is written in the same transaction. Brokers take 4096 bytes of it (offset.metadata.max.bytes).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

_FORM = "pagesieve1"


@dataclass(frozen=True, slots=True)
class Mark:
    """A page that was in hand when workers died: so many of them, and whether it is in hand again."""

    deaths: int
    in_hand: bool


@dataclass(frozen=True, slots=True)
class Note:
    """The state of one partition from the committed offset on.

    `session` names the worker that has it, and is empty once it was handed over in good order. With a `span`
    any page may be in hand, so many at most; without, only those that `marks` tells so. The pages below
    `until` were in hand of a worker that died. `tripped` names a deploy that was stopped by its dead letters.
    """

    session: str = ""
    span: int = 0
    until: int = 0
    marks: Mapping[int, Mark] = field(default_factory=dict)  # by offset
    tripped: str = ""


def encode_note(note: Note, offset: int) -> str:
    """The note as text, its offsets as distances from the committed `offset`."""
    marks = (
        f"{place - offset}:{mark.deaths}{'*' * mark.in_hand}" for place, mark in sorted(note.marks.items())
    )
    fields = {
        "s": note.session,
        "n": str(note.span or ""),
        "u": str(max(0, note.until - offset) or ""),
        "m": ",".join(marks),
        "t": note.tripped,
    }
    told = [f"{name}={value}" for name, value in fields.items() if value]
    return " ".join([_FORM, *told]) if told else ""


def decode_note(text: str, offset: int) -> Note:
    """What `encode_note` wrote beside this offset. A text of anybody else's counts as empty."""
    form, *parts = text.split(" ")
    if form != _FORM:
        return Note()
    fields = dict(part.partition("=")[::2] for part in parts)
    try:
        until = int(fields.get("u", "0"))
        marks = dict(_mark(part, offset) for part in fields.get("m", "").split(",") if part)
        span = int(fields.get("n", "0"))
    except ValueError:
        return Note()
    return Note(fields.get("s", ""), span, offset + until if until else 0, marks, fields.get("t", ""))


def _mark(part: str, offset: int) -> tuple[int, Mark]:
    distance, _, deaths = part.partition(":")
    return offset + int(distance), Mark(int(deaths.removesuffix("*")), deaths.endswith("*"))
