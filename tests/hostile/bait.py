"""Bait for regular expressions: long lines that nearly match, made of what an expression is made of."""

import importlib
import pkgutil
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

import worker.core
from worker.core.rules import Rule, RulePack

_END = "!"  # few expressions end in one: what matched so far must be given back
_MOST_CHARACTERS = 12
_MOST_PAIRS = 16
_EVERYWHERE = " a0.-\"'/|:,\n"  # what lines are full of
_CLASSES = {
    codes.CATEGORY_DIGIT: "0",
    codes.CATEGORY_SPACE: " ",
    codes.CATEGORY_WORD: "a",
    codes.CATEGORY_NOT_DIGIT: "a",
    codes.CATEGORY_NOT_SPACE: "a",
    codes.CATEGORY_NOT_WORD: "-",
}


def core_patterns() -> dict[str, re.Pattern[str]]:
    """Every expression for text that a module of the core holds, by where it stands."""
    found: dict[str, re.Pattern[str]] = {}
    for module in pkgutil.walk_packages(worker.core.__path__, "worker.core."):
        for name, value in vars(importlib.import_module(module.name)).items():
            for number, pattern in enumerate(_patterns_in(value)):
                if pattern not in found.values() and isinstance(pattern.pattern, str):
                    found[f"{module.name.removeprefix('worker.core.')}.{name}.{number}"] = pattern
    return found


def _patterns_in(value: object) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict):
        yield from _patterns_in(list(value.values()))
    elif isinstance(value, list | tuple | frozenset):
        for item in value:
            yield from _patterns_in(item)


def baits(pattern: str, flags: int, length: int) -> Iterator[str]:
    """Lines of `length` characters that make an expression work for nothing."""
    tree = _parser.parse(pattern, flags & ~re.DEBUG)
    characters = list(dict.fromkeys(_characters(tree)))
    example = "".join(_example(tree))
    chosen = [*islice(characters, _MOST_CHARACTERS), *_EVERYWHERE]
    pairs = [a + b for a in chosen[:4] for b in " .-" if a != b][:_MOST_PAIRS]
    for piece in dict.fromkeys([*chosen, *pairs, example, example[:-1], f"{example} ", f" {example}"]):
        if piece:
            yield _repeated(piece, length)
            yield example[: length // 2] + _repeated(piece, length - len(example[: length // 2]))


def rule_baits(rule: Rule, length: int) -> Iterator[str]:
    """Lines that are nearly what a rule is for."""
    for phrase in rule.phrases[:4]:
        for separator in (" ", ": ", " - ", ""):
            yield _repeated(phrase + separator, length)
        yield phrase + _repeated(" ", length - len(phrase))
        yield phrase + _repeated(" a", length - len(phrase))
        yield phrase + _repeated(":", length - len(phrase))
        yield _repeated(phrase[:-1], length)
    for pattern in rule.patterns:
        yield from baits(pattern, 0, length)
    for selector in rule.select:
        yield _repeated(f"{selector.strip('.#*')} ", length)


def pack_baits(pack: RulePack, length: int) -> Iterator[str]:
    """The same for all rules of a pack."""
    for rule in pack.rules:
        yield from rule_baits(rule, length)


def _repeated(piece: str, length: int) -> str:
    return (piece * (max(0, length - 1) // len(piece) + 1))[: max(0, length - 1)] + _END


def _characters(tree: Iterable[tuple[Any, Any]]) -> Iterator[str]:
    """One character of each set, and every literal, in order."""
    for code, value in tree:
        if code in (codes.LITERAL, codes.NOT_LITERAL):
            yield chr(value) if code is codes.LITERAL else "a"
        elif code is codes.IN:
            yield _one_of(value)
        else:
            for part in _parts(value):
                yield from _characters(part)


def _parts(value: object) -> Iterator[Any]:
    """The expressions inside a node of whatever kind."""
    if isinstance(value, _parser.SubPattern):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _parts(item)


def _example(tree: Iterable[tuple[Any, Any]]) -> Iterator[str]:
    """Something that matches, or nearly: first branches, two of what may repeat."""
    for code, value in tree:
        match code:
            case codes.LITERAL:
                yield chr(value)
            case codes.IN:
                yield _one_of(value)
            case codes.ANY | codes.NOT_LITERAL:
                yield "a"
            case codes.MAX_REPEAT | codes.MIN_REPEAT | codes.POSSESSIVE_REPEAT:
                low, high, body = value
                yield "".join(_example(body)) * max(low, min(2, int(high)))
            case codes.BRANCH:
                yield from _example(value[1][0])
            case codes.SUBPATTERN:
                yield from _example(value[3])
            case codes.ATOMIC_GROUP:
                yield from _example(value)
            case _:  # assertions, places, references
                continue


def _one_of(members: Sequence[tuple[Any, Any]]) -> str:
    if members[0][0] is codes.NEGATE:
        banned = "".join(_one_of([member]) for member in members[1:])
        return next(character for character in "ab1 -é" if character not in banned)
    code, value = members[0]
    if code is codes.RANGE:
        return chr(value[0])
    return _CLASSES.get(value, "a") if code is codes.CATEGORY else chr(value)
