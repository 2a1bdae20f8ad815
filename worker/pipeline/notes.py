"""What a worker leaves beside the offset that it commits: which pages it has in hand, and how it ended. Pure.

The note is the metadata string of the committed offset, so it is as durable as the offset, moves with the
partition, and is written in the same transaction. It is kept below MAX_BYTES: brokers take 4096 bytes of it
unless they are told otherwise (offset.metadata.max.bytes).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

MAX_BYTES = 1024  # a note is shorter

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
    `until` were in hand of a worker that died; it counts pages from the committed offset on, as if no offset
    were left out. `tripped` names a deploy that was stopped by its dead letters.
    """

    session: str = ""
    span: int = 0
    until: int = 0
    marks: Mapping[int, Mark] = field(default_factory=dict)  # by offset
    tripped: str = ""


def encode_note(note: Note, offset: int) -> str:
    """The note as text, its offsets as distances from the committed `offset`; shorter than MAX_BYTES.

    Marks that there is no room for are left out: those in hand, and of more deaths, are told first. The
    pages of the others count as those below `until` do.
    """
    text = _encode(note, offset)
    if len(text) < MAX_BYTES:
        return text
    bare = replace(note, until=_beyond(note, note.marks), marks={})
    room = MAX_BYTES - len(_encode(bare, offset)) - len(" m=")
    told: dict[int, Mark] = {}
    for place, mark in sorted(note.marks.items(), key=_rank):
        room -= len(_encode_mark(place - offset, mark)) + 1  # with a comma, that of the last for the limit
        if room < 0:
            break
        told[place] = mark
    left_out = note.marks.keys() - told.keys()
    return _encode(replace(note, until=_beyond(note, left_out), marks=told), offset)


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


def _encode(note: Note, offset: int) -> str:
    marks = (_encode_mark(place - offset, mark) for place, mark in sorted(note.marks.items()))
    fields = {
        "s": note.session,
        "n": str(note.span or ""),
        "u": str(max(0, note.until - offset) or ""),
        "m": ",".join(marks),
        "t": note.tripped,
    }
    told = [f"{name}={value}" for name, value in fields.items() if value]
    return " ".join([_FORM, *told]) if told else ""


def _encode_mark(distance: int, mark: Mark) -> str:
    return f"{distance}:{mark.deaths}{'*' * mark.in_hand}"


def _beyond(note: Note, places: Iterable[int]) -> int:
    return max([note.until, *(place + 1 for place in places)])


def _rank(marked: tuple[int, Mark]) -> tuple[bool, int, int]:
    place, mark = marked
    return not mark.in_hand, -mark.deaths, place


def _mark(part: str, offset: int) -> tuple[int, Mark]:
    distance, _, deaths = part.partition(":")
    return offset + int(distance), Mark(int(deaths.removesuffix("*")), deaths.endswith("*"))
