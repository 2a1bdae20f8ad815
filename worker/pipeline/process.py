"""The parent's hold on one child process: its pipe, its deadline, its end."""

import os
import signal
import socket
import struct
import threading
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext

from worker.core.records import Page
from worker.pipeline.child import CleanFactory, Ready, Reply, receive_reply, send_page, serve

START_SECONDS = 60.0  # for a child to be ready, the fork server's imports included
END_SECONDS = 5.0  # for a child to be gone once its pipe is closed or it is killed


class StartError(Exception):
    """The child cannot be started; the text tells why."""


class StartLost(StartError):
    """The child was gone before it was ready, most often killed: another may live."""


class ChildLost(Exception):
    """The child ended. `exit_code` is that of `multiprocessing.Process`: below zero for a signal."""

    def __init__(self, exit_code: int | None):
        super().__init__(_explain(exit_code))
        self.exit_code = exit_code


class ChildProcess:
    """A child that cleans one page at a time. One thread uses it; `kill` may be called from any.

    Raises:
        StartError: the child was not ready within `START_SECONDS`.
    """

    # Starting a process looks at all the others for those that ended (multiprocessing does), and so
    # would take the exit code from a thread that is just reading it: one at a time.
    _processes = threading.Lock()

    def __init__(self, context: ForkServerContext, build: CleanFactory, memory_bytes: int, deadline: float):
        self.pages = 0
        self._connection, theirs = context.Pipe()
        self._process = context.Process(
            target=serve, args=(theirs, build, memory_bytes), name="pagesieve-child", daemon=True
        )
        try:
            with theirs, self._processes:
                self._process.start()
            self._wait_ready()
            _bound_waits(self._connection, deadline)
        except (EOFError, OSError) as error:
            raise StartLost(f"a child process ended while it started: {ChildLost(self.end())}") from error
        except BaseException:
            self.end(kill=True)
            raise

    def _wait_ready(self) -> None:
        if not self._connection.poll(START_SECONDS):
            raise StartError(f"a child process was not ready within {START_SECONDS:g} s")
        ready: Ready = self._connection.recv()
        if ready.problem is not None:
            raise StartError(f"a child process could not start:\n{ready.problem}")

    def clean(self, page: Page) -> Reply:
        """Clean a page within the deadline, which runs from when the child has it.

        Raises:
            BrokenPipeError: the child was gone before it had the page.
            TimeoutError: the deadline passed, and the child still runs: end it.
            ChildLost: the child ended while it had the page.
        """
        self.pages += 1
        try:
            send_page(self._connection, page)
            return receive_reply(self._connection)
        except BlockingIOError:
            raise TimeoutError from None
        except BrokenPipeError:
            raise
        except (EOFError, OSError):
            raise ChildLost(self.end()) from None

    def kill(self) -> None:
        """Kill the child, if it lives; whoever waits for its answer learns that it is lost."""
        with self._processes:
            if self._process.pid is not None and self._process.is_alive():
                self._process.kill()

    def end(self, *, kill: bool = False) -> int | None:
        """Close the pipe, kill the child or let it go by itself, and return its exit code."""
        self._connection.close()
        if self._process.pid is None:
            return None
        with self._processes:
            self._process.join(0 if kill else END_SECONDS)
            if self._process.is_alive():
                self._process.kill()
                self._process.join(END_SECONDS)
            return self._process.exitcode


def _bound_waits(connection: Connection, seconds: float) -> None:
    """Let no read or write of the pipe wait longer: it raises BlockingIOError then (socket(7))."""
    whole = int(seconds)
    interval = struct.pack("ll", whole, int((seconds - whole) * 1_000_000))
    with socket.socket(fileno=os.dup(connection.fileno())) as pipe:
        pipe.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, interval)
        pipe.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, interval)


def _explain(exit_code: int | None) -> str:
    if exit_code is None:
        return "ended without an exit code"
    if exit_code >= 0:
        return f"exit code {exit_code}"
    try:
        return f"killed by {signal.Signals(-exit_code).name}"
    except ValueError:
        return f"killed by signal {-exit_code}"
