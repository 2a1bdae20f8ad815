"""Stage: lines that are a field of the article. They feed the metadata, then go."""

import re
from dataclasses import dataclass, field

from worker.core.credits import parse_dateline, source_credit
from worker.core.dates import FoundDate, find_date
from worker.core.people import byline
from worker.core.records import Dateline, Kind
from worker.core.sieving.draft import Draft

_DATELINE_WORDS = 8  # a dateline on a line of its own is no longer
_FIELD_WORDS = 25  # a longer block is no field line
_LONGEST = 600  # characters, of the same
_IMAGE_FILE = re.compile(
    r"[\w%.()+-]+( [\w%.()+-]+){0,5}\.(jpe?g|png|gif|webp|avif|svg|bmp|tiff?)", re.IGNORECASE
)
# who wrote and who edited, as agencies and portals sign: (rpu/hns), (dpa/abc)
_INITIALS = re.compile(r"[(\[][a-z]{2,5}(?:[/,;-] ?[a-z]{2,5}){1,3}[)\]]\.?")
_BRACKETS = " 【】[]（）()"


@dataclass(slots=True)
class Fields:
    """What the article's own lines tell of it."""

    dates: list[FoundDate] = field(default_factory=list)
    authors: list[str] = field(default_factory=list)
    credits: dict[int, tuple[str, ...]] = field(default_factory=dict)  # by block
    dateline: Dateline | None = None


def take_fields(draft: Draft) -> Fields:
    """Cut date lines, bylines, source credits, datelines and image file names; give what they told."""
    fields = Fields()
    # a dateline stands no further down
    opening = min(draft.first_paragraph() + 3, len(draft.blocks))
    for i in draft.kept():
        text = draft.blocks[i].text
        if i <= opening or draft.words[i] <= _DATELINE_WORDS:
            _take_dateline(draft, i, fields, opens=i <= opening)
        if (
            not draft.decisions[i].keep
            or draft.words[i] > _FIELD_WORDS
            or len(text) > _LONGEST
            or "\n" in text
        ):
            continue
        _take_line(draft, i, text, fields)
    _take_head_credits(draft, opening, fields)
    return fields


def _take_head_credits(draft: Draft, opening: int, fields: Fields) -> None:
    """Credits that extraction has left out already, between the headline and the first paragraph."""
    headline = next((i for i in range(opening) if draft.blocks[i].tag == "h1"), opening)
    for i in range(headline + 1, opening):
        decision = draft.decisions[i]
        if decision.keep or decision.kind is not None or draft.words[i] > _FIELD_WORDS:
            continue
        names = source_credit(draft.blocks[i].text)
        if names is not None:
            fields.credits[i] = names
            draft.cut(i, Kind.SOURCE_CREDIT, "fields/source-credit")


def _take_line(draft: Draft, i: int, text: str, fields: Fields) -> None:
    if "." in text[-5:] and _IMAGE_FILE.fullmatch(text):
        draft.cut(i, Kind.IMAGE_FILENAME, "fields/image-filename")
        return
    names = source_credit(text)
    if names is not None:
        fields.credits[i] = names
        draft.cut(i, Kind.SOURCE_CREDIT, "fields/source-credit")
        return
    found = find_date(text)
    if found is not None and found.is_whole_line:
        fields.dates.append(found)
        draft.cut(i, Kind.DATE_LINE, "fields/date-line")
        return
    if _INITIALS.fullmatch(text):
        draft.cut(i, Kind.BYLINE, "fields/initials")
        return
    authors = byline(text.strip(_BRACKETS))
    if authors is not None:
        fields.authors += [author for author in authors if author not in fields.authors]
        draft.cut(i, Kind.BYLINE, "fields/byline")


def _take_dateline(draft: Draft, i: int, fields: Fields, *, opens: bool) -> None:
    found = parse_dateline(draft.blocks[i].text)
    if found is None:
        return
    dateline, rest = found
    if opens and fields.dateline is None:
        fields.dateline = dateline
    if rest.strip():
        return  # it opens a paragraph, and stays there
    draft.cut(i, Kind.DATELINE, "fields/dateline")
    if dateline.agency:
        fields.credits[i] = (dateline.agency,)
    before = next((k for k in range(i - 1, -1, -1) if draft.decisions[k].keep), None)
    if before is not None and before == i - 1 and _is_place_label(draft, before):
        draft.cut(before, Kind.DATELINE, "fields/place-label")


def _is_place_label(draft: Draft, i: int) -> bool:
    """The place once more, alone on its line, in any language: `Moskova` above `موسكو/ الأناضول`."""
    text = draft.blocks[i].text
    return draft.words[i] <= 2 and text.replace(" ", "").isalpha()
