"""Why a block was kept or cut, in a line: what its rule looked at, and what it found."""

import re
from collections.abc import Sequence

from worker.core.blocks import BlockView
from worker.core.clean import Trace
from worker.core.extract import KEEP
from worker.core.match import claim_container
from worker.core.rules import Rule, RuleSet
from worker.core.shadow import bare, shadow
from worker.core.sieving.draft import Decision

# the rules that are code, not data
_BUILT_IN = {
    "fields/source-credit": "the line credits a source",
    "fields/image-filename": "the line is the name of an image file",
    "fields/date-line": "the line is a date",
    "fields/initials": "the line is the initials of who wrote and edited",
    "fields/byline": "the line names who wrote",
    "fields/dateline": "the line is a dateline: a place, an agency",
    "fields/place-label": "the place again, above the dateline",
    "repeats/title": "the headline again",
    "repeats/description": "the beginning of a later paragraph, ended by an ellipsis",
    "repeats/standfirst": "the standfirst, which the settings leave out of the text",
    "repeats/duplicate": "the same text stands further up",
    "repeats/run-together": "other blocks of the page run together",
    "shape/link-run": "several blocks in a row that are nothing but links",
    "shape/section-label": "the section's name above the headline",
    "shape/head-label": "a short line above the headline",
}
# the groups of features that the layout model looks at
_MODEL = {
    "layout/text": "its own text is not like an article's",
    "layout/repeats": "what it repeats of the page",
    "layout/element": "the element that it is",
    "layout/containers": "the elements that it lies in",
    "layout/lookalikes": "the other blocks in the same markup",
    "layout/place": "its place on the page",
    "layout/neighbours": "the blocks before and after it",
    "layout/extractor": "what extraction makes of it and of the blocks around it",
}
_EVEN = 0.5  # probability
_LEVELS = 3  # elements that name a place
_CLASSES = 2  # of an element
_NAME = 40  # characters of a class or id


class Reasons:
    """The reasons of one page."""

    def __init__(self, trace: Trace, rules: RuleSet) -> None:
        self._trace = trace
        self._rules = rules
        self._by_id = {f"{pack.name}/{rule.id}": rule for pack in rules.packs for rule in pack.rules}

    def why(self, index: int, decision: Decision) -> str:
        """The reason for the decision on a block."""
        if decision.rule is None:
            return self._without_rule(index, decision)
        rule = self._by_id.get(decision.rule)
        if rule is not None:
            return self._of_rule(index, decision.rule, rule)
        return _BUILT_IN[decision.rule] if decision.rule in _BUILT_IN else _MODEL[decision.rule]

    def _without_rule(self, index: int, decision: Decision) -> str:
        evidence = self._trace.evidence
        if evidence is None:
            return "no rule claims it" if decision.keep else "nothing claims it for the article"
        if evidence.shares is None:
            return "the layout claims it for the article" if decision.keep else "the layout leaves it out"
        if not decision.keep:
            return "extraction and layout leave it out"
        if evidence.shares[index] >= KEEP:
            return "extraction and layout claim it for the article"
        if evidence.scores[index] >= _EVEN:
            return "the layout claims it for the article; extraction had left it out"
        return "the standfirst, by the page's description; extraction had left it out"

    def _of_rule(self, index: int, rule_id: str, rule: Rule) -> str:
        view = self._trace.view
        block = view.blocks[index]
        for node in view.ancestors(block.node) if rule.select else ():
            claim = claim_container(view.containers[node], self._rules)
            if claim is not None and claim.rule == rule_id:
                return f"it lies in {_element(view, node)}"
        phrase = _phrase_in(block.text, rule.phrases)
        if phrase is not None:
            return f"the cue \u201c{phrase}\u201d"
        if any(re.fullmatch(pattern, shadow(block.text)) for pattern in rule.patterns):
            return "the line has the form that the rule looks for"
        return "it goes with the heading above it"


def place_of(view: BlockView, node: int) -> str:
    """The innermost elements around a block, from the outside: `article > div.entry > p`."""
    if view.containers[node].element is None:
        return ""
    nodes = [n for n in view.ancestors(node) if view.containers[n].tag != "body"][:_LEVELS]
    return " > ".join(_element(view, n) for n in reversed(nodes)) or "body"


def _element(view: BlockView, node: int) -> str:
    """An element as a selector would name it: `div#main.post.wide`."""
    container = view.containers[node]
    if container.element is None:
        return container.tag
    ids = (container.element.get("id") or "").split()[:1]
    classes = (container.element.get("class") or "").split()[:_CLASSES]
    names = [f"#{name[:_NAME]}" for name in ids] + [f".{name[:_NAME]}" for name in classes]
    return container.tag + "".join(names)


def _phrase_in(text: str, phrases: Sequence[str]) -> str | None:
    """The longest of a rule's phrases that a text holds."""
    line = shadow(text)
    return max((phrase for phrase in phrases if bare(shadow(phrase)) in line), key=len, default=None)
