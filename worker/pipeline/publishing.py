"""Finished runs out of the window, each published and committed in one step of bounded size."""

import logging
from collections.abc import Collection

from worker.pipeline.counting import Counting
from worker.pipeline.finishing import Finished, Finisher
from worker.pipeline.intake import Arrival
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
        self, stream: Stream, window: Pages, finisher: Finisher, counting: Counting, progress: Progress
    ):
        self._stream = stream
        self._window = window
        self._finisher = finisher
        self._counting = counting
        self._progress = progress

    def publish_ready(self, partitions: Collection[Partition] | None = None) -> bool:
        """Publish all that is ready, of `partitions` if they are given, in as many steps as it takes.

        When a step fails, all that is in flight is void and is dropped here at once, for nothing behind
        the pages of that step may be committed before they are read again: False then.

        Raises:
            StreamUnavailable: Kafka is out of reach.
        """
        while True:
            run = self._window.take(MAX_PAGES, MAX_BYTES, partitions)
            if not run.offsets:
                return True
            try:
                outcomes = self._publish(run)
            except PublishFailed as error:
                self._counting.transaction("timeout" if _timed_out(error) else "failed")
                dropped = len(run.results) + self._window.drop(self._window.partitions())
                log.warning("commit failed, %d pages are read again: %s", dropped, error)
                return False
            self._counting.transaction("committed")
            self._counting.published(finished.outcome for finished in outcomes)
            self._counting.progress()
            self._progress.mark()

    def _publish(self, run: Run[Finished]) -> list[Finished]:
        """Publish a run, with smaller messages in the place of those that Kafka refuses for good."""
        batch = list(run.results)
        while True:
            try:
                self._stream.publish([finished.outgoing for finished in batch], run.offsets)
            except Unpublishable as error:
                refused = error.messages
                if not any(finished.outgoing in refused for finished in batch):
                    raise ValueError("Kafka refuses messages that were not published") from error
                batch = [
                    self._finisher.smaller(finished, str(error)) if finished.outgoing in refused else finished
                    for finished in batch
                ]
            else:
                return batch


def _timed_out(error: BaseException | None) -> bool:
    return error is not None and (isinstance(error, TimeoutError) or _timed_out(error.__cause__))
