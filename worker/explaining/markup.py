"""HTML that is escaped by construction: only what these functions made goes in as it is."""

import html

from worker.explaining.visible import UNSEEN, code, visible


class Html(str):
    """Markup; any other string is text, and is escaped."""

    __slots__ = ()


NOTHING = Html("")


def element(name: str, /, *children: str, **attributes: str | bool | None) -> Html:
    """An element. `class_` is the attribute class; True gives one without a value, None and False none."""
    told = "".join(_attribute(key, value) for key, value in attributes.items())
    inside = "".join(child if isinstance(child, Html) else escaped(child) for child in children)
    return Html(f"<{name}{told}>{inside}</{name}>")


def void(name: str, /, **attributes: str | bool | None) -> Html:
    """An element that has no content, and so no end: input, meta."""
    return Html(f"<{name}{''.join(_attribute(key, value) for key, value in attributes.items())}>")


def joined(*parts: Html) -> Html:
    """Markup after markup."""
    return Html("".join(parts))


def escaped(text: str) -> Html:
    """Text of a page; what cannot be seen of it is spelt out."""
    return Html(html.escape(visible(text)))


def marked(text: str) -> Html:
    """The same, with what is spelt out set off from what is written."""
    parts, start = [], 0
    for match in UNSEEN.finditer(text):
        parts += [escaped(text[start : match.start()]), element("span", code(match[0]), class_="unseen")]
        start = match.end()
    return joined(*parts, escaped(text[start:]))


def _attribute(key: str, value: str | bool | None) -> str:
    name = key.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{escaped(value)}"'
