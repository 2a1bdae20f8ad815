"""What went in and what came out, read from the topics and reduced to what is checked."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import orjson

import worker
from tests.chaos.feed import SHORT_WORDS, FedPage, Sort
from tests.integration.results import Place, wrong_in_article
from tests.integration.workers import NUMBER
from tests.servers.topics import Record, each_record
from worker.core.records import Reason
from worker.pipeline.routing import dead_reason

READ_SECONDS = 120.0  # without a record

# What a page is given up for when its child is killed by somebody else, or its worker again and again.
HURT = (Reason.MEMORY, Reason.CRASHED)


@dataclass(frozen=True, slots=True)
class Given:
    """A message of the raw topic."""

    number: int
    timestamp: int


@dataclass(frozen=True, slots=True)
class Came:
    """One message that came out. `problems` is what is wrong with it by itself."""

    place: Place  # of its page
    topic: str
    partition: int
    offset: int
    timestamp: int  # ms
    article: bool
    hurt: bool = False  # given up as a page that kills its process, which it is not
    invalid: Sequence[str] = ()  # against the schema
    problems: Sequence[str] = ()

    def __str__(self) -> str:
        return f"{self.topic}[{self.partition}]@{self.offset}"


@dataclass(frozen=True, slots=True)
class Story:
    """A whole run. Results are in order within each partition of their topic."""

    given: Mapping[Place, Given]
    came: Sequence[Came]
    committed: Mapping[int, int]

    @property
    def articles(self) -> int:
        """How many articles came out."""
        return sum(one.article for one in self.came)


@dataclass(slots=True)
class Fingerprints:
    """The rules that ran, by their `min_words`."""

    by_words: Mapping[int, str]
    known: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self.known = frozenset(self.by_words.values())

    def makes_article_of_short(self, fingerprint: str) -> bool:
        """Whether the rules of this fingerprint take a short page for an article."""
        return any(found == fingerprint and words <= SHORT_WORDS for words, found in self.by_words.items())


Pages = Callable[[int], FedPage]


def read_story(
    servers: str,
    topics: tuple[str, str, str],
    committed: Mapping[int, int],
    page: Pages,
    prints: Fingerprints,
) -> Story:
    """Read the raw, the articles' and the dead letters' topic to their ends, committed messages only.

    Raises:
        TimeoutError: when a topic's end is not reached.
    """
    raw_topic, articles_topic, dead_topic = topics
    given: dict[Place, Given] = {}
    for record in each_record(servers, raw_topic, READ_SECONDS):
        number = int(dict(record.headers)[NUMBER])
        given[Place(record.partition, record.offset)] = Given(number, record.timestamp)
    came = [article_of(r, given, page, prints) for r in each_record(servers, articles_topic, READ_SECONDS)]
    came += [letter_of(r, given, page) for r in each_record(servers, dead_topic, READ_SECONDS)]
    return Story(given, came, committed)


def article_of(record: Record, given: Mapping[Place, Given], page: Pages, prints: Fingerprints) -> Came:
    """An article's record, judged by itself."""
    try:
        article = orjson.loads(record.value)
        place = Place(article["source"]["partition"], article["source"]["offset"])
    except (ValueError, KeyError, TypeError) as error:
        problem = f"no article's record: {type(error).__name__}: {error}"
        return _came(record, Place(-1, -1), article=True, invalid=[problem])
    invalid = [error.message[:300] for error in _validator().iter_errors(article)]
    if invalid or place not in given:
        return _came(record, place, article=True, invalid=invalid)
    problems = list(_article_problems(record, article, page(given[place].number), prints))
    return _came(record, place, article=True, problems=problems)


def letter_of(record: Record, given: Mapping[Place, Given], page: Pages) -> Came:
    """A dead letter, judged by itself."""
    told = dict(record.headers)
    try:
        place = Place(int(told["__connect.errors.partition"]), int(told["__connect.errors.offset"]))
    except (KeyError, ValueError) as error:
        return _came(record, Place(-1, -1), article=False, invalid=[f"no dead letter: {error!r}"])
    if place not in given:
        return _came(record, place, article=False)
    fed = page(given[place].number)
    reason = dead_reason(record.headers)
    hurt = fed.page.reason not in HURT and reason in HURT
    problems = [] if hurt else list(_letter_problems(record, fed, given[place]))
    return _came(record, place, article=False, hurt=hurt, problems=problems)


def _came(
    record: Record,
    place: Place,
    *,
    article: bool,
    hurt: bool = False,
    invalid: Sequence[str] = (),
    problems: Sequence[str] = (),
) -> Came:
    return Came(
        place,
        record.topic,
        record.partition,
        record.offset,
        record.timestamp,
        article,
        hurt,
        tuple(invalid),
        tuple(problems),
    )


def _article_problems(
    record: Record, article: Mapping[str, Any], fed: FedPage, prints: Fingerprints
) -> Iterator[str]:
    page = fed.page
    yield from (f"{page.name}: {text}" for text in wrong_in_article(record, article, page))
    fingerprint = article["extractor"]["rules_fingerprint"]
    if fingerprint not in prints.known:
        yield f"made by rules {fingerprint}, which did not run"
    elif fed.sort is Sort.SHORT and not prints.makes_article_of_short(fingerprint):
        yield f"{page.name}: an article by other rules than those that it tells, {fingerprint}"


def _letter_problems(record: Record, fed: FedPage, given: Given) -> Iterator[str]:
    page = fed.page
    reason = dead_reason(record.headers)
    allowed = {page.reason}
    if fed.sort is Sort.SHORT:
        allowed = {Reason.TOO_SHORT}
    if fed.sort is Sort.KILLER:
        allowed.add(Reason.CRASHED)
    if reason not in allowed and not (page.reason is None and reason in HURT):
        detail = dict(record.headers)["__connect.errors.exception.message"].decode()
        yield f"{page.name}: a dead letter for {reason} ({detail}), not {page.reason or 'an article'}"
    mark = (NUMBER, b"%d" % given.number)
    same = (record.key, record.value, record.timestamp) == (page.key, page.value, given.timestamp)
    if not same or tuple(record.headers[: len(page.headers) + 1]) != (*page.headers, mark):
        yield f"the dead letter of {page.name} does not hold the page as it came"


@cache
def _validator() -> Any:
    schema = orjson.loads((Path(worker.__file__).parent / "article.schema.json").read_bytes())
    return jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
