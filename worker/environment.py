"""Settings from the environment (`PAGESIEVE_...`), with all errors told at once."""

import difflib
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from worker.secretfiles import SECRETS, read_secret
from worker.settings import PREFIX, Settings


class SettingsError(Exception):
    """Settings that do not hold; one line an error in `problems`."""

    def __init__(self, problems: list[str]):
        super().__init__("\n".join(problems))
        self.problems = problems


def load_settings(environ: Mapping[str, str], **flags: Any) -> Settings:
    """The settings from `environ`, each flag that is not None taking precedence.

    `PAGESIEVE_<SECRET>_FILE` names a file that holds a secret; a line's end after it does not count.

    Raises:
        SettingsError: with every problem at once: unknown names, bad values, settings in conflict. It tells
            no value of a setting, nor the name of a secret's file: that may be the secret, misplaced.
    """
    values: dict[str, Any] = {}
    problems: list[str] = []
    for name, value in environ.items():
        if name.startswith(PREFIX) and value != "":
            _take(name, value, values, problems)
    values |= {name: value for name, value in flags.items() if value is not None}
    try:
        settings = Settings(**values)
    except ValidationError as error:
        problems += [_explain(item["loc"], item["msg"]) for item in error.errors()]
    if problems:
        raise SettingsError(problems)
    return settings


def _take(name: str, value: str, values: dict[str, Any], problems: list[str]) -> None:
    field = name.removeprefix(PREFIX).lower()
    secret = field.removesuffix("_file")
    if field in Settings.model_fields:
        _put(field, value, values, problems)
    elif secret in SECRETS and field != secret:
        try:
            _put(secret, read_secret(value), values, problems)
        except ValueError as error:
            problems.append(f"{name}: the file that it names {error}")
    else:
        near = difflib.get_close_matches(field, Settings.model_fields, n=1)
        hint = f"; did you mean {PREFIX}{near[0].upper()}?" if near else ""
        problems.append(f"{name}: no such setting{hint}")


def _put(field: str, value: str, values: dict[str, Any], problems: list[str]) -> None:
    if field in SECRETS and field in values:
        name = PREFIX + field.upper()
        problems.append(f"{name} and {name}_FILE are both set: one of them is enough")
    values.setdefault(field, value)


def _explain(location: tuple[int | str, ...], message: str) -> str:
    text = message.removeprefix("Value error, ")
    return f"{PREFIX}{str(location[0]).upper()}: {text}" if location else text
