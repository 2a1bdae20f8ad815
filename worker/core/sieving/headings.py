"""Stage: what is short goes with what is around it: subheads, and pieces of a broken paragraph."""

from itertools import pairwise

from worker.core.blocks import Block
from worker.core.evidence.judge import Evidence
from worker.core.extract import KEEP
from worker.core.sieving.draft import CONTINUES, Draft

_HEADINGS = frozenset({"h2", "h3", "h4", "h5", "h6"})
_BOX = 4  # blocks: a box amid a paragraph has no more
_LEAST = 0.15  # a heading less likely than this is not the article's, whatever it stands above


def recover_subheads(draft: Draft, evidence: Evidence) -> None:
    """Keep the subheads just above a kept paragraph that have the same container.

    Alone, a short line looks like a label; the paragraph below tells that it is none.
    """
    kept = [i for i, decision in enumerate(draft.decisions) if decision.keep]
    for before, after in pairwise([-1, *kept]):
        i = after - 1
        if i == before or not draft.is_paragraph(after):
            continue
        block = draft.blocks[i]
        if block.tag in _HEADINGS and evidence.scores[i] >= _LEAST and _share_container(draft, block, after):
            _restore(draft, i)


def _share_container(draft: Draft, heading: Block, after: int) -> bool:
    containers = draft.view.containers
    return containers[heading.node].parent == containers[draft.blocks[after].node].parent


def recover_fragments(draft: Draft, evidence: Evidence) -> None:
    """Keep both pieces of a paragraph that a box has broken in two: the second begins with punctuation.

    trafilatura must keep them, and a kept paragraph must stand near.
    """
    if evidence.shares is None:
        return
    extracted = [i for i, share in enumerate(evidence.shares) if share >= KEEP]
    for first, second in pairwise(extracted):
        if second - first > _BOX or not CONTINUES.match(draft.blocks[second].text):
            continue
        around = range(max(0, first - _BOX), second)
        if any(draft.decisions[k].keep and draft.is_paragraph(k) for k in around):
            _restore(draft, first)
            _restore(draft, second)


def _restore(draft: Draft, i: int) -> None:
    rule = draft.decisions[i].rule
    if rule is None or rule.startswith("layout/"):  # a cue's cut stands
        draft.keep(i)
