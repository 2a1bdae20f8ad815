"""Names for contents, by SHA-256: the key of a page, the fingerprint of the rules, the id of an article."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from urllib.parse import urlsplit, urlunsplit

import orjson

from worker.core.options import CleanOptions
from worker.core.records import Page

_DEFAULT_PORTS = {"http": 80, "https": 443}


def page_key(page: Page, rules_fingerprint: str) -> str:
    """64 hex digits that name what cleaning this page with these rules gives: equal keys, equal outcomes."""
    parts = (page.url, page.content_type, page.encoding, "text" if page.is_text else "tree")
    named = [None if part is None else _bytes(part) for part in parts]
    return _digest([*named, page.body, _bytes(rules_fingerprint)])


def rules_fingerprint(
    rule_texts: Mapping[str, str], options: CleanOptions, versions: Mapping[str, str]
) -> str:
    """16 hex digits that change with any rule file (name or text), option or library version.

    The order of the mappings does not matter.
    """
    state = {"rules": dict(rule_texts), "options": asdict(options), "versions": dict(versions)}
    return hashlib.sha256(orjson.dumps(state, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def article_id(url: str | None, page_key: str) -> str:
    """32 hex digits: stable for a URL, whatever is fetched from it; without a URL, for the page's key.

    Two URLs that differ only in the case of scheme or host, a default port or a fragment are one.
    """
    name = f"url:{_normalised(url)}" if url else f"page:{page_key}"
    return hashlib.sha256(_bytes(name)).hexdigest()[:32]


def text_sha256(text: str) -> str:
    """64 hex digits of the text in UTF-8."""
    return hashlib.sha256(_bytes(text)).hexdigest()


def _normalised(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return url
    user, at, _ = parts.netloc.rpartition("@")
    host = (parts.hostname or "").lower()
    if ":" in host:
        host = f"[{host}]"
    if port is not None and port != _DEFAULT_PORTS.get(parts.scheme):
        host = f"{host}:{port}"
    return urlunsplit((parts.scheme, user + at + host, parts.path or "/", parts.query, ""))


def _digest(parts: Iterable[bytes | None]) -> str:
    """Each part goes in with its length before it, so that no two lists of parts read the same."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(b"-" if part is None else b"%d:" % len(part))
        digest.update(part or b"")
    return digest.hexdigest()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
