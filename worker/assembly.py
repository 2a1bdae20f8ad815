"""Builds a worker, and the parts of it that other commands use, from the settings."""

import logging
import platform
import secrets
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector

from worker import __version__
from worker.adapters.http import HttpPort
from worker.adapters.kafka.stream import KafkaStream
from worker.adapters.redis import RedisCache
from worker.core.decode import decode_message
from worker.core.fingerprint import page_key, rules_fingerprint
from worker.core.options import CleanOptions
from worker.core.records import Envelope, Outcome, Page, Rejected
from worker.metrics import Metrics, build_metrics
from worker.pipeline.child import PRELOAD, Bug, CleanBuilder, build_cleaner
from worker.pipeline.counting import Counting
from worker.pipeline.deadletter_breaker import DeadLetterBreaker
from worker.pipeline.finishing import Finisher
from worker.pipeline.intake import Intake
from worker.pipeline.ledger import Ledger
from worker.pipeline.limits import Limits
from worker.pipeline.loop import Loop
from worker.pipeline.pool import ProcessCleaner
from worker.pipeline.ports import Cache, Message, Outgoing
from worker.pipeline.routing import EXTRACTOR, Publication, route
from worker.pipeline.watchdog import Progress, Watchdog
from worker.rulefiles import read_rules
from worker.settings import Settings

log = logging.getLogger(__name__)

# Whose versions count in the fingerprint: another version may give another article for the same page.
_LIBRARIES = (EXTRACTOR, "lxml", "htmldate", "charset-normalizer", "py3langid", "webencodings")
_CLOSE_SECONDS = 5.0


class ConfigurationError(Exception):
    """The settings are well-formed, but nothing can be built from them."""


def fingerprint(rule_texts: Mapping[str, str], options: CleanOptions) -> str:
    """The rules fingerprint of these rules and options with the libraries that are installed."""
    versions = {name: version(name) for name in _LIBRARIES}
    return rules_fingerprint(rule_texts, options, versions | {"pagesieve": __version__})


def publication_of(settings: Settings, rules_print: str) -> Publication:
    """What every message published with these settings and this rules fingerprint has in common."""
    return Publication(
        articles_topic=settings.articles_topic,
        dead_topic=settings.dead_topic,
        removed=settings.removed,
        version=__version__,
        extractor_version=version(EXTRACTOR),
        rules_fingerprint=rules_print,
    )


def build_pool(
    settings: Settings,
    rules: Mapping[str, str],
    on_restart: Callable[[str], None] = lambda _reason: None,
    on_bug: Callable[[str], None] = lambda _type: None,
    build: CleanBuilder = build_cleaner,
) -> ProcessCleaner:
    """The pool that cleans by these rules, not started; a bug is logged, and its type told to `on_bug`."""

    def tell(page: Page, bug: Bug) -> None:
        log.error("bug while cleaning %s\n%s", page.url or "a page without a URL", bug.traceback)
        on_bug(bug.type)

    return ProcessCleaner(
        partial(build, rules, settings.clean_options),
        children=settings.child_count,
        deadline=settings.page_deadline,
        memory_bytes=settings.child_memory_mb * 1024 * 1024,
        recycle_pages=settings.child_recycle_pages,
        preload=PRELOAD,
        on_restart=on_restart,
        on_bug=tell,
    )


@dataclass(frozen=True, slots=True)
class Worker:
    """A loop that can be run, and what watches it."""

    loop: Loop
    watchdog: Watchdog


def build_worker(settings: Settings, build: CleanBuilder, stack: ExitStack) -> Worker:
    """Everything of a worker, children started; `stack` closes what must be closed."""
    rules = read_rules()
    rules_print = fingerprint(rules, settings.clean_options)
    registry = CollectorRegistry()
    metrics = worker_metrics(registry, rules_print)
    counting = Counting(metrics)
    progress = Progress()
    cache = _cache(settings, counting)
    if cache is not None:
        stack.callback(cache.close)
    cleaner = build_pool(settings, rules, counting.restarted, partial(counting.error, "clean"), build)
    stream = KafkaStream(settings)
    stack.callback(cleaner.close, _CLOSE_SECONDS)
    breaker = DeadLetterBreaker(
        settings.dead_letter_run, settings.dead_letter_share, settings.dead_letter_window
    )
    loop = Loop(
        stream=stream,
        cleaner=cleaner,
        cache=cache,
        intake=Intake(
            partial(_decode, options=settings.clean_options),
            partial(_page_key, rules_print=rules_print),
            cache,
            counting,
        ),
        finisher=Finisher(partial(_route, publication=publication_of(settings, rules_print)), counting),
        ledger=Ledger(secrets.token_hex(4), settings.max_in_flight_pages, rules_print, breaker),
        breaker=breaker,
        counting=counting,
        progress=progress,
        limits=_limits(settings),
    )
    http = _http(settings, registry, rules_print, progress, loop)
    stack.callback(http.close)
    log.info(
        "pagesieve %s, rules %s: group %s reads %s, %d children, http://%s/metrics",
        __version__,
        rules_print,
        settings.kafka_group_id,
        settings.raw_topic,
        settings.child_count,
        http.address,
    )
    cleaner.start()
    stack.callback(stream.close, _CLOSE_SECONDS)
    return Worker(loop, Watchdog(progress, settings.watchdog_timeout))


def worker_metrics(registry: CollectorRegistry, rules_print: str) -> Metrics:
    """All that a worker tells Prometheus, its process and its version too."""
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    metrics = build_metrics(registry)
    metrics.build_info.labels(__version__, rules_print).set(1)
    return metrics


def _cache(settings: Settings, counting: Counting) -> Cache | None:
    if settings.redis_url is None:
        return None
    try:
        return RedisCache(settings, counting.cache, partial(counting.error, "cache"))
    except ValueError as error:
        raise ConfigurationError(str(error)) from None


def _limits(settings: Settings) -> Limits:
    return Limits(
        max_pages=settings.max_in_flight_pages,
        max_bytes=settings.max_in_flight_bytes,
        max_poll_records=settings.kafka_max_poll_records,
        commit_interval=settings.commit_interval,
        drain_timeout=settings.drain_timeout,
        children=settings.child_count,
    )


def _http(
    settings: Settings, registry: CollectorRegistry, rules_print: str, progress: Progress, loop: Loop
) -> HttpPort:
    told = {
        "version": __version__,
        "rules_fingerprint": rules_print,
        "extractor": f"{EXTRACTOR} {version(EXTRACTOR)}",
        "python": platform.python_version(),
    }
    try:
        return HttpPort(
            settings.http_host,
            settings.http_port,
            registry=registry,
            alive=lambda: progress.age() <= settings.watchdog_timeout,
            ready=lambda: loop.ready,
            version=told,
        )
    except OSError as error:
        where = f"{settings.http_host}:{settings.http_port}"
        hint = "PAGESIEVE_HTTP_PORT=0 takes a free port"
        raise ConfigurationError(f"cannot listen on {where}: {error.strerror or error}; {hint}") from error


def _decode(message: Message, options: CleanOptions) -> Envelope | Rejected:
    return decode_message(message.value, message.key, message.headers, options)


def _page_key(page: Page, rules_print: str) -> str:
    return page_key(page, rules_print)


def _route(
    message: Message, envelope: Envelope | None, outcome: Outcome, attempts: int, publication: Publication
) -> Outgoing:
    return route(message, envelope, outcome, publication, datetime.now(UTC), attempts)
