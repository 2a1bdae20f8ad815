"""docker-compose.yml as Compose reads it: values from the environment, services with command and settings."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
COMPOSE_FILE = ROOT / "docker-compose.yml"

_VARIABLE = re.compile(r"\$(?:\$|(?P<bare>\w+)|\{(?P<name>\w+)(?:(?P<sign>:?[-+?])(?P<word>[^}]*))?\})")


class UnsetError(Exception):
    """A variable that the file needs has no value, or an unbraced one is used."""


@dataclass(frozen=True, slots=True)
class Service:
    """A service: `raw` is its mapping with values put in, `environment` what its containers get."""

    name: str
    raw: Mapping[str, Any]
    environment: Mapping[str, str]

    @property
    def command(self) -> list[str]:
        """The words of its command; none where the image's own holds."""
        return [str(word) for word in self.raw.get("command", [])]


class Compose:
    """The file with the variables of `environ` put in.

    Raises:
        UnsetError: a variable has neither value nor default.
    """

    def __init__(self, environ: Mapping[str, str] | None = None, text: str | None = None):
        self.environ = environ or {}
        source = COMPOSE_FILE.read_text(encoding="utf-8") if text is None else text
        self.document: dict[str, Any] = self._fill(yaml.safe_load(source))

    @property
    def services(self) -> dict[str, Service]:
        """Every service, by name."""
        return {name: self._service(name, raw) for name, raw in self.document["services"].items()}

    def _service(self, name: str, raw: Mapping[str, Any]) -> Service:
        environment = {
            key: self.environ.get(key) if value is None else str(value)
            for key, value in raw.get("environment", {}).items()
        }
        return Service(name, raw, {key: value for key, value in environment.items() if value is not None})

    def _fill(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._fill(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._fill(item) for item in value]
        return _VARIABLE.sub(self._value, value) if isinstance(value, str) else value

    def _value(self, match: re.Match[str]) -> str:
        name, sign, word = match["name"], match["sign"] or "", match["word"] or ""
        if match[0] == "$$":
            return "$"
        if name is None:
            raise UnsetError(f"{match[0]}: write it in braces, with a default")
        given = self.environ.get(name)
        there = given is not None and (bool(given) or not sign.startswith(":"))
        if sign.endswith("+"):
            return word if there else ""
        if there:
            return given or ""
        if sign.endswith("-"):
            return word
        raise UnsetError(f"{name} has no default")


def variables(text: str) -> Iterator[tuple[str, str]]:
    """The name and the default of each `${NAME:-default}` and `${NAME-default}`."""
    for match in _VARIABLE.finditer(text):
        if match["name"] and (match["sign"] or "-").endswith("-"):
            yield match["name"], match["word"] or ""


def example_values() -> dict[str, str]:
    """What .env.example shows, as if it were not commented out."""
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    found = (re.fullmatch(r"#?([A-Z]\w*)=(.*)", line) for line in lines)
    return {match[1]: match[2] for match in found if match}


def seconds(duration: str) -> float:
    """A duration of one unit, as `45s`."""
    units = {"s": 1.0, "m": 60.0, "h": 3600.0}
    return float(duration[:-1]) * units[duration[-1]]


def mebibytes(size: str) -> float:
    """A size of one unit, as `512m`, `1g` or `256mb`."""
    number, unit = re.fullmatch(r"(\d+)([kmg])b?", size.lower()).groups()  # type: ignore[union-attr]
    return float(number) * {"k": 1 / 1024, "m": 1, "g": 1024}[unit]
