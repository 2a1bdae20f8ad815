"""The baseline: bare trafilatura with its metadata, in as many processes, and nothing else."""

import multiprocessing
import time
from collections.abc import Sequence

from trafilatura import bare_extraction

from tests.bench.pages import BenchPage


def pages_a_second(pages: Sequence[BenchPage], processes: int) -> float:
    """The speed of `bare_extraction(..., with_metadata=True)` over the pages; start-up is not counted."""
    with multiprocessing.get_context("forkserver").Pool(processes) as pool:
        pool.map(_extract, pages[: 4 * processes], chunksize=1)  # imports and caches are warm now
        started = time.perf_counter()
        for _ in pool.imap_unordered(_extract, pages, chunksize=4):
            pass
        return len(pages) / (time.perf_counter() - started)


def _extract(page: BenchPage) -> int:
    document = bare_extraction(page.body, url=page.url, include_comments=False, with_metadata=True)
    text = getattr(document, "text", None)
    return len(text or "")
