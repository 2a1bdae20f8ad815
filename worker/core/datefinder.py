"""htmldate behind one door: a page's date where nothing on it declares one. Slow, so asked last."""

import logging

from htmldate import find_date as find_date_anywhere
from lxml import html

# htmldate's own bounds move with the clock; an outcome must not
_EARLIEST, _LATEST = "1995-01-01", "2099-12-31"
logging.getLogger("htmldate").setLevel(logging.CRITICAL)


def find_html_date(root: html.HtmlElement, url: str | None) -> str | None:
    """The date, `2024-05-17`, that htmldate finds without guessing; it works on a copy of the tree."""
    found = find_date_anywhere(
        root,
        url=url,
        original_date=True,
        extensive_search=False,
        min_date=_EARLIEST,
        max_date=_LATEST,
    )
    return found if isinstance(found, str) else None
