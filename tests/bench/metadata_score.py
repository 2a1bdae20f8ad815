"""Title, date and authors against gold: ours beside trafilatura's own, exact match.

    python -m tests.bench.metadata_score CORPORA [newspaper world arabic]

CORPORA is a folder of JSON lines (`newspaper.jsonl.gz`: url, html or html_b64, gold with title, authors,
date). A title counts when its words are the gold's: case, punctuation and spaces aside; `title=` asks for
the same characters, spaces aside. A date counts by its day, as written in its own zone. Authors count
when they are the same set of names, by their words; on the pages where gold names any, and on all.
Pages without a gold title or date are left out of that column. Milliseconds are processor time a page,
the median, beside that of parsing it.
"""

import argparse
import base64
import gzip
import re
import statistics
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from lxml import html
from trafilatura import bare_extraction

from worker.core.datefinder import find_html_date
from worker.core.metadata import collect, resolve
from worker.core.tree import parse


class Page(NamedTuple):
    """A page and what is known of it."""

    name: str
    url: str
    text: str
    gold: dict[str, Any]


class Told(NamedTuple):
    """What a method says of a page, and the processor time that it took, in seconds."""

    title: str | None
    date: str | None
    authors: tuple[str, ...]
    seconds: float = 0.0


def read_corpus(path: Path) -> Iterator[Page]:
    """The pages of a corpus whose gold names a title."""
    with gzip.open(path, "rb") as rows:
        for row in map(orjson.loads, rows):
            body = (
                row["html"] if "html" in row else base64.b64decode(row["html_b64"]).decode("utf-8", "replace")
            )
            if "title" in row["gold"]:
                yield Page(row["id"], row["url"], body, row["gold"])


def ours(page: Page) -> Told | None:
    """What `collect` and `resolve` say; htmldate is asked where they find no date."""
    root = parse(page.text)
    if root is None:
        return None
    tree: html.HtmlElement = root
    started = time.process_time()
    found = resolve(collect(tree), page.url, date_finder=lambda: find_html_date(tree, page.url))
    return Told(found.title, found.published_at, found.authors, time.process_time() - started)


def trafilaturas(page: Page) -> Told | None:
    """What `bare_extraction(..., with_metadata=True)` says; its time is that of the whole extraction."""
    started = time.process_time()
    found: Any = bare_extraction(page.text, url=page.url, with_metadata=True)
    if found is None:
        return None
    authors = tuple(filter(None, (found.author or "").split("; ")))
    return Told(found.title, found.date, authors, time.process_time() - started)


def words(text: str | None) -> str:
    """A text's letters and digits, case aside, a space between words."""
    folded = unicodedata.normalize("NFKC", text or "").casefold()
    return re.sub(r"[\W_]+", " ", folded).strip()


def spaces(text: str | None) -> str:
    """A text with its runs of spaces folded."""
    return " ".join((text or "").split())


def names(authors: Iterable[str]) -> set[str]:
    """A set of names by their words."""
    return {words(author) for author in authors} - {""}


def share(hits: list[bool]) -> str:
    """The share of hits, three places; a dash where there was nothing to hit."""
    return f"{sum(hits) / len(hits):.3f}" if hits else "-"


def score(pages: list[Page], method: Callable[[Page], Told | None], misses: str) -> str:
    """One line of the table; pages missed are printed for the fields whose first letters are in `misses`."""
    columns: dict[str, list[bool]] = {"title": [], "title=": [], "date": [], "authors": [], "all": []}
    times = []
    for page in pages:
        told = method(page) or Told(None, None, ())
        times.append(told.seconds * 1000)
        gold = page.gold
        columns["title"].append(words(told.title) == words(gold["title"]))
        columns["title="].append(spaces(told.title) == spaces(gold["title"]))
        if gold.get("date"):
            columns["date"].append((told.date or "")[:10] == gold["date"][:10])
        columns["all"].append(names(told.authors) == names(gold["authors"]))
        if gold["authors"]:
            columns["authors"].append(columns["all"][-1])
        for field, hit in (("title", columns["title"][-1]), ("authors", columns["all"][-1])):
            if not hit and field[0] in misses:
                print(f"  {page.name}: {gold[field]!r} {getattr(told, field)!r}")
        if "d" in misses and gold.get("date") and not columns["date"][-1]:
            print(f"  {page.name}: {gold['date']!r} {told.date!r}")
    shares = " ".join(f"{share(hits):>7}" for hits in columns.values())
    return f"{shares} {statistics.median(times):7.2f}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpora", type=Path, help="the folder of the corpora")
    parser.add_argument("names", nargs="*", default=["newspaper", "world", "arabic"], help="which of them")
    parser.add_argument("--misses", default="", help="print our misses of these: t(itle), d(ate), a(uthors)")
    arguments = parser.parse_args()
    print(
        f"{'corpus':10} {'by':11} {'title':>7} {'title=':>7} {'date':>7} {'authors':>7} {'all':>7} {'ms':>7}"
    )
    for name in arguments.names:
        pages = list(read_corpus(arguments.corpora / f"{name}.jsonl.gz"))
        print(f"{name:10} {'trafilatura':11} {score(pages, trafilaturas, '')}")
        print(f"{name:10} {'pagesieve':11} {score(pages, ours, arguments.misses)}")


if __name__ == "__main__":
    main()
