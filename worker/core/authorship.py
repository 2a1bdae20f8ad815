"""Who wrote a page: its author fields and bylines, cleaned, and which of them holds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from worker.core.layout_words import AUTHOR
from worker.core.names import is_organisation
from worker.core.pagemeta import PageMeta
from worker.core.people import authors_of, byline, is_label, people_of
from worker.core.shadow import letters, shadow
from worker.core.surroundings import Line

_METAS = (
    "article:author", "og:article:author", "article:author_name", "byl", "parsely-author", "sailthru.author",
    "bt:author", "citation_author", "cxenseparse:author", "author", "authors", "article.author", "og:author",
    "dc.creator", "dcterms.creator", "dc.creator.name", "creator", "writer", "rnews:creator",
)  # fmt: skip
_FARTHEST = 12
_FARTHEST_BEFORE = 5
_LONGEST_LINE = 180
_JOINED = frozenset(("and", "und", "et", "y", "e", "&", ",", "و", "ve", "и", "|"))

LABELLED, LINKED, NAMED = 3, 2, 1


@dataclass(frozen=True, slots=True)
class Authors:
    """The names of a page's authors, what they were read from, and how surely that tells authors."""

    names: tuple[str, ...]
    evidence: str
    rank: int = 0


def authors_in_head(page: PageMeta, site_names: Sequence[str]) -> Authors | None:
    """The authors that structured data or meta elements name."""
    for rank in (0, 1, 2):
        for article in page.structured.articles:
            if article.rank == rank and article.authors:
                names = people_of([party.name for party in article.authors], site_names)
                if names:
                    return Authors(names, "json-ld author", LINKED)
    for key in _METAS:
        names = people_of([value for _, value in page.meta(key)], site_names)
        if names:
            return Authors(names, f"meta {key}", NAMED)
    return None


def authors_in_lines(lines: Sequence[Line], site_names: Sequence[str]) -> Authors | None:
    """The authors that the lines around the headline name: labelled bylines, and what the markup calls the author.

    `site_names` are those of several words: a blogger's own name is often the blog's.
    """
    near = [
        line
        for line in _joined(lines)
        if -_FARTHEST_BEFORE <= line.distance <= _FARTHEST and line.paragraphs <= 1 and len(line.text) <= _LONGEST_LINE
    ]
    found = [(line, authors) for line in near if (authors := _of_line(line, site_names))]
    if not found:
        return None
    best = max(authors.rank for _, authors in found)
    index = next(i for i, (_, authors) in enumerate(found) if authors.rank == best)
    return _with_following(found[index:])


def choose_authors(head: Authors | None, seen: Authors | None) -> Authors | None:
    """The authors that hold: a labelled byline first, then the head; the fuller form of the same names."""
    if head is None or seen is None:
        return head or seen
    if seen.rank == LABELLED and not all(map(is_organisation, seen.names)):
        return seen
    if _fuller(seen.names, head.names) or (head.rank == NAMED and seen.rank == LINKED):
        return seen
    return head


def _fuller(more: Sequence[str], less: Sequence[str]) -> bool:
    """True where every name of `less` is in `more`, whole or in part, and `more` tells more."""
    words = [set(shadow(name).split()) for name in more]
    inside = all(any(set(shadow(name).split()) <= other for other in words) for name in less)
    return inside and len(letters("".join(more))) > len(letters("".join(less)))


def _joined(lines: Sequence[Line]) -> Iterator[Line]:
    """The lines, a label that stands alone (`By`) joined with the line after it."""
    label = ""
    for line in lines:
        if is_label(line.text):
            label = line.text
            continue
        if line.text.strip() in _JOINED:
            continue
        yield replace(line, text=f"{label} {line.text}") if label else line
        label = ""


def _of_line(line: Line, site_names: Sequence[str]) -> Authors | None:
    linked = authors_of(line.links, site_names) if line.links else ()
    labelled = byline(line.text)
    if labelled:
        names = linked or authors_of(labelled, site_names)
        return Authors(names, "byline", LABELLED) if names else None
    is_authors = bool((line.own | line.around) & AUTHOR)
    if linked and (is_authors or 2 * sum(map(len, line.links)) >= len(line.text)):
        return Authors(linked, "author's link", LINKED)
    if not is_authors:
        return None
    named = tuple(name for name in authors_of(line.named or line.text, site_names) if _is_full(name, line))
    return Authors(named, "author's element", NAMED) if named else None


def _is_full(name: str, line: Line) -> bool:
    """One word is a name only where the line begins or ends with it, or the markup names it alone."""
    return " " in name or name in line.named


def _with_following(found: Sequence[tuple[Line, Authors]]) -> Authors:
    """The names of the first line, and of those that follow it closely in the same way."""
    first, authors = found[0]
    names = list(authors.names)
    last = first.distance
    for line, more in found[1:]:
        if not 0 < line.distance - last <= 2 or more.rank > authors.rank or not (more.rank >= LINKED or authors.rank == more.rank):
            break
        names += [name for name in more.names if letters(name) not in map(letters, names)]
        last = line.distance
    return replace(authors, names=tuple(names))
