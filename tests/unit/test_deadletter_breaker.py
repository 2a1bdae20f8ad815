"""A broken deploy stops before it has moved the topic; broken pages do not stop it."""

from collections.abc import Iterable

import pytest

from tests.cleaners import HeldCleaner, ThreadCleaner, echo
from tests.fakes import FakeBroker
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


def test_nothing_opens_it_when_both_are_off() -> None:
    breaker = DeadLetterBreaker(0, 0, 10)
    breaker.probe()
    publish(breaker, [EMPTY] * 1000)
    assert not breaker.doubtful


def fill(broker: FakeBroker, bad: int, good: int = 0) -> None:
    for text in [b"bad %d"] * bad + [b"good %d"] * good:
        place = broker.partitions[0]
        broker.write(text % broker.end(place), 0, None, TEXT)


def ended(broker: FakeBroker, name: str = "worker-0", deploy: str = "rules") -> Worker:
    """A worker that its breaker has stopped."""
    cleaner = ThreadCleaner()
    worker = Worker(broker, cleaner, name=name, breaker=DeadLetterBreaker(20, 0, 1), deploy=deploy)
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


def test_the_same_deploy_goes_on_once_a_page_gives_an_article() -> None:
    """Some pages were to blame after all: what waits is published as soon as that is plain."""
    broker = FakeBroker()
    fill(broker, 300)
    ended(broker)
    place = Partition(broker.topic, 0)
    with broker.changed:
        broker.committed[place] = 290  # somebody has dealt with those between
        broker.notes[place] = broker.notes[place].replace(" u=", " x=")
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
