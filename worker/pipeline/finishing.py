"""Outcomes out: what is published of an arrival, and what takes its place when Kafka refuses that."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from worker.core.records import Article, Envelope, Outcome, Reason, Rejected
from worker.pipeline.counting import Counting
from worker.pipeline.intake import Arrival
from worker.pipeline.mending import mended
from worker.pipeline.ports import Message, Outgoing, Unpublishable

log = logging.getLogger(__name__)

Route = Callable[[Message, Envelope | None, Outcome, int], Outgoing]  # the number: attempts


@dataclass(frozen=True, slots=True)
class Finished:
    """A page whose outcome is ready to be published."""

    arrival: Arrival
    outcome: Outcome
    outgoing: Outgoing

    @property
    def weight(self) -> int:
        """Bytes that the publisher will send, about."""
        headers = sum(len(name) + len(value) for name, value in self.outgoing.headers)
        return len(self.outgoing.key or b"") + len(self.outgoing.value or b"") + headers


class Finisher:
    """Makes of an outcome the message to publish, with `route`."""

    def __init__(self, route: Route, counting: Counting):
        self._route = route
        self._counting = counting

    def finished(self, arrival: Arrival, outcome: Outcome) -> Finished:
        """The outcome as it is published. A bug in making an article's record gives a dead letter."""
        try:
            return self._routed(arrival, outcome)
        except Exception as error:
            if not isinstance(outcome, Article):
                raise  # not even a dead letter can be made: nothing is left but to stop
            message = arrival.message
            log.exception(
                "bug while writing the article of offset %d of %s", message.offset, message.partition
            )
            self._counting.error("route", type(error).__name__)
            detail = f"writing the article raised {type(error).__name__}"
            return self._routed(arrival, Rejected(Reason.CRASHED, detail))

    def mended(self, refused: Finished, error: Unpublishable) -> Finished:
        """What to publish instead of what Kafka will not take: a dead letter, then less and less of one.

        Raises:
            ValueError: nothing of the page is left in it.
        """
        if isinstance(refused.outcome, Article):
            return self._routed(refused.arrival, Rejected(Reason.OVERSIZED, f"the article's record: {error}"))
        message = refused.arrival.message
        letter, part = mended(refused.outgoing, message, error)
        log.error(
            "Kafka refuses the dead letter of offset %d of %s with the %s of its page: %s",
            message.offset,
            message.partition,
            part,
            error,
        )
        return replace(refused, outgoing=letter)

    def _routed(self, arrival: Arrival, outcome: Outcome) -> Finished:
        outgoing = self._route(arrival.message, arrival.envelope, outcome, arrival.attempts)
        return Finished(arrival, outcome, outgoing)
