"""Files that came under a page's URL: compressed, of another kind, or XML that grows when it is read."""

import base64
import gzip
import zlib

import orjson
import zstandard

from tests.hostile.case import ARTICLE, LIMIT, SENTENCE, Cases, HostileCase, document, page, raw

_BOMB = 1_000_000_000
# What brotli makes of a hundred million zeros and of a page of six sentences: it has no magic number.
_BROTLI_BOMB = bytes.fromhex(
    "cbffff3ff82700e2b14020f7fe8fffff7ff04f00c4611180eefd1fffffffe09f0088c30200ddfb3ffeffffc13f0110870500"
    "baf77ffcffff837f02200e0b0074effff8ffff07ff04401c1600e8defff1ffff0ffe0980382c00d0bdffe3ffff1ffc130071"
    "5800a07bffc7ffff3ff82700e2b00040f7fe8fffff7ff04f00c4610180eefd1fffffffe09f0088c30200ddfbbffc07afc33f"
    "0110870500bad875"
)
_BROTLI_PAGE = base64.b85decode(
    "8}b7H90hKBu}NJNGz4vaFKZB=DK|PDI*B{aqC9GqBxK1$Rc5)HClnBNcLBAeI1K!^CrylwFx}?f_{AI&9Wn_lb;TD+oF@;AcD!LuuP!d"
    "3#URF>E$E|Q&domTA|2jR7@uU<>hsZ8B}%mwCJ=p_ETd}9(Q7y{XT|^JY&MhOBg$lHnK77gm<gCklmY"
)


def cases() -> Cases:
    """All of them."""
    yield raw("gzip-bomb", lambda: _gzip_bomb(_BOMB))
    yield raw("gzip-of-gzip", lambda: gzip.compress(_gzip_bomb(_BOMB // 10)))
    yield raw("gzip-of-page", lambda: gzip.compress(document(ARTICLE).encode()))
    yield raw("deflate-of-page", lambda: zlib.compress(document(ARTICLE).encode()))
    yield raw("zstd-bomb", lambda: zstandard.compress(bytes(_BOMB // 10), 19))
    yield raw("brotli-bomb", lambda: _BROTLI_BOMB)
    yield raw("brotli-of-page", lambda: _BROTLI_PAGE)
    yield raw("zip-bomb", lambda: b"PK\x03\x04" + bytes(50_000))
    yield from _documents()
    yield from _entities()
    yield from _nothing()


def _gzip_bomb(size: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    block = bytes(1_000_000)
    return b"".join(packer.compress(block) for _ in range(size // len(block))) + packer.flush()


def _documents() -> Cases:
    items = [{"id": number, "text": SENTENCE} for number in range(1000)]
    item = f"<item><title>x</title><description>{SENTENCE}</description></item>"
    yield raw("pdf", lambda: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(range(256)) * 4000)
    yield raw("jpeg", lambda: b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(range(256)) * 4000)
    yield raw("png-that-is-html", lambda: b"\x89PNG\r\n\x1a\n" + document(ARTICLE).encode())
    yield raw("mp4", lambda: b"\x00\x00\x00\x18ftypmp42" + bytes(range(256)) * 4000)
    yield raw("feed", f"<?xml version='1.0'?><rss version='2.0'><channel>{item * 1000}".encode)
    yield raw("feed-atom", f"<feed xmlns='http://www.w3.org/2005/Atom'>{item * 1000}".encode)
    yield raw("sitemap", lambda: b"<urlset>" + b"<url><loc>https://a.example/</loc></url>" * 50_000)
    yield raw("svg", lambda: b"<svg xmlns='http://www.w3.org/2000/svg'>" + b"<use href='#a'/>" * 100_000)
    yield raw("json", lambda: orjson.dumps({"items": items}))
    yield raw("json-as-json", lambda: orjson.dumps({"items": items}), "application/json")
    yield raw("json-deep", lambda: b"[" * 1_000_000)
    yield raw("json-deep-closed", lambda: b"[" * 1000 + b"]" * 1000)
    yield raw("javascript", lambda: b"var a = 1; if (a < 2) { a(); }\n" * 100_000, "text/javascript")
    yield raw("css", lambda: b"a > b { color: red }\n" * 100_000, "text/css")
    yield page("email", lambda: "From: a@b.example\nSubject: x\n\n" + SENTENCE * 10, "message/rfc822")


def _entities() -> Cases:
    laughs = "".join(
        f'<!ENTITY l{number} "{f"&l{number - 1};" * 10}">' if number else '<!ENTITY l0 "laugh">'
        for number in range(12)
    )
    yield _xhtml("entity-bomb", laughs, "&l11;")
    yield _xhtml("entity-bomb-quadratic", f'<!ENTITY a "{"x" * 50_000}">', "&a;" * 50_000)
    yield _xhtml("entity-cyclic", '<!ENTITY a "&b;"><!ENTITY b "&a;">', "&a;")
    yield _xhtml("entity-of-a-file", '<!ENTITY f SYSTEM "file:///etc/passwd">', "&f;")
    yield _xhtml("entity-of-a-host", '<!ENTITY % h SYSTEM "http://127.0.0.1:9/x.dtd"> %h;', "&h;")
    yield _xhtml("entity-declarations", '<!ENTITY a "b">' * 500_000, "&a;")


def _xhtml(name: str, declarations: str, inside: str) -> HostileCase:
    def make() -> str:
        return (
            f"<?xml version='1.0'?><!DOCTYPE html [{declarations}]>"
            f"<html xmlns='http://www.w3.org/1999/xhtml'><head><title>x</title></head>"
            f"<body><p>{inside}</p>{ARTICLE}</body></html>"
        )

    return page(name, make, "application/xhtml+xml")


def _nothing() -> Cases:
    yield raw("empty", lambda: b"")
    yield raw("blank", lambda: b" \r\n\t\n" * 1_900_000)
    yield page("blank-wide", lambda: "\u00a0\u2003\u3000" * 1_000_000)
    yield raw("one-byte", lambda: b"<")
    yield page("too-short", lambda: document("<p>Back soon.</p>"))
    yield raw("too-large-by-one", lambda: b"<p>" + b"a" * (LIMIT - 2))
    yield raw("as-large-as-may-be", lambda: document(ARTICLE).encode().ljust(LIMIT))
