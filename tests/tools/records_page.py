"""Writes docs/records.md from the schema and the reasons: python -m tests.tools.records_page."""

import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from worker.core.records import Reason

_ROOT = Path(__file__).parents[2]
PAGE = _ROOT / "docs" / "records.md"
_SCHEMA = _ROOT / "worker" / "article.schema.json"

_HEAD = """\
# Records

<!-- Written by `make docs` from worker/article.schema.json and worker/core/records.py: change it there. -->

## Articles

A message of `articles.clean` is one JSON object; its key is the canonical URL, else the URL. The schema is
[worker/article.schema.json](../worker/article.schema.json), and every record of the tests is held against it.
Every field is always there: what the page does not tell is null or an empty list, never a guess. Times are
ISO 8601.

| field | type | |
|---|---|---|
"""
_KINDS = """
Kinds of `removed` blocks: {kinds}.

Readers: with `isolation.level=read_committed` each page is there once. A page that is fetched again gives a
new record with the same `id`; `text_sha256` tells whether its text has changed.
"""
_DEAD = """
## Dead letters

A message of `pages.dead` is the page's own message: key, value, headers and timestamp as they came. Added are
Kafka Connect's headers, `__connect.errors.` followed by `topic`, `partition`, `offset`, `stage` (`decode` or
`clean`), `exception.class.name` and `exception.message`, and of ours

| header | |
|---|---|
| `pagesieve.reason` | one of those below |
| `pagesieve.attempts` | times that cleaning was tried |
| `pagesieve.version` | of pagesieve |
| `pagesieve.replay_count` | times that `pagesieve replay` has put the page back |
| `pagesieve.changed` | where Kafka refused the letter: what is left out, of `value`, `headers` and `key` |

| reason | |
|---|---|
"""


def text() -> str:
    """The whole page."""
    schema = json.loads(_SCHEMA.read_text(encoding="utf-8"))
    kinds = ", ".join(f"`{kind}`" for kind in schema["$defs"]["kind"]["enum"])
    return "".join(
        [_HEAD, *_fields("", schema, schema["$defs"]), _KINDS.format(kinds=kinds), _DEAD, *_reasons()]
    )


def _fields(above: str, schema: dict[str, Any], definitions: dict[str, Any]) -> Iterator[str]:
    """A row for each field, and below it one for each of its own fields."""
    for name, given in schema.get("properties", {}).items():
        field = definitions[given["$ref"].rpartition("/")[2]] if "$ref" in given else given
        yield f"| `{above}{name}` | {_type(field)} | {_cell(field['description'])} |\n"
        yield from _fields(f"{above}{name}.", field, definitions)
        for form in field.get("oneOf", []):
            yield from _fields(f"{above}{name}[].", form.get("items", {}), definitions)


def _type(field: dict[str, Any]) -> str:
    if "const" in field:
        return f"`{json.dumps(field['const'])}`"
    if "enum" in field:
        few = len(field["enum"]) < 10
        return ", ".join(f"`{json.dumps(value)}`" for value in field["enum"]) if few else "text, see below"
    if "oneOf" in field:
        return " or ".join(_type(form) for form in field["oneOf"])
    names = field["type"] if isinstance(field["type"], list) else [field["type"]]
    return " or ".join(_name(name, field) for name in names)


def _name(name: str, field: dict[str, Any]) -> str:
    if name == "array":
        return f"list of {_type(field['items'])}"
    return {"string": "text", "integer": "integer", "object": "object", "null": "null"}[name]


def _reasons() -> Iterator[str]:
    """A row for each reason, with the comment that stands beside it in the source."""
    meanings = dict(re.findall(r'^    [A-Z_]+ = "(\w+)"  # (.+)$', inspect.getsource(Reason), re.MULTILINE))
    for reason in Reason:
        yield f"| `{reason}` | {_cell(meanings[reason])} |\n"


def _cell(words: str) -> str:
    return words.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")
