"""Which dead letters a replay leaves where they are."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from worker.commands.replay import Selection, _chosen
from worker.environment import load_settings
from worker.pipeline.ports import Headers, Message, Partition


class Letters:
    """Dead letters in memory."""

    def __init__(self, *headers: Headers):
        self._headers = headers

    def read(self) -> Iterator[Message]:
        for offset, headers in enumerate(self._headers):
            yield Message(Partition("pages.dead", 0), offset, b"key", b"value", headers, 0)


def test_a_letter_without_its_page_is_not_put_back() -> None:
    dead: Any = Letters(
        (("pagesieve.changed", b"value headers"),),
        (("pagesieve.changed", b"headers"),),
        (("pagesieve.replay_count", b"3"),),
        (),
    )
    found: Counter[str] = Counter()
    chosen = _chosen(dead, load_settings({}), Selection(max_replays=3), found)
    assert [letter.dead.offset for letter in chosen] == [1, 3]
    assert found == {
        "left: without its page, which Kafka had refused": 1,
        "left: put back 3 times already": 1,
    }
