"""Pages that kill the whole worker, with signal 9, under a supervisor that starts it again."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import Names
from tests.integration.pages import every_page, text_page
from tests.integration.results import assert_each_page_once
from tests.integration.workers import WorkerGroup
from tests.servers.kafka import Kafka
from tests.servers.processes import wait_for
from worker.core.records import Reason

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(900)]

POISONED = ("tests.integration.poisoned_worker",)
DEADLINE = 20.0
PATIENCE = 600.0


@pytest.fixture
def group(kafka: Kafka, names: Names, tmp_path: Path) -> Iterator[WorkerGroup]:
    with WorkerGroup(
        kafka.bootstrap_servers,
        names,
        tmp_path,
        kafka_session_timeout_ms=6000,
        children=2,
        page_deadline=DEADLINE,
    ) as group:
        yield group


def supervise(group: WorkerGroup, slots: range, until: Callable[[], bool]) -> list[int]:
    """Start again what ends, until all is done; the exit codes."""
    exits: list[int] = []

    def done() -> bool:
        for slot in slots:
            worker = group.workers.get(slot)
            if worker is None or not worker.runs():
                exits.extend([] if worker is None else [worker.wait(0)])
                group.start(slot, POISONED)
        return until()

    wait_for(done, PATIENCE, "every page committed", pause=0.2)
    return exits


@pytest.mark.parametrize("workers", [1, 2])
def test_a_page_that_kills_its_worker_ends_as_crashed_and_all_others_come_out_once(
    group: WorkerGroup, workers: int
) -> None:
    around = list(every_page()) * 3
    poison = text_page(0, "kill-worker whoever has this page", Reason.CRASHED)
    group.load([*around[:40], poison, *around[40:]])
    total = len(group.given)
    exits = supervise(group, range(workers), lambda: group.pages_done() >= total)
    assert exits == [-9] * 3
    lost = sum(worker.metric("suspect_pages_total", step="lost") for worker in group.workers.values())
    assert lost == 1
    assert set(group.stop()) == {0}
    results = assert_each_page_once(group)
    letters = [dict(letter.headers) for _, letter in results.dead]
    (crashed,) = (letter for letter in letters if letter["pagesieve.reason"] == b"crashed")
    assert crashed["pagesieve.attempts"] == b"3"
    assert b"3 workers ended" in crashed["__connect.errors.exception.message"]


def test_killing_the_worker_of_a_page_that_kills_its_child_costs_others_one_deadline(
    group: WorkerGroup, tmp_path: Path
) -> None:
    in_hand = tmp_path / "in-hand"
    around = [page for page in every_page() if page.reason is None]
    poison = text_page(0, f"exit-late {in_hand} in the child that has this page", Reason.CRASHED)
    group.load([*around[:4], poison, *around[4:]])
    for _ in range(2):
        group.start(program=POISONED)
        wait_for(in_hand.exists, PATIENCE, "the page that exits late in a child")
        group.kill(0)
        in_hand.unlink()
    worker = group.start(program=POISONED)
    wait_for(lambda: worker.metric("page_bytes_count") > 0, PATIENCE, "the first page")
    started = time.monotonic()
    group.wait_until_finished(PATIENCE)
    assert time.monotonic() - started < DEADLINE
    assert group.stop() == [0]
    results = assert_each_page_once(group)
    (letter,) = (dict(letter.headers) for _, letter in results.dead)
    assert letter["pagesieve.attempts"] == b"3"
    assert b"the child process that cleaned it ended" in letter["__connect.errors.exception.message"]
