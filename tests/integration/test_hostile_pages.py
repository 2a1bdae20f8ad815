"""Every hostile page through the decoder and a real child, with the deadline and the memory of a worker."""

from collections.abc import Iterator

import psutil
import pytest

from tests.fuzz.invariants import check_record
from tests.hostile.case import HostileCase, document, page
from tests.hostile.collection import hostile_cases
from tests.hostile.outcomes import OUTCOMES
from tests.hostile.run import Bench, Fate
from worker.core.records import Article

CASES = hostile_cases()
RECYCLE = 60  # pages; a worker's 5,000 would mean one child for all
TRIES = 3  # the deadline is of the clock: a machine that does ten other things may miss it once
ORDINARY = page(
    "ordinary", lambda: document("<article>" + "<p>A word and another, one by one, a line.</p>" * 9)
)

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with Bench(recycle_pages=RECYCLE) as bench:
        yield bench
    assert bench.bugs == []


@pytest.fixture(scope="module")
def before(bench: Bench) -> tuple[int, int]:
    """The memory of the parent and of a fresh child, each after an ordinary page."""
    return memory_after_a_page(bench)


def memory_after_a_page(bench: Bench) -> tuple[int, int]:
    assert fate(bench, ORDINARY, "article").outcome == "article"
    child = bench.child()
    assert child is not None
    return psutil.Process().memory_full_info().uss, child.memory_full_info().rss


def fate(bench: Bench, case: HostileCase, expected: str) -> Fate:
    for _ in range(TRIES):
        (found,) = bench.run([case])
        if found.outcome != "timeout" or "timeout" in expected:
            break
    return found


def test_the_table_is_of_these_cases() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
    assert names == list(OUTCOMES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_outcome(case: HostileCase, bench: Bench, before: tuple[int, int]) -> None:
    expected = OUTCOMES[case.name]
    found = fate(bench, case, expected)
    assert found.outcome in expected.split(" or "), found.detail
    assert found.seconds <= bench.settings.page_deadline
    assert found.detail
    if isinstance(found.record, Article):
        assert found.envelope is not None
        check_record(found.record, found.envelope)


def test_memory_after_all_of_them(bench: Bench, before: tuple[int, int]) -> None:
    restarts = len(bench.restarts)
    while "recycled" not in bench.restarts[restarts:]:
        fate(bench, ORDINARY, "article")
    parent, child = memory_after_a_page(bench)
    assert parent <= 1.1 * before[0], f"the parent has {parent / before[0]:.2f} of its memory before"
    assert child <= 1.1 * before[1], f"the child has {child / before[1]:.2f} of its memory before"
