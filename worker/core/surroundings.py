"""The lines around a page's headline: where bylines and date lines stand that no metadata repeats."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from worker.core.layout_words import AUTHOR, DATE, is_aside, named_as, text_of

_MOST_ELEMENTS_AFTER = 260
_MOST_ELEMENTS_BEFORE = 80
_MOST_LINES_BEFORE = 8
_MOST_MARKED = 40
_LONGEST_LABEL = 260  # characters: a longer line is never a label
_PARAGRAPH = 140  # characters: the text has begun where lines of this length stand
_MOST_PARAGRAPHS = 4
_LONGEST_CHAIN = 60
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
_AUTHOR_PATHS = (
    "/author/", "/authors/", "/autor/", "/autoren/", "/auteur/", "/autores/", "/yazar", "/profile/", "/profil/",
    "/staff/", "/people/", "/person/", "/by/", "/journalist", "/reporter", "/writer", "/contributor", "/redakt",
    "/persons/", "/columnist", "author=", "/team/", "/user/", "/users/", "/byline/", "/bio/", "/autore/", "/firme/",
    "/writers/", "/editor/", "/rédacteur", "/avtor/", "/kirjoittaja/",
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


def around_of(anchor: etree._Element | None) -> frozenset[etree._Element]:
    """The elements around the headline: what lies in one of them is not aside because of it."""
    return frozenset(anchor.iterancestors()) if anchor is not None else frozenset()


def lines_around(heading: etree._Element) -> list[Line]:
    """The lines after the headline, into the first paragraphs, and then those right before it, nearest first."""
    around = around_of(heading)
    lines = []
    distance = paragraphs = 0
    for element in _leaves_after(heading):
        text = text_of(element)
        if not text or is_aside(element, around):
            continue
        distance += 1
        if len(text) <= _LONGEST_LABEL:
            lines.append(_line(element, text, distance, paragraphs))
        paragraphs += len(text) > _PARAGRAPH
        if paragraphs >= _MOST_PARAGRAPHS:
            break
    distance = 0
    for element in _leaves_before(heading):
        text = text_of(element)
        if not text or is_aside(element, around):
            continue
        distance -= 1
        if distance < -_MOST_LINES_BEFORE:
            break
        if len(text) <= _LONGEST_LABEL:
            lines.append(_line(element, text, distance, 0))
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
    around = around_of(anchor)
    lines: list[Line] = []
    for element in root.iter(*_MARKED_TAGS):
        css, rel, prop = element.get("class"), element.get("rel"), element.get("itemprop")
        bits = named_as(css) & (AUTHOR | DATE) if css else 0
        if not (bits or (rel and "author" in rel) or (prop and _prop_bits(prop))):
            continue
        if len(element) > 12 or is_aside(element, around):
            continue
        text = text_of(element)
        if 1 < len(text) <= _LONGEST_LABEL:
            lines.append(_line(element, text, len(lines) + 1, 0))
            if len(lines) >= _MOST_MARKED:
                break
    return lines


def dated_texts(root: etree._Element, anchor: etree._Element | None) -> Iterator[str]:
    """The short runs of text of the whole page that hold a year, and are not aside."""
    around = around_of(anchor)
    for element in root.iter(*_TEXT_TAGS):
        for text, holder in ((element.text, element), (element.tail, element.getparent())):
            if text and 8 <= len(text) <= _LONGEST_LABEL and _YEAR.search(text):
                line = " ".join(text.split())
                if len(line) <= _LONGEST_DATE_LINE and holder is not None and not is_aside(element, around):
                    yield line


def _line(element: etree._Element, text: str, distance: int, paragraphs: int) -> Line:
    own = around = 0
    links, named = [], []
    for inner in element.iter():
        bits = _bits(inner)
        own |= bits
        if _is_authors(inner):
            links.append(text_of(inner))
        elif bits & AUTHOR and not any(_bits(deeper) & AUTHOR for deeper in inner.iterdescendants()):
            named.append(text_of(inner))
    above = element.getparent()
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


def _is_authors(element: etree._Element | None) -> bool:
    if element is None or not isinstance(element.tag, str):
        return False
    if (element.get("itemprop") or "") in ("author", "creator"):
        return True
    if element.tag != "a":
        return False
    href = element.get("href") or ""
    return "author" in (element.get("rel") or "") or any(part in href for part in _AUTHOR_PATHS)


def _is_leaf(node: etree._Element) -> bool:
    """True for an element without blocks in it, or with text of its own."""
    if len(node) == 0 or (node.text and node.text.strip()):
        return True
    return not any(child.tag in _BLOCKS for child in node.iterdescendants())


def _leaves_after(start: etree._Element) -> Iterator[etree._Element]:
    """The leaf-most elements, in document order after `start`."""
    node = _after(start)
    for _ in range(_MOST_ELEMENTS_AFTER):
        if node is None:
            return
        if not isinstance(node.tag, str) or node.tag in _UNSEEN:
            node = _after(node)
        elif _is_leaf(node):
            yield node
            node = _after(node)
        else:
            node = node[0]


def _after(node: etree._Element | None, within: etree._Element | None = None) -> etree._Element | None:
    while node is not None and node is not within:
        following = node.getnext()
        if following is not None:
            return following
        node = node.getparent()
    return None


def _leaves_before(start: etree._Element) -> Iterator[etree._Element]:
    """The leaf-most elements right before `start`, nearest first."""
    budget = _MOST_ELEMENTS_BEFORE
    for above in (start, *start.iterancestors()):
        if above.tag in ("body", "html", "main"):
            return
        for sibling in above.itersiblings(preceding=True):
            leaves, seen = _leaves_in(sibling, budget)
            yield from reversed(leaves)
            budget -= seen
            if budget <= 0:
                return


def _leaves_in(root: etree._Element, budget: int) -> tuple[list[etree._Element], int]:
    """The leaf-most elements of a subtree, as far as the budget of elements goes, and how many were looked at."""
    leaves: list[etree._Element] = []
    node: etree._Element | None = root
    for seen in range(1, budget + 1):
        if node is None:
            return leaves, seen
        if not isinstance(node.tag, str) or node.tag in _UNSEEN:
            node = _after(node, root)
        elif _is_leaf(node):
            leaves.append(node)
            node = _after(node, root)
        else:
            node = node[0]
    return leaves, budget
