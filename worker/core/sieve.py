"""Rules and evidence -> each block kept or cut, and why. Every decision is made here, stage by stage."""

from collections.abc import Sequence
from dataclasses import dataclass

from worker.core.blocks import BlockView
from worker.core.extract import KEEP
from worker.core.options import CleanOptions
from worker.core.records import Dateline, Removed
from worker.core.rules import RuleSet
from worker.core.sieving.claims import claim_elements, claim_lines
from worker.core.sieving.draft import Decision, Draft, Hints
from worker.core.sieving.fields import Fields, take_fields
from worker.core.sieving.repeats import Summary, cut_description, cut_duplicates, cut_titles
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
    dateline: Dateline | None
    source_credits: tuple[str, ...]


def sieve(
    view: BlockView, shares: Sequence[float] | None, rules: RuleSet, hints: Hints, options: CleanOptions
) -> Sieved:
    """Decide on every block of a page.

    `shares` is trafilatura's verdict in block order, 0 to 1; None for a text page: all kept to start with.
    """
    decisions = [Decision(keep=shares is None or shares[i] >= KEEP) for i in range(len(view.blocks))]
    draft = Draft(view, decisions, rules, hints, is_text=shares is None)
    was_kept = [decision.keep for decision in decisions]
    if not draft.is_text:
        claim_elements(draft)
    recover_standfirst(draft)
    fields = take_fields(draft)
    claim_lines(draft)
    title, section = _take_head(draft, options)
    summary = cut_description(draft)
    cut_duplicates(draft)
    cut_link_runs(draft)
    return Sieved(
        decisions=tuple(draft.decisions),
        paragraphs=tuple(join_broken(draft)),
        removed=tuple(_removed(draft, was_kept)),
        title=title,
        section=section,
        fields=fields,
        summary=summary,
        dateline=fields.dateline,
        source_credits=_credits(draft, fields),
    )


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
