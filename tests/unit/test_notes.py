"""What goes beside a committed offset, and back."""

import random

import pytest

from worker.pipeline.notes import MAX_BYTES, Mark, Note, decode_note, encode_note

MARKS = {7_000_000_000: Mark(1, in_hand=True), 7_000_000_031: Mark(2, in_hand=False)}


@pytest.mark.parametrize(
    "note",
    [
        Note(),
        Note("a1b2", span=1000),
        Note("a1b2", until=7_000_000_900, marks=MARKS),
        Note("", until=7_000_000_900, marks=MARKS, tripped="0f1e"),
        Note(tripped="0f1e"),
    ],
)
def test_a_note_comes_back_as_it_was(note: Note) -> None:
    assert decode_note(encode_note(note, 7_000_000_000), 7_000_000_000) == note


def test_nothing_to_tell_is_no_text() -> None:
    assert encode_note(Note(), 5) == ""


@pytest.mark.parametrize(
    "text", ["", "2-5,9", "pagesieve2 s=a n=5", "pagesieve1 n=x", "pagesieve1 m=1:", "pagesieve1 m=:*", "\0"]
)
def test_a_text_of_anybody_elses_tells_nothing(text: str) -> None:
    assert decode_note(text, 5) == Note()


def test_fields_of_a_later_version_are_passed_over() -> None:
    assert decode_note("pagesieve1 s=ab zz=5 n=9", 0) == Note("ab", span=9)


def test_what_is_done_is_not_told() -> None:
    assert decode_note(encode_note(Note("ab", until=50), 50), 50) == Note("ab")


def test_the_longest_note_fits_beside_an_offset() -> None:
    """A batch in hand, and before it the one that the page cleaned alone is of."""
    marks = {10**12 + place * 30: Mark(2, in_hand=True) for place in range(64)}
    text = encode_note(Note("0123abcd", 100_000, 10**12 + 99_999, marks, "f" * 64), 10**12)
    assert len(text) < 1000


@pytest.mark.parametrize("seed", range(30))
def test_however_many_marks_there_are_a_note_is_short_and_tells_of_those_in_hand(seed: int) -> None:
    chance = random.Random(seed)
    base = chance.choice([0, 98, 10**12])
    places = chance.sample(range(base, base + 10 ** chance.randint(4, 11)), chance.randint(20, 3000))
    marks = {
        at: Mark(2 if number < 20 else chance.randint(1, 3), in_hand=number < 20)
        for number, at in enumerate(places)
    }
    note = Note("0123abcd", chance.choice([0, 1000]), base + chance.randint(0, 10**6), marks, "f" * 64)
    text = encode_note(note, base)
    assert len(text.encode()) < MAX_BYTES
    found = decode_note(text, base)
    assert (found.session, found.span, found.tripped) == (note.session, note.span, note.tripped)
    assert found.marks.items() <= marks.items()
    assert {at for at in found.marks if marks[at].in_hand} == set(places[:20])
    assert found.until >= note.until
    assert all(at < found.until for at in marks.keys() - found.marks.keys()), "a page's death is forgotten"
    kept = [mark.deaths for mark in found.marks.values() if not mark.in_hand]
    left = [mark.deaths for at, mark in marks.items() if at not in found.marks]
    assert not (kept and left) or min(kept) >= max(left)


@pytest.mark.parametrize("length", range(900, 925))
def test_a_mark_is_left_out_only_when_there_is_no_room(length: int) -> None:
    marks = {10: Mark(1, in_hand=True), 20: Mark(2, in_hand=False)}
    note = Note("s" * length, 1000, 30, marks, "f" * 64)
    text = encode_note(note, 10)
    assert len(text) < MAX_BYTES
    assert decode_note(text, 10).marks.keys() == set(list(marks)[: (1 if length > 919 else 2)])
