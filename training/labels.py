"""Which blocks of a page are the article's, by its gold, and how much each block's label counts.

Half of a page's weight is by blocks, half by length: short lines matter, and so does text.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.bool_]
Weights = NDArray[np.float64]

_COVERED = 0.5  # of a block's words that stand in gold in runs of four
_LONGEST = 600.0  # characters: a longer block counts no more
_FEWEST_OWN = 1 / 3  # of a page's weight for the article's blocks
_STRAY = 25  # characters: so short a text far from the article stands in gold by chance
_SURE = 40  # characters: an own block so long marks where the article is
_WEAK = 0.7  # what a page with segments counts, against a page with gold


def by_gold(texts: Sequence[str], gold: Sequence[str], metrics: Any) -> tuple[Labels, Weights]:
    """Labels and weights of blocks from the gold paragraphs; weights sum to at most 1."""
    reference = metrics.Reference(gold)
    own = np.array([_coverage(text, reference, metrics) >= _COVERED for text in texts])
    sizes = np.array([len(text) for text in texts], float)
    weights = _by_size(sizes)
    share = weights[own].sum()
    if own.any() and not own.all() and share < _FEWEST_OWN:
        weights = np.where(own, weights * _FEWEST_OWN / share, weights * (1 - _FEWEST_OWN) / (1 - share))
    weights[_stray(own, sizes)] = 0.0
    return own, weights


def by_segments(
    texts: Sequence[str], wanted: Sequence[str], unwanted: Sequence[str], squeeze: Any
) -> tuple[Labels, Weights]:
    """Weak labels from segments that must be in and out: only blocks that hold one of a kind count."""
    inside = [squeeze(segment) for segment in wanted]
    outside = [squeeze(segment) for segment in unwanted]
    own, known = np.zeros(len(texts), bool), np.zeros(len(texts), bool)
    for i, text in enumerate(map(squeeze, texts)):
        has_wanted = any(segment in text for segment in inside)
        has_unwanted = any(segment in text for segment in outside)
        own[i], known[i] = has_wanted, has_wanted != has_unwanted
    own &= known
    if not own.any():
        return own, np.zeros(len(texts))
    weights = np.where(own, 0.5 / own.sum(), 0.5 / max(1, (known & ~own).sum()))
    return own, weights * known * _WEAK


def _coverage(text: str, reference: Any, metrics: Any) -> float:
    tokens = metrics.tokens(text)
    return float(reference.coverage(tokens)) if tokens else 0.0


def _by_size(sizes: Weights) -> Weights:
    bounded = np.minimum(sizes, _LONGEST)
    weights: Weights = 0.5 / len(sizes) + 0.5 * bounded / bounded.sum()
    return weights


def _stray(own: Labels, sizes: Weights) -> Labels:
    """Short own texts away from the article: menus and labels share words with it."""
    sure = np.flatnonzero(own & (sizes >= _SURE))
    if not len(sure):
        sure = np.flatnonzero(own)
    if not len(sure):
        return np.zeros(len(own), bool)
    place = np.arange(len(own))
    stray: Labels = own & (sizes < _STRAY) & ((place < sure[0] - 4) | (place > sure[-1] + 6))
    return stray
