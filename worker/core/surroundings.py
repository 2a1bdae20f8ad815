"""The lines around a page's headline: where bylines and date lines stand that no metadata repeats."""

import re
from collections.abc import Iterator
from itertools import chain, islice
from typing import NamedTuple

from lxml import etree

from worker.core.dates import is_posting
from worker.core.layout_words import AUTHOR, DATE, Asides, named_as, text_of
from worker.core.people import has_label
from worker.core.runs import Run, runs_after, runs_before

_MOST_LINES_AFTER = 16
_MOST_LINES_BEFORE = 5
_MOST_MARKED = 40
_MOST_CHILDREN = 12
_LONGEST_LABEL = 260  # characters: a longer line is never a label
_PARAGRAPH = 140  # characters: the text has begun where lines of this length stand
_MOST_PARAGRAPHS = 2
_LONGEST_CHAIN = 60
_INLINE = frozenset("a span b strong em i cite address time div p small font".split())
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
_LONGEST_CATEGORY = 40
_MOST_CATEGORY_RUNS = 6
_MOST_LINKS = 100
_MOST_INNER = 200  # elements in a line: what has more is none
_MOST_TRIED = 500  # elements that are named as lines are
_CATEGORY = re.compile(
    r"(?:^|[\s_-])(?:cat|category|categories|kategorie|rubrik|rubrique)(?:[\s_-]|$)", re.IGNORECASE
)
_LONGEST_SHORT = 120
_FEW = 5  # elements in a byline
_AUTHOR_PATHS = (
    "/author",
    "/autor",
    "/auteur",
    "author=",
    "/yazar",
    "/journalist",
    "/byline/",
    "/redakteur",
    "/writers/",
)
_PEOPLE_PATHS = (
    "/profile/", "/profil/", "/staff/", "/people/", "/person/", "/persons/", "/by/", "/reporter",
    "/contributor", "/columnist", "/team/", "/user/", "/users/", "/bio/", "/firme/", "/editor/",
    "/avtor/", "/kirjoittaja/",
)  # fmt: skip


class Line(NamedTuple):
    """A short line near the headline."""

    text: str
    own: int  # what the names of the element, and of those in it, tell: AUTHOR, DATE
    around: int  # what the names of the two elements around it tell
    links: tuple[str, ...]  # the texts of links that the markup calls the author's
    named: tuple[str, ...]  # the texts of the innermost elements whose class calls them the author's
    distance: int  # lines from the headline, negative before it
    paragraphs: int  # how many paragraphs stand between the headline and the line


def lines_around(heading: etree._Element) -> list[Line]:
    """The lines after the headline, into the first paragraphs, and then those right before it."""
    asides = Asides(heading)
    lines = []
    distance = paragraphs = 0
    for run in runs_after(heading):
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
    for run in runs_before(heading):
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


def category_near(heading: etree._Element) -> str | None:
    """The category that a link right around the headline names, by its relation, its class or its path."""
    before = islice(runs_before(heading), _MOST_CATEGORY_RUNS)
    for run in chain(before, islice(runs_after(heading), _MOST_CATEGORY_RUNS)):
        links = () if run.is_tail else chain(run.element.iterancestors("a"), run.element.iter("a"))
        for link in islice(links, _MOST_LINKS):
            text = text_of(link)
            if 1 < len(text) <= _LONGEST_CATEGORY and _is_category(link):
                return text
    return None


def _is_category(link: etree._Element) -> bool:
    if "category" in (link.get("rel") or "") or "/category/" in (link.get("href") or ""):
        return True
    above = link.getparent()
    names = f"{link.get('class') or ''} {above.get('class') or '' if above is not None else ''}"
    return _CATEGORY.search(names) is not None


def marked_lines(root: etree._Element, anchor: etree._Element | None) -> list[Line]:
    """The elements of the whole page that the markup calls the author's or the date's, none aside."""
    asides = Asides(anchor)
    lines: list[Line] = []
    tried = 0
    for element in root.iter(*_MARKED_TAGS):
        css = element.get("class")
        if not (css and named_as(css)) and not _is_marked(element):
            continue
        tried += 1
        if tried > _MOST_TRIED:
            break
        if len(element) > _MOST_CHILDREN or _is_large(element) or asides.holds(element):
            continue
        text = text_of(element)
        if 1 < len(text) <= _LONGEST_LABEL:
            lines.append(_line(Run(element), text, len(lines) + 1, 0))
            if len(lines) >= _MOST_MARKED:
                break
    return lines


def dated_texts(root: etree._Element, anchor: etree._Element | None) -> Iterator[str]:
    """The short runs of text of the whole page that hold a year, and are not aside."""
    asides = Asides(anchor)
    for element in root.iter(*_TEXT_TAGS):
        for text, holder in ((element.text, element), (element.tail, element.getparent())):
            if text and 8 <= len(text) <= _LONGEST_LABEL and _YEAR.search(text):
                line = " ".join(text.split())
                is_short = len(line) <= _LONGEST_DATE_LINE or is_posting(line)
                if is_short and holder is not None and not asides.holds(element):
                    yield line


def openings(root: etree._Element, anchor: etree._Element | None) -> Iterator[str]:
    """How the running texts of the page begin that are not aside and have a year near their beginning."""
    asides = Asides(anchor)
    for element in root.iter("p", "div", "td", "strong", "b"):
        text = element.text
        if text and len(text) > _LONGEST_DATE_LINE:
            opening = " ".join(text[: 2 * _LONGEST_DATE_LINE].split())[:_LONGEST_DATE_LINE]
            if _YEAR.search(opening) and not asides.holds(element):
                yield opening


def labelled_texts(root: etree._Element, anchor: etree._Element | None) -> Iterator[str]:
    """The short lines of the whole page that begin as bylines do, and are not aside."""
    asides = Asides(anchor)
    for element in root.iter("p", "div", "span", "td", "li", "em", "i", "strong", "address"):
        start = element.text
        if (
            start
            and len(start) <= _LONGEST_SHORT
            and len(element) < _FEW
            and has_label(start.lstrip() + " x")
        ):
            text = text_of(element)
            if len(text) <= _LONGEST_SHORT and not asides.holds(element):
                yield text


def _line(run: Run, text: str, distance: int, paragraphs: int) -> Line:
    own = around = 0
    links, named = [], []
    is_plain = run.is_tail or _is_large(run.element)
    for inner in () if is_plain else _inline_in(run.element):
        prop = _prop_bits(inner.get("itemprop"))
        bits = prop | _class_bits(inner)
        own |= bits
        if prop & AUTHOR or _leads_to_author(inner, text):
            links.append(text_of(inner))
        elif bits & AUTHOR and not any(_bits(deeper) & AUTHOR for deeper in _inline_below(inner)):
            named.append(text_of(inner))
    above = run.element.getparent()
    for _ in range(2):
        if above is None or above.tag in ("body", "main", "article"):
            break
        around |= _bits(above)
        above = above.getparent()
    return Line(text, own, around, _short(links), _short(named), distance, paragraphs)


def _inline_in(element: etree._Element) -> Iterator[etree._Element]:
    yield element
    if len(element):
        yield from _inline_below(element)


def _inline_below(element: etree._Element) -> Iterator[etree._Element]:
    return (below for below in element.iterdescendants() if below.tag in _INLINE)


def _is_large(element: etree._Element) -> bool:
    return next(islice(element.iterdescendants(), _MOST_INNER, None), None) is not None


def _short(texts: list[str]) -> tuple[str, ...]:
    return tuple(text for text in texts if 1 < len(text) <= _LONGEST_NAMES)


def _bits(element: etree._Element) -> int:
    return _class_bits(element) | _prop_bits(element.get("itemprop"))


def _class_bits(element: etree._Element) -> int:
    css = element.get("class")
    return named_as(css) if css else 0


def _prop_bits(prop: str | None) -> int:
    if not prop:
        return 0
    return AUTHOR if prop in ("author", "creator") else DATE if prop.startswith("date") else 0


def _is_marked(element: etree._Element) -> bool:
    """True where its property, or a link's relation, calls an element the author's or the date's."""
    prop = element.get("itemprop")
    if prop and named_as(prop):
        return True
    relation = element.get("rel") if element.tag == "a" else None
    return bool(relation and named_as(relation))


def _leads_to_author(element: etree._Element, line: str) -> bool:
    """True for a link to an author's page, and for one to a person that is most of its line."""
    if element.tag != "a":
        return False
    href = element.get("href") or ""
    if "author" in (element.get("rel") or "") or any(part in href for part in _AUTHOR_PATHS):
        return True
    return any(part in href for part in _PEOPLE_PATHS) and 2 * len(text_of(element)) >= len(line)
