"""The worker end to end: pages in a raw topic of a real Kafka, one worker process, until all are out."""

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil

_END_SECONDS = 30.0
_LOOK_SECONDS = 0.5  # a scrape costs the worker milliseconds: looking more often would measure the looking


class Figures(NamedTuple):
    """What one run of a worker cost."""

    pages_a_second: float
    parent_ms_a_page: float  # processor time of the parent process
    parent_peak_mb: float
    child_peak_mb: float


def measure(environment: dict[str, str], port: int, pages: int, log: Path, timeout: float) -> Figures:
    """Run a worker until it has published `pages` pages; speeds are between the first and the last tenth.

    Raises:
        TimeoutError: when it does not get there in `timeout` seconds.
    """
    with running_worker(environment, port, log) as process:
        first, last = pages // 10, pages - pages // 10
        begin = _wait(process, port, first, timeout)
        end = _wait(process, port, last, timeout)
        parent_peak, child_peak = process_peak(process.pid), children_peak(process.pid)
        return Figures(
            (end.pages - begin.pages) / (end.time - begin.time),
            1000 * (end.parent_seconds - begin.parent_seconds) / (end.pages - begin.pages),
            parent_peak,
            child_peak,
        )


class _Moment(NamedTuple):
    time: float
    pages: int
    parent_seconds: float


@contextmanager
def running_worker(environment: dict[str, str], port: int, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A worker of these settings, its HTTP port told, ended with the context."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "worker", "run"],
            env=os.environ | environment | {"PAGESIEVE_HTTP_PORT": str(port)},
            stdout=output,
            stderr=output,
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, pages: int, timeout: float) -> _Moment:
    until = time.monotonic() + timeout
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the worker ended with code {process.returncode}")
        done = published(port)
        if done >= pages:
            times = psutil.Process(process.pid).cpu_times()
            return _Moment(time.perf_counter(), done, times.user + times.system)
        time.sleep(_LOOK_SECONDS)
    raise TimeoutError(f"{pages} pages were not out after {timeout:g} s")


def published(port: int) -> int:
    """The pages that the worker on this port has published; 0 while it does not answer."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=2) as answer:
            lines = answer.read().decode().splitlines()
    except OSError:
        return 0
    return int(sum(float(line.split()[-1]) for line in lines if line.startswith("pagesieve_pages_total{")))


def process_peak(pid: int) -> float:
    """Peak resident memory of a process, MiB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(peak.split()[1]) / 1024


def children_peak(pid: int) -> float:
    """The largest peak among a process's descendants, MiB; 0 without any."""
    peaks = [0.0]
    for child in psutil.Process(pid).children(recursive=True):
        try:
            peaks.append(process_peak(child.pid))
        except (OSError, StopIteration):
            continue  # it has just been replaced
    return max(peaks)
