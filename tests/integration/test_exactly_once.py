"""Every page once and in order on a real Kafka, while whole workers are killed, added and taken away."""

import itertools
import os
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.conftest import Names
from tests.integration.pages import GivenPage, mixed_pages
from tests.integration.results import assert_each_page_once
from tests.integration.workers import WorkerGroup
from tests.servers.kafka import Kafka
from tests.servers.processes import wait_for

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(900)]

PAGES = int(os.environ.get("PAGESIEVE_TEST_PAGES", "400"))
SEED = 20_240_501
KILLS, CHANGES = 5, 10
MOST, LEAST = 4, 2  # workers
PATIENCE = 120.0  # seconds for the pages before an event, and for those after the last


class Storm:
    """Workers killed, added and taken away while pages keep coming."""

    def __init__(self, group: WorkerGroup, pages: Sequence[GivenPage], seed: int):
        self._group = group
        self._pages = iter(pages)
        self._chance = random.Random(seed)
        self._slots = itertools.count()
        self._started = time.monotonic()
        self.notes: list[str] = []
        self.exits: list[int] = []

    def blow(self) -> None:
        """All events, evenly over the pages, each while some of those before it are in flight."""
        events = [self._kill] * KILLS + [self._change] * CHANGES
        self._chance.shuffle(events)
        for _ in range(LEAST):
            self._add()
        share = PAGES // (len(events) + 1)
        for event in events:
            before = len(self._group.given)
            self._group.load(itertools.islice(self._pages, share))
            self._group.wait_for_pages(before - self._chance.randrange(2 * share), PATIENCE)
            event()
        self._group.load(self._pages)

    def _change(self) -> None:
        count = len(self._group.workers)
        if count <= LEAST or (count < MOST and self._chance.random() < 0.5):
            self._add()
        else:
            self._take_away()

    def _add(self) -> None:
        slot = next(self._slots)
        self._group.start(slot)
        self._note(f"{slot} added")

    def _take_away(self) -> None:
        slot, in_flight = self._one()
        self.exits += self._group.stop(slot)
        self._note(f"{slot} stopped, {in_flight} pages in flight")

    def _kill(self) -> None:
        """Killed, and started again at once under its name, as a supervisor does."""
        slot, in_flight = self._one()
        self._group.kill(slot)
        self._group.start(slot)
        self._note(f"{slot} killed, {in_flight} pages in flight")

    def _one(self) -> tuple[int, int]:
        """A worker with pages in flight, as soon as there is one, and how many it has."""
        found: dict[int, int] = {}

        def look() -> bool:
            found.update({slot: int(w.metric("in_flight_pages")) for slot, w in self._group.workers.items()})
            return any(found.values()) or self._group.pages_done() == len(self._group.given)

        wait_for(look, PATIENCE, "a worker with pages in flight")
        slot = self._chance.choice([slot for slot, pages in found.items() if pages] or list(found))
        return slot, found[slot]

    def _note(self, text: str) -> None:
        done = self._group.pages_done()
        self.notes.append(f"{time.monotonic() - self._started:5.1f} s, {done:4d} pages done: worker {text}")


@pytest.fixture
def group(kafka: Kafka, names: Names, tmp_path: Path) -> Iterator[WorkerGroup]:
    with WorkerGroup(kafka.bootstrap_servers, names, tmp_path, kafka_session_timeout_ms=4000) as group:
        yield group


def test_every_page_once_while_workers_are_killed_added_and_taken_away(group: WorkerGroup) -> None:
    storm = Storm(group, mixed_pages(PAGES, SEED), SEED)
    started = time.monotonic()
    try:
        storm.blow()
        group.wait_until_finished(PATIENCE)
    finally:
        print(f"{time.monotonic() - started:.0f} s for {len(group.given)} pages", *storm.notes, sep="\n")
    assert set(storm.exits + group.stop()) == {0}
    results = assert_each_page_once(group)
    assert results.pages == PAGES
    assert len(storm.notes) == KILLS + CHANGES + LEAST
