"""The loop over a broker in memory: every page once and in order, whatever fails on the way."""

import random
import threading
from collections.abc import Sequence
from itertools import count

import pytest

from tests.cleaners import HeldCleaner, ThreadCleaner, echo
from tests.fakes import FakeBroker, Fault
from tests.fakes_cache import MemoryCache
from tests.loops import TEXT, Worker, dead, dead_sources, sources, working
from tests.servers.processes import wait_for
from worker.core.records import Outcome, Page, Reason, Rejected
from worker.pipeline.ports import Partition, StreamUnavailable

SECONDS = 20.0


def fill(broker: FakeBroker, pages: int, start: int = 0) -> None:
    """Text pages over all partitions, each with a text of its own."""
    for number in range(start, start + pages):
        broker.write(b"page %d" % number, number % len(broker.partitions), b"key", TEXT)


def until_done(broker: FakeBroker) -> None:
    wait_for(broker.done, SECONDS, "every page committed", pause=0.005)


def release_until_done(broker: FakeBroker, cleaner: HeldCleaner) -> None:
    def done() -> bool:
        cleaner.release(cleaner.held)
        return broker.done()

    wait_for(done, SECONDS, "every page committed", pause=0.005)


def each_once_in_order(broker: FakeBroker) -> bool:
    """Whether every message is an article or a dead letter once, in the order of offsets in either topic."""
    articles, letters = sources(broker), dead_sources(broker)
    for place in broker.partitions:
        lanes = articles.get(place.number, []), letters.get(place.number, [])
        written = [message.offset for message in broker.after(place, 0)]
        if sorted(lanes[0] + lanes[1]) != written or any(lane != sorted(lane) for lane in lanes):
            return False
    return True


def test_every_page_becomes_an_article_or_a_dead_letter_in_order() -> None:
    broker = FakeBroker(3)
    fill(broker, 200)
    for place in range(3):
        broker.write(b"bad one", place, None, TEXT)
        broker.write(None, place)  # no page at all: rejected before it is cleaned
    with working(broker, ThreadCleaner(delay=0.005)) as worker:
        until_done(broker)
        wait_for(lambda: worker.metric("in_flight_pages") == 0, SECONDS, "nothing in flight")
        assert worker.metric("pages_total", outcome="article") == 200
        assert worker.metric("pages_total", outcome="dead_letter") == 6
        assert worker.metric("dead_letters_total", reason="empty") == 6
        assert worker.metric("dead_letters_total", reason="crashed") == 0
        assert worker.metric("page_bytes_count") == 206
        assert worker.metric("clean_duration_seconds_count") == 203
        assert worker.metric("rebalances_total") == 1
        assert (worker.metric("transactions_total", result="committed") or 0) > 0
        assert worker.metric("last_progress_timestamp_seconds")
    assert each_once_in_order(broker)
    assert {headers["__connect.errors.stage"] for headers in dead(broker)} == {"decode", "clean"}


def test_offsets_with_gaps_are_committed_past_the_gap() -> None:
    broker = FakeBroker()
    broker.write(b"one", headers=TEXT)
    broker.skip(offsets=5)
    broker.write(b"two", headers=TEXT)
    with working(broker, ThreadCleaner()):
        until_done(broker)
    assert broker.committed == {Partition(broker.topic, 0): 7}


@pytest.mark.parametrize("fault", ["undone", "timeout", "unanswered"])
def test_a_failed_commit_costs_no_page_and_doubles_none(fault: Fault) -> None:
    broker = FakeBroker(2)
    fill(broker, 300)
    broker.faults.extend([fault, fault])
    with working(broker, ThreadCleaner(delay=0.003)) as worker:
        wait_for(lambda: not broker.faults, SECONDS, "the faults used up")
        broker.faults.append(fault)
        until_done(broker)
        result = "timeout" if fault == "timeout" else "failed"
        assert (worker.metric("transactions_total", result=result) or 0) >= 2
    assert each_once_in_order(broker)


def test_nothing_behind_a_failed_commit_is_committed_before_it_is_read_again() -> None:
    broker = FakeBroker()
    fill(broker, 4)
    cleaner = HeldCleaner()
    broker.faults.append("undone")
    with working(broker, cleaner, commit_interval=0.001):
        wait_for(lambda: cleaner.held == 4, SECONDS, "all pages in the cleaner")
        cleaner.release(2)  # their commit fails
        wait_for(lambda: cleaner.held == 6, SECONDS, "all pages read again")
        cleaner.release(2)  # results of dropped pages: they count for nothing
        assert not any(broker.committed.values())
        cleaner.release(4)
        until_done(broker)
    assert each_once_in_order(broker)


def test_results_of_dropped_pages_are_remembered_all_the_same() -> None:
    broker = FakeBroker()
    fill(broker, 10)
    cleaner, cache = HeldCleaner(), MemoryCache()
    broker.faults.append("undone")
    with working(broker, cleaner, cache, ahead=10, commit_interval=0.001):
        wait_for(lambda: cleaner.held == 10, SECONDS, "all pages in the cleaner")
        cleaner.release(1)  # its commit fails, all others are dropped and wait in the cleaner again
        wait_for(lambda: cleaner.held == 9 + 9, SECONDS, "all pages read again, but one from the cache")
        cleaner.release(18)
        until_done(broker)
    assert len(cache.values) == 10
    assert each_once_in_order(broker)


def test_equal_pages_are_cleaned_once_and_then_remembered() -> None:
    broker, cache = FakeBroker(2), MemoryCache()
    cleaner = ThreadCleaner()
    fill(broker, 50)
    broker.write(b"bad one", headers=TEXT)
    with working(broker, cleaner, cache):
        until_done(broker)
        assert cleaner.count == 51
        fill(broker, 50)
        broker.write(b"bad one", headers=TEXT)
        until_done(broker)
        assert cleaner.count == 51
    assert each_once_in_order(broker)


def test_what_tells_of_the_child_and_not_of_the_page_is_not_remembered() -> None:
    def clean(_: Page) -> Outcome:
        return Rejected(Reason.TIMEOUT, "not done")

    broker, cache, cleaner = FakeBroker(), MemoryCache(), ThreadCleaner(clean)
    with working(broker, cleaner, cache):
        for _ in range(2):
            broker.write(b"slow", headers=TEXT)
            until_done(broker)
        assert not cache.values
    assert cleaner.count == 2


@pytest.mark.parametrize(
    "rubbish", [b"", b"\xff", b"{}", b'{"article": {}}', b'{"rejected": {"reason": "x"}}']
)
def test_rubbish_in_the_cache_is_counted_and_the_page_cleaned(rubbish: bytes) -> None:
    class RubbishCache(MemoryCache):
        def get_many(self, keys: Sequence[str]) -> Sequence[bytes | None]:
            return [rubbish] * len(keys)

    broker = FakeBroker()
    fill(broker, 5)
    with working(broker, ThreadCleaner(), RubbishCache()) as worker:
        until_done(broker)
        assert worker.metric("cache_requests_total", result="invalid") == 5
    assert each_once_in_order(broker)


@pytest.mark.parametrize("seed", range(4))
def test_rebalances_lose_and_double_nothing(seed: int) -> None:
    """Workers come, go, are put out of the group and fail to commit, all at random."""
    chance = random.Random(seed)
    broker = FakeBroker(4)
    names = count()
    workers: list[tuple[Worker, ThreadCleaner]] = []

    def add() -> None:
        number = next(names)
        cleaner = ThreadCleaner(delay=0.004, seed=number)
        worker = Worker(broker, cleaner, name=f"worker-{number}", max_pages=30, drain_timeout=1.0)
        worker.start()
        workers.append((worker, cleaner))

    def remove() -> None:
        worker, cleaner = workers.pop(chance.randrange(len(workers)))
        worker.stop()
        cleaner.close(5)
        assert not worker.errors, worker.errors

    add()
    for step in range(12):
        fill(broker, 60, start=step * 60)
        threading.Event().wait(chance.uniform(0.005, 0.03))
        match chance.choice(["add", "remove", "expire", "fault"]):
            case "add" if len(workers) < 4:
                add()
            case "remove" if len(workers) > 1:
                remove()
            case "expire":
                broker.leave(chance.choice(workers)[0].stream)
            case _:
                broker.faults.append(chance.choice(["undone", "timeout", "unanswered"]))
    until_done(broker)
    while workers:
        remove()
    assert each_once_in_order(broker)


def lag_of(worker: Worker) -> dict[str, float | None]:
    return {n: worker.metric("consumer_lag", topic="pages.raw", partition=n) for n in "01"}


def test_what_is_ready_is_published_when_partitions_are_revoked() -> None:
    """Of every partition, whichever moves; what is finished behind an unfinished page is not ready."""
    broker = FakeBroker(2)
    for place in (0, 1):
        for number in range(4):
            broker.write(b"page %d of %d" % (number, place), place, b"key", TEXT)
    cleaner, other = HeldCleaner(), HeldCleaner()
    with working(broker, cleaner, commit_interval=60, ahead=8) as first:
        wait_for(lambda: cleaner.held == 8, SECONDS, "all pages in the cleaner")
        cleaner.release_pages(b"page 0 of 0", b"page 1 of 0", b"page 0 of 1", b"page 2 of 1")
        with working(broker, other, name="worker-1", commit_interval=60, ahead=8):
            wait_for(lambda: cleaner.held + other.held == 2 + 3, SECONDS, "the rest, in two workers")
            assert broker.committed == {Partition(broker.topic, 0): 2, Partition(broker.topic, 1): 1}
            assert sources(broker) == {0: [0, 1], 1: [0]}
            assert {page.body for page in other.pages}.isdisjoint({b"page 0 of 0", b"page 0 of 1"})
            mine = {str(place.number) for place in broker.assignment[first.stream]}
            wait_for(lambda: lag_of(first) == {n: 0 if n in mine else None for n in "01"}, SECONDS, "lag")
            cleaner.release(cleaner.held)
            other.release(other.held)
        assert first.metric("rebalances_total") == 2
        release_until_done(broker, cleaner)
    assert each_once_in_order(broker)


def test_fetching_stops_at_the_limit_and_goes_on_below_it() -> None:
    broker = FakeBroker(2)
    fill(broker, 100)
    cleaner = HeldCleaner()
    with working(broker, cleaner, max_pages=10, max_poll_records=4, ahead=100) as worker:
        wait_for(lambda: len(worker.stream.paused) == 2, SECONDS, "both partitions paused")
        polls = worker.stream.polls
        wait_for(lambda: worker.stream.polls > polls + 1, SECONDS, "polling goes on")
        assert cleaner.held == 10
        assert worker.metric("in_flight_pages") == 10
        cleaner.release(4)
        threading.Event().wait(0.1)  # six are still in flight, more than half: it stays closed
        assert cleaner.held == 6
        cleaner.release(1)
        wait_for(lambda: cleaner.held > 5, SECONDS, "fetching goes on")
        assert not worker.stream.paused or cleaner.held >= 10
        release_until_done(broker, cleaner)
    assert each_once_in_order(broker)


def test_fetching_stops_at_the_limit_of_bytes() -> None:
    broker = FakeBroker()
    for number in range(40):
        broker.write(b"%d " % number + b"x" * 1000, headers=TEXT)
    cleaner = HeldCleaner()
    with working(broker, cleaner, max_bytes=5000, max_poll_records=1, ahead=100) as worker:
        wait_for(lambda: bool(worker.stream.paused), SECONDS, "paused")
        assert cleaner.held == 5
        assert (worker.metric("in_flight_bytes") or 0) >= 5000
        release_until_done(broker, cleaner)


def test_new_partitions_are_paused_too_while_the_limit_is_reached() -> None:
    broker = FakeBroker(2)
    fill(broker, 100)
    cleaner = HeldCleaner()
    with working(broker, cleaner, max_pages=8, max_poll_records=4, ahead=100) as worker:
        wait_for(lambda: len(worker.stream.paused) == 2, SECONDS, "paused")
        broker.leave(worker.stream)  # everything is dropped, assigned anew, and read again
        wait_for(lambda: cleaner.held == 16, SECONDS, "read again")
        wait_for(lambda: len(worker.stream.paused) == 2, SECONDS, "paused again")
        release_until_done(broker, cleaner)
    assert each_once_in_order(broker)


def test_a_full_window_is_committed_before_its_time() -> None:
    broker = FakeBroker()
    fill(broker, 200)
    with working(broker, ThreadCleaner(), commit_interval=60, max_pages=20):
        wait_for(lambda: sum(broker.committed.values()) > 180, SECONDS, "all but the last commits")
    assert each_once_in_order(broker)


def test_a_large_ready_part_is_committed_before_its_time_and_in_bounded_steps() -> None:
    broker = FakeBroker()
    fill(broker, 1300)
    cleaner = HeldCleaner()
    with working(
        broker,
        cleaner,
        commit_interval=60,
        max_pages=2000,
        max_poll_records=2000,
        ahead=700,
        commit_pages=600,
    ):
        wait_for(lambda: cleaner.held == 1300, SECONDS, "all pages in the cleaner")
        cleaner.release(1299, last=True)
        assert not broker.steps  # the head of the partition is not finished
        cleaner.release()
        until_done(broker)
    assert broker.steps == [500, 500, 300]


def test_one_poll_after_another_does_not_spin_while_pages_are_cleaned() -> None:
    broker = FakeBroker()
    fill(broker, 3)
    cleaner = HeldCleaner()
    with working(broker, cleaner, commit_interval=60) as worker:
        wait_for(lambda: cleaner.held == 3, SECONDS, "all pages in the cleaner")
        polls = worker.stream.polls
        threading.Event().wait(0.5)
        assert worker.stream.polls - polls < 20
        cleaner.release(3)


def test_a_bug_on_one_page_costs_that_page_only() -> None:
    broker = FakeBroker()
    for value in (b"before", b"decode-bug", b"between", b"route-bug", b"after"):
        broker.write(value, headers=TEXT)
    with working(broker, ThreadCleaner()) as worker:
        until_done(broker)
        assert worker.metric("errors_total", stage="decode", type="ArithmeticError") == 1
        assert worker.metric("errors_total", stage="route", type="ArithmeticError") == 1
        assert worker.metric("dead_letters_total", reason="crashed") == 2
    assert each_once_in_order(broker)
    assert [sent.value for sent in broker.published["pages.dead"]] == [b"decode-bug", b"route-bug"]
    assert "ArithmeticError" in dead(broker)[1]["__connect.errors.exception.message"]


def test_what_kafka_refuses_goes_as_a_dead_letter_and_that_without_its_page() -> None:
    broker = FakeBroker()
    broker.max_message_bytes = 2200
    large = b"l" * 1500  # its article is larger than the page
    huge = b"h" * 3000
    for value in (b"before", large, huge, b"after"):
        broker.write(value, headers=TEXT)
    with working(broker, ThreadCleaner()):
        until_done(broker)
    assert sources(broker) == {0: [0, 3]}
    letters = broker.published["pages.dead"]
    assert [sent.value for sent in letters] == [large, None]
    assert [headers["pagesieve.reason"] for headers in dead(broker)] == ["oversized", "oversized"]
    assert each_once_in_order(broker)


def test_a_page_that_kafka_takes_nothing_of_is_told_of_all_the_same() -> None:
    broker = FakeBroker()
    broker.max_message_bytes = 2200
    broker.write(b"before", headers=TEXT)
    broker.write(b"bad one", key=b"k" * 3000, headers=(*TEXT, ("large", b"x" * 4000)))
    broker.write(b"after", headers=TEXT)
    with working(broker, ThreadCleaner()):
        until_done(broker)
    assert sources(broker) == {0: [0, 2]}
    [letter] = broker.published["pages.dead"]
    assert (letter.key, letter.value) == (b"pages.raw-0-1", b"bad one")
    assert dead(broker)[0]["pagesieve.changed"] == "headers key"


def test_a_page_without_a_key_comes_whole_to_a_compacted_topic_of_dead_letters() -> None:
    broker = FakeBroker()
    broker.compacted.add("pages.dead")
    broker.write(b"bad one", headers=TEXT)
    with working(broker, ThreadCleaner()):
        until_done(broker)
    [letter] = broker.published["pages.dead"]
    assert (letter.key, letter.value) == (b"pages.raw-0-0", b"bad one")
    assert dead(broker)[0]["pagesieve.changed"] == "key"


def test_stopping_finishes_what_is_in_flight() -> None:
    broker = FakeBroker()
    fill(broker, 20)
    with working(broker, ThreadCleaner(delay=0.05), commit_interval=60) as worker:
        wait_for(lambda: worker.metric("page_bytes_count") == 20, SECONDS, "all read")
    assert broker.done()
    assert not worker.loop.ready
    assert each_once_in_order(broker)


def test_stopping_leaves_what_does_not_fit_in_the_drain_time_to_others() -> None:
    broker = FakeBroker()
    fill(broker, 5)
    cleaner = HeldCleaner()
    with working(broker, cleaner, commit_interval=60, drain_timeout=0.2):
        wait_for(lambda: cleaner.held == 5, SECONDS, "all pages in the cleaner")
        cleaner.release(2)
    assert broker.committed == {Partition(broker.topic, 0): 2}
    with working(broker, ThreadCleaner(), name="worker-1"):
        until_done(broker)
    assert each_once_in_order(broker)


def test_kafka_out_of_reach_ends_the_loop() -> None:
    broker = FakeBroker()
    worker = Worker(broker, ThreadCleaner(), name="worker-0")
    worker.start()
    wait_for(lambda: worker.loop.ready, SECONDS, "in the group")
    broker.reachable = False
    wait_for(lambda: bool(worker.errors), SECONDS, "the end")
    assert isinstance(worker.errors[0], StreamUnavailable)
    with pytest.raises(StreamUnavailable):
        Worker(broker, ThreadCleaner()).start()


def test_idle_is_progress_and_work_that_does_not_get_on_is_none() -> None:
    broker = FakeBroker()
    cleaner = HeldCleaner()
    with working(broker, cleaner) as worker:
        wait_for(lambda: worker.loop.ready, SECONDS, "in the group")
        wait_for(lambda: worker.progress.age() > 0.4, SECONDS, "time goes by", pause=0.01)
        wait_for(lambda: worker.progress.age() < 0.4, SECONDS, "idle counts as progress", pause=0.01)
        broker.write(b"page", headers=TEXT)
        wait_for(lambda: cleaner.held == 1, SECONDS, "the page in the cleaner")
        wait_for(lambda: worker.progress.age() > 1.2, SECONDS, "no progress")
        cleaner.release()
        until_done(broker)
        wait_for(lambda: worker.progress.age() < 1, SECONDS, "progress")


def test_articles_keep_what_came_with_their_page() -> None:
    broker = FakeBroker()
    broker.write("نص".encode(), key=b"https://example.org/a", headers=TEXT)

    def clean(page: Page) -> Outcome:
        assert page.is_text
        return echo(page)

    with working(broker, ThreadCleaner(clean)):
        until_done(broker)
    (sent,) = broker.published["articles.clean"]
    assert sent.key == b"https://example.org/a"
    assert "نص".encode() in (sent.value or b"")
