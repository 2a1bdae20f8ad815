"""Every example of every rule, what a rule file must hold, and how long its patterns may take."""

import json
import re
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from worker.core.match import claim_container, claim_line
from worker.core.records import Kind
from worker.core.rules import Claim, Rule, RuleError, RulePack, RuleSet, parse_rules
from worker.core.shadow import SPACELESS, shadow
from worker.core.tree import parse
from worker.core.walk import tree_blocks
from worker.rulefiles import read_rules

RULES = parse_rules(read_rules())


@dataclass(frozen=True)
class Example:
    """A text or HTML snippet of a rule, and whether the rule must catch or leave it."""

    pack: RulePack
    rule: Rule
    text: str
    caught: bool

    @property
    def is_markup(self) -> bool:
        return bool(self.rule.select) and self.text.startswith("<")

    @property
    def name(self) -> str:
        return f"{self.pack.name}/{self.rule.id}"


def _examples() -> Iterator[object]:
    for pack in RULES.packs:
        for rule in pack.rules:
            for verb, texts in (("catches", rule.catches), ("leaves", rule.leaves)):
                for number, text in enumerate(texts):
                    example = Example(pack, rule, text, verb == "catches")
                    yield pytest.param(example, id=f"{example.name}-{verb}-{number}")


@cache
def _alone(pack: str, language: str | None, rule: Rule) -> RuleSet:
    """A set of one rule: what it catches, no other rule has caught for it."""
    # JSON's strings, numbers, booleans and lists are TOML's too
    fields = rule.model_dump(mode="json", exclude_defaults=True).items()
    rows = [f'name = "{pack}"', f'language = "{language}"' if language else "", "[[rules]]"]
    rows += [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in fields]
    return parse_rules({"alone.toml": "\n".join(rows)})


def _claims(example: Example, rules: RuleSet) -> list[Claim | None]:
    """The claims on an example: one on a line of text, one on each block of a snippet."""
    if not example.is_markup:
        return [claim_line(example.text, rules, example.pack.language)]
    root = parse(example.text)
    assert root is not None
    view = tree_blocks(root)
    assert view.blocks, "a snippet needs text"
    containers = [claim_container(container, rules) for container in view.containers]
    return [
        next((claim for node in view.ancestors(block.node) if (claim := containers[node])), None)
        for block in view.blocks
    ]


# Kinds that two packs may give to the same words, each with reason: `Copy link` shares, and is a tool.
NEIGHBOURS = (
    {Kind.READ_ALSO, Kind.RELATED_LINKS},
    {Kind.COMMENTS, Kind.COMMENT_FORM},
    {Kind.SHARE, Kind.WIDGET, Kind.NAVIGATION, Kind.THEME_NOTICE},
    {Kind.WIDGET, Kind.COMMENTS},
    {Kind.NAVIGATION, Kind.BREADCRUMB},
    {Kind.FOLLOW, Kind.NEWSLETTER, Kind.SUBSCRIPTION_NOTICE},
)


def _agree(kind: Kind, other: Kind) -> bool:
    return kind is other or any({kind, other} <= neighbours for neighbours in NEIGHBOURS)


@pytest.mark.parametrize("example", list(_examples()))
def test_example(example: Example) -> None:
    if not example.caught:
        assert set(_claims(example, RULES)) == {None}
        return
    alone = _claims(example, _alone(example.pack.name, example.pack.language, example.rule))
    assert {claim and claim.rule for claim in alone} == {example.name}
    for claim in [] if example.is_markup else _claims(example, RULES):
        # beside all others, another rule may be first: its claim must say the same
        assert claim is not None
        assert _agree(claim.kind, example.rule.kind), claim.rule


def test_rules_of_every_sort_ship() -> None:
    packs = {pack.name for pack in RULES.packs}
    assert {"ar", "en", "wordpress-core", "wordpress-locales", "jannah", "consent", "widgets"} <= packs
    ids = [(pack.name, rule.id) for pack in RULES.packs for rule in pack.rules]
    assert len(ids) == len(set(ids)) > 0


_WORD = re.compile(r"[^\W\d_]{2,}")


def _words(*texts: str) -> set[str]:
    """The words of texts; of scripts without spaces, each pair of letters."""
    found: set[str] = set()
    for text in texts:
        for word in _WORD.findall(shadow(text)):
            found.add(word)
            if SPACELESS.search(word):
                found.update(word[i : i + 2] for i in range(len(word) - 1))
    return found


def _akin(word: str, other: str) -> bool:
    return word == other or (
        min(len(word), len(other)) > 3 and (word in other or word[:4] == other[:4] or other in word)
    )


def _marks(*texts: str) -> set[str]:
    """The single letters, digits and signs of texts, for patterns that have no words; every digit is 0."""
    return {"0" if mark.isdigit() else mark for mark in shadow(" ".join(texts)) if mark not in " .,:;-"}


@pytest.mark.parametrize(
    "rule", [pytest.param(rule, id=f"{pack.name}/{rule.id}") for pack in RULES.packs for rule in pack.rules]
)
def test_what_a_rule_leaves_is_a_near_miss(rule: Rule) -> None:
    cues = _words(*rule.phrases, *rule.patterns, *rule.select, *rule.catches)
    far = [text for text in rule.leaves if not any(_akin(a, b) for a in _words(text) for b in cues)]
    if rule.patterns and not rule.phrases:
        far = [text for text in far if not _marks(text) & _marks(*rule.catches)]
    assert not far


GOOD = """
name = "good"
language = "en"

[[rules]]
id = "share"
kind = "share"
where = ["line"]
phrases = ["Share this"]
catches = ["Share this"]
leaves = ["Share this bread"]
"""


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ('name = "good" oops', "not TOML", "line 1"),
        ('name = "good"', "rules", "required"),
        (GOOD.replace('kind = "share"', 'kind = "sharing"'), "share.kind", "theme_notice"),
        (GOOD.replace('leaves = ["Share this bread"]', "leaves = []"), "share.leaves", "at least 1"),
        (GOOD.replace('leaves = ["Share this bread"]', ""), "share.leaves", "required"),
        (GOOD.replace('catches = ["Share this"]', ""), "share.catches", "required"),
        (GOOD.replace('["Share this"]\ncatches', '["»"]\ncatches'), "share", "too short"),
        (GOOD.replace('where = ["line"]', ""), "share", "phrases and where go together"),
        (GOOD.replace('["line"]', '["anywhere"]'), "share.where.0", "heading"),
        (GOOD.replace('where = ["line"]\nphrases = ["Share this"]', ""), "share", "needs phrases"),
        (GOOD + 'patterns = ["(a"]', "share", "no regular expression"),
        (GOOD + 'select = ["div > p"]', "share", "'div > p'"),
        (GOOD + 'colour = "red"', "share.colour", "not permitted"),
        (GOOD.replace('id = "share"', 'id = "Share this"'), "Share this.id", "match pattern"),
        (GOOD.replace('id = "share"', ""), "rule 1.id", "required"),
    ],
)
def test_a_bad_file_is_told_with_rule_and_reason(text: str, place: str, reason: str) -> None:
    with pytest.raises(RuleError) as caught:
        parse_rules({"languages/good.toml": text})
    told = str(caught.value)
    assert told.startswith(f"languages/good.toml: {place}: ")
    assert reason in told


def test_two_rules_of_one_id_are_told() -> None:
    parse_rules({"languages/good.toml": GOOD})
    with pytest.raises(RuleError, match=r"^good/share: "):
        parse_rules({"languages/good.toml": GOOD, "languages/other.toml": GOOD})


BAIT_SIZE = 5000  # ten times what a block may hold to be looked at
CPU_SECONDS = 0.1  # a pattern takes a tenth of a millisecond; one with nested quantifiers, years
CHILD_SECONDS = 30  # of processor time, for all of them


def _baits(texts: tuple[str, ...]) -> Iterator[str]:
    ends = ("", "!", " x", "\n")
    units = ["a", " ", "1", ".", '"', "-", ":", "ا", "я", "中", "a ", "1 ", "1.", "12:34 ", "ab cd, ", "| "]
    for text in texts:
        shadowed = shadow(text)
        units += [shadowed, f"{shadowed} ", shadowed.split(" ")[0], shadowed[:1], shadowed[-1:]]
    for unit in filter(None, dict.fromkeys(units)):
        for end in ends:
            yield unit * (BAIT_SIZE // len(unit)) + end


def time_patterns() -> None:
    """Run in a child: print each pattern before it is tried, and the processor time of its worst bait."""
    resource.setrlimit(resource.RLIMIT_CPU, (CHILD_SECONDS, CHILD_SECONDS))
    for pack in RULES.packs:
        for rule in pack.rules:
            for pattern in map(re.compile, rule.patterns):
                print(json.dumps([f"{pack.name}/{rule.id}", pattern.pattern]), flush=True)
                worst = 0.0
                for bait in _baits(rule.catches + rule.leaves):
                    start = time.process_time()
                    pattern.fullmatch(bait)
                    worst = max(worst, time.process_time() - start)
                print(worst, flush=True)


def test_no_pattern_runs_away() -> None:
    # processor time, in a child that the kernel ends: neither a busy machine nor a runaway pattern matters
    child = subprocess.run(
        [sys.executable, "-c", "from tests.unit.test_rules import time_patterns; time_patterns()"],
        cwd=Path(__file__).parents[2],
        check=False,
        capture_output=True,
        text=True,
        timeout=110,
    )
    lines = child.stdout.splitlines()
    assert child.returncode == 0, f"ended in {lines[-1:]}: {child.stderr[-300:]}"
    times = dict(zip(lines[::2], map(float, lines[1::2]), strict=True))
    assert len(times) >= 5
    assert {pattern: taken for pattern, taken in times.items() if taken > CPU_SECONDS} == {}
