"""Finished runs out of the window, each published and committed in one step of bounded size."""

import logging
from collections.abc import Collection

from worker.pipeline.counting import Counting
from worker.pipeline.deadletter_breaker import DeadLetterBreaker
from worker.pipeline.finishing import Finished, Finisher
from worker.pipeline.intake import Arrival
from worker.pipeline.ledger import Ledger
from worker.pipeline.ports import Partition, PublishFailed, Stream, Unpublishable
from worker.pipeline.watchdog import Progress
from worker.pipeline.window import Run, Window

log = logging.getLogger(__name__)

MAX_PAGES = 500  # in one step
MAX_BYTES = 16 * 1024 * 1024  # in one step, unless a single message is larger

Pages = Window[Arrival, Finished]


class Publisher:
    """Publishes what is ready in `window`."""

    def __init__(
        self,
        stream: Stream,
        window: Pages,
        finisher: Finisher,
        ledger: Ledger,
        breaker: DeadLetterBreaker,
        counting: Counting,
        progress: Progress,
    ):
        self._stream = stream
        self._ledger = ledger
        self._breaker = breaker
        self._window = window
        self._finisher = finisher
        self._counting = counting
        self._progress = progress

    def publish_ready(self, partitions: Collection[Partition] | None = None) -> bool:
        """Publish all that is ready, of `partitions` if they are given, in as many steps as it takes.

        The ledger's notes go with it, and those that go with nothing in a step of their own. While the
        dead-letter breaker probes it is only they.

        When a step fails, all that is in flight is void and is dropped here at once, for nothing behind
        the pages of that step may be committed before they are read again: False then.

        Raises:
            StreamUnavailable: Kafka is out of reach.
            TooManyDeadLetters: the next step would move too many; nothing of it was published.
        """
        while not self._breaker.probing:
            run = self._window.take(MAX_PAGES, MAX_BYTES, partitions)
            if not run.offsets:
                break
            if not self._step(run):
                return False
        return self.record(partitions)

    def record(self, partitions: Collection[Partition] | None = None) -> bool:
        """Commit the ledger's notes alone, those that are not yet; False as in `publish_ready`."""
        offsets = self._ledger.unrecorded(partitions)
        return not offsets or self._step(Run((), offsets))

    def _step(self, run: Run[Finished]) -> bool:
        self._breaker.check(finished.outcome for finished in run.results)
        try:
            outcomes = self._publish(run)
        except PublishFailed as error:
            self._counting.transaction("timeout" if _timed_out(error) else "failed")
            dropped = len(run.results) + self._window.drop(self._window.partitions())
            log.warning("commit failed, %d pages are read again: %s", dropped, error)
            return False
        self._ledger.committed(run.offsets)
        self._breaker.published()
        self._counting.transaction("committed")
        if outcomes:
            self._counting.published(finished.outcome for finished in outcomes)
            self._counting.progress()
            self._progress.mark()
        return True

    def _publish(self, run: Run[Finished]) -> list[Finished]:
        """Publish a run, with smaller messages in the place of those that Kafka refuses for good."""
        batch = list(run.results)
        notes = self._ledger.notes(run.offsets)
        while True:
            try:
                self._stream.publish([finished.outgoing for finished in batch], run.offsets, notes)
            except Unpublishable as error:
                refused = error.messages
                if not any(finished.outgoing in refused for finished in batch):
                    raise ValueError("Kafka refuses messages that were not published") from error
                batch = [
                    self._finisher.mended(finished, error) if finished.outgoing in refused else finished
                    for finished in batch
                ]
            else:
                return batch


def _timed_out(error: BaseException | None) -> bool:
    return error is not None and (isinstance(error, TimeoutError) or _timed_out(error.__cause__))
