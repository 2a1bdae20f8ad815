"""Selectors find what trafilatura's own expressions find."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html
from trafilatura import xpaths

from worker.core.selectors import Selector

ALL = [
    *xpaths.RAW_TREE_PRUNE_XPATH,
    *xpaths.REMOVE_COMMENTS_AND_LISTS_XPATH,
    *xpaths.OVERALL_DISCARD_XPATH,
    *xpaths.TEASER_DISCARD_XPATH,
    *xpaths.DISCARD_IMAGE_ELEMENTS,
]
FIRST = [expression for expression in xpaths.BODY_XPATH if "re:test" in expression.path]
SELECTORS = [Selector(expression.path) for expression in ALL]
FIRST_SELECTORS = [Selector(expression.path) for expression in FIRST]

# what the expressions look for, near misses among them
VALUES = st.just("") | st.sampled_from(
    "article post entry text story content post-content FullText main-content comments Commentary nav"
    " comment-list disqus_thread infinite-scroll mvp-post-add-box elementor-share-buttons sidebar Share share"
    " author cookie hidden hide-print reply-7 teaser Teaser-box caption Navigation display:none plain".split()
)
NAMES = st.sampled_from(
    "id class role style itemprop aria-hidden data-component data-lp-replacement-content".split()
)
TAGS = st.sampled_from("div section p article main list item span ul ol aside details h1".split())
ATTRIBUTES = st.lists(st.tuples(NAMES, VALUES), max_size=3)
ELEMENTS: st.SearchStrategy[Any] = st.recursive(
    st.tuples(TAGS, ATTRIBUTES, st.just([])),
    lambda inner: st.tuples(TAGS, ATTRIBUTES, st.lists(inner, max_size=6)),
    max_leaves=20,
)


def built(described: Any) -> html.HtmlElement:
    tag, attributes, children = described
    element = html.Element(tag)
    for name, value in attributes:  # in the order given: of `@id|@class` the first one counts
        element.set(name, value)
    element.extend([built(child) for child in children])
    assert isinstance(element, html.HtmlElement)
    return element


@given(ELEMENTS)
@settings(deadline=None)
def test_the_same_elements_in_the_same_order(described: Any) -> None:
    tree = built(described)
    for expression, selector in zip(ALL, SELECTORS, strict=True):
        assert selector(tree) == expression(tree)
    for expression, selector in zip(FIRST, FIRST_SELECTORS, strict=True):
        assert selector(tree) == list(expression(tree))[:1]  # type: ignore[arg-type]


def test_the_attribute_that_stands_first_counts() -> None:
    path = ".//*[starts-with(@id|@class, 'a')]"
    tree = html.fromstring("<div><p id=a class=b>1</p><p class=b id=a>2</p><p id=a class=b>3</p></div>")
    assert [element.text for element in Selector(path)(tree)] == ["1", "3"]
    assert Selector(path)(tree) == tree.xpath(path)


def test_what_lies_inside_an_element_is_asked_each_time() -> None:
    selector = Selector(".//*[self::div][@class='a'][not(.//h1)]")
    tree = html.fromstring(
        "<main><div class=a>1</div><div class=a><h1>2</h1></div><div class=a>3</div></main>"
    )
    assert [element.text for element in selector(tree)] == ["1", "3"]


def test_remembering_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.core.selectors._MOST_KNOWN", 3)
    selector = Selector(".//*[@id='n5']")
    tree = html.fromstring("<div>" + "".join(f"<p id=n{i}>{i}</p>" for i in range(9)) + "</div>")
    assert [element.text for element in selector(tree)] == ["5"]
    assert len(selector._known) <= 3


@pytest.mark.parametrize("expression", ["(.//article)[1]", "//p", ".//*[@id='a']|.//*[@id='b']", ".//*"])
def test_other_expressions_are_refused(expression: str) -> None:
    with pytest.raises(ValueError, match="not an expression"):
        Selector(expression)
