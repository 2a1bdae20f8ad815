"""Rule text -> a validated RuleSet. What a rule file looks like is told in CONTRIBUTING.md.

Phrases and patterns match on the shadow of a block (see shadow.py), so a rule writes each phrase once.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from worker.core.evidence.forest import ForestError
from worker.core.evidence.judge import FOLDER, Model, parse_model
from worker.core.records import Kind
from worker.core.shadow import SPACELESS, bare, first_word, shadow


class RuleError(ValueError):
    """A rule file that does not hold; the text names the file, the rule and the reason."""


class Where(StrEnum):
    """Where a rule's phrases must stand for it to claim a block."""

    LINE = "line"  # the whole block is the phrase
    START = "start"  # the block begins with the phrase, a separator follows, then more
    HEADING = "heading"  # the whole block is the phrase, and what follows goes with it
    CONTAINS = "contains"  # the phrase stands anywhere in a block of at most `max_words`


class Takes(StrEnum):
    """What goes with a heading."""

    LIST = "list"  # the list, links or short lines after it
    END = "end"  # everything after it


class Rule(BaseModel):
    """One cue or selector, with what it must catch and what it must leave."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(pattern="^[a-z0-9]+(-[a-z0-9]+)*$")]
    kind: Kind
    where: tuple[Where, ...] = ()
    takes: Takes = Takes.LIST
    phrases: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()  # regular expressions that the whole shadow must match
    select: tuple[str, ...] = ()  # .class, .class-prefix*, #id, tag.class, [attribute=value]
    separator: bool = True  # START wants a colon, dash or bar after the phrase, or links only
    max_words: int = 40
    own_language: bool = False  # only on pages in the pack's language
    catches: Annotated[tuple[str, ...], Field(min_length=1)]
    leaves: Annotated[tuple[str, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _complete(self) -> "Rule":
        if not (self.phrases or self.patterns or self.select):
            raise ValueError("a rule needs phrases, patterns or select")
        if bool(self.phrases) != bool(self.where):
            raise ValueError("phrases and where go together")
        for phrase in self.phrases:
            if len(bare(shadow(phrase))) < 2:
                raise ValueError(f"the phrase {phrase!r} is too short to be a cue")
        for pattern in self.patterns:
            _compiled(pattern)
        for selector in self.select:
            if not _SELECTOR.fullmatch(selector):
                raise ValueError(f"the selector {selector!r} is not of a form that rules know")
        return self


_REFERENCE = re.compile(r"\\[1-9]")


class RulePack(BaseModel):
    """A rule file: the rules of one language, or of one site system."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern="^[a-z0-9]+(-[a-z0-9]+)*$")]
    language: str | None = None
    about: str = ""
    rules: tuple[Rule, ...]


_SELECTOR = re.compile(r"[.#][\w-]+\*?|[a-z][a-z0-9-]*(\.[\w-]+\*?)?|\[[a-z-]+=[^\]]+\]")


@dataclass(frozen=True, slots=True)
class Claim:
    """A rule's claim on a block."""

    kind: Kind
    rule: str  # pack name and rule id: `ar/read-also`
    takes: Takes | None = None  # set where what follows goes too


@dataclass(frozen=True, slots=True)
class Cue:
    """A phrase or pattern in the index: whose claim it is, and on what conditions."""

    claim: Claim
    language: str | None  # only there, when set
    separator: bool
    max_words: int


_Patterns = dict[str | None, list[tuple[str, Cue]]]


class PatternSet:
    """All patterns of one language, or of every language: the first that fits counts."""

    def __init__(self, language: str | None, patterns: Sequence[tuple[str, Cue]]) -> None:
        self.language = language
        self._patterns = [(cue.max_words, re.compile(text).fullmatch, cue) for text, cue in patterns]
        self._most_words = max(cue.max_words for _, cue in patterns)

    def find(self, shadowed: str, words: int) -> Cue | None:
        """The cue of the first pattern that matches the whole shadow, which has so many words."""
        if words > self._most_words:
            return None
        for most, fits, cue in self._patterns:
            if words <= most and fits(shadowed):
                return cue
        return None


@dataclass(slots=True, repr=False)
class RuleSet:
    """All rules, indexed by how they match."""

    packs: tuple[RulePack, ...]
    lines: dict[str, list[Cue]] = field(default_factory=dict)
    starts: dict[str, list[tuple[str, Cue]]] = field(default_factory=dict)  # by the phrase's first word
    inside: dict[str, list[tuple[str, Cue]]] = field(default_factory=dict)  # by the phrase's first word
    inside_spaceless: list[tuple[str, Cue]] = field(default_factory=list)  # phrases of scripts without spaces
    patterns: dict[str | None, list[PatternSet]] = field(
        default_factory=dict
    )  # those that a language is asked
    classes: dict[str, list[tuple[str | None, Claim]]] = field(default_factory=dict)
    class_prefixes: list[tuple[str, str | None, Claim]] = field(default_factory=list)
    ids: dict[str, Claim] = field(default_factory=dict)
    id_prefixes: list[tuple[str, Claim]] = field(default_factory=list)
    tags: dict[str, Claim] = field(default_factory=dict)
    attributes: dict[str, dict[str, Claim]] = field(default_factory=dict)
    container_claims: dict[tuple[str | None, ...], Claim | None] = field(default_factory=dict)  # see match.py
    model: Model | None = None  # what the layout tells; text pages do without

    def layout(self) -> Model:
        """The layout model.

        Raises:
            RuleError: the rules were parsed without one, and the page is no text page.
        """
        if self.model is None:
            raise RuleError("no layout model among the rules")
        return self.model


def parse_rules(texts: Mapping[str, str]) -> RuleSet:
    """The rules of TOML files, and the layout model where its files are among them: file name -> text.

    Raises:
        RuleError: a file is not TOML, a rule is not valid, two rules share an id, or the model does not hold.
    """
    layout = {name: text for name, text in texts.items() if name.startswith(FOLDER)}
    packs = tuple(_pack(name, texts[name]) for name in sorted(texts.keys() - layout.keys()))
    rules = RuleSet(packs, model=_model(layout) if layout else None)
    seen: set[str] = set()
    patterns: _Patterns = {}
    for pack in packs:
        for rule in pack.rules:
            full_id = f"{pack.name}/{rule.id}"
            if full_id in seen:
                raise RuleError(f"{full_id}: two rules of that name")
            seen.add(full_id)
            _index(rules, pack, rule, full_id, patterns)
    for starts in rules.starts.values():
        starts.sort(key=lambda start: -len(start[0]))  # the longest phrase that fits decides
    sets = [PatternSet(language, found) for language, found in patterns.items()]
    for language in (None, *patterns):
        rules.patterns[language] = [found for found in sets if found.language in (None, language)]
    return rules


def _model(texts: Mapping[str, str]) -> Model:
    try:
        return parse_model(texts)
    except ForestError as error:
        raise RuleError(f"the layout model: {error}") from error


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise ValueError(f"the pattern {pattern!r} is no regular expression: {error}") from error


def _pack(name: str, text: str) -> RulePack:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RuleError(f"{name}: not TOML: {error}") from error
    try:
        return RulePack.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        raise RuleError(f"{name}: {_place(data, first['loc'])}: {first['msg']}") from error


def _place(data: Mapping[str, Any], location: Sequence[str | int]) -> str:
    """Where in a file an error is, the rule by its id: `read-also.kind` of `rules.3.kind`."""
    match location:
        case ("rules", int(index), *rest) if isinstance(data["rules"][index], dict):
            rule = data["rules"][index].get("id", f"rule {index + 1}")
            return ".".join(map(str, (rule, *rest)))
    return ".".join(map(str, location))


def _index(rules: RuleSet, pack: RulePack, rule: Rule, full_id: str, patterns: _Patterns) -> None:
    claim = Claim(rule.kind, full_id)
    heading = Claim(rule.kind, full_id, rule.takes) if Where.HEADING in rule.where else None
    language = pack.language if rule.own_language else None
    cue = Cue(claim, language, rule.separator, rule.max_words)
    line_cue = Cue(heading or claim, language, rule.separator, rule.max_words)
    for phrase in rule.phrases:
        key = bare(shadow(phrase))
        if Where.LINE in rule.where or Where.START in rule.where or heading:
            rules.lines.setdefault(key, []).append(line_cue)
        if Where.START in rule.where:
            rules.starts.setdefault(first_word(key), []).append((key, cue))
        if Where.CONTAINS in rule.where:
            _index_inside(rules, key, cue)
    for pattern in rule.patterns:
        patterns.setdefault(language, []).append((pattern, line_cue))
    for selector in rule.select:
        _index_selector(rules, selector, claim)


def _index_inside(rules: RuleSet, phrase: str, cue: Cue) -> None:
    if SPACELESS.search(phrase):
        rules.inside_spaceless.append((phrase, cue))
    else:
        rules.inside.setdefault(first_word(phrase), []).append((phrase, cue))


def _index_selector(rules: RuleSet, selector: str, claim: Claim) -> None:
    if selector.startswith("["):
        attribute, _, value = selector[1:-1].partition("=")
        rules.attributes.setdefault(attribute, {})[value] = claim
        return
    if selector.startswith("#"):
        name = selector[1:]
        if name.endswith("*"):
            rules.id_prefixes.append((name[:-1].lower(), claim))
        else:
            rules.ids[name.lower()] = claim
        return
    tag, dot, name = selector.partition(".")
    if not dot:
        rules.tags[tag] = claim
    elif name.endswith("*"):
        rules.class_prefixes.append((name[:-1].lower(), tag or None, claim))
    else:
        rules.classes.setdefault(name.lower(), []).append((tag or None, claim))
