"""Calls on a thread that can be given up."""

import threading
import time

import pytest

from tests.servers.processes import wait_for
from worker.adapters.kafka.deadline import Budget, DeadlinePassed, Helper


def test_a_call_gives_its_value_or_its_error() -> None:
    helper = Helper("test")
    assert helper.call(lambda: 42, 5) == 42
    with pytest.raises(ZeroDivisionError):
        helper.call(lambda: 1 // 0, 5)
    assert helper.call(lambda: "still here", 5) == "still here"
    helper.end()


def test_a_call_that_does_not_return_is_given_up() -> None:
    helper = Helper("test")
    release = threading.Event()
    started = time.monotonic()
    with pytest.raises(DeadlinePassed, match=r"within 0\.05 s"):
        helper.call(release.wait, 0.05)
    assert time.monotonic() - started < 5
    release.set()
    helper.end()


def test_what_comes_too_late_is_handed_over() -> None:
    helper = Helper("test")
    release = threading.Event()
    late: list[bool] = []
    with pytest.raises(DeadlinePassed):
        helper.call(lambda: release.wait(5), 0.01, too_late=late.append)
    assert not late
    release.set()
    wait_for(lambda: late == [True], 5, "the late value")
    helper.end()


def test_what_fails_too_late_is_dropped() -> None:
    helper = Helper("test")
    release = threading.Event()
    late: list[object] = []

    def fail() -> None:
        release.wait(5)
        raise OSError

    with pytest.raises(DeadlinePassed):
        helper.call(fail, 0.01, too_late=late.append)
    release.set()
    assert helper.call(lambda: "the next", 5) == "the next"
    assert late == []
    helper.end()


def test_the_thread_ends_when_it_is_told() -> None:
    helper = Helper("a thread of this test")
    helper.call(lambda: None, 5)
    helper.end()
    wait_for(
        lambda: all(thread.name != "a thread of this test" for thread in threading.enumerate()), 5, "its end"
    )


def test_a_budget_runs_out_and_stays_at_nothing() -> None:
    budget = Budget(0.02)
    assert 0 < budget.left <= 0.02
    time.sleep(0.03)
    assert budget.left == 0
