"""Messages in: decoded, and looked up in the cache, one round trip a batch."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from worker.core.records import Envelope, Outcome, Page, Reason, Rejected
from worker.pipeline.counting import Counting
from worker.pipeline.outcomes import decode_outcome
from worker.pipeline.ports import Cache, Message

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Arrival:
    """A message on its way: with an outcome already when it needs no cleaning."""

    message: Message
    envelope: Envelope | None  # None where the message could not be decoded
    key: str | None = None  # of the cache; None without one
    outcome: Outcome | None = None
    attempts: int = 1  # this one, and those that ended with their worker


class Intake:
    """Makes arrivals of messages. Without a cache no key is computed: it costs a hash over the page."""

    def __init__(
        self,
        decode: Callable[[Message], Envelope | Rejected],
        page_key: Callable[[Page], str],
        cache: Cache | None,
        counting: Counting,
    ):
        self._decode = decode
        self._page_key = page_key
        self._cache = cache
        self._counting = counting

    def arrivals(self, messages: Sequence[Message]) -> list[Arrival]:
        """The messages decoded, in their order, with the outcomes that the cache knows."""
        arrivals = [self._decoded(message) for message in messages]
        if self._cache is not None:
            self._look_up(self._cache, [arrival for arrival in arrivals if arrival.outcome is None])
        return arrivals

    def lost(self, message: Message, deaths: int) -> Arrival:
        """A message that is not even decoded: too many workers have died with it in hand."""
        self._counting.read(len(message.value or b""))
        log.error(
            "offset %d of %s was in hand of %d workers that died", message.offset, message.partition, deaths
        )
        rejected = Rejected(Reason.CRASHED, f"{deaths} workers ended while they had it in hand")
        return Arrival(message, None, outcome=rejected, attempts=deaths)

    def _decoded(self, message: Message) -> Arrival:
        self._counting.read(len(message.value or b""))
        try:
            decoded = self._decode(message)
        except Exception as error:
            # One page's bug must not stop the worker: it would read the same page again for ever.
            log.exception("bug while decoding offset %d of %s", message.offset, message.partition)
            self._counting.error("decode", type(error).__name__)
            decoded = Rejected(Reason.CRASHED, f"decoding raised {type(error).__name__}")
        if isinstance(decoded, Rejected):
            return Arrival(message, None, outcome=decoded)
        return Arrival(message, decoded)

    def _look_up(self, cache: Cache, arrivals: Sequence[Arrival]) -> None:
        keys: list[str] = []
        for arrival in arrivals:
            if arrival.envelope is not None:
                arrival.key = self._page_key(arrival.envelope.page)
                keys.append(arrival.key)
        for arrival, stored in zip(arrivals, cache.get_many(keys), strict=True):
            if stored is None:
                continue
            try:
                arrival.outcome = decode_outcome(stored)
            except ValueError:
                self._counting.cache("invalid")
