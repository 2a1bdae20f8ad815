"""The normalised shadow of a text, on which rules match. What is published is never the shadow."""

import re
import unicodedata
from collections import Counter
from functools import lru_cache

_FOLDED = {
    "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ؤ": "و", "ئ": "ي", "ى": "ي", "ی": "ي", "ې": "ي",
    "ک": "ك", "ڪ": "ك", "ة": "ه", "ۀ": "ه", "ە": "ه", "ہ": "ه", "ھ": "ه", "ں": "ن", "ء": "",
    "’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"',
    "ς": "σ", "ё": "е", "ı": "i", "ł": "l", "đ": "d", "ø": "o", "ß": "ss", "æ": "ae", "œ": "oe",
    **{chr(base + digit): str(digit) for base in (0x660, 0x6F0, 0x966) for digit in range(10)},
}  # fmt: skip
_FOLDABLE = re.compile(f"[{''.join(_FOLDED)}]")  # a third of what str.translate takes, where few letters fold

# tatweel, harakat, Hebrew points, combining accents, bidi marks and zero-width characters
_DROPPED = re.compile(
    "[\u0640\u064b-\u065f\u0670\u06d6-\u06ed\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
    "\u0300-\u036f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]+"
)
_LONGEST_REMEMBERED = 2000  # characters: longer texts would fill the memory of the process
# Normalising a run of combining marks takes the square of its length; no word has 30 (UAX #15, stream-safe).
_MARKS = re.compile(r"[^\w\s\x00-\x7f]{31,}")
_LATIN_LIKE = re.compile("[\u00c0-\u024f\u0370-\u052f\u1e00-\u1fff]")
_ASCII_ORNAMENTS = bytes(code for code in range(128) if not chr(code).isalnum())
_ORNAMENTS = re.compile(r"[\W_]+")
WORD = re.compile(r"\w+")
_EDGES = (
    " \t\r\n:：.،,;؛!|/\\-–—_•·*»«›‹<>\"'()[]{}→←↓↑►▶◄▼▲…#+=~●■▪【】（）「」『』〔〕"
    "❯❮➤➜➡⬅⬇⬆✔✅✦★☆⭐⚡🔴🔵🔹🔸🔗🔥🔔📌📍📷📸🎥📹📰📢📣📲👇👈👉👆\ufe0f"
)


SPACELESS = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
"""A letter of a script that writes no spaces between words: Thai, Lao, Burmese, Khmer, Chinese, Japanese."""


def shadow(text: str) -> str:
    """Fold what writers vary and readers do not see: Unicode forms, case, accents, hamzas, digits, spaces."""
    return _remembered(text) if len(text) <= _LONGEST_REMEMBERED else _shadow(text)


@lru_cache(maxsize=4096)  # every stage asks for the same lines
def _remembered(text: str) -> str:
    return _shadow(text)


def _shadow(text: str) -> str:
    if text.isascii():
        return " ".join(text.lower().split())
    text = _MARKS.sub(_fewer, text)
    text = unicodedata.normalize("NFKC", text).casefold()
    if _LATIN_LIKE.search(text):
        text = unicodedata.normalize("NFD", text)
    return " ".join(_FOLDABLE.sub(_folded, _DROPPED.sub("", text)).split())


def _folded(match: re.Match[str]) -> str:
    return _FOLDED[match[0]]


def _fewer(marks: re.Match[str]) -> str:
    return marks[0][:30]


def bare(shadowed: str) -> str:
    """A shadow without the punctuation and ornaments around it: `إقرأ أيضاً:` is `» إقرأ أيضا`."""
    return shadowed.strip(_EDGES)


def first_word(shadowed: str) -> str:
    """What an index of phrases goes by: the first word, or two letters where words are not spaced."""
    match = WORD.match(shadowed)
    word = match[0] if match else shadowed[:2]
    return word[:2] if SPACELESS.match(word) else word


@lru_cache(maxsize=2048)
def letters(text: str) -> str:
    """Only the letters and digits of a text's shadow, run together: equal however it is spaced."""
    line = shadow(text)
    if line.isascii():
        return line.encode().translate(None, _ASCII_ORNAMENTS).decode()
    return _ORNAMENTS.sub("", "".join(line.split()))


_SCRIPTS = (
    ("Arab", re.compile("[\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufeff]")),
    ("Hebr", re.compile("[\u0590-\u05ff]")),
    ("Cyrl", re.compile("[\u0400-\u052f]")),
    ("Grek", re.compile("[\u0370-\u03ff]")),
    ("Hani", re.compile("[\u3040-\u30ff\u3400-\u9fff]")),
    ("Hang", re.compile("[\uac00-\ud7af]")),
    ("Thai", re.compile("[\u0e00-\u0e7f]")),
    ("Deva", re.compile("[\u0900-\u097f]")),
    ("Latn", re.compile("[A-Za-z\u00c0-\u024f]")),
)


def script_of(text: str) -> str | None:
    """The ISO 15924 code of the script that most of the text's letters are in; None without letters."""
    if text.isascii():
        return "Latn" if any(map(str.isalpha, text)) else None
    counts: Counter[str] = Counter()
    for char in set(text):
        script = _script_of_letter(char)
        if script:
            counts[script] += text.count(char)
    return max(counts, key=lambda script: (counts[script], script), default=None)


@lru_cache(maxsize=4096)
def _script_of_letter(char: str) -> str | None:
    return next((name for name, pattern in _SCRIPTS if pattern.match(char)), None)
