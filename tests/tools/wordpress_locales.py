"""Writes the rule pack of WordPress core's own strings from a folder of its compiled catalogues.

    python -m tests.tools.wordpress_locales FOLDER [OUTPUT]

FOLDER holds `<locale>.mo` files as WordPress ships them (the Debian package `wordpress-l10n` has some
sixty below `usr/share/wordpress/wp-content/languages`; theme catalogues may lie beside them). Files of
the same locale add up. OUTPUT is `worker/rules/systems/wordpress-locales.toml` unless told.
"""

import gettext
import html
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from pathlib import Path

from tests.tools.wordpress_messages import SPECS, Spec
from worker.core.shadow import bare, letters, script_of, shadow

OUTPUT = Path(__file__).parents[2] / "worker" / "rules" / "systems" / "wordpress-locales.toml"
NOT_PUBLIC = ("admin-", "continents-cities-")  # catalogues of strings that visitors never see

_TAG = re.compile(r"<[^>]*>")
_PLACEHOLDER = re.compile(r"%(?:\d+\$)?[sd]|^%|%$")
_UNSPACED = frozenset({"Hani", "Thai"})

# Shadows of translations that mean something else elsewhere (`Label: Sub Pop`, German `Tag: Montag`,
# Vietnamese `Thẻ` beside `The 24-year-old`), or that a locale has got wrong.
REFUSED = frozenset({"the", "label", "tag", "работает на wordpress/kleinluchskuche"})

Catalogues = Mapping[str, Mapping[str, tuple[str, ...]]]  # locale -> message -> its translations

_SINGLE_WORDS = frozenset({"tags-line"})  # rules whose place makes a single word certain


def load(folder: Path) -> Catalogues:
    """The translations of every public catalogue below the folder, by locale."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for path in sorted(folder.rglob("*.mo")):
        if path.name.startswith(NOT_PUBLIC):
            continue
        locale = re.sub(r"^.*-", "", path.stem)
        with path.open("rb") as file:
            catalogue = gettext.GNUTranslations(file)
        messages = found.setdefault(locale, {})
        for message, translation in _entries(catalogue):
            messages[message] = (*messages.get(message, ()), translation)
    return found


def _entries(catalogue: gettext.GNUTranslations) -> Iterator[tuple[str, str]]:
    # gettext keeps what it read in _catalog: plural forms under (message, index)
    entries: dict[str | tuple[str, int], str] = getattr(catalogue, "_catalog")  # noqa: B009
    for key, translation in entries.items():
        if translation:
            yield (key if isinstance(key, str) else key[0]), translation


def plain(translation: str) -> str:
    """A translation as a visitor reads it: no markup, no entities, `%s` of a required field as its star."""
    text = html.unescape(_TAG.sub("", html.unescape(translation)))
    return " ".join(text.replace("%s", "*").split())


def is_certain(text: str, *, single: bool) -> bool:
    """Whether a phrase is long enough to be a cue on a page in any language."""
    if bare(shadow(text)) in REFUSED or _PLACEHOLDER.search(text):
        return False
    size = len(letters(text))
    if script_of(text) in _UNSPACED:
        return size >= 4
    return size >= (3 if single else 8) and (single or " " in bare(shadow(text)))


def phrases(spec: Spec, catalogues: Catalogues) -> list[str]:
    """The phrases of a rule, one a shadow, in the order of their shadows."""
    found: dict[str, str] = {}
    for catalogue in ({}, *catalogues.values()):
        first, second = _texts(spec.messages, catalogue), _texts(spec.followed_by, catalogue)
        before = [*first, *_texts(spec.messages, {})] if spec.english_too else first
        texts = [*(first if spec.alone else []), *(f"{a} {b}" for a, b in product(before, second))]
        for text in texts:
            if is_certain(text, single=spec.id in _SINGLE_WORDS):
                found.setdefault(bare(shadow(text)), text)
    return [found[key] for key in sorted(found)]


def _texts(messages: Iterable[str], catalogue: Mapping[str, tuple[str, ...]]) -> list[str]:
    # without a catalogue: the English originals
    if not catalogue:
        return [plain(message) for message in messages]
    return [plain(text) for message in messages for text in catalogue.get(message, ())]


def count_pattern(catalogues: Catalogues) -> str:
    """A pattern of `3 comments` in every locale that puts the number first."""
    words = {"comment", "comments"}
    for catalogue in catalogues.values():
        for message in ("% Comments", "%s Comment", "%s Comments", "1 Comment"):
            for text in catalogue.get(message, ()):
                match = re.fullmatch(r"(?:% ?[sd]?|\*|1)\s*([^\W\d][^\d%*()]+)", plain(text))
                if match and len(letters(match[1])) >= 3:
                    words.add(bare(shadow(match[1])))
    return rf"\(?\d[\d.,]* ?(?:{_either(words)})\)?"


def label_pattern(catalogues: Catalogues) -> str:
    """A pattern of `Name *`: the label of a field that must be filled, in every locale."""
    words = {"name", "email", "comment"}
    for catalogue in catalogues.values():
        for message in ("Name", "Email", "E-mail", "Comment", "noun\x04Comment"):
            words |= {bare(shadow(plain(text))) for text in catalogue.get(message, ())}
    return rf"(?:{_either(word for word in words if len(word) > 1)}):? ?\*"


def _either(words: Iterable[str]) -> str:
    return "|".join(re.escape(word).replace("\\ ", " ").replace("\\-", "-") for word in sorted(words))


def toml(catalogues: Catalogues) -> str:
    """The rule pack as TOML."""
    about = (
        f"Strings of WordPress core in {len(catalogues)} locales; written by tests/tools/wordpress_locales.py"
    )
    parts = [f'name = "wordpress-locales"\nabout = "{about}"\n']
    for spec in SPECS:
        fields: dict[str, object] = {"id": spec.id, "kind": spec.kind, "where": list(spec.where)}
        if spec.takes:
            fields["takes"] = spec.takes
        fields.update(spec.extra)
        fields["phrases"] = phrases(spec, catalogues)
        parts.append(_rule(fields, spec.catches, spec.leaves))
    parts.append(
        _rule(
            {
                "id": "comment-count",
                "kind": "comments",
                "max_words": 4,
                "patterns": [count_pattern(catalogues)],
            },
            ("3 comments", "12 Kommentare", "3条评论", "1.204 yorum", "5 komentarzy"),
            ("3 comments stood out in the hearing", "12 Kommentare kamen aus Berlin.", "3 common mistakes"),
        )
    )
    parts.append(
        _rule(
            {
                "id": "required-label",
                "kind": "comment_form",
                "max_words": 4,
                "patterns": [label_pattern(catalogues)],
            },
            ("Name *", "الاسم *", "E-Mail *", "Nombre*"),
            ("Name", "Name * Alter * Beruf des Zeugen", "E-Mail an die Redaktion *"),
        )
    )
    return "\n".join(parts)


def _rule(fields: Mapping[str, object], catches: Iterable[str], leaves: Iterable[str]) -> str:
    rows = {**fields, "catches": list(catches), "leaves": list(leaves)}
    return "[[rules]]\n" + "".join(f"{key} = {_value(value)}\n" for key, value in rows.items())


def _value(value: object) -> str:
    if isinstance(value, list) and len(value) > 1:
        return "[\n" + "".join(f"    {_value(item)},\n" for item in value) + "]"
    # JSON's strings, numbers and short lists are TOML's too
    return json.dumps(value, ensure_ascii=False)


def main(arguments: list[str]) -> int:
    """Write the pack; tell how many phrases it has."""
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 64
    catalogues = load(Path(arguments[0]))
    output = Path(arguments[1]) if len(arguments) > 1 else OUTPUT
    output.write_text(toml(catalogues), encoding="utf-8")
    print(f"{output}: {len(catalogues)} locales, {sum(len(phrases(s, catalogues)) for s in SPECS)} phrases")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
