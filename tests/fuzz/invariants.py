"""What must hold of whatever comes in: not only that nothing is raised."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import orjson

import worker
from tests.fuzz.inputs import Attempt, attempt_of
from worker.core.charset import page_text
from worker.core.clean import clean
from worker.core.decode import decode_message
from worker.core.match import claim_line
from worker.core.options import CleanOptions
from worker.core.records import Article, Envelope, Page, Rejected
from worker.core.rules import Claim, RuleSet
from worker.core.tree import parse
from worker.pipeline.outcomes import decode_outcome, encode_outcome
from worker.pipeline.ports import Message, Partition
from worker.pipeline.routing import Publication, route
from worker.settings import RemovedDetail

OPTIONS = CleanOptions(min_words=1)  # so that small pages give articles, of which there is more to check
_SCHEMA = orjson.loads((Path(worker.__file__).parent / "article.schema.json").read_bytes())
_VALIDATOR = jsonschema.Draft202012Validator(_SCHEMA, format_checker=jsonschema.FormatChecker())
_PUBLICATION = Publication("articles.clean", "pages.dead", RemovedDetail.FULL, "0", "0", "0" * 16)
_NOW = datetime(2026, 1, 2, tzinfo=UTC)
_JOINT = str.maketrans("", "", "|")  # stands between the cells of a row, which the page has not


def check(data: bytes, rules: RuleSet) -> None:
    """Try the bytes.

    Raises:
        AssertionError: something that must hold does not.
    """
    attempt = attempt_of(data)
    if attempt.is_line:
        check_line(attempt.value.decode("utf-8", "replace"), rules)
    else:
        check_message(attempt, rules)


def check_line(line: str, rules: RuleSet) -> None:
    """A line is claimed or not, and the same when asked again."""
    for language in (None, "ar", "en"):
        for share in (0.0, 1.0):
            claim = claim_line(line, rules, language, share)
            assert claim is None or isinstance(claim, Claim)
            assert claim == claim_line(line, rules, language, share), "asked twice, two answers"


def check_message(attempt: Attempt, rules: RuleSet) -> None:
    """A message becomes an article that is the page's, or a dead letter; always the same."""
    message = Message(Partition("pages.raw", 0), 7, b"key", attempt.value, attempt.headers)
    found = decode_message(attempt.value, b"key", attempt.headers, OPTIONS)
    again = decode_message(attempt.value, b"key", attempt.headers, OPTIONS)
    assert found == again, "decoded twice, two results"
    if isinstance(found, Rejected):
        assert found.detail
        route(message, None, found, _PUBLICATION, _NOW)
        return
    outcome = clean(found.page, rules, OPTIONS)
    assert outcome == clean(found.page, rules, OPTIONS), "cleaned twice, two outcomes"
    assert isinstance(outcome, Article | Rejected)
    crossed = decode_outcome(encode_outcome(outcome))
    assert encode_outcome(crossed) == encode_outcome(outcome)
    if isinstance(crossed, Article):
        check_article(crossed, found.page)
        check_record(crossed, found)
    else:
        route(message, found, crossed, _PUBLICATION, _NOW)


def check_article(article: Article, page: Page) -> None:
    """An article's paragraphs are not empty, and made of the page's own characters in their order."""
    assert article.paragraphs, "an article without a paragraph"
    assert all(paragraph.strip() for paragraph in article.paragraphs), "an empty paragraph"
    assert article.word_count >= OPTIONS.min_words
    assert _in_order("".join(article.paragraphs), _own_text(page)), "text that the page does not have"


def _own_text(page: Page) -> str:
    """All characters of the page, in order: of every text node, also of those that nobody sees."""
    text = page_text(page)
    assert isinstance(text, str), "an article of what is no text"
    if page.is_text:
        return text
    root = parse(text)
    assert root is not None
    return "".join(root.itertext())


def _in_order(wanted: str, text: Iterable[str]) -> bool:
    """True where the characters of `wanted`, spaces aside, come in the text in that order."""
    left = iter(text)
    return all(character in left for character in "".join(wanted.translate(_JOINT).split()))


def check_record(article: Article, envelope: Envelope) -> None:
    """The record of an article holds to the published schema."""
    message = Message(Partition("pages.raw", 0), 7, b"key", b"", ())
    record = orjson.loads(route(message, envelope, article, _PUBLICATION, _NOW).value or b"")
    _VALIDATOR.validate(record)
    assert record["text"] == "\n\n".join(record["paragraphs"])
    assert record["meta"] == orjson.loads(orjson.dumps(envelope.meta))
