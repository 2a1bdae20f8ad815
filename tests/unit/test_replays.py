"""Which letters were put back, as a commit's metadata tells it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.pipeline.replays import PutBack, TooScattered


def test_ranges_are_written_as_distances_from_the_first_open_letter() -> None:
    done = PutBack(100)
    for offset in (102, 103, 105):
        done.add(offset)
    assert done.encode() == "2-3,5"


def test_the_first_open_letter_moves_over_what_was_put_back_and_over_holes() -> None:
    done = PutBack(0)
    for offset in (0, 1, 3, 7):
        done.add(offset)
    done.close_up_to([0, 1, 3, 5, 7])  # offset 2 is a transaction marker
    assert (done.first_open, done.encode()) == (4, "3")
    assert 5 not in done
    assert 7 in done


def test_what_another_wrote_counts_as_nothing() -> None:
    assert PutBack.decode(5, "leader-epoch:3").encode() == ""


def test_too_many_gaps_are_refused() -> None:
    done = PutBack(0, range(1, 4000, 2))
    with pytest.raises(TooScattered):
        done.encode()


@given(st.integers(0, 10**12), st.sets(st.integers(0, 300), max_size=80))
def test_what_is_written_is_read_again(first_open: int, later: set[int]) -> None:
    done = PutBack(first_open, {first_open + offset for offset in later})
    again = PutBack.decode(first_open, done.encode())
    assert all((offset in again) == (offset in done) for offset in range(first_open, first_open + 310))


def test_the_first_open_letter_never_moves_back() -> None:
    done = PutBack(0)
    for offset in (0, 1, 2):
        done.add(offset)
    done.close_up_to([0, 1, 2])
    done.close_up_to([0, 1, 2, 3])
    assert (done.first_open, done.encode()) == (3, "")


@given(st.sets(st.integers(0, 60)), st.lists(st.sets(st.integers(0, 60)), min_size=1, max_size=4))
def test_closing_forgets_no_letter_and_invents_none(there: set[int], batches: list[set[int]]) -> None:
    done, put_back = PutBack(0), set()
    for batch in batches:
        put_back |= batch & there
        for offset in batch & there:
            done.add(offset)
        done.close_up_to(sorted(there))
        assert all((offset in done) == (offset in put_back) for offset in there)
