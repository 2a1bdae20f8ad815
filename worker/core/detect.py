"""Which charset bytes are in, when none is declared or the one declared does not fit them.

Bytes are looked at by class: `bytes.translate` and `bytes.count` are twenty times as fast as a regular
expression, and this runs on every page that is not UTF-8.
"""

import re
from functools import cache

from charset_normalizer import CharsetMatch, from_bytes

_SAMPLE = 65_536  # bytes that the statistics look at
_PIECE = re.compile(rb"[^<>\r\n]+")

LATIN = frozenset(
    "cp1250 cp1252 cp1254 cp1257 iso8859-2 iso8859-3 iso8859-4 iso8859-10 iso8859-13 iso8859-14 iso8859-15 "
    "iso8859-16 mac-roman".split()
)
ONE_SCRIPT = frozenset("cp1251 cp1253 cp1255 cp1256 iso8859-5 iso8859-6 iso8859-7 iso8859-8".split())

# charset-normalizer's names of the Encoding Standard's legacy charsets that pages are really written in.
_WESTERN_LATIN = "cp1252 cp1250 cp1254 cp1257 iso8859_2".split()
_CENTRAL_LATIN = "cp1250 iso8859_2 cp1257".split()
_OTHER = (
    "cp1256 iso8859_6 cp1251 koi8_r koi8_u cp866 iso8859_5 mac_cyrillic cp1253 iso8859_7 cp1255 iso8859_8 "
    "cp874 gb18030 big5hkscs cp932 euc_jp cp949 cp1258"
).split()
# Where windows-1250 and windows-1252 read alike, the language decides.
_CENTRAL_LANGUAGES = frozenset({"Polish", "Czech", "Hungarian", "Slovak", "Slovene", "Croatian", "Romanian"})
_BALTIC_LANGUAGES = frozenset({"Lithuanian", "Latvian", "Estonian"})

_HIGH = bytes(range(0x80, 0x100))
_HIGH_CLASS = bytes(0x80) + b"H" * 0x80
_SYMBOLS = frozenset(range(0xA1, 0xC0)) - {0xAD, 0xB7}  # a soft hyphen and a middle dot do stand in words
_LETTERS = frozenset(range(ord("a"), ord("z") + 1)) | frozenset(range(0xE0, 0x100))
_WORD_CLASS = bytes(ord("a" if b in _LETTERS else "s" if b in _SYMBOLS else " ") for b in range(256))
_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


def wide_charset(body: bytes) -> str | None:
    """UTF-16 or UTF-32 by its byte order mark, or UTF-16 without one by where its zero bytes are."""
    for mark, charset in _MARKS:
        if body.startswith(mark):
            return charset
    sample = body[:2048]
    if 0 not in sample:
        return None
    enough = max(4, len(sample) / 20)  # of Arabic in UTF-16 only the spaces and figures have a zero byte
    first, second = sample[::2].count(0), sample[1::2].count(0)
    if second >= enough and first <= second / 8:
        return "utf-16-le"
    return "utf-16-be" if first >= enough and second <= first / 8 else None


def reads_as_latin(body: bytes) -> bool:
    """True when bytes above ASCII stand alone or in pairs, as accented letters do.

    In Arabic, Cyrillic, Greek, Hebrew and East Asian charsets they come in runs as long as words.
    """
    return body.translate(_HIGH_CLASS).count(b"HHH") * 9 <= _count_high(body)


def reads_as_western(body: bytes) -> bool:
    """True when nothing speaks against windows-1252, the label of servers that do not know their pages."""
    high = _count_high(body)
    return not _has_symbols_in_words(body, high) and not _reads_as_turkish(body, high)


def mixes_scripts(body: bytes, charset: str) -> bool:
    """True when, read in a charset of one byte a character, Latin letters touch letters of its own script.

    No real text does that often. ISO-8859-6 read as windows-1256 does, and so does every Latin charset
    read as an Arabic, Cyrillic, Greek or Hebrew one.
    """
    classes = body.translate(_script_class(charset))
    return (classes.count(b"LO") + classes.count(b"OL")) * 10 > _count_high(body)


def detect(body: bytes) -> str | None:
    """The charset, as Python names it, that the bytes are probably in; None when none makes text of them."""
    sample = _sample(body)
    high = _count_high(sample)
    if not reads_as_latin(sample):
        best = _best(sample, _OTHER)
        return best.encoding if best else None
    if _reads_as_turkish(sample, high):
        return "cp1254"
    best = _best(sample, _CENTRAL_LATIN if _has_symbols_in_words(sample, high) else _WESTERN_LATIN)
    if best is None:
        return "cp1252" if high * 4 < len(sample) else None
    if best.language in _BALTIC_LANGUAGES:
        return "cp1257"
    return best.encoding if best.language in _CENTRAL_LANGUAGES else "cp1252"


def _best(sample: bytes, charsets: list[str]) -> CharsetMatch | None:
    # Text with many short words, figures or Persian letters needs the second, laxer look.
    for threshold in (0.2, 0.4):
        matches = from_bytes(
            sample,
            threshold=threshold,
            cp_isolation=charsets,
            preemptive_behaviour=False,
            enable_fallback=False,
        )
        if matches:
            return matches.best()
    return None


def _sample(body: bytes) -> bytes:
    """The pieces between the markup that are not ASCII, up to a limit, each of them whole."""
    pieces: list[bytes] = []
    size = 0
    for match in _PIECE.finditer(body):
        piece = match[0]
        if piece.isascii():
            continue
        pieces.append(piece)
        size += len(piece)
        if size > _SAMPLE:
            break
    return b"\n".join(pieces)


def _has_symbols_in_words(body: bytes, high: int) -> bool:
    """Polish read as windows-1252 has `¹`, `³` and `¿` inside words."""
    return body.translate(_WORD_CLASS).count(b"asa") * 20 > high


def _reads_as_turkish(body: bytes, high: int) -> bool:
    """In windows-1254 dotless i, s with cedilla and soft g are where windows-1252 has Icelandic letters.

    Icelandic has far more ð (0xF0) than ý (0xFD); Turkish has far more dotless i than soft g.
    """
    dotless, soft_g = body.count(0xFD), body.count(0xF0)
    return soft_g > 0 and body.count(0xFE) > 0 and dotless > soft_g and dotless * 10 > high


def _count_high(body: bytes) -> int:
    return len(body) - len(body.translate(None, _HIGH))


@cache
def _script_class(charset: str) -> bytes:
    """For each byte: L for a Latin letter, O for a letter of another script, a space for all else."""
    return b"".join(_class_of(bytes([byte]).decode(charset, "replace")) for byte in range(256))


def _class_of(character: str) -> bytes:
    if not character.isalpha() or character == "\u0640":  # a tatweel does stand beside a Latin word
        return b" "
    return b"L" if character < "\u0250" else b"O"
