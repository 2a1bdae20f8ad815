"""A forest of boosted trees, read from its file, in plain numpy.

`training/` grows the trees with LightGBM and writes the file; at run time nothing else is needed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from worker.core.evidence.characters import Floats
from worker.core.evidence.features import Matrix

# After so many trees, a block this far on one side is decided: most of a page is clutter beyond doubt.
_FIRST_TREES = 75
_DECIDED = 3.5  # log-odds: one in 33


class ForestError(ValueError):
    """A model file that does not hold; the text says why."""


@dataclass(frozen=True, slots=True)
class Forest:
    """All trees' nodes in one table; a leaf is its own child on both sides."""

    version: str
    features: tuple[str, ...]  # the rows of the matrix, in order
    roots: NDArray[np.intp]  # trees
    depths: tuple[int, ...]  # of each tree
    feature: NDArray[np.intp]  # nodes
    threshold: Floats  # nodes: at most goes left
    left: NDArray[np.intp]
    right: NDArray[np.intp]
    value: Floats  # nodes: log-odds, summed over trees at the leaves

    def log_odds(self, matrix: Matrix) -> Floats:
        """The log-odds of each column of a matrix, features x blocks."""
        score = self._sum(matrix, 0, min(_FIRST_TREES, len(self.roots)))
        open_ = np.flatnonzero(np.abs(score) < _DECIDED)
        if len(open_) and len(self.roots) > _FIRST_TREES:
            score[open_] += self._sum(matrix[:, open_], _FIRST_TREES, len(self.roots))
        return score

    def contributions(self, matrix: Matrix) -> Floats:
        """How much each feature adds to the log-odds of each block, features x blocks.

        The steps of its paths through the trees, after Saabas, "Interpreting random forests" (2014).
        """
        n = matrix.shape[1]
        flat, column = matrix.reshape(-1), np.arange(n)
        node = np.repeat(self.roots[:, None], n, axis=1)
        weights = np.zeros(len(self.features) * n)
        for _ in range(max(self.depths)):
            place = self.feature.take(node) * n + column
            below = self._below(node, flat.take(place))
            step = self.value.take(below) - self.value.take(node)
            weights += np.bincount(place.reshape(-1), step.reshape(-1), len(weights))
            node = below
        return weights.reshape(len(self.features), n)

    def _below(self, node: NDArray[np.intp], value: NDArray[np.float32]) -> NDArray[np.intp]:
        goes_left = value <= self.threshold.take(node)
        return np.where(goes_left, self.left.take(node), self.right.take(node))

    def _sum(self, matrix: Matrix, first: int, end: int) -> Floats:
        n = matrix.shape[1]
        flat = matrix.reshape(-1)
        node = np.repeat(self.roots[first:end, None], n, axis=1)
        column = np.arange(n)
        for _ in range(max(self.depths[first:end], default=0)):
            node = self._below(node, flat.take(self.feature.take(node) * n + column))
        total: Floats = self.value.take(node).sum(axis=0)
        return total


def parse_forest(text: str) -> Forest:
    """The forest of a model file.

    Raises:
        ForestError: the file is not of this form.
    """
    try:
        data = orjson.loads(text)
        return _forest(data)
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, IndexError) as error:
        raise ForestError(f"not a model file: {type(error).__name__}: {error}") from error


def _forest(data: Mapping[str, Any]) -> Forest:
    feature: list[int] = []
    threshold: list[float] = []
    left: list[int] = []
    right: list[int] = []
    value: list[float] = []
    roots, depths = [], []
    for tree in data["trees"]:
        start = len(feature)
        roots.append(start)
        depths.append(_depth(tree["left"], tree["right"]))
        feature += tree["feature"]
        threshold += tree["threshold"]
        value += tree["value"]
        left += [start + child for child in tree["left"]]
        right += [start + child for child in tree["right"]]
    if not roots or not len(feature) == len(threshold) == len(left) == len(right) == len(value):
        raise ValueError("no trees, or columns of unequal length")
    if max(feature) >= len(data["features"]) or max(left + right) >= len(left):
        raise ValueError("a node beyond the table")
    return Forest(
        version=str(data["version"]),
        features=tuple(data["features"]),
        roots=np.array(roots, np.intp),
        depths=tuple(depths),
        feature=np.array(feature, np.intp),
        threshold=np.array(threshold, float),
        left=np.array(left, np.intp),
        right=np.array(right, np.intp),
        value=np.array(value, float),
    )


def _depth(left: Sequence[int], right: Sequence[int]) -> int:
    """The length of the longest path; children come after their parents."""
    depth = [0] * len(left)
    for node in range(len(left)):
        for child in {left[node], right[node]} - {node}:
            if child < node:
                raise ValueError("a child before its parent")
            depth[child] = depth[node] + 1
    return max(depth)


def probability(log_odds: Floats) -> Floats:
    """Log-odds as a probability, 0 to 1."""
    return 1 / (1 + np.exp(-log_odds))
