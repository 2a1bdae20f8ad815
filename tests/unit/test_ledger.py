"""Pages that kill their worker: each ends as `crashed` after three deaths, and no other is lost to them."""

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count, pairwise
from typing import Any

import pytest

from tests.cleaners import HeldCleaner, ThreadCleaner, echo
from tests.fakes import FakeBroker, Killed
from tests.loops import TEXT, Worker, dead, dead_sources, sources, working
from tests.servers.processes import wait_for
from worker.core.records import Outcome, Page, Reason, Rejected
from worker.pipeline.deadletter_breaker import DeadLetterBreaker
from worker.pipeline.ledger import Ledger
from worker.pipeline.notes import Mark, Note, decode_note, encode_note
from worker.pipeline.ports import Partition

SECONDS = 20.0
PLACE = Partition("pages.raw", 0)


class Deadly:
    """Workers on one broker, each with a cleaner whose `kill ...` pages kill the worker."""

    def __init__(self, broker: FakeBroker, **limits: Any):
        self._broker = broker
        self._limits = limits
        self._names = count()
        self._over = threading.Event()
        self._all: list[tuple[Worker, ThreadCleaner]] = []
        self.victims: list[bytes] = []  # the page that each death was of
        self.together: Counter[bytes] = Counter()  # other pages in children when a page killed, the last time
        self._now: Counter[bytes] = Counter()

    def add(self) -> Worker:
        """Start one more."""

        def clean(page: Page) -> Outcome:
            self._now[page.body] += 1
            try:
                return self._clean(page, worker)
            finally:
                self._now[page.body] -= 1

        number = next(self._names)
        cleaner = ThreadCleaner(clean, delay=0.003, seed=number)
        worker = Worker(self._broker, cleaner, name=f"worker-{number}", **self._limits)
        self._all.append((worker, cleaner))
        worker.start()
        return worker

    @property
    def alive(self) -> list[Worker]:
        """Those that were not killed."""
        return [worker for worker, _ in self._all if not worker.errors]

    def keep(self, workers: int) -> None:
        """As a supervisor does."""
        for _ in range(workers - len(self.alive)):
            self.add()

    def end(self) -> None:
        """End all that still run; nothing but deaths may have happened."""
        self._over.set()
        for worker, cleaner in self._all:
            if not worker.errors:
                worker.stop()
            cleaner.close(5)
        errors = [error for worker, _ in self._all for error in worker.errors]
        assert all(isinstance(error, Killed) for error in errors), errors

    def _clean(self, page: Page, worker: Worker) -> Outcome:
        if not page.body.startswith(b"kill"):
            return echo(page)
        if worker.stream.killed:  # a process that is gone cleans no more
            self._over.wait(SECONDS)
            return echo(page)
        self.together[page.body] = sum(n for body, n in self._now.items() if body != page.body)
        self.victims.append(page.body)
        worker.stream.kill()
        self._over.wait(SECONDS)
        return Rejected(Reason.EMPTY, "nobody is there to hear it")


@contextmanager
def deadly(broker: FakeBroker, **limits: Any) -> Iterator[Deadly]:
    workers = Deadly(broker, **limits)
    try:
        yield workers
    finally:
        workers.end()


def fill(broker: FakeBroker, pages: int, killers: set[int]) -> None:
    places = len(broker.partitions)
    for number in range(pages):
        text = b"kill %d" if number in killers else b"page %d"
        broker.write(text % number, number % places, None, TEXT)


def assert_each_once(broker: FakeBroker, killers: int) -> None:
    articles, letters = sources(broker), dead_sources(broker)
    for place in broker.partitions:
        lanes = articles.get(place.number, []), letters.get(place.number, [])
        assert sorted(lanes[0] + lanes[1]) == [message.offset for message in broker.after(place, 0)]
        assert all(lane == sorted(lane) for lane in lanes)
    assert len(dead(broker)) == killers
    assert {headers["pagesieve.reason"] for headers in dead(broker)} <= {"crashed"}
    assert {headers["pagesieve.attempts"] for headers in dead(broker)} <= {"3"}


def until_done(broker: FakeBroker, workers: Deadly, number: int = 1) -> None:
    def done() -> bool:
        workers.keep(number)
        return broker.done()

    wait_for(done, SECONDS, "every page committed", pause=0.01)


@pytest.mark.parametrize("at", [0, 57, 179])
@pytest.mark.parametrize("number", [1, 2])
def test_a_page_that_kills_its_worker_ends_as_crashed_after_three_deaths(at: int, number: int) -> None:
    broker = FakeBroker(3)
    fill(broker, 180, {at})
    with deadly(broker) as workers:
        until_done(broker, workers, number)
        assert workers.victims == [b"kill %d" % at] * 3
        assert not any(workers.together.values()), "it was not alone the last time"
        last = workers.alive[0]
        lost = sum(worker.metric("suspect_pages_total", step="lost") or 0 for worker in workers.alive)
        assert lost == 1
        assert last.metric("suspect_pages_total", step="alone") is not None
    assert_each_once(broker, 1)


def until_done_by_three_deaths(broker: FakeBroker, workers: Deadly, killers: int) -> None:
    until_done(broker, workers)
    deaths = Counter(workers.victims)
    assert max(deaths.values()) <= 3
    assert len(deaths) == killers
    assert_each_once(broker, killers)


def test_several_such_pages_cost_three_deaths_each_at_most() -> None:
    broker = FakeBroker(2)
    killers = {3, 4, 60, 90, 91}
    fill(broker, 120, killers)
    with deadly(broker, max_pages=40) as workers:
        until_done_by_three_deaths(broker, workers, len(killers))


@pytest.mark.parametrize("seed", range(3))
def test_workers_killed_by_others_lose_and_double_nothing(seed: int) -> None:
    """Pages that kill, and an operator who kills, stops and puts workers out of the group at random."""
    chance = random.Random(seed)
    broker = FakeBroker(4)
    fill(broker, 400, {40, 222})
    with deadly(broker, max_pages=60, drain_timeout=1.0) as workers:
        for _ in range(10):
            workers.keep(2)
            threading.Event().wait(chance.uniform(0.01, 0.05))
            match chance.choice(["kill", "expire", "fault", "note-fault"]):
                case "kill":
                    chance.choice(workers.alive or [workers.add()]).stream.kill()
                case "expire":
                    broker.leave(chance.choice(workers.alive or [workers.add()]).stream)
                case "fault":
                    broker.faults.append(chance.choice(["undone", "timeout", "unanswered"]))
                case _:
                    broker.note_faults.append(chance.choice(["undone", "timeout", "unanswered"]))
        until_done(broker, workers, 2)
        assert max(Counter(workers.victims).values()) <= 3
    articles, letters = sources(broker), dead_sources(broker)
    for place in broker.partitions:
        found = articles.get(place.number, []) + letters.get(place.number, [])
        assert sorted(found) == [message.offset for message in broker.after(place, 0)]


def in_hand_of_a_dead(broker: FakeBroker, marks: dict[int, Mark], until: int) -> None:
    """Leave a note as a worker that was killed leaves it."""
    note = Note("dead", until=until, marks=marks)
    with broker.changed:
        broker.commit([], {PLACE: 0}, {PLACE: encode_note(note, 0)})


def test_a_page_of_two_deaths_is_alone_in_a_fresh_child_and_costs_others_its_own_time_only() -> None:
    broker = FakeBroker()
    fill(broker, 6, set())
    in_hand_of_a_dead(broker, {1: Mark(1, in_hand=True), 3: Mark(1, in_hand=True)}, 5)
    cleaner = HeldCleaner()
    with working(broker, cleaner):
        for body, fresh in [(b"page 0", False), (b"page 1", True), (b"page 2", False), (b"page 3", True)]:
            wait_for(lambda: cleaner.held == 1, SECONDS, "the next page")
            threading.Event().wait(0.1)
            assert cleaner.held == 1, "it is not alone"
            assert (cleaner.pages[-1].body, cleaner.fresh[-1]) == (body, fresh)
            assert broker.notes[PLACE].count("*") == 1
            cleaner.release()
        wait_for(lambda: cleaner.held == 1, SECONDS, "the last doubtful page")
        assert cleaner.pages[-1].body == b"page 4"
        cleaner.release()
        wait_for(lambda: cleaner.held == 1, SECONDS, "a page that was never in doubt")
        cleaner.release()
        wait_for(broker.done, SECONDS, "every page committed")
        assert decode_note(broker.notes[PLACE], 6).span == 100
    assert sources(broker) == {0: [0, 1, 2, 3, 4, 5]}


def test_a_stop_does_not_wait_for_a_page_that_waits_to_be_alone() -> None:
    broker = FakeBroker(2)
    for number in range(20):
        broker.write(b"other %d" % number, 1, None, TEXT)
    in_hand_of_a_dead(broker, {0: Mark(1, in_hand=True)}, 1)
    cleaner = HeldCleaner()
    worker = Worker(broker, cleaner, drain_timeout=60, ahead=2)
    worker.start()
    wait_for(lambda: cleaner.held == 4, SECONDS, "as many of the others as the pool takes")
    broker.write(b"suspect", 0, None, TEXT)
    wait_for(lambda: worker.loop._admission.exclusive, SECONDS, "the suspect waits")
    worker.loop.stop()
    wait_for(lambda: not worker.loop._admission.pages, SECONDS, "the suspect is left to the next worker")

    def others_done() -> bool:
        cleaner.release(cleaner.held)
        return broker.committed.get(Partition(broker.topic, 1)) == 20

    wait_for(others_done, SECONDS, "the others, in the time of the drain")
    worker.stop()
    assert not worker.errors
    assert b"suspect" not in {page.body for page in cleaner.pages}
    note = decode_note(broker.notes[PLACE], 0)
    assert (note.session, note.marks) == ("", {0: Mark(2, in_hand=False)})


def test_others_get_their_turn_between_two_pages_that_are_alone() -> None:
    broker = FakeBroker(2)
    for number in range(4):
        broker.write(b"page %d" % number, 0, None, TEXT)
    in_hand_of_a_dead(broker, {place: Mark(1, in_hand=True) for place in range(4)}, 4)
    cleaner = HeldCleaner()
    with working(broker, cleaner) as worker:
        written = 4
        while not broker.done():
            wait_for(lambda: cleaner.held > 0 or broker.done(), SECONDS, "pages")
            if cleaner.held and cleaner.fresh[-1]:
                assert cleaner.held == 1, "it is not alone"
                broker.write(b"other %d" % written, 1, None, TEXT)
                written += 1
                wait_for(lambda: worker.stream.handed_out == written, SECONDS, "the other is read")  # noqa: B023
            cleaner.release(cleaner.held)
    alone = [number for number, fresh in enumerate(cleaner.fresh) if fresh]
    assert len(alone) == 4
    assert all(after - before > 1 for before, after in pairwise(alone))


def note_after(end: Callable[[Worker], None], held: int = 3) -> Note:
    broker = FakeBroker()
    fill(broker, held, set())
    cleaner = HeldCleaner()
    worker = Worker(broker, cleaner, max_pages=50, drain_timeout=0.1)
    worker.start()
    wait_for(lambda: cleaner.held == held, SECONDS, "all pages in the cleaner")
    end(worker)
    return decode_note(broker.notes[PLACE], broker.committed[PLACE])


def test_a_worker_that_stops_signs_off_and_one_that_is_killed_does_not() -> None:
    assert note_after(lambda worker: worker.stop()) == Note()

    def kill(worker: Worker) -> None:
        worker.stream.kill()
        wait_for(lambda: bool(worker.errors), SECONDS, "its end")

    assert note_after(kill).span == 50


def test_a_worker_does_not_take_itself_for_dead() -> None:
    broker = FakeBroker()
    fill(broker, 10, set())
    cleaner = HeldCleaner()
    with working(broker, cleaner, ahead=10) as worker:
        wait_for(lambda: cleaner.held == 10, SECONDS, "all pages in the cleaner")
        broker.leave(worker.stream)  # put out, with all in hand: it reads them again
        wait_for(lambda: cleaner.held == 20, SECONDS, "all pages again, at once")
        cleaner.release(20)
        wait_for(broker.done, SECONDS, "every page committed")
        assert worker.metric("suspect_pages_total", step="batch") == 0


def test_a_handover_is_no_death() -> None:
    broker = FakeBroker(2)
    fill(broker, 40, set())
    cleaner, other = HeldCleaner(), HeldCleaner()
    with working(broker, cleaner, ahead=20) as first:
        wait_for(lambda: cleaner.held == 40, SECONDS, "all pages in the cleaner")
        with working(broker, other, name="worker-1", ahead=20, drain_timeout=0.2) as second:
            wait_for(lambda: other.held == 20, SECONDS, "the second worker has its half, at once")
            assert second.metric("suspect_pages_total", step="batch") == 0
            wait_for(lambda: cleaner.held == 20, SECONDS, "the first has none of that half any more")
        assert first.metric("suspect_pages_total", step="batch") == 0
        wait_for(lambda: cleaner.held == 40, SECONDS, "the half that came back")
        cleaner.release(40)
        wait_for(broker.done, SECONDS, "every page committed")


def ledger(session: str = "me", span: int = 100) -> Ledger:
    return Ledger(session, span, "rules", DeadLetterBreaker(0, 0, 1))


def test_what_a_note_tells_is_of_the_committed_offset_not_of_the_first_page_behind_it() -> None:
    """Two control markers, then page 100, alone with two deaths: its worker dies."""
    broker = FakeBroker()
    broker.skip(offsets=100)
    for number in range(100, 106):
        broker.write(b"page %d" % number, 0, None, TEXT)
    note = Note("dead", until=104, marks={100: Mark(2, in_hand=True), 102: Mark(2, in_hand=False)})
    with broker.changed:
        broker.commit([], {PLACE: 98}, {PLACE: encode_note(note, 98)})
    cleaner = HeldCleaner()
    with working(broker, cleaner):
        wait_for(lambda: len(dead(broker)) == 1 or cleaner.held > 0, SECONDS, "the first page")
        while not broker.done():
            cleaner.release(cleaner.held)
    assert dead_sources(broker) == {0: [100]}
    assert sources(broker) == {0: [101, 102, 103, 104, 105]}
    assert [
        fresh for page, fresh in zip(cleaner.pages, cleaner.fresh, strict=True) if page.body == b"page 102"
    ]


def test_pages_that_kill_their_worker_behind_gaps_end_as_crashed() -> None:
    """Also where there are fewer pages than the offsets that a worker may have in flight."""
    broker = FakeBroker(2)
    killers = {3, 6, 11, 30}
    for number in range(40):
        text = b"kill %d" if number in killers else b"page %d"
        broker.write(text % number, number % 2, None, TEXT)
        broker.skip(number % 2, offsets=(0, 1, 2, 70)[number % 4])
    with broker.changed:
        broker.commit([], {PLACE: 0}, {})
    with deadly(broker, max_pages=30) as workers:
        until_done_by_three_deaths(broker, workers, len(killers))


@pytest.mark.parametrize("first", [98, 100, 5000])
def test_a_gap_was_in_nobodys_hand_and_is_not_counted_twice(first: int) -> None:
    """Read by one after the other, of whom each dies before it has recorded anything but the note."""
    pages = [first, first + 1, first + 40, first + 41]
    text = encode_note(Note("dead", span=3), 98)
    for session in ("a", "b", "c"):
        one = ledger(session)
        assert one.begin(PLACE, 98, text) == (session == "a")
        for page in pages:
            one.came(PLACE, page)
        assert [one.deaths(PLACE, page) for page in pages] == [1, 1, 1, 0]
        one.sign_off()
        assert one.unrecorded() in ({PLACE: 98}, {})
        text = one.notes({PLACE: 98})[PLACE]
        assert decode_note(text, 98).until == 101


def test_a_topic_made_anew_is_read_without_what_was_committed_for_the_old_one() -> None:
    one = ledger()
    one.begin(PLACE, 500, encode_note(Note("dead", span=100), 500))
    one.came(PLACE, 0)
    assert one.deaths(PLACE, 0) == 0
    assert one.open(PLACE)
    assert one.unrecorded() == {PLACE: 0}


def test_signing_off_commits_only_where_something_changes() -> None:
    one = ledger()
    mine, clean, others = (Partition("pages.raw", number) for number in range(3))
    one.begin(mine, 7, encode_note(Note("me", span=100), 7))
    one.begin(clean, 8, "")
    one.begin(others, 9, "somebody else's")
    one.sign_off()
    assert one.unrecorded() == {mine: 7}
    assert one.notes({mine: 7}) == {mine: ""}


def all_committed() -> tuple[FakeBroker, Worker]:
    """A worker whose last commit took effect without its knowing: no page is left, but its signature is."""
    broker = FakeBroker(2)
    fill(broker, 6, set())
    cleaner = HeldCleaner()
    worker = Worker(broker, cleaner)
    worker.start()
    wait_for(lambda: cleaner.held == 6, SECONDS, "all pages in the cleaner")
    broker.faults.append("unanswered")
    cleaner.release(6)
    wait_for(broker.done, SECONDS, "every page committed")
    polls = worker.stream.polls
    wait_for(lambda: worker.stream.polls > polls + 3, SECONDS, "the positions again")
    assert all("s=" in note for note in broker.notes.values())
    return broker, worker


def test_a_worker_that_stops_signs_off_where_nothing_came_since_a_commit_that_was_not_answered() -> None:
    broker, worker = all_committed()
    worker.stop()
    assert not worker.errors
    assert broker.notes == dict.fromkeys(broker.partitions, "")


def test_a_handover_signs_off_where_nothing_came_since_a_commit_that_was_not_answered() -> None:
    broker, worker = all_committed()
    with working(broker, HeldCleaner(), name="worker-1"):
        wait_for(lambda: not any(broker.notes.values()), SECONDS, "the signatures off")
        worker.stop()
    assert not worker.errors


def test_a_stop_commits_nothing_where_nothing_was_in_hand() -> None:
    broker = FakeBroker(2)
    with broker.changed:
        broker.commit([], {PLACE: 0}, {PLACE: ""})
    broker.note_faults.append("undone")
    with working(broker, HeldCleaner()) as worker:
        wait_for(lambda: worker.stream.polls > 3, SECONDS, "polls")
    assert broker.committed == {PLACE: 0}
    assert broker.note_faults, "something was committed"


def test_a_page_is_recorded_before_it_is_decoded() -> None:
    """What kills the worker in its own process, before any child has it, is found as well."""
    broker = FakeBroker()
    fill(broker, 3, set())
    broker.note_faults.append("undone")
    cleaner = HeldCleaner()
    with working(broker, cleaner) as worker:
        wait_for(lambda: cleaner.held == 3, SECONDS, "all pages in the cleaner")
        assert worker.metric("page_bytes_count") == 3, "pages were decoded before the note was committed"
        cleaner.release(3)
        wait_for(broker.done, SECONDS, "every page committed")


def test_a_deploy_that_was_stopped_probes_when_a_page_comes_and_keeps_its_mark_until_then() -> None:
    breaker = DeadLetterBreaker(5, 0, 1)
    one = Ledger("me", 100, "rules", breaker)
    one.begin(PLACE, 7, encode_note(Note(tripped="rules"), 7))
    one.sign_off()
    assert not breaker.probing
    assert one.unrecorded() == {}
    one.came(PLACE, 7)
    assert breaker.probing
