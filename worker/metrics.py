"""Every metric of a worker, with its meaning. Labels are bounded: never a URL, never a domain."""

from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

PREFIX = "pagesieve"
_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
_BYTES = (1e3, 1e4, 3e4, 1e5, 2e5, 5e5, 1e6, 5e6, 2e7)


@dataclass(frozen=True, slots=True)
class Metrics:
    """The metrics of one worker, in the registry they were made with."""

    pages_total: Counter
    page_bytes: Histogram
    clean_duration_seconds: Histogram
    cache_requests_total: Counter
    dead_letters_total: Counter
    removed_total: Counter
    errors_total: Counter
    in_flight_pages: Gauge
    in_flight_bytes: Gauge
    consumer_lag: Gauge
    rebalances_total: Counter
    transactions_total: Counter
    pool_restarts_total: Counter
    suspect_pages_total: Counter
    dead_letter_run: Gauge
    dead_letter_probing: Gauge
    last_progress_timestamp_seconds: Gauge
    build_info: Gauge


def build_metrics(registry: CollectorRegistry) -> Metrics:
    """Make every metric in `registry`."""

    def counter(name: str, text: str, *labels: str) -> Counter:
        return Counter(f"{PREFIX}_{name}", text, labels, registry=registry)

    def gauge(name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"{PREFIX}_{name}", text, labels, registry=registry)

    def histogram(name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(f"{PREFIX}_{name}", text, buckets=buckets, registry=registry)

    return Metrics(
        pages_total=counter("pages_total", "Pages published, by outcome: article or dead_letter.", "outcome"),
        page_bytes=histogram("page_bytes", "Size of the pages read, in bytes.", _BYTES),
        clean_duration_seconds=histogram(
            "clean_duration_seconds", "Time a child took to clean a page.", _SECONDS
        ),
        cache_requests_total=counter(
            "cache_requests_total",
            "Cache look-ups, by result: hit, miss, error, invalid, or skipped.",
            "result",
        ),
        dead_letters_total=counter("dead_letters_total", "Pages that gave no article, by reason.", "reason"),
        removed_total=counter("removed_total", "Blocks cut out of articles, by kind of clutter.", "kind"),
        errors_total=counter("errors_total", "Errors survived, by stage and type.", "stage", "type"),
        in_flight_pages=gauge("in_flight_pages", "Pages read and not yet published."),
        in_flight_bytes=gauge("in_flight_bytes", "Bytes of the pages read and not yet published."),
        consumer_lag=gauge(
            "consumer_lag", "Messages not yet read, of each partition assigned.", "topic", "partition"
        ),
        rebalances_total=counter("rebalances_total", "Times that the group gave this member partitions."),
        transactions_total=counter(
            "transactions_total", "Commits, by result: committed, failed, or timeout.", "result"
        ),
        pool_restarts_total=counter("pool_restarts_total", "Child processes replaced, by reason.", "reason"),
        suspect_pages_total=counter(
            "suspect_pages_total",
            "Pages taken up again that were in hand of workers that died, by step: batch, alone, or lost.",
            "step",
        ),
        dead_letter_run=gauge(
            "dead_letter_run", "Dead letters in a row, of the reasons that a broken deploy has."
        ),
        dead_letter_probing=gauge(
            "dead_letter_probing",
            "1 while nothing is published before an article: this deploy was stopped by its dead letters.",
        ),
        last_progress_timestamp_seconds=gauge(
            "last_progress_timestamp_seconds", "When the worker last committed, or last had nothing to do."
        ),
        build_info=gauge(
            "build_info", "Always 1; its labels tell what runs.", "version", "rules_fingerprint"
        ),
    )
