"""What the scaling benchmark makes of the steps that it saw."""

from pathlib import Path

import pytest

from tests.bench.crew import Crew, Step


@pytest.fixture
def crew(tmp_path: Path) -> Crew:
    crew = Crew({}, tmp_path, pinned=False)
    crew.steps = {
        0: [Step(0.0, 10), Step(1.0, 40), Step(2.0, 70), Step(6.5, 80), Step(7.0, 95)],
        1: [Step(0.5, 5), Step(1.5, 15), Step(7.5, 75)],
    }
    return crew


def test_speed_is_from_each_workers_first_step_to_its_last(crew: Crew) -> None:
    assert crew.speed(since=0.0) == pytest.approx((95 - 10) / 7 + (75 - 5) / 7)
    assert crew.speed(since=0.8) == pytest.approx((95 - 40) / 6 + (75 - 15) / 6)


def test_a_worker_that_stood_still_has_no_speed(crew: Crew) -> None:
    with pytest.raises(RuntimeError, match="stood still"):
        crew.speed(since=7.2)


@pytest.mark.parametrize(
    ("since", "until", "longest"),
    [
        (0.0, 2.0, 1.0),
        (0.0, 7.0, 4.5),
        (3.0, 5.0, 3.0),  # it began before, and is not over
        (6.6, 7.0, 0.5),
        (7.0, 9.0, 2.0),  # nothing more comes
    ],
)
def test_a_pause_counts_where_it_touches_the_span(
    crew: Crew, since: float, until: float, longest: float
) -> None:
    assert crew.longest_pause(0, since, until) == pytest.approx(longest)
