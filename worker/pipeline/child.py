"""What runs in a child process: pages come in and outcomes go out over one pipe, and nothing else.

What to clean with is made in the child by a factory, so that compiled rules never cross the pipe.
"""

import faulthandler
import fcntl
import gc
import logging
import multiprocessing
import os
import resource
import signal
import time
import traceback
from collections.abc import Callable, Mapping
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

from worker.core.options import CleanOptions
from worker.core.records import Outcome, Page, Reason, Rejected
from worker.pipeline.outcomes import encode_outcome
from worker.pipeline.ports import Cleaned

Clean = Callable[[Page], Outcome]
CleanFactory = Callable[[], Clean]
CleanBuilder = Callable[[Mapping[str, str], CleanOptions], Clean]  # from the rules' texts

_DETAIL = 300  # characters of an exception's text that go into the dead letter


class Bug(NamedTuple):
    """An exception that cleaning let out."""

    type: str
    traceback: str


class Ready(NamedTuple):
    """The child's first word: it can take pages, or `problem` is the traceback of why not."""

    problem: str | None = None


class Reply(NamedTuple):
    """The child's answer to one page."""

    cleaned: Cleaned
    bug: Bug | None = None
    spent: bool = False  # no more pages for this child: a failed allocation may have left anything behind


# The modules that `build_cleaner` needs: whoever forks children does well to have them.
PRELOAD = ("worker.core.clean", "worker.core.rules")

# What the libraries load when they are first used (models, word lists, patterns) takes half a second of
# processor time. On a busy machine that is a real page's deadline, so a page of our own pays for it.
_FIRST_PAGE = (
    b"<!DOCTYPE html><html><head><title>The first page</title></head><body><article><h1>The first page</h1>"
    b"<p>The first page that a process cleans waits for all that is loaded only when it is used, so it is "
    b"this one, and nobody waits for what becomes of it.</p></article></body></html>"
)


def build_cleaner(rule_texts: Mapping[str, str], options: CleanOptions) -> Clean:
    """The factory of the worker: parse the rules, warm up, and clean with them.

    It imports by itself, so that the parent can name it without loading the extractor.
    """
    from worker.core.clean import clean
    from worker.core.rules import parse_rules

    cleaner = partial(clean, rules=parse_rules(rule_texts), options=options)
    cleaner(Page(_FIRST_PAGE))
    return cleaner


def serve(connection: Connection, build: CleanFactory, memory_bytes: int) -> None:
    """The main function of a child: make the cleaner, say so, then clean pages until the pipe closes."""
    _die_with_parent()
    try:
        clean = initialise(build, memory_bytes)
    except Exception:  # noqa: BLE001 - it is told to the parent, which stops
        connection.send(Ready(traceback.format_exc()))
        return
    connection.send(Ready())
    while True:
        try:
            page = receive_page(connection)
        except (EOFError, ConnectionResetError):
            return
        send_reply(connection, clean_page(clean, page))


# Records cross the pipe in parts: pickling a frozen dataclass is slow, and it would copy the body once more.


def send_page(connection: Connection, page: Page) -> None:
    """The parent's side of `receive_page`."""
    connection.send((page.url, page.content_type, page.encoding, page.is_text))
    connection.send_bytes(page.body)


def receive_page(connection: Connection) -> Page:
    """Wait for the next page. Raises EOFError when the parent has closed the pipe."""
    url, content_type, encoding, is_text = connection.recv()
    return Page(connection.recv_bytes(), url, content_type, encoding, is_text)


def send_reply(connection: Connection, reply: Reply) -> None:
    """The child's side of `receive_reply`."""
    cleaned = reply.cleaned
    connection.send((cleaned.outcome, cleaned.seconds, cleaned.cacheable, reply.bug, reply.spent))


def receive_reply(connection: Connection) -> Reply:
    """Wait for the answer to a page. Raises EOFError when the child is gone."""
    outcome, seconds, cacheable, bug, spent = connection.recv()
    return Reply(Cleaned(outcome, seconds, cacheable), bug, spent)


def initialise(build: CleanFactory, memory_bytes: int) -> Clean:
    """Make the cleaner, then allow `memory_bytes` of address space beyond what the child has by now.

    Relative, because the address space of an idle child is mostly shared libraries: the limit is to
    mean what a page may cost.
    """
    faulthandler.enable()  # a crash in C code leaves the Python stack on standard error
    logging.disable()  # what libraries remark on single pages is not the worker's log
    clean = build()
    gc.freeze()  # what is here stays: the collector need not look at it, nor unshare its memory
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * resource.getpagesize() + memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
    return clean


def clean_page(clean: Clean, page: Page) -> Reply:
    """Clean one page. Whatever cleaning raises is an outcome; the unexpected is told as a bug as well."""
    started = time.perf_counter()
    bug: Bug | None = None
    try:
        data = encode_outcome(clean(page))
        return Reply(Cleaned(data, time.perf_counter() - started))
    except MemoryError:
        rejected = Rejected(Reason.MEMORY, "cleaning needed more memory than a child may take")
    except RecursionError:
        rejected = Rejected(Reason.TOO_DEEP, "cleaning recursed deeper than the interpreter allows")
    except Exception as error:  # noqa: BLE001 - one page's bug stops neither the worker nor the page
        bug = Bug(type(error).__name__, traceback.format_exc())
        rejected = Rejected(Reason.CRASHED, _one_line(error))
    spent = rejected.reason is Reason.MEMORY
    lasting = rejected.reason is Reason.TOO_DEEP
    cleaned = Cleaned(encode_outcome(rejected), time.perf_counter() - started, cacheable=lasting)
    return Reply(cleaned, bug, spent)


def _one_line(error: Exception) -> str:
    text = f"{type(error).__name__}: {error}".encode("utf-8", "replace").decode()
    return " ".join(text.split())[:_DETAIL]


def _die_with_parent() -> None:
    """Let the kernel end this process when the parent is gone, even in C code that never returns.

    The parent's end of the sentinel pipe closes with it, and a pipe in asynchronous mode tells its
    reader so with SIGIO, which kills by default (fcntl(2), F_SETOWN). PR_SET_PDEATHSIG would wait for
    the fork server, and that one lives for as long as any child does.

    Signals meant for the worker's process group leave its children alone: the worker stops, they finish.
    """
    os.setpgid(0, 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    parent = multiprocessing.parent_process()
    if parent is None:
        raise RuntimeError("a child is started by the pool only")
    sentinel = parent.sentinel
    fcntl.fcntl(sentinel, fcntl.F_SETOWN, os.getpid())
    flags = fcntl.fcntl(sentinel, fcntl.F_GETFL)
    fcntl.fcntl(sentinel, fcntl.F_SETFL, flags | os.O_ASYNC)
    if not parent.is_alive():  # it went before the line above
        os._exit(1)
