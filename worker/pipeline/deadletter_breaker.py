"""The dead-letter breaker: a broken deploy must not move the whole topic to the dead letters. Pure.

It counts only what a deploy can cause: code, rules and libraries that fail (crashed), loop (timeout), leak
(memory), or lose the text (empty, too_short). The other reasons are facts of the message that was crawled:
no deploy makes them, and they may well come in thousands from one crawl: another kind of file, an error page,
a message in another form, bytes that are no text.
"""

import logging
from collections import deque
from collections.abc import Iterable

from worker.core.records import Article, Outcome, Reason

log = logging.getLogger(__name__)

COUNTED = frozenset({Reason.CRASHED, Reason.TIMEOUT, Reason.MEMORY, Reason.EMPTY, Reason.TOO_SHORT})


class TooManyDeadLetters(Exception):
    """The worker has to stop; its text tells why and what to do, in a line."""


class DeadLetterBreaker:
    """Counts outcomes as they are about to be published.

    It opens at `run` counted dead letters in a row, or when `share` of the last `window` pages are counted
    dead letters; 0 switches either off. Pages of other reasons are neither good nor bad, and not counted.

    After a restart it would let as many through again: so a worker that finds a partition marked by this very
    deploy probes first. It cleans and publishes nothing until a page gives an article and those that it holds
    are below `share`; from then on `share` is of the pages since, however few they are.
    """

    def __init__(self, run: int, share: float, window: int):
        self._limit = run
        self._share = share
        self._window: deque[bool] = deque(maxlen=window)
        self._next = self._window.copy()
        self._next_run = 0
        self._seen = self._articles = self._in_a_row = 0  # while probing; the first are counted dead letters
        self._needed = window  # pages that `share` is judged by, at least
        self._open = False
        self.run = 0  # counted dead letters in a row, published
        self.probing = False

    @property
    def doubtful(self) -> bool:
        """Whether partitions are to be marked as stopped."""
        return self.probing or self._open

    def check(self, outcomes: Iterable[Outcome]) -> None:
        """Whether these may be published, in this order.

        Raises:
            TooManyDeadLetters: they would pass a limit.
        """
        self._next, self._next_run = self._window.copy(), self.run
        for outcome in outcomes:
            bad = _is_counted(outcome)
            if bad or isinstance(outcome, Article):
                self._next.append(bad)
                self._next_run = self._next_run + 1 if bad else 0
            if self._limit and self._next_run >= self._limit:
                raise self._stop(f"{self._next_run} pages in a row")
        if len(self._next) >= self._needed and self._is_over(sum(self._next), len(self._next)):
            raise self._stop(f"{sum(self._next)} of the last {len(self._next)} pages")

    def published(self) -> None:
        """What was checked last has been published."""
        self._window, self.run = self._next, self._next_run

    def probe(self) -> None:
        """This deploy was stopped before: publish nothing until pages give articles again."""
        if not self.probing and (self._limit or self._share):
            self.probing = True
            self.dropped()
            # A window to fill anew would let its share of dead letters through with every restart.
            self._window, self._needed = deque(maxlen=self._window.maxlen), 1
            log.warning("this deploy was stopped by its dead letters: publishing nothing before an article")

    def finished(self, outcome: Outcome) -> None:
        """A page in flight has its outcome.

        Raises:
            TooManyDeadLetters: while probing, when it is one dead letter too many.
        """
        if not self.probing:
            return
        if isinstance(outcome, Article):
            self._articles += 1
            self._in_a_row = 0
        elif _is_counted(outcome):
            self._seen += 1
            self._in_a_row += 1
        if self._articles and not self._is_over(self._seen, self._seen + self._articles):
            self.probing = False
            log.info("pages give articles: publishing again")
        elif 0 < self._limit <= self._in_a_row or (self._share and self._seen >= (self._window.maxlen or 0)):
            self.no_more()

    def no_more(self) -> None:
        """No more pages can be held while probing.

        Raises:
            TooManyDeadLetters: always.
        """
        if self._articles:
            held = self._seen + self._articles
            raise self._stop(f"again {self._seen} of {held} pages since the worker started")
        raise self._stop(f"again {self._seen} pages, and no article since the worker started,")

    def dropped(self) -> None:
        """What is in flight will be read again."""
        self._seen = self._articles = self._in_a_row = 0

    def _is_over(self, bad: int, pages: int) -> bool:
        return bool(self._share) and bad >= self._share * pages

    def _stop(self, pages: str) -> TooManyDeadLetters:
        self._open = True
        return TooManyDeadLetters(
            f"stopped before more pages go to the dead letters: {pages} gave no article for reasons that a "
            f"broken deploy has ({', '.join(sorted(COUNTED))}); mend or roll back the code, the rules or the "
            "settings. If the pages are to blame: PAGESIEVE_DEAD_LETTER_RUN and PAGESIEVE_DEAD_LETTER_SHARE, "
            "0 for no limit"
        )


def _is_counted(outcome: Outcome) -> bool:
    return not isinstance(outcome, Article) and outcome.reason in COUNTED
