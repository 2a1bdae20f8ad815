"""Two versions of the worker in one group: another version, other rules, another schema of the records."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Names
from tests.integration.other_worker import SCHEMA_VERSION, VERSION
from tests.integration.pages import every_page, mixed_pages
from tests.integration.results import Results, find_problems, read_results, record_of
from tests.integration.workers import WorkerGroup
from worker import __version__, assembly
from worker.embedded import EmbeddedServers
from worker.pipeline import routing
from worker.rulefiles import read_rules

pytestmark = pytest.mark.timeout(600)

OTHER = ("tests.integration.other_worker",)
PATIENCE = 200.0


@pytest.fixture
def group(embedded: EmbeddedServers, names: Names, tmp_path: Path) -> Iterator[WorkerGroup]:
    with WorkerGroup(
        embedded.bootstrap_servers,
        names,
        tmp_path,
        redis_url=embedded.redis_url,
        cache_timeout=0.25,
    ) as group:
        yield group


def prints(group: WorkerGroup, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """The rules fingerprint of this version, and of the other."""
    ours = assembly.fingerprint(read_rules(), group.settings.clean_options)
    with monkeypatch.context() as patched:
        patched.setattr(assembly, "__version__", VERSION)
        return ours, assembly.fingerprint(read_rules(), group.settings.clean_options)


def problems_of(results: Results, group: WorkerGroup) -> list[str]:
    """What is wrong, but for records of the other schema, which is not this version's."""
    other = f"{routing.SCHEMA_VERSION} was expected"
    return [text for text in find_problems(results, group.given, complete=True) if not text.endswith(other)]


def test_a_rolling_upgrade_and_back_loses_and_doubles_nothing(
    group: WorkerGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = mixed_pages(320, seed=7)
    group.start(0).wait_until_ready()
    group.start(1).wait_until_ready()
    steps = [(0, OTHER, {}), (1, OTHER, {}), (0, ("worker", "run"), {"min_words": 9}), (1, OTHER, {})]
    exits = []
    for number, (slot, program, settings) in enumerate(steps):
        group.load(pages[number * 80 : (number + 1) * 80])
        group.wait_for_pages(len(group.given) - 60, PATIENCE)
        exits += group.stop(slot)
        group.start(slot, program, **settings).wait_until_ready()
    group.wait_until_finished(PATIENCE)
    assert exits + group.stop() == [0] * 6
    results = read_results(group)
    assert not problems_of(results, group)
    ours, other = prints(group, monkeypatch)
    records = [record_of(record) for _, record in results.articles]
    for record in records:
        of_other = record["extractor"]["rules_fingerprint"] == other
        assert record["schema_version"] == (SCHEMA_VERSION if of_other else routing.SCHEMA_VERSION)
    found = Counter(record["extractor"]["rules_fingerprint"] for record in records)
    assert found[ours] > 0
    assert found[other] > 0
    versions = {dict(letter.headers)["pagesieve.version"].decode() for _, letter in results.dead}
    assert versions <= {__version__, VERSION}


def test_what_another_version_remembers_is_not_taken(group: WorkerGroup) -> None:
    pages = [page for page in every_page() if page.reason is None]
    looked_up: dict[str, tuple[float, float]] = {}
    for name, program, settings in [
        ("ours", ("worker", "run"), {}),
        ("other", OTHER, {}),
        ("other rules", ("worker", "run"), {"min_words": 9}),
        ("ours again", ("worker", "run"), {}),
    ]:
        worker = group.start(0, program, **settings)
        worker.wait_until_ready()
        group.load(pages)
        group.wait_until_finished(PATIENCE)
        hits, misses = (worker.metric("cache_requests_total", result=result) for result in ("hit", "miss"))
        looked_up[name] = hits, misses
        assert group.stop() == [0]
    for name in ("other", "other rules"):
        assert looked_up[name] == looked_up["ours"]
    hits, misses = looked_up["ours again"]
    assert hits > 0.8 * (hits + misses)
    assert not problems_of(read_results(group), group)
