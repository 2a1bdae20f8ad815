"""Lines that credit a source, and datelines: where a report was filed, and by which agency."""

import re

from worker.core.agencies import is_agency
from worker.core.calendars import GREGORIAN_MONTHS
from worker.core.places import is_place
from worker.core.records import Dateline
from worker.core.shadow import bare, shadow

_LONGEST_CREDIT = 120
_MOST_CREDITED_WORDS = 6
_LABEL = re.compile(
    r"^[\W_]*(?:المصدر|المصادر|مصدر الخبر|مصدر|نقلا عن|نقلاً عن|sources?|(?:text)?quellen?|"
    r"fuentes?|fontes?|fonti|"
    r"kaynak(?:lar|ça)?|منبع|منابع|источник(?:и)?|джерел[оа]|bron(?:nen)?|źródł[oa]|zdroj|sumber|ماخذ|بشکریہ|"
    r"מקור|πηγή|πηγές|来源|來源|出典|출처|kilde|källa|lähde|forrás|sursă?|nguồn|स्रोत|সূত্র|izvor)"
    r"\s*(?:[:：]|[-–—|]\s)\s*(?P<names>\S.*)$",
    re.IGNORECASE,
)
_MAY_BE_CREDIT = re.compile(r"[:：|()\[\]/«»*©–—-]")
_SPLIT = re.compile(r"\s*(?:[+,،、;؛|&•/]|\s[-–—]\s|\s(?:and|und|et|y|ve|и)\s)\s*")
_BRACKETED = re.compile(r"^[\s\W_]*[(\[/«][\s]*(?P<names>[^()\[\]«»]{2,60}?)\s*[)\]/»][\s.،*_-]*$")
_DASHED = re.compile(r"^\s*[-–—*]+\s*(?P<names>[^-–—*]{2,40}?)\s*[-–—*.]*\s*$")
_SENTENCE = re.compile(r"[.!?؟…:«»\"“”]\s|[?؟!…]$|[\"“”«]")
_ADDRESS = re.compile(r"(?:https?://)?(?:www\.)?((?:[\w-]+\.)+[a-z]{2,})(?:/\S*)?", re.IGNORECASE)
_INITIALS = re.compile("[a-z]{2,4}")
_EDITORS = re.compile("[a-z]{2,4}|[A-Z]{2,3}")
_COPYRIGHT = re.compile(r"^(?:©|\([cC]\))\s*(?:(?:19|20)\d\d\s+)?(?P<names>[^\W\d].{1,60})$")
_POINTERS = frozenset("here link hier ici aqui qui tutaj burada هنا اينجا тут здесь".split())
# Words of sentences: a credit names somebody and says nothing
_SAYING = frozenset(
    map(
        shadow,
        """
        قال قالت إن أن الذي التي هذا هذه ذلك لم لن لا ما كان كانت كشف كشفت أكد أكدت أضاف أضافت رفض رفضت
        طلب طلبت يقول تقول هو هي على لقد قد سوف عدم يجب ليس مطلع مسؤول مقرب
        is are was were said says told that this which who has have had will would can
        ist sind war wurde sagte dass wird hat haben nicht
        est sont était a dit que qui pas ne es son fue dijo no è sono ha detto che não foi disse
        است بود گفت که این می شد را کرد сказал сказала что это был была не
        """.split(),
    )
)
_ARABIC = re.compile("[\u0600-\u06ff]")

_DASH = r"(?:[-–—−]{1,3}|ـ{1,3})"
_DASHES = r"[-–—−ـ]++"  # possessive: a rule of fifty hyphens has more ways to be groups of three than seconds
_PLACE = r"[^\W\d_][^()\[\]/|:؛;!?؟\"«»“”\n–—ـ]{1,44}?"
_AGENCY = r"[^()\[\]\d\n|:؛;!?؟\"«»“”]{2,44}?"
_DAY = r"(?:,\s*(?:[^\W\d_]{3,9}\.?\s+\d{1,2}(?:,\s*\d{4})?|\d{1,2}(?:\s+[^\W\d_]{3,9}\.?)?))?"
_FORMS = (
    # BERLIN (Reuters) - , القاهرة (رويترز) – , PARIS, March 3 (Xinhua) --
    re.compile(rf"^(?P<place>{_PLACE}){_DAY}\s*\((?P<agency>{_AGENCY})\)\s*(?:{_DASH}|:|$)\s*"),
    # WASHINGTON, Feb. 4, 2021 /PRNewswire/ --
    re.compile(rf"^(?P<place>{_PLACE}){_DAY}\s*/(?P<agency>{_AGENCY})/\s*{_DASHES}\s*"),
    # عمان - بترا - , دمشق-سانا , لندن ـ رويترز:
    re.compile(
        rf"^(?P<place>{_PLACE})\s*{_DASH}\s*[«\"“]?(?P<agency>{_AGENCY})[»\"”]?"
        rf"\s*(?:\s{_DASHES}\s|{_DASHES}\s|[:/]\s?|$)\s*"
    ),
    # موسكو/ الأناضول , إسطنبول / أحمد علي / الأناضول
    re.compile(
        rf"^(?P<place>{_PLACE})\s*/\s*(?:[^\W\d_][^/\d:.()\n]{{3,40}}/\s*)?(?P<agency>{_AGENCY})"
        rf"(?:\s*(?:{_DASH}|[:/])\s+|$)"
    ),
    # МОСКВА, 4 фев — РИА Новости. , JAKARTA, KOMPAS.com -
    re.compile(rf"^(?P<place>{_PLACE}){_DAY}\s*{_DASHES}\s*(?P<agency>{_AGENCY})\.\s"),
    re.compile(rf"^(?P<place>[A-Z][A-Z .]{{2,30}}), (?P<agency>[A-Z][\w.]{{2,20}}) {_DASH}\s"),
    # بيروت ـ «القدس العربي»:
    re.compile(
        rf"^(?P<place>{_PLACE})\s*(?:{_DASH}|:)\s*(?P<quote>[«\"“])(?P<agency>{_AGENCY})[»\"”]"
        rf"\s*(?:{_DASHES}|:|$)\s*"
    ),
    # MADRID, 3 (EUROPA PRESS)
    re.compile(rf"^(?P<place>[A-ZÁÉÍÓÚÑ][A-ZÁÉÍÓÚÑ .]{{2,30}}){_DAY}\s*\((?P<agency>{_AGENCY})\)\s+"),
    # (رويترز) -
    re.compile(rf"^\((?P<agency>{_AGENCY})\)\s*{_DASHES}\s*"),
    # نيويورك/ الأناضول ناقش مجلس الأمن
    re.compile(rf"^(?P<place>{_PLACE})\s*/\s*(?P<agency>[^\s/\d:.()]+)\s+(?=[^\W\d_])"),
)
_PLACE_ALONE = re.compile(rf"^(?P<place>{_PLACE}){_DAY}(?:\s*(?:[–—]|--)\s*|\s+{_DASHES}\s+)(?=\S)")
_AGENCY_FIRST = re.compile(rf"^(?P<agency>[^\W\d_][^\d()\n–—]{{1,30}}?)\s{_DASHES}\s(?=\S)")
_MAY_BE_DATELINE = re.compile(r"[-–—ـ−/(]|:\s?[«\"“]")
_LONGEST_HEAD = 120
_FARTHEST_SIGN = 60  # characters: no place and agency are longer
_FEWEST_WORDS = 8  # of the text behind a place and a dash alone: shorter lines are headlines and matches
_INSERTED = re.compile(r"^[^.؟?!]{0,120}\s[-–—]\s")
_NOT_PLACES = frozenset(
    """
    update exclusive breaking analysis opinion video watch photos live note editor file correction
    column factbox timeline explainer refile interview feature press release advisory alert urgent
    wrapup graphic insight
    """.split()
)


def source_credit(line: str) -> tuple[str, ...] | None:
    """The sources of a line that is nothing but a credit: `المصدر: RT`, `(Reuters)`, `--(بترا)`.

    None for sentences (`وقال المصدر: ...`) and for everything else.
    """
    text = " ".join(line.split())
    if not 2 <= len(text) <= _LONGEST_CREDIT:
        return None
    if not _MAY_BE_CREDIT.search(text):
        return (text,) if is_agency(text, alone=True) else None
    label = _LABEL.match(text)
    if label:
        return _credited(label["names"])
    for pattern in (_BRACKETED, _DASHED, _COPYRIGHT):
        match = pattern.match(text)
        if match:
            return _agencies(match["names"])
    names = _names(text)
    return names if names and all(is_agency(name, alone=True) for name in names) else None


def _agencies(text: str) -> tuple[str, ...] | None:
    """The agencies of `dpa/lby`: beside one may stand the initials of who edited its report."""
    names = _names(text)
    agencies = tuple(filter(is_agency, names))
    rest = [name for name in names if name not in agencies]
    return agencies if agencies and all(map(_EDITORS.fullmatch, rest)) else None


def _names(text: str) -> tuple[str, ...]:
    parts = (part.strip(" \t.،,:;*-–—_»«\"'\u200f\u200e") for part in _SPLIT.split(text))
    return tuple(
        name for part in parts if (name := part[1:-1] if part[:1] == "(" and part[-1:] == ")" else part)
    )


def _credited(text: str) -> tuple[str, ...] | None:
    """The names behind a label, if they are names: few words, capitals in Latin script, nothing said."""
    text = text.strip(" ©").rstrip(".").strip()
    if shadow(text) in _POINTERS:
        return None
    if text.isalpha() and len(text) > 3 and shadow(text) not in _SAYING:
        return (text,)  # names that write themselves small: `Quelle: kathpress`
    address = _ADDRESS.fullmatch(text)
    if address:
        return (address[1],)
    if _SENTENCE.search(text + " ") and not all(map(is_agency, _names(text))):
        return None
    names = tuple(name for name in _names(text) if not _INITIALS.fullmatch(name) or is_agency(name))
    return names if names and all(map(_is_source, names)) else None


def _is_source(name: str) -> bool:
    words = name.split()
    if is_agency(name) or _ADDRESS.fullmatch(name):
        return True
    if not words or len(words) > _MOST_CREDITED_WORDS or any(shadow(word) in _SAYING for word in words):
        return False
    if name.isdigit():
        return False
    return bool(_ARABIC.search(name)) or not _is_cased(name) or any(word[0].isupper() for word in words)


def _is_cased(text: str) -> bool:
    return any(char.islower() or char.isupper() for char in text)


def parse_dateline(line: str) -> tuple[Dateline, str] | None:
    """The dateline that a line begins with, and the text behind it; the text is empty where it is all.

    `BERLIN (Reuters) - The ...`, `موسكو/ الأناضول`, `كازاخستان – أكد ...`. The place is in the table of
    places, or the agency in that of agencies and the place has the shape of one; a place without an
    agency needs a text behind its dash. None for headlines, matches and parentheses between dashes.
    """
    text = line.strip()
    head = text[:_LONGEST_HEAD]
    if len(text) < 4 or not _MAY_BE_DATELINE.search(head, 0, _FARTHEST_SIGN):
        return None
    for pattern in _FORMS:
        match = pattern.match(head)
        found = _with_agency(match) if match else None
        if match and found:
            return found, text[match.end() :].strip()
    return _place_alone(text, head) or _agency_first(text, head)


def _with_agency(match: re.Match[str]) -> Dateline | None:
    agency = match["agency"].strip(' «»"“”.')
    parts = match.groupdict()
    if "place" not in parts:
        return Dateline(None, agency) if is_agency(agency) else None
    place = match["place"].strip(" ,،.-–—ـ")
    if bare(shadow(place.split()[0] if place else "")) in GREGORIAN_MONTHS and is_agency(agency):
        return Dateline(None, agency)  # Jan. 12 (Bloomberg) --
    if not is_agency(agency) and not (_is_outlet(agency, "quote" in parts) and is_place(place)):
        return None
    return Dateline(place, agency) if _has_the_shape(place) else None


def _is_outlet(name: str, is_quoted: bool) -> bool:
    """True for what stands as a newspaper's name behind a known place: in quotes, or as its address."""
    return (is_quoted and len(name.split()) <= 4) or _ADDRESS.fullmatch(name) is not None


def _has_the_shape(place: str) -> bool:
    """True for a known place, and for one to four words that could be one: capitals in cased scripts."""
    if is_place(place):
        return True
    words = place.split()
    if not 1 <= len(words) <= 4 or is_agency(place) or bare(shadow(words[0])) in _NOT_PLACES:
        return False
    if any(shadow(word) in _SAYING or shadow(word) in GREGORIAN_MONTHS for word in words):
        return False
    return not _is_cased(place) or all(word[0].isupper() or len(word) <= 3 for word in words)


def _place_alone(text: str, head: str) -> tuple[Dateline, str] | None:
    match = _PLACE_ALONE.match(head)
    if not match:
        return None
    place = match["place"].strip(" ,،.")
    rest = text[match.end() :].strip()
    if len(rest.split()) < _FEWEST_WORDS or _INSERTED.match(rest):
        return None
    known = is_place(place) or (is_place(re.split("[,،]", place)[0]) and _has_the_shape(place))
    return (Dateline(place, None), rest) if known and _goes_on(place, rest) else None


def _goes_on(place: str, rest: str) -> bool:
    """True where a report goes on behind a place and a dash, not a headline, a route or a match."""
    if not _is_cased(place):
        return not is_place(rest.split(maxsplit=1)[0])
    if rest[0].islower():
        return False
    is_sentence = rest.rstrip("\"”»'").endswith((".", "!", "?", "…"))
    return place == place.upper() or (is_sentence and not is_place(rest.split(maxsplit=1)[0]))


def _agency_first(text: str, head: str) -> tuple[Dateline, str] | None:
    match = _AGENCY_FIRST.match(head)
    if not match or not is_agency(match["agency"], alone=True):
        return None
    rest = text[match.end() :].strip()
    return (Dateline(None, match["agency"].strip()), rest) if len(rest.split()) >= _FEWEST_WORDS else None
