"""What hostile pages taught the core, each in its smallest form."""

import random
import time

import pytest
from lxml import html

from worker.core.charset import page_text
from worker.core.clean import clean
from worker.core.credits import parse_dateline
from worker.core.dates import _find_date, find_date
from worker.core.match import claim_container
from worker.core.options import CleanOptions
from worker.core.people import _byline, byline
from worker.core.records import Article, Page, Reason, Rejected
from worker.core.rules import RuleSet, parse_rules
from worker.core.shadow import _remembered, shadow
from worker.core.sieving.weights import Weights
from worker.core.structured import read_json_ld
from worker.core.tree import parse
from worker.core.walk import tree_blocks
from worker.rulefiles import read_rules

SENTENCE = "The keeper counted the ships that passed before breakfast and wrote the number on a slate."
ARTICLE = "".join(f"<p>{SENTENCE} Slate {number}.</p>" for number in range(6))


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return parse_rules(read_rules())


def outcome(body: str, rules: RuleSet, options: CleanOptions | None = None, is_text: bool = False) -> object:
    return clean(Page(body.encode(), is_text=is_text), rules, options or CleanOptions())


@pytest.mark.parametrize("tag", ["span", "b", "font", "div", "x-y"])
def test_nesting_is_too_deep_whatever_is_nested(tag: str, rules: RuleSet) -> None:
    found = outcome(f"<body>{ARTICLE}" + f"<{tag}>" * 5_000 + SENTENCE, rules)
    assert isinstance(found, Rejected)
    assert found.reason is Reason.TOO_DEEP


def test_more_elements_than_allowed_are_oversized(rules: RuleSet) -> None:
    body = f"<body>{ARTICLE}" + "<i>x</i>" * 100
    allowed = outcome(body, rules, CleanOptions(max_elements=108))
    refused = outcome(body, rules, CleanOptions(max_elements=107))
    assert isinstance(allowed, Article)
    assert refused == Rejected(Reason.OVERSIZED, "108 elements, more than the 107 allowed")


@pytest.mark.parametrize("is_text", [False, True])
def test_more_texts_than_allowed_are_oversized(is_text: bool, rules: RuleSet) -> None:
    body = "\n".join([SENTENCE] * 12) if is_text else ARTICLE * 2
    assert isinstance(outcome(body, rules, CleanOptions(max_texts=12), is_text), Article)
    refused = outcome(body, rules, CleanOptions(max_texts=11), is_text)
    assert isinstance(refused, Rejected)
    assert refused.reason is Reason.OVERSIZED


@pytest.mark.parametrize("is_text", [False, True])
def test_more_characters_than_allowed_are_oversized(is_text: bool, rules: RuleSet) -> None:
    body = SENTENCE if is_text else f"<p>{SENTENCE}"
    assert isinstance(outcome(body, rules, CleanOptions(max_characters=len(SENTENCE)), is_text), Article)
    refused = outcome(body, rules, CleanOptions(max_characters=len(SENTENCE) - 1), is_text)
    assert isinstance(refused, Rejected)
    assert refused.reason is Reason.OVERSIZED


def test_line_breaks_after_nothing_but_spaces() -> None:
    body = html.document_fromstring("<p>" + "<s> </s><br>" * 50_000 + "one<br>two<br> <br>three")
    started = time.thread_time()
    blocks = tree_blocks(body).blocks
    assert time.thread_time() - started < 5
    assert [block.text for block in blocks] == ["one\ntwo", "three"]


def test_a_row_of_very_many_cells_stays_in_its_cells() -> None:
    few = tree_blocks(html.document_fromstring("<table><tr>" + "<td>1" * 1000))
    many = tree_blocks(html.document_fromstring("<table><tr>" + "<td>1" * 1001))
    assert len(few.blocks) == 1
    assert len(many.blocks) == 1001


def test_a_rule_of_hyphens_is_read_at_once() -> None:
    started = time.thread_time()
    assert parse_dateline("Note ---- " + "-" * 110) is None
    assert parse_dateline("zzz,  zzz.  00,  0000  ----  zz. " + "-" * 80) is None
    assert time.thread_time() - started < 1


def test_datelines_with_several_dashes_still_hold() -> None:
    found = parse_dateline(
        "WASHINGTON, Feb. 4, 2021 /PRNewswire/ -- The company said on Thursday that it would."
    )
    assert found is not None
    assert (found[0].place, found[0].agency) == ("WASHINGTON", "PRNewswire")


def test_a_charset_label_of_spaces_is_read_at_once() -> None:
    started = time.thread_time()
    page = Page(b"<p>caf\xe9", content_type="text/html; charset=" + " " * 1_000_000)
    assert isinstance(page_text(page), str)
    assert time.thread_time() - started < 2


@pytest.mark.parametrize(
    "script",
    [
        "{" + " " * 500_000 + "}x",
        " " * 500_000 + "{",
        '{"@type": "Article", "headline": "&#' + "9" * 10_000 + ';",}x',
    ],
    ids=["spaces-inside", "spaces-before", "reference-of-10000-digits"],
)
def test_json_ld_beyond_mending_is_skipped_at_once(script: str) -> None:
    started = time.thread_time()
    assert read_json_ld([script]).articles == ()
    assert time.thread_time() - started < 2


@pytest.mark.parametrize(
    "script",
    [
        '<!-- {"@type": "Article", "headline": "T"} -->',
        '\n//<![CDATA[\n{"@type": "Article", "headline": "T"}\n//]]>\n',
        ' <![CDATA[ {"@type": "Article", "headline": "T"} ]]> ; ',
    ],
)
def test_json_ld_in_a_comment_is_still_read(script: str) -> None:
    assert [article.headline for article in read_json_ld([script]).articles] == ["T"]


def test_runs_of_combining_marks_are_cut() -> None:
    started = time.thread_time()
    assert len(shadow("a" + "\u0301\u0316" * 200_000 + " b")) < 10
    assert time.thread_time() - started < 2
    assert shadow("e\u0301\u0301") == "e"


def test_long_texts_are_not_remembered(rules: RuleSet) -> None:
    for cached in (_remembered, _find_date, _byline):
        cached.cache_clear()
    long = "x" * 100_000
    shadow(long)
    find_date(long)
    byline(long)
    assert [cached.cache_info().currsize for cached in (_remembered, _find_date, _byline)] == [0, 0, 0]
    root = parse(f'<div class="{"a " * 50_000}"><p>word</p></div>')
    assert root is not None
    for container in tree_blocks(root).containers:
        claim_container(container, rules)
    assert max(len(value or "") for _, value, *_ in rules.container_claims) <= 1000


def test_weights_are_sums() -> None:
    chance = random.Random(7)
    numbers = [chance.randrange(100) for _ in range(50)]
    weights = Weights(numbers)
    for _ in range(200):
        place, change = chance.randrange(50), chance.randrange(-50, 50)
        numbers[place] += change
        weights.add(place, change)
        first, end = chance.randrange(51), chance.randrange(51)
        assert weights.sum(first, end) == sum(numbers[first:end])


@pytest.mark.parametrize("piece", ["<p>Read also</p>", "<ul><li>Read also<li>Related articles</ul>"])
def test_thousands_of_headings_take_no_longer_each(piece: str, rules: RuleSet) -> None:
    started = time.thread_time()
    found = outcome(f"<body>{ARTICLE}{piece * 5_000}", rules)
    assert time.thread_time() - started < 20
    assert isinstance(found, Article)
    assert found.paragraphs[0].startswith("The keeper")
