"""Who wrote a page: its author fields and bylines, cleaned, and which of them holds."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from worker.core.dates import find_date
from worker.core.layout_words import AUTHOR
from worker.core.names import is_organisation
from worker.core.pagemeta import PageMeta
from worker.core.people import authors_of, byline, ending_byline, has_label, is_label, people_of
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
_MOST_IN_PAGE = 3
_CLOSE = 3  # lines
_STANDFIRST = (1, 2, 3)  # lines after the headline: it may end with its author
_SHORT = 100  # characters
_LONGEST_INITIALS = 4  # characters
_JOINING = frozenset(("and", "und", "et", "y", "e", "&", ",", "و", "ve", "и", "|"))

LABELLED, LINKED, NAMED = 3, 2, 1


@dataclass(frozen=True, slots=True)
class Authors:
    """The names of a page's authors, what they were read from, and how surely that tells authors."""

    names: tuple[str, ...]
    evidence: str
    rank: int = 0

    @property
    def is_abbreviated(self) -> bool:
        """True for initials alone, which stand for an outlet as often as for a person: `LN`."""
        return all(len(name) <= _LONGEST_INITIALS and name.isupper() for name in self.names)


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
    """The authors that the lines around the headline name: bylines, and what the markup calls the author."""
    near = [
        entry
        for entry in _joined(lines)
        if -_FARTHEST_BEFORE <= entry[0].distance <= _FARTHEST and entry[0].paragraphs <= 1
    ]
    found = [(line, goes_on, authors) for line, goes_on in near if (authors := _of_line(line, site_names))]
    if not found:
        return None
    best = max(authors.rank for _, _, authors in found)
    index = next(i for i, (_, _, authors) in enumerate(found) if authors.rank == best)
    return _with_following(found[index:])


def authors_in_page(lines: Sequence[Line], site_names: Sequence[str]) -> Authors | None:
    """The authors that the lines of the whole page name, where so few are not those of other articles."""
    found = [authors for line, _ in _joined(lines) if (authors := _of_line(line, site_names))]
    names = dict.fromkeys(name for authors in found for name in authors.names)
    if not names or len(names) > _MOST_IN_PAGE:
        return None
    best = max(found, key=lambda authors: authors.rank)
    if best.rank == NAMED and len(names) > 1:
        return None
    return replace(best, evidence=best.evidence.replace("near the headline", "of the page"))


def only_byline(lines: Iterable[str], site_names: Sequence[str]) -> Authors | None:
    """The authors of all the page's bylines, where they tell one set of names only."""
    found = {authors_of(names, site_names) for line in lines if (names := byline(line))} - {()}
    names = found.pop() if len(found) == 1 else ()
    return (
        Authors(names, "only byline of the page", LABELLED) if any(len(name) > 3 for name in names) else None
    )


def choose_authors(head: Authors | None, seen: Authors | None) -> Authors | None:
    """The authors that hold: a labelled byline first, then the head; the fuller form of the same names."""
    if head is None or seen is None:
        return head or seen
    if _spelled_better(seen.names, head.names):
        return seen
    if seen.rank == LABELLED and not all(map(is_organisation, seen.names)):
        return seen
    if _fuller(seen.names, head.names) or (head.rank == NAMED and seen.rank == LINKED):
        return seen
    return head


def _spelled_better(seen: Sequence[str], head: Sequence[str]) -> bool:
    """True for the same names with the accents that the head leaves out."""
    same = [shadow(name) for name in seen] == [shadow(name) for name in head]
    return same and "".join(head).isascii() and not "".join(seen).isascii()


def _fuller(more: Sequence[str], less: Sequence[str]) -> bool:
    """True where every name of `less` is in `more`, whole or in part, and `more` tells more."""
    words = [set(shadow(name).split()) for name in more]
    inside = all(any(set(shadow(name).split()) <= other for other in words) for name in less)
    return inside and len(letters("".join(more))) > len(letters("".join(less)))


def _joined(lines: Sequence[Line]) -> Iterator[tuple[Line, bool]]:
    """The lines, a lone label (`By`) joined with the next; and whether a comma or `and` led to each."""
    label, goes_on = "", False
    for line in lines:
        if is_label(line.text):
            label = line.text
        elif line.text.strip() in _JOINING:
            goes_on = True
        else:
            goes_on = goes_on or line.text.startswith((",", "and ", "&"))
            yield (line._replace(text=f"{label} {line.text}") if label else line), goes_on
            label, goes_on = "", line.text.endswith((",", " and", "&"))


def _of_line(line: Line, site_names: Sequence[str]) -> Authors | None:
    if line.distance in _STANDFIRST and (names := ending_byline(line.text)):
        return Authors(names, "end of the standfirst", NAMED)
    if len(line.text) > _LONGEST_LINE:
        return None
    linked = authors_of(line.links, site_names, with_nicknames=True) if line.links else ()
    named = authors_of(line.named, site_names, with_nicknames=True) if line.named else ()
    labelled = _labelled(line, linked, named, site_names)
    if labelled is not None:
        return Authors(labelled, "byline near the headline", LABELLED) if labelled else None
    return _marked(line, linked, named, site_names)


def _marked(
    line: Line, linked: tuple[str, ...], named: tuple[str, ...], site_names: Sequence[str]
) -> Authors | None:
    """The authors that the markup of a line without a label tells: links to them, and elements named so."""
    is_authors = bool((line.own | line.around) & AUTHOR)
    people = tuple(
        name for name in linked if not is_organisation(name) and (len(name) > 3 or name[0].isupper())
    )
    if people and (is_authors or _is_beside_headline(line) or (line.distance > 0 and _is_most(line))):
        return Authors(people, "author's link near the headline", LINKED)
    if not is_authors:
        return None
    named = named or tuple(name for name in authors_of(line.text, site_names) if " " in name)
    people = tuple(name for name in named if name[0].isupper() or not name[0].isascii())
    return Authors(people, "author's element near the headline", NAMED) if people else None


def _is_beside_headline(line: Line) -> bool:
    """True for a short line behind the headline, and for one right before it that has a date too."""
    if len(line.text) > _SHORT:
        return False
    return 0 < line.distance <= _CLOSE or (-_CLOSE <= line.distance < 0 and find_date(line.text) is not None)


def _labelled(
    line: Line, linked: tuple[str, ...], named: tuple[str, ...], site_names: Sequence[str]
) -> tuple[str, ...] | None:
    """The names in a line that is a byline with a label; None for any other line.

    What the markup calls the author is most exact, unless the line names more people beside them.
    """
    told = byline(line.text)
    if told is None and not (linked and has_label(line.text)):
        return None
    marked = linked or named
    names = authors_of(told or (), site_names, with_nicknames=True)
    is_more = set(marked) < set(names) and all(" " in name for name in names)
    return names if is_more or not marked else marked


def _is_most(line: Line) -> bool:
    """True where a line, but for a date, is hardly more than its authors' links."""
    found = find_date(line.text)
    return 2 * sum(map(len, line.links)) >= len(line.text) - (len(found.raw) if found else 0)


def _with_following(found: Sequence[tuple[Line, bool, Authors]]) -> Authors:
    """The names of the first line, and of those that follow it as one list."""
    first, _, authors = found[0]
    names = list(authors.names)
    last = first.distance
    for line, goes_on, more in found[1:]:
        is_near = 0 < line.distance - last <= 2
        if not is_near or not (goes_on or (more.rank == authors.rank == LINKED)):
            break
        names += [name for name in more.names if letters(name) not in map(letters, names)]
        last = line.distance
    return replace(authors, names=tuple(names))
