"""Explanations as one HTML page that needs nothing else: no script, no request, every text escaped.

What is shown and hidden is decided by its check boxes and the style sheet alone; the content security
policy allows that one style sheet and nothing besides, whatever a page's text may hold.
"""

import hashlib
from base64 import b64encode
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from string import Template

from worker import __version__
from worker.core.records import Kind
from worker.explaining.markup import NOTHING, Html, element, escaped, marked, void
from worker.explaining.rows import Explanation, Verdict
from worker.explaining.section import heading_of, plural, section_of, text_direction, words


def html_page(explanations: Sequence[Explanation]) -> str:
    """The whole document, for one page or several."""
    style = _style()
    title = "What pagesieve kept and cut"
    return Template(_file("page.html")).substitute(
        version=escaped(__version__),
        title=title,
        style=style,
        style_hash=b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        counts=_counts(explanations),
        filters=_filters(explanations),
        pages="\n".join(section_of(number, page) for number, page in enumerate(explanations, 1)),
    )


@cache
def _file(name: str) -> str:
    return (files("worker.explaining") / name).read_text(encoding="utf-8")


def _style() -> str:
    """The style sheet, with a rule for each kind: hidden when other kinds are asked for and it is not."""
    asked = "body:has(.kinds input:checked)"
    rules = [f"{asked}:not(:has(#only-{kind}:checked)) .k-{kind} {{ display: none; }}\n" for kind in Kind]
    return "\n" + _file("page.css") + "".join(rules)


def _counts(explanations: Sequence[Explanation]) -> Html:
    verdicts = _total([page.verdicts for page in explanations])
    rejected = sum(page.rejected is not None for page in explanations)
    parts = [
        plural(len(explanations), "page"),
        *([f"{rejected} rejected"] if rejected else []),
        f"{plural(sum(verdicts.values()), 'block')}: "
        + ", ".join(f"{verdicts[verdict]} {verdict.value}" for verdict in Verdict),
    ]
    return escaped(" · ".join(parts))


def _total(counts: Sequence[Mapping[Verdict, int]] | Sequence[Mapping[Kind, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for count in counts:
        for name, many in count.items():
            total[name] += many
    return total


def _filters(explanations: Sequence[Explanation]) -> Html:
    verdicts = _total([page.verdicts for page in explanations])
    kinds = _total([page.kinds for page in explanations])
    shown = [_box(f"show-{v.value}", v.value, verdicts[v], checked=True) for v in Verdict]
    only = [_box(f"only-{kind}", words(kind), many) for kind, many in kinds.most_common()]
    groups = [
        _group("Show", shown),
        _group("Fold", [_box("fold", "what extraction left out", checked=True)]),
        *([_group("Only these cuts", only, class_="kinds")] if only else []),
    ]
    return element(
        "form",
        _contents(explanations) if len(explanations) > 1 else NOTHING,
        *groups,
        element("button", "Reset", type="reset"),
        class_="filters",
        autocomplete="off",
        aria_label="Filter the blocks",
    )


def _group(legend: str, boxes: Sequence[Html], **attributes: str) -> Html:
    return element("fieldset", element("legend", legend), *boxes, **attributes)


def _box(name: str, label: str, many: int | None = None, *, checked: bool = False) -> Html:
    return element(
        "label",
        void("input", type="checkbox", id=name, checked=checked),
        element("span", label),
        element("span", str(many), class_="many") if many is not None else NOTHING,
    )


def _contents(explanations: Sequence[Explanation]) -> Html:
    entries = [
        element(
            "li",
            element("a", marked(heading_of(page)), href=f"#p{number}", dir=text_direction(heading_of(page))),
            f" {page.rejected.reason.value}" if page.rejected else "",
        )
        for number, page in enumerate(explanations, 1)
    ]
    return element("nav", element("h2", "Pages"), element("ol", *entries), aria_label="Pages")
