"""What became of a page, as data: a row for each block, a line for each field, and the counts."""

import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from worker.core.clean import Trace
from worker.core.evidence.judge import Evidence, Sign
from worker.core.extract import KEEP
from worker.core.records import Kind, Outcome, Rejected
from worker.core.rules import RuleSet
from worker.core.sieving.draft import Decision
from worker.core.sieving.layout import DOUBTFUL
from worker.explaining.fields import Field, fields_of
from worker.explaining.reasons import Reasons, place_of

_MODEL = "layout/"  # the ids of its rules begin so
_SIGNS = 3  # of the model's evidence, the strongest few of each block
_RTL = frozenset({"R", "AL"})  # strong bidirectional classes of Unicode


class Verdict(StrEnum):
    """What became of a block."""

    KEPT = "kept"  # it is in the article
    CUT = "cut"  # a rule or the evidence took it out, or told what it was
    OUTSIDE = "outside"  # it was never part of the article, and nothing says more of it


@dataclass(frozen=True, slots=True)
class Row:
    """A block of the page, what became of it, and why."""

    number: int  # its place on the page, from 0
    verdict: Verdict
    kind: Kind | None  # what it was, where it was cut
    rule: str | None
    why: str
    text: str  # the page's own
    direction: str  # ltr or rtl: the way most of its letters run
    place: str  # the innermost elements around it: `article > div.entry > p`; empty for a text page
    extracted: bool  # extraction alone, without the sieve, would have published it
    share: float | None  # the part of it that trafilatura keeps, 0 to 1; None where it was not asked
    score: float | None  # the layout model's, 0 to 1; None where it was not asked
    signs: tuple[Sign, ...]  # the strongest, strongest first; none where the block is clutter beyond doubt

    @property
    def by_layout(self) -> bool:
        """True where it was the layout model that cut the block."""
        return self.rule is not None and self.rule.startswith(_MODEL)


@dataclass(frozen=True)
class Explanation:
    """How a page came to be an article, or to give none."""

    name: str  # the file, or the file and line, that it came from
    url: str | None
    rejected: Rejected | None
    word_count: int  # of the article; 0 where there is none
    language: str | None
    direction: str  # ltr or rtl: the page's, ltr where nothing tells
    fields: tuple[Field, ...]
    rows: tuple[Row, ...]

    @cached_property
    def verdicts(self) -> Mapping[Verdict, int]:
        """How many blocks were kept, cut and outside; every verdict is there."""
        counted = Counter(row.verdict for row in self.rows)
        return {verdict: counted[verdict] for verdict in Verdict}

    @cached_property
    def kinds(self) -> Mapping[Kind, int]:
        """How many blocks were cut as what; the most frequent first."""
        return dict(Counter(row.kind for row in self.rows if row.kind is not None).most_common())

    @property
    def title(self) -> str | None:
        """The article's headline."""
        return next(
            (field.values[0] for field in self.fields if field.name == "title" and field.values), None
        )


def explain(name: str, url: str | None, outcome: Outcome, trace: Trace | None, rules: RuleSet) -> Explanation:
    """Put together what `clean_traced` gave for a page that came from `name`."""
    metadata = trace.metadata if trace else None
    told = metadata if isinstance(outcome, Rejected) else outcome
    direction = (told.text_direction if told else None) or "ltr"
    return Explanation(
        name=name,
        url=url,
        rejected=outcome if isinstance(outcome, Rejected) else None,
        word_count=0 if isinstance(outcome, Rejected) else outcome.word_count,
        language=told.language if told else None,
        direction=direction,
        fields=fields_of(told, trace) if told and trace else (),
        rows=_rows(trace, rules, direction) if trace else (),
    )


def _rows(trace: Trace, rules: RuleSet, direction: str) -> tuple[Row, ...]:
    reasons = Reasons(trace, rules)
    return tuple(
        _row(trace, i, decision, reasons.why(i, decision), direction)
        for i, decision in enumerate(trace.sieved.decisions)
    )


def _row(trace: Trace, i: int, decision: Decision, why: str, direction: str) -> Row:
    block, evidence = trace.view.blocks[i], trace.evidence
    extracted = _extracted(evidence, i)
    open_to_doubt = evidence is not None and (extracted or decision.keep or evidence.scores[i] >= DOUBTFUL)
    return Row(
        number=i,
        verdict=_verdict(decision),
        kind=decision.kind,
        rule=decision.rule,
        why=why,
        text=block.text,
        direction=direction_of_text(block.text, direction),
        place=place_of(trace.view, block.node),
        extracted=extracted,
        share=evidence.shares[i] if evidence and evidence.shares is not None else None,
        score=evidence.scores[i] if evidence else None,
        signs=tuple(evidence.strongest(i, _SIGNS)) if evidence and open_to_doubt else (),
    )


def _extracted(evidence: Evidence | None, i: int) -> bool:
    """True where the block would be published if nothing were sieved."""
    if evidence is None:
        return True
    if evidence.shares is None:
        return evidence.scores[i] >= DOUBTFUL
    return evidence.shares[i] >= KEEP


def _verdict(decision: Decision) -> Verdict:
    if decision.keep:
        return Verdict.KEPT
    return Verdict.OUTSIDE if decision.kind is None else Verdict.CUT


def direction_of_text(text: str, otherwise: str) -> str:
    """The way most of a text's letters run, `ltr` or `rtl`; `otherwise` where they tell nothing.

    The first letter alone, which `dir=auto` goes by, lays an Arabic paragraph that opens with a Latin
    name out from the left.
    """
    classes = Counter(map(unicodedata.bidirectional, text))
    rtl, ltr = sum(classes[name] for name in _RTL), classes["L"]
    if rtl == ltr:
        return otherwise
    return "rtl" if rtl > ltr else "ltr"
