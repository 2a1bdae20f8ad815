"""What a page says of itself, collected in one pass over its tree: nothing is judged here.

`worker.core.metadata` decides what of it holds.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, islice

from lxml import etree

from worker.core.layout_words import Asides, is_headline, text_of, texts_of
from worker.core.structured import StructuredData, fold, read_json_ld

_MOST_VALUES = 60
_LONGEST_TITLE = 500
_MOST_PIECES = 60
_LONGEST_CONTENT = 4000
_MOST_HEADINGS = (0, 12, 8, 8)
_MOST_TRIED = 200  # headings that are too long, or inside of one another, count too
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


class Heading:
    """A heading of level 1 to 3; what it says is read when it is first asked for."""

    def __init__(self, element: etree._Element, asides: Asides) -> None:
        self.element = element
        self.level = int(element.tag[1])
        self._asides = asides

    @cached_property
    def _texts(self) -> tuple[str, ...]:
        return tuple(islice(texts_of(self.element), _MOST_PIECES))

    @cached_property
    def text(self) -> str:
        """What it says, on one line."""
        return " ".join("".join(self._texts).split()).replace("\u00ad", "")

    @cached_property
    def pieces(self) -> tuple[str, ...]:
        """Its runs of text, one a text node."""
        return tuple(" ".join(piece.split()) for piece in self._texts if piece.strip())

    @cached_property
    def is_marked(self) -> bool:
        """True where itemprop, or a class, calls it the headline."""
        return self.element.get("itemprop") == "headline" or is_headline(self.element.get("class"))

    @cached_property
    def is_aside(self) -> bool:
        """True where it lies in a comment, a list of other articles, a footer or the navigation."""
        return self._asides.holds(self.element)


class TimeElement:
    """A `time` element: what it says to machines, and to readers."""

    def __init__(self, element: etree._Element, asides: Asides) -> None:
        self.value = element.get("datetime") or element.get("content")
        self.names = f"{element.get('itemprop') or ''} {element.get('class') or ''}"
        self._element, self._asides = element, asides

    @cached_property
    def text(self) -> str:
        """What a reader sees of it."""
        return text_of(self._element)[:_LONGEST_TITLE]

    @cached_property
    def is_aside(self) -> bool:
        """True where it belongs to a comment or to another article."""
        return self._asides.holds(self._element)


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
    times: list[TimeElement] = field(default_factory=list)
    asides: Asides = field(init=False, default_factory=lambda: Asides(None))
    _headings: tuple[list[Heading], ...] = field(init=False, default_factory=lambda: ([], [], []))

    def meta(self, *keys: str) -> Iterator[tuple[str, str]]:
        """The keys among these that the page has meta elements for, in this order, each with its content."""
        for key in keys:
            for value in self.metas.get(key, ()):
                yield key, value

    def headings(self, level: int) -> Iterator[Heading]:
        """The first headings of a level, 1 to 3, that say something short enough for a headline."""
        said = (heading for heading in self._headings[level - 1] if 0 < len(heading.text) <= _LONGEST_TITLE)
        return islice(said, _MOST_HEADINGS[level])

    def all_headings(self) -> Iterator[Heading]:
        """The headings of all three levels, the first level first."""
        return chain.from_iterable(map(self.headings, (1, 2, 3)))

    def add_heading(self, element: etree._Element) -> None:
        """Note a heading, in document order."""
        heading = Heading(element, self.asides)
        found = self._headings[heading.level - 1]
        if len(found) < _MOST_TRIED:
            found.append(heading)


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
                page.add_heading(element)
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
    if len(page.times) < _MOST_VALUES:
        time = TimeElement(element, page.asides)
        if time.value or time.text:
            page.times.append(time)
