"""XPath expressions over elements' own attributes, with every answer remembered.

trafilatura finds what to drop by expressions like `.//*[self::div or self::p][re:test(@class, '…')]`. For
each element libxml2 asks Python to match each regular expression, although a page's elements share a few
classes. Here each predicate is asked once for a tag and its attributes' values, in the very words of the
expression: the same elements are found, in the same order.
"""

import re
from collections.abc import Iterator

from lxml import etree

_NAMESPACES = {"re": "http://exslt.org/regular-expressions"}
_PREDICATE = r"\[(?:[^\[\]']|'[^']*')*\]"
_FORM = re.compile(rf"\s*\(?\s*\.//\*(?P<predicates>(?:{_PREDICATE}\s*)+?)(?P<first>(?:\)\s*)?\[1\])?\s*")
_TAGS = re.compile(r"\[\s*self::\w+(?:\s+or\s+self::\w+)*\s*\]")
_NOT_OWN = re.compile(
    r"//|(?<!self)::|\b(?:text|position|last|count)\(|\[\s*\d"
)  # asks for more than the element
_MOST_KNOWN = 20_000  # answers remembered by each selector


class Selector:
    """The elements below one that fit an expression: `.//*[…][…]`, `.//*[…][1]` or `(.//*[…])[1]`.

    Of the last two only the first element in document order is found.

    Raises:
        ValueError: the expression is of another form.
    """

    def __init__(self, expression: str) -> None:
        form = _FORM.fullmatch(expression)
        if form is None:
            raise ValueError(f"not an expression of elements and predicates: {expression.strip()}")
        predicates = re.findall(_PREDICATE, form["predicates"])
        own = [predicate for predicate in predicates if not _NOT_OWN.search(predicate)]
        self._first_only = form["first"] is not None
        self._tags = [
            tag for part in own if _TAGS.fullmatch(part) for tag in re.findall(r"self::(\w+)", part)
        ]
        # `@id|@class` is whichever of the two the element names first
        first_of_two = re.findall(r"@([\w-]+)\s*\|", "".join(own))
        self._names = list(dict.fromkeys(first_of_two + re.findall(r"@([\w-]+)", "".join(own))))
        self._unordered = (None,) * len(set(first_of_two))
        self._fits_alone = _compiled(own)
        self._fits_all = _compiled(predicates) if len(own) < len(predicates) else None
        self._known: dict[object, bool] = {}

    def __call__(self, tree: etree._Element) -> list[etree._Element]:
        """The elements below `tree` in document order; `tree` itself is never one."""
        found = self._find(tree)
        if not self._first_only:
            return list(found)
        first = next(found, None)
        return [] if first is None else [first]

    def _find(self, tree: etree._Element) -> Iterator[etree._Element]:
        names, unordered, known = self._names, self._unordered, self._known
        ordered_from = len(unordered)
        for element in tree.iter(*self._tags or "*"):
            values = tuple(map(element.get, names))
            order = () if values[:ordered_from] == unordered else tuple(element.keys())
            key = (element.tag, values, order)
            fits = known.get(key)
            if fits is None:
                fits = self._ask(key, element)
            if fits and element is not tree and (self._fits_all is None or self._fits_all(element)):
                yield element

    def _ask(self, key: object, element: etree._Element) -> bool:
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        fits = self._known[key] = bool(self._fits_alone(element))
        return fits


def _compiled(predicates: list[str]) -> etree.XPath:
    return etree.XPath("self::*" + "".join(predicates), namespaces=_NAMESPACES, smart_strings=False)
