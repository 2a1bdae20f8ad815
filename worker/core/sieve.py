"""Rules and evidence -> each block kept or cut, and why. Every decision is made here, stage by stage."""

from collections.abc import Sequence
from dataclasses import dataclass

from worker.core.blocks import BlockView
from worker.core.evidence.judge import Evidence
from worker.core.extract import KEEP
from worker.core.options import CleanOptions
from worker.core.records import Dateline, Kind, Removed
from worker.core.rules import RuleSet
from worker.core.sieving.claims import claim_elements, claim_lines
from worker.core.sieving.draft import Decision, Draft, Hints
from worker.core.sieving.fields import Fields, take_fields
from worker.core.sieving.headings import recover_fragments, recover_subheads
from worker.core.sieving.layout import DOUBTFUL, belonging, cut_by_layout
from worker.core.sieving.repeats import (
    Summary,
    cut_description,
    cut_duplicates,
    cut_run_together,
    cut_titles,
    find_headline,
)
from worker.core.sieving.shape import (
    cut_labels,
    cut_link_runs,
    find_title,
    join_broken,
    recover_standfirst,
    section_label,
)


@dataclass(frozen=True, slots=True)
class Sieved:
    """What the sieve gives: a decision on every block, the article's text, the fields its lines told."""

    decisions: tuple[Decision, ...]
    paragraphs: tuple[str, ...]
    removed: tuple[Removed, ...]
    title: str | None  # found on the page itself; only looked for in text pages
    section: str | None
    fields: Fields
    summary: Summary | None
    standfirst: str | None
    dateline: Dateline | None
    source_credits: tuple[str, ...]


def sieve(
    view: BlockView, evidence: Evidence | None, rules: RuleSet, hints: Hints, options: CleanOptions
) -> Sieved:
    """Decide on every block of a page.

    `evidence` is None for a text page: all its blocks are kept to start with, and only rules decide.
    """
    every = [True] * len(view.blocks)
    belongs = every if evidence is None else belonging(view, evidence, options.strictness)
    was_kept = _extracted(evidence, belongs)
    decisions = [Decision(keep=kept or own) for kept, own in zip(was_kept, belongs, strict=True)]
    draft = Draft(view, decisions, rules, hints, is_text=evidence is None)
    if not draft.is_text:
        claim_elements(draft)
    standfirst = recover_standfirst(draft)
    fields = take_fields(draft)
    claim_lines(draft)
    title, section = _take_head(draft, options)
    cut_run_together(draft, belongs)
    if evidence is not None:
        _spare(belongs, standfirst, find_headline(draft, hints.titles) if options.title_in_text else None)
        cut_by_layout(draft, evidence, belongs)
        recover_subheads(draft, evidence)
        recover_fragments(draft, evidence)
    summary = cut_description(draft)
    cut_duplicates(draft)
    cut_link_runs(draft)
    if standfirst is not None and not options.standfirst_in_text and draft.decisions[standfirst].keep:
        draft.cut(standfirst, Kind.DESCRIPTION, "repeats/standfirst")
    return Sieved(
        decisions=tuple(draft.decisions),
        paragraphs=tuple(join_broken(draft)),
        removed=tuple(_removed(draft, was_kept)),
        title=title,
        section=section,
        fields=fields,
        summary=summary,
        standfirst=None if standfirst is None else view.blocks[standfirst].text,
        dateline=fields.dateline,
        source_credits=_credits(draft, fields),
    )


def _extracted(evidence: Evidence | None, belongs: list[bool]) -> list[bool]:
    """What extraction alone would publish; without trafilatura, what is not clutter beyond doubt."""
    if evidence is None:
        return belongs
    if evidence.shares is None:
        return [score >= DOUBTFUL for score in evidence.scores]
    return [share >= KEEP for share in evidence.shares]


def _take_head(draft: Draft, options: CleanOptions) -> tuple[str | None, str | None]:
    """Take the headline and the labels above it. The headline stays in the text where options say so."""
    titles, section = draft.hints.titles, None
    if draft.is_text:
        place = find_title(draft)
        if place is None:
            return None, None
        titles = (draft.blocks[place].text,)
        cut_labels(draft, place)
        section = section_label(draft, place)
    if not options.title_in_text:
        cut_titles(draft, titles)
    return (titles[0] if draft.is_text else None), section


def _spare(belongs: list[bool], *places: int | None) -> None:
    # standfirst and headline have options of their own, and golds disagree on them: not for the model
    for place in places:
        if place is not None:
            belongs[place] = True


def _removed(draft: Draft, was_kept: Sequence[bool]) -> list[Removed]:
    """What was cut of the text that extraction alone would have published."""
    return [
        Removed(decision.kind, decision.rule or "", block.text)
        for block, decision, kept in zip(draft.blocks, draft.decisions, was_kept, strict=True)
        if kept and decision.kind is not None
    ]


def _credits(draft: Draft, fields: Fields) -> tuple[str, ...]:
    # a credit in a teaser that went with its section is not the article's
    found: dict[str, None] = {}
    for i, names in fields.credits.items():
        rule = draft.decisions[i].rule or ""
        if rule.startswith("fields/"):
            found.update(dict.fromkeys(names))
    return tuple(found)
