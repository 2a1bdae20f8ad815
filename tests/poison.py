"""A cleaner for the tests of the pool: each page says what shall become of the process that cleans it."""

import ctypes
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from worker.core.options import CleanOptions
from worker.core.records import Article, Outcome, Page, Reason, Rejected
from worker.pipeline.child import Clean, build_cleaner


def build_poisonable() -> Clean:
    """The factory that a child calls."""
    return clean_or_die


def build_poisonable_worker(rule_texts: Mapping[str, str], options: CleanOptions) -> Clean:
    """The factory of a whole worker, whose pages may be poison too."""
    clean = build_cleaner(rule_texts, options)

    def clean_or_die_of(page: Page) -> Outcome:
        return clean_or_die(page) if _command(page) in {*_POISON, "exit-late"} else clean(page)

    return clean_or_die_of


def build_broken_worker(_rule_texts: Mapping[str, str], _options: CleanOptions) -> Clean:
    """The factory of a worker whose extractor finds nothing in any page."""
    return find_nothing


def find_nothing(_page: Page) -> Outcome:
    """What a broken deploy makes of every page."""
    return Rejected(Reason.EMPTY, "no text at all")


def build_nothing() -> Clean:
    """A factory with a bug."""
    raise LookupError("no rules today")


def build_killed_once(mark: str) -> Clean:
    """The first child is killed while it starts; those that start beside it or after it are not."""
    try:
        os.close(os.open(mark, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return build_poisonable()
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("not reached")


def build_second_held(mark: str, go: str) -> Clean:
    """The first child starts at once, those after it when the file `go` exists."""
    if Path(mark).exists():
        while not Path(go).exists():
            time.sleep(0.01)
    Path(mark).touch()
    return build_poisonable()


def build_in_a_dying_process() -> Clean:
    """A factory that takes its process with it."""
    os._exit(3)


def clean_or_die(page: Page) -> Outcome:
    """Do what the page's body says; any other text becomes an article, with the child's process id."""
    command = _command(page)
    if command in _POISON:
        _POISON[command]()
    if command == "exit-late":  # a file's name follows, which tells that a child has the page
        Path(page.body.split(b" ")[1].decode()).touch()
        time.sleep(3)
        os._exit(7)
    if command == "sleep":
        time.sleep(float(page.body.split(b" ")[1]))
    return Article((page.body[:100].decode("utf-8", "replace"),), title=str(os.getpid()))


def _command(page: Page) -> str:
    return page.body.split(b" ")[0].decode("ascii", "replace")


def _hang() -> None:
    while True:
        pass


def _hang_in_c() -> None:
    ctypes.PyDLL(None).sleep(1000)  # holds the interpreter's lock


def _eat() -> None:
    held = []
    while True:
        held.append(bytes(1_000_000))  # the limit is on addresses: nothing needs to be written


def _eat_in_c() -> None:
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    while libc.malloc(1_000_000):
        pass
    libc.abort()


def _recurse() -> None:
    _recurse()


def _raise() -> None:
    raise ZeroDivisionError("a bug\nof two lines, with a lone surrogate \ud800")


def _kill_worker() -> None:
    worker = multiprocessing.parent_process()
    assert worker is not None
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    time.sleep(60)  # the child goes with it


_POISON: dict[str, Callable[[], object]] = {
    "hang": _hang,
    "hang-in-c": _hang_in_c,
    "eat": _eat,
    "eat-in-c": _eat_in_c,
    "recurse": _recurse,
    "raise": _raise,
    "exit": lambda: os._exit(7),
    "exit-well": lambda: os._exit(0),
    "segfault": lambda: os.kill(os.getpid(), signal.SIGSEGV),
    "kill-worker": _kill_worker,
    "killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
}
