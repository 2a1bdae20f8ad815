"""Bytes that are not the characters that they say they are."""

import codecs
import random

from tests.hostile.case import ARABIC, ARTICLE, LIMIT, SENTENCE, Cases, document, page, raw, text

_CHUNK = 9_900_000
_ARABIC_PAGE = document(
    f"<article><h1>{ARABIC[:40]}</h1>" + f"<p>{ARABIC}</p>" * 6 + "</article>", "<title>المنارة</title>"
)


def cases() -> Cases:
    """All of them."""
    yield from _controls()
    yield from _cut_off()
    yield from _labels()
    yield from _noise()


def _controls() -> Cases:
    yield raw("nul-between-letters", lambda: document(ARTICLE).replace("the", "t\0h\0e").encode())
    yield raw("nul-million-before", lambda: b"\0" * 1_000_000 + document(ARTICLE).encode())
    yield raw("nul-only", lambda: b"\0" * _CHUNK)
    yield raw(
        "controls-between-words", lambda: document(ARTICLE).replace(" the ", " \x01the\x1b\x7f ").encode()
    )
    yield raw("controls-only", lambda: bytes(range(1, 32)) * 300_000)
    yield page(
        "controls-by-reference", lambda: document(ARTICLE.replace("the", "&#0;&#1;t&#x1b;&#xfffe;he&#x7f;"))
    )
    yield page("controls-c1", lambda: document(ARTICLE.replace("the", "\x93the\x94\x85")))
    yield page("noncharacters", lambda: document(ARTICLE.replace("the", "\ufffe\uffff\U0001ffffthe")))
    yield page("bidi-overrides", lambda: document(ARTICLE.replace("the", "\u202e\u2066the\u2069\u202c")))
    yield page("byte-order-marks", lambda: "\ufeff" * 100_000 + document(ARTICLE))
    yield page("surrogates-as-utf8", lambda: document(ARTICLE.replace("the", "\ud800the\udfff")))
    yield page("surrogates-by-reference", lambda: document(ARTICLE.replace("the", "&#xd800;the&#57343;")))
    yield page("surrogates-only", lambda: "\ud800" * 3_000_000)


def _cut_off() -> Cases:
    whole = _ARABIC_PAGE.encode()
    wide = codecs.BOM_UTF16_LE + _ARABIC_PAGE.encode("utf-16-le")
    yield raw("utf8-cut-in-character", lambda: whole[: -len(b"</p></article></body></html>")] + b"\xd8")
    yield raw("utf8-cut-everywhere", lambda: whole.replace("ع".encode(), b"\xd8"))
    yield raw("utf8-overlong", lambda: document(ARTICLE).encode().replace(b"the", b"\xc0\xaf\xe0\x80\xaf"))
    yield raw("utf8-continuations", lambda: b"\x80" * _CHUNK)
    yield raw("utf16-cut-in-character", lambda: wide[:-1])
    yield raw("utf16-cut-in-half", lambda: wide[: len(wide) // 2 | 1])
    yield raw("utf16-without-mark", lambda: _ARABIC_PAGE.encode("utf-16-be"))
    yield raw("utf16-mark-only", lambda: codecs.BOM_UTF16_BE)
    yield raw("utf16-lone-surrogates", lambda: codecs.BOM_UTF16_LE + b"\x00\xd8" * 1_000_000)
    yield raw("utf16-mark-before-utf8", lambda: codecs.BOM_UTF16_LE + document(ARTICLE).encode())
    yield raw("utf16-mark-odd", lambda: codecs.BOM_UTF16_LE + document(ARTICLE).encode("utf-16-be"))
    yield raw("utf32", lambda: document(ARTICLE).encode("utf-32"))
    yield raw("utf32-beyond-unicode", lambda: b"\xff\xfe\x00\x00" + b"\xff\xff\xff\x7f" * 1_000_000)
    yield raw(
        "utf7", lambda: b"+ADw-script+AD4-" * 10_000 + document(ARTICLE).encode(), "text/html; charset=utf-7"
    )
    yield raw("iso2022-cut-off", lambda: document("<p>" + "新聞" * 500).encode("iso2022_jp")[:-40] + b"\x1b$")
    yield raw("iso2022-escapes", lambda: b"<p>" + b"\x1b$B\x1b(B" * 1_000_000)


def _labels() -> Cases:
    arabic, latin = _ARABIC_PAGE.encode("cp1256", "replace"), document(ARTICLE).encode()
    yield raw("label-utf8-of-1256", lambda: arabic)
    yield raw("label-1252-of-1256", lambda: arabic, "text/html; charset=windows-1252")
    yield raw("label-gbk-of-1256", lambda: arabic, "text/html; charset=gbk")
    yield raw("label-utf16-of-ascii", lambda: latin, "text/html; charset=utf-16")
    yield raw("label-ebcdic", lambda: latin, "text/html; charset=cp037")
    yield raw("label-unknown", lambda: latin, "text/html; charset=klingon")
    yield raw("label-python-codec", lambda: latin, "text/html; charset=zlib_codec")
    yield raw("label-idna", lambda: latin, "text/html; charset=idna")
    yield raw("label-10kb", lambda: latin, "text/html; charset=" + "x" * 10_000)
    yield raw("label-quotes", lambda: latin, "text/html; charset" + " " * 4000 + "=" + '"' * 4000)
    yield raw("label-not-ascii", lambda: latin, "text/html; charset=ütf-8")
    yield raw("label-many-metas", lambda: b"<meta charset=x>" * 250 + latin, "text/html")
    yield raw("label-meta-attributes", lambda: b"<meta " + b"a=b " * 1000 + latin, "text/html")
    yield raw("label-meta-quotes", lambda: b"<meta " + b"\"'" * 2040 + latin, "text/html")
    yield raw("label-xml-declarations", lambda: b"<?xml " + b"encoding=" * 450 + latin, "text/html")
    yield raw("label-comments", lambda: b"<!--" * 1000 + latin, "text/html")


def _noise() -> Cases:
    yield raw("noise", lambda: random.Random(1).randbytes(_CHUNK))
    yield raw("noise-above-ascii", lambda: bytes(b | 0x80 for b in random.Random(2).randbytes(LIMIT // 2)))
    yield raw("noise-in-page", lambda: document(ARTICLE).encode() + random.Random(3).randbytes(1_000_000))
    yield raw(
        "noise-in-gb18030",
        lambda: bytes(0x81 + b % 0x7E for b in random.Random(4).randbytes(LIMIT // 2)),
        "text/html; charset=gb18030",
    )
    yield raw("latin-arabic-by-turns", lambda: b"abc\xe1\xe2\xe3 " * 1_400_000, "text/html")
    yield raw("text-noise", lambda: random.Random(5).randbytes(1_000_000), "text/plain")
    yield text("text-nul", lambda: f"{SENTENCE}\0\n" * 1000)
