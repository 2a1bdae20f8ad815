"""Whole workers on three brokers, one of which is killed and started again, time after time."""

import itertools
import random
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Names
from tests.integration.faults import Feeder
from tests.integration.pages import mixed_pages
from tests.integration.results import assert_each_page_once
from tests.integration.workers import WorkerGroup
from tests.servers.kafka import KafkaCluster
from tests.servers.processes import wait_for

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(600)]

SEED = 7
KILLS = 5
SECONDS = 60.0  # of load
RATE = 12  # pages a second
LARGEST = 900_000  # bytes of a page: what a producer takes that was told nothing
PATIENCE = 90.0  # seconds for what is left at the end


class PageFeeder(Feeder):
    """Writes mixed pages."""

    def __init__(self, group: WorkerGroup):
        super().__init__(group.servers, group.settings.raw_topic, RATE)
        self._group = group
        small = [page for page in mixed_pages(500, SEED) if len(page.value) < LARGEST]
        self._pages = itertools.cycle(small)

    def page(self, number: int) -> Mapping[str, Any]:
        message = self._group.message(next(self._pages))
        return {"value": message.value, "key": message.key, "headers": list(message.headers)}


def test_no_worker_is_stuck_and_every_page_comes_once(
    kafka3: KafkaCluster, names: Names, tmp_path: Path
) -> None:
    with WorkerGroup(kafka3.bootstrap_servers, names, tmp_path, topic_replication=3) as group:
        workers = [group.start(slot) for slot in range(2)]
        for worker in workers:
            worker.wait_until_ready()
        feeder = PageFeeder(group)
        feeder.start()
        try:
            kill_brokers(kafka3, group)
        finally:
            feeder.stop()
        started = time.monotonic()
        group.wait_until_finished(PATIENCE)
        print(f"{time.monotonic() - started:.1f} s to finish after the load")
        for worker in workers:
            wait_for(worker.is_ready, 30, "a worker that is ready again")
            assert worker.metric("pages_total") > 0
            print(
                {r: worker.metric("transactions_total", result=r) for r in ("committed", "failed", "timeout")}
            )
        assert group.stop() == [0, 0]
        results = assert_each_page_once(group)
    assert results.pages > SECONDS * RATE / 3


def kill_brokers(cluster: KafkaCluster, group: WorkerGroup) -> None:
    """Five brokers, one after the other, evenly over the load, each down for up to some seconds."""
    chance = random.Random(SEED)
    pause = threading.Event()
    started = time.monotonic()
    for number in range(KILLS):
        pause.wait(max(0.0, started + (number + 0.3) * SECONDS / KILLS - time.monotonic()))
        node = chance.choice(list(cluster.nodes))
        down = chance.uniform(0, 5)
        cluster.kill(node)
        pause.wait(down)
        cluster.start(node)
        group.assert_all_run()
        at = time.monotonic() - started
        print(f"{at:.0f} s: broker {node} was down for {down:.1f} s; {group.pages_done()} pages are done")
    pause.wait(max(0.0, started + SECONDS - time.monotonic()))
