"""What a page says of itself, collected in one pass over its tree: nothing is judged here.

`worker.core.metadata` decides what of it holds.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from lxml import etree

from worker.core.layout_words import TITLE, is_aside, is_named, text_of, texts_of
from worker.core.structured import StructuredData, fold, read_json_ld

_MOST_VALUES = 60
_LONGEST_TITLE = 500
_MOST_PIECES = 60
_LONGEST_CONTENT = 4000
_MOST_HEADINGS = (0, 12, 8, 8)
_MOST_TRIED = 200  # headings that are too long, or inside of one another, count too
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading: `pieces` are its runs of text, one a text node."""

    level: int
    text: str
    pieces: tuple[str, ...]
    is_marked: bool  # itemprop, or a class, calls it the headline
    is_aside: bool
    element: etree._Element


@dataclass(frozen=True, slots=True)
class TimeElement:
    """A `time` element: what it says to machines, and to readers."""

    value: str | None
    text: str
    names: str  # class and itemprop, as written
    is_aside: bool


@dataclass(slots=True)
class PageMeta:
    """What the page says of itself, in document order. Keys of `metas` are lower case."""

    root: etree._Element
    language: str | None = None
    direction: str | None = None
    title: str | None = None
    metas: dict[str, list[str]] = field(default_factory=dict)
    canonical: str | None = None
    structured: StructuredData = field(default_factory=StructuredData)
    headings: list[Heading] = field(default_factory=list)
    times: list[TimeElement] = field(default_factory=list)
    tried: int = 0  # elements that may be headings

    def meta(self, *keys: str) -> Iterator[tuple[str, str]]:
        """The keys among these that the page has meta elements for, in this order, each with its content."""
        for key in keys:
            for value in self.metas.get(key, ()):
                yield key, value


def collect(root: etree._Element) -> PageMeta:
    """What the page says of itself in its head, headings, JSON-LD and times; the tree is left as it is.

    What the text around the headline says is read by `worker.core.surroundings`, where it is needed.
    """
    page = PageMeta(root, root.get("lang") or root.get(_XML_LANG), root.get("dir"))
    scripts: list[str] = []
    for element in root.iter("meta", "title", "link", "script", "body", "h1", "h2", "h3", "time"):
        match element.tag:
            case "meta":
                _take_meta(page, element)
            case "script":
                if "ld+json" in (element.get("type") or "").lower() and element.text:
                    scripts.append(element.text)
            case "link":
                _take_link(page, element)
            case "title":
                if page.title is None and element.text:
                    page.title = fold(element.text[:_LONGEST_TITLE]) or None
            case "time":
                _take_time(page, element)
            case "body":
                page.language = page.language or element.get("lang")
                page.direction = page.direction or element.get("dir")
            case _:
                _take_heading(page, element)
    page.structured = read_json_ld(scripts)
    return page


def _take_meta(page: PageMeta, element: etree._Element) -> None:
    content = element.get("content")
    if not content:
        return
    for attribute in ("property", "name", "itemprop", "http-equiv"):
        key = element.get(attribute)
        if key:
            values = page.metas.setdefault(key.strip().lower(), [])
            if len(values) < _MOST_VALUES:
                values.append(fold(content[:_LONGEST_CONTENT]))


def _take_link(page: PageMeta, element: etree._Element) -> None:
    if page.canonical is None and (element.get("rel") or "").lower() == "canonical":
        page.canonical = (element.get("href") or "").strip() or None


def _take_time(page: PageMeta, element: etree._Element) -> None:
    if len(page.times) >= _MOST_VALUES:
        return
    text = text_of(element)
    value = element.get("datetime") or element.get("content")
    if text or value:
        names = f"{element.get('itemprop') or ''} {element.get('class') or ''}"
        page.times.append(TimeElement(value, text[:_LONGEST_TITLE], names, is_aside(element)))


def _take_heading(page: PageMeta, element: etree._Element) -> None:
    level = int(element.tag[1])
    if sum(heading.level == level for heading in page.headings) >= _MOST_HEADINGS[level]:
        return
    page.tried += 1
    if page.tried > _MOST_TRIED:
        return
    pieces = tuple(islice(texts_of(element), _MOST_PIECES))
    if sum(map(len, pieces)) > 20 * _LONGEST_TITLE:
        return
    text = " ".join("".join(pieces).split())
    if not text or len(text) > _LONGEST_TITLE:
        return
    marked = element.get("itemprop") == "headline" or is_named(element.get("class"), TITLE)
    page.headings.append(
        Heading(
            level,
            text.replace("\u00ad", ""),
            tuple(" ".join(piece.split()) for piece in pieces if piece.strip()),
            marked,
            is_aside(element),
            element,
        )
    )
