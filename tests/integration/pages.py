"""The pages that whole workers are tested with, each with what must become of it."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from typing import Any

from worker.core.clean import clean
from worker.core.decode import decode_message
from worker.core.options import CleanOptions
from worker.core.records import Article, Envelope, Reason
from worker.core.rules import parse_rules
from worker.demo_pages import SampleCase, sample_cases
from worker.pipeline.ports import Headers
from worker.poison import PoisonCase, poison_cases
from worker.rulefiles import read_rules

MAX_PAGE_BYTES = 1_500_000  # what the workers of these tests allow
_COMPARED = ("paragraphs", "title", "published_at", "language", "source_credits")
_LARGE = 200_000  # bytes: a few such pages are enough
_COPIES = 4  # pages of one URL among the mixed ones, about


@dataclass(frozen=True, slots=True)
class GivenPage:
    """A message of the raw topic, and what must become of it.

    `expected` are fields of its article, `holds` is text that one of its paragraphs must hold; with a
    `reason` it must become a dead letter instead.
    """

    name: str
    key: bytes
    value: bytes
    headers: Headers
    reason: Reason | None = None
    expected: Mapping[str, Any] = field(default_factory=dict)
    holds: str = ""

    def under_another_url(self, number: int) -> "GivenPage":
        """The same page as another of its site."""
        mark = b"&" if b"?" in self.key else b"?"
        key = self.key + mark + b"copy=%d" % number
        headers = tuple((name, key if name == "url" else value) for name, value in self.headers)
        return replace(self, key=key, headers=headers)


@cache
def every_page() -> Sequence[GivenPage]:
    """Every sample page, the text ones too, and one of each kind of poison.

    A sample's article must be the one that cleaning gives in this process; whether that is a good one is
    for other tests to say.
    """
    options = CleanOptions(max_page_bytes=MAX_PAGE_BYTES)
    rules = parse_rules(read_rules())

    def sample(case: SampleCase) -> GivenPage:
        decoded = decode_message(case.body, case.url.encode(), case.headers(), options)
        assert isinstance(decoded, Envelope), decoded
        article = clean(decoded.page, rules, options)
        assert isinstance(article, Article), article
        expected = {name: _as_json(value) for name, value in asdict(article).items() if name in _COMPARED}
        return GivenPage(case.name, case.url.encode(), case.body, case.headers(), expected=expected)

    return [*map(sample, sample_cases()), *map(_poison, poison_cases(MAX_PAGE_BYTES))]


def mixed_pages(count: int, seed: int = 0) -> Sequence[GivenPage]:
    """So many of them at random, under many URLs, most of which come more than once."""
    pages = every_page()
    chance = random.Random(seed)
    weights = [0.1 if len(page.value) > _LARGE else 1.0 for page in pages]
    urls = max(1, count // (len(pages) * _COPIES))
    return [
        page.under_another_url(chance.randrange(urls))
        for page in chance.choices(pages, weights=weights, k=count)
    ]


def text_page(number: int, text: str, reason: Reason | None = None) -> GivenPage:
    """A page of plain text; its article, unless there is a reason, holds that text."""
    url = f"https://text.example/{number}".encode()
    headers = (("pagesieve-format", b"text"), ("url", url))
    return GivenPage(text[:20], url, text.encode(), headers, reason, holds=text)


def _poison(case: PoisonCase) -> GivenPage:
    return GivenPage(case.name, case.key, case.value, case.headers, case.reason, holds=case.holds)


def _as_json(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
