"""What goes beside a committed offset, and back."""

import pytest

from worker.pipeline.notes import Mark, Note, decode_note, encode_note

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
