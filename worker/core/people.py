"""The names of authors: bylines and author fields split into people, with everything else taken off."""

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from worker.core.dates import find_date
from worker.core.datewords import without_date_words
from worker.core.names import clean_name, is_credential, is_organisation, is_role
from worker.core.shadow import bare, letters, shadow

_LONGEST_RAW = 600
_LONGEST_BYLINE = 160
_LONG_KEY = 5  # letters: a site's name of fewer can be in a person's by chance
_DIGIT = re.compile(r"\d")
_NUMBER = re.compile(r"\d{4}")  # of a house, or a postcode

_TAG = re.compile(r"</?[A-Za-z][^<>]{0,300}>")
_ADDRESS = re.compile(
    r"(?:mailto:)?[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\[email\s?protected\]|(?:https?://|www\.)\S+|(?<![\w.])@\w{2,}",
    re.IGNORECASE,
)
# Who made the site, and who did something else than write
_MACHINERY = re.compile(
    r"(?:developed|designed|powered|built|created|managed|maintained) by|\btheme\b|wordpress\.|\bplugin\b|©|"
    r"all rights",
    re.IGNORECASE,
)
_OTHER_WORK = re.compile(
    r"[\s,•|/]*\b(?:illustrations?|photos?|photography|art|graphics?|video|images?|fotos?|bilder|illustration|grafik|"
    r"translated|translation|übersetzt|übersetzung|traducción|traduction|edited|editing|reviewed|fact.checked|"
    r"social links)"
    r"(?:\s(?:by|von|de|par|por|for)\b|:).*$|[\s,•|/]*\b(?:show|view|see|read)\s(?:all|more)\b.*$",
    re.IGNORECASE | re.DOTALL,
)

# Words that introduce names. Those of the second list are words of sentences too: they need a colon.
_LABELS = (
    r"(?:(?:article|story|text|words|post|posted|published|written|reported|compiled|authored|submitted|edited|"
    r"report|reporting|analysis|opinion|column|commentary|interview|special|exclusive|veröffentlicht|geschrieben|"
    r"verfasst|erstellt|eingetragen|eingestellt|gespeichert|eingereicht|enviado|soumis|ingediend|added|publié|"
    r"publicado|escrito|scritto|pubblicato|rédigé|écrit|propos recueillis|geplaatst|"
    r"geschreven|gepost|skrevet|texte?|"
    r"(?:eine? |blog.?)?"
    r"(?:artikel|beitrag|gastbeitrag|kommentar|kolumne|analyse|bericht|reportage|essay|interview))\s+)?"
    r"(?:by|von|par|por|di|door|av|af|od|przez|oleh|durch|tarafından|από|bởi)\b"
    r"|(?:autor[ea]?|author)(?=\s+[^\W\d_])|بقلم(?: الكاتب(?:ة)?)?|كتب(?:ت|ه|ها)?|تأليف|به قلم"
)
_COLON_LABELS = (
    r"(?:the )?authors?|writers?|reporters?|contributors?|by ?line|posted|written by|text|words|editor|"
    r"interview|"
    r"text (?:&|und|and|\+) (?:fotos?|photos?|bild(?:er)?)|"
    r"autor(?:en|in|es|a|as|e)?|redacteur|redactor[ae]?|redattore|auteure?s?|texte|texto|testo|tekst|yazar(?:lar)?|"
    r"haber|muhabir|penulis|reporter|editör|oleh|автор(?:ы|ка)?|текст|журналист|αρθρογράφος|συντάκτης|"
    r"γράφει(?: ο| η)?|מאת|by|von|par|por|di|"
    r"الكاتب(?:ة)?|كتب(?:ت|ه)?|المحرر(?:ة)?|حوار|حاوره|حاورته|تقرير|تحقيق|إعداد|اعداد|ترجمة|متابعة|مراسل(?:ة)?|الصحفي(?:ة)?|"
    r"نویسنده(?:\u200cی| ی)? ?(?:مطلب|مقاله)?|نویسندگان|خبرنگار|گزارش(?:گر)?|گزارش از|مترجم|گفت‌وگو|تحریر|"
    r"مصنف|رپورٹ|"
    r"作者|文|记者|記者|編集|著者|執筆|撰文|글|기자|작성자|تهیه و تنظیم"
)
_EITHER = rf"(?:(?:{_COLON_LABELS})\s*[:：|]|(?:{_LABELS})\s*:?)"
_LABEL = re.compile(rf"^[^\w(]*{_EITHER}\s*(?=\S)", re.IGNORECASE)
_LABEL_ALONE = re.compile(rf"\W*+{_EITHER}\s*+", re.IGNORECASE)

_NICKNAME = re.compile(r"[a-z][A-Z]|[A-Za-z]\d")
_ENDING = re.compile(
    r"[.!?…]['\"”“»]?\s+(?:Von|By|Par|Por|Di|Door)\s(?P<name>[^\W\d_a-z][\w'’-]+(?:\s[^\W\d_a-z][\w.'’-]*){1,3})$"
)
_GROUP = re.compile(
    r"\s*(?:[;•●؛\n\t]|\s&\s|\s\+\s|"
    r"\s(?:and|with|und|mit|et|avec|ve|и|та|en|och|og|dan|και|con|в|and by)\s)\s*"
    r"|(?<=\w\s)(?=[Bb]y\s[A-Z])"
)
_COMMA = re.compile(r"\s*(?:[,،、/·]|\s[|–—-]{1,2}\s)\s*")
_SMALL_AND = re.compile(r"\s(?:y|e|i|a|και)\s")  # and, where full names stand on both sides
_ARABIC_AND = re.compile(r"\sو\s?(?=[^\W\d_]{2,})")
_BEGINS_WITH_WAW = frozenset(
    "ليد ايل سام سيم فا داد جدي هيب لا عد رده رد ضاح حيد صفي فيق هبه ايله جيه لي هاب اصف دود دي".split()
)


def authors_of(
    raw: str | Sequence[str], site_names: Sequence[str] = (), with_nicknames: bool = False
) -> tuple[str, ...]:
    """The people that an author field or a byline names, in order, each once.

    Labels (`By`, `بقلم`), roles, agencies, places, dates, addresses and the names of the site are taken
    off; what is left must look like a name. `with_nicknames` keeps a single word that is the site's name
    too: bloggers call their blogs after themselves. Never raises.
    """
    known = tuple(site_names)
    sites = _site_keys(known, with_nicknames)
    names: dict[str, str] = {}
    for value in [raw] if isinstance(raw, str) else raw:
        for name in _people(value[:_LONGEST_RAW], known):
            key = bare(shadow(name))
            if key and key not in sites:
                names.setdefault(key, name)
    return tuple(names.values())


@lru_cache(maxsize=64)
def _site_keys(site_names: tuple[str, ...], with_nicknames: bool) -> frozenset[str]:
    names = (name for name in site_names if name and not (with_nicknames and " " not in name))
    hosts = (letters(name) for name in site_names if "." in name)  # `newsam` of news.am
    return frozenset((*(bare(shadow(name)) for name in names), *hosts))


def people_of(raw: str | Sequence[str], site_names: Sequence[str] = ()) -> tuple[str, ...]:
    """The same, without what is an organisation or an outlet by its words: for fields that no reader sees."""
    values = [raw] if isinstance(raw, str) else [value for value in raw if not _NUMBER.search(value)]
    names = authors_of(values, site_names) if values else ()
    keys = {key for name in site_names if len(key := letters(name)) >= _LONG_KEY} if names else ()
    return tuple(
        name
        for name in names
        if not is_organisation(name)
        and not any(key in letters(name) and key != letters(name) for key in keys)
    )


def byline(line: str) -> tuple[str, ...] | None:
    """The people that a line names when it is nothing but a byline; None for any other line.

    A byline has a label, and may have a date: `By Jane Doe, Staff Writer`, `بقلم: أحمد علي`,
    `2 May 2021 by Jane Doe`. A bare name is none.
    """
    text = " ".join(line.split())
    return _byline(text) if 4 <= len(text) <= _LONGEST_BYLINE else None


@lru_cache(maxsize=512)
def _byline(text: str) -> tuple[str, ...] | None:
    if not (has_label(text) or _DIGIT.search(text)):
        return None
    rest = _without_date(text)
    label = _LABEL.match(rest)
    if not label or (":" not in label[0] and _ends_a_sentence(rest)):
        return None
    rest = _OTHER_WORK.sub("", rest[label.end() :])
    if len(rest.split()) > 14 or _reads_like_a_sentence(rest):
        return None
    names = authors_of(rest)
    is_sure = (
        ":" in label[0]
        or any(" " in name or _NICKNAME.search(name) for name in names)
        or find_date(text) is not None
    )
    return names if names and is_sure else None  # `Von Anfang`, `By Friday`


def ending_byline(paragraph: str) -> tuple[str, ...] | None:
    """The author that a standfirst names behind its last sentence: `... bleibt offen. Von Anna Weber`."""
    match = _ENDING.search(paragraph)
    return (authors_of(match["name"]) or None) if match else None


@lru_cache(maxsize=512)
def has_label(line: str) -> bool:
    """True for a line that begins as bylines do."""
    return _LABEL.match(line) is not None


def is_label(line: str) -> bool:
    """True for a byline's label with no name behind it: `By`, `Von:`, `بقلم`."""
    return len(line) <= 24 and _LABEL_ALONE.fullmatch(line) is not None


def _ends_a_sentence(text: str) -> bool:
    return text.endswith((".", "!", "?", "؟", "…")) and not re.search(
        r"\b(?:Jr|Sr|[A-Z]|[A-Z]\.[A-Z])\.$", text
    )


def _reads_like_a_sentence(text: str) -> bool:
    words = [word.strip(".,:;") for word in text.split()]
    latin = [word for word in words if word[:1].isalpha() and word.isascii()]
    lower = [word for word in latin if word[0].islower() and len(word) > 3]
    return len(lower) > max(1, len(latin) // 2) if latin else False


@lru_cache(maxsize=512)  # the head, its structured data and the byline mostly say the same
def _people(raw: str, site_names: tuple[str, ...]) -> tuple[str, ...]:
    text = html.unescape(raw) if "&" in raw else raw
    if _MACHINERY.search(text):
        return ()
    if "<" in text:
        text = _TAG.sub(" ", text)
    if "@" in text or "://" in text or "www." in text or "protected" in text:
        text = _ADDRESS.sub(" , ", text)
    text = " ".join(_without_date(text).split())
    text = _OTHER_WORK.sub("", _without_label(text)).partition(" | ")[0]  # an outlet stands behind the bar
    names: list[str] = []
    groups = _GROUP.split(text)
    for i, group in enumerate(groups):
        parts = _COMMA.split(_without_label(group))
        names += _group(parts, site_names)
        if i == 0 and any(map(is_organisation, parts[1:])):
            break  # `Jane Doe, Institute of Allergy and Infectious Diseases`
    if is_organisation(groups[0]):  # `Landesanstalt für Wald und Forstwirtschaft`
        names = [name for name in names if " " in name]
    return tuple(names)


def _group(parts: Sequence[str], site_names: Sequence[str]) -> Iterator[str]:
    """The names between two words for `and`; what follows a role is where its bearer works."""
    for i, part in enumerate(parts):
        if is_credential(part):
            continue
        if is_role(part) or (i > 0 and is_organisation(part)):
            return
        for single in _split_small(part):
            name = clean_name(single, site_names)
            if name:
                yield name


def _without_date(text: str) -> str:
    """A text without its date and the words that lead to it."""
    found = find_date(text)
    if not found:
        return text
    before, after = without_date_words(text[: found.start]), without_date_words(text[found.end :])
    return f"{before} , {after}" if before and after else before or after


def _without_label(text: str) -> str:
    for _ in range(2):
        match = _LABEL.match(text)
        if not match:
            break
        text = text[match.end() :]
    return text


def _split_small(part: str) -> Iterable[str]:
    """Split at one-letter words for `and` where both sides have at least two words, as full names have."""
    for pattern in (_SMALL_AND, _ARABIC_AND):
        match = pattern.search(part)
        if not match:
            continue
        left, right = part[: match.start()].strip(), part[match.end() :].strip()
        if len(left.split()) < 2 or len(right.split()) < 2:
            continue
        if pattern is _SMALL_AND or shadow(right.split()[0]) not in _BEGINS_WITH_WAW:
            return [left, *_split_small(right)]
    return [part]
