"""The composition root: builds a worker from its settings, runs it, and gives its exit code."""

import logging
import os
import platform
import secrets
import signal
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from types import FrameType

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector

from worker import __version__
from worker.adapters.http import HttpPort
from worker.adapters.kafka.stream import KafkaStream
from worker.adapters.redis import RedisCache
from worker.core.decode import decode_message
from worker.core.fingerprint import page_key, rules_fingerprint
from worker.core.options import CleanOptions
from worker.core.records import Envelope, Outcome, Page, Rejected
from worker.logs import set_up_logging
from worker.metrics import Metrics, build_metrics
from worker.pipeline.child import PRELOAD, Bug, CleanBuilder, build_cleaner
from worker.pipeline.counting import Counting
from worker.pipeline.deadletter_breaker import DeadLetterBreaker, TooManyDeadLetters
from worker.pipeline.finishing import Finisher
from worker.pipeline.intake import Intake
from worker.pipeline.ledger import Ledger
from worker.pipeline.loop import Limits, Loop
from worker.pipeline.pool import ProcessCleaner
from worker.pipeline.ports import Cache, Message, Outgoing, StreamMisconfigured, StreamUnavailable
from worker.pipeline.process import StartError
from worker.pipeline.routing import EXTRACTOR, Publication, route
from worker.pipeline.watchdog import Progress, Watchdog
from worker.rulefiles import read_rules
from worker.settings import Settings

log = logging.getLogger(__name__)

# Whose versions count in the fingerprint: another version may give another article for the same page.
_LIBRARIES = (EXTRACTOR, "lxml", "htmldate", "charset-normalizer", "py3langid", "webencodings")
_CLOSE_SECONDS = 5.0


class _ConfigurationError(Exception):
    """The settings are well-formed, but nothing can be built from them."""


class _StoppedError(BaseException):
    """A signal came before there was anything to finish."""


def run(settings: Settings, build: CleanBuilder = build_cleaner) -> int:
    """Run a worker until a signal stops it, and return its exit code (sysexits.h).

    0 stopped by a signal, 69 Kafka out of reach at the start, 70 a bug, 75 Kafka, the watchdog or the
    dead-letter breaker gave up while it ran, 78 settings that nothing can be built from. Must be called on
    the main thread. `build` makes in each child, from the rules, what cleans; it must pickle.
    """
    set_up_logging(settings.log_level, settings.log_format)
    threading.excepthook = _log_thread_end
    stopping = _Stopping()
    try:
        with stopping, ExitStack() as stack:
            return _start_and_work(settings, build, stopping, stack)
    except _StoppedError:
        log.info("stopped before it had started")
        return os.EX_OK
    except Exception:
        log.critical("a bug in the worker", exc_info=True)
        return os.EX_SOFTWARE


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


def _start_and_work(settings: Settings, build: CleanBuilder, stopping: "_Stopping", stack: ExitStack) -> int:
    try:
        worker = _build(settings, build, stack)
        worker.loop.start()
    except (_ConfigurationError, StreamMisconfigured) as error:
        log.error("%s", error)  # noqa: TRY400 - the line says it all
        return os.EX_CONFIG
    except StartError as error:
        log.critical("%s", error)
        return os.EX_SOFTWARE
    except StreamUnavailable as error:
        log.error("%s", error)  # noqa: TRY400
        return os.EX_UNAVAILABLE
    stopping.loop = worker.loop
    worker.watchdog.start()
    stack.callback(worker.watchdog.stop)
    try:
        worker.loop.run()
    except StreamUnavailable as error:
        log.error("%s", error)  # noqa: TRY400
        return os.EX_TEMPFAIL
    except TooManyDeadLetters as error:
        log.critical("%s", error)
        return os.EX_TEMPFAIL
    log.info("stopped")
    return os.EX_OK


@dataclass(frozen=True, slots=True)
class _Worker:
    loop: Loop
    watchdog: Watchdog


def _build(settings: Settings, build: CleanBuilder, stack: ExitStack) -> _Worker:
    """Everything of a worker, children started; `stack` closes what must be closed."""
    rules = read_rules()
    rules_print = fingerprint(rules, settings.clean_options)
    registry = CollectorRegistry()
    metrics = _metrics(registry, rules_print)
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
    return _Worker(loop, Watchdog(progress, settings.watchdog_timeout))


def _metrics(registry: CollectorRegistry, rules_print: str) -> Metrics:
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
        raise _ConfigurationError(str(error)) from None


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
        raise _ConfigurationError(f"cannot listen on {where}: {error.strerror or error}; {hint}") from error


def _decode(message: Message, options: CleanOptions) -> Envelope | Rejected:
    return decode_message(message.value, message.key, message.headers, options)


def _page_key(page: Page, rules_print: str) -> str:
    return page_key(page, rules_print)


def _route(
    message: Message, envelope: Envelope | None, outcome: Outcome, attempts: int, publication: Publication
) -> Outgoing:
    return route(message, envelope, outcome, publication, datetime.now(UTC), attempts)


class _Stopping:
    """What SIGTERM and SIGINT do, while the context lasts.

    Before the loop runs they end the start; then the first stops the loop in good order, and a second
    one ends the process at once: what was in flight is read again by another worker.
    """

    _SIGNALS = (signal.SIGTERM, signal.SIGINT)

    def __init__(self) -> None:
        self.loop: Loop | None = None
        self._asked = False

    def __enter__(self) -> None:
        self._before = {number: signal.signal(number, self._handle) for number in self._SIGNALS}

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self._asked:
            os.write(2, b"stopped at once by a second signal\n")
            os._exit(os.EX_TEMPFAIL)
        self._asked = True
        if self.loop is None:
            raise _StoppedError(signal.Signals(number).name)
        self.loop.stop()


def _log_thread_end(args: threading.ExceptHookArgs) -> None:
    name = args.thread.name if args.thread is not None else "?"
    error = args.exc_value or args.exc_type()
    log.critical("thread %s ended by a bug", name, exc_info=error)
