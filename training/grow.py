"""Examples -> a forest and its file, with LightGBM. The same examples give the same bytes."""

import multiprocessing
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np
import orjson

from training.examples import Example
from worker.core.evidence.features import FEATURES, PAGE_FEATURES

Pages = Mapping[str, Sequence[Example]]  # by corpus

_STATE: dict[str, Any] = {}
ROUNDS = 100
SEEDS = (0, 1, 2)  # forests whose mean is taken: one alone moves by .005 with its seed
_PARAMETERS = {
    "objective": "binary",
    "learning_rate": 0.12,
    "num_leaves": 31,
    "max_depth": 8,  # one level of numpy a level of depth
    "min_data_in_leaf": 60,
    "min_sum_hessian_in_leaf": 5,
    "feature_fraction": 0.3,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 5,
    "max_bin": 127,
    "use_missing": False,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}
_CORPUS_WEIGHT = {"wordpress": 0.3}  # one theme after another: little to learn
_DIGITS = 5  # of a leaf's log-odds: enough, and a smaller file


@dataclass(frozen=True)
class Forests:
    """The texts of a model's two files."""

    page: str
    verdict: str


def grow_all(sets: Sequence[Pages], version: str, processes: int) -> list[Forests]:
    """A model for each set of examples, several at once."""
    jobs = [(number, verdict) for number in range(len(sets)) for verdict in (False, True)]
    _STATE.update(sets=sets, version=version)  # for the forked processes: examples are large
    with ProcessPoolExecutor(processes, multiprocessing.get_context("fork")) as pool:
        texts = dict(zip(jobs, pool.map(_grow_one, jobs), strict=True))
    return [Forests(texts[number, False], texts[number, True]) for number in range(len(sets))]


def _grow_one(job: tuple[int, bool]) -> str:
    number, verdict = job
    return grow(_STATE["sets"][number], verdict=verdict, threads=1, version=_STATE["version"])


def grow(corpora: Pages, *, verdict: bool, threads: int, version: str) -> str:
    """The text of the file of a forest grown on examples by corpus; corpora count alike.

    `verdict` adds trafilatura's verdict to the features.
    """
    features = FEATURES if verdict else PAGE_FEATURES
    rows, labels, weights = [], [], []
    for corpus, found in corpora.items():
        for example in found:
            used = example.weights > 0
            rows.append(example.matrix[: len(features), used].T)
            labels.append(example.own[used])
            weights.append(example.weights[used] * _CORPUS_WEIGHT.get(corpus, 1.0) / len(found))
    weight = np.concatenate(weights)
    data = lightgbm.Dataset(
        np.concatenate(rows), np.concatenate(labels), weight=weight * (len(weight) / weight.sum())
    )
    trees = []
    for grown in zip(*(_grown(data, seed, threads) for seed in SEEDS), strict=True):
        trees += grown  # in turn, so that the first trees are the first of each
    state = {"version": version, "features": [feature.name for feature in features], "trees": trees}
    return orjson.dumps(state).decode() + "\n"


def _grown(data: lightgbm.Dataset, seed: int, threads: int) -> list[dict[str, list[Any]]]:
    booster = lightgbm.train(_PARAMETERS | {"seed": seed, "num_threads": threads}, data, ROUNDS)
    return [_table(tree["tree_structure"]) for tree in booster.dump_model()["tree_info"]]


def _table(root: Mapping[str, Any]) -> dict[str, list[Any]]:
    """A tree as columns, parents before children; a leaf is its own child."""
    table: dict[str, list[Any]] = {"feature": [], "threshold": [], "left": [], "right": [], "value": []}
    _add(root, table)
    return table


def _add(node: Mapping[str, Any], table: dict[str, list[Any]]) -> int:
    number = len(table["feature"])
    is_leaf = "split_feature" not in node
    table["feature"].append(0 if is_leaf else node["split_feature"])
    table["threshold"].append(0.0 if is_leaf else node["threshold"])
    table["value"].append(round(node["leaf_value" if is_leaf else "internal_value"] / len(SEEDS), _DIGITS))
    table["left"].append(number)
    table["right"].append(number)
    if not is_leaf:
        table["left"][number] = _add(node["left_child"], table)
        table["right"][number] = _add(node["right_child"], table)
    return number
