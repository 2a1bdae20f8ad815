"""What the demo loads, what must become of each page, and what did."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

import orjson

from worker.demo_pages import SampleCase, sample_cases
from worker.pipeline.ports import Headers, Message, Outgoing
from worker.pipeline.routing import dead_reason
from worker.poison import poison_cases

ARTICLE = "article"


@dataclass(frozen=True, slots=True)
class DemoPage:
    """A message of the raw topic. `fate` is what it must become: `article`, or a dead letter's reason."""

    key: bytes
    value: bytes
    headers: Headers
    fate: str

    def message(self, topic: str) -> Outgoing:
        """The page as it is loaded."""
        return Outgoing(topic, self.key, self.value, self.headers)


def demo_pages(copies: int, max_page_bytes: int) -> Sequence[DemoPage]:
    """Every sample page under `copies` URLs, mixed, and one of each kind of poison among them."""
    pages = [_copy(case, number) for number in range(copies) for case in sample_cases()]
    poison = [
        DemoPage(case.key, case.value, case.headers, case.reason.value if case.reason else ARTICLE)
        for case in poison_cases(max_page_bytes)
    ]
    step = max(1, len(pages) // len(poison))
    for place, page in enumerate(poison):
        pages.insert(place * (step + 1), page)
    return pages


def _copy(case: SampleCase, number: int) -> DemoPage:
    mark = "&" if "?" in case.url else "?"
    url = f"{case.url}{mark}page={number}" if number else case.url
    return DemoPage(url.encode(), case.body, case.headers(url), ARTICLE)


@dataclass(slots=True)
class Tally:
    """What became of the pages of one run: `fates` of each key, in the order they came."""

    fates: dict[bytes, list[str]] = field(default_factory=dict)
    articles: dict[bytes, Mapping[str, object]] = field(default_factory=dict)

    def add(self, message: Message, dead_topic: str) -> None:
        """Count an article or a dead letter."""
        if message.partition.topic == dead_topic:
            reason = dead_reason(message.headers)
            fate, key = (reason.value if reason else "no reason"), message.key or b""
        else:
            record = orjson.loads(message.value or b"{}")
            fate, key = ARTICLE, str(record.get("url")).encode()
            self.articles[key] = record
        self.fates.setdefault(key, []).append(fate)

    @property
    def results(self) -> int:
        """Articles and dead letters so far."""
        return sum(map(len, self.fates.values()))

    @property
    def counts(self) -> Counter[str]:
        """How many had each fate."""
        return Counter(fate for fates in self.fates.values() for fate in fates)

    def problems(self, pages: Sequence[DemoPage]) -> list[str]:
        """What is not as it must be, a line each: a page lost, doubled, or with another fate than its own."""
        wanted = {page.key: [page.fate] for page in pages}
        lines = []
        for key in wanted.keys() | self.fates.keys():
            found, must = self.fates.get(key, []), wanted.get(key, [])
            if found != must:
                name = unquote_to_bytes(key).decode(errors="replace")
                lines.append(f"{name}: {_list(found)}, not {_list(must)}")
        return sorted(lines)


def _list(fates: Sequence[str]) -> str:
    return " and ".join(fates) or "nothing"
