"""The pool, with pages that want a child of their own and pages that are taken back."""

from collections.abc import Iterator

import pytest

from tests.unit.test_pool import Bench, child_of, eventually
from worker.core.records import Page
from worker.pipeline.outcomes import decode_outcome

SECONDS = 20.0


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench(children=1)
    bench.pool.start()
    yield bench
    bench.pool.close(5)


def child(bench: Bench, ticket: int, *, fresh: bool = False) -> int:
    """The child that cleaned a page."""
    bench.pool.submit(ticket, Page(b"page"), lambda t, cleaned: bench.results.put((t, cleaned)), fresh=fresh)
    got, cleaned = bench.results.get(timeout=SECONDS)
    assert got == ticket
    return child_of(decode_outcome(cleaned.outcome))


def taken(bench: Bench) -> bool:
    """Whether a child has the last page that was submitted."""
    return bench.pool._jobs.empty()


def interrupted(bench: Bench, ticket: int) -> bool:
    """Whether a result has come after the child of this page was told to end."""
    bench.pool.interrupt([ticket])
    return not bench.results.empty()


def test_a_page_that_wants_a_fresh_child_shares_it_with_no_other(bench: Bench) -> None:
    first, same = child(bench, 0), child(bench, 1)
    alone, again, after = child(bench, 2, fresh=True), child(bench, 3, fresh=True), child(bench, 4)
    assert first == same
    assert len({first, alone, again, after}) == 4
    assert bench.restarts == {"suspect": 3}


def test_a_child_that_has_cleaned_nothing_is_fresh(bench: Bench) -> None:
    alone = child(bench, 0, fresh=True)
    assert child(bench, 1) != alone
    assert bench.restarts == {"suspect": 1}


def test_pages_that_no_child_has_can_be_withdrawn(bench: Bench) -> None:
    bench.submit(0, b"sleep 1.5")
    assert eventually(lambda: taken(bench))
    for ticket in range(1, 6):
        bench.submit(ticket, b"page")
    assert bench.pool.withdraw([0, 2, 4, 99]) == {2, 4}
    got = [bench.results.get(timeout=SECONDS)[0] for _ in range(4)]
    assert got == [0, 1, 3, 5]
    assert bench.results.empty()


def test_a_child_is_ended_over_the_page_that_it_has_and_over_no_other(bench: Bench) -> None:
    bench.submit(0, b"hang")
    assert eventually(lambda: taken(bench))
    bench.submit(1, b"page")
    bench.pool.interrupt([1, 99])  # waits for a child: nothing happens
    assert bench.results.empty()
    assert eventually(lambda: interrupted(bench, 0))
    ticket, cleaned = bench.results.get(timeout=SECONDS)
    assert (ticket, cleaned.cacheable) == (0, False)
    ticket, cleaned = bench.results.get(timeout=SECONDS)
    assert ticket == 1
    assert child_of(decode_outcome(cleaned.outcome))
    assert bench.restarts == {"revoked": 1}
