"""Pages as training examples: the very matrix that cleaning a page computes, with labels from its gold."""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.corpora import body_of, open_corpora, site_of
from training.labels import Labels, Weights, by_gold, by_segments
from worker.core.charset import page_text
from worker.core.evidence.features import Matrix, page_matrix, with_verdict
from worker.core.options import CleanOptions
from worker.core.reading import read_markup
from worker.core.records import Page, Rejected

_PAGES_A_TASK = 8


@dataclass(frozen=True)
class Example:
    """A page: its features (all of them x blocks), labels and weights."""

    site: str
    matrix: Matrix
    own: Labels
    weights: Weights


def examples(folder: Path, corpus: str, processes: int) -> list[Example | None]:
    """Every page of a corpus, in order; None for those that have no block."""
    documents = open_corpora(folder).load(corpus)
    spans = [
        range(i, min(i + _PAGES_A_TASK, len(documents))) for i in range(0, len(documents), _PAGES_A_TASK)
    ]
    with ProcessPoolExecutor(processes, initializer=_open, initargs=(folder, corpus)) as pool:
        return [example for part in pool.map(_some, spans) for example in part]


_STATE: dict[str, Any] = {}


def _open(folder: Path, corpus: str) -> None:
    corpora = open_corpora(folder)
    _STATE.update(documents=corpora.load(corpus), metrics=corpora.metrics)


def _some(span: Sequence[int]) -> list[Example | None]:
    return [_example(_STATE["documents"][i], _STATE["metrics"]) for i in span]


def _example(document: Any, metrics: Any) -> Example | None:
    text = page_text(Page(body_of(document), document.url))
    if isinstance(text, Rejected):
        return None
    reading = read_markup(text, document.url, CleanOptions())
    if isinstance(reading, Rejected):
        return None
    layout, matrix = page_matrix(reading.view, reading.hints.titles, reading.hints.description)
    texts = [block.text for block in reading.view.blocks]
    if document.segments:
        wanted, unwanted = document.segments
        own, weights = by_segments(texts, wanted, unwanted, metrics.squeeze)
    else:
        own, weights = by_gold(texts, document.gold, metrics)
    matrix = with_verdict(layout, matrix, reading.shares())
    return Example(site_of(document.url), matrix, own, weights)
