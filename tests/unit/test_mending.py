"""Dead letters that Kafka refuses: what is left out of them, in which order, and what they tell of it."""

from dataclasses import replace

import pytest

from worker.core.records import Reason, Rejected
from worker.pipeline.mending import mended
from worker.pipeline.ports import Headers, Message, Outgoing, Partition, Unpublishable
from worker.pipeline.routing import (
    Part,
    Publication,
    Stage,
    changed_parts,
    dead_letter,
    dead_reason,
    replayed,
)
from worker.settings import RemovedDetail

PUBLICATION = Publication("articles.clean", "pages.dead", RemovedDetail.FULL, "0", "0", "rules")
HEADERS: Headers = (("trace", b"t" * 300), ("trace", b"t" * 300))
PAGE = Message(Partition("pages.raw", 3), 17, b"k" * 500, b"v" * 1000, HEADERS, 1714558830000)


def letter_of(page: Message) -> Outgoing:
    return dead_letter(page, Rejected(Reason.TOO_SHORT, "short"), PUBLICATION, Stage.CLEAN)


def refusal(letter: Outgoing, keyless: bool = False) -> Unpublishable:
    return Unpublishable([letter], "refused", keyless)


def told(letter: Outgoing) -> list[bytes]:
    return [value for name, value in letter.headers if name == "pagesieve.changed"]


def test_the_largest_part_goes_first_and_why_the_page_was_rejected_stays() -> None:
    letter, steps = letter_of(PAGE), []
    for _ in Part:
        letter, part = mended(letter, PAGE, refusal(letter))
        steps.append((part, told(letter)))
    assert steps == [
        (Part.VALUE, [b"value"]),
        (Part.HEADERS, [b"value headers"]),
        (Part.KEY, [b"value headers key"]),
    ]
    assert (letter.key, letter.value, letter.timestamp) == (b"pages.raw-3-17", None, PAGE.timestamp)
    whole = [header for header in letter_of(PAGE).headers if header not in HEADERS]
    assert list(letter.headers) == [*whole, ("pagesieve.changed", b"value headers key")]
    assert dead_reason(letter.headers) is Reason.TOO_SHORT
    with pytest.raises(ValueError, match=r"pages\.dead refuses a dead letter that has nothing of its page"):
        mended(letter, PAGE, refusal(letter))


def test_large_headers_do_not_cost_the_page() -> None:
    page = replace(PAGE, headers=(("large", b"x" * 5000),))
    letter, part = mended(letter_of(page), page, refusal(letter_of(page)))
    assert part is Part.HEADERS
    assert (letter.key, letter.value) == (page.key, page.value)
    assert "large" not in dict(letter.headers)


def test_a_key_that_is_shorter_than_its_replacement_stays() -> None:
    page = replace(PAGE, key=b"k", value=None, headers=())
    with pytest.raises(ValueError, match="nothing of its page"):
        mended(letter_of(page), page, refusal(letter_of(page)))


def test_what_lacks_a_key_gets_one_and_keeps_its_page() -> None:
    page = replace(PAGE, key=None)
    letter, part = mended(letter_of(page), page, refusal(letter_of(page), keyless=True))
    assert part is Part.KEY
    assert (letter.key, letter.value, letter.headers[:2]) == (b"pages.raw-3-17", page.value, HEADERS)
    assert changed_parts(letter.headers) == {Part.KEY}
    again, part = mended(letter, page, refusal(letter, keyless=True))  # the key was not the reason
    assert (part, again.value) == (Part.VALUE, None)


def test_a_replay_leaves_a_letters_own_key_behind() -> None:
    page = replace(PAGE, key=None)
    letter, _ = mended(letter_of(page), page, refusal(letter_of(page), keyless=True))
    dead = Message(Partition("pages.dead", 0), 1, letter.key, letter.value, letter.headers)
    outgoing = replayed(dead, "pages.raw", 3)
    assert outgoing == Outgoing("pages.raw", None, page.value, (*HEADERS, ("pagesieve.replay_count", b"1")))
