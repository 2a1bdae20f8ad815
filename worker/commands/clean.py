"""`pagesieve clean`: pages in, articles out in the same order, without Kafka."""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from queue import SimpleQueue
from typing import Any, BinaryIO

import orjson
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from worker.assembly import build_pool, fingerprint, publication_of
from worker.commands.inputs import InputError, RawPage
from worker.core.decode import decode_message
from worker.core.records import Article, Envelope, Rejected
from worker.pipeline.outcomes import decode_outcome
from worker.pipeline.pool import ProcessCleaner
from worker.pipeline.ports import Cleaned
from worker.pipeline.routing import Publication, article_record
from worker.rulefiles import read_rules
from worker.settings import Settings

_AHEAD = 8  # pages a child that are read before the first is done
_CLOSE_SECONDS = 5.0


class Format(StrEnum):
    """How an article is written."""

    JSON = "json"
    TEXT = "text"
    MARKDOWN = "markdown"


@dataclass(slots=True)
class _Slot:
    """A page's place in the output, filled when its turn comes or before."""

    name: str
    url: str | None
    envelope: Envelope | None = None
    outcome: Article | Rejected | None = None


def clean_pages(
    pages: Iterable[RawPage], settings: Settings, form: Format, output: BinaryIO, errors: Console
) -> None:
    """Clean pages and write one result each, in the order of the pages; progress goes to a terminal only.

    Raises:
        InputError: an input cannot be read; what came before it is written.
    """
    logging.basicConfig(level=logging.WARNING, format="pagesieve: %(message)s")
    rules = read_rules()
    publication = publication_of(settings, fingerprint(rules, settings.clean_options))
    cleaner = build_pool(settings, rules)
    cleaner.start()
    try:
        with _progress(errors) as advance, _flushed(output):
            for slot in _in_order(pages, settings, cleaner):
                output.write(_written(slot, form, publication))
                advance()
    finally:
        cleaner.close(_CLOSE_SECONDS)


@contextmanager
def _flushed(output: BinaryIO) -> Iterator[None]:
    try:
        yield
    finally:
        output.flush()


def _in_order(pages: Iterable[RawPage], settings: Settings, cleaner: ProcessCleaner) -> Iterator[_Slot]:
    """Each page's filled slot, in order; a bounded number of pages is read ahead."""
    done: SimpleQueue[tuple[int, Cleaned]] = SimpleQueue()
    waiting: deque[tuple[int, _Slot]] = deque()
    by_ticket: dict[int, _Slot] = {}

    def fill(ticket: int, cleaned: Cleaned) -> None:
        done.put((ticket, cleaned))

    def finished() -> Iterator[_Slot]:
        while waiting and waiting[0][1].outcome is None:
            ticket, cleaned = done.get()
            by_ticket.pop(ticket).outcome = decode_outcome(cleaned.outcome)
        if waiting:
            yield waiting.popleft()[1]

    problem: InputError | None = None
    try:
        for ticket, page in enumerate(pages):
            slot = _decoded(page, settings)
            waiting.append((ticket, slot))
            if slot.outcome is None and slot.envelope is not None:
                by_ticket[ticket] = slot
                cleaner.submit(ticket, slot.envelope.page, fill)
            while len(waiting) > _AHEAD * settings.child_count:
                yield from finished()
    except InputError as error:
        problem = error
    while waiting:
        yield from finished()
    if problem is not None:
        raise problem


def _decoded(page: RawPage, settings: Settings) -> _Slot:
    decoded = decode_message(page.value, page.key, page.headers, settings.clean_options)
    url = page.key.decode("utf-8", "replace") if page.key else None
    if isinstance(decoded, Rejected):
        return _Slot(page.name, url, outcome=decoded)
    return _Slot(page.name, decoded.page.url or url, decoded)


def _written(slot: _Slot, form: Format, publication: Publication) -> bytes:
    outcome, envelope = slot.outcome, slot.envelope
    if isinstance(outcome, Article) and envelope is not None:
        record = article_record(envelope, outcome, publication, datetime.now(UTC))
        return _WRITERS[form](record)
    if not isinstance(outcome, Rejected):
        raise TypeError(f"{slot.name}: neither an article nor a reason")
    if form is Format.JSON:
        row = {"url": slot.url, "error": outcome.reason.value, "detail": outcome.detail}
        return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)
    return f"[{slot.name}: {outcome.reason.value}: {outcome.detail}]\n\n".encode()


def _json(record: dict[str, Any]) -> bytes:
    return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)


def _text(record: dict[str, Any]) -> bytes:
    head = f"{record['title']}\n\n" if record["title"] else ""
    return f"{head}{record['text']}\n\n\n".encode()


def _markdown(record: dict[str, Any]) -> bytes:
    facts = [", ".join(record["authors"]), record["site_name"], record["published_at"], record["url"]]
    about = " · ".join(fact for fact in facts if fact)
    lines = [f"# {record['title'] or 'Untitled'}", f"*{about}*" if about else "", record["text"], "---"]
    return "\n\n".join(line for line in lines if line).encode() + b"\n\n"


_WRITERS: dict[Format, Callable[[dict[str, Any]], bytes]] = {
    Format.JSON: _json,
    Format.TEXT: _text,
    Format.MARKDOWN: _markdown,
}


def _progress(errors: Console) -> AbstractContextManager[Callable[[], None]]:
    return _Bar(errors) if errors.is_terminal else nullcontext(lambda: None)


class _Bar(AbstractContextManager[Callable[[], None]]):
    """A count of pages on stderr."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("pages cleaned"),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
        )

    def __enter__(self) -> Callable[[], None]:
        self._progress.start()
        task = self._progress.add_task("clean", total=None)
        return lambda: self._progress.advance(task)

    def __exit__(self, *_: object) -> None:
        self._progress.stop()
