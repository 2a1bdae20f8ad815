"""What classes and tags tell of elements: that they are the author, the date, the headline, or aside."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import cast

from lxml import etree

_UNREAD = frozenset("script style rt rp svg noscript template button select br".split())
_TEXTS = etree.XPath("descendant::text()", smart_strings=False)

AUTHOR, DATE = 1, 2
_NAMES = (
    (
        AUTHOR,
        re.compile(
            r"auth?or|by-?line|auteur|writer|yazar|contributor|reporter|journalist|nickname|creator|redakt"
        ),
    ),
    (
        DATE,
        re.compile(
            r"date|datum|time|publi[sc]|posted|fecha|tarih|stamp|(?:post|entry|article|news|item)[_-]?(?:meta|info)|by-?line"
        ),
    ),
)
_ASIDE, _ARTICLE, _FOOTER = 1, 2, 4
_PLACES = (
    (
        _ASIDE,
        re.compile(
            r"comment(?!ary)|related|recommend|sidebar|widget|popular|trending|most[-_]|more[-_]|teaser|latest|"
            r"[-_]list\b|carousel|slider|newsletter|reply|respond|menu|ticker|also"
        ),
    ),
    (_ARTICLE, re.compile(r"\b(?:article|artikel|post|entry|hentry|story|news-?single|node)\b")),
    (_FOOTER, re.compile(r"(?:^|\s)(?:site|page|main|global)?[-_]?footer\b")),
)
_HEADLINE = re.compile(r"title|headline|heading|titre|titulo|baslik")
_CONTAINERS = frozenset(("div", "section", "ul", "ol", "li", "table", "dl"))
_ASIDE_TAGS = frozenset(("aside", "nav", "form", "blockquote", "figure"))


_LONGEST_VALUE = 500  # characters of an attribute that are looked at
# Of an element: what is longer is no line near a headline, and elements around it would all read it again.
_MOST_READ = 5_000  # characters
_MOST_PIECES = 500


def named_as(value: str) -> int:
    """The bits AUTHOR and DATE that the words of a class attribute, or of one like it, tell."""
    return _named_as(value[:_LONGEST_VALUE])


@lru_cache(maxsize=8192)
def _named_as(value: str) -> int:
    value = value.lower()
    return sum(bit for bit, pattern in _NAMES if pattern.search(value))


@lru_cache(maxsize=8192)
def _placed_as(value: str) -> int:
    value = value.lower()
    return sum(bit for bit, pattern in _PLACES if pattern.search(value))


def is_headline(value: str | None) -> bool:
    """True where a class attribute calls its element the headline."""
    return bool(value and _HEADLINE.search(value.lower()))


class Asides:
    """Whether elements lie aside, remembered by parent: lines that stand together mostly share it."""

    def __init__(self, anchor: etree._Element | None):
        self._around = frozenset(anchor.iterancestors()) if anchor is not None else frozenset()
        self._known: dict[etree._Element, bool] = {}

    def holds(self, element: etree._Element) -> bool:
        """True where the element lies aside. What holds the headline too is not aside."""
        parent = element.getparent()
        if parent is None:
            return False
        known = self._known.get(parent)
        if known is None:
            known = self._known[parent] = is_aside(element, self._around)
        return known


def is_aside(element: etree._Element, around: frozenset[etree._Element] = frozenset()) -> bool:
    """True where an element lies in a comment, a list of other articles, a page's footer or the navigation.

    `around` are the elements around the headline: what holds the headline too is not aside.
    """
    in_footer = in_article = False
    shared = False  # with the headline
    for above in element.iterancestors():
        tag = above.tag
        if tag == "body":
            break
        shared = shared or above in around
        if shared and not in_footer:
            return False
        if tag in _ASIDE_TAGS and not shared:
            return True
        bits = 0 if in_article or tag not in _CONTAINERS else _placed_as(above.get("class") or "")
        if bits & _ASIDE and not shared:
            return True
        in_footer = in_footer or tag == "footer" or bool(bits & _FOOTER)
        in_article = in_article or tag in ("article", "main") or bool(bits & _ARTICLE)
    return in_footer and not in_article


def texts_of(element: etree._Element) -> Iterable[str]:
    """The runs of text of an element that a reader sees, in order: no scripts, no ruby."""
    for node in element.iter():
        if node.tag in _UNREAD:
            return _seen_texts(element)
    return cast("list[str]", _TEXTS(element))


def _seen_texts(element: etree._Element) -> Iterator[str]:
    walker = etree.iterwalk(element, events=("start", "end"))
    for event, node in walker:
        if event == "end":
            if node is not element and node.tail:
                yield node.tail
        elif node.tag == "br":
            yield " "
        elif not isinstance(node.tag, str) or node.tag in _UNREAD:
            walker.skip_subtree()
        elif node.text:
            yield node.text


def text_of(element: etree._Element) -> str:
    """The text of a small element, a space between its parts; the beginning of a large one's."""
    if len(element) == 0:
        return " ".join(element.text[:_MOST_READ].split()) if element.text else ""
    return " ".join(" ".join(islice(texts_of(element), _MOST_PIECES))[:_MOST_READ].split())
