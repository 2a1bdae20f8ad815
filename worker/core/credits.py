"""Source credits and datelines: whose report this is, and where it was filed."""

import re

from worker.core.agencies import is_agency
from worker.core.places import is_place
from worker.core.records import Dateline
from worker.core.shadow import bare, shadow

_LABELS = (
    "المصدر|مصدر الخبر|المصادر|مصدر|منبع|منابع|ماخذ|ذريعه|سرچاوە|source|sources|quelle|quellen|fuente|fuentes|"
    "fonte|fontes|fonti|kaynak|kaynaklar|menbe|источник|источники|джерело|zrodlo|zrodla|bron|bronnen|sumber|"
    "πηγη|πηγεσ|מקור|מקורות|来源|來源|出典|출처|kalla|kallor|kilde|kilder|lahde|sursa|zdroj|forras|източник|"
    "извор|izvor|nguon|स्रोत|সূত্র|ที่มา|แหล่งที่มา"
)
_CREDIT = re.compile(rf"[\W_]*(?:{_LABELS})\s*[:：]\s*(\S.*)")
_MARKED = re.compile(r"[-–—\s]*[(\[（]\s*([^()\[\]（）]{2,40}?)\s*[)\]）][\s.]*")
_NAMES = re.compile(r"\s*[,،;؛/|+]\s*|\s+[-–—]\s+")
_LABEL_END = re.compile(r"[:：]")
# after a label, one of these begins what a source said, not who it is
_SAYS = frozenset(
    "قال قالت اكد اكدت ان انه اوضح اضاف ذكر كشف نفي هناك لا لم سوف said says told that the there we i it he she "
    "they dice dijo que dit que sagte dass".split()
)
_MOST_WORDS = 8

_WORDS = r"[^\s/()\-–—:،,.]+(?:[ '’][^\s/()\-–—:،,.]+){0,3}"
_DASH = r"\s*(?:--|[-–—])\s*"
_SLASH = re.compile(rf"({_WORDS})\s*/\s*(\S.*)")
_PARENTHESES = re.compile(
    rf"({_WORDS}(?:\s*[/،,]\s*[^()]{{1,40}}?)?)\s*\(([^()]{{2,40}})\)(?:{_DASH}|\s*:\s*|\s+|$)(.*)"
)
_TWO_DASHES = re.compile(rf"({_WORDS}){_DASH}({_WORDS}){_DASH}(.*)")
_ONE_DASH = re.compile(rf"({_WORDS})\s*(?:--|[–—]|\s-)\s*(\S.*)")
_OPENING = 120  # characters: no dateline is longer
_AGENCY_WORDS = 4


def source_credit(line: str) -> tuple[str, ...] | None:
    """The names of a line that is nothing but a source credit: `المصدر: RT`, `Source: Reuters`, `(dpa)`.

    None for any other line, a sentence about what a source said among them.
    """
    if len(line) > 160:
        return None
    marked = _MARKED.fullmatch(line)
    if marked is not None:
        return (marked[1].strip(),) if is_agency(marked[1]) else None
    shadowed = shadow(line)
    if _CREDIT.fullmatch(shadowed) is None:
        return None
    end = _LABEL_END.search(line)
    if end is None:
        return None
    names = line[end.end() :].strip().rstrip(".").strip()
    words = bare(shadow(names)).split()
    if not words or len(words) > _MOST_WORDS or words[0] in _SAYS or _is_statement(line):
        return None
    found = tuple(name.strip(" ()[]\"'«»") for name in _NAMES.split(names))
    return tuple(name for name in found if name) or None


def _is_statement(line: str) -> bool:
    return line.rstrip().endswith(("!", "?", "؟", "…")) or (
        line.rstrip().endswith(".") and len(line.split()) > 5
    )


def parse_dateline(line: str) -> tuple[Dateline, str] | None:
    """The dateline that a line opens with, and the rest of the line; None without one.

    `موسكو/ الأناضول`, `نيويورك/ الأناضول ناقش ...`, `BERLIN (Reuters) - ...`, `عمان - بترا - ...`,
    `PARIS, March 3 (Xinhua) -- ...`, `كازاخستان – أكد ...`. A place alone counts only where it is a known one.
    """
    text = line.strip()
    return _by_slash(text) or _by_parentheses(text) or _by_two_dashes(text) or _by_one_dash(text)


def _by_slash(text: str) -> tuple[Dateline, str] | None:
    match = _SLASH.match(text[:_OPENING])
    if match is None:
        return None
    after = text[match.start(2) :].split()
    for count in range(min(_AGENCY_WORDS, len(after)), 0, -1):
        agency = " ".join(after[:count]).rstrip(":-–—.،,")
        if is_agency(agency) and (is_place(match[1]) or count == len(after)):
            rest = text[match.start(2) :].split(maxsplit=count)
            return Dateline(match[1], agency), rest[count] if len(rest) > count else ""
    return None


def _by_parentheses(text: str) -> tuple[Dateline, str] | None:
    match = _PARENTHESES.match(text)
    if match is None or match.end(2) > _OPENING:
        return None
    place = re.split(r"\s*[/،,]\s*", match[1])[0]
    agency = match[2].strip()
    if is_agency(agency, alone=not is_place(place)):
        return Dateline(place, agency), match[3]
    return None


def _by_two_dashes(text: str) -> tuple[Dateline, str] | None:
    match = _TWO_DASHES.match(text)
    if match is None or match.end(2) > _OPENING:
        return None
    one, other = match[1].strip(), match[2].strip()
    if is_place(one) and is_agency(other):
        return Dateline(one, other), match[3]
    if is_agency(one, alone=True) and is_place(other):
        return Dateline(other, one), match[3]
    return None


def _by_one_dash(text: str) -> tuple[Dateline, str] | None:
    match = _ONE_DASH.match(text)
    if match is None or not is_place(match[1]) or len(match[2].split()) < 8:
        return None
    return Dateline(match[1].strip(), None), match[2]
