"""How many words a text has, in any script."""

import re

# Letters of scripts that write no spaces: Thai, Lao, Burmese, Khmer, kana, Han with its extensions.
_SPACELESS = re.compile(
    "[\u0e01-\u0e30\u0e32\u0e33\u0e40-\u0e46\u0e81-\u0eb0\u0eb2\u0eb3\u0ec0-\u0ec6\u1000-\u102a\u1780-\u17b3"
    "\u3041-\u3096\u30a1-\u30fa\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9d\U00020000-\U000323af]"
)
_LETTER = re.compile(r"[^\W_]")


def word_count(text: str) -> int:
    """Runs of characters between spaces or dashes with a letter or figure in them.

    In scripts without spaces each letter counts; vowel signs and tone marks do not.
    """
    letters = len(_SPACELESS.findall(text))
    if letters:
        text = _SPACELESS.sub(" ", text)
    runs = text.replace("\u2014", " ").split()
    return letters + sum(1 for run in runs if run.isalnum() or _LETTER.search(run))
