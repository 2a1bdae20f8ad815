"""Every hostile page through the decoder and a real child, with the deadline and the memory of a worker."""

from collections.abc import Iterator

import pytest

from tests.fuzz.invariants import check_record
from tests.hostile.apart import BenchApart, State, bench_apart
from tests.hostile.case import HostileCase, document, page
from tests.hostile.collection import hostile_cases
from tests.hostile.outcomes import OUTCOMES
from tests.hostile.run import Fate
from worker.core.records import Article
from worker.environment import load_settings

CASES = hostile_cases()
RECYCLE = 60  # pages; a worker's 5,000 would mean one child for all
TRIES = 3  # the deadline is of the clock: a machine that does ten other things may miss it once
DEADLINE = load_settings({}).page_deadline
WORDS = "<article>" + "<p>A word and another, one by one, a line.</p>" * 9
ORDINARY = page("ordinary", lambda: document(WORDS))

pytestmark = [pytest.mark.hostile, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def bench() -> Iterator[BenchApart]:
    with bench_apart(RECYCLE) as bench:
        yield bench


@pytest.fixture(scope="module")
def before(bench: BenchApart) -> State:
    """The memory after an ordinary page."""
    return after_a_page(bench)


def after_a_page(bench: BenchApart) -> State:
    assert run(bench, ORDINARY, "article").outcome == "article"
    return bench.state()


def run(bench: BenchApart, case: HostileCase, expected: str) -> Fate:
    for _ in range(TRIES):
        found = bench.run(case)
        if found.outcome != "timeout" or "timeout" in expected:
            break
    return found


def test_the_table_is_of_these_cases() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
    assert names == list(OUTCOMES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_outcome(case: HostileCase, bench: BenchApart, before: State) -> None:
    expected = OUTCOMES[case.name]
    found = run(bench, case, expected)
    assert found.outcome in expected.split(" or "), found.detail
    assert found.seconds <= DEADLINE
    assert found.detail
    if isinstance(found.record, Article):
        assert found.envelope is not None
        check_record(found.record, found.envelope)


def test_no_page_met_a_bug(bench: BenchApart, before: State) -> None:
    assert bench.state().bugs == []


def test_memory_after_all_of_them(bench: BenchApart, before: State) -> None:
    seen = len(bench.state().restarts)
    while "recycled" not in bench.state().restarts[seen:]:
        run(bench, ORDINARY, "article")
    after = after_a_page(bench)
    # The parent keeps some 10 MB of what messages of a million values took, and no more when they come again.
    share = (after.parent + after.child) / (before.parent + before.child)
    assert share <= 1.1, f"{share:.2f} times as much: {before} before, {after} after"
