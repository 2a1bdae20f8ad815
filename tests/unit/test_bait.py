"""No expression and no rule takes long over a line that nearly matches."""

import re
import time
from collections.abc import Callable, Iterable

import pytest

from tests.hostile.bait import baits, core_patterns, pack_baits
from worker.core.match import claim_line
from worker.core.rules import RulePack, RuleSet, parse_rules
from worker.core.shadow import shadow
from worker.rulefiles import read_rules

LONGEST_LINE = 600  # characters that fields are looked for in; rules look at 500
SECONDS = 0.25  # of the processor, for one line: a thousandth is usual, and what backtracks takes hours
RULES = parse_rules(read_rules())
PATTERNS = core_patterns()
RULE_PATTERNS = {
    f"{pack.name}/{rule.id}/{number}": pattern
    for pack in RULES.packs
    for rule in pack.rules
    for number, pattern in enumerate(rule.patterns)
}


def slowest(ask: Callable[[str], object], lines: Iterable[str]) -> tuple[float, str]:
    """The processor time of the line that takes longest."""
    worst = 0.0, ""
    for line in lines:
        started = time.thread_time()
        ask(line)
        worst = max(worst, (time.thread_time() - started, line[:80]))
    return worst


@pytest.mark.parametrize("name", PATTERNS)
def test_expression_of_the_core(name: str) -> None:
    pattern = PATTERNS[name]
    lines = list(baits(pattern.pattern, pattern.flags, LONGEST_LINE))
    assert len(lines) > 20
    for ask in (pattern.match, pattern.search, pattern.fullmatch):
        seconds, line = slowest(ask, lines)
        assert seconds < SECONDS, f"{seconds:.2f} s over {line!r}"


@pytest.mark.parametrize("name", RULE_PATTERNS)
def test_expression_of_a_rule(name: str) -> None:
    pattern = RULE_PATTERNS[name]
    lines = [shadow(line) for line in baits(pattern, 0, 500)]
    seconds, line = slowest(re.compile(pattern).fullmatch, lines)
    assert seconds < SECONDS, f"{seconds:.2f} s over {line!r}"


@pytest.mark.parametrize("pack", RULES.packs, ids=lambda pack: pack.name)
def test_rules_of_a_pack(pack: RulePack) -> None:
    def ask(line: str) -> object:
        return claim_line(line, RULES, pack.language, 0.0)

    seconds, line = slowest(ask, pack_baits(pack, 499))
    assert seconds < SECONDS, f"{seconds:.2f} s over {line!r}"


def test_bait_finds_an_expression_that_backtracks() -> None:
    bad, good = r"^[a-z]+ (?:-{1,3})+$", r"^[a-z]+ -++$"
    lines = list(baits(bad, 0, 34))
    seconds, _ = slowest(re.compile(bad).match, lines)
    needed, _ = slowest(re.compile(good).match, lines)
    assert seconds > 50 * needed


def test_every_core_module_is_looked_at() -> None:
    modules = {name.rsplit(".", 2)[0] for name in PATTERNS}
    assert {"credits", "people", "clocks", "days", "titles", "shadow", "sieving.fields"} <= modules


def test_rules_are_not_empty() -> None:
    assert isinstance(RULES, RuleSet)
    assert len(RULE_PATTERNS) > 50
