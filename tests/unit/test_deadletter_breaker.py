"""A broken deploy stops before it has moved the topic; broken pages do not stop it."""

from collections.abc import Iterable

import pytest

from tests.cleaners import HeldCleaner, ThreadCleaner, echo
from tests.fakes import FakeBroker, Fault
from tests.loops import TEXT, Worker, dead, sources, working
from tests.servers.processes import wait_for
from worker.core.records import Article, Outcome, Page, Reason, Rejected
from worker.pipeline.deadletter_breaker import COUNTED, DeadLetterBreaker, TooManyDeadLetters
from worker.pipeline.notes import decode_note
from worker.pipeline.ports import Partition

SECONDS = 20.0
GOOD = Article(("text",))
EMPTY = Rejected(Reason.EMPTY, "")


def publish(breaker: DeadLetterBreaker, outcomes: Iterable[Outcome]) -> None:
    breaker.check(outcomes)
    breaker.published()


@pytest.mark.parametrize("reason", sorted(COUNTED))
def test_a_run_opens_it_and_an_article_ends_the_run(reason: Reason) -> None:
    breaker = DeadLetterBreaker(5, 0, 1)
    bad = Rejected(reason, "")
    publish(breaker, [bad] * 4)
    publish(breaker, [GOOD])
    publish(breaker, [bad] * 4)
    assert breaker.run == 4
    with pytest.raises(TooManyDeadLetters, match=r"5 pages in a row.*PAGESIEVE_DEAD_LETTER_RUN"):
        breaker.check([bad])
    assert breaker.doubtful


@pytest.mark.parametrize("reason", sorted(set(Reason) - COUNTED))
def test_what_is_a_fact_of_the_message_is_not_counted(reason: Reason) -> None:
    breaker = DeadLetterBreaker(5, 0.5, 10)
    publish(breaker, [Rejected(reason, "")] * 100)
    publish(breaker, [EMPTY] * 4)
    publish(breaker, [Rejected(reason, "")])
    assert breaker.run == 4


def test_a_share_of_a_full_window_opens_it() -> None:
    breaker = DeadLetterBreaker(0, 0.6, 10)
    publish(breaker, [EMPTY] * 5)
    publish(breaker, [GOOD] * 5)
    with pytest.raises(TooManyDeadLetters, match="6 of the last 10"):
        breaker.check([EMPTY] * 6)


def test_what_was_not_published_does_not_count() -> None:
    breaker = DeadLetterBreaker(5, 0, 1)
    for _ in range(10):
        breaker.check([EMPTY] * 3)  # and the commit failed
    assert breaker.run == 0


def ten_percent(pages: int) -> list[Outcome]:
    return [GOOD if number % 10 == 0 else EMPTY for number in range(pages)]


def published_by(breaker: DeadLetterBreaker, outcomes: Iterable[Outcome]) -> int:
    """How many of these a worker publishes, one by one or all that it held, before the breaker opens."""
    done, held = 0, list[Outcome]()
    try:
        for outcome in outcomes:
            breaker.finished(outcome)
            held.append(outcome)
            if not breaker.probing:
                publish(breaker, held)
                done += len(held)
                held.clear()
    except TooManyDeadLetters:
        return done
    raise AssertionError("it has not opened")


@pytest.mark.parametrize("run", [0, 50])
def test_restarts_with_a_few_articles_move_no_window_of_pages_each(run: int) -> None:
    assert published_by(DeadLetterBreaker(run, 0.8, 100), ten_percent(200)) == 99
    for start in range(10):  # with the article as the first of its pages, the last, or between
        again = DeadLetterBreaker(run, 0.8, 100)
        again.probe()
        assert published_by(again, ten_percent(200)[start:]) <= 4, start


def test_what_is_below_the_share_is_published_after_a_restart() -> None:
    breaker = DeadLetterBreaker(50, 0.8, 100)
    breaker.probe()
    for outcome in [EMPTY] * 40 + [GOOD] * 10:
        breaker.finished(outcome)
    assert breaker.probing, "what it holds would open it"
    breaker.finished(GOOD)
    assert not breaker.probing
    publish(breaker, [EMPTY] * 40 + [GOOD] * 11)
    for _ in range(1000):
        publish(breaker, [EMPTY, GOOD])


def test_a_run_stops_a_worker_that_probes_whatever_came_before_it() -> None:
    breaker = DeadLetterBreaker(50, 0.8, 1000)
    breaker.probe()
    for outcome in [EMPTY] * 49 + [GOOD] + [EMPTY] * 49:
        breaker.finished(outcome)
    with pytest.raises(TooManyDeadLetters, match="again 99 of 100 pages since the worker started"):
        breaker.finished(EMPTY)


def test_nothing_opens_it_when_both_are_off() -> None:
    breaker = DeadLetterBreaker(0, 0, 10)
    breaker.probe()
    publish(breaker, [EMPTY] * 1000)
    assert not breaker.doubtful


def fill(broker: FakeBroker, bad: int, good: int = 0) -> None:
    for text in [b"bad %d"] * bad + [b"good %d"] * good:
        place = broker.partitions[0]
        broker.write(text % broker.end(place), 0, None, TEXT)


def ended(
    broker: FakeBroker,
    name: str = "worker-0",
    deploy: str = "rules",
    breaker: DeadLetterBreaker | None = None,
) -> Worker:
    """A worker that its breaker has stopped."""
    cleaner = ThreadCleaner()
    breaker = breaker or DeadLetterBreaker(20, 0, 1)
    worker = Worker(broker, cleaner, name=name, breaker=breaker, deploy=deploy)
    worker.start()
    wait_for(lambda: bool(worker.errors), SECONDS, "its end")
    worker.stop()
    cleaner.close(5)
    assert isinstance(worker.errors[0], TooManyDeadLetters), worker.errors
    return worker


def test_restarts_of_a_broken_deploy_move_no_more_pages() -> None:
    broker = FakeBroker()
    fill(broker, 300)
    ended(broker)
    moved = len(dead(broker))
    assert moved < 20
    for number in range(3):
        again = ended(broker, f"worker-{number}")
        assert "no article since" in str(again.errors[0])
        assert len(dead(broker)) == moved
    note = decode_note(broker.notes[Partition(broker.topic, 0)], 0)
    assert (note.session, note.tripped) == ("", "rules"), "it stopped in good order"


def test_restarts_of_a_deploy_that_finds_little_move_next_to_no_more_pages() -> None:
    broker = FakeBroker()
    for _ in range(60):
        fill(broker, 9, good=1)
    ended(broker, breaker=DeadLetterBreaker(0, 0.8, 100))
    moved = len(dead(broker))
    assert moved < 100
    for number in range(4):
        ended(broker, f"worker-{number}", breaker=DeadLetterBreaker(0, 0.8, 100))
    assert len(dead(broker)) <= moved + 4 * 3


def test_a_rebalance_that_opens_it_is_recorded_while_the_worker_is_still_a_member(
    caplog: pytest.LogCaptureFixture,
) -> None:
    broker = FakeBroker(2)
    for place in (0, 1):
        for number in range(30):
            broker.write(b"bad %d" % number, place, None, TEXT)
    cleaner, other = HeldCleaner(), HeldCleaner()
    breaker = DeadLetterBreaker(20, 0, 1)
    first = Worker(broker, cleaner, breaker=breaker, commit_interval=60, ahead=40)
    first.start()
    wait_for(lambda: cleaner.held == 60, SECONDS, "all pages in the cleaner")
    cleaner.release(59, last=True)
    cleaner.release(1)
    assert not first.errors, "the rebalance is to find what is ready"
    breaker = DeadLetterBreaker(20, 0, 1)
    with working(broker, other, name="worker-1", breaker=breaker, drain_timeout=0.1) as second:
        wait_for(lambda: bool(first.errors), SECONDS, "the end of the first")
        assert isinstance(first.errors[0], TooManyDeadLetters)
        notes = {place: decode_note(broker.notes[place], 0) for place in broker.partitions}
        wait_for(lambda: other.held > 0, SECONDS, "pages in the second")
        assert second.breaker.probing
        assert second.metric("suspect_pages_total", step="batch") == 0, "nobody has died"
        first.stop()
    assert {note.tripped for note in notes.values()} == {"rules"}
    assert first.ledger._session not in {note.session for note in notes.values()}, "it has not signed off"
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
    assert not dead(broker)


@pytest.mark.parametrize("fault", ["undone", None])
def test_a_stop_that_cannot_be_recorded_is_told(
    fault: Fault | None, caplog: pytest.LogCaptureFixture
) -> None:
    broker = FakeBroker()
    fill(broker, 30)
    cleaner = HeldCleaner()
    worker = Worker(broker, cleaner, breaker=DeadLetterBreaker(20, 0, 1), commit_interval=60, ahead=40)
    worker.start()
    wait_for(lambda: cleaner.held == 30, SECONDS, "all pages in the cleaner")
    if fault is not None:
        broker.note_faults.append(fault)
    cleaner.release(30)
    worker.stop()
    assert isinstance(worker.errors[0], TooManyDeadLetters)
    told = [record for record in caplog.records if record.levelname == "ERROR"]
    assert len(told) == (fault is not None)


def test_a_mended_deploy_goes_on_with_every_page() -> None:
    broker = FakeBroker()
    fill(broker, 300)
    ended(broker)
    moved = len(dead(broker))

    def clean(page: Page) -> Outcome:
        return echo(Page(page.body.replace(b"bad", b"mended")))

    breaker = DeadLetterBreaker(20, 0, 1)
    with working(broker, ThreadCleaner(clean), breaker=breaker, deploy="others"):
        wait_for(broker.done, SECONDS, "every page committed")
    assert len(sources(broker)[0]) == 300 - moved
    assert len(dead(broker)) == moved


def leave_the_last_ten(broker: FakeBroker) -> None:
    """Somebody has dealt with those between."""
    place = Partition(broker.topic, 0)
    with broker.changed:
        broker.committed[place] = 290
        broker.notes[place] = broker.notes[place].replace(" u=", " x=")


def test_the_same_deploy_goes_on_once_a_page_gives_an_article() -> None:
    """Some pages were to blame after all: what waits is published as soon as that is plain."""
    broker = FakeBroker()
    fill(broker, 300)
    ended(broker)
    leave_the_last_ten(broker)
    moved = len(dead(broker))
    cleaner = HeldCleaner()
    with working(broker, cleaner, breaker=DeadLetterBreaker(20, 0, 1)) as worker:
        wait_for(lambda: cleaner.held == 10, SECONDS, "the last ten")
        cleaner.release(10)
        wait_for(lambda: worker.metric("dead_letter_probing") == 1, SECONDS, "it probes")
        wait_for(lambda: worker.progress.age() < 0.5, SECONDS, "waiting is no reason for the watchdog")
        assert len(dead(broker)) == moved
        fill(broker, 0, good=1)
        wait_for(lambda: cleaner.held == 1, SECONDS, "the good one")
        cleaner.release(1)
        wait_for(broker.done, SECONDS, "every page committed")
        wait_for(lambda: worker.metric("dead_letter_probing") == 0, SECONDS, "it does not probe any more")
    assert len(dead(broker)) == moved + 10


def test_a_stop_while_it_probes_waits_for_what_is_not_finished_and_no_longer() -> None:
    broker = FakeBroker()
    fill(broker, 300)
    ended(broker)
    leave_the_last_ten(broker)
    moved = len(dead(broker))
    cleaner = HeldCleaner()
    breaker = DeadLetterBreaker(20, 0, 1)
    worker = Worker(broker, cleaner, breaker=breaker, drain_timeout=60)
    worker.start()
    wait_for(lambda: cleaner.held == 10 and breaker.probing, SECONDS, "the first ten")
    cleaner.release(9)
    worker.loop.stop()
    cleaner.release()
    worker.stop()  # within 20 seconds
    assert not worker.errors
    assert len(dead(broker)) == moved


def test_when_no_more_can_be_held_it_stops_too() -> None:
    broker = FakeBroker()
    fill(broker, 300)
    ended(broker)
    cleaner = ThreadCleaner()
    worker = Worker(broker, cleaner, breaker=DeadLetterBreaker(200, 0, 1), max_pages=50)
    worker.start()
    wait_for(lambda: bool(worker.errors), SECONDS, "its end")
    worker.stop()
    cleaner.close(5)
    assert isinstance(worker.errors[0], TooManyDeadLetters)
    assert len(dead(broker)) < 20
