"""The checks of the fault harness: each of them must find what it is there for, and nothing else."""

import random
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache, partial
from types import SimpleNamespace
from typing import Any, cast

import orjson
import psutil
import pytest

from tests.chaos.checks import (
    MIB,
    Check,
    check_commits,
    check_fate,
    check_memory,
    check_once,
    check_order,
    check_quiet_metrics,
    check_schema,
    check_storm_metrics,
)
from tests.chaos.feed import OTHER_RULES, RUNNING_RULES, FedPage, Sort, page_of
from tests.chaos.fleet import Life, Sample, left_of
from tests.chaos.report import check_table
from tests.chaos.story import Came, Fingerprints, Given, Story, article_of, letter_of
from tests.integration.results import Place
from tests.integration.workers import NUMBER
from worker.core.clean import clean
from worker.core.decode import decode_message
from worker.core.options import CleanOptions
from worker.core.records import Article, Envelope, Reason, Rejected
from worker.core.rules import RuleSet, parse_rules
from worker.pipeline.ports import Message, Outgoing, Partition
from worker.pipeline.routing import Publication, route
from worker.rulefiles import read_rules
from worker.settings import RemovedDetail

PAGES = 40
PARTITIONS = 4


def story(*, lost: Iterable[int] = (), again: Iterable[int] = ()) -> Story:
    """Pages over some partitions, each with its article; some of them without, or with one more."""
    places = {number: Place(number % PARTITIONS, number // PARTITIONS) for number in range(PAGES)}
    came = [
        came_of(places[number], timestamp=number) for number in [*places, *again] if number not in set(lost)
    ]
    return Story(
        {place: Given(number, number) for number, place in places.items()},
        came,
        dict.fromkeys(range(PARTITIONS), PAGES // PARTITIONS),
    )


def came_of(place: Place, timestamp: int = 0, *, article: bool = True, **more: Any) -> Came:
    topic = "articles" if article else "dead"
    return Came(place, topic, place.partition % 2, place.offset, timestamp, article, **more)


def with_one_more(before: Story, came: Came) -> Story:
    return replace(before, came=[*before.came, came])


def the_finding(check: Check) -> str:
    assert not check.ok
    (finding,) = check.findings
    return finding


def test_a_good_run_passes_every_check() -> None:
    good = story()
    for check in (check_once, check_order, check_schema, check_commits):
        assert check(good).ok, check(good).findings
    assert check_fate(good, children_killed=0).ok


def test_a_lost_page_is_found() -> None:
    assert the_finding(check_once(story(lost=[9]))).startswith("lost: page 9,")


def test_a_doubled_page_is_found() -> None:
    assert the_finding(check_once(story(again=[11]))).startswith("2 times: page 11,")


def test_a_page_that_is_an_article_and_a_dead_letter_is_doubled() -> None:
    both = with_one_more(story(), came_of(Place(1, 2), article=False))
    assert the_finding(check_once(both)).startswith("2 times: page 9,")


def test_a_result_of_no_page_is_found() -> None:
    assert the_finding(check_once(with_one_more(story(), came_of(Place(3, 999))))).endswith("is of no page")


def test_a_swapped_order_is_found() -> None:
    good = story()
    came = list(good.came)
    first = came.index(next(one for one in came if one.place == Place(2, 3)))
    second = came.index(next(one for one in came if one.place == Place(2, 4)))
    came[first], came[second] = came[second], came[first]
    assert "offset 3 after 4" in the_finding(check_order(replace(good, came=came)))


def test_partitions_may_mix_in_any_order() -> None:
    good = story()
    lanes = [[one for one in good.came if one.place.partition == number] for number in range(PARTITIONS)]
    chance = random.Random(1)
    mixed = []
    while any(lanes):
        mixed.append(chance.choice([lane for lane in lanes if lane]).pop(0))
    assert check_order(replace(good, came=mixed)).ok


@pytest.mark.parametrize("mark", [9, 11, None])
def test_offsets_not_committed_to_the_end_are_found(mark: int | None) -> None:
    good = story()
    committed = {**good.committed, 2: mark}
    if mark is None:
        del committed[2]
    bad = replace(good, committed=cast("Mapping[int, int]", committed))
    assert the_finding(check_commits(bad)).startswith("partition 2: ")


def test_more_pages_given_up_than_children_were_killed_are_found() -> None:
    hurt = with_one_more(story(lost=[9]), came_of(Place(1, 2), article=False, hurt=True))
    assert check_fate(hurt, children_killed=1).ok
    assert check_fate(hurt, children_killed=0, workers_killed=3).ok
    assert "page 9" in the_finding(check_fate(hurt, children_killed=0, workers_killed=2))


# -- records, judged by themselves

OPTIONS = {words: CleanOptions(min_words=words) for words in (RUNNING_RULES, OTHER_RULES)}
PRINTS = Fingerprints({RUNNING_RULES: "a" * 16, OTHER_RULES: "b" * 16})
PAGE = partial(page_of, 5)


def first_of(sort: Sort, reason: Reason | None = None) -> FedPage:
    return next(fed for fed in map(PAGE, range(5000)) if fed.sort is sort and fed.page.reason == reason)


def published(fed: FedPage, words: int = RUNNING_RULES) -> tuple[Any, dict[Place, Given]]:
    """What a worker publishes of a page, as a reader gets it."""
    page = fed.page
    headers = (*page.headers, (NUMBER, b"%d" % fed.number))
    message = Message(Partition("raw", 3), 17, page.key, page.value, headers, 1234)
    decoded = decode_message(page.value, page.key, headers, OPTIONS[words])
    outcome: Article | Rejected
    if isinstance(decoded, Rejected):
        envelope, outcome = None, decoded
    else:
        envelope, outcome = decoded, clean(decoded.page, _rules(), OPTIONS[words])
    return record(route(message, envelope, outcome, publication(words), datetime.now(UTC))), given(fed)


@cache
def _rules() -> RuleSet:
    return parse_rules(read_rules())


def publication(words: int) -> Publication:
    return Publication("articles", "dead", RemovedDetail.FULL, "1", "2", PRINTS.by_words[words])


def given(fed: FedPage) -> dict[Place, Given]:
    return {Place(3, 17): Given(fed.number, 1234)}


def record(outgoing: Outgoing) -> Any:
    headers = list(outgoing.headers)
    return SimpleNamespace(
        topic=outgoing.topic,
        partition=0,
        offset=5,
        key=outgoing.key,
        value=outgoing.value,
        headers=headers,
        timestamp=outgoing.timestamp or 99,
    )


def changed(found: Any, **fields: Any) -> Any:
    value = orjson.dumps(orjson.loads(found.value) | fields)
    return SimpleNamespace(**{**vars(found), "value": value})


@pytest.mark.parametrize("sort", [Sort.NUMBERED, Sort.SAMPLE, Sort.SHORT, Sort.POISON])
def test_a_good_article_has_no_problem(sort: Sort) -> None:
    came = article_of(*published(first_of(sort)), PAGE, PRINTS)
    assert (came.place, came.article, came.invalid, came.problems) == (Place(3, 17), True, (), ())


def test_a_record_that_breaks_the_schema_is_found() -> None:
    found, places = published(first_of(Sort.NUMBERED))
    for bad in ({"word_count": "many"}, {"schema_version": 99}, {"authors": None}):
        came = article_of(changed(found, **bad), places, PAGE, PRINTS)
        assert came.invalid
        assert "articles[0]@5" in the_finding(
            check_schema(with_one_more(story(), replace(came, invalid=came.invalid[:1])))
        )


@pytest.mark.parametrize("value", [b"", b"no JSON", b"[]", b"{}", b'{"source": null}'])
def test_a_record_that_is_no_record_is_found(value: bytes) -> None:
    found, places = published(first_of(Sort.NUMBERED))
    came = article_of(SimpleNamespace(**{**vars(found), "value": value}), places, PAGE, PRINTS)
    assert came.invalid
    assert came.place not in places


def test_the_article_of_another_page_is_found() -> None:
    found, _ = published(first_of(Sort.NUMBERED))
    other = next(fed for fed in map(PAGE, range(4000, 5000)) if fed.sort is Sort.NUMBERED)
    (problem,) = article_of(found, given(other), PAGE, PRINTS).problems[:1]
    assert "holds" in problem


def test_an_article_by_rules_that_did_not_run_is_found() -> None:
    found, places = published(first_of(Sort.NUMBERED))
    extractor = orjson.loads(found.value)["extractor"] | {"rules_fingerprint": "c" * 16}
    (problem,) = article_of(changed(found, extractor=extractor), places, PAGE, PRINTS).problems
    assert "did not run" in problem


def test_an_article_from_the_cache_of_other_rules_is_found() -> None:
    found, places = published(first_of(Sort.SHORT))
    extractor = orjson.loads(found.value)["extractor"] | {"rules_fingerprint": "b" * 16}
    (problem,) = article_of(changed(found, extractor=extractor), places, PAGE, PRINTS).problems
    assert "by other rules" in problem


def test_a_dead_letter_has_its_reason() -> None:
    for reason in (Reason.TOO_SHORT, Reason.NOT_HTML, Reason.BAD_ENVELOPE):
        came = letter_of(*published(first_of(Sort.POISON, reason)), PAGE)
        assert (came.place, came.article, came.hurt, came.problems) == (Place(3, 17), False, False, ())
    came = letter_of(*published(first_of(Sort.SHORT), OTHER_RULES), PAGE)
    assert came.problems == ()


def dead(fed: FedPage, reason: Reason) -> Any:
    page = fed.page
    headers = (*page.headers, (NUMBER, b"%d" % fed.number))
    message = Message(Partition("raw", 3), 17, page.key, page.value, headers, 1234)
    outcome = Rejected(reason, "for this test")
    decoded = decode_message(page.value, page.key, headers, OPTIONS[RUNNING_RULES])
    envelope = decoded if isinstance(decoded, Envelope) else None
    return record(route(message, envelope, outcome, publication(RUNNING_RULES), datetime.now(UTC)))


def test_a_good_page_among_the_dead_letters_is_found() -> None:
    fed = first_of(Sort.NUMBERED)
    (problem,) = letter_of(dead(fed, Reason.EMPTY), given(fed), PAGE).problems
    assert "not an article" in problem
    assert letter_of(dead(fed, Reason.MEMORY), given(fed), PAGE).hurt


def test_a_wrong_reason_is_found() -> None:
    fed = first_of(Sort.POISON, Reason.NOT_HTML)
    came = letter_of(dead(fed, Reason.TIMEOUT), given(fed), PAGE)
    assert not came.hurt
    assert "not not_html" in came.problems[0]


@pytest.mark.parametrize("name", ["key", "value", "timestamp", "headers"])
def test_a_dead_letter_that_changed_its_page_is_found(name: str) -> None:
    fed = first_of(Sort.POISON, Reason.NOT_HTML)
    letter = dead(fed, Reason.NOT_HTML)
    other = {"key": b"other", "value": None, "timestamp": 1, "headers": letter.headers[1:]}[name]
    (problem,) = letter_of(SimpleNamespace(**{**vars(letter), name: other}), given(fed), PAGE).problems
    assert "does not hold the page" in problem


# -- what the workers tell of themselves


def life(samples: Iterable[tuple[float, int, int]], *, ended: float | None = None, failed: int = 0) -> Life:
    """A worker that started at 0; each sample: seconds, articles, MiB."""
    told = [Sample(at, articles, 0, failed, at, memory * MIB) for at, articles, memory in samples]
    return Life(0, cast("Any", SimpleNamespace(pid=1)), 0.0, told, ended)


COUNTED = {"articles": PAGES // 2, "dead_letters": 0, "failed": 0}


def test_counts_in_peace_must_be_those_that_were_read() -> None:
    before = {"articles": 100, "dead_letters": 7, "failed": 3}

    def after(**more: int) -> dict[str, int]:
        return {name: count + COUNTED[name] + more.get(name, 0) for name, count in before.items()}

    check = partial(check_quiet_metrics, story(), PAGES // 2, before)
    assert check(after()).ok
    assert not check(after(articles=1)).ok
    assert not check(after(articles=-1)).ok
    assert not check(after(dead_letters=1)).ok
    assert check(after(articles=-1, failed=1)).ok, "a commit that seemed to fail is counted by nobody"
    assert not check(after(articles=1, failed=1)).ok


def stamped(*seconds: float) -> Story:
    came = [came_of(Place(0, n), timestamp=int(at * 1000)) for n, at in enumerate(seconds)]
    return Story({one.place: Given(n, 0) for n, one in enumerate(came)}, came, {0: len(came)})


def test_more_counted_than_read_is_found() -> None:
    run = stamped(10, 11, 12)
    assert check_storm_metrics(run, [life([(20, 3, 100)])]).ok
    assert "more than the 3" in the_finding(check_storm_metrics(run, [life([(20, 4, 100)])]))


def test_articles_that_nobody_counted_must_have_come_when_nobody_looked() -> None:
    run = stamped(10, 11, 12, 500, 501)
    assert check_storm_metrics(run, [life([(600, 5, 100)])]).ok
    assert "2 articles" in the_finding(check_storm_metrics(run, [life([(600, 3, 100)])]))
    killed = life([(50, 3, 100), (499, 3, 100)], ended=502)
    assert check_storm_metrics(run, [killed]).ok
    killed_early = life([(50, 3, 100)], ended=60)
    assert not check_storm_metrics(run, [killed_early]).ok


def steady(memory: Iterable[int]) -> Life:
    return life([(30 + 2 * n, 0, size) for n, size in enumerate(memory)])


def test_memory_that_grows_or_leaps_is_found() -> None:
    assert check_memory([steady([150] * 60)]).ok
    assert check_memory([steady([150, 190, 160] * 20)]).ok
    assert "grew" in the_finding(check_memory([steady(range(150, 270, 2))]))
    assert "leapt" in the_finding(check_memory([steady([150] * 30 + [400] + [150] * 29)]))


def test_the_memory_of_a_short_life_is_not_judged() -> None:
    check = check_memory([steady([150, 900])])
    assert check.ok
    assert check.told.startswith("0 workers judged")


def test_what_still_runs_is_told_from_what_has_ended() -> None:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        found = psutil.Process(process.pid)
        assert left_of([found]) == [found]
        process.kill()
        psutil.wait_procs([found], timeout=10)
        assert left_of([found]) == []
    finally:
        process.kill()
        process.wait()


def test_findings_are_told_and_cut_short() -> None:
    lines = check_table([Check("a", "fine"), Check("b", "bad", [str(n) for n in range(30)])], shown=3)
    assert [line.split()[0] for line in lines] == ["ok", "FAILED", "-", "-", "-", "-"]
    assert lines[-1].endswith("and 27 more")
