"""The log lines, and the limit on those of Kafka's client."""

import json
import logging
import sys
from collections.abc import Iterator

import pytest

from worker.logs import JsonFormatter, RateLimit, TextFormatter, set_up_logging
from worker.settings import LogFormat

LOGGERS = (None, "kafka", "kafka.net.selector")


@pytest.fixture
def root() -> Iterator[None]:
    """The loggers as they were, afterwards."""
    root = logging.getLogger()
    handlers, loggers = root.handlers[:], [logging.getLogger(name) for name in LOGGERS]
    levels = [logger.level for logger in loggers]
    yield
    root.handlers[:] = handlers
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


def record(message: str = "pages: %d", *args: object) -> logging.LogRecord:
    made = logging.LogRecord("worker.app", logging.WARNING, "app.py", 1, message, args or (3,), None)
    made.created = 1_769_860_800.1239
    return made


def test_text_lines_have_the_time_in_utc() -> None:
    assert TextFormatter().format(record()) == "2026-01-31T12:00:00.123Z WARNING worker.app: pages: 3"


def test_json_lines_are_one_object_each() -> None:
    made = record("two\nlines %s", "and \ud800")
    made.partition = 7
    line = JsonFormatter().format(made)
    assert "\n" not in line
    told = json.loads(line)
    assert told["time"] == "2026-01-31T12:00:00.123Z"
    assert told["level"] == "WARNING"
    assert told["logger"] == "worker.app"
    assert told["message"].startswith("two\nlines and ")
    assert told["partition"] == 7


def test_json_lines_carry_the_traceback() -> None:
    made = record()
    try:
        raise LookupError("gone")
    except LookupError:
        made.exc_info = sys.exc_info()
    assert "LookupError: gone" in json.loads(JsonFormatter().format(made))["error"]


def test_the_rate_limit_tells_how_much_it_left_out() -> None:
    now = [0.0]
    limit = RateLimit(rate=2, burst=3, clock=lambda: now[0])
    assert [limit.filter(record()) for _ in range(10)] == [True] * 3 + [False] * 7
    now[0] += 0.5
    passed = record()
    assert limit.filter(passed)
    assert passed.getMessage() == "pages: 3 (7 lines like this were left out)"
    assert not limit.filter(record())
    now[0] += 1000
    assert [limit.filter(record()) for _ in range(4)] == [True] * 3 + [False]


@pytest.mark.usefixtures("root")
def test_kafkas_loggers_are_limited_and_ours_are_not(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging("INFO", LogFormat.JSON)
    for _ in range(300):
        logging.getLogger("kafka.coordinator.consumer").warning("where is the coordinator?")
        logging.getLogger("worker.pipeline").info("ours")
    logging.getLogger("kafka.client").info("of no interest")
    logging.getLogger("kafka.net.selector").warning("Task ran for 0.144s. It is blocking the event loop")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    ours = [line for line in lines if line["logger"] == "worker.pipeline"]
    assert len(ours) == 300
    assert 50 <= len(lines) - len(ours) < 70
    assert "kafka.net.selector" not in {line["logger"] for line in lines}
