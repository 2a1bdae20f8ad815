"""The headline of a page: which of its headings and titles it is, without the name of the site."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from worker.core.pagemeta import Heading, PageMeta
from worker.core.shadow import letters, shadow

_SEPARATOR = re.compile(
    r"\s+(?:[|–—»«›‹·•:/\\~]|-{1,2}|::|\|\||<<?|>>?)\s+|\s*[|│｜]\s*|\s*(?:::|»|«)\s*|:\s+|\s+[–—-](?=\S)|(?<=\S)[–—]\s+"
)
_MAY_SEPARATE = re.compile(r"[|–—»«›‹·•:/\\~<>│｜-]")  # most headlines have none of them
_WORD = re.compile(r"[^\W_]+")
_ENOUGH = 3.0
_CERTAIN = 5.9  # a first heading that the head repeats
_SEGMENT = 0.5  # the weight of a part of a title


@dataclass(frozen=True, slots=True)
class Title:
    """A headline, where it comes from, and the heading that shows it where one does."""

    text: str
    evidence: str
    heading: Heading | None = None


@dataclass(frozen=True, slots=True)
class _Told:
    """A title that the page's head tells, without the site's name."""

    text: str
    evidence: str
    weight: float


class _Head:
    """All the titles that the page's head tells."""

    def __init__(self, told: Iterable[_Told]) -> None:
        self.told = tuple(told)
        self._weights: dict[str, float] = {}
        for known in self.told:
            key = letters(known.text)
            self._weights[key] = max(known.weight, self._weights.get(key, 0.0))

    def weight(self, text: str) -> float:
        """The weight of the best title that says just this; 0 where none does."""
        return self._weights.get(letters(text), 0.0)

    def overlap(self, text: str) -> float:
        """How many words of this text a title shares, 0 to 1."""
        words = _words(text)
        return max((_overlap(words, other) for other in self._words), default=0.0)

    @cached_property
    def _words(self) -> set[frozenset[str]]:
        return {_words(known.text) for known in self.told}


def choose_title(page: PageMeta, site_names: Sequence[str]) -> Title | None:
    """The headline that a reader sees, if a heading matches what the head tells; else what the head tells."""
    site_names = [*site_names, *_blog_names(page)]
    head = _Head(_told(page, site_names))
    sites = {letters(name) for name in site_names if name}
    only_h1 = sum(not heading.is_aside for heading in page.headings(1)) == 1
    best: tuple[float, Title] | None = None
    for position, heading in enumerate(page.all_headings()):
        if best and best[0] >= _CERTAIN and heading.level > 1:
            break
        score, title = _weigh(heading, head, sites)
        score += (only_h1 and heading.level == 1) * 1.0 - position * 0.02
        if best is None or score > best[0]:
            best = score, title
    if best and best[0] >= _ENOUGH:
        return best[1]
    if head.told:
        first = max(head.told, key=lambda known: known.weight)
        if letters(first.text) in sites:
            return None  # a page that names its site only has no headline
        return Title(first.text, first.evidence)
    return best[1] if best and best[0] > 0 else None


def _blog_names(page: PageMeta) -> Iterator[str]:
    """A first heading that repeats one end of the title is the site's name, where the rest is the headline.

    The rest is, if another heading says it, or if it is the longer beginning and no other title says the end.
    """
    parts = segments(page.title or "")
    if len(parts) < 2:
        return
    firsts = {letters(heading.text) for heading in page.headings(1)}
    for end, rest in ((parts[-1], parts[:-1]), (parts[0], parts[1:])):
        if letters(end) not in firsts:
            continue
        shown = {letters(heading.text) for heading in page.all_headings()}
        if letters("".join(rest)) in shown - {letters(end)}:
            yield end
            return
    last = letters(parts[-1])
    titles = {letters(value) for _, value in page.meta("og:title")}
    titles.update(letters(article.headline) for article in page.structured.articles if article.headline)
    if last in firsts - titles and len(letters(parts[0])) > len(last):
        yield parts[-1]


def _weigh(heading: Heading, head: _Head, sites: set[str]) -> tuple[float, Title]:
    """How surely a heading is the headline, and the part of it that is."""
    title, match = _matched(heading, head)
    score = (0.0, 2.0, 0.4, 0.0)[heading.level] + heading.is_marked * 0.8 + match * 4
    score -= (heading.is_aside and match < 1) * 2.0 + (letters(title.text) in sites) * 4.0
    if not match and len(_WORD.findall(title.text)) < 3:
        score -= 1.0
    return score, title


def _matched(heading: Heading, head: _Head) -> tuple[Title, float]:
    """The part of a heading that is the headline, and how well it matches what the head tells, 0 to 1."""
    evidence = f"h{heading.level} heading"
    whole = head.weight(heading.text)
    parts = ((text, head.weight(text)) for text in _parts(heading))
    part, weight = max(parts, key=lambda pair: pair[1], default=("", 0.0))
    if weight > max(whole, _SEGMENT):
        return Title(part, evidence, heading), 1.0
    title = Title(heading.text, evidence, heading)
    if whole:
        return title, 1.0 if whole > _SEGMENT else _segment_match(heading.text)
    match = head.overlap(heading.text)
    return title, match if match >= 0.4 else 0.0


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(shadow(text)))


def _segment_match(text: str) -> float:
    return 0.95 if len(_WORD.findall(text)) > 3 or len(text) > 24 else 0.6


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    shared = len(one & other)
    return shared / min(len(one), len(other)) * (0.9 if shared > 2 else 0.5) if shared > 1 else 0.0


def _parts(heading: Heading) -> Iterator[str]:
    """The heading without pieces at its start or end: kickers and labels have elements of their own."""
    pieces = heading.pieces
    half = len(heading.text) / 2
    for i in range(1, min(len(pieces), 4)):
        for part in (pieces[i:], pieces[:-i]):
            text = " ".join(part).strip(" :|/–—-·•")
            if len(text) > half or len(_WORD.findall(text)) > 2:
                yield text


def _told(page: PageMeta, site_names: Sequence[str]) -> Iterator[_Told]:
    """The titles that the head tells, best first."""
    for article in page.structured.articles:
        if article.rank == 0 and article.headline:
            yield _Told(without_site(article.headline, site_names), "json-ld headline", 3.0)
    for weight, keys in _TITLE_METAS:
        for key, value in page.meta(*keys):
            yield _Told(without_site(value, site_names), f"meta {key}", weight)
    for article in page.structured.articles:
        if article.rank > 0 and (article.headline or article.name):
            yield _Told(without_site(article.headline or article.name or "", site_names), "json-ld name", 1.0)
    if page.title:
        yield _Told(without_site(page.title, site_names), "title element", 2.0)
        for part in segments(page.title):
            yield _Told(part, "part of the title element", _SEGMENT)


_TITLE_METAS = (
    (2.8, ("og:title",)),
    (
        2.6,
        (
            "twitter:title",
            "headline",
            "dc.title",
            "dcterms.title",
            "parsely-title",
            "sailthru.title",
            "cxenseparse:title",
        ),
    ),
)


def segments(title: str) -> list[str]:
    """The parts of a title between separators such as `|`, ` - ` and ` :: `."""
    if not _MAY_SEPARATE.search(title):
        return []
    parts = [part.strip() for part in _SEPARATOR.split(title)]
    return [part for part in parts if part] if len(parts) > 1 else []


def without_site(title: str, site_names: Iterable[str]) -> str:
    """A title without the site's name before or after a separator; whole where nothing else is left."""
    keys = [key for name in site_names if (key := letters(name))]
    for _ in range(3):
        shorter = _shorter(title, keys)
        if shorter is None:
            return title
        title = shorter
    return title


def _shorter(title: str, keys: Sequence[str]) -> str | None:
    matches = list(_SEPARATOR.finditer(title)) if _MAY_SEPARATE.search(title) else []
    if not matches:
        return None
    last, first = matches[-1], matches[0]
    tail, head = title[last.end() :].strip(), title[: first.start()].strip()
    if head and title[: last.start()].strip() and _is_site(tail, keys):
        return title[: last.start()].strip()
    if title[first.end() :].strip() and _is_site(head, keys):
        return title[first.end() :].strip()
    return None


def _is_site(part: str, keys: Sequence[str]) -> bool:
    key = letters(part)
    if not key:
        return True
    return any(
        key == site or (len(site) > 4 and key.startswith(site) and len(key) < len(site) + 24) for site in keys
    )
