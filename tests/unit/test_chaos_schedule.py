"""The schedule of the fault harness: the seed alone decides."""

import itertools

import pytest

from tests.chaos.feed import Sort, page_of
from tests.chaos.schedule import (
    FIRST,
    LONGEST_GAP,
    NATURES,
    SHORTEST_GAP,
    Fault,
    Kind,
    Lane,
    faults_of,
)

SEEDS = range(20)
MINUTES = 3
ROUNDING = 0.11


def test_the_same_seed_gives_the_same_faults() -> None:
    assert faults_of(7, 600) == faults_of(7, 600)
    assert faults_of(7, 600) != faults_of(8, 600)


def test_a_longer_run_begins_as_a_shorter_one() -> None:
    short = faults_of(7, 120)
    assert faults_of(7, 3600)[: len(short)] == short


def test_every_kind_comes_up_within_a_few_seeds() -> None:
    for seeds in (SEEDS[:4], SEEDS[4:8], SEEDS[8:12]):
        assert {fault.kind for seed in seeds for fault in faults_of(seed, MINUTES * 60)} == set(Kind)


def test_a_short_run_has_most_kinds_by_itself() -> None:
    for seed in SEEDS:
        assert len({fault.kind for fault in faults_of(seed, MINUTES * 60)}) >= 0.7 * len(Kind)


@pytest.mark.parametrize("seed", SEEDS)
def test_faults_keep_their_distance(seed: int) -> None:
    faults = faults_of(seed, 1800)
    assert faults[0].at == FIRST
    assert all(fault.at < 1800 for fault in faults)
    gaps = [later.at - earlier.at for earlier, later in itertools.pairwise(faults)]
    assert min(gaps) >= SHORTEST_GAP - ROUNDING
    # When every lane is taken, the next fault waits for the first that is free.
    longest = min(
        max(nature.longest + nature.recovery for nature in NATURES.values() if nature.lane is lane)
        for lane in Lane
    )
    assert max(gaps) <= max(LONGEST_GAP, longest) + ROUNDING


@pytest.mark.parametrize("seed", SEEDS)
def test_one_thing_suffers_one_fault_at_a_time(seed: int) -> None:
    for lane in Lane:
        own = [fault for fault in faults_of(seed, 1800) if fault.lane is lane]
        for earlier, later in itertools.pairwise(own):
            assert later.at >= earlier.at + earlier.seconds + NATURES[earlier.kind].recovery - ROUNDING


def test_each_fault_holds_as_long_as_its_kind_does() -> None:
    def within(fault: Fault) -> bool:
        nature = NATURES[fault.kind]
        return nature.shortest <= fault.seconds <= nature.longest

    assert all(within(fault) for seed in SEEDS for fault in faults_of(seed, 600))


def test_things_suffer_together() -> None:
    faults = faults_of(1, 600)
    together = [
        (one, other)
        for one, other in itertools.pairwise(faults)
        if one.lane is not other.lane and other.at < one.at + one.seconds
    ]
    assert together


def test_pages_are_fixed_by_the_seed_and_their_number() -> None:
    assert page_of(3, 17) == page_of(3, 17)
    assert [page_of(3, n).page.value for n in range(50)] != [page_of(4, n).page.value for n in range(50)]


def test_every_sort_of_page_comes_and_most_are_good() -> None:
    pages = [page_of(1, number) for number in range(6000)]
    assert {page.sort for page in pages} == set(Sort)
    bad = sum(page.page.reason is not None for page in pages)
    assert 0.01 < bad / len(pages) < 0.1
    bodies = [page.page.value for page in pages if page.sort is Sort.NUMBERED]
    assert len(set(bodies)) < 0.9 * len(bodies), "some must come from the cache"
