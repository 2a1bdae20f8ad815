"""What a model gives on the corpora, through the very functions that clean a page."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from training.corpora import CORPORA, body_of, open_corpora, site_of
from training.grow import Forests
from worker.core.charset import page_text
from worker.core.evidence.judge import PAGE_FILE, VERDICT_FILE, parse_model
from worker.core.extract import KEEP
from worker.core.options import CleanOptions, Strictness, Trafilatura
from worker.core.reading import read_markup
from worker.core.records import Page, Rejected
from worker.core.rules import RuleSet, parse_rules
from worker.core.sieve import sieve

COLUMNS = ("f1", "clutter", "loss", "perfect_page", "loss_words")
PLAIN = "trafilatura's verdict alone"
VARIANTS = {
    **{strictness.value: CleanOptions(strictness=strictness) for strictness in Strictness},
    "balanced, unsure": CleanOptions(trafilatura=Trafilatura.UNSURE),
}


Table = dict[str, dict[str, dict[str, float]]]  # variant -> corpus -> column -> figure


def table(
    folder: Path, rules: Mapping[str, str], models: Sequence[Forests], fold: Mapping[str, int], processes: int
) -> Table:
    """The figures of every variant on every corpus. Each page is judged by the model of its site's fold."""
    corpora = open_corpora(folder)
    result: Table = {variant: {} for variant in (PLAIN, *VARIANTS)}
    for corpus in CORPORA:
        pages = len(corpora.load(corpus))
        with ProcessPoolExecutor(
            processes, initializer=_open, initargs=(folder, corpus, rules, models, fold)
        ) as pool:
            scores = list(pool.map(_scores, range(pages), chunksize=8))
        for variant, by_variant in result.items():
            figures = corpora.metrics.aggregate([score[variant] for score in scores])
            by_variant[corpus] = {name: figures[name] for name in COLUMNS if name in figures}
    return result


_STATE: dict[str, Any] = {}


def _open(
    folder: Path, corpus: str, rules: Mapping[str, str], models: Sequence[Forests], fold: Mapping[str, int]
) -> None:
    corpora = open_corpora(folder)
    cues = parse_rules(rules)
    parsed = [parse_model({PAGE_FILE: model.page, VERDICT_FILE: model.verdict}) for model in models]
    _STATE.update(
        documents=corpora.load(corpus),
        metrics=corpora.metrics,
        rules=[replace(cues, model=model) for model in parsed],
        fold=fold,
    )


def _scores(index: int) -> dict[str, Any]:
    document = _STATE["documents"][index]
    rules = _STATE["rules"][_STATE["fold"].get(site_of(document.url), 0)]
    return {
        variant: _STATE["metrics"].score_page(document, text) for variant, text in _outputs(document, rules)
    }


def _outputs(document: Any, rules: RuleSet) -> Iterator[tuple[str, str]]:
    """(variant, the article's text); the page is read once, and trafilatura asked once."""
    text = page_text(Page(body_of(document), document.url))
    reading = text if isinstance(text, Rejected) else read_markup(text, document.url, CleanOptions())
    if isinstance(reading, Rejected):
        yield from ((variant, "") for variant in (PLAIN, *VARIANTS))
        return
    shares = reading.shares()
    kept = [block.text for block, share in zip(reading.view.blocks, shares, strict=True) if share >= KEEP]
    yield PLAIN, "\n".join(kept)
    for variant, options in VARIANTS.items():
        evidence = reading.evidence(rules.layout(), options)
        sieved = sieve(reading.view, evidence, rules, reading.hints, options)
        yield variant, "\n".join(sieved.paragraphs)
