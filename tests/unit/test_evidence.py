"""The layout model: its features, its trees, and when trafilatura is asked."""

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evidence import evidence_of, stump
from worker.core.blocks import BlockView
from worker.core.evidence.characters import CAPITALS, COMMAS, DIGITS, SENTENCES, kind_counts
from worker.core.evidence.features import FEATURES, PAGE_FEATURES, page_matrix, with_verdict
from worker.core.evidence.forest import ForestError, parse_forest
from worker.core.evidence.judge import (
    PAGE_FILE,
    VERDICT_FILE,
    Model,
    expected_f1,
    judge,
    parse_model,
)
from worker.core.evidence.layout import Layout
from worker.core.rules import RuleError, parse_rules
from worker.core.tree import parse
from worker.core.walk import tree_blocks
from worker.rulefiles import read_rules

PROSE = "The council agreed on Tuesday to rebuild the old bridge, after years of debate about its cost. "
PAGE = (
    "<body><nav><ul><li><a href=/a>Home</a></li><li><a href=/b>Sport</a></li></ul></nav>"
    f"<article><h1>The old bridge</h1><p>{PROSE * 3}</p><p>{PROSE * 2}</p><p><b>{PROSE}</b></p></article>"
    "<div class=more><a href=/1>Rain at last for the farmers</a></div></body>"
)


def view_of(markup: str) -> BlockView:
    root = parse(markup)
    assert root is not None
    return tree_blocks(root)


def naive_log_odds(state: dict[str, list[dict[str, list[float]]]], column: list[float]) -> float:
    total = 0.0
    for tree in state["trees"]:
        node = 0
        while tree["left"][node] != node:
            goes_left = column[int(tree["feature"][node])] <= tree["threshold"][node]
            node = int(tree["left" if goes_left else "right"][node])
        total += tree["value"][node]
    return total


class TestCharacters:
    @given(st.lists(st.text(st.characters(max_codepoint=0x10FFFF), min_size=1), min_size=1))
    def test_counts_are_those_of_each_text(self, texts: list[str]) -> None:
        counts = kind_counts(texts)
        for i, text in enumerate(texts):
            assert counts[DIGITS][i] == sum(c.isdecimal() and ord(c) < 0x10000 for c in text)
            assert counts[CAPITALS][i] == sum(c.isupper() and ord(c) < 0x10000 for c in text)
            assert counts[SENTENCES][i] == sum(c in ".!?。！？؟۔।…" for c in text)

    def test_every_script_has_its_stops_and_commas(self) -> None:
        counts = kind_counts(["نعم، هل؟ لا.", "是的，好。", "ठीक है।"])
        assert counts[SENTENCES].tolist() == [2, 1, 1]
        assert counts[COMMAS].tolist() == [1, 1, 0]


class TestFeatures:
    def test_names_are_unique_and_every_one_says_why(self) -> None:
        assert len({feature.name for feature in FEATURES}) == len(FEATURES)
        assert all(feature.about and feature.group for feature in FEATURES)

    @pytest.mark.parametrize("markup", [PAGE, "<p>x</p>", "<td>1<td>2", f"<div>{PROSE}<br><br>{PROSE}</div>"])
    def test_a_page_gives_a_finite_number_for_each_feature_and_block(self, markup: str) -> None:
        view = view_of(markup)
        layout, matrix = page_matrix(view, ("The old bridge",), PROSE)
        whole = with_verdict(layout, matrix, [0.0] * len(view.blocks))
        assert matrix.shape == (len(PAGE_FEATURES), len(view.blocks))
        assert whole.shape == (len(FEATURES), len(view.blocks))
        assert np.isfinite(whole).all()

    def test_the_main_container_is_the_one_with_the_prose(self) -> None:
        layout = Layout(view_of(PAGE))
        assert layout.view.containers[layout.main].tag == "article"

    def test_named_features_tell_what_they_say(self) -> None:
        view = view_of(PAGE)
        _, matrix = page_matrix(view, ("The old bridge",), None)
        row = {feature.name: matrix[i] for i, feature in enumerate(PAGE_FEATURES)}
        texts = [block.text for block in view.blocks]
        headline, last = texts.index("The old bridge"), texts.index(PROSE.strip())
        assert row["title_likeness"][headline] == 1.0
        assert row["in_nav"].tolist() == [1.0, 1.0, *[0.0] * (len(texts) - 2)]
        assert row["link_share"][0] == 1.0
        assert row["bold"][last] == 1.0
        assert row["side_of_headline"][0] == -1.0


class TestForest:
    def test_gives_what_walking_the_trees_gives(self) -> None:
        rules = parse_rules(read_rules())
        text = read_rules()[VERDICT_FILE]
        view = view_of(PAGE)
        matrix = evidence_of(view).matrix
        forest = rules.layout().verdict
        found = forest.log_odds(matrix)
        for i in range(len(view.blocks)):
            whole = naive_log_odds(orjson.loads(text), matrix[:, i].tolist())
            # what the first trees decide is not asked of the others
            assert found[i] == pytest.approx(whole) or (abs(found[i]) > 3 and found[i] * whole > 0)

    def test_contributions_sum_to_the_log_odds(self) -> None:
        forest = parse_rules(read_rules()).layout().verdict
        matrix = evidence_of(view_of(PAGE)).matrix
        base = forest.value[forest.roots].sum()
        undecided = np.abs(forest.log_odds(matrix)) < 3
        sums = forest.contributions(matrix).sum(axis=0) + base
        assert sums[undecided] == pytest.approx(forest.log_odds(matrix)[undecided], abs=1e-3)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "[]",
            '{"version": "1", "features": ["a"], "trees": []}',
            stump(["a"], feature=3),
            stump(["a"]).replace("[1,1,2]", "[9,1,2]"),
            stump(["a"]).replace("[1,1,2]", "[1,0,2]"),
        ],
    )
    def test_a_file_that_does_not_hold_is_refused(self, text: str) -> None:
        with pytest.raises(ForestError):
            parse_forest(text)

    def test_a_model_of_other_features_is_refused(self) -> None:
        with pytest.raises(RuleError, match="other features"):
            parse_rules({PAGE_FILE: stump(["a"]), VERDICT_FILE: stump(["a"])})
        with pytest.raises(RuleError, match="verdict"):
            parse_rules({PAGE_FILE: stump(["a"])})


class Asked:
    """trafilatura in tests: keeps everything, and counts how often it is asked."""

    def __init__(self, view: BlockView) -> None:
        self.times = 0
        self._blocks = len(view.blocks)

    def __call__(self) -> list[float]:
        self.times += 1
        return [1.0] * self._blocks


class TestJudge:
    @staticmethod
    def model(*, sure: bool) -> Model:
        """A page's forest that is certain of each block, or of none."""
        names = [feature.name for feature in PAGE_FEATURES]
        text = stump(names, names.index("link_share"))
        page = text.replace("[0.0,-2.0,2.0]", "[0.0,9.0,-9.0]" if sure else "[0.0,0.1,-0.1]")
        return parse_model({PAGE_FILE: page, VERDICT_FILE: stump([feature.name for feature in FEATURES])})

    def test_trafilatura_is_asked_once_on_every_page(self) -> None:
        view = view_of(PAGE)
        ask = Asked(view)
        evidence = judge(view, (), None, self.model(sure=True), ask, only_unsure=False)
        assert ask.times == 1
        assert evidence.shares == (1.0,) * len(view.blocks)

    def test_only_where_the_page_leaves_doubt(self) -> None:
        view = view_of(PAGE)
        ask = Asked(view)
        assert judge(view, (), None, self.model(sure=True), ask, only_unsure=True).shares is None
        assert ask.times == 0
        assert judge(view, (), None, self.model(sure=False), ask, only_unsure=True).shares is not None
        assert ask.times == 1

    def test_expected_f1_falls_with_doubt(self) -> None:
        length = np.array([100.0, 100.0])
        assert expected_f1(np.array([1.0, 0.0]), length) == pytest.approx(1.0)
        assert expected_f1(np.array([0.6, 0.4]), length) == pytest.approx(0.6)

    def test_the_strongest_signs_speak_for_the_block_s_own_side(self) -> None:
        rules = parse_rules(read_rules())
        view = view_of(PAGE)
        evidence = judge(view, (), None, rules.layout(), Asked(view), only_unsure=False)
        menu = next(i for i, block in enumerate(view.blocks) if block.text == "Sport")
        assert evidence.scores[menu] < 0.2
        signs = evidence.strongest(menu)
        assert len(signs) == 3
        assert all(sign.weight < 0 for sign in signs)
        assert signs[0].weight <= signs[1].weight <= signs[2].weight
        assert evidence.strongest_groups([menu])[0] in {feature.group for feature in FEATURES}
        assert evidence.strongest_groups([]) == []


def test_rules_without_a_model_say_so() -> None:
    with pytest.raises(RuleError, match="no layout model"):
        parse_rules({}).layout()
