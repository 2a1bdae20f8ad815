"""The composition root: builds a worker from its settings, runs it, and gives its exit code."""

import logging
import os
import signal
import threading
from contextlib import ExitStack
from types import FrameType

from worker.assembly import ConfigurationError, build_worker
from worker.logs import set_up_logging
from worker.pipeline.child import CleanBuilder, build_cleaner
from worker.pipeline.deadletter_breaker import TooManyDeadLetters
from worker.pipeline.loop import Loop
from worker.pipeline.ports import StreamMisconfigured, StreamUnavailable
from worker.pipeline.process import StartError
from worker.settings import Settings

log = logging.getLogger(__name__)


class _StoppedError(BaseException):
    """A signal came before there was anything to finish."""


def run(settings: Settings, build: CleanBuilder = build_cleaner) -> int:
    """Run a worker until a signal stops it, and return its exit code (sysexits.h).

    0 stopped by a signal, 69 Kafka out of reach at the start, 70 a bug, 75 Kafka, the watchdog or the
    dead-letter breaker gave up while it ran, 78 settings that nothing can be built from, or that
    Kafka refuses. Must be called on the main thread. `build` makes in each child, from the rules, what
    cleans; it must pickle.
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


def _start_and_work(settings: Settings, build: CleanBuilder, stopping: "_Stopping", stack: ExitStack) -> int:
    try:
        worker = build_worker(settings, build, stack)
        worker.loop.start()
    except (ConfigurationError, StreamMisconfigured) as error:
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
    return _work(worker.loop)


def _work(loop: Loop) -> int:
    try:
        loop.run()
    except StreamMisconfigured as error:
        log.error("%s", error)  # noqa: TRY400
        return os.EX_CONFIG
    except StreamUnavailable as error:
        log.error("%s", error)  # noqa: TRY400
        return os.EX_TEMPFAIL
    except TooManyDeadLetters as error:
        log.critical("%s", error)
        return os.EX_TEMPFAIL
    log.info("stopped")
    return os.EX_OK


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
