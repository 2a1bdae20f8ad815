"""The layout model's verdict on each block of a page, and the signs that it rests on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from worker.core.blocks import BlockView
from worker.core.evidence.characters import Floats
from worker.core.evidence.features import (
    FEATURES,
    PAGE_FEATURES,
    Feature,
    Matrix,
    page_matrix,
    with_verdict,
)
from worker.core.evidence.forest import Forest, ForestError, parse_forest, probability
from worker.core.evidence.layout import Layout

FOLDER = "layout/"  # of the model among the rule files
PAGE_FILE = "layout/page.json"  # a forest on the page alone
VERDICT_FILE = "layout/verdict.json"  # a forest on the page and trafilatura's verdict
_MOST_BLOCKS = 20_000  # a page with more is a list or an attack: trafilatura's verdict alone decides
_SURE = 0.95  # expected f1: below it, trafilatura is asked too


@dataclass(frozen=True, slots=True)
class Model:
    """The two forests. `page` serves where trafilatura is asked only when the page leaves doubt."""

    page: Forest
    verdict: Forest


@dataclass(frozen=True, slots=True)
class Sign:
    """What a feature of a block says: `weight` in log-odds, above 0 for the article, below 0 against it."""

    name: str
    group: str
    about: str
    value: float
    weight: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the layout says of each block. `shares` is trafilatura's verdict where it was asked."""

    scores: tuple[float, ...]  # the probability that a block is the article's
    shares: tuple[float, ...] | None
    layout: Layout
    matrix: Matrix
    forest: Forest | None  # None where the page has too many blocks to look at each

    def strongest(self, index: int, count: int = 3) -> Sequence[Sign]:
        """The signs that moved a block's score most, the strongest on its own side first."""
        if self.forest is None:
            return []
        side = 1.0 if self.scores[index] >= 0.5 else -1.0
        weights = self.forest.contributions(self.matrix[:, [index]])[:, 0]
        order = np.argsort(-side * weights, kind="stable")[:count]
        features = _features_of(self.forest)
        values = self.matrix[:, index]
        return [_sign(features[i], float(values[i]), float(weights[i])) for i in order.tolist()]

    def strongest_groups(self, indexes: Sequence[int]) -> Sequence[str]:
        """For each of these blocks, the group of features that speaks most against it."""
        if not indexes or self.forest is None:
            return ["extractor"] * len(indexes)
        weights = self.forest.contributions(self.matrix[:, list(indexes)])
        groups = [feature.group for feature in _features_of(self.forest)]
        names = list(dict.fromkeys(groups))
        starts = [groups.index(name) for name in names]  # features stand group by group
        sums = np.add.reduceat(weights, starts, axis=0)
        return [names[i] for i in sums.argmin(axis=0).tolist()]


def parse_model(texts: Mapping[str, str]) -> Model:
    """The model of the packaged files.

    Raises:
        ForestError: a file is missing, is no model file, or was grown on other features.
    """
    missing = [name for name in (PAGE_FILE, VERDICT_FILE) if name not in texts]
    if missing:
        raise ForestError(f"no {', '.join(missing)}")
    model = Model(parse_forest(texts[PAGE_FILE]), parse_forest(texts[VERDICT_FILE]))
    for forest, features, name in (
        (model.page, PAGE_FEATURES, PAGE_FILE),
        (model.verdict, FEATURES, VERDICT_FILE),
    ):
        if forest.features != tuple(feature.name for feature in features):
            raise ForestError(f"{name} was grown on other features than this version has")
    return model


def judge(
    view: BlockView,
    titles: Sequence[str],
    description: str | None,
    model: Model,
    ask: Callable[[], Sequence[float]],
    *,
    only_unsure: bool,
) -> Evidence:
    """The evidence on a page that has blocks. `ask` runs trafilatura: it is called once, or, with
    `only_unsure`, only where the page alone leaves doubt."""
    if len(view.blocks) > _MOST_BLOCKS:
        shares = tuple(ask())
        return Evidence(shares, shares, Layout(view), np.empty((0, 0), np.float32), None)
    layout, matrix = page_matrix(view, titles, description)
    if only_unsure:
        scores = probability(model.page.log_odds(matrix))
        if expected_f1(scores, layout.length) >= _SURE:
            return Evidence(tuple(scores.tolist()), None, layout, matrix, model.page)
    shares = tuple(ask())
    matrix = with_verdict(layout, matrix, shares)
    scores = probability(model.verdict.log_odds(matrix))
    return Evidence(tuple(scores.tolist()), shares, layout, matrix, model.verdict)


def expected_f1(scores: Floats, length: Floats) -> float:
    """The f1 that keeping each block of probability one half or more is expected to reach, by characters."""
    kept = scores >= 0.5
    hit = float((scores * length)[kept].sum())
    wrong = float(((1 - scores) * length)[kept].sum())
    lost = float((scores * length)[~kept].sum())
    return 2 * hit / (2 * hit + wrong + lost + 1e-9)


def _features_of(forest: Forest) -> Sequence[Feature]:
    return PAGE_FEATURES if len(forest.features) == len(PAGE_FEATURES) else FEATURES


def _sign(feature: Feature, value: float, weight: float) -> Sign:
    return Sign(feature.name, feature.group, feature.about, value, weight)
