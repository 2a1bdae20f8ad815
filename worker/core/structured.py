"""JSON-LD in a page: the articles that it describes, read from JSON that is often slightly broken.

schema.org's vocabulary. Bounded: long scripts are skipped, a bomb of nested values costs nothing, and
only the objects that can be the page's own article are looked at, never lists of other articles.
"""

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

_LONGEST_SCRIPT = 2_000_000  # characters
_MOST_NODES = 400
_MOST_VALUES = 40
_LONGEST_VALUE = 3000

_ARTICLE = re.compile(
    r"Article$|^(?:BlogPosting|LiveBlogPosting|Report|SocialMediaPosting|DiscussionForumPosting)$"
)
_WORK = frozenset(
    """
    WebPage ItemPage CreativeWork Review Recipe HowTo Event VideoObject PodcastEpisode Blog QAPage Book
    AboutPage ImageGallery MedicalWebPage ClaimReview Episode AudioObject
    """.split()
)
_INTO = ("@graph", "mainEntity", "mainEntityOfPage", "article", "itemReviewed")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_TRAILING_COMMA = re.compile(r",(?=\s*[}\]])")
_OPENING = re.compile(r"(?://)?\s*+(?:<!--|<!\[CDATA\[)")
_CLOSING = re.compile(r"(?://)?\s*+(?:-->|\]\]>)\s*+;?$")
_LONGEST_CLOSING = 100  # characters


@dataclass(frozen=True, slots=True)
class Party:
    """A person or an organisation that structured data names."""

    name: str
    is_organisation: bool = False


@dataclass(frozen=True, slots=True)
class StructuredArticle:
    """What JSON-LD says of one work: strings as written, spaces folded, entities decoded."""

    rank: int  # 0: an article; 1: a page or another work; 2: anything else
    headline: str | None = None
    name: str | None = None
    description: str | None = None
    published: str | None = None
    modified: str | None = None
    authors: tuple[Party, ...] = ()
    publisher: str | None = None
    section: str | None = None
    keywords: tuple[str, ...] = ()
    image: str | None = None
    language: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class StructuredData:
    """All that a page's JSON-LD says: its works, articles first, and the name of the site."""

    articles: tuple[StructuredArticle, ...] = ()
    site_name: str | None = None


def read_json_ld(scripts: Iterable[str]) -> StructuredData:
    """What the JSON-LD scripts of a page describe. Scripts beyond mending are skipped; never raises."""
    nodes: list[Mapping[str, Any]] = []
    for script in scripts:
        value = _parse(script)
        if value is not None:
            nodes.extend(_nodes(value, _MOST_NODES - len(nodes)))
    by_id = {node["@id"]: node for node in nodes if isinstance(node.get("@id"), str) and len(node) > 1}
    works = [(rank, node) for node in nodes if (rank := _rank(node)) is not None]
    works.sort(key=lambda pair: pair[0])
    articles = tuple(_article(rank, node, by_id) for rank, node in works[:12])
    return StructuredData(articles, _site_name(nodes))


def _parse(script: str) -> Any:
    if not 2 < len(script) <= _LONGEST_SCRIPT:
        return None
    try:
        return orjson.loads(script)
    except orjson.JSONDecodeError:
        pass
    mended = _CONTROL.sub(" ", _unwrapped(script.strip()))
    mended = _TRAILING_COMMA.sub("", mended).strip().rstrip(";")
    for mend in (str, html.unescape, _without_escapes):
        try:
            return orjson.loads(mend(mended))
        except ValueError:  # not JSON; a reference to a character whose number has thousands of digits
            continue
    return None


def _unwrapped(script: str) -> str:
    """A script without the comment or the CDATA section around it."""
    opening = _OPENING.match(script)
    script = script[opening.end() :] if opening else script
    start = max(0, len(script) - _LONGEST_CLOSING)
    closing = _CLOSING.search(script, start)
    return script[: closing.start()] if closing else script


def _without_escapes(script: str) -> str:
    return script.replace("\\'", "'")


def _nodes(value: Any, most: int) -> Iterator[Mapping[str, Any]]:
    """The objects on top, in `@graph`, and in the keys that lead to the page's own article; breadth first."""
    queue = [value]
    for item in queue:
        if isinstance(item, list):
            queue.extend(item[:_MOST_VALUES] if len(queue) < most else ())
        elif isinstance(item, dict):
            yield item
            queue.extend(item[key] for key in _INTO if isinstance(item.get(key), dict | list))
        if len(queue) > most:
            return


def _types(node: Mapping[str, Any]) -> list[str]:
    kind = node.get("@type") or node.get("type")
    names = kind if isinstance(kind, list) else [kind]
    return [name.rsplit("/", 1)[-1].rsplit(":", 1)[-1] for name in names if isinstance(name, str)]


def _rank(node: Mapping[str, Any]) -> int | None:
    kinds = _types(node)
    if any(_ARTICLE.search(kind) for kind in kinds):
        return 0
    if any(kind in _WORK for kind in kinds):
        return 1
    return 2 if "headline" in node or "datePublished" in node else None


def _article(rank: int, node: Mapping[str, Any], by_id: Mapping[str, Mapping[str, Any]]) -> StructuredArticle:
    return StructuredArticle(
        rank=rank,
        headline=_text(node.get("headline")),
        name=_text(node.get("name")),
        description=_text(node.get("description")),
        published=_text(node.get("datePublished") or node.get("dateCreated") or node.get("uploadDate")),
        modified=_text(node.get("dateModified")),
        authors=tuple(_parties(node.get("author") or node.get("creator"), by_id)),
        publisher=next((party.name for party in _parties(node.get("publisher"), by_id)), None),
        section=_text(node.get("articleSection")),
        keywords=tuple(_texts(node.get("keywords"))),
        image=_url(node.get("image") or node.get("thumbnailUrl"), by_id),
        language=_language(node.get("inLanguage")),
        url=_url(node.get("url") or node.get("mainEntityOfPage"), by_id),
    )


def _site_name(nodes: Iterable[Mapping[str, Any]]) -> str | None:
    for node in nodes:
        if "WebSite" in _types(node):
            name = _text(node.get("name"))
            if name:
                return name
    return None


def _text(value: Any) -> str | None:
    """The first string of a value; folded, and None where it is empty."""
    for _ in range(3):
        if isinstance(value, list):
            value = value[0] if value else None
        elif isinstance(value, dict):
            value = value.get("@value") or value.get("name")
    if not isinstance(value, str):
        return None
    return fold(value[:_LONGEST_VALUE]) or None


def _texts(value: Any) -> Iterator[str]:
    for item in value[:_MOST_VALUES] if isinstance(value, list) else [value]:
        text = _text(item)
        if text:
            yield text


def _language(value: Any) -> str | None:
    if isinstance(value, dict):
        value = value.get("alternateName") or value.get("name")
    return _text(value)


def _url(value: Any, by_id: Mapping[str, Mapping[str, Any]]) -> str | None:
    for _ in range(4):
        if isinstance(value, list):
            value = value[0] if value else None
        elif isinstance(value, dict):
            known = by_id.get(value.get("@id", ""), {}) if isinstance(value.get("@id"), str) else {}
            value = value.get("url") or value.get("contentUrl") or known.get("url") or value.get("@id")
    return value.strip() if isinstance(value, str) and value.strip() else None


def _parties(value: Any, by_id: Mapping[str, Mapping[str, Any]]) -> Iterator[Party]:
    for item in value[:_MOST_VALUES] if isinstance(value, list) else [value]:
        if isinstance(item, str):
            yield from (Party(name) for name in [fold(item[:_LONGEST_VALUE])] if name)
        if not isinstance(item, dict):
            continue
        node = item if item.get("name") else by_id.get(str(item.get("@id")), item)
        is_organisation = any(kind.endswith("Organization") or kind == "Brand" for kind in _types(node))
        for name in _texts(node.get("name")):
            yield Party(name, is_organisation)


def fold(text: str) -> str:
    """One line of text: entities decoded, tags taken out, spaces folded."""
    if "&" in text:
        text = html.unescape(html.unescape(text))
    if "<" in text:
        text = re.sub(r"</?[A-Za-z][^<>]{0,300}>", " ", text)
    return " ".join(text.split())
