"""What the fuzzer found once holds from now on; see `tests/fuzz`."""

from pathlib import Path

import pytest

from tests.fuzz.inputs import found_cases, seeds
from tests.fuzz.invariants import check, check_article
from worker.core.records import Article, Page
from worker.core.rules import RuleSet, parse_rules
from worker.rulefiles import read_rules

CASES = found_cases()


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return parse_rules(read_rules())


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_found_case(case: Path, rules: RuleSet) -> None:
    check(case.read_bytes(), rules)


def test_the_invariants_hold_of_where_the_fuzzer_begins(rules: RuleSet) -> None:
    tried = 0
    for tried, seed in enumerate(seeds(), 1):  # noqa: B007
        check(seed, rules)
    assert tried > 50


def test_the_invariants_can_fail() -> None:
    page = Page(b"<p>Something else")
    check_article(Article(("Some thing",), word_count=2), page)
    for paragraph in ("Nobody wrote this.", "else Something", "Somethingg", " "):
        with pytest.raises(AssertionError):
            check_article(Article((paragraph,), word_count=3), page)
