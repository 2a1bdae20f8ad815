"""A deploy that finds nothing in any page stops with 75 before it has moved the topic."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Names
from tests.integration.pages import text_page
from tests.integration.results import Place, read_results
from tests.integration.workers import WorkerGroup
from worker.embedded import EmbeddedServers

pytestmark = pytest.mark.timeout(300)

BROKEN = ("tests.integration.broken_worker",)
PAGES, RUN = 200, 30
TEXT = "A page of more than ten words, so that nobody can call it too short, number {}."


@pytest.fixture
def group(embedded: EmbeddedServers, names: Names, tmp_path: Path) -> Iterator[WorkerGroup]:
    with WorkerGroup(embedded.bootstrap_servers, names, tmp_path, dead_letter_run=RUN) as group:
        yield group


def test_it_stops_moves_nothing_more_when_started_again_and_a_mended_one_goes_on(group: WorkerGroup) -> None:
    group.load(text_page(number, TEXT.format(number)) for number in range(PAGES))
    moved = []
    for _ in range(3):
        worker = group.start(program=BROKEN)
        assert worker.exit_code() == 75
        assert "stopped before more pages go to the dead letters" in worker.log_end()
        assert "Traceback" not in worker.log_end()
        moved.append(len(read_results(group).dead))
    assert moved[0] < RUN
    assert moved == [moved[0]] * 3
    group.start()
    group.wait_until_finished()
    assert group.stop() == [0]
    results = read_results(group)
    assert len(results.dead) == moved[0]
    places = Counter[Place](place for place, _ in [*results.articles, *results.dead])
    assert places == Counter(results.raw.keys())
