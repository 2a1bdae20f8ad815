"""What the layout decides beside the rules: each decision, and the near miss that it leaves."""

import time
from collections.abc import Sequence
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evidence import evidence_of, stump
from tests.unit.test_sieve import LONG, OTHER, THIRD
from worker.core.blocks import BlockView, text_blocks
from worker.core.clean import clean
from worker.core.evidence.features import FEATURES, PAGE_FEATURES
from worker.core.evidence.judge import PAGE_FILE, VERDICT_FILE
from worker.core.extract import KEEP
from worker.core.fingerprint import rules_fingerprint
from worker.core.options import CleanOptions, Strictness, Trafilatura
from worker.core.records import Article, Kind, Page
from worker.core.rules import RuleSet, parse_rules
from worker.core.sieve import Sieved, sieve
from worker.core.sieving.draft import Decision, Draft, Hints
from worker.core.sieving.layout import DOUBTFUL, THRESHOLDS, belonging
from worker.core.sieving.repeats import cut_run_together
from worker.core.tree import parse
from worker.core.walk import tree_blocks
from worker.environment import load_settings
from worker.rulefiles import read_rules
from worker.settings import PREFIX, Settings

LINE = "The old bridge in winter"
SUBHEAD = "<h2>Years of debate</h2>"
STANDFIRST = (
    "After forty years of debate the harbour town gets its bridge back, and nobody knows who is to pay."
)
LESS = 1e-6  # below a threshold, by next to nothing
BARELY_HEADING = 0.15  # what sieving/headings.py asks of a subhead


@pytest.fixture(scope="module")
def cues() -> RuleSet:
    return parse_rules({name: text for name, text in read_rules().items() if name.endswith(".toml")})


def view_of(markup: str) -> BlockView:
    root = parse(f"<html><body>{markup}</body></html>")
    assert root is not None
    return tree_blocks(root)


def sieved(
    markup: str,
    scores: Sequence[float],
    shares: Sequence[float] | None = None,
    *,
    rules: RuleSet | None = None,
    hints: Hints | None = None,
    options: CleanOptions | None = None,
) -> Sieved:
    """A page through the sieve, with scores for its blocks; without rules, only the layout decides."""
    view = view_of(markup)
    assert len(scores) == len(view.blocks)
    evidence = evidence_of(view, scores, shares)
    return sieve(view, evidence, rules or parse_rules({}), hints or Hints(), options or CleanOptions())


class TestBelonging:
    MARKUP = f"<p>{LONG}</p><p>{LINE}</p><p>{OTHER}</p>"

    @pytest.mark.parametrize("strictness", Strictness)
    def test_a_score_at_the_threshold_belongs_and_one_below_does_not(self, strictness: Strictness) -> None:
        view, wanted = view_of(self.MARKUP), THRESHOLDS[strictness]
        limits = (wanted.paragraph, wanted.kept, wanted.missed)
        shares = (KEEP, KEEP, KEEP - LESS)
        assert belonging(view, evidence_of(view, limits, shares), strictness) == [True] * 3
        below = [limit - LESS for limit in limits]
        assert belonging(view, evidence_of(view, below, shares), strictness) == [False] * 3

    @pytest.mark.parametrize("strictness", Strictness)
    def test_where_trafilatura_was_not_asked_nothing_is_held_against_a_block(
        self, strictness: Strictness
    ) -> None:
        view = view_of(self.MARKUP)
        kept, scores = [1.0, 1.0, 1.0], [0.3, 0.58, 0.9]
        asked = evidence_of(view, scores, kept)
        assert belonging(view, replace(asked, shares=None), strictness) == belonging(view, asked, strictness)

    @given(
        st.lists(st.floats(0, 1), min_size=3, max_size=3), st.lists(st.floats(0, 1), min_size=3, max_size=3)
    )
    def test_what_a_stricter_setting_keeps_a_gentler_one_keeps(
        self, scores: list[float], shares: list[float]
    ) -> None:
        view = view_of(self.MARKUP)
        evidence = evidence_of(view, scores, shares)
        gentle, balanced, strict = (belonging(view, evidence, strictness) for strictness in Strictness)
        assert all(map(_implies, strict, balanced))
        assert all(map(_implies, balanced, gentle))

    def test_gentle_keeps_what_strict_cuts(self) -> None:
        scores = (1.0, 0.3, 0.3)
        gentle = sieved(self.MARKUP, scores, options=CleanOptions(strictness=Strictness.GENTLE))
        assert gentle.paragraphs == (LONG, LINE, OTHER)
        strict = sieved(self.MARKUP, scores, options=CleanOptions(strictness=Strictness.STRICT))
        assert strict.paragraphs == (LONG,)

    def test_what_trafilatura_missed_is_the_article_s_where_the_layout_is_sure(self) -> None:
        found = sieved(self.MARKUP, (1.0, 0.5, 0.9), (1.0, 0.0, 0.0))
        assert found.paragraphs == (LONG, OTHER)
        assert found.removed == ()  # what nobody would have published was not removed


def _implies(first: bool, second: bool) -> bool:
    return second or not first


class TestCutByLayout:
    @pytest.mark.parametrize(
        ("clutter", "kind"),
        [
            (f"<figure><figcaption>{LINE}</figcaption></figure>", Kind.CAPTION),
            (f"<img src=x><p>{LINE}</p>", Kind.CAPTION),
            (f"<div><p>{LINE}</p></div>", Kind.WIDGET),
            (f"<img src=x><div><p>{THIRD}</p></div>", Kind.WIDGET),  # running text is no caption
            (f"<div><p><a href=x>{LINE}</a></p></div>", Kind.RELATED_LINKS),
            (f"<div><p>{LINE}, <a href=x>it says</a></p></div>", Kind.WIDGET),
            (f"<div role=navigation><p>{LINE}</p></div>", Kind.NAVIGATION),
            (f"<header><p>{LINE}</p></header>", Kind.NAVIGATION),
            (f"<footer><p>{LINE}</p></footer>", Kind.NAVIGATION),
            (f"<aside><p>{LINE}</p></aside>", Kind.WIDGET),
        ],
    )
    def test_the_place_tells_the_kind(self, clutter: str, kind: Kind) -> None:
        found = sieved(f"<p>{LONG}</p>{clutter}<p>{OTHER}</p>", (1.0, 0.0, 1.0))
        assert found.paragraphs == (LONG, OTHER)
        assert [removed.kind for removed in found.removed] == [kind]

    def test_a_label_in_a_box_of_links_is_one_of_them(self) -> None:
        box = f"<div><p>{LINE}</p><p><a href=x>Ferry adds more trips in the summer months</a></p></div>"
        found = sieved(f"<p>{LONG}</p>{box}<p>{OTHER}</p>", (1.0, 0.0, 0.0, 1.0))
        assert [removed.kind for removed in found.removed] == [Kind.RELATED_LINKS] * 2

    def test_the_rule_names_the_features_that_speak_against_the_block(self) -> None:
        found = sieved(f"<p>{LONG}</p><p>{LINE}</p><p>{OTHER}</p>", (1.0, 0.0, 1.0))
        # the forest of these tests looks at the block's size alone, which is in the group "text"
        assert [removed.rule for removed in found.removed] == ["layout/text"]

    def test_a_cue_s_name_wins(self, cues: RuleSet) -> None:
        markup = f"<p>{LONG}</p><p>Read also: the ferry adds trips</p><p>{LINE}</p><p>{OTHER}</p>"
        found = sieved(markup, (1.0, 0.0, 0.0, 1.0), rules=cues)
        named, layout = found.removed
        assert named.kind is Kind.READ_ALSO
        assert not named.rule.startswith("layout/")
        assert layout.rule == "layout/text"

    def test_where_trafilatura_was_not_asked_only_what_is_in_doubt_counts_as_removed(self) -> None:
        view = view_of(f"<p>{LONG}</p><p>{LINE}</p><p>Another line</p><p>{OTHER}</p>")
        evidence = replace(evidence_of(view, (1.0, DOUBTFUL, DOUBTFUL - LESS, 1.0)), shares=None)
        found = sieve(view, evidence, parse_rules({}), Hints(), CleanOptions())
        assert found.paragraphs == (LONG, OTHER)
        assert [removed.text for removed in found.removed] == [LINE]
        assert [decision.kind for decision in found.decisions] == [None, Kind.WIDGET, None, None]


class TestSubheads:
    @staticmethod
    def paragraphs(
        subhead: str, score: float, *, after: str = f"<p>{OTHER}</p>", rules: RuleSet | None = None
    ) -> tuple[str, ...]:
        scores, shares = (1.0, score, 1.0), (1.0, 0.0, 1.0)
        return sieved(f"<p>{LONG}</p>{subhead}{after}", scores, shares, rules=rules).paragraphs

    def test_one_between_the_article_s_paragraphs_is_kept(self) -> None:
        assert self.paragraphs(SUBHEAD, BARELY_HEADING) == (LONG, "Years of debate", OTHER)

    def test_one_that_the_layout_is_sure_to_be_none_is_not(self) -> None:
        assert self.paragraphs(SUBHEAD, BARELY_HEADING - LESS) == (LONG, OTHER)

    def test_a_line_that_is_no_heading_is_not(self) -> None:
        assert self.paragraphs("<p>Years of debate</p>", 0.4) == (LONG, OTHER)

    def test_one_of_another_box_is_not(self) -> None:
        assert self.paragraphs(f"<div>{SUBHEAD}</div>", 0.4) == (LONG, OTHER)

    def test_one_above_a_line_that_is_no_paragraph_is_not(self) -> None:
        assert self.paragraphs(SUBHEAD, 0.4, after=f"<p>{LINE}</p>") == (LONG, LINE)

    def test_one_that_a_cue_names_is_not(self, cues: RuleSet) -> None:
        assert self.paragraphs("<h2>Share this:</h2>", 0.4, rules=cues) == (LONG, OTHER)


class TestFragments:
    HEAD, TAIL = "In the autumn the council", ", the mayor said"

    def paragraphs(
        self, tail: str, *, shares: Sequence[float] | None = (1.0, 1.0, 0.0, 1.0, 1.0), near: float = 1.0
    ) -> tuple[str, ...]:
        box = f"<div class=box>{LINE}</div>"
        markup = f"<p>{LONG}</p><p>{self.HEAD}</p>{box}<p>{tail}</p><p>{OTHER}</p>"
        return sieved(markup, (near, 0.1, 0.0, 0.1, 1.0), shares).paragraphs

    def test_both_pieces_of_a_paragraph_that_a_box_has_broken_are_kept_as_one(self) -> None:
        assert self.paragraphs(self.TAIL) == (LONG, self.HEAD + self.TAIL, OTHER)

    def test_lines_that_begin_as_lines_do_are_not_kept(self) -> None:
        assert self.paragraphs("The mayor said") == (LONG, OTHER)

    def test_what_trafilatura_leaves_out_is_not_kept(self) -> None:
        assert self.paragraphs(self.TAIL, shares=(1.0, 1.0, 0.0, 0.0, 1.0)) == (LONG, OTHER)

    def test_pieces_far_from_any_paragraph_of_the_article_are_not_kept(self) -> None:
        assert self.paragraphs(self.TAIL, near=0.0) == (OTHER,)

    def test_a_cue_s_cut_stands(self, cues: RuleSet) -> None:
        markup = f"<p>{LONG}</p><p>Share this:</p><p>{self.TAIL}</p><p>{OTHER}</p>"
        found = sieved(markup, (1.0, 0.1, 0.1, 1.0), rules=cues)
        assert found.decisions[1].kind is Kind.SHARE


class TestRunTogether:
    BOTH = f"{LONG} {OTHER}"

    @staticmethod
    def cut(found: Sieved) -> list[str]:
        return [removed.text for removed in found.removed if removed.rule == "repeats/run-together"]

    def test_the_text_again_in_one_piece_is_cut(self) -> None:
        found = sieved(f"<div>{self.BOTH}</div><p>{LONG}</p><p>{OTHER}</p>", [1.0] * 3)
        assert found.paragraphs == (LONG, OTHER)
        assert self.cut(found) == [self.BOTH]

    def test_also_where_the_layout_cuts_one_of_its_pieces(self) -> None:
        whole = f"{LINE} {self.BOTH}"
        markup = f"<div>{whole}</div><p>{LINE}</p><p>{LONG}</p><p>{OTHER}</p>"
        found = sieved(markup, (1.0, 0.0, 1.0, 1.0))
        assert found.paragraphs == (LONG, OTHER)
        assert self.cut(found) == [whole]

    def test_every_copy_of_it_is_cut_and_the_pieces_stay(self) -> None:
        found = sieved(f"<div>{self.BOTH}</div><p>{LONG}</p><p>{OTHER}</p><div>{self.BOTH}</div>", [1.0] * 4)
        assert found.paragraphs == (LONG, OTHER)
        assert self.cut(found) == [self.BOTH] * 2

    def test_of_two_equal_copies_without_the_pieces_one_stays(self) -> None:
        found = sieved(f"<div>{self.BOTH}</div><p>{THIRD}</p><div>{self.BOTH}</div>", [1.0] * 3)
        assert found.paragraphs == (self.BOTH, THIRD)
        assert [removed.rule for removed in found.removed] == ["repeats/duplicate"]

    def test_a_paragraph_that_quotes_another_stays(self) -> None:
        quoting = f"{LONG} {THIRD}"
        found = sieved(f"<p>{quoting}</p><p>{LONG}</p><p>{OTHER}</p>", [1.0] * 3)
        assert found.paragraphs == (quoting, LONG, OTHER)


class TestStandfirst:
    APART = f"<div class=lead><p>{STANDFIRST}</p></div><div class=body><p>{LONG}</p><p>{OTHER}</p></div>"
    LEDE = f"<div class=body><p>{STANDFIRST}</p><p>{LONG}</p><p>{OTHER}</p></div>"
    HINTS = Hints(description=STANDFIRST)
    OFF = CleanOptions(standfirst_in_text=False)

    def test_it_stays_in_the_text_unless_the_setting_takes_it_out(self) -> None:
        kept = sieved(self.APART, [1.0] * 3, hints=self.HINTS)
        assert kept.paragraphs == (STANDFIRST, LONG, OTHER)
        off = sieved(self.APART, [1.0] * 3, hints=self.HINTS, options=self.OFF)
        assert off.paragraphs == (LONG, OTHER)
        assert [(r.kind, r.rule, r.text) for r in off.removed] == [
            (Kind.DESCRIPTION, "repeats/standfirst", STANDFIRST)
        ]

    def test_it_is_recovered_where_layout_and_trafilatura_leave_it_out(self) -> None:
        scores, shares = (0.0, 1.0, 1.0), (0.0, 1.0, 1.0)
        found = sieved(self.APART, scores, shares, hints=self.HINTS)
        assert found.paragraphs == (STANDFIRST, LONG, OTHER)
        off = sieved(self.APART, scores, shares, hints=self.HINTS, options=self.OFF)
        assert off.paragraphs == (LONG, OTHER)
        assert sieved(self.APART, scores, shares).paragraphs == (LONG, OTHER)

    def test_a_lede_that_the_description_repeats_is_none(self) -> None:
        found = sieved(self.LEDE, [1.0] * 3, hints=self.HINTS, options=self.OFF)
        assert found.paragraphs == (STANDFIRST, LONG, OTHER)

    @pytest.mark.parametrize("description", [None, "After forty years", OTHER])
    def test_without_the_description_s_word_for_it_nothing_is_one(self, description: str | None) -> None:
        hints = Hints(description=description)
        found = sieved(self.APART, [1.0] * 3, hints=hints, options=self.OFF)
        assert found.paragraphs == (STANDFIRST, LONG, OTHER)

    @pytest.mark.parametrize("in_text", [True, False])
    def test_it_is_the_description_either_way(self, in_text: bool) -> None:
        head = f'<head><title>Bridge</title><meta name="description" content="{STANDFIRST}"></head>'
        body = f"<html>{head}<body><article>{self.APART}</article></body></html>"
        options = CleanOptions(standfirst_in_text=in_text)
        article = clean(Page(body.encode(), encoding="utf-8"), trafilaturas_model(), options)
        assert isinstance(article, Article)
        assert article.description == STANDFIRST
        assert (STANDFIRST in article.paragraphs) is in_text


class TestHeadline:
    TITLE = "Council agrees to rebuild the old bridge"
    MARKUP = f"<p>{TITLE}</p><h1>{TITLE}</h1><p>{LONG}</p><p>{OTHER}</p>"
    ON = CleanOptions(title_in_text=True)

    def test_the_setting_keeps_it_whatever_the_layout_says(self) -> None:
        found = sieved(self.MARKUP, (0.0, 0.0, 1.0, 1.0), hints=Hints((self.TITLE,)), options=self.ON)
        assert found.paragraphs == (self.TITLE, LONG, OTHER)
        assert found.decisions[1].keep  # the heading, not the breadcrumb

    def test_without_the_setting_it_goes(self) -> None:
        found = sieved(self.MARKUP, (0.0, 0.0, 1.0, 1.0), hints=Hints((self.TITLE,)))
        assert found.paragraphs == (LONG, OTHER)

    def test_another_line_at_the_top_goes(self) -> None:
        found = sieved(self.MARKUP, (0.0, 0.0, 1.0, 1.0), hints=Hints((LINE,)), options=self.ON)
        assert found.paragraphs == (LONG, OTHER)


def test_a_text_of_many_paragraphs_takes_time_by_its_length_alone() -> None:
    """Each paragraph is looked up in the others, not searched for."""
    draft = draft_of([f"{number} {LONG} {number} {OTHER}" for number in range(4000)])
    before = time.process_time()
    cut_run_together(draft, [True] * len(draft.blocks))
    assert time.process_time() - before < 3  # comparing each with every other takes many times that
    assert len(draft.kept()) == 4000


def draft_of(lines: Sequence[str]) -> Draft:
    view = text_blocks("\n".join(lines))
    return Draft(view, [Decision(keep=True) for _ in view.blocks], parse_rules({}), Hints(), is_text=True)


def trafilaturas_model() -> RuleSet:
    """No cue, and a model that believes trafilatura."""
    page, whole = ([feature.name for feature in some] for some in (PAGE_FEATURES, FEATURES))
    return parse_rules({PAGE_FILE: stump(page), VERDICT_FILE: stump(whole, whole.index("kept"))})


class TestSettings:
    def test_every_option_of_cleaning_is_a_setting(self) -> None:
        # how much of markup is too much is told by what cleaning can take in a deadline: not for choosing
        limits = {"max_depth", "max_elements", "max_texts", "max_characters"}
        assert {field.name for field in fields(CleanOptions)} - limits <= set(Settings.model_fields)

    @pytest.mark.parametrize(
        ("name", "text", "value"),
        [
            ("max_page_bytes", "5000", 5000),
            ("min_words", "3", 3),
            ("title_in_text", "true", True),
            ("standfirst_in_text", "false", False),
            ("strictness", "strict", Strictness.STRICT),
            ("trafilatura", "unsure", Trafilatura.UNSURE),
        ],
    )
    def test_the_environment_reaches_the_fingerprint(self, name: str, text: str, value: object) -> None:
        options = load_settings({f"{PREFIX}{name.upper()}": text}).clean_options
        assert getattr(options, name) == value
        assert options != load_settings({}).clean_options
        assert rules_fingerprint({}, options, {}) != rules_fingerprint({}, CleanOptions(), {})
