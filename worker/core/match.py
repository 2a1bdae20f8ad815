"""Which rule claims a block: by its text, or by the element that it lies in."""

import re
from collections.abc import Mapping

from worker.core.blocks import Container
from worker.core.rules import Claim, Cue, RuleSet
from worker.core.shadow import SPACELESS, WORD, bare, first_word, shadow

_MOST_SEEN = 50_000  # elements' claims remembered by their classes: a site's pages share theirs
_LONGEST_CLASS = 1000  # characters of a class attribute that are looked at
_LONGEST = 500  # characters: a longer block is never a cue line
_SEPARATOR = re.compile(r'\s*[:：|/\-–—›>]|\s*\.{2,}|\s+"\s|\s+\d|\s*\(')


def claim_line(
    text: str, rules: RuleSet, language: str | None = None, link_share: float = 0.0
) -> Claim | None:
    """The claim of the first rule whose phrases or patterns fit the whole block; None where none does.

    `link_share` is the part of the block that is links: a cue before nothing but links needs no separator.
    """
    if len(text) > _LONGEST:
        return None
    shadowed = shadow(text)
    line = bare(shadowed)
    if not line:
        return None
    for cue in rules.lines.get(line, ()):
        if _speaks(cue, language):
            return cue.claim
    words = line.count(" ") + 1
    return (
        _claim_start(line, words, rules, language, link_share)
        or _claim_inside(line, words, rules, language)
        or _claim_pattern(shadowed, words, rules, language)
    )


def _speaks(cue: Cue, language: str | None) -> bool:
    return cue.language is None or cue.language == language


def _claim_start(
    line: str, words: int, rules: RuleSet, language: str | None, link_share: float
) -> Claim | None:
    for phrase, cue in rules.starts.get(first_word(line), ()):
        size = len(phrase)
        if words > cue.max_words or size >= len(line) or not line.startswith(phrase):
            continue
        if not _ends_word(line, size) or not _speaks(cue, language):
            continue
        if not cue.separator or link_share > 0.7 or _SEPARATOR.match(line, size):
            return cue.claim
    return None


def _ends_word(line: str, size: int) -> bool:
    return not line[size].isalnum() or SPACELESS.match(line[size - 1]) is not None


def _claim_inside(line: str, words: int, rules: RuleSet, language: str | None) -> Claim | None:
    padded = f"{line} "
    for word in WORD.findall(line):
        for phrase, cue in rules.inside.get(word, ()):
            if (
                phrase in line
                and words <= cue.max_words
                and _speaks(cue, language)
                and _has_words(padded, phrase)
            ):
                return cue.claim
    if not line.isascii() and SPACELESS.search(line):
        for phrase, cue in rules.inside_spaceless:
            if phrase in line and _speaks(cue, language):
                return cue.claim
    return None


def _has_words(padded: str, phrase: str) -> bool:
    place = padded.find(phrase)
    whole_start = place == 0 or (place > 0 and not padded[place - 1].isalnum())
    return whole_start and not padded[place + len(phrase)].isalnum()


def _claim_pattern(shadowed: str, words: int, rules: RuleSet, language: str | None) -> Claim | None:
    for patterns in rules.patterns.get(language, rules.patterns.get(None, [])):
        cue = patterns.find(shadowed, words)
        if cue is not None:
            return cue.claim
    return None


def claim_container(container: Container, rules: RuleSet) -> Claim | None:
    """The claim of a rule that selects this element, by its id, classes, attributes or tag."""
    element = container.element
    if element is None:
        return None
    identity = element.get("id")
    claim = _claim_id(identity, rules) if identity else None
    if claim is not None:
        return claim
    seen = rules.container_claims
    key = (
        container.tag,
        _first_of(element.get("class")),
        *map(_first_of, map(element.get, rules.attributes)),
    )
    if key not in seen:
        if len(seen) >= _MOST_SEEN:
            seen.clear()
        seen[key] = _find_container(container.tag, element.attrib, rules)
    return seen[key]


def _first_of(value: str | None) -> str | None:
    return None if value is None else value[:_LONGEST_CLASS]


def _claim_id(value: str, rules: RuleSet) -> Claim | None:
    name = value.lower()
    exact = rules.ids.get(name)
    return exact or next((claim for prefix, claim in rules.id_prefixes if name.startswith(prefix)), None)


def _find_container(tag: str, attributes: Mapping[str, str], rules: RuleSet) -> Claim | None:
    return (
        _claim_class(tag, attributes.get("class", "")[:_LONGEST_CLASS], rules)
        or _claim_attribute(attributes, rules)
        or rules.tags.get(tag)
    )


def _claim_class(tag: str, value: str, rules: RuleSet) -> Claim | None:
    for name in value.lower().split():
        for wanted, claim in rules.classes.get(name, ()):
            if wanted is None or wanted == tag:
                return claim
        for prefix, wanted, claim in rules.class_prefixes:
            if name.startswith(prefix) and (wanted is None or wanted == tag):
                return claim
    return None


def _claim_attribute(attributes: Mapping[str, str], rules: RuleSet) -> Claim | None:
    for name, values in rules.attributes.items():
        value = attributes.get(name)
        if value is not None and value in values:
            return values[value]
    return None
