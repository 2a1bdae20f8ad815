"""Labels and folds of the layout model's training."""

import re
from collections.abc import Iterable
from types import SimpleNamespace

import numpy as np
import pytest

from training.corpora import site_of
from training.folds import FOLDS, folds_by_site
from training.labels import by_gold, by_segments


class Words:
    """The corpora's way to look a text up in gold, by whole lines."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.words = [word for line in lines for word in line.split()]

    def coverage(self, tokens: list[str]) -> float:
        return sum(token in self.words for token in tokens) / len(tokens)


METRICS = SimpleNamespace(Reference=Words, tokens=str.split)


def squeeze(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


class TestByGold:
    def test_blocks_of_the_gold_are_own(self) -> None:
        own, weights = by_gold(
            ["menu", "one two three four five six seven eight nine", "foot"],
            ["one two three four five six seven eight nine"],
            METRICS,
        )
        assert own.tolist() == [False, True, False]
        assert weights.sum() == pytest.approx(1.0)

    def test_the_article_has_a_third_of_the_weight_at_least(self) -> None:
        texts = ["article words " * 4, *(f"menu{i} " * 30 for i in range(50))]
        own, weights = by_gold(texts, [texts[0]], METRICS)
        assert weights[own].sum() == pytest.approx(1 / 3)

    def test_a_stray_label_far_from_the_article_counts_for_nothing(self) -> None:
        body = "alpha beta gamma delta epsilon zeta eta theta iota"
        texts = ["beta", *(f"menu{i}" for i in range(9)), body, "beta"]
        own, weights = by_gold(texts, [body], METRICS)
        assert own[0]
        assert weights[0] == 0.0
        assert weights[-1] > 0.0  # so near the article it may be its own


class TestBySegments:
    def test_only_blocks_that_hold_a_segment_count(self) -> None:
        own, weights = by_segments(
            ["the  wanted line", "the unwanted", "neither"], ["the wanted"], ["the unwanted"], squeeze
        )
        assert own.tolist() == [True, False, False]
        assert (weights > 0).tolist() == [True, True, False]

    def test_a_block_that_holds_both_tells_nothing(self) -> None:
        _, weights = by_segments(["wanted and unwanted"], ["wanted"], ["unwanted"], squeeze)
        assert not np.any(weights)


class TestFolds:
    def test_no_site_stands_in_two_folds_and_corpora_are_spread(self) -> None:
        sites = [[f"site{i}.example" for i in range(40)], [f"site{i}.example" for i in range(20, 60)]]
        fold = folds_by_site(sites)
        assert set(fold) == {site for corpus in sites for site in corpus}
        for corpus in sites:
            sizes = np.bincount([fold[site] for site in corpus], minlength=FOLDS)
            assert sizes.min() >= 4

    def test_is_the_same_each_time(self) -> None:
        sites = [[f"site{i % 7}.example" for i in range(40)]]
        assert folds_by_site(sites) == folds_by_site(sites)

    def test_a_site_is_a_registrable_domain(self) -> None:
        assert site_of("https://www.news.example.co.uk/a") == site_of("http://example.co.uk/b")
        assert site_of("https://a.example.com/") != site_of("https://a.example.org/")
