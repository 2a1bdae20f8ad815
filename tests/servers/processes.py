"""What every server of the tests needs: a free port, a process that ends with the tests, a bounded wait."""

import fcntl
import functools
import os
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

# Below the range that outgoing connections take their ports from: a client that keeps calling a dead
# server there can end up connected to itself, and the server cannot have its port back.
_PORTS = (10_000, 32_000)


class MissingServerError(Exception):
    """The machine lacks what a server needs; the text says what to install."""


class ServerStartError(Exception):
    """A server did not start; the text has the end of its log."""


def free_port() -> int:
    """A TCP port of the loopback address that nothing listens on now."""
    while True:
        port = random.randrange(*_PORTS)
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def need_program(name: str, hint: str) -> str:
    """The path of a program.

    Raises:
        MissingServerError: when it is not installed.
    """
    path = shutil.which(name)
    if path is None:
        raise MissingServerError(f"{name} is not installed ({hint})")
    return path


def wait_for(condition: Callable[[], bool], seconds: float, what: str, pause: float = 0.05) -> None:
    """Wait until `condition` holds.

    Raises:
        TimeoutError: when it does not within `seconds`.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        time.sleep(pause)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other processes that want the same folder waiting; it is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def port_answers(port: int) -> bool:
    """Whether something listens on this port of the loopback address."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@functools.cache
def _spawner() -> ThreadPoolExecutor:
    # The kernel ends a process with the thread that started it, so that thread has to live on.
    return ThreadPoolExecutor(1, thread_name_prefix="spawner")


class ServerProcess:
    """A server in its own process, its output in a log file, ended by its id.

    Without an `environment` it has that of the tests.
    """

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ):
        self.command = list(command)
        self.log = log
        self.folder = folder
        self.environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id; only while it runs."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it; it dies with the process that started it, however that ends."""
        self._process = _spawner().submit(self._spawn).result()

    def _spawn(self) -> subprocess.Popen[bytes]:
        setpriv = shutil.which("setpriv")
        prefix = [setpriv, "--pdeathsig", "KILL"] if setpriv else []
        with self.log.open("ab") as out:
            return subprocess.Popen(
                [*prefix, *self.command],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                env=self.environment,
                start_new_session=True,
            )

    def runs(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    def wait_until(self, answers: Callable[[], bool], seconds: float, what: str) -> None:
        """Wait until the server answers.

        Raises:
            ServerStartError: when it ended, or does not answer within `seconds`.
        """
        deadline = time.monotonic() + seconds
        while not answers():
            if not self.runs():
                raise ServerStartError(f"{what} ended at once:\n{self.log_end()}")
            if time.monotonic() > deadline:
                raise ServerStartError(f"{what} did not answer within {seconds:g} s:\n{self.log_end()}")
            time.sleep(0.05)

    def log_end(self, size: int = 4000) -> str:
        """The last characters of the log."""
        return self.log.read_text(errors="replace")[-size:] if self.log.exists() else ""

    def wait(self, seconds: float) -> int:
        """Wait until it has ended, and give its exit code.

        Raises:
            subprocess.TimeoutExpired: when it has not within `seconds`.
        """
        assert self._process is not None
        return self._process.wait(seconds)

    def terminate(self) -> None:
        """SIGTERM, and no waiting."""
        if self._process is not None:
            self._process.terminate()

    def kill(self) -> None:
        """Signal 9, and wait until it is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self, seconds: float = 10.0) -> None:
        """Ask it to end; kill it when it has not within `seconds`."""
        if self._process is None:
            return
        self.thaw()
        self._process.terminate()
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def freeze(self) -> None:
        """SIGSTOP: it keeps its connections and answers nobody."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        if self.runs():
            os.kill(self.pid, signal.SIGCONT)
