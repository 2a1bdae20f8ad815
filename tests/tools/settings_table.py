"""Writes docs/configuration.md from worker/settings.py: python -m tests.tools.settings_table."""

import inspect
import re
import types
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any, Union, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from worker.environment import load_settings
from worker.secretfiles import SECRETS
from worker.settings import PREFIX, Settings

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"

_HEAD = """\
# Configuration

<!-- Written by `make docs` from worker/settings.py: change it there. -->

Every setting is an environment variable. A flag of the command line beats it, it beats the default, and an
empty value counts as none. A name that begins with `PAGESIEVE_` and is not here is an error; all errors are
told at once, and the worker ends with code 78.
"""
_SECRETS = """
## Secrets

Each of these may be given as a file instead, whose name stands in the variable with `_FILE` at its end:

{names}
"""
_CONFLICTS = """
## Settings that must agree

Held when the worker starts. Names are those above, in small letters and without the prefix.

{lines}
"""
_KINDS = {
    int: "integer",
    float: "number",
    str: "text",
    bool: "true or false",
    Path: "path",
    SecretStr: "secret",
}
_SIZES = {
    "max_in_flight_bytes",
    "kafka_max_partition_fetch_bytes",
    "kafka_fetch_max_bytes",
    "kafka_max_request_size",
}


def text() -> str:
    """The whole page."""
    secrets = "\n".join(f"- `{_variable(name)}_FILE`" for name in SECRETS)
    # The conditions do not matter here, only what they are called.
    rules = "\n".join(f"- {rule}" for _, rule in load_settings({})._conflicts())
    return "".join([_HEAD, *_sections(), _SECRETS.format(names=secrets), _CONFLICTS.format(lines=rules)])


def _sections() -> Iterator[str]:
    """A heading for each comment that stands between the fields, and a table of those that follow."""
    for line in inspect.getsource(Settings).splitlines():
        if match := re.fullmatch(r"    # (\w.*)", line):
            yield f"\n## {match[1]}\n\n| name | default | kind | |\n|---|---|---|---|\n"
        elif (match := re.match(r"    (\w+): ", line)) and match[1] in Settings.model_fields:
            yield _row(match[1], Settings.model_fields[match[1]])


def _row(name: str, field: FieldInfo) -> str:
    return (
        f"| `{_variable(name)}` | {_default(name, field.default)} | {_kind(field)} | {field.description} |\n"
    )


def _variable(name: str) -> str:
    return f"{PREFIX}{name.upper()}"


def _default(name: str, value: Any) -> str:
    if value is PydanticUndefined:
        raise ValueError(f"{name} has no default")
    if value is None:
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if name in _SIZES:
        return f"`{value}` ({value // 2**20} MiB)"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def _kind(field: FieldInfo) -> str:
    kind = field.annotation
    if get_origin(kind) in (Union, types.UnionType):
        (kind,) = (item for item in get_args(kind) if item is not types.NoneType)
    assert isinstance(kind, type)
    if issubclass(kind, StrEnum):
        return "one of " + ", ".join(f"`{item}`" for item in kind)
    bounds = [_bound(item) for item in field.metadata]
    return ", ".join([_KINDS[kind], *filter(None, bounds)])


def _bound(constraint: Any) -> str:
    signs = {"gt": "above", "ge": "from", "lt": "below", "le": "to"}
    found = [
        f"{word} {getattr(constraint, name)}" for name, word in signs.items() if hasattr(constraint, name)
    ]
    return ", ".join(found)


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")
