"""The sieve, stage by stage: what each cuts, and the near miss that it leaves."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.evidence import evidence_of
from worker.core.blocks import text_blocks
from worker.core.options import CleanOptions
from worker.core.records import Kind
from worker.core.rules import RuleSet, parse_rules
from worker.core.sieve import Sieved, sieve
from worker.core.sieving.draft import Hints
from worker.core.tree import parse
from worker.core.walk import tree_blocks
from worker.rulefiles import read_rules

LONG = (
    "The council agreed on Tuesday to rebuild the old bridge over the river, after years of debate about "
    "its cost and about the traffic that it would bring to the narrow streets of the harbour district."
)
OTHER = (
    "Work is to begin in the spring, the mayor said, and will take two years; until then a ferry carries "
    "people and bicycles across the water every ten minutes from early morning until midnight."
)
THIRD = (
    "Residents had asked for a tunnel instead, but engineers warned that the ground below the river bed is "
    "too soft, and that any digging there would endanger the foundations of the houses on both banks."
)


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return parse_rules(read_rules())


def sieve_text(text: str, rules: RuleSet, *, title_in_text: bool = False) -> Sieved:
    return sieve(text_blocks(text), None, rules, Hints(), CleanOptions(title_in_text=title_in_text))


def sieve_html(markup: str, rules: RuleSet, *titles: str) -> Sieved:
    root = parse(f"<html><body>{markup}</body></html>")
    assert root is not None
    view = tree_blocks(root)
    return sieve(view, evidence_of(view), rules, Hints(tuple(titles)), CleanOptions())


def kinds(sieved: Sieved) -> list[tuple[Kind, str]]:
    return [(removed.kind, removed.text) for removed in sieved.removed]


class TestTitle:
    TITLE = "Council agrees to rebuild the old bridge"

    def test_the_headline_again_is_cut(self, rules: RuleSet) -> None:
        sieved = sieve_html(f"<h1>{self.TITLE}</h1><p>{LONG}</p><p>{OTHER}</p>", rules, self.TITLE)
        assert sieved.paragraphs == (LONG, OTHER)
        assert kinds(sieved) == [(Kind.TITLE, self.TITLE)]

    def test_a_subhead_that_shares_words_stays(self, rules: RuleSet) -> None:
        sieved = sieve_html(f"<p>{LONG}</p><h2>The old bridge</h2><p>{OTHER}</p>", rules, self.TITLE)
        assert sieved.paragraphs == (LONG, "The old bridge", OTHER)

    def test_a_text_page_gives_its_title_and_the_setting_keeps_it(self, rules: RuleSet) -> None:
        text = f"{self.TITLE}\n\n{LONG}\n{OTHER}"
        assert sieve_text(text, rules).title == self.TITLE
        assert sieve_text(text, rules).paragraphs == (LONG, OTHER)
        assert sieve_text(text, rules, title_in_text=True).paragraphs == (self.TITLE, LONG, OTHER)

    def test_a_text_that_opens_with_a_paragraph_has_no_title(self, rules: RuleSet) -> None:
        assert sieve_text(f"{LONG}\n{OTHER}", rules).title is None


class TestSections:
    def test_a_related_list_goes_and_the_article_goes_on(self, rules: RuleSet) -> None:
        text = f"{LONG}\nRelated articles\nBridge closed for repairs\nFerry adds more trips\n{OTHER}\n{THIRD}"
        assert sieve_text(text, rules).paragraphs == (LONG, OTHER, THIRD)

    def test_after_the_source_everything_related_goes(self, rules: RuleSet) -> None:
        text = f"{LONG}\n{OTHER}\nSource: Reuters\nRead also:\nAnother bridge falls\n{THIRD}"
        sieved = sieve_text(text, rules)
        assert sieved.paragraphs == (LONG, OTHER)
        assert sieved.source_credits == ("Reuters",)

    def test_a_heading_takes_the_element_that_it_opens(self, rules: RuleSet) -> None:
        teaser = "<div><h3>Related articles</h3><p>Ferry adds trips.</p></div>"
        sieved = sieve_html(f"<p>{LONG}</p>{teaser}<p>{OTHER}</p>", rules)
        assert sieved.paragraphs == (LONG, OTHER)

    def test_a_list_at_the_top_of_a_wrapper_does_not_take_the_text_after_it(self, rules: RuleSet) -> None:
        box = "<div><h3>Related articles</h3><ul><li>Ferry adds trips</li></ul></div>"
        sieved = sieve_html(f"<p>{LONG}</p><p>{THIRD}</p><div>{box}<p>{OTHER}</p></div>", rules)
        assert sieved.paragraphs == (LONG, THIRD, OTHER)

    def test_a_heading_does_not_take_the_article_around_it(self, rules: RuleSet) -> None:
        sieved = sieve_html(f"<div><h3>Related articles</h3><p>{LONG}</p><p>{OTHER}</p></div>", rules)
        assert sieved.paragraphs == (LONG, OTHER)

    def test_a_container_that_holds_the_article_is_never_claimed(self, rules: RuleSet) -> None:
        sieved = sieve_html(f"<div id='respond'><p>{LONG}</p><p>{OTHER}</p></div>", rules)
        assert sieved.paragraphs == (LONG, OTHER)


class TestRepeats:
    def test_running_text_that_comes_twice_stays_once(self, rules: RuleSet) -> None:
        assert sieve_text(f"{LONG}\n{OTHER}\n{LONG}", rules).paragraphs == (LONG, OTHER)

    def test_a_line_that_an_author_repeats_stays(self, rules: RuleSet) -> None:
        question = "What would you like to change in your town?"
        text = f"{LONG}\n{question}\n{OTHER}\n{question}\n{THIRD}"
        assert sieve_text(text, rules).paragraphs.count(question) == 2

    def test_text_run_together_without_spaces_is_cut(self, rules: RuleSet) -> None:
        sieved = sieve_text(f"A bridge for the harbour town\n{LONG}{OTHER}\n{LONG}\n{OTHER}\n{THIRD}", rules)
        assert sieved.paragraphs == (LONG, OTHER, THIRD)

    def test_a_description_that_breaks_off_gives_its_date_and_site(self, rules: RuleSet) -> None:
        summary = f"{LONG[:120]}... 29.12.2025, Harbour News"
        sieved = sieve_text(f"A bridge for the harbour town\n{summary}\n{LONG}\n{OTHER}", rules)
        assert sieved.paragraphs == (LONG, OTHER)
        assert sieved.summary is not None
        assert (sieved.summary.date, sieved.summary.site_name) == ("2025-12-29", "Harbour News")

    def test_a_quotation_with_an_ellipsis_stays(self, rules: RuleSet) -> None:
        quote = "“We waited for years ... and now it is done,” said the head of the harbour office on Monday."
        assert sieve_text(f"{quote}\n{LONG}\n{OTHER}", rules).paragraphs == (quote, LONG, OTHER)


class TestShape:
    def test_a_run_of_links_is_cut_and_a_single_reference_stays(self, rules: RuleSet) -> None:
        entries = ("Bridge closed for repairs", "Ferry adds more trips")
        links = "".join(f"<li><a href=x>{entry}</a></li>" for entry in entries)
        address = "<p><a href=3>https://example.org/report</a></p>"
        sieved = sieve_html(f"<p>{LONG}</p><ul>{links}</ul><p>{OTHER}</p>{address}", rules)
        assert sieved.paragraphs == (LONG, OTHER, "https://example.org/report")

    def test_a_paragraph_broken_before_its_comma_is_one_again(self, rules: RuleSet) -> None:
        head, tail = LONG[:-1].split(", after", 1)
        sieved = sieve_text(f"A bridge for the harbour town\n{head}\n, after{tail}.\n{OTHER}", rules)
        assert sieved.paragraphs == (LONG, OTHER)

    def test_labels_above_a_text_page_s_headline_go(self, rules: RuleSet) -> None:
        sieved = sieve_text(f"Politics\nCouncil agrees to rebuild the old bridge\n{LONG}\n{OTHER}", rules)
        assert sieved.section == "Politics"
        assert sieved.paragraphs == (LONG, OTHER)


_LINES = st.lists(
    st.one_of(
        st.sampled_from(
            [LONG, OTHER, THIRD, "Related articles", "Read also: a thing", "Leave a Reply", "icon"]
        ),
        st.sampled_from(
            ["المصدر: RT", "إقرأ أيضاً:", "موسكو/ الأناضول", "29.12.2025", "، بما في ذلك", "قال الوزير."]
        ),
        st.text(max_size=80),
    ),
    max_size=25,
)


@settings(deadline=None)
@given(_LINES)
def test_no_text_is_lost_that_no_rule_claims(rules: RuleSet, lines: list[str]) -> None:
    view = text_blocks("\n".join(lines))
    sieved = sieve(view, None, rules, Hints(), CleanOptions())
    published = "".join(filter(str.isalnum, "".join(sieved.paragraphs)))
    unclaimed = (b.text for b, d in zip(view.blocks, sieved.decisions, strict=True) if d.kind is None)
    assert published == "".join(filter(str.isalnum, "".join(unclaimed)))
    assert len(sieved.removed) == sum(d.kind is not None for d in sieved.decisions)


@settings(deadline=None)
@given(_LINES)
def test_cleaning_a_clean_body_changes_nothing(rules: RuleSet, lines: list[str]) -> None:
    title = "Council agrees to rebuild the old bridge"
    first = sieve_text("\n".join([title, LONG, *lines]), rules)
    body = "\n".join([title, *first.paragraphs])
    again = sieve_text(body, rules)
    once_more = sieve_text("\n".join([title, *again.paragraphs]), rules)
    assert again.paragraphs == once_more.paragraphs
