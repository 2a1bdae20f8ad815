"""Stage: what the rules claim. Elements first, then lines, then what goes with headings."""

from collections.abc import Sequence

from worker.core.match import claim_container, claim_line
from worker.core.prose import ends_sentence
from worker.core.records import Kind
from worker.core.rules import Claim, Takes
from worker.core.sieving.draft import Draft

# a container that holds more than this share of the running text is the article's own
_ARTICLE_SHARE = 0.5
# lines of these kinds stand after an article's last paragraph
_TAIL = frozenset({Kind.SOURCE_CREDIT, Kind.TAGS, Kind.SHARE, Kind.COMMENTS, Kind.COMMENT_FORM})
_TITLE_WORDS = 25  # a line without a full stop and of at most so many words can be a list's entry


def claim_elements(draft: Draft) -> None:
    """Cut the blocks in elements that a rule selects."""
    whole = draft.weight(0, len(draft.blocks))
    claimed_to = 0  # elements inside a claimed one add nothing
    for container in draft.view.containers:
        if container.end <= claimed_to or container.first == container.end:
            continue
        claim = claim_container(container, draft.rules)
        if claim is None or draft.weight(container.first, container.end) > _ARTICLE_SHARE * whole:
            continue
        claimed_to = container.end
        for i in range(container.first, container.end):
            if draft.decisions[i].kind is None:
                draft.cut(i, claim.kind, claim.rule)


def claim_lines(draft: Draft) -> None:
    """Cut the blocks whose own text a rule claims, and what goes with those that are headings."""
    first, end = _span(draft)
    headings: list[tuple[int, Claim]] = []
    for i in range(first, end):
        claim = claim_line(draft.blocks[i].text, draft.rules, draft.hints.language, draft.link_share(i))
        if claim is None:
            continue
        if draft.decisions[i].kind is None:
            draft.cut(i, claim.kind, claim.rule)
        if claim.takes is not None:
            headings.append((i, claim))
    _cut_sections(draft, headings)


def _cut_sections(draft: Draft, headings: Sequence[tuple[int, Claim]]) -> None:
    """Cut what goes with the headings. Where sections overlap, a block is of the last that began before it.

    One pass: no block is looked at again for each of the thousand headings before it.
    """
    around: list[tuple[int, Claim]] = []  # ends of the sections that are open, the last begun last
    entries = _Entries(draft)
    done = cut_until = 0
    for i, claim in headings:
        _name_sections(draft, around, done, i + 1)
        done = i + 1
        end = _section_end(draft, i, claim, entries)
        around.append((end, claim))
        for j in range(max(done, cut_until), end):
            draft.cut(j, claim.kind, claim.rule)
        cut_until = max(cut_until, end)
    _name_sections(draft, around, done, cut_until)


def _name_sections(draft: Draft, around: list[tuple[int, Claim]], first: int, end: int) -> None:
    for j in range(first, end):
        while around and around[-1][0] <= j:
            around.pop()
        if not around:
            continue
        claim = around[-1][1]
        draft.cut(j, claim.kind, claim.rule)


def _span(draft: Draft) -> tuple[int, int]:
    """The blocks worth looking at: those kept, and a few around them."""
    kept = draft.kept()
    if not kept:
        return 0, 0
    return max(0, kept[0] - 5), min(len(draft.blocks), kept[-1] + 5)


def _section_end(draft: Draft, heading: int, claim: Claim, entries: "_Entries") -> int:
    """The index after the last block that goes with a heading."""
    if draft.is_text:
        limit = len(draft.blocks)
        if _after_article(draft, heading):
            return limit
    else:
        container_end = _own_container_end(draft, heading)
        if container_end is not None:
            return container_end
        parent = draft.view.containers[max(0, draft.view.containers[draft.blocks[heading].node].parent)]
        limit = parent.end
    if claim.takes is Takes.END:
        after, before = draft.weight(heading, limit), draft.weight(0, heading)
        return limit if after < before else heading + 1
    return min(limit, entries.end(heading + 1))


def _after_article(draft: Draft, heading: int) -> bool:
    """True when the block before a heading, cut or kept, is one that ends articles."""
    if heading == 0:
        return False
    before = draft.decisions[heading - 1]
    return not before.keep and before.kind in _TAIL and draft.weight(0, heading) > 0


def _own_container_end(draft: Draft, heading: int) -> int | None:
    """The end of the widest element that the heading opens, when that is more than the heading alone.

    An element around a list that was found already must not bring running text in: it is the article's.
    """
    end, held = None, 0
    whole = draft.weight(0, len(draft.blocks))
    for node in draft.view.ancestors(draft.blocks[heading].node):
        container = draft.view.containers[node]
        weight = draft.weight(heading, container.end)
        if (
            container.first != heading
            or weight > _ARTICLE_SHARE * whole
            or (end is not None and weight > held)
        ):
            break
        if container.end > heading + 1:
            end, held = container.end, weight
    return end


class _Entries:
    """Where runs of a list's entries end. Asked from the top down, it looks at each block once."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._first = self._end = 0

    def end(self, start: int) -> int:
        """The index after the last entry of the run that begins at `start`."""
        if not self._first <= start <= self._end:
            self._first = self._end = start
        while self._end < len(self._draft.blocks) and _is_entry(self._draft, self._end):
            self._end += 1
        return self._end


def _is_entry(draft: Draft, i: int) -> bool:
    if draft.link_share(i) > 0.6:
        return True
    block = draft.blocks[i]
    short = draft.words[i] <= _TITLE_WORDS and not ends_sentence(block.text)
    return short and (draft.is_text or block.tag == "li")
