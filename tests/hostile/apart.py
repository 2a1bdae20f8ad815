"""The bench in a process of its own, as a worker is: nothing of the tests is in its memory."""

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import NamedTuple, cast

import psutil

from tests.hostile.case import HostileCase
from tests.hostile.run import Bench, Fate

_ANSWER_SECONDS = 180.0
_END_SECONDS = 30.0


class State(NamedTuple):
    """What a bench is in: bytes that the parent and the child hold, and what happened so far."""

    parent: int
    child: int
    restarts: list[str]
    bugs: list[str]


class BenchApart:
    """Cases are made here, and their messages sent to the bench."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def run(self, case: HostileCase) -> Fate:
        """The fate of a case."""
        self._connection.send((case.name, case.make(), case.headers))
        return cast("Fate", self._answer())

    def state(self) -> State:
        """What the bench is in now."""
        self._connection.send(None)
        return cast("State", self._answer())

    def _answer(self) -> object:
        if not self._connection.poll(_ANSWER_SECONDS):
            raise TimeoutError("the bench does not answer")
        return self._connection.recv()


@contextmanager
def bench_apart(recycle_pages: int) -> Iterator[BenchApart]:
    """A bench with one child, ended with the context."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, recycle_pages), name="bench")
    process.start()
    theirs.close()
    try:
        yield BenchApart(ours)
    finally:
        ours.close()
        process.join(_END_SECONDS)
        if process.is_alive():
            process.kill()
            process.join()


def _serve(connection: Connection, recycle_pages: int) -> None:
    with Bench(recycle_pages) as bench:
        while True:
            try:
                message = connection.recv()
            except EOFError:
                return
            connection.send(_state(bench) if message is None else _run(bench, *message))
            del message


def _run(bench: Bench, name: str, value: bytes, headers: tuple[tuple[str, bytes], ...]) -> Fate:
    (fate,) = bench.run([HostileCase(name, lambda: value, headers)])
    return fate


def _state(bench: Bench) -> State:
    child = bench.child()
    return State(
        psutil.Process().memory_full_info().uss,
        child.memory_info().rss if child else 0,
        list(bench.restarts),
        [bug.traceback for _, bug in bench.bugs],
    )
