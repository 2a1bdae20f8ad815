"""Evidence of a chosen strength, to look at what the rules do beside it."""

from collections.abc import Sequence

import orjson

from worker.core.blocks import BlockView
from worker.core.evidence.features import FEATURES, page_matrix, with_verdict
from worker.core.evidence.forest import Forest, parse_forest
from worker.core.evidence.judge import Evidence


def stump(features: Sequence[str], feature: int = 0, threshold: float = 0.5) -> str:
    """The file of a forest of one tree with one split: above `threshold` is the article's."""
    tree = {
        "feature": [feature, 0, 0],
        "threshold": [threshold, 0.0, 0.0],
        "left": [1, 1, 2],
        "right": [2, 1, 2],
        "value": [0.0, -2.0, 2.0],
    }
    return orjson.dumps({"version": "test", "features": list(features), "trees": [tree]}).decode()


def stump_forest() -> Forest:
    return parse_forest(stump([feature.name for feature in FEATURES]))


def evidence_of(
    view: BlockView, scores: Sequence[float] | None = None, shares: Sequence[float] | None = None
) -> Evidence:
    """Evidence with these scores and this verdict of trafilatura; all 1.0 without them."""
    certain = [1.0] * len(view.blocks)
    layout, matrix = page_matrix(view, (), None)
    verdict = tuple(certain if shares is None else shares)
    return Evidence(
        tuple(certain if scores is None else scores),
        verdict,
        layout,
        with_verdict(layout, matrix, verdict),
        stump_forest(),
    )
