"""Every page once and in order, whatever dies: three brokers, three workers, a steady flow of pages."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.conftest import Names
from tests.integration.faults import Outcome, Run, told
from tests.integration.random_faults import random_faults
from tests.servers.kafka import KafkaCluster

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]

SECONDS = 30.0  # of random faults


@pytest.fixture
def outcome_of(
    kafka3: KafkaCluster, names: Names, tmp_path: Path
) -> Callable[[Callable[[Run], Sequence[str] | None]], Outcome]:
    def outcome(faults: Callable[[Run], Sequence[str] | None]) -> Outcome:
        for node in kafka3.nodes:
            if not kafka3.runs(node):
                kafka3.start(node)
        return Run(kafka3, names.new("run"), tmp_path).under(faults)

    return outcome


def check(outcome: Outcome) -> None:
    assert outcome.pages > 1_000
    assert outcome.clean, told(outcome)


def test_without_faults(outcome_of: Callable[..., Outcome]) -> None:
    outcome = outcome_of(lambda run: run.wait_for_progress(1_500))
    check(outcome)
    assert outcome.seconds_to_finish < 10


def test_coordinators_are_killed(outcome_of: Callable[..., Outcome]) -> None:
    def faults(run: Run) -> None:
        run.wait_for_progress(300)
        node = run.group_coordinator()
        run.cluster.kill(node)
        run.wait_for_progress(300)
        run.cluster.start(node)
        node = run.transaction_coordinator(slot=0)
        run.cluster.kill(node)
        run.cluster.start(node)
        run.wait_for_progress(300)

    check(outcome_of(faults))


def test_a_worker_wakes_up_after_its_partitions_went_to_others(outcome_of: Callable[..., Outcome]) -> None:
    def faults(run: Run) -> None:
        for slot in (0, 1):  # the session timeout is 6 s; by then the others have all partitions
            run.wait_for_progress(300)
            run.workers.freeze(slot)
            time.sleep(7)
            run.wait_for_progress(600)
            run.workers.thaw(slot)
        run.wait_for_progress(600)

    check(outcome_of(faults))


def test_workers_are_killed_and_come_back(outcome_of: Callable[..., Outcome]) -> None:
    def faults(run: Run) -> None:
        for slot in (0, 1, 2, 0, 1):
            run.wait_for_progress(200)
            run.workers.kill(slot)
            run.workers.start(slot)
        run.wait_for_progress(600)

    check(outcome_of(faults))


def test_everything_at_random(outcome_of: Callable[..., Outcome]) -> None:
    seed = int(time.time())
    print("seed", seed)  # shown when it fails
    check(outcome_of(random_faults(seed, SECONDS)))
