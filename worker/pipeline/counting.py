"""What the pipeline counts, and under which name."""

from collections import Counter
from collections.abc import Iterable, Mapping

from worker.core.records import Article, Kind, Outcome, Reason
from worker.metrics import Metrics
from worker.pipeline.ports import Partition

_STEPS = ("batch", "alone", "lost")  # of a page that one worker died with in hand, two, and more


class Counting:
    """The pipeline's door to the metrics. Counters of bounded labels are there from the start, at zero."""

    def __init__(self, metrics: Metrics):
        self._metrics = metrics
        self._articles = metrics.pages_total.labels("article")
        self._dead_letters = metrics.pages_total.labels("dead_letter")
        self._reasons = {reason: metrics.dead_letters_total.labels(reason.value) for reason in Reason}
        self._kinds = {kind: metrics.removed_total.labels(kind.value) for kind in Kind}
        self._lagging: set[Partition] = set()
        for result in ("committed", "failed", "timeout"):
            metrics.transactions_total.labels(result)
        for step in _STEPS:
            metrics.suspect_pages_total.labels(step)
        for result in ("hit", "miss", "error", "invalid", "skipped"):
            metrics.cache_requests_total.labels(result)
        for reason in ("timeout", "memory", "crashed", "recycled", "idle"):
            metrics.pool_restarts_total.labels(reason)

    def read(self, size: int) -> None:
        """A message of `size` bytes came in."""
        self._metrics.page_bytes.observe(size)

    def cleaned(self, seconds: float) -> None:
        """A child cleaned a page."""
        self._metrics.clean_duration_seconds.observe(seconds)

    def cache(self, result: str, pages: int = 1) -> None:
        """Look-ups in the cache ended so."""
        self._metrics.cache_requests_total.labels(result).inc(pages)

    def error(self, stage: str, kind: str) -> None:
        """An error was survived."""
        self._metrics.errors_total.labels(stage, kind).inc()

    def restarted(self, reason: str) -> None:
        """A child was replaced."""
        self._metrics.pool_restarts_total.labels(reason).inc()

    def suspect(self, deaths: int) -> None:
        """A page goes on that so many workers died with in hand."""
        self._metrics.suspect_pages_total.labels(_STEPS[min(deaths, len(_STEPS)) - 1]).inc()

    def dead_letters_in_a_row(self, run: int, *, probing: bool) -> None:
        """What the dead-letter breaker has counted."""
        self._metrics.dead_letter_run.set(run)
        self._metrics.dead_letter_probing.set(probing)

    def transaction(self, result: str) -> None:
        """A commit ended: committed, failed or timeout."""
        self._metrics.transactions_total.labels(result).inc()

    def published(self, outcomes: Iterable[Outcome]) -> None:
        """These were published, and their offsets committed."""
        articles = 0
        reasons: Counter[Reason] = Counter()
        kinds: Counter[Kind] = Counter()
        for outcome in outcomes:
            if isinstance(outcome, Article):
                articles += 1
                kinds.update(removed.kind for removed in outcome.removed)
            else:
                reasons[outcome.reason] += 1
        self._articles.inc(articles)
        self._dead_letters.inc(reasons.total())
        for reason, number in reasons.items():
            self._reasons[reason].inc(number)
        for kind, number in kinds.items():
            self._kinds[kind].inc(number)

    def in_flight(self, pages: int, size: int) -> None:
        """So much is read and not yet published."""
        self._metrics.in_flight_pages.set(pages)
        self._metrics.in_flight_bytes.set(size)

    def assigned(self) -> None:
        """The group gave this member partitions."""
        self._metrics.rebalances_total.inc()

    def lag(self, lags: Mapping[Partition, int]) -> None:
        """Messages not yet read, of each partition assigned; the lag of no other is this worker's to tell."""
        self.unassigned(self._lagging - lags.keys())
        for partition, lag in lags.items():
            self._metrics.consumer_lag.labels(partition.topic, str(partition.number)).set(lag)
        self._lagging |= lags.keys()

    def unassigned(self, partitions: Iterable[Partition]) -> None:
        """These belong to others now."""
        for partition in self._lagging & set(partitions):
            self._metrics.consumer_lag.remove(partition.topic, str(partition.number))
            self._lagging.discard(partition)

    def progress(self) -> None:
        """The worker committed, or has nothing to do."""
        self._metrics.last_progress_timestamp_seconds.set_to_current_time()
