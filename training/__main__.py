"""`make model CORPUS=...`: grow the layout model from a folder of corpora, and measure it.

Writes the model's two files and the figures of the card: cross-validated by site, and of the model itself.
"""

import argparse
import json
import os
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from training.card import figures_text
from training.corpora import CORPORA
from training.examples import Example, examples
from training.figures import table
from training.folds import FOLDS, folds_by_site
from training.grow import grow_all
from worker.core.evidence.judge import PAGE_FILE, VERDICT_FILE
from worker.rulefiles import read_rules

VERSION = "1"
_RULES = Path("worker/rules")
_FIGURES = Path("training/figures.json")
_TEXT = Path("training/FIGURES.md")


def main() -> None:
    """Run from the project's root."""
    arguments = _arguments()
    told = Console(stderr=True)
    threads: int = arguments.threads
    found: dict[str, list[Example | None]] = {}
    for corpus in CORPORA:
        told.print(f"reading {corpus}")
        found[corpus] = examples(arguments.corpora, corpus, threads)
    usable = {corpus: [page for page in pages if page is not None] for corpus, pages in found.items()}
    fold = folds_by_site([page.site for page in pages] for pages in usable.values())
    cues = {name: text for name, text in read_rules().items() if name.endswith(".toml")}
    folds = () if arguments.no_figures else range(FOLDS)
    told.print(f"growing the model and {len(folds)} for cross-validation")
    model, *models = grow_all(
        [usable, *(_without(usable, fold, number) for number in folds)], VERSION, threads
    )
    if models:
        told.print("measuring the folds")
        validated = table(arguments.corpora, cues, models, fold, threads)
    (_RULES / PAGE_FILE).parent.mkdir(exist_ok=True)
    (_RULES / PAGE_FILE).write_text(model.page, encoding="utf-8")
    (_RULES / VERDICT_FILE).write_text(model.verdict, encoding="utf-8")
    if models:
        told.print("measuring the model")
        shipped = table(arguments.corpora, cues, [model], {}, threads)
        state = {"cross-validated by site": validated, "the model on its own training pages": shipped}
        _FIGURES.write_text(json.dumps(state, indent=1) + "\n", encoding="utf-8")
        _TEXT.write_text(figures_text(state), encoding="utf-8")


def _without(
    pages: Mapping[str, list[Example]], fold: Mapping[str, int], number: int
) -> Mapping[str, list[Example]]:
    return {corpus: [page for page in some if fold[page.site] != number] for corpus, some in pages.items()}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("corpora", type=Path, help="folder with the corpora, pages.py and metrics.py")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--no-figures", action="store_true", help="only grow the model, do not measure it")
    return parser.parse_args()


if __name__ == "__main__":
    main()
