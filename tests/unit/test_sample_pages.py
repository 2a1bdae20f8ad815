"""Every page that ships with the package gives exactly what its `expected.json` says."""

from dataclasses import asdict
from typing import Any

import pytest

from worker.core.clean import clean
from worker.core.decode import decode_message
from worker.core.options import CleanOptions
from worker.core.records import Article, Reason, Rejected
from worker.core.rules import RuleSet, parse_rules
from worker.demo_pages import SampleCase, sample_cases
from worker.poison import PoisonCase, poison_cases
from worker.rulefiles import read_rules

CASES = sample_cases()
FIELDS = (
    "title",
    "published_at",
    "authors",
    "source_credits",
    "dateline",
    "section",
    "language",
    "site_name",
)
MAX_BYTES = 1_500_000
POISON = poison_cases(MAX_BYTES)


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return parse_rules(read_rules())


def article_of(case: SampleCase, rules: RuleSet) -> dict[str, Any]:
    options = CleanOptions()
    envelope = decode_message(case.body, case.url.encode(), case.headers(), options)
    assert not isinstance(envelope, Rejected), envelope
    outcome = clean(envelope.page, rules, options)
    assert isinstance(outcome, Article), outcome
    return {
        name: list(value) if isinstance(value, tuple) else value for name, value in asdict(outcome).items()
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_paragraphs(case: SampleCase, rules: RuleSet) -> None:
    assert article_of(case, rules)["paragraphs"] == case.expected["paragraphs"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_fields(case: SampleCase, rules: RuleSet) -> None:
    article = article_of(case, rules)
    assert {name: article[name] for name in FIELDS} == {name: case.expected[name] for name in FIELDS}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_expected_stands_on_the_page(case: SampleCase) -> None:
    assert case.expected["about"]
    assert case.url.startswith("https://")
    assert len(case.expected["paragraphs"]) >= 5
    assert set(case.expected) == {*FIELDS, "about", "paragraphs"}


def test_there_are_pages_of_many_languages() -> None:
    languages = {case.expected["language"] for case in CASES}
    assert {"ar", "de", "en", "es", "fa", "fr", "he", "id", "ja", "ru", "tr", "ur", "zh"} <= languages
    assert len({case.url for case in CASES}) == len(CASES) >= 26


@pytest.mark.parametrize("case", POISON, ids=lambda case: case.name)
def test_poison(case: PoisonCase, rules: RuleSet) -> None:
    options = CleanOptions(max_page_bytes=MAX_BYTES)
    envelope = decode_message(case.value, case.key, case.headers, options)
    outcome = envelope if isinstance(envelope, Rejected) else clean(envelope.page, rules, options)
    if case.reason is None:
        assert isinstance(outcome, Article), outcome
        assert any(case.holds in paragraph for paragraph in outcome.paragraphs)
    else:
        assert isinstance(outcome, Rejected), outcome
        assert outcome.reason == case.reason


def test_every_reason_that_bytes_can_give_has_its_poison() -> None:
    processes = {Reason.TIMEOUT, Reason.MEMORY, Reason.CRASHED}
    assert {case.reason for case in POISON} == {None, *Reason} - processes - {Reason.UNDECODABLE}
