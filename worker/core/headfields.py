"""The fields of an article that its page's head tells plainly: each with what it was read from."""

from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

from worker.core.pagemeta import PageMeta
from worker.core.shadow import letters
from worker.core.titles import segments

_MOST_TAGS = 40
_LONGEST_TAG = 80
_LONGEST_URL = 2000


def _first(*candidates: tuple[str, str | None]) -> tuple[str, str] | None:
    return next(((evidence, value) for evidence, value in candidates if value), None)


def _metas(page: PageMeta, *keys: str) -> Iterator[tuple[str, str | None]]:
    return ((f"meta {key}", value) for key, value in page.meta(*keys))


def description_of(page: PageMeta) -> tuple[str, str] | None:
    """What the page says in a sentence or two that it is about."""
    return _first(
        *_metas(page, "og:description", "description", "twitter:description"),
        *(("json-ld description", article.description) for article in page.structured.articles),
        *_metas(page, "dc.description", "sailthru.description"),
    )


def section_of(page: PageMeta) -> tuple[str, str] | None:
    """The section of the site that the page is in."""
    return _first(
        *(("json-ld articleSection", article.section) for article in page.structured.articles),
        *_metas(
            page,
            "article:section",
            "og:article:section",
            "parsely-section",
            "sailthru.section",
            "section",
            "category",
        ),
    )


def tags_of(page: PageMeta) -> tuple[str, tuple[str, ...]] | None:
    """The page's tags, each once; keywords where it has none."""
    for evidence, values in (
        ("meta article:tag", [value for _, value in page.meta("article:tag", "og:article:tag")]),
        ("json-ld keywords", [word for article in page.structured.articles for word in article.keywords]),
        (
            "meta news_keywords",
            [value for _, value in page.meta("news_keywords", "parsely-tags", "sailthru.tags")],
        ),
        ("meta keywords", [value for _, value in page.meta("keywords")]),
    ):
        parts = (
            part.strip() for value in values for part in value.replace("،", ",").replace(";", ",").split(",")
        )
        tags = dict.fromkeys(part for part in parts if part and len(part) <= _LONGEST_TAG)
        if tags:
            return evidence, tuple(tags)[:_MOST_TAGS]
    return None


def image_of(page: PageMeta, url: str | None) -> tuple[str, str] | None:
    """The address of the page's picture."""
    candidates = [
        *_metas(
            page, "og:image", "og:image:url", "og:image:secure_url", "twitter:image", "twitter:image:src"
        ),
        *(("json-ld image", article.image) for article in page.structured.articles),
    ]
    return _first(*((evidence, _absolute(value, url)) for evidence, value in candidates))


def canonical_of(page: PageMeta, url: str | None) -> tuple[str, str] | None:
    """The page's own address for itself. The front page is none, unless the page is the front page."""
    for evidence, value in (("link canonical", page.canonical), *_metas(page, "og:url")):
        address = _absolute(value, url)
        if address and not (_is_front(address) and url and not _is_front(url)):
            return evidence, address
    return None


def _absolute(value: str | None, url: str | None) -> str | None:
    if not value or len(value) > _LONGEST_URL:
        return None
    try:
        address = urljoin(url or "", value.strip())
        parts = urlsplit(address)
    except ValueError:
        return None
    return address if parts.scheme in ("http", "https") and parts.netloc else None


def _is_front(url: str) -> bool:
    parts = urlsplit(url)
    return parts.path in ("", "/") and not parts.query


def site_names_of(page: PageMeta, url: str | None) -> tuple[str, ...]:
    """Every name that the page or its address gives to its site, for taking them off titles and authors."""
    names = [
        value
        for _, value in page.meta(
            "og:site_name", "application-name", "apple-mobile-web-app-title", "publisher"
        )
    ]
    names += [
        value for _, value in page.meta("al:ios:app_name", "al:android:app_name", "dc.publisher", "copyright")
    ]
    if page.structured.site_name:
        names.append(page.structured.site_name)
    authors = {party.name for article in page.structured.articles for party in article.authors}
    publishers = [article.publisher for article in page.structured.articles if article.publisher]
    names += [name for name in publishers if not names or name not in authors]  # bloggers publish themselves
    host = _host(url)
    labels = [label for label in host.split(".")[:-1] if len(label) > 2 and label != "www"]
    return tuple(dict.fromkeys([*names, host, *labels] if host else names))


def _host(url: str | None) -> str:
    try:
        return (urlsplit(url or "").hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def site_name_of(page: PageMeta, url: str | None) -> tuple[str, str] | None:
    """The name of the site, as it calls itself."""
    publishers = (("json-ld publisher", article.publisher) for article in page.structured.articles)
    told = _first(
        *_metas(page, "og:site_name"),
        ("json-ld WebSite", page.structured.site_name),
        *publishers,
        *_metas(page, "application-name", "apple-mobile-web-app-title"),
    )
    if told:
        return told[0], told[1].strip(" |-–—:·•»«") or told[1]
    labels = {letters(label) for label in _host(url).split(".")[:-1] if len(label) > 2}
    parts = segments(page.title or "")
    return next(
        (
            ("part of the title element", part)
            for part in parts
            if letters(part) in labels or letters(part) == letters(_host(url))
        ),
        None,
    )
