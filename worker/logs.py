"""Logging: lines for people or one JSON object a line, and a limit on loggers that can run away."""

import json
import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from worker.settings import LogFormat

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}

# While a coordinator is down, kafka-python's discovery can log thousands of lines a second.
LINES_PER_SECOND = 5.0
BURST = 50.0


class TextFormatter(logging.Formatter):
    """`2026-01-31T12:00:00.123Z WARNING worker.app: text`."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802, ARG002
        """The time in UTC, ISO 8601."""
        return _iso(record.created)


class JsonFormatter(logging.Formatter):
    """One object a line: time, level, logger, message, error for a traceback, and the record's extras."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        line: dict[str, Any] = {
            "time": _iso(record.created),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        line |= {name: value for name, value in vars(record).items() if name not in _STANDARD}
        return json.dumps(line, default=str)  # in ASCII: a log line survives whatever was in the page


class RateLimit(logging.Filter):
    """Lets `burst` lines through, then `rate` a second; the next line let through tells how many were not."""

    def __init__(
        self,
        rate: float = LINES_PER_SECOND,
        burst: float = BURST,
        clock: Callable[[], float] = time.monotonic,
    ):
        super().__init__()
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._tokens = burst
        self._seen = clock()
        self._suppressed = 0
        self._lock = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line goes out."""
        with self._lock:
            now = self._clock()
            self._tokens = min(self._burst, self._tokens + (now - self._seen) * self._rate)
            self._seen = now
            if self._tokens < 1:
                self._suppressed += 1
                return False
            self._tokens -= 1
            suppressed, self._suppressed = self._suppressed, 0
        if suppressed:
            record.msg = f"{record.getMessage()} ({suppressed} lines like this were left out)"
            record.args = None
        return True


class _Only(logging.Filter):
    """Applies another filter to the records of one package."""

    def __init__(self, package: str, inner: logging.Filter):
        super().__init__(package)
        self._inner = inner

    def filter(self, record: logging.LogRecord) -> bool:
        return bool(self._inner.filter(record)) if super().filter(record) else True


def set_up_logging(level: str, log_format: LogFormat) -> None:
    """Send the root logger's lines to standard error, in this form, from this level up."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if log_format is LogFormat.JSON else TextFormatter())
    # On the handler: a logger's filters do not see what its children log.
    handler.addFilter(_Only("kafka", RateLimit()))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # kafka-python tells at INFO what matters to its developers only.
    least = logging.getLevelNamesMapping()[level]
    logging.getLogger("kafka").setLevel(max(least, logging.WARNING))
    # A busy machine is enough for its warnings of tasks that "block the event loop".
    logging.getLogger("kafka.net.selector").setLevel(max(least, logging.ERROR))


def _iso(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
