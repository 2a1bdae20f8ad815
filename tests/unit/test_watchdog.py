"""The watchdog: progress keeps it quiet, and a process that is stuck ends with 75."""

import subprocess
import sys
from queue import Empty, SimpleQueue

import pytest

from tests.servers.processes import wait_for
from worker.pipeline.watchdog import Progress, Watchdog


def test_progress_has_an_age() -> None:
    now = [10.0]
    progress = Progress(lambda: now[0])
    now[0] = 15.0
    assert progress.age() == 5
    progress.mark()
    assert progress.age() == 0


def test_it_gives_up_once_when_the_age_passes_the_timeout() -> None:
    now = [0.0]
    gave_up: SimpleQueue[float] = SimpleQueue()
    progress = Progress(lambda: now[0])
    watchdog = Watchdog(progress, 0.5, gave_up.put)
    watchdog.start()
    with pytest.raises(Empty):
        gave_up.get(timeout=0.3)
    now[0] = 0.6
    assert gave_up.get(timeout=5) == pytest.approx(0.6)
    with pytest.raises(Empty):
        gave_up.get(timeout=0.3)


def test_a_watchdog_that_was_stopped_does_nothing() -> None:
    now = [0.0]
    gave_up: SimpleQueue[float] = SimpleQueue()
    watchdog = Watchdog(Progress(lambda: now[0]), 0.2, gave_up.put)
    watchdog.start()
    watchdog.stop()
    now[0] = 10.0
    wait_for(lambda: not watchdog._thread.is_alive(), 5, "the thread's end")
    assert gave_up.empty()


def test_a_process_whose_main_thread_is_stuck_ends_with_75_and_its_stacks() -> None:
    script = """
import logging, threading
from worker.pipeline.watchdog import Progress, Watchdog

def stuck_in_a_call():
    threading.Lock().acquire() and threading.Event().wait()

logging.basicConfig()
Watchdog(Progress(), 0.3).start()
stuck_in_a_call()
"""
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=20, check=False
    )
    assert ended.returncode == 75
    assert "no progress for" in ended.stderr
    assert "in stuck_in_a_call" in ended.stderr
