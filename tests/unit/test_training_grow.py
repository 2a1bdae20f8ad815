"""Growing the layout model: needs LightGBM (`make test-training`)."""

import numpy as np
import pytest

from training.labels import Weights
from worker.core.evidence.features import FEATURES, PAGE_FEATURES
from worker.core.evidence.forest import parse_forest, probability

pytestmark = pytest.mark.training


def test_the_same_examples_give_the_same_bytes_and_what_lightgbm_predicts() -> None:
    from training.examples import Example
    from training.grow import grow

    rng = np.random.default_rng(0)
    pages = []
    for number in range(40):
        matrix = rng.normal(size=(len(FEATURES), 60)).astype(np.float32)
        own = matrix[0] + 0.3 * matrix[1] > 0
        weights: Weights = np.full(60, 1 / 60)
        pages.append(Example(f"site{number}.example", matrix, own, weights))
    grown = [grow({"a": pages}, verdict=False, threads=threads, version="t") for threads in (1, 2)]
    assert grown[0] == grown[1]
    forest = parse_forest(grown[0])
    assert forest.features == tuple(feature.name for feature in PAGE_FEATURES)
    told = probability(forest.log_odds(pages[0].matrix[: len(PAGE_FEATURES)]))
    assert ((told > 0.5) == pages[0].own).mean() > 0.9
