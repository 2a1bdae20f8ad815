"""A real redis-server for tests and benchmarks."""

import atexit
import socket
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers.processes import ServerProcess, free_port, need_program


class RedisServer:
    """A redis-server without persistence, on a port of its own that it keeps when it starts again.

    `options` are further words of its command line: `"--requirepass", "secret"`.
    """

    def __init__(self, folder: Path, *options: str, port: int | None = None):
        self.port = port or free_port()
        self._folder = folder
        self._options = options
        self._process: ServerProcess | None = None

    @property
    def url(self) -> str:
        """`redis://host:port/0`."""
        return f"redis://127.0.0.1:{self.port}/0"

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> Self:
        """Start it and wait until it answers.

        Raises:
            MissingServerError: when redis-server is not installed.
            ServerStartError: when it does not come up.
        """
        program = need_program("redis-server", "Debian: redis-server")
        self._folder.mkdir(parents=True, exist_ok=True)
        options = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "save": "",
            "appendonly": "no",
            "dir": str(self._folder),
        }
        flags = [word for name, value in options.items() for word in (f"--{name}", value)]
        self._process = ServerProcess([program, *flags, *self._options], self._folder / "redis.log")
        atexit.register(self.stop)
        self._process.start()
        self._process.wait_until(lambda: answers_ping(self.port), 15, "redis-server")
        return self

    def stop(self) -> None:
        """End it; what it held is gone."""
        atexit.unregister(self.stop)
        if self._process is not None:
            self._process.stop()
            self._process = None

    def freeze(self) -> None:
        """SIGSTOP: connections are accepted, and nothing is answered."""
        assert self._process is not None
        self._process.freeze()

    def thaw(self) -> None:
        """SIGCONT."""
        assert self._process is not None
        self._process.thaw()


def answers_ping(port: int) -> bool:
    """Whether a Redis answers on this port of the loopback address, be it that it wants a password."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith((b"+PONG", b"-NOAUTH"))
    except OSError:
        return False
