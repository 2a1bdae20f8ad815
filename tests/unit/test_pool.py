"""The pool of child processes, with real children and pages that do them harm."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from queue import SimpleQueue

import psutil
import pytest

from tests.poison import build_in_a_dying_process, build_killed_once, build_nothing, build_poisonable
from worker.core.records import Article, Outcome, Page, Reason, Rejected
from worker.pipeline.child import Bug, Clean, CleanFactory
from worker.pipeline.outcomes import decode_outcome
from worker.pipeline.pool import ProcessCleaner
from worker.pipeline.ports import Cleaned
from worker.pipeline.process import StartError

DEADLINE = 1.0
MEMORY = 200_000_000


class Bench:
    """A pool, and what it told."""

    def __init__(
        self,
        build: CleanFactory = build_poisonable,
        children: int = 2,
        recycle_pages: int = 1000,
        deadline: float = 20.0,
    ):
        self.results: SimpleQueue[tuple[int, Cleaned]] = SimpleQueue()
        self.restarts: Counter[str] = Counter()
        self.bugs: list[tuple[Page, Bug]] = []
        self.pool = ProcessCleaner(
            build,
            children=children,
            deadline=deadline,
            memory_bytes=MEMORY,
            recycle_pages=recycle_pages,
            preload=["tests.poison"],
            on_restart=lambda reason: self.restarts.update([reason]),
            on_bug=lambda page, bug: self.bugs.append((page, bug)),
        )

    def submit(self, ticket: int, body: bytes) -> None:
        self.pool.submit(ticket, Page(body), lambda ticket, cleaned: self.results.put((ticket, cleaned)))

    def clean(self, *bodies: bytes, timeout: float = 20.0) -> list[tuple[Outcome, Cleaned]]:
        """The outcomes of these pages, in order, each of which came exactly once."""
        for ticket, body in enumerate(bodies):
            self.submit(ticket, body)
        got = dict(self.results.get(timeout=timeout) for _ in bodies)
        assert self.results.empty()
        return [(decode_outcome(got[ticket].outcome), got[ticket]) for ticket in range(len(bodies))]

    def one(self, body: bytes) -> tuple[Rejected, Cleaned]:
        outcome, cleaned = self.clean(body)[0]
        assert isinstance(outcome, Rejected)
        return outcome, cleaned


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    bench.pool.start()
    yield bench
    bench.pool.close(5)


@pytest.fixture
def hasty() -> Iterator[Bench]:
    """A pool with a deadline that a test can wait for."""
    bench = Bench(deadline=DEADLINE)
    bench.pool.start()
    yield bench
    bench.pool.close(5)


def eventually(condition: Callable[[], bool], seconds: float = 5.0) -> bool:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def child_of(outcome: Outcome) -> int:
    assert isinstance(outcome, Article)
    assert outcome.title is not None
    return int(outcome.title)


def test_pages_come_back_as_articles_with_their_time(bench: Bench) -> None:
    bodies = [b"page %d " % n + b"x" * 150_000 for n in range(50)]
    for body, (outcome, cleaned) in zip(bodies, bench.clean(*bodies), strict=True):
        assert isinstance(outcome, Article)
        assert outcome.paragraphs[0].startswith(body[:8].decode())
        assert 0 < cleaned.seconds < 20
        assert cleaned.cacheable
    assert not bench.restarts


@pytest.mark.parametrize("poison", [b"hang", b"hang-in-c"])
def test_a_page_that_hangs_is_a_timeout_within_twice_the_deadline(hasty: Bench, poison: bytes) -> None:
    started = time.monotonic()
    rejected, cleaned = hasty.one(poison)
    assert DEADLINE <= time.monotonic() - started < 2 * DEADLINE
    assert rejected == Rejected(Reason.TIMEOUT, "not done after 1 s")
    assert cleaned.seconds == DEADLINE
    assert not cleaned.cacheable
    assert hasty.restarts == {"timeout": 1}


def test_a_page_that_eats_memory(bench: Bench) -> None:
    rejected, cleaned = bench.one(b"eat")
    assert rejected.reason is Reason.MEMORY
    assert not cleaned.cacheable
    assert eventually(lambda: bench.restarts == {"memory": 1})
    assert not bench.bugs


def test_the_limit_leaves_room_for_a_large_page(bench: Bench) -> None:
    ((outcome, _),) = bench.clean(b"large " + b"x" * 20_000_000)
    assert isinstance(outcome, Article)


@pytest.mark.parametrize(
    ("poison", "reason", "told"),
    [
        (b"exit", Reason.CRASHED, "exit code 7"),
        (b"exit-well", Reason.CRASHED, "exit code 0"),
        (b"segfault", Reason.CRASHED, "SIGSEGV"),
        (b"killed", Reason.MEMORY, "SIGKILL"),
        (b"eat-in-c", Reason.MEMORY, "SIGABRT"),
    ],
)
def test_a_page_that_kills_its_process(bench: Bench, poison: bytes, reason: Reason, told: str) -> None:
    rejected, cleaned = bench.one(poison)
    assert rejected.reason is reason
    assert told in rejected.detail
    assert not cleaned.cacheable
    assert eventually(lambda: bench.restarts == {reason.value: 1})


def test_recursion_is_too_deep_and_the_child_goes_on(bench: Bench) -> None:
    rejected, cleaned = bench.one(b"recurse")
    assert rejected.reason is Reason.TOO_DEEP
    assert cleaned.cacheable
    assert not bench.restarts
    assert not bench.bugs


def test_a_bug_is_told_and_its_page_goes_to_the_dead_letters(bench: Bench) -> None:
    rejected, cleaned = bench.one(b"raise")
    assert rejected.reason is Reason.CRASHED
    assert rejected.detail == "ZeroDivisionError: a bug of two lines, with a lone surrogate ?"
    assert not cleaned.cacheable
    ((page, bug),) = bench.bugs
    assert page.body == b"raise"
    assert bug.type == "ZeroDivisionError"
    assert "in clean_or_die" in bug.traceback
    assert not bench.restarts


def test_the_pages_around_the_poison_come_out(hasty: Bench) -> None:
    poison = [b"exit", b"hang", b"eat", b"segfault", b"raise", b"hang-in-c", b"killed"]
    bodies = [body for n, bad in enumerate(poison) for body in (b"before %d" % n, bad, b"after %d" % n)]
    outcomes = [outcome for outcome, _ in hasty.clean(*bodies)]
    for body, outcome in zip(bodies, outcomes, strict=True):
        assert isinstance(outcome, Rejected if body in poison else Article), body


def test_the_deadline_is_of_the_pages_own_time_not_of_the_queue(hasty: Bench) -> None:
    outcomes = hasty.clean(*[b"sleep 0.4"] * 8)  # the last waits for 1.2 s
    assert all(isinstance(outcome, Article) for outcome, _ in outcomes)


def test_a_child_killed_while_idle_takes_no_page_with_it(bench: Bench) -> None:
    children = {child_of(outcome) for outcome, _ in bench.clean(*[b"sleep 0.05"] * 4)}
    assert len(children) == 2
    for child in children:
        os.kill(child, signal.SIGKILL)
    assert eventually(lambda: not any(lives(child) for child in children))
    after = {child_of(outcome) for outcome, _ in bench.clean(*[b"sleep 0.05"] * 4)}
    assert not after & children
    assert bench.restarts == {"idle": 2}


def test_children_killed_at_any_moment_take_at_most_their_page(bench: Bench) -> None:
    pages = 400
    for ticket in range(pages):
        bench.submit(ticket, b"page " + b"x" * 1_000_000)
    got: dict[int, Outcome] = {}
    killed = 0
    while len(got) < pages:
        ticket, cleaned = bench.results.get(timeout=20)
        assert ticket not in got
        got[ticket] = outcome = decode_outcome(cleaned.outcome)
        if isinstance(outcome, Article) and len(got) % 40 == 0:
            try:
                os.kill(child_of(outcome), signal.SIGKILL)
                killed += 1
            except ProcessLookupError:
                continue
    assert bench.results.empty()
    assert killed > 3
    assert sum(isinstance(outcome, Rejected) for outcome in got.values()) <= killed


def test_children_are_recycled() -> None:
    bench = Bench(children=1, recycle_pages=3)
    bench.pool.start()
    try:
        children = [child_of(outcome) for outcome, _ in bench.clean(*[b"page"] * 7)]
    finally:
        bench.pool.close(5)
    assert [children.count(child) for child in dict.fromkeys(children)] == [3, 3, 1]
    assert bench.restarts == {"recycled": 2}


def test_a_frozen_child_is_a_timeout(hasty: Bench) -> None:
    child = child_of(hasty.clean(b"page")[0][0])
    other = child_of(hasty.clean(b"page")[0][0])
    for pid in {child, other}:
        os.kill(pid, signal.SIGSTOP)
    results = hasty.clean(*[b"page " + b"x" * 3_000_000] * 4)
    assert {type(outcome) for outcome, _ in results} <= {Article, Rejected}
    assert sum(isinstance(outcome, Rejected) for outcome, _ in results) == len({child, other})


def test_a_factory_with_a_bug_is_told_at_the_start() -> None:
    bench = Bench(build_nothing)
    with pytest.raises(StartError, match="no rules today"):
        bench.pool.start()


def test_a_child_that_dies_while_it_starts_is_told_at_the_start() -> None:
    bench = Bench(build_in_a_dying_process)
    with pytest.raises(StartError, match="exit code 3"):
        bench.pool.start()


def test_a_child_that_is_killed_while_it_starts_is_started_again(tmp_path: Path) -> None:
    bench = Bench(partial(build_killed_once, str(tmp_path / "killed")))
    bench.pool.start()
    bench.pool.close(5)
    assert (tmp_path / "killed").exists()
    assert bench.restarts == {"idle": 1}


def test_a_factory_that_does_not_pickle_is_told_at_the_start() -> None:
    def local() -> Clean:
        return build_poisonable()

    bench = Bench(local)
    with pytest.raises(AttributeError, match="pickle"):
        bench.pool.start()


def test_closing_ends_children_in_the_middle_of_a_page(bench: Bench) -> None:
    children = {child_of(outcome) for outcome, _ in bench.clean(*[b"sleep 0.05"] * 4)}
    for ticket in range(6):
        bench.submit(ticket, b"hang-in-c")
    time.sleep(0.05)
    started = time.monotonic()
    bench.pool.close(20)
    assert time.monotonic() - started < 15
    assert eventually(lambda: not any(lives(child) for child in children))
    assert bench.results.empty()
    assert not bench.restarts


_HOST = """
import signal
import sys
from tests.poison import build_poisonable
from worker.core.records import Page
from worker.pipeline.outcomes import decode_outcome
from worker.pipeline.pool import ProcessCleaner
pool = ProcessCleaner(build_poisonable, children=2, deadline=60, memory_bytes=10**9, recycle_pages=10)
def done(ticket, cleaned):
    sys.stdout.write(decode_outcome(cleaned.outcome).title + "\\n")
    sys.stdout.flush()
if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)  # a handler, as the worker has: children do not inherit it
    pool.start()
    for _ in range(4):
        pool.submit(0, Page(b"sleep 0.2"), done)
    for line in sys.stdin:
        pool.submit(0, Page(line.encode().strip()), done)
"""


@pytest.fixture
def host(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process of its own with a pool; it is the leader of its process group."""
    script = tmp_path / "host.py"
    script.write_text(_HOST, encoding="utf-8")
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, str(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(root)},
        start_new_session=True,
    ) as process:
        yield process
        process.kill()


def children_of(host: subprocess.Popen[str]) -> set[int]:
    assert host.stdout is not None
    return {int(host.stdout.readline()) for _ in range(4)}


def test_no_child_outlives_a_parent_killed_with_signal_9(host: subprocess.Popen[str]) -> None:
    children = children_of(host)
    descendants = [process.pid for process in psutil.Process(host.pid).children(recursive=True)]
    assert children <= set(descendants)
    assert host.stdin is not None
    host.stdin.write("hang-in-c\nhang\n")
    host.stdin.flush()
    busy = [psutil.Process(child) for child in children]
    assert eventually(lambda: any(process.cpu_times().user > 0.2 for process in busy), 10)
    host.kill()
    host.wait()
    assert eventually(lambda: not any(lives(pid) for pid in descendants))


def lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_process_group_leaves_the_children_alone(
    host: subprocess.Popen[str], number: signal.Signals
) -> None:
    children = children_of(host)
    os.killpg(host.pid, number)
    assert host.stdin is not None
    for _ in range(4):
        host.stdin.write("sleep 0.2\n")
    host.stdin.flush()
    assert children_of(host) == children
    assert len(children) == 2
