"""Stage: what the layout model says. It cuts what no rule has named; the rules go first."""

from dataclasses import dataclass

from worker.core.blocks import BlockView
from worker.core.evidence.judge import Evidence
from worker.core.extract import KEEP
from worker.core.options import Strictness
from worker.core.prose import measured
from worker.core.records import Kind
from worker.core.sieving.draft import Draft

_LINKS = 0.5  # a block or box with more of its text in links is a list of links


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The probability from which a block is the article's."""

    paragraph: float  # where it is running text that trafilatura keeps: a lost paragraph is the worst
    kept: float  # where trafilatura keeps it
    missed: float  # where trafilatura leaves it out


# Chosen on the cross-validated table of the model card (training/README.md).
THRESHOLDS = {
    Strictness.GENTLE: Thresholds(0.2, 0.25, 0.5),
    Strictness.BALANCED: Thresholds(0.5, 0.55, 0.55),
    Strictness.STRICT: Thresholds(0.6, 0.7, 0.7),
}
DOUBTFUL = 0.1  # without trafilatura's verdict: what is below was never part of the article


def belonging(view: BlockView, evidence: Evidence, strictness: Strictness) -> list[bool]:
    """Whether each block is the article's by the evidence alone."""
    wanted = THRESHOLDS[strictness]
    _, running = measured(view)
    shares = evidence.shares or [1.0] * len(view.blocks)  # not asked: nothing is told against a block
    found = []
    for score, share, size in zip(evidence.scores, shares, running, strict=True):
        kept = wanted.paragraph if size else wanted.kept
        found.append(score >= (kept if share >= KEEP else wanted.missed))
    return found


def cut_by_layout(draft: Draft, evidence: Evidence, belongs: list[bool]) -> None:
    """Cut each kept block that the evidence says is not the article's."""
    wrong = [i for i in draft.kept() if not belongs[i]]
    for i, group in zip(wrong, evidence.strongest_groups(wrong), strict=True):
        draft.cut(i, _kind(draft, evidence, i), f"layout/{group}")


def _kind(draft: Draft, evidence: Evidence, i: int) -> Kind:
    """The kind of clutter that a block most likely is, by where it stands."""
    layout, block = evidence.layout, draft.blocks[i]
    if layout.lies_in(i, "figure") or (block.media and not draft.is_paragraph(i)):
        return Kind.CAPTION
    if draft.link_share(i) > _LINKS or layout.links_within[layout.parent[block.node]] > _LINKS:
        return Kind.RELATED_LINKS
    if layout.lies_in(i, "nav", "header", "footer"):
        return Kind.NAVIGATION
    return Kind.WIDGET
