"""HTML text -> lxml tree, and how deep it is."""

from typing import cast

from lxml import etree, html

# libxml2's HTML parser stops nesting here, also with huge_tree, and drops what lies deeper
PARSER_DEPTH = 2048
# lxml.html asks a Python function for the class of each element, every time one is met; this asks none
_ONE_CLASS = etree.ElementDefaultClassLookup(element=html.HtmlElement, comment=html.HtmlComment)
_COUNT = etree.XPath("count(/descendant::*)")


def parse(text: str) -> html.HtmlElement | None:
    """The root element of a page, or None where there is no element at all.

    Broken markup is mended as libxml2 does; nothing raises on any text.
    """
    parser = html.HTMLParser(
        encoding="utf-8",
        remove_comments=True,
        remove_pis=True,
        huge_tree=True,
        collect_ids=False,
    )
    parser.set_element_class_lookup(_ONE_CLASS)
    data = text.encode("utf-8", "replace")
    if not data.strip():
        return None
    try:
        root = html.document_fromstring(data, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return None
    return root if isinstance(root, html.HtmlElement) else None


def element_count(root: html.HtmlElement) -> int:
    """How many elements a page has."""
    return int(cast("float", _COUNT(root)))
