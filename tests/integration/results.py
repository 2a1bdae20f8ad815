"""What came out of whole workers, held against what went in: every page once, in order, as it must be."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import orjson

import worker
from tests.integration.pages import GivenPage
from tests.integration.workers import NUMBER, WorkerGroup
from tests.servers.topics import Record, read_all
from worker.pipeline.routing import dead_reason

_READ_SECONDS = 90.0
_SHOWN = 20  # problems


class Place(NamedTuple):
    """A message of the raw topic."""

    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Results:
    """What the topics hold, in order within each partition; results by the place of their page."""

    raw: Mapping[Place, Record]
    committed: Mapping[int, int]
    articles: Sequence[tuple[Place, Record]]
    dead: Sequence[tuple[Place, Record]]

    @property
    def pages(self) -> int:
        """How many pages went in."""
        return len(self.raw)

    @property
    def reasons(self) -> Counter[str]:
        """How many dead letters there are of each reason."""
        return Counter(str(dead_reason(letter.headers)) for _, letter in self.dead)


def assert_each_page_once(group: WorkerGroup, *, complete: bool = True) -> Results:
    """Each page that is committed came out once, as it must, in order, and nothing else did.

    `complete`: and all of them are committed. The workers must have ended.
    """
    results = read_results(group)
    problems = find_problems(results, group.given, complete=complete)
    assert not problems, f"{len(problems)} problems:\n" + "\n".join(problems[:_SHOWN])
    return results


def find_problems(results: Results, given: Sequence[GivenPage], *, complete: bool) -> list[str]:
    """What is not as it must be, a line each."""
    return [
        *_commit_problems(results, complete=complete),
        *_count_problems(results),
        *_order_problems(results),
        *_fate_problems(results, given),
    ]


def record_of(record: Record) -> dict[str, Any]:
    """An article record."""
    loaded: dict[str, Any] = orjson.loads(record.value)
    return loaded


def read_results(group: WorkerGroup) -> Results:
    """What the topics hold now."""
    settings = group.settings
    raw = read_all(group.servers, settings.raw_topic, _READ_SECONDS)
    articles = read_all(group.servers, settings.articles_topic, _READ_SECONDS)
    dead = read_all(group.servers, settings.dead_topic, _READ_SECONDS)
    return Results(
        {Place(record.partition, record.offset): record for record in raw},
        group.committed(),
        [(_article_source(record), record) for record in articles],
        [(_letter_source(record), record) for record in dead],
    )


def _article_source(record: Record) -> Place:
    source = record_of(record)["source"]
    return Place(source["partition"], source["offset"])


def _letter_source(record: Record) -> Place:
    told = dict(record.headers)
    return Place(int(told["__connect.errors.partition"]), int(told["__connect.errors.offset"]))


def _commit_problems(results: Results, *, complete: bool) -> Iterator[str]:
    ends: defaultdict[int, int] = defaultdict(int)
    for place in results.raw:
        ends[place.partition] = max(ends[place.partition], place.offset + 1)
    for partition, end in ends.items():
        mark = results.committed.get(partition, 0)
        if mark > end or (complete and mark < end):
            yield f"partition {partition}: {mark} is committed, and it ends at {end}"


def _count_problems(results: Results) -> Iterator[str]:
    counts = Counter(place for place, _ in [*results.articles, *results.dead])
    for place in results.raw.keys() | counts.keys():
        wanted = int(place in results.raw and place.offset < results.committed.get(place.partition, 0))
        if counts[place] != wanted:
            yield f"{place} came out {counts[place]} times, not {wanted}"


def _order_problems(results: Results) -> Iterator[str]:
    """Within each partition of the results, what came of a partition's pages is in their order."""
    last: dict[tuple[str, int, int], int] = {}
    for place, record in [*results.articles, *results.dead]:
        lane = (record.topic, record.partition, place.partition)
        if place.offset <= last.get(lane, -1):
            yield f"{place} in partition {record.partition} of {record.topic} after offset {last[lane]}"
        last[lane] = place.offset


def _fate_problems(results: Results, given: Sequence[GivenPage]) -> Iterator[str]:
    for place, record in results.articles:
        if place in results.raw:
            page = _given(results.raw[place], given)
            yield from (f"{place} {page.name}: {text}" for text in _article_problems(record, page))
    for place, letter in results.dead:
        if place in results.raw:
            page = _given(results.raw[place], given)
            problems = _letter_problems(letter, page, results.raw[place])
            yield from (f"{place} {page.name}: {text}" for text in problems)


def _given(raw: Record, given: Sequence[GivenPage]) -> GivenPage:
    return given[int(dict(raw.headers)[NUMBER])]


def _article_problems(record: Record, page: GivenPage) -> Iterator[str]:
    article = record_of(record)
    yield from (error.message[:300] for error in _validator().iter_errors(article))
    yield from wrong_in_article(record, article, page)


def wrong_in_article(record: Record, article: Mapping[str, Any], page: GivenPage) -> Iterator[str]:
    """What an article has that its page does not give, but for its form."""
    if page.reason is not None:
        yield f"an article, not a dead letter for {page.reason}"
    for name, value in page.expected.items():
        if article[name] != value:
            yield f"{name}: {_difference(article[name], value)}"
    if page.holds and not any(page.holds in paragraph for paragraph in article["paragraphs"]):
        yield f"no paragraph holds {page.holds!r}"
    if record.key.decode() != (article["canonical_url"] or article["url"]):
        yield f"its key is {record.key!r}"


def _difference(found: Any, expected: Any) -> str:
    if isinstance(found, list) and isinstance(expected, list):
        more = [item for item in found if item not in expected]
        less = [item for item in expected if item not in found]
        return f"{len(found)} for {len(expected)}; more: {more!r:.300}; less: {less!r:.300}"
    return f"{found!r:.300}, not {expected!r:.300}"


def _letter_problems(letter: Record, page: GivenPage, raw: Record) -> Iterator[str]:
    reason = dead_reason(letter.headers)
    if reason != page.reason:
        detail = dict(letter.headers)["__connect.errors.exception.message"].decode()
        yield f"a dead letter for {reason} ({detail}), not {page.reason or 'an article'}"
    same = (letter.key, letter.value, letter.timestamp) == (raw.key, raw.value, raw.timestamp)
    if not same or letter.headers[: len(raw.headers)] != raw.headers:
        yield "its dead letter does not hold the page as it came"


@cache
def _validator() -> Any:
    schema = orjson.loads((Path(worker.__file__).parent / "article.schema.json").read_bytes())
    return jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
