"""The worker processes of the demo: started, watched, asked for their metrics, and ended by their ids."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.error import URLError
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

from worker.commands.failures import CommandError
from worker.settings import PREFIX

_START_SECONDS = 120.0
_STOP_SECONDS = 15.0
_HTTP_SECONDS = 2.0
_LOG_LINES = 5


class WorkerProcesses:
    """`count` workers on this machine, each `pagesieve run` with a slot and an HTTP port of its own.

    `environment` has their common settings; other settings of the caller's environment do not reach them.
    Leaving the context ends them, as SIGTERM does at first.

    Raises on entering and by `check`:
        CommandError: a worker ended, or was not ready in time; with the end of its log.
    """

    def __init__(self, count: int, environment: Mapping[str, str], folder: Path):
        self.ports = _free_ports(count)
        self._environment = environment
        self._logs = [folder / f"worker-{slot}.log" for slot in range(count)]
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        try:
            for slot in range(len(self.ports)):
                self._start(slot)
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def check(self) -> None:
        """See that all of them run."""
        for slot, process in enumerate(self._processes):
            if process.poll() is not None:
                raise CommandError(
                    70, f"worker {slot} ended with code {process.returncode}; {self._log_end(slot)}"
                )

    def stop(self) -> Sequence[int]:
        """Ask them to end, kill what does not in time, and give their exit codes."""
        for process in self._processes:
            process.terminate()
        deadline = time.monotonic() + _STOP_SECONDS
        try:
            for process in self._processes:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(max(0.1, deadline - time.monotonic()))
        finally:  # a second Ctrl-C ends the waiting, not the cleaning up
            for process in self._processes:
                process.kill()
                process.wait()
        return [process.returncode for process in self._processes]

    def total(self, metric: str, **labels: str) -> float:
        """The sum of a metric over the workers, of the samples with these labels."""
        return sum(self._value(port, metric, labels) for port in self.ports)

    def _start(self, slot: int) -> None:
        own = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        own |= self._environment
        own |= {f"{PREFIX}WORKER_SLOT": str(slot), f"{PREFIX}HTTP_PORT": str(self.ports[slot])}
        with self._logs[slot].open("wb") as log:
            self._processes.append(
                subprocess.Popen(
                    [sys.executable, "-m", "worker", "run"],
                    env=own,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # Ctrl-C is for the demo, which ends its workers in good order
                )
            )

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not all(self._is_ready(port) for port in self.ports):
            self.check()
            if time.monotonic() > deadline:
                raise CommandError(75, f"the workers were not ready in time; {self._log_end(0)}")
            time.sleep(0.1)

    def _is_ready(self, port: int) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=_HTTP_SECONDS) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    def _value(self, port: int, metric: str, labels: Mapping[str, str]) -> float:
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=_HTTP_SECONDS) as answer:
            text = answer.read().decode()
        return sum(
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == metric and labels.items() <= sample.labels.items()
        )

    def _log_end(self, slot: int) -> str:
        lines = self._logs[slot].read_text(errors="replace").splitlines()
        return "its log ends: " + " / ".join(lines[-_LOG_LINES:])


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:  # all held at once, so that they differ
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [held.getsockname()[1] for held in sockets]
