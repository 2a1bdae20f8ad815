"""JSON that is too deep, too wide, or means two things at once: in the envelope, and inside the page."""

import base64
from collections.abc import Callable

import orjson

from tests.hostile.case import ARTICLE, HOST, LIMIT, SENTENCE, TITLE, Cases, document, envelope, page

_PAGE = document(ARTICLE)
_URL = f'"url": "{HOST}/x"'
_HTML = f'"html": {orjson.dumps(_PAGE).decode()}'
_LD = '{"@context": "https://schema.org", "@type": "NewsArticle", "headline": "The slate in the window", '


def cases() -> Cases:
    """All of them."""
    yield from _envelopes()
    yield from _bodies()
    yield from _linked_data()


def _json(name: str, *members: str | Callable[[], str]) -> Cases:
    def make() -> bytes:
        written = (member if isinstance(member, str) else member() for member in members)
        return ("{" + ", ".join(written) + "}").encode()

    yield envelope(name, make)


def _envelopes() -> Cases:
    yield from _json("envelope-deep-meta", _URL, _HTML, '"meta": ' + '{"a":' * 1000 + "1" + "}" * 1000)
    yield from _json("envelope-deep-meta-300", _URL, _HTML, '"meta": ' + '{"a":' * 300 + "1" + "}" * 300)
    yield from _json("envelope-deep-meta-200", _URL, _HTML, '"meta": ' + '{"a":' * 200 + "1" + "}" * 200)
    yield from _json("envelope-deep-unknown", _URL, _HTML, lambda: '"x": ' + "[" * 100_000 + "]" * 100_000)
    yield from _json("envelope-wide-meta", _URL, _HTML, lambda: '"meta": {"a": [' + "0," * 3_000_000 + "0]}")
    yield from _json("envelope-wide-unknown", _URL, _HTML, lambda: '"x": [' + "0," * 10_000_000 + "0]")
    yield envelope(
        "envelope-keys",
        lambda: (
            b"".join(b'%s"k%d": 0' % (b"{" if i == 0 else b",", i) for i in range(1_000_000))
            + f", {_URL}, {_HTML}}}".encode()
        ),
    )
    yield from _json("envelope-huge-integer", _URL, _HTML, lambda: '"meta": {"n": ' + "9" * 1_000_000 + "}")
    yield from _json("envelope-huge-exponent", _URL, _HTML, '"meta": {"n": 1e999999999}')
    yield from _json(
        "envelope-long-fraction", _URL, _HTML, lambda: '"meta": {"n": 0.' + "1" * 1_000_000 + "}"
    )
    yield from _json("envelope-integer-64", _URL, _HTML, '"meta": {"n": 18446744073709551615}')
    yield from _json("envelope-huge-status", _URL, _HTML, '"http_status": 1' + "0" * 300)
    yield from _json("envelope-status-float", _URL, _HTML, '"http_status": 2e2')
    yield from _json("envelope-huge-time", _URL, _HTML, '"fetched_at": 1e300')
    yield from _json("envelope-time-words", _URL, _HTML, lambda: f'"fetched_at": "{"9" * 1_000_000}"')
    yield from _json("envelope-duplicate-keys", _URL, '"html": "<p>x"', _HTML)
    yield from _json("envelope-duplicate-urls", _URL, '"url": 7', _HTML)
    yield from _json("envelope-nan", _URL, _HTML, '"meta": {"n": NaN}')
    yield from _json("envelope-surrogates", _URL, r'"html": "<p>\ud800 \udc00"')
    yield from _json("envelope-escapes", _URL, lambda: '"html": "' + r"\u003c" * 4_000_000 + '"')
    yield from _json("envelope-url-10mb", lambda: f'"url": "{HOST}/{"a" * 9_000_000}"', _HTML)
    yield from _json("envelope-url-javascript", '"url": "javascript:alert(1)"', _HTML)
    yield from _json("envelope-url-controls", r'"url": "https://a.example/\u0000\n"', _HTML)
    yield from _json("envelope-meta-list", _URL, _HTML, '"meta": []')
    yield from _json("envelope-html-number", _URL, '"html": 7')
    yield from _json("envelope-two-bodies", _URL, _HTML, '"text": "x"')
    yield from _json("envelope-no-body", _URL)
    yield envelope("envelope-a-list", lambda: b"[" + b"{}," * 1_000_000 + b"{}]")
    yield envelope("envelope-cut-off", f'{{{_URL}, "html": "<p>'.encode)
    yield envelope("envelope-31mb", lambda: b'{"html": "' + b"a" * 32_000_000 + b'"}')
    yield envelope("envelope-not-utf8", lambda: b'{"html": "\xff\xfe"}')


def _bodies() -> Cases:
    encoded = base64.b64encode(_PAGE.encode()).decode()
    yield envelope("base64-too-large", lambda: b'{"html_b64": "' + b"QUFB" * (LIMIT // 3 + 10) + b'"}')
    yield envelope("base64-cut-off", f'{{"html_b64": "{encoded[:-3]}"}}'.encode)
    yield envelope("base64-spaces", f'{{"html_b64": "{" ".join(encoded)}"}}'.encode)
    yield envelope("base64-equals", lambda: b'{"html_b64": "' + b"=" * 9_000_000 + b'"}')
    yield envelope("text-without-end", lambda: orjson.dumps({"text": "word " * 1_900_000}))
    yield envelope("text-returns", lambda: orjson.dumps({"text": (SENTENCE + "\r") * 40_000}))
    yield envelope(
        "crawl-base64-bomb",
        lambda: b'{"appid": "x", "status_code": 200, "body": "' + b"QUFB" * (LIMIT // 3 + 10) + b'"}',
        "scrapy-cluster",
    )
    yield envelope(
        "crawl-headers-wide",
        lambda: orjson.dumps(
            {"appid": "x", "body": _PAGE, "response_headers": {f"h{i}": ["x"] for i in range(300_000)}}
        ),
        "scrapy-cluster",
    )
    yield envelope(
        "crawl-attrs-deep",
        f'{{"appid": "x", "body": {orjson.dumps(_PAGE).decode()}, "attrs": {"[" * 500 + "]" * 500}}}'.encode,
        "scrapy-cluster",
    )


def _script(json: str) -> str:
    return document(ARTICLE, f'<title>{TITLE}</title><script type="application/ld+json">{json}</script>')


def _linked_data() -> Cases:
    yield page("ld-deep", lambda: _script('{"a":' * 100_000))
    yield page(
        "ld-deep-1000", lambda: _script(_LD + '"author": ' + "[" * 1000 + '"Jane Doe"' + "]" * 1000 + "}")
    )
    yield page("ld-deep-graph", lambda: _script('{"@graph": [' * 500 + "{}" + "]}" * 500))
    yield page(
        "ld-wide-graph",
        lambda: _script('{"@graph": [' + '{"@type": "NewsArticle", "headline": "x"},' * 45_000 + "{}]}"),
    )
    yield page("ld-wide-authors", lambda: _script(_LD + '"author": [' + '"Jane Doe",' * 150_000 + '"x"]}'))
    yield page("ld-wide-types", lambda: _script('{"@type": [' + '"Article",' * 150_000 + '"x"]}'))
    yield page(
        "ld-cyclic",
        lambda: _script(
            '{"@graph": [{"@type": "Article", "@id": "a", "author": {"@id": "b"}}, '
            '{"@id": "b", "author": {"@id": "a"}, "mainEntity": {"@id": "a"}}]}'
        ),
    )
    yield page("ld-huge-integer", lambda: _script(_LD + '"datePublished": ' + "9" * 1_000_000 + "}"))
    yield page("ld-huge-date", lambda: _script(_LD + f'"datePublished": "{"2021-02-" * 200_000}"}}'))
    yield page("ld-huge-headline", lambda: _script(_LD + f'"headline": "{"a - " * 450_000}"}}'))
    yield page(
        "ld-duplicate-keys",
        lambda: _script(_LD + '"headline": [], "headline": {"@value": 7}, ' * 20_000 + '"x": 0}'),
    )
    yield page(
        "ld-types-all-wrong",
        lambda: _script(
            '{"@type": {"a": 1}, "headline": [[[[[["x"]]]]]], "author": {"name": {"name": {"name": 3}}}, '
            '"image": [[[[[1]]]]], "inLanguage": [{}], "url": {"@id": ["x"]}, "@id": 7, "datePublished": {}}'
        ),
    )
    yield page(
        "ld-surrogates", lambda: _script(_LD + r'"description": "\ud800 lone", "author": "\udfff Jane Doe"}')
    )
    yield page("ld-reference-huge", lambda: _script(_LD + '"x": "&#' + "9" * 10_000 + ';",}x'))
    yield page("ld-commas", lambda: _script("{" + "," * 1_900_000))
    yield page("ld-commas-spaces", lambda: _script("{," + " " * 1_900_000 + "x"))
    yield page("ld-commas-spaces-by-turns", lambda: _script("{" + ",          " * 170_000 + "x"))
    yield page("ld-wrapped", lambda: _script("<!--" * 400_000 + "{"))
    yield page("ld-spaces-before-end", lambda: _script("{" + " " * 1_900_000 + "}x"))
    yield page("ld-entities", lambda: _script("{&amp;" * 300_000))
    yield page(
        "ld-entities-twice", lambda: _script(_LD + '"description": "' + "&amp;amp;amp;lt;" * 100_000 + '"}')
    )
    yield page("ld-10mb", lambda: _script(_LD + '"x": "' + "a" * 9_000_000 + '"}'))
    yield page(
        "ld-scripts-50k",
        lambda: document(
            ARTICLE, '<script type="application/ld+json">{"@type":"Article"}</script>' * 100_000
        ),
    )
    yield page(
        "ld-scripts-broken",
        lambda: document(
            ARTICLE, ('<script type="application/ld+json">{"a":' + " " * 100_000 + "</script>") * 90
        ),
    )
