"""The language of a text: what the page declares where the text does not contradict it, else detection."""

from collections.abc import Iterable
from functools import cache

from worker.core.shadow import script_of

_TEXT_LOOKED_AT = 1000  # characters
_FEWEST = 20  # characters: shorter texts tell no language
_ENOUGH_TO_OVERRULE = 120  # characters: only more text tells against what the page says

# The languages that are written in each script; a language not named here is written in the Latin one.
_WRITTEN_IN = {
    "Arab": "ar fa ur ps ckb ku sd ug pnb azb arz ary arq apc",
    "Hebr": "he iw yi",
    "Cyrl": "ru uk bg sr mk be kk ky tg mn tt ba uz os ce cv sah",
    "Grek": "el",
    "Hani": "zh ja yue",
    "Hang": "ko",
    "Thai": "th",
    "Deva": "hi mr ne sa mai bho",
}
_OTHER_SCRIPTS = "bn as pa gu or ta te kn ml si my km lo ka hy am ti bo dz dv iu chr"
_RTL = frozenset("ar fa ur ps ckb sd ug he iw yi dv azb arc syr pnb arz ary arq apc ku-arab".split())
_RENAMED = {
    "iw": "he",
    "in": "id",
    "ji": "yi",
    "jw": "jv",
    "mo": "ro",
    "sh": "sr",
    "arz": "ar",
    "nb": "no",
    "nn": "no",
}
_ENGLISH = frozenset("the of and to in is for that on was with as by at from are it be an has".split())


def language_of(declared: Iterable[str | None], text: str) -> str | None:
    """The primary subtag (BCP 47) of a text's language.

    `declared` is what the page says, the most trusted first. What it says holds when the text is in a
    script of that language, the declarations agree, and a text called English has English words in it;
    otherwise the language is detected from the text's beginning. None where there is nothing to go by.
    """
    codes = list(dict.fromkeys(code for tag in declared if (code := primary_subtag(tag))))
    sample = text[:_TEXT_LOOKED_AT]
    script = script_of(sample)
    fitting = [code for code in codes if script is None or _fits(code, script)]
    if len(sample) < _FEWEST or script is None:
        return fitting[0] if fitting else None
    if len(fitting) == 1 and len(codes) == 1 and not (codes[0] == "en" and not _has_english_words(sample)):
        return codes[0]
    return _detected(sample, fitting)


def primary_subtag(tag: str | None) -> str | None:
    """The language of a tag such as `ar-EG` or `pt_BR`, in its present name; None where it is no tag."""
    if not tag:
        return None
    code = tag.strip().replace("_", "-").split("-")[0].split(",")[0].split(";")[0].lower()
    if not 2 <= len(code) <= 3 or not (code.isascii() and code.isalpha()):
        return None
    return _RENAMED.get(code, code)


def direction_of(language: str | None) -> str | None:
    """`rtl` or `ltr`: how the language is written; None where the language is not known."""
    if language is None:
        return None
    return "rtl" if language in _RTL else "ltr"


def _fits(code: str, script: str) -> bool:
    if script == "Latn":
        return code not in _in_other_scripts() or code in ("sr", "uz", "ku", "kk", "az")
    return code in _WRITTEN_IN.get(script, _OTHER_SCRIPTS).split()


@cache
def _in_other_scripts() -> frozenset[str]:
    return frozenset(" ".join([*_WRITTEN_IN.values(), _OTHER_SCRIPTS]).split())


def _has_english_words(sample: str) -> bool:
    words = sample.lower().split()
    enough = len(words) / 12
    if sum(word in _ENGLISH for word in words) >= enough:
        return True
    return sum(word.strip(".,:;!?\"'()“”") in _ENGLISH for word in words) >= enough


def _detected(sample: str, fitting: list[str]) -> str | None:
    from py3langid import classify  # its model takes a while to load: only a text that needs it pays

    code = str(classify(sample)[0])
    code = _RENAMED.get(code, code)
    if fitting and code not in fitting and len(sample) < _ENOUGH_TO_OVERRULE:
        return fitting[0]
    return code
