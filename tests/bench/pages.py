"""Pages to measure on: a folder of files, or of corpora as JSON lines (`*.jsonl.gz`, html or html_b64)."""

import base64
import gzip
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import orjson


class BenchPage(NamedTuple):
    """A page to measure on."""

    url: str
    body: bytes


def read_pages(folder: Path, most: int) -> Sequence[BenchPage]:
    """Up to `most` pages of a folder, taken in turn from each of its corpora, or from its HTML files."""
    corpora = [_rows(path) for path in sorted(folder.glob("*.jsonl.gz"))]
    if not corpora:
        files = sorted(p for p in folder.rglob("*") if p.suffix in (".html", ".htm"))[:most]
        return [BenchPage(f"https://bench.example/{i}", p.read_bytes()) for i, p in enumerate(files)]
    turns = itertools.chain.from_iterable(itertools.zip_longest(*corpora))
    return list(itertools.islice((page for page in turns if page is not None), most))


def repeated(pages: Sequence[BenchPage], count: int) -> Iterator[BenchPage]:
    """`count` pages, going round as often as needed; each has a URL of its own, so each is cleaned."""
    for number, page in enumerate(itertools.islice(itertools.cycle(pages), count)):
        mark = "&" if "?" in page.url else "?"
        yield BenchPage(f"{page.url}{mark}bench={number}", page.body)


def _rows(path: Path) -> Iterator[BenchPage]:
    with gzip.open(path, "rb") as lines:
        for line in lines:
            row = orjson.loads(line)
            body = row["html"].encode() if "html" in row else base64.b64decode(row["html_b64"])
            yield BenchPage(row["url"], body)
