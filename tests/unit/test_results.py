"""The checker of the tests with whole workers sees what it is there to see."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest

from tests.integration.pages import GivenPage, text_page
from tests.integration.results import Place, Results, find_problems
from worker.core.records import Article, Envelope, Page, Reason, Rejected
from worker.pipeline.ports import Message, Outgoing, Partition
from worker.pipeline.routing import Publication, Stage, article_message, dead_letter
from worker.settings import RemovedDetail

PUBLICATION = Publication("articles", "dead", RemovedDetail.FULL, "0", "0", "0123456789abcdef")
TEXT = "A sentence of some words, and another one after it."
GIVEN = [replace(text_page(n, TEXT), expected={"title": "A title"}) for n in range(3)]
GIVEN.append(text_page(3, TEXT, Reason.EMPTY))
NOW = datetime(2024, 5, 1, tzinfo=UTC)


class Record(NamedTuple):
    """What kafka-python gives for a message."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]
    timestamp: int


def raw(place: Place, number: int) -> Message:
    page = GIVEN[number]
    headers = (*page.headers, ("test-number", b"%d" % number))
    return Message(Partition("raw", place.partition), place.offset, page.key, page.value, headers, 7)


def record(message: Outgoing, partition: int = 0) -> Record:
    return Record(
        message.topic, partition, message.key, message.value, list(message.headers), message.timestamp or 0
    )


def article(place: Place, number: int, title: str = "A title") -> tuple[Place, Any]:
    page = Page(GIVEN[number].value, GIVEN[number].key.decode())
    found = Article((TEXT,), word_count=10, title=title)
    return place, record(article_message(raw(place, number), Envelope(page), found, PUBLICATION, NOW))


def letter(place: Place, number: int, reason: Reason = Reason.EMPTY) -> tuple[Place, Any]:
    rejected = Rejected(reason, "nothing there")
    return place, record(dead_letter(raw(place, number), rejected, PUBLICATION, Stage.CLEAN))


PLACES = [Place(0, 0), Place(0, 1), Place(1, 0), Place(1, 1)]
RAW = {
    place: Record("raw", place.partition, m.key, m.value, list(m.headers), m.timestamp or 0)
    for number, place in enumerate(PLACES)
    for m in [raw(place, number)]
}
ARTICLES = [article(place, number) for number, place in enumerate(PLACES[:3])]
GOOD = Results(RAW, {0: 2, 1: 2}, ARTICLES, [letter(PLACES[3], 3)])


def problems(results: Results, given: Sequence[GivenPage] = GIVEN, *, complete: bool = True) -> str:
    return "\n".join(find_problems(results, given, complete=complete))


def test_all_is_well() -> None:
    assert problems(GOOD) == ""
    assert problems(replace(GOOD, committed={0: 2, 1: 1}, dead=[]), complete=False) == ""
    assert (GOOD.pages, GOOD.reasons) == (4, {"empty": 1})


@pytest.mark.parametrize(
    ("results", "told"),
    [
        (replace(GOOD, articles=ARTICLES[1:]), "came out 0 times, not 1"),
        (replace(GOOD, articles=[*ARTICLES, ARTICLES[2]]), "came out 2 times, not 1"),
        (replace(GOOD, dead=[*GOOD.dead, letter(PLACES[0], 0)]), "came out 2 times, not 1"),
        (replace(GOOD, dead=[*GOOD.dead, letter(Place(5, 5), 3)]), "came out 1 times, not 0"),
        (replace(GOOD, articles=[ARTICLES[1], ARTICLES[0], ARTICLES[2]]), "after offset 1"),
        (replace(GOOD, committed={0: 2, 1: 1}), "1 is committed, and it ends at 2"),
        (replace(GOOD, committed={0: 2, 1: 3}), "3 is committed, and it ends at 2"),
        (replace(GOOD, committed={0: 2}), "0 is committed, and it ends at 2"),
        (replace(GOOD, articles=[*ARTICLES[:2], article(PLACES[2], 2, "Another")]), "title: 'Another', not"),
        (replace(GOOD, dead=[letter(PLACES[3], 3, Reason.MEMORY)]), "a dead letter for memory"),
        (
            replace(GOOD, dead=[], articles=[*ARTICLES, article(PLACES[3], 3)]),
            "an article, not a dead letter",
        ),
        (replace(GOOD, articles=ARTICLES[:2], dead=[letter(PLACES[2], 2), *GOOD.dead]), "not an article"),
    ],
    ids=[
        "lost",
        "doubled",
        "article and letter",
        "a stranger",
        "disordered",
        "not all committed",
        "too much committed",
        "nothing committed",
        "another article",
        "another reason",
        "article for letter",
        "letter for article",
    ],
)
def test_each_fault_is_told(results: Results, told: str) -> None:
    assert told in problems(results)


def test_an_uncommitted_page_must_not_be_out() -> None:
    assert "came out 1 times, not 0" in problems(replace(GOOD, committed={0: 2, 1: 1}), complete=False)


def test_a_record_against_the_schema_is_told() -> None:
    place, good = ARTICLES[0]
    bad = good._replace(value=good.value.replace(b'"word_count":10', b'"word_count":"ten"'))
    assert "'ten' is not of type 'integer'" in problems(replace(GOOD, articles=[(place, bad), *ARTICLES[1:]]))


def test_a_letter_whose_page_was_changed_is_told() -> None:
    place, good = GOOD.dead[0]
    for change in ({"value": b"x"}, {"key": b"x"}, {"timestamp": 8}, {"headers": good.headers[1:]}):
        changed = replace(GOOD, dead=[(place, good._replace(**change))])
        assert "does not hold the page as it came" in problems(changed)
