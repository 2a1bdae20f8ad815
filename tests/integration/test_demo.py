"""`pagesieve demo` as a user runs it: it shows what it says, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.timeout(240)


def start(folder: Path) -> "subprocess.Popen[str]":
    """The demo, with a home for its temporary files, and with settings around that must not reach it."""
    environment = os.environ | {
        "TMPDIR": str(folder),
        "COLUMNS": "120",
        "PAGESIEVE_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "PAGESIEVE_MIN_WORDS": "100000",
    }
    return subprocess.Popen(
        # a shell's background jobs ignore SIGINT, and what they start inherits that
        ["/usr/bin/env", "--default-signal=INT", sys.executable, "-m", "worker", "demo"],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def children(pid: int) -> list[psutil.Process]:
    try:
        return list(psutil.Process(pid).children(recursive=True))
    except psutil.NoSuchProcess:
        return []


def assert_nothing_left(folder: Path, processes: list[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(processes, timeout=10)
    assert [process.cmdline() for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []
    assert list(folder.iterdir()) == []


def test_shows_both_runs_and_a_page_before_and_after(tmp_path: Path) -> None:
    process = start(tmp_path)
    try:
        output, _ = process.communicate(timeout=200)
    finally:
        process.kill()
    assert process.returncode == 0, output
    assert "Each page came out exactly once, in both runs, as it must." in output
    rows = {cells[0]: cells[1:] for line in output.splitlines() if (cells := _cells(line))}
    pages, articles, dead = (rows[name] for name in ("pages in", "articles", "dead letters"))
    assert pages[0] == pages[1]
    assert int(articles[0]) + int(dead[0]) == int(pages[0]) >= 400
    assert (articles[0], dead[0]) == (articles[1], dead[1])
    assert int(rows["known to the cache"][0]) == 0
    assert int(rows["known to the cache"][1]) > 0.9 * int(pages[1])
    assert float(rows["pages a second"][1]) > 2 * float(rows["pages a second"][0])
    assert "before: " in output
    assert "title: Cold store expansion" in output
    assert "Where to look next" in output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_and_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    process = start(tmp_path)
    try:
        deadline = time.monotonic() + 60
        while not any("run" in child.cmdline() for child in children(process.pid)):
            assert process.poll() is None
            assert time.monotonic() < deadline, "the workers did not start"
            time.sleep(0.1)
        started = children(process.pid)
        process.send_signal(number)
        output, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130, output
    assert "Traceback" not in output
    assert_nothing_left(tmp_path, started)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("│")[1:-1]] if line.startswith("│") else []
