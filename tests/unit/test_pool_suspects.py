"""The pool, with pages that want a child of their own and pages that are taken back."""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.poison import build_second_held
from tests.unit.test_pool import Bench, child_of, eventually
from worker.core.records import Page
from worker.pipeline.child import Reply
from worker.pipeline.outcomes import decode_outcome
from worker.pipeline.process import ChildProcess

SECONDS = 20.0


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench(children=1)
    bench.pool.start()
    yield bench
    bench.pool.close(5)


def child(bench: Bench, ticket: int, *, fresh: bool = False) -> int:
    """The child that cleaned a page."""
    bench.pool.submit(ticket, Page(b"page"), lambda t, cleaned: bench.results.put((t, cleaned)), fresh=fresh)
    got, cleaned = bench.results.get(timeout=SECONDS)
    assert got == ticket
    return child_of(decode_outcome(cleaned.outcome))


def taken(bench: Bench) -> bool:
    """Whether a child has the last page that was submitted."""
    return bench.pool._jobs.empty()


def interrupted(bench: Bench, ticket: int) -> bool:
    """Whether a result has come after the child of this page was told to end."""
    bench.pool.interrupt([ticket])
    return not bench.results.empty()


def test_a_page_that_wants_a_fresh_child_shares_it_with_no_other(bench: Bench) -> None:
    first, same = child(bench, 0), child(bench, 1)
    alone, again, after = child(bench, 2, fresh=True), child(bench, 3, fresh=True), child(bench, 4)
    assert first == same
    assert len({first, alone, again, after}) == 4
    assert bench.restarts == {"suspect": 3}


def test_a_child_that_has_cleaned_nothing_is_fresh(bench: Bench) -> None:
    alone = child(bench, 0, fresh=True)
    assert child(bench, 1) != alone
    assert bench.restarts == {"suspect": 1}


def test_pages_that_no_child_has_can_be_withdrawn(bench: Bench) -> None:
    bench.submit(0, b"sleep 1.5")
    assert eventually(lambda: taken(bench))
    for ticket in range(1, 6):
        bench.submit(ticket, b"page")
    assert bench.pool.withdraw([0, 2, 4, 99]) == {2, 4}
    got = [bench.results.get(timeout=SECONDS)[0] for _ in range(4)]
    assert got == [0, 1, 3, 5]
    assert bench.results.empty()


def test_a_child_is_ended_over_the_page_that_it_has_and_over_no_other(bench: Bench) -> None:
    bench.submit(0, b"hang")
    assert eventually(lambda: taken(bench))
    bench.submit(1, b"page")
    bench.pool.interrupt([1, 99])  # waits for a child: nothing happens
    assert bench.results.empty()
    assert eventually(lambda: interrupted(bench, 0))
    ticket, cleaned = bench.results.get(timeout=SECONDS)
    assert (ticket, cleaned.cacheable) == (0, False)
    ticket, cleaned = bench.results.get(timeout=SECONDS)
    assert ticket == 1
    assert child_of(decode_outcome(cleaned.outcome))
    assert bench.restarts == {"revoked": 1}


def test_a_page_taken_back_while_its_child_starts_goes_into_none(tmp_path: Path) -> None:
    go, cleaned = tmp_path / "go", tmp_path / "cleaned"
    bench = Bench(partial(build_second_held, str(tmp_path / "mark"), str(go)), children=1)
    bench.pool.start()
    try:
        bench.one(b"exit")
        bench.submit(1, b"exit-late %s" % bytes(cleaned))
        assert eventually(lambda: bench.pool._keepers[0]._ticket == 1)
        bench.pool.interrupt([1])
        go.touch()
        assert bench.results.get(timeout=SECONDS)[0] == 1
        assert not cleaned.exists()
        assert child(bench, 2)
    finally:
        go.touch()
        bench.pool.close(5)
    assert bench.restarts == {"crashed": 1, "revoked": 1}


def test_a_page_taken_back_while_its_fresh_child_is_made_goes_into_none(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replacing, go_on, count = threading.Event(), threading.Event(), bench.restarts.update

    def counted(reasons: list[str]) -> None:
        count(reasons)
        if reasons == ["suspect"]:
            replacing.set()
            go_on.wait(SECONDS)

    monkeypatch.setattr(bench.restarts, "update", counted)
    child(bench, 0)
    page, told = Page(b"exit-late %s" % bytes(tmp_path / "cleaned")), bench.results
    bench.pool.submit(1, page, lambda ticket, cleaned: told.put((ticket, cleaned)), fresh=True)
    assert replacing.wait(SECONDS)
    bench.pool.interrupt([1])
    go_on.set()
    assert told.get(timeout=SECONDS)[0] == 1
    assert not (tmp_path / "cleaned").exists()
    assert child(bench, 2)
    assert bench.restarts == {"suspect": 1, "revoked": 1}


def test_a_page_taken_back_just_before_its_child_has_it_is_not_tried_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[bytes] = []
    clean: Callable[[ChildProcess, Page], Reply] = ChildProcess.clean

    def interrupted_clean(self: ChildProcess, page: Page) -> Reply:
        tried.append(page.body)
        if len(tried) == 1:
            bench.pool.interrupt([0])
            self._process.join(SECONDS)
        return clean(self, page)

    monkeypatch.setattr(ChildProcess, "clean", interrupted_clean)
    bench.submit(0, b"taken back")
    assert bench.results.get(timeout=SECONDS)[0] == 0
    assert tried == [b"taken back"]
    assert child(bench, 1)
    assert bench.restarts == {"revoked": 1}
