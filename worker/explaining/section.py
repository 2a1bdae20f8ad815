"""The section of one page in the HTML: its outcome, its fields with their evidence, and its blocks."""

import re
from collections import Counter
from urllib.parse import unquote

from worker.core.evidence.judge import Sign
from worker.core.records import Kind
from worker.explaining.fields import Field
from worker.explaining.markup import NOTHING, Html, element, joined, marked, void
from worker.explaining.rows import Explanation, Row, Verdict, direction_of_text
from worker.explaining.runs import Run, runs_of

_MARKS = {Verdict.KEPT: "✓", Verdict.CUT: "✕", Verdict.OUTSIDE: "·"}
_LINK = re.compile(r"https?://[^\s/]", re.IGNORECASE)


def section_of(number: int, page: Explanation) -> Html:
    """The section of the page of a number, from 1."""
    title, heading = heading_of(page), f"p{number}-title"
    return element(
        "section",
        element(
            "header",
            element("h2", marked(title), id=heading, dir=text_direction(title), lang=_lang(page, title)),
            _outcome(page),
            element("p", page.name if page.name != title else "", " " if page.url else "", _url(page.url)),
        ),
        _fields(page) if page.fields else NOTHING,
        element("ol", *(_run(run, page) for run in runs_of(page.rows)), class_="rows"),
        class_="page",
        id=f"p{number}",
        aria_labelledby=heading,
    )


def heading_of(page: Explanation) -> str:
    """What a page goes by: its headline, else where it came from."""
    return page.title or page.name


def text_direction(text: str) -> str:
    """The direction of a text that stands alone, `ltr` or `rtl`."""
    return direction_of_text(text, "ltr")


def _lang(page: Explanation, text: str, direction: str | None = None) -> str | None:
    """The page's language, where the text runs as the page does."""
    return page.language if (direction or text_direction(text)) == page.direction else None


def _outcome(page: Explanation) -> Html:
    if page.rejected is not None:
        badge = element("span", f"✕ rejected: {page.rejected.reason.value}", class_="badge chip d-cut")
        return element("p", badge, f" {page.rejected.detail}", class_="outcome")
    counts = ", ".join(f"{count} {verdict.value}" for verdict, count in page.verdicts.items())
    badge = element("span", "✓ article", class_="badge chip d-kept")
    return element(
        "p",
        badge,
        f" {plural(page.word_count, 'word')} · {plural(len(page.rows), 'block')}: {counts}",
        class_="outcome",
    )


def _url(url: str | None) -> Html:
    """A link where following it does no more than opening a page; else the text of it."""
    if url is None:
        return NOTHING
    if _LINK.match(url) is None:
        return element("bdi", url)
    return element("a", element("bdi", _readable(url)), href=url, rel="noopener noreferrer nofollow")


def _readable(url: str) -> str:
    """An address with its letters in place of their escapes, as browsers show it."""
    try:
        return unquote(url, errors="strict")
    except UnicodeDecodeError:
        return url


def _fields(page: Explanation) -> Html:
    told = [field for field in page.fields if field.values]
    absent = ", ".join(words(field.name) for field in page.fields if not field.values)
    head = element("tr", *(element("th", text, scope="col") for text in ("field", "value", "read from")))
    return element(
        "details",
        element("summary", f"Metadata: {len(told)} of {len(page.fields)} fields"),
        element("table", element("thead", head), element("tbody", *(_field(field, page) for field in told))),
        element("p", f"Not told by the page: {absent}", class_="absent") if absent else NOTHING,
        class_="fields",
        open=True,
    )


def _field(field: Field, page: Explanation) -> Html:
    values = [
        element(
            "div",
            _url(value) if field.name.endswith("_url") else marked(value),
            class_="value",
            dir="ltr" if field.name.endswith("_url") else text_direction(value),
            lang=_lang(page, value),
        )
        for value in field.values
    ]
    return element(
        "tr",
        element("th", words(field.name), scope="row"),
        element("td", *values),
        element("td", field.evidence or ""),
    )


def _run(run: Run, page: Explanation) -> Html:
    rows = [_row(row, page) for row in run.rows]
    if not run.folded:
        return joined(*rows)
    verdicts = {row.verdict for row in run.rows}
    counted = Counter((row.verdict, row.kind) for row in run.rows).most_common()
    chips = [
        element("span", f"{words(kind or verdict)} {many}", class_=f"chip {_classes(verdict, kind)}")
        for (verdict, kind), many in counted
    ]
    fold = element(
        "label",
        void("input", type="checkbox", autocomplete="off"),
        element("span", f"show {plural(len(rows), 'block')} that extraction left out"),
        *chips,
        class_="fold",
    )
    only = f" only-{verdicts.pop().value}" if len(verdicts) == 1 else ""
    return element("li", fold, element("ol", *rows), class_=f"run{only}")


def _classes(verdict: Verdict, kind: Kind | None) -> str:
    return f"d-{verdict.value}" + (f" k-{kind.value}" if kind else "")


def _row(row: Row, page: Explanation) -> Html:
    label = row.verdict.value if row.kind is None else f"{row.verdict.value}: {words(row.kind)}"
    return element(
        "li",
        element(
            "div",
            element("span", str(row.number), class_="number"),
            element("span", f"{_MARKS[row.verdict]} {label}", class_="badge"),
            element("code", row.rule, class_="rule") if row.rule else NOTHING,
            element("span", row.why, class_="why"),
            *(element("span", figure) for figure in _figures(row)),
            class_="about",
        ),
        element(
            "p", marked(row.text), class_="text", dir=row.direction, lang=_lang(page, row.text, row.direction)
        ),
        _place(row),
        class_=f"row {_classes(row.verdict, row.kind)}",
    )


def _figures(row: Row) -> list[str]:
    figures = []
    if row.verdict is Verdict.CUT and not row.extracted:
        figures.append("extraction left it out too")
    elif row.share is not None and 0 < row.share < 1:
        figures.append(f"extraction keeps {row.share:.0%}")
    if row.score is not None:
        figures.append(f"layout {row.score:.2f}")
    return figures


def _place(row: Row) -> Html:
    """Where the block lies, and beneath it, when opened, what the layout model saw there."""
    place = element("code", row.place)
    if not row.signs:
        return element("p", place, class_="place") if row.place else NOTHING
    return element(
        "details",
        element("summary", place, " strongest evidence"),
        element("ul", *map(_sign, row.signs)),
        class_="place",
        open=row.by_layout,
    )


def _sign(sign: Sign) -> Html:
    speaks = "for" if sign.weight > 0 else "against"
    return element(
        "li",
        element("span", speaks, class_=speaks),
        f" {sign.about} ",
        element("code", f"{sign.name} = {sign.value:.3g}"),
    )


def words(name: str) -> str:
    """The name of a kind or field in words: `read also`."""
    return name.replace("_", " ")


def plural(count: int, noun: str) -> str:
    """A number of things: `1 page`, `2 pages`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
