"""Stage: what stands on the page twice. The headline, the description, and text printed again."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from worker.core.dates import find_date
from worker.core.records import Kind
from worker.core.shadow import letters, shadow
from worker.core.sieving.draft import Draft

_ELLIPSIS = re.compile(r"\.{3}|…")
_SENTENCES = re.compile("[.!?。！？؟۔।…]+")
_MIN_REPEATED = 60  # letters: a shorter line may well come twice in an article
_MIN_SENTENCE = 12  # letters: shorter pieces prove nothing
_TITLE_WORDS = 40  # a longer block is no headline
# characters: what is longer is not what a stage looks for
_LONGEST_TITLE = 5_000
_LONGEST_DESCRIPTION = 2_000
_LONGEST_COMPARED = 100_000
_MOST_COMPARED = 200_000  # characters: comparing all with all takes the square of their number
_HEADINGS = frozenset({"h1", "h2", "h3"})


@dataclass(frozen=True, slots=True)
class Summary:
    """What a description line told beside the description."""

    text: str
    date: str | None
    date_raw: str | None
    site_name: str | None


def cut_titles(draft: Draft, titles: tuple[str, ...]) -> None:
    """Cut each kept line that is the headline again."""
    wanted = [_Title(title) for title in titles if title]
    top = draft.first_paragraph()
    for i in draft.kept():
        near_top = i <= top or draft.blocks[i].tag in _HEADINGS
        if (
            draft.words[i] <= _TITLE_WORDS
            and len(draft.blocks[i].text) <= _LONGEST_TITLE
            and any(title.is_in(draft.blocks[i].text, near_top=near_top) for title in wanted)
        ):
            draft.cut(i, Kind.TITLE, "repeats/title")


def find_headline(draft: Draft, titles: tuple[str, ...]) -> int | None:
    """The kept block at the top that is the headline: a heading, where one is; None without any."""
    wanted = [_Title(title) for title in titles if title]
    top = draft.first_paragraph()
    found = [
        i
        for i in draft.kept()
        if i <= top
        and draft.words[i] <= _TITLE_WORDS
        and any(title.is_in(draft.blocks[i].text, near_top=True) for title in wanted)
    ]
    return next((i for i in found if draft.blocks[i].tag in _HEADINGS), found[0] if found else None)


class _Title:
    """A headline to look for, in the shapes that lines repeat it in."""

    def __init__(self, text: str) -> None:
        self.letters = letters(text)
        self.words = set(shadow(text).split())

    def is_in(self, text: str, *, near_top: bool) -> bool:
        line = letters(text)
        if not line:
            return False
        if line == self.letters:
            return True
        if not near_top or len(self.words) < 4:
            return False
        words = set(shadow(text).split())
        common = len(words & self.words)
        return common / (len(words) + len(self.words) - common) >= 0.75


def cut_description(draft: Draft) -> Summary | None:
    """Cut a line near the top that is a later paragraph's beginning, ended by an ellipsis."""
    kept = draft.kept()
    for place, i in enumerate(kept[:4]):
        match = _ELLIPSIS.search(draft.blocks[i].text)
        if match is None or match.start() > _LONGEST_DESCRIPTION:
            continue
        text = draft.blocks[i].text
        opening = letters(text[: match.start()])
        if len(opening) < 40:
            continue
        rest = text[match.end() :].strip()
        if len(rest) <= 80 and any(
            letters(draft.blocks[k].text[: 4 * _LONGEST_DESCRIPTION]).startswith(opening)
            for k in kept[place + 1 :]
        ):
            draft.cut(i, Kind.DESCRIPTION, "repeats/description")
            return _summary(text[: match.end()], rest)
    return None


def _summary(text: str, rest: str) -> Summary:
    found = find_date(rest)
    site = rest
    if found is not None:
        site = rest.replace(found.raw, "")
    site = site.strip(" ,،|-–")
    return Summary(
        text,
        found.iso if found else None,
        found.raw if found else None,
        site if 0 < len(site.split()) <= 5 else None,
    )


def cut_run_together(draft: Draft, belongs: Sequence[bool]) -> None:
    """Cut a block that runs other blocks of the page together: the whole text again, in one piece.

    One of those, of some length, must belong to the article: else the text would go with both its copies.
    """
    whole = {i: letters(draft.blocks[i].text) for i in draft.kept()}
    openings: dict[str, list[int]] = {}  # so that no block is compared with every other
    for k, line in whole.items():
        if len(line) > _MIN_REPEATED and belongs[k]:
            openings.setdefault(line[:_MIN_REPEATED], []).append(k)
    for i, line in whole.items():
        is_long = len(line) >= 4 * _MIN_REPEATED
        if is_long and _holds_another(draft, line, whole, openings) and _runs_together(draft, i, whole):
            draft.cut(i, Kind.DUPLICATE_TEXT, "repeats/run-together")


def cut_duplicates(draft: Draft) -> None:
    """Cut running text that stands on the page a second time.

    Short lines, list items and what comes more than twice (an interviewer's question, a recipe's step)
    may repeat by the author's will.
    """
    whole = {i: letters(draft.blocks[i].text[:_LONGEST_COMPARED]) for i in draft.kept()}
    times = Counter(whole.values())
    seen: set[str] = set()
    for i in draft.kept():
        line = whole[i]
        if len(line) >= _MIN_REPEATED and times[line] == 2 and draft.is_paragraph(i):
            if line in seen:
                draft.cut(i, Kind.DUPLICATE_TEXT, "repeats/duplicate")
            seen.add(line)


def _holds_another(
    draft: Draft, line: str, whole: Mapping[int, str], openings: Mapping[str, Sequence[int]]
) -> bool:
    """True where another kept block's text, of some length, stands within the line."""
    found = {line[place : place + _MIN_REPEATED] for place in range(len(line))} & openings.keys()
    return any(
        whole[k] != line and draft.decisions[k].keep and whole[k] in line
        for opening in found
        for k in openings[opening]
    )


def _runs_together(draft: Draft, i: int, whole: Mapping[int, str]) -> bool:
    others = "".join(whole[k] for k in draft.kept() if whole[k] != whole[i])
    if whole[i][:_MIN_SENTENCE] not in others:
        return False
    pieces = [letters(piece) for piece in _SENTENCES.split(draft.blocks[i].text)]
    pieces = [piece for piece in pieces if len(piece) >= _MIN_SENTENCE]
    found = sum(len(piece) for piece in pieces if piece in others)
    return len(pieces) >= 2 and found >= 0.9 * sum(map(len, pieces))
