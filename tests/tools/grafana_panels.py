"""The panels of the Grafana dashboard: what each shows, and of which metrics.

Four rows answer four questions in this order: is it keeping up, is it healthy, is it fast, is it clean.
"""

from dataclasses import dataclass

JOB = 'job="$job"'
_WORKERS = f'{JOB}, instance=~"$instance"'


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel, `width` of 24 columns wide. `queries` are of the legend, the expression."""

    title: str
    about: str
    unit: str
    queries: dict[str, str]
    kind: str = "timeseries"
    width: int = 8
    stacked: bool = False
    red_above: float | None = None


def _job(record: str) -> str:
    """A recorded series of the whole job."""
    return f"{record}{{{JOB}}}"


def _metric(name: str, more: str = "") -> str:
    """A metric of the workers looked at."""
    return f"{name}{{{_WORKERS}{more}}}"


def _rate(name: str, by: str = "", more: str = "") -> str:
    """A counter's growth a second, summed."""
    rate = f"rate({_metric(name, more)}[$__rate_interval])"
    return f"sum by ({by}) ({rate})" if by else f"sum({rate})"


def _stat(title: str, about: str, unit: str, expression: str, red_above: float | None = None) -> Panel:
    return Panel(title, about, unit, {title: expression}, kind="stat", width=6, red_above=red_above)


def _quantile(share: float) -> str:
    return f"histogram_quantile({share}, {_job('job_le:pagesieve_clean_duration_seconds_bucket:rate5m')})"


_KEEPING_UP = [
    _stat(
        "Pages waiting",
        "Messages of the raw topic that no worker has read yet.",
        "short",
        _job("job:pagesieve_consumer_lag:sum"),
    ),
    _stat(
        "Seconds behind",
        "How long the pages that wait would take at the present speed.",
        "s",
        _job("job:pagesieve_seconds_behind:estimate"),
        red_above=300,
    ),
    _stat(
        "Pages published",
        "Articles and dead letters a second.",
        "ops",
        _job("job:pagesieve_pages_published:rate5m"),
    ),
    _stat("Workers", "Workers that Prometheus reaches.", "none", f"sum(up{{{JOB}}})"),
    Panel(
        "Rate in and rate out",
        "Arriving: what is read, and what the lag grows by.",
        "ops",
        {
            "arriving": _job("job:pagesieve_pages_arriving:rate5m"),
            "read": _job("job:pagesieve_pages_read:rate5m"),
            "published": _job("job:pagesieve_pages_published:rate5m"),
        },
    ),
    Panel(
        "Lag by partition",
        "Pages that wait: a partition that stands out has a slow worker, or a key that too many pages share.",
        "short",
        {"{{topic}} {{partition}}": f"max by (topic, partition) ({_metric('pagesieve_consumer_lag')})"},
        stacked=True,
    ),
    Panel(
        "Published by worker",
        "Pages a second of each worker.",
        "ops",
        {"{{instance}}": _rate("pagesieve_pages_total", "instance")},
        stacked=True,
    ),
]

_HEALTHY = [
    Panel(
        "Outcomes",
        "What became of the pages.",
        "ops",
        {"{{outcome}}": _rate("pagesieve_pages_total", "outcome")},
        stacked=True,
    ),
    Panel(
        "Dead letters by reason",
        "Pages that gave no article.",
        "ops",
        {"{{reason}}": _rate("pagesieve_dead_letters_total", "reason") + " > 0"},
        stacked=True,
    ),
    Panel(
        "Commits by result",
        "Transactions a second; the pages of one that failed or timed out are read again.",
        "ops",
        {"{{result}}": _rate("pagesieve_transactions_total", "result")},
    ),
    Panel(
        "Rebalances and restarts",
        "In five minutes: partitions given out anew, workers started, children replaced.",
        "short",
        {
            "rebalances": f"sum(increase({_metric('pagesieve_rebalances_total')}[5m]))",
            "workers started": f"sum(changes({_metric('process_start_time_seconds')}[5m]))",
            "children: {{reason}}": "sum by (reason) "
            f"(increase({_metric('pagesieve_pool_restarts_total')}[5m]))",
        },
    ),
    Panel(
        "Time since progress",
        "Since each worker last committed, or had nothing to do; its watchdog ends it at 120 s.",
        "s",
        {"{{instance}}": f"time() - ({_metric('pagesieve_last_progress_timestamp_seconds')} > 0)"},
        red_above=60,
    ),
    Panel(
        "Pages that workers died with",
        "In five minutes, taken up again in a batch, then alone; lost is a dead letter after three deaths.",
        "short",
        {"{{step}}": f"sum by (step) (increase({_metric('pagesieve_suspect_pages_total')}[5m]))"},
    ),
    Panel(
        "Dead letters in a row",
        "Of the reasons that a broken deploy has; a worker ends before they are 200. Held is 1 while "
        "nothing is published before a first article, because this deploy was stopped so.",
        "short",
        {
            "{{instance}}": _metric("pagesieve_dead_letter_run"),
            "held {{instance}}": _metric("pagesieve_dead_letter_probing"),
        },
        width=12,
        red_above=150,
    ),
    Panel(
        "Errors survived",
        "By stage and type.",
        "ops",
        {"{{stage}} {{type}}": _rate("pagesieve_errors_total", "stage, type")},
        width=12,
    ),
]

_FAST = [
    Panel(
        "Cleaning time",
        "Of a page that was not in the cache, in its child process.",
        "s",
        {"median": _quantile(0.5), "95 %": _quantile(0.95), "99 %": _quantile(0.99)},
    ),
    Panel(
        "Cache look-ups",
        "By result; error and skipped are a Redis that does not answer.",
        "ops",
        {"{{result}}": _rate("pagesieve_cache_requests_total", "result")},
        stacked=True,
    ),
    Panel(
        "Cache hit share",
        "Of all look-ups.",
        "percentunit",
        {"hits": _job("job:pagesieve_cache_hits:ratio5m")},
    ),
    Panel(
        "Parent and child time",
        "Processor seconds a second of each worker, and cleaning seconds a second of its children.",
        "none",
        {
            "parent {{instance}}": _rate("process_cpu_seconds_total", "instance"),
            "children {{instance}}": _rate("pagesieve_clean_duration_seconds_sum", "instance"),
        },
    ),
    Panel(
        "Pages in flight",
        "Read and not yet published.",
        "short",
        {"{{instance}}": _metric("pagesieve_in_flight_pages")},
    ),
    Panel(
        "Memory",
        "Resident memory of each worker without its children, the pages in flight, and the mean page.",
        "bytes",
        {
            "resident {{instance}}": _metric("process_resident_memory_bytes"),
            "in flight {{instance}}": _metric("pagesieve_in_flight_bytes"),
            "a page": f"{_rate('pagesieve_page_bytes_sum')} / {_rate('pagesieve_page_bytes_count')}",
        },
    ),
]

_CLEAN = [
    Panel(
        "Removed by kind",
        "Blocks of clutter cut out of articles, a second.",
        "ops",
        {"{{kind}}": _rate("pagesieve_removed_total", "kind") + " > 0"},
        width=12,
        stacked=True,
    ),
    Panel(
        "Removed from an article",
        "Blocks of clutter for each article.",
        "short",
        {
            "blocks": _rate("pagesieve_removed_total")
            + " / "
            + _rate("pagesieve_pages_total", more=', outcome="article"')
        },
        width=6,
    ),
    Panel(
        "What runs",
        "Workers by version and rules: more than one line is an upgrade under way.",
        "none",
        {
            "{{version}}, rules {{rules_fingerprint}}": "count by (version, rules_fingerprint) "
            f"({_metric('pagesieve_build_info')})"
        },
        width=6,
    ),
]

ROWS = [
    ("Is it keeping up?", _KEEPING_UP),
    ("Is it healthy?", _HEALTHY),
    ("Is it fast?", _FAST),
    ("Is it clean?", _CLEAN),
]
