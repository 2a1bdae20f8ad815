"""What the demo loads, and how it sees that something went wrong."""

from collections import Counter

import orjson
import pytest

from worker.commands.demo_load import ARTICLE, DemoPage, Tally, demo_pages
from worker.core.records import Reason
from worker.demo_pages import sample_cases
from worker.pipeline.ports import Message, Partition
from worker.poison import poison_cases

PAGES = [
    DemoPage(b"https://a.example/1", b"<p>", (), ARTICLE),
    DemoPage(b"https://a.example/%D8%A3", b"<p>", (), ARTICLE),
    DemoPage(b"https://a.example/3", b"", (), "empty"),
]


def article(page: DemoPage) -> Message:
    return Message(Partition("articles.clean", 0), 0, b"canonical", orjson.dumps({"url": page.key.decode()}))


def dead(page: DemoPage, reason: str) -> Message:
    return Message(
        Partition("pages.dead", 0), 0, page.key, page.value, (("pagesieve.reason", reason.encode()),)
    )


def tally(*messages: Message) -> Tally:
    result = Tally()
    for message in messages:
        result.add(message, "pages.dead")
    return result


def test_all_is_well() -> None:
    found = tally(article(PAGES[1]), dead(PAGES[2], "empty"), article(PAGES[0]))
    assert found.problems(PAGES) == []
    assert found.results == 3
    assert found.counts == {ARTICLE: 2, "empty": 1}


@pytest.mark.parametrize(
    ("messages", "problem"),
    [
        ([article(PAGES[0]), dead(PAGES[2], "empty")], "https://a.example/أ: nothing, not article"),
        (
            [article(PAGES[0]), article(PAGES[0]), article(PAGES[1]), dead(PAGES[2], "empty")],
            "https://a.example/1: article and article, not article",
        ),
        (
            [article(PAGES[0]), article(PAGES[1]), dead(PAGES[2], "timeout")],
            "https://a.example/3: timeout, not empty",
        ),
        (
            [article(page) for page in (*PAGES[:2], DemoPage(b"https://b.example/", b"", (), ARTICLE))]
            + [dead(PAGES[2], "empty")],
            "https://b.example/: article, not nothing",
        ),
    ],
    ids=["lost", "doubled", "another fate", "a stranger"],
)
def test_each_fault_is_told(messages: list[Message], problem: str) -> None:
    assert tally(*messages).problems(PAGES) == [problem]


def test_every_page_has_a_url_of_its_own_and_the_poison_is_mixed_in() -> None:
    pages = demo_pages(15, 1_500_000)
    poison = poison_cases(1_500_000)
    assert len({page.key for page in pages}) == len(pages) == 15 * len(sample_cases()) + len(poison)
    fates = Counter(page.fate for page in pages)
    assert fates.keys() <= {ARTICLE, *(reason.value for reason in Reason)}
    assert fates[ARTICLE] == 15 * len(sample_cases()) + sum(case.reason is None for case in poison)
    first, last = pages[: len(pages) // 2], pages[len(pages) // 2 :]
    for half in (first, last):
        assert sum(page.fate != ARTICLE for page in half) >= 4
