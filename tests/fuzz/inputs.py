"""Bytes of the fuzzer -> what to try: the first byte picks the form, the rest is the message or the line."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import orjson

from worker.demo_pages import sample_cases
from worker.pipeline.ports import Headers
from worker.rulefiles import read_rules

FOUND = Path(__file__).parent / "found"
_LONGEST_SEED = 6_000  # bytes: small inputs are tried often


class Attempt(NamedTuple):
    """A message to decode and clean, or a line to match the rules on."""

    value: bytes
    headers: Headers = ()
    is_line: bool = False


def attempt_of(data: bytes) -> Attempt:
    """What the fuzzer's bytes are tried as. A first byte that picks nothing is a message without headers."""
    form, rest = data[:1], data[1:]
    make = _FORMS.get(form)
    return make(rest) if make else Attempt(data)


def _raw(content_type: str) -> Callable[[bytes], Attempt]:
    headers = (("url", b"https://fuzz.example/2021/02/04/a"), ("content-type", content_type.encode()))
    return lambda rest: Attempt(rest, (("pagesieve-format", b"raw"), *headers))


def _envelope(form: bytes) -> Callable[[bytes], Attempt]:
    return lambda rest: Attempt(rest, (("pagesieve-format", form),))


_FORMS: dict[bytes, Callable[[bytes], Attempt]] = {
    b"h": _raw("text/html; charset=utf-8"),
    b"b": _raw("text/html"),
    b"w": _raw("text/html; charset=windows-1256"),
    b"t": _raw("text/plain; charset=utf-8"),
    b"j": _envelope(b"json"),
    b"s": _envelope(b"scrapy-cluster"),
    b"l": lambda rest: Attempt(rest, is_line=True),
}


def found_cases() -> list[Path]:
    """The inputs that something did not hold of, once."""
    return sorted(path for path in FOUND.iterdir() if not path.name.startswith("."))


def seeds() -> Iterator[bytes]:
    """Inputs to begin with: the samples, what the rules are for, and every case that was found."""
    for case in sample_cases():
        yield (b"t" if case.name.startswith("text") else b"h") + case.body[:_LONGEST_SEED]
    for text in read_rules().values():
        lines = (line for line in text.splitlines() if line.startswith(("catches", "leaves", "phrases")))
        for number, line in enumerate(lines):
            if number % 12 == 0:
                yield b"l" + line.partition("=")[2].strip(' []"').encode()
    page = "<article><h1>T</h1><p>One two three.</p>"
    yield b"j" + orjson.dumps({"url": "https://fuzz.example/", "html": page, "meta": {"a": 1}})
    yield b"s" + orjson.dumps({"appid": "x", "response_url": "https://fuzz.example/", "body": page})
    linked = {"@type": "NewsArticle", "headline": "T", "author": ["A B"], "datePublished": "2021-02-04"}
    yield b"h<script type='application/ld+json'>" + orjson.dumps(linked) + b"</script>" + page.encode()
    for path in found_cases():
        yield path.read_bytes()
