"""The gate: closes at either limit, opens at half of both."""

from hypothesis import given
from hypothesis import strategies as st

from worker.pipeline.backpressure import Gate


def test_it_closes_at_a_limit_and_opens_at_half_of_both() -> None:
    gate = Gate(max_pages=10, max_bytes=1000)
    assert not gate.update(9, 999)
    assert gate.update(10, 0)
    assert gate.closed
    assert not gate.update(6, 100)
    assert not gate.update(5, 501)
    assert gate.update(5, 500)
    assert not gate.closed
    assert gate.update(1, 1000)


def test_room_looks_at_the_size_of_the_pages_in_flight() -> None:
    gate = Gate(max_pages=100, max_bytes=1000)
    assert gate.room(0, 0) == 100
    assert gate.room(90, 90) == 10
    assert gate.room(4, 400) == 6
    assert gate.room(2, 5000) == 1


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 2000))))
def test_above_a_limit_it_is_closed_and_below_half_it_is_open(states: list[tuple[int, int]]) -> None:
    gate = Gate(max_pages=10, max_bytes=1000)
    for pages, size in states:
        before = gate.closed
        assert gate.update(pages, size) is (gate.closed is not before)
        if pages >= 10 or size >= 1000:
            assert gate.closed
        if pages <= 5 and size <= 500:
            assert not gate.closed
        assert gate.room(pages, size) >= 1
