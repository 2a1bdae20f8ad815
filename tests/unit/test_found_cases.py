"""What the fuzzer found once holds from now on; see `tests/fuzz`."""

import pytest

from tests.fuzz.inputs import seeds
from tests.fuzz.invariants import check, check_article
from worker.core.records import Article, Page
from worker.core.rules import RuleSet, parse_rules
from worker.rulefiles import read_rules


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return parse_rules(read_rules())


def test_the_invariants_hold_of_what_was_found_and_of_where_the_fuzzer_begins(rules: RuleSet) -> None:
    cases = [*seeds()]
    assert len(cases) > 50
    for case in cases:
        try:
            check(case, rules)
        except Exception as error:
            error.add_note(f"of {case[:200]!r}")
            raise


def test_the_invariants_can_fail() -> None:
    page = Page(b"<p>Something else")
    check_article(Article(("Some thing",), word_count=2), page)
    for paragraph in ("Nobody wrote this.", "else Something", "Somethingg", " "):
        with pytest.raises(AssertionError):
            check_article(Article((paragraph,), word_count=3), page)
