"""The loop of a worker: poll, decode, look up, clean, publish and commit, remember.

One thread does all of it, the one that calls `run`; the pool's threads only put results in a queue.
"""

import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence

from worker.core.records import Outcome
from worker.pipeline.admission import Admission, Admitted
from worker.pipeline.backpressure import Gate
from worker.pipeline.counting import Counting
from worker.pipeline.deadletter_breaker import DeadLetterBreaker, TooManyDeadLetters
from worker.pipeline.feeding import Feeder, Result
from worker.pipeline.finishing import Finisher
from worker.pipeline.intake import Arrival, Intake
from worker.pipeline.ledger import MAX_DEATHS, Ledger
from worker.pipeline.limits import Limits
from worker.pipeline.outcomes import decode_outcome
from worker.pipeline.ports import Cache, Cleaner, Committed, Partition, Stream
from worker.pipeline.publishing import Pages, Publisher
from worker.pipeline.watchdog import Progress

log = logging.getLogger(__name__)

_BUSY_POLL = 0.05  # seconds that one poll may wait while children are at work: results wait as long
_READ_PAUSE = 0.05  # seconds between polls while pages are wanted: each costs most of a millisecond
_LONGEST_SILENCE = 1.0  # between two polls, whatever else there is to do
_OBSERVE = 1.0  # between two looks at the lag
_REVOKE_GRACE = 0.5  # seconds that children have to finish their page when its partition is given back
_DRAIN_WAIT = 0.1  # longest wait for a result when stopping


class Loop:
    """Runs a member of the consumer group. It is the stream's listener too."""

    def __init__(
        self,
        *,
        stream: Stream,
        cleaner: Cleaner,
        cache: Cache | None,
        intake: Intake,
        finisher: Finisher,
        ledger: Ledger,
        breaker: DeadLetterBreaker,
        counting: Counting,
        progress: Progress,
        limits: Limits,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._stream = stream
        self._cache = cache
        self._intake = intake
        self._finisher = finisher
        self._counting = counting
        self._progress = progress
        self._limits = limits
        self._clock = clock
        self._window: Pages = Pages()
        self._feeder = Feeder(cleaner, self._window, limits.children * limits.ahead)
        self._publisher = Publisher(stream, self._window, finisher, ledger, breaker, counting, progress)
        self._ledger = ledger
        self._breaker = breaker
        self._admission = Admission(ledger, batch=2 * limits.children)
        self._gate = Gate(limits.max_pages, limits.max_bytes)
        self._assigned: frozenset[Partition] = frozenset()
        self._stopping = self._given_up = False
        self._reassigned = False
        self._came = False  # messages, with the last poll
        self._committed = self._polled = self._observed = -math.inf  # when last
        self._joined = False

    def start(self) -> None:
        """Connect to Kafka; the polls of `run` join the group.

        Raises:
            StreamUnavailable: Kafka is out of reach.
        """
        self._stream.start(self)

    def run(self) -> None:
        """Work until `stop`, then finish what is in flight within the drain time.

        Raises:
            StreamUnavailable: Kafka is out of reach.
            TooManyDeadLetters: the dead-letter breaker has opened.
        """
        try:
            while not self._stopping:
                self._turn()
            self._drain()
        except TooManyDeadLetters:
            self._give_up()
            raise

    def stop(self) -> None:
        """Take no more pages, and let `run` come to its end. From any thread or signal handler."""
        self._stopping = True
        self._feeder.wake()

    @property
    def ready(self) -> bool:
        """Whether the worker has its place in the group and is not stopping. From any thread."""
        return self._joined and not self._stopping

    def revoking(self, partitions: frozenset[Partition]) -> None:
        """Publish what is ready of these, drop the rest: nothing of it is in a child any more after that.

        Raises:
            TooManyDeadLetters: as `run`, which passes it on.
        """
        try:
            self._take_back(partitions)
            self._ledger.sign_off(partitions)
            self._publish(partitions)
        except TooManyDeadLetters:
            self._give_up()  # now: the group may have gone on before `run` hears of it
            raise
        self._drop(partitions)
        self._assigned -= partitions
        self._counting.unassigned(partitions)

    def dropped(self, partitions: frozenset[Partition]) -> None:
        """Forget what is in flight of these."""
        self._drop(partitions)

    def assigned(self, partitions: frozenset[Partition]) -> None:
        """Read these too."""
        self._drop(partitions)
        self._assigned |= partitions
        self._reassigned = True
        self._counting.assigned()

    def found(self, committed: Mapping[Partition, Committed]) -> None:
        """Begin with what was committed, so that these are signed off even if nothing of them comes."""
        self._admission.begin(committed)

    def _give_up(self) -> None:
        """Tell the next worker that this deploy was stopped, and that nobody has died; once."""
        if self._given_up:
            return
        self._given_up = True
        self._ledger.sign_off()
        if not self._publisher.record():
            log.error("the stop could not be recorded: the next start publishes dead letters as this one did")

    def _turn(self) -> None:
        if self._feeder.waiting or self._gate.closed or self._admission.pages:
            self._collect(min(self._next_commit(), self._next_poll()) - self._clock())
            if self._clock() >= self._next_poll():
                self._read(0.0)
        else:
            patience = _BUSY_POLL if self._feeder.cleaning else self._limits.idle_poll
            self._read(max(0.0, min(patience, self._next_commit() - self._clock())))
        self._collect(0.0)
        self._admit()
        if self._commit_is_due():
            self._publish()
        self._regulate()
        self._observe()

    def _next_poll(self) -> float:
        if self._gate.closed or self._feeder.is_ahead:
            return self._polled + _LONGEST_SILENCE
        return self._polled + (_READ_PAUSE if self._came else _BUSY_POLL)

    def _next_commit(self) -> float:
        return self._committed + self._limits.commit_interval if self._window.ready_pages else math.inf

    def _read(self, timeout: float) -> None:
        """Poll, and hold what comes; the listener's methods are called in here."""
        room = self._gate.room(*self._load())
        messages = self._stream.poll(timeout, min(self._limits.max_poll_records, room))
        self._polled = self._clock()
        self._came = bool(messages)
        self._admission.take(messages)

    def _admit(self) -> None:
        """Take in what may go on, after the ledger's notes are committed."""
        admitted = self._admission.go_on(idle=not self._feeder.cleaning)
        if admitted and (not self._ledger.unrecorded() or self._publish()):
            self._take_in_all(admitted)
        self._feed()  # before the next page may want to be alone

    def _take_in_all(self, admitted: Sequence[Admitted]) -> None:
        touched = iter(self._intake.arrivals([one.message for one in admitted if not one.lost]))
        for message, deaths in admitted:
            lost = deaths >= MAX_DEATHS
            arrival = self._intake.lost(message, deaths) if lost else next(touched)
            if deaths:
                self._counting.suspect(deaths)
                arrival.attempts = deaths + (not lost)
            self._take_on(arrival)

    def _take_on(self, arrival: Arrival) -> None:
        message = arrival.message
        size = len(message.key or b"") + len(message.value or b"")
        ticket = self._window.add(message.partition, message.offset, size, arrival)
        if arrival.outcome is not None:
            self._finish(ticket, arrival, arrival.outcome)
        elif self._admission.alone:
            self._feeder.submit(ticket, fresh=True)
        else:
            self._feeder.add(ticket)

    def _feed(self) -> None:
        if not self._admission.exclusive:
            self._feeder.feed()

    def _take_back(self, partitions: frozenset[Partition]) -> None:
        """Leave no page of these in a child: one that kills this worker later would be nobody's fault."""
        self._collect(0.0)
        self._feeder.withdraw(partitions)
        until = self._clock() + _REVOKE_GRACE
        while self._feeder.has_any_of(partitions) and self._clock() < until:
            self._collect(until - self._clock())
        self._feeder.interrupt(partitions)

    def _collect(self, timeout: float) -> None:
        """Take in the results that are there; wait up to `timeout` seconds for the first."""
        remember: list[tuple[str, bytes]] = []
        for result in self._feeder.results(timeout):
            if result.cleaned.cacheable and result.key is not None:
                remember.append((result.key, result.cleaned.outcome))
            self._take_in(result)
        if remember and self._cache is not None:
            self._cache.put_many(remember)

    def _take_in(self, result: Result) -> None:
        self._counting.cleaned(result.cleaned.seconds)
        arrival = self._window.item(result.ticket)
        if arrival is not None:
            self._finish(result.ticket, arrival, decode_outcome(result.cleaned.outcome))

    def _finish(self, ticket: int, arrival: Arrival, outcome: Outcome) -> None:
        finished = self._finisher.finished(arrival, outcome)
        self._window.finish(ticket, finished, finished.weight)
        self._ledger.finished(arrival.message.partition, arrival.message.offset)
        self._breaker.finished(outcome)

    def _commit_is_due(self) -> bool:
        ready = self._window.ready_pages
        if not ready or self._breaker.probing:
            return False
        starving = (
            self._gate.closed and not self._feeder.waiting and self._feeder.cleaning < self._limits.children
        )
        return (
            starving
            or self._clock() >= self._next_commit()
            or ready >= self._limits.commit_pages
            or self._window.ready_bytes >= self._limits.commit_bytes
        )

    def _publish(self, partitions: frozenset[Partition] | None = None) -> bool:
        done = self._publisher.publish_ready(partitions)
        if not done:
            self._admission.drop()
            self._prune()
        self._committed = self._clock()
        return done

    def _drop(self, partitions: frozenset[Partition]) -> None:
        self._window.drop(partitions)
        self._admission.drop(partitions)
        self._ledger.drop(partitions)
        self._prune()

    def _prune(self) -> None:
        """Forget the pages that the window has dropped before they went to the pool."""
        self._feeder.prune()
        self._breaker.dropped()

    def _regulate(self) -> None:
        """Pause or resume all partitions, by what is in flight."""
        changed = self._gate.update(*self._load())
        if changed or self._reassigned:
            self._reassigned = False
            (self._stream.pause if self._gate.closed else self._stream.resume)(self._assigned)
        if self._breaker.probing and not (self._feeder.cleaning or self._feeder.waiting):
            self._progress.mark()  # it waits for a page that gives an article
            if self._gate.closed and not self._admission.pages:
                self._breaker.no_more()

    def _load(self) -> tuple[int, int]:
        """Pages and bytes in flight, and those that the ledger holds back."""
        return self._window.pages + self._admission.pages, self._window.bytes + self._admission.bytes

    def _observe(self) -> None:
        self._counting.in_flight(*self._load())
        self._counting.dead_letters_in_a_row(self._breaker.run, probing=self._breaker.probing)
        if self._clock() < self._observed + _OBSERVE:
            return
        self._observed = self._clock()
        self._joined = self._stream.joined()
        lag = self._stream.lag()
        self._counting.lag(lag)
        if self._joined and not self._load()[0] and not any(lag.values()):
            self._counting.progress()
            self._progress.mark()

    def _drain(self) -> None:
        """Finish what is in flight as far as the drain time goes, without polling."""
        log.info("stopping: %d pages in flight", self._window.pages)
        self._admission.drop()  # else a page that waits to be alone keeps the others from the children
        until = self._clock() + self._limits.drain_timeout
        while self._window.pages and self._clock() < until:
            self._feed()
            self._collect(min(_DRAIN_WAIT, max(0.0, until - self._clock())))
            finished = self._window.ready_pages == self._window.pages
            if finished and self._breaker.probing:
                break  # nothing more can come of them
            if self._commit_is_due() or finished:
                self._publish()
        self._ledger.sign_off()
        self._publish()
        if self._window.pages:
            log.warning("stopping: %d pages were not published and are read again", self._window.pages)
