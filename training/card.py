"""The figures of a model as Markdown."""

from collections.abc import Mapping

from training.corpora import CORPORA
from training.figures import COLUMNS, Table

_HEADING = """# Figures of the layout model

Written by `make model CORPUS=...`. Each cell: f1, clutter, loss, perfect pages, loss by words
(evaldata has f1 alone). What they mean is told in the corpora's `metrics.py`.
"""


def figures_text(tables: Mapping[str, Table]) -> str:
    """One table for each name, a row a corpus, a column a variant."""
    parts = [_HEADING]
    for name, table in tables.items():
        variants = list(table)
        parts.append(f"\n## {name[:1].upper()}{name[1:]}\n\n")
        parts.append(f"| corpus | {' | '.join(variants)} |\n|---|{'---|' * len(variants)}\n")
        parts += [
            f"| {corpus} | {' | '.join(_cell(table[v][corpus]) for v in variants)} |\n" for corpus in CORPORA
        ]
    return "".join(parts)


def _cell(figures: Mapping[str, float]) -> str:
    return " ".join(f"{figures[column]:.3f}" for column in COLUMNS if column in figures)
