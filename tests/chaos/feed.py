"""The pages of a run: each is fixed by the seed and its number, with what must become of it."""

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from kafka import KafkaProducer
from kafka.errors import KafkaError

from tests.integration.pages import GivenPage, every_page, text_page
from tests.integration.workers import NUMBER
from worker.core.records import Reason

MOST_LAG = 1_000  # pages
URLS = 997  # of the numbered pages: each URL comes again and again, as another version of its page
SHORT_WORDS = 15  # of a short page; whether that is an article depends on the rules
RUNNING_RULES, OTHER_RULES = 10, 20  # min_words before and after the rules are reloaded, and so on

_LARGE = 200_000  # bytes
_AGAIN = 0.2  # share of the numbered pages that came before, word for word
_AGO = (1_000, 4_000)  # pages: the first of two must be through before the second is looked up
_LINGER_MS = 20
_FLUSH_SECONDS = 90.0


class Sort(StrEnum):
    """Why a page is among the others."""

    NUMBERED = "numbered"
    SAMPLE = "sample"
    SHORT = "short"
    POISON = "poison"
    KILLER = "killer"  # hurts the process that cleans it


_SHARES = {Sort.NUMBERED: 0.85, Sort.SAMPLE: 0.06, Sort.SHORT: 0.04, Sort.POISON: 0.0475, Sort.KILLER: 0.0025}
# What tests/poison.py makes of a page's first word, and how often against the others.
_KILLERS = {
    "exit": (Reason.CRASHED, 5.0),
    "segfault": (Reason.CRASHED, 5.0),
    "raise": (Reason.CRASHED, 5.0),
    "killed": (Reason.MEMORY, 5.0),
    "eat": (Reason.MEMORY, 3.0),
    "hang": (Reason.TIMEOUT, 1.0),  # costs its worker a whole deadline
}
_SENTENCES = (
    (
        "The ferry that leaves the northern harbour at dawn carried {n} passengers and {m} crates of "
        "oranges, and the harbour master wrote both numbers into the book that lies on his desk."
    ),
    (
        "عبرت العبّارة رقم {n} المضيق قبل شروق الشمس وعلى متنها {m} صندوقاً من البرتقال، وكتب مدير الميناء "
        "العددين في الدفتر الكبير الموضوع على مكتبه منذ سنوات طويلة."
    ),
    (
        "Паром номер {n} вышел из северной гавани на рассвете и взял на борт {m} ящиков апельсинов, а "
        "начальник порта записал оба числа в книгу, которая лежит на его столе."
    ),
)


@dataclass(frozen=True, slots=True)
class FedPage:
    """A page with its number; see `GivenPage` for what must become of it."""

    number: int
    sort: Sort
    page: GivenPage


def page_of(seed: int, number: int) -> FedPage:
    """The page of this number. Equal seeds and numbers give equal pages."""
    chance = random.Random(f"{seed} {number}")
    sort = chance.choices(list(_SHARES), weights=list(_SHARES.values()))[0]
    if sort is Sort.SAMPLE or sort is Sort.POISON:
        pages, weights = _known(sort is Sort.POISON)
        known = chance.choices(pages, weights=weights)[0]
        return FedPage(number, sort, known.under_another_url(chance.randrange(URLS)))
    if sort is Sort.KILLER:
        word = chance.choices(list(_KILLERS), weights=[weight for _, weight in _KILLERS.values()])[0]
        text = f"{word} until somebody helps with page {number}"
        return FedPage(number, sort, text_page(number % URLS, text, _KILLERS[word][0]))
    if sort is Sort.SHORT:
        return FedPage(number, sort, text_page(number % URLS, _short_text(number)))
    before = number - chance.randrange(*_AGO)
    again = chance.random() < _AGAIN and before >= 0
    return FedPage(number, sort, _numbered(before if again else number))


def _short_text(number: int) -> str:
    words = f"Keeper {number} lit the lamp at nine and the ships came home in the rain.".split()
    assert len(words) == SHORT_WORDS
    return " ".join(words)


def _numbered(number: int) -> GivenPage:
    url = f"https://chaos.example/{number % URLS}"
    text = _SENTENCES[number % len(_SENTENCES)]
    paragraphs = [text.format(n=number, m=number * 7 + part) for part in range(3)]
    title = f"Ferry {number} in the books"
    html = (
        f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>{title}</title></head><body>'
        f"<article><h1>{title}</h1>{''.join(f'<p>{paragraph}</p>' for paragraph in paragraphs)}</article>"
        "</body></html>"
    )
    headers = (
        ("pagesieve-format", b"raw"),
        ("url", url.encode()),
        ("content-type", b"text/html; charset=utf-8"),
        ("http-status", b"200"),
    )
    return GivenPage(f"numbered {number}", url.encode(), html.encode(), headers, holds=paragraphs[1])


@cache
def _known(poison: bool) -> tuple[Sequence[GivenPage], Sequence[float]]:
    # Poison is what came of `worker.poison`: it may give an article, too.
    pages = [page for page in every_page() if page.key.startswith(b"https://poison.example/") == poison]
    return pages, [0.02 if len(page.value) > _LARGE else 1.0 for page in pages]


class Feeder(threading.Thread):
    """Writes the pages from `first` on at a steady pace, until it is stopped or has written `count`.

    It waits while more than `MOST_LAG` pages are not worked off, as `lag` tells: a slow machine gets fewer.
    What the raw topic holds at the end is what counts: a page that the brokers did not take, or took twice
    while one of them died, was not lost or doubled by a worker.
    """

    def __init__(
        self,
        servers: str,
        topic: str,
        seed: int,
        rate: float,
        lag: Callable[[], int],
        first: int = 0,
        count: int | None = None,
    ):
        super().__init__(name="feeder", daemon=True)
        self._servers = servers
        self._topic = topic
        self._seed = seed
        self._pause = 1 / rate
        self._lag = lag
        self._end = None if count is None else first + count
        self._stopped = threading.Event()
        self.next = first
        self.refused = 0  # pages that the client did not even take

    def run(self) -> None:
        """Write."""
        producer = KafkaProducer(
            bootstrap_servers=self._servers,
            linger_ms=_LINGER_MS,
            acks="all",
            compression_type="zstd",
            max_request_size=8_000_000,
            retry_backoff_ms=50,
            reconnect_backoff_max_ms=1000,
        )
        next_at = time.monotonic()
        try:
            while self.next != self._end and not self._stopped.is_set():
                if self._lag() <= MOST_LAG:
                    self._send(producer)
                next_at = max(next_at + self._pause, time.monotonic() - 1)  # late is late: no great rush
                self._stopped.wait(max(0.0, next_at - time.monotonic()))
            producer.flush(_FLUSH_SECONDS)
        finally:
            producer.close(5)

    def stop(self) -> None:
        """Write no more, and wait until all that was written has arrived."""
        self._stopped.set()
        self.join(_FLUSH_SECONDS + 10)

    def _send(self, producer: KafkaProducer) -> None:
        page = page_of(self._seed, self.next).page
        headers = [*page.headers, (NUMBER, b"%d" % self.next)]
        self.next += 1
        try:
            producer.send(self._topic, value=page.value, key=page.key, headers=headers)
        except KafkaError:
            self.refused += 1
