"""`pagesieve explain`: what was kept of each page and what was cut, block by block, and why."""

import logging
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import IO

from rich.console import Console

from worker.commands.failures import CommandError
from worker.commands.inputs import RawPage
from worker.core.clean import clean_traced
from worker.core.decode import decode_message
from worker.core.options import CleanOptions
from worker.core.records import Rejected
from worker.core.rules import RuleSet, parse_rules
from worker.explaining.html import html_page
from worker.explaining.record import json_line
from worker.explaining.rows import Explanation, explain
from worker.explaining.terminal import print_explanation
from worker.rulefiles import read_rules
from worker.settings import Settings

_CANNOT_CREATE = 73  # sysexits: EX_CANTCREAT
_FILE_WIDTH = 110  # columns of a file that is written as for a terminal


class Form(StrEnum):
    """How an explanation is written."""

    TERMINAL = "terminal"
    JSON = "json"
    HTML = "html"


def explain_pages(
    pages: Iterable[RawPage], settings: Settings, form: Form, output: Path | None, *, whole: bool
) -> None:
    """Explain pages, in their order, to a file or to standard output.

    Pages are cleaned in this very process: a page that would be stopped by its deadline or its memory
    limit in a worker is not stopped here.

    Raises:
        InputError: an input cannot be read; what came before it is written.
        CommandError: the output cannot be written.
    """
    with _quiet(), _opened(output) as file:
        explanations = _explanations(pages, settings.clean_options)
        if form is Form.TERMINAL:
            console = Console(file=file, width=_FILE_WIDTH if output else None, highlight=False)
            for explanation in explanations:
                print_explanation(explanation, console, whole=whole)
        elif form is Form.JSON:
            for explanation in explanations:
                file.write(json_line(explanation).decode())
        else:
            _write_html(explanations, file)
        file.flush()


def _write_html(explanations: Iterator[Explanation], file: IO[str]) -> None:
    """One document of all pages: its counts come first, so nothing is written before the last page."""
    found: list[Explanation] = []
    try:
        found.extend(explanations)
    finally:
        file.write(html_page(found))


def _explanations(pages: Iterable[RawPage], options: CleanOptions) -> Iterator[Explanation]:
    rules = parse_rules(read_rules())
    for page in pages:
        yield _explained(page, rules, options)


def _explained(page: RawPage, rules: RuleSet, options: CleanOptions) -> Explanation:
    decoded = decode_message(page.value, page.key, page.headers, options)
    if isinstance(decoded, Rejected):
        return explain(page.name, _url_of(page), decoded, None, rules)
    outcome, trace = clean_traced(decoded.page, rules, options)
    return explain(page.name, decoded.page.url, outcome, trace, rules)


def _url_of(page: RawPage) -> str | None:
    """The URL of a page that could not be decoded. A file's key is its path."""
    key = page.key.decode("utf-8", "replace") if page.key else ""
    return key if key.startswith(("http://", "https://")) else None


@contextmanager
def _quiet() -> Iterator[None]:
    """What libraries remark on single pages is no part of the explanation."""
    before = logging.root.manager.disable
    logging.disable()
    try:
        yield
    finally:
        logging.disable(before)


@contextmanager
def _opened(output: Path | None) -> Iterator[IO[str]]:
    if output is None:
        yield sys.stdout
        return
    try:
        file = output.open("w", encoding="utf-8")
    except OSError as error:
        raise CommandError(_CANNOT_CREATE, f"{output}: {error.strerror}") from error
    with file:
        yield file
