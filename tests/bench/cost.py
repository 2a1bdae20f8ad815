"""Processor time of cleaning a page, in one process, against trafilatura with its metadata.

    python -m tests.bench.cost FOLDER [--pages 400]

Every page goes through each of them in turn, so that what else the machine does falls on all alike.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from trafilatura import bare_extraction

from tests.bench.pages import BenchPage, read_pages
from worker.core.clean import clean
from worker.core.options import CleanOptions, Trafilatura
from worker.core.records import Page
from worker.core.rules import parse_rules
from worker.rulefiles import read_rules

_WARM = 20  # pages that are not counted: imports, compiled expressions, caches


def main() -> None:
    """Print milliseconds a page and the ratio to trafilatura."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pages", type=int, default=400)
    arguments = parser.parse_args()
    pages = read_pages(arguments.folder, arguments.pages)
    seconds = _measure(pages)
    plain = seconds["trafilatura with metadata"]
    for name, spent in seconds.items():
        counted = max(1, len(pages) - _WARM)
        print(f"{name:28}{1000 * spent / counted:8.2f} ms a page, ratio {spent / plain:.3f}")


def _measure(pages: Sequence[BenchPage]) -> dict[str, float]:
    rules = parse_rules(read_rules())
    always, unsure = CleanOptions(), replace(CleanOptions(), trafilatura=Trafilatura.UNSURE)
    ways: dict[str, Callable[[BenchPage], object]] = {
        "trafilatura with metadata": lambda page: bare_extraction(
            page.body, url=page.url, include_comments=False, with_metadata=True
        ),
        "clean, always": lambda page: clean(Page(page.body, page.url), rules, always),
        "clean, unsure": lambda page: clean(Page(page.body, page.url), rules, unsure),
    }
    spent = dict.fromkeys(ways, 0.0)
    for number, page in enumerate(pages):
        for name, way in ways.items():
            started = time.process_time()
            way(page)
            if number >= _WARM:
                spent[name] += time.process_time() - started
    return spent


if __name__ == "__main__":
    main()
