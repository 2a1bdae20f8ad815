"""The lines around a page's headline: where bylines and date lines stand that no metadata repeats."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from lxml import etree

from worker.core.layout_words import AUTHOR, DATE, Asides, named_as, text_of
from worker.core.people import has_label

_MOST_ELEMENTS_AFTER = 160
_MOST_ELEMENTS_BEFORE = 30
_MOST_LINES_AFTER = 16
_MOST_LINES_BEFORE = 5
_MOST_MARKED = 40
_MOST_CHILDREN = 12
_LONGEST_LABEL = 260  # characters: a longer line is never a label
_PARAGRAPH = 140  # characters: the text has begun where lines of this length stand
_MOST_PARAGRAPHS = 2
_LONGEST_CHAIN = 60
_INLINE = ("a", "span", "b", "strong", "em", "i", "cite", "address", "time", "div", "p", "small", "font")
_BLOCKS = frozenset(
    "address article aside blockquote body center dd details dialog div dl dt fieldset figcaption figure footer form "
    "h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section table tbody td tfoot th thead tr ul".split()
)
_UNSEEN = frozenset(
    "script style noscript template svg select option textarea iframe object button input form nav blockquote figure "
    "aside meta link".split()
)
_MARKED_TAGS = (
    "a",
    "span",
    "div",
    "p",
    "address",
    "li",
    "strong",
    "b",
    "i",
    "em",
    "small",
    "td",
    "h4",
    "h5",
    "h6",
    "cite",
)
_TEXT_TAGS = (
    *_MARKED_TAGS,
    "time",
    "abbr",
    "br",
    "font",
    "h2",
    "h3",
    "dd",
    "dt",
    "th",
    "label",
    "center",
    "u",
    "header",
)
_YEAR = re.compile(r"[12\u0661\u0662\u06f1\u06f2]\d{3}|[./]\d\d\b")
_LONGEST_DATE_LINE = 80
_LONGEST_NAMES = 100
_LONGEST_SHORT = 120
_FEW = 5  # elements in a byline
_AUTHOR_PATHS = ("/author", "/autor", "/auteur", "author=", "/yazar", "/journalist", "/byline/", "/redakteur", "/writers/")
_PEOPLE_PATHS = (
    "/profile/", "/profil/", "/staff/", "/people/", "/person/", "/persons/", "/by/", "/reporter", "/contributor",
    "/columnist", "/team/", "/user/", "/users/", "/bio/", "/firme/", "/editor/", "/avtor/", "/kirjoittaja/",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """A short line near the headline."""

    text: str
    own: int  # what the names of the element, and of those in it, tell: AUTHOR, DATE
    around: int  # what the names of the two elements around it tell
    links: tuple[str, ...]  # the texts of links that the markup calls the author's
    named: tuple[str, ...]  # the texts of the innermost elements whose class calls them the author's
    distance: int  # lines from the headline, negative before it
    paragraphs: int  # how many paragraphs stand between the headline and the line


def lines_around(heading: etree._Element) -> list[Line]:
    """The lines after the headline, into the first paragraphs, and then those right before it, nearest first."""
    asides = Asides(heading)
    lines = []
    distance = paragraphs = 0
    for run in _runs_after(heading):
        text = run.text()
        if not text or asides.holds(run.element):
            continue
        distance += 1
        if len(text) <= _LONGEST_LABEL:
            lines.append(_line(run, text, distance, paragraphs))
        paragraphs += len(text) > _PARAGRAPH
        if paragraphs >= _MOST_PARAGRAPHS or distance >= _MOST_LINES_AFTER:
            break
    distance = 0
    for run in _runs_before(heading):
        text = run.text()
        if not text or asides.holds(run.element):
            continue
        distance -= 1
        if len(text) <= _LONGEST_LABEL:
            lines.append(_line(run, text, distance, 0))
        if distance <= -_MOST_LINES_BEFORE:
            break
    return lines


def find_text(root: etree._Element, text: str) -> etree._Element | None:
    """The first element of the body that shows a text and nothing else: a headline in no heading."""
    wanted = " ".join(text.split())
    for element in root.iter(
        "div", "span", "p", "td", "a", "b", "strong", "font", "h4", "h5", "h6", "li", "dt"
    ):
        own = element.text
        if own and len(own) < 2 * len(wanted) + 40 and " ".join(own.split()) == wanted:
            return element
    return None


def marked_lines(root: etree._Element, anchor: etree._Element | None) -> list[Line]:
    """The elements of the whole page that the markup calls the author's or the date's, and that are not aside."""
    asides = Asides(anchor)
    lines: list[Line] = []
    for element in root.iter(*_MARKED_TAGS):
        css = element.get("class")
        if not (css and named_as(css) & (AUTHOR | DATE)) and not _is_named_otherwise(element):
            continue
        if len(element) > _MOST_CHILDREN or asides.holds(element):
            continue
        text = text_of(element)
        if 1 < len(text) <= _LONGEST_LABEL:
            lines.append(_line(_Run(element), text, len(lines) + 1, 0))
            if len(lines) >= _MOST_MARKED:
                break
    return lines


def _is_named_otherwise(element: etree._Element) -> bool:
    rel = element.get("rel") if element.tag == "a" else None
    return bool(rel and "author" in rel) or bool(_prop_bits(element.get("itemprop") or ""))


def dated_texts(root: etree._Element, anchor: etree._Element | None) -> Iterator[str]:
    """The short runs of text of the whole page that hold a year, and are not aside."""
    asides = Asides(anchor)
    for element in root.iter(*_TEXT_TAGS):
        for text, holder in ((element.text, element), (element.tail, element.getparent())):
            if text and 8 <= len(text) <= _LONGEST_LABEL and _YEAR.search(text):
                line = " ".join(text.split())
                if len(line) <= _LONGEST_DATE_LINE and holder is not None and not asides.holds(element):
                    yield line


def labelled_texts(root: etree._Element, anchor: etree._Element | None) -> Iterator[str]:
    """The short lines of the whole page that begin as bylines do, and are not aside."""
    asides = Asides(anchor)
    for element in root.iter("p", "div", "span", "td", "li", "em", "i", "strong", "address"):
        start = element.text
        if start and len(start) <= _LONGEST_SHORT and len(element) < _FEW and has_label(start.lstrip() + " x"):
            text = text_of(element)
            if len(text) <= _LONGEST_SHORT and not asides.holds(element):
                yield text


@dataclass(frozen=True, slots=True)
class _Run:
    """A run of text: all of an element, or what stands behind one inside its parent."""

    element: etree._Element
    is_tail: bool = False

    def text(self) -> str:
        return " ".join((self.element.tail or "").split()) if self.is_tail else text_of(self.element)


def _line(run: _Run, text: str, distance: int, paragraphs: int) -> Line:
    own = around = 0
    links, named = [], []
    for inner in () if run.is_tail else chain((run.element,), run.element.iterdescendants(*_INLINE)):
        bits = _bits(inner)
        own |= bits
        if _is_authors(inner, text):
            links.append(text_of(inner))
        elif bits & AUTHOR and not any(_bits(deeper) & AUTHOR for deeper in inner.iterdescendants(*_INLINE)):
            named.append(text_of(inner))
    above = run.element.getparent()
    for _ in range(2):
        if above is None or above.tag in ("body", "main", "article"):
            break
        around |= _bits(above)
        above = above.getparent()
    return Line(text, own, around, _short(links), _short(named), distance, paragraphs)


def _short(texts: list[str]) -> tuple[str, ...]:
    return tuple(text for text in texts if 1 < len(text) <= _LONGEST_NAMES)


def _bits(element: etree._Element) -> int:
    return (named_as(element.get("class") or "") | _prop_bits(element.get("itemprop") or "")) & (
        AUTHOR | DATE
    )


def _prop_bits(prop: str) -> int:
    return AUTHOR if prop in ("author", "creator") else DATE if prop.startswith("date") else 0


def _is_authors(element: etree._Element, line: str) -> bool:
    """True for what the markup calls the author, and for a link to a page of people that is most of its line."""
    if (element.get("itemprop") or "") in ("author", "creator"):
        return True
    if element.tag != "a":
        return False
    href = element.get("href") or ""
    if "author" in (element.get("rel") or "") or any(part in href for part in _AUTHOR_PATHS):
        return True
    return any(part in href for part in _PEOPLE_PATHS) and 2 * len(text_of(element)) >= len(line)


def _is_leaf(node: etree._Element) -> bool:
    """True for an element without blocks in it, or with text of its own."""
    if len(node) == 0 or (node.text and node.text.strip()):
        return True
    return next(node.iterdescendants(*_BLOCKS), None) is None


def _runs_after(start: etree._Element) -> Iterator[_Run]:
    """The runs of text in document order after `start`."""
    budget = _MOST_ELEMENTS_AFTER
    for above in (start, *start.iterancestors()):
        if above.tag in ("body", "html"):
            return
        yield from _tail(above)
        for sibling in above.itersiblings():
            for run in _runs_in(sibling, budget):
                budget -= 1
                yield run
            yield from _tail(sibling)
            budget -= 1
            if budget <= 0:
                return


def _runs_before(start: etree._Element) -> Iterator[_Run]:
    """The runs of text right before `start`, nearest first."""
    budget = _MOST_ELEMENTS_BEFORE
    for above in (start, *start.iterancestors()):
        if above.tag in ("body", "html", "main"):
            return
        for sibling in above.itersiblings(preceding=True):
            yield from _tail(sibling)
            runs = list(_runs_in(sibling, budget))
            yield from reversed(runs)
            budget -= len(runs) + 1
            if budget <= 0:
                return


def _tail(element: etree._Element) -> Iterator[_Run]:
    if element.tail and element.tail.strip():
        yield _Run(element, is_tail=True)


def _runs_in(root: etree._Element, budget: int) -> Iterator[_Run]:
    """The runs of text of a subtree in document order, as far as the budget of elements goes."""
    node: etree._Element | None = root
    for _ in range(budget):
        if node is None:
            return
        if isinstance(node.tag, str) and node.tag not in _UNSEEN:
            if not _is_leaf(node):
                node = node[0]
                continue
            yield _Run(node)
        while node is not root and node.getnext() is None:
            yield from _tail(node)
            node = node.getparent()
        if node is root:
            return
        yield from _tail(node)
        node = node.getnext()
