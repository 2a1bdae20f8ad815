"""trafilatura's extraction of a marked page. The only importer of trafilatura.

`fast_text` takes the steps that `bare_extraction(fast=True, include_comments=False, with_metadata=False)` of
2.3.1 takes (see `trafilatura.core.trafilatura_sequence`), with the same text in the end. Left out is what
only costs time here: copies of the tree that nobody reads, and measuring the whole page where a bound tells
enough. `tests/unit/test_trafilatura_steps.py` holds the two against each other.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from typing import Any

from lxml import etree, html
from trafilatura import main_extractor, xpaths
from trafilatura.baseline import baseline, html2txt
from trafilatura.core import (
    ESCALATION_ACCEPT_RATIO,
    ESCALATION_MAX_LENGTH,
    ESCALATION_PAGE_SHARE,
    _forum_thread_page,
    bare_extraction,
)
from trafilatura.htmlprocessing import convert_tags, prune_unwanted_nodes, tree_cleaning
from trafilatura.settings import Document, Extractor, use_config
from trafilatura.xml import delete_element, xmltotxt

from worker.core.selectors import Selector

logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # it logs what it returns as None
_CONFIG = use_config()
_BALANCED = Extractor(config=_CONFIG, output_format="python", fast=True, comments=False)
_RECALL = Extractor(config=_CONFIG, output_format="python", fast=True, comments=False, recall=True)

_APPENDED: list[Any] = [Selector(expression.path) for expression in xpaths.RAW_TREE_PRUNE_XPATH]
_COMMENTS: list[Any] = [Selector(expression.path) for expression in xpaths.REMOVE_COMMENTS_AND_LISTS_XPATH]
# the main extractor's expressions by the name of their list; of the body's, two are cheap as they are
_REMEMBERED: dict[str, list[Any]] = {
    name: [Selector(expression.path) for expression in getattr(xpaths, name)]
    for name in ("OVERALL_DISCARD_XPATH", "TEASER_DISCARD_XPATH", "DISCARD_IMAGE_ELEMENTS")
}
_REMEMBERED["BODY_XPATH"] = [
    Selector(expression.path) if "re:test" in expression.path else expression
    for expression in xpaths.BODY_XPATH
]


def prune(root: html.HtmlElement) -> None:
    """Drop from a page what trafilatura drops first: scripts, articles appended to the first, comments."""
    for element in list(root.iter("script", "style")):
        if element.get("type") != "application/ld+json":  # that is read, where nothing else gives a text
            delete_element(element)
    prune_unwanted_nodes(root, _APPENDED)
    if not _forum_thread_page(root):
        prune_unwanted_nodes(root, _COMMENTS)


def fast_text(root: html.HtmlElement) -> str:
    """The text of a pruned page in trafilatura's fast mode; empty where it finds none."""
    try:
        with _remembered_expressions():
            body, text = _cascade(root)
    except (TypeError, ValueError):  # as in bare_extraction: a page without a text
        return ""
    return str(xmltotxt(body, include_formatting=False)) if text else ""


def full_text(root: html.HtmlElement) -> str:
    """The text of a pruned page with all of trafilatura's fallbacks; empty where it finds none."""
    with _remembered_expressions():
        document = bare_extraction(
            root, include_comments=False, with_metadata=False, deduplicate=False, config=_CONFIG
        )
    return document.text or "" if isinstance(document, Document) else ""


@contextmanager
def _remembered_expressions() -> Iterator[None]:
    """Lend the main extractor our selectors; whoever else uses trafilatura finds it as it was."""
    for name, selectors in _REMEMBERED.items():
        setattr(main_extractor, name, selectors)
    try:
        yield
    finally:
        for name in _REMEMBERED:
            setattr(main_extractor, name, getattr(xpaths, name))


def _cascade(root: html.HtmlElement) -> tuple[etree._Element | None, str]:
    """The main extraction; plain text where that gave next to nothing; a laxer one where it gave little."""
    body: etree._Element | None
    body, text = _extract(root, _BALANCED)
    if len(text) < _BALANCED.min_extracted_size:
        plain_body, plain_text, size = baseline(root)
        if size > len(text):
            body, text = plain_body, plain_text
    if _is_little(root, text):
        more_body, more_text = _recall(root)
        enough = len(more_text) >= _RECALL.min_extracted_size
        if enough and len(more_text) > ESCALATION_ACCEPT_RATIO * len(text):
            body, text = more_body, more_text
    return body, text


def _extract(root: html.HtmlElement, options: Extractor) -> tuple[etree._Element, str]:
    cleaned = convert_tags(tree_cleaning(copy(root), options), options)
    body, text = main_extractor.extract_content(cleaned, options)
    return body, text


def _recall(root: html.HtmlElement) -> tuple[etree._Element | None, str]:
    try:
        return _extract(root, _RECALL)
    except Exception:  # noqa: BLE001 - as in trafilatura: what was found before stands
        return None, ""


def _is_little(root: html.HtmlElement, text: str) -> bool:
    """True where a short text is a small part of what the page shows."""
    if not 0 < len(text) < ESCALATION_MAX_LENGTH:
        return False
    # html2txt sets spaces between some of the text nodes and leaves some out: it gives no more than this
    most = len(" ".join(" ".join(root.itertext()).split()))
    if len(text) >= ESCALATION_PAGE_SHARE * most:
        return False
    return len(text) < ESCALATION_PAGE_SHARE * len(html2txt(root))
