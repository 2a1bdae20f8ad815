"""The rights that SECURITY.md tells users to give, read from its own lines, for the tests to work under."""

import argparse
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from kafka.admin import ACLOperation, ResourceType

from tests.servers.secured import Grant

_SECURITY = Path(__file__).parents[2] / "SECURITY.md"
_OPERATIONS = {
    "Read": ACLOperation.READ,
    "Write": ACLOperation.WRITE,
    "Create": ACLOperation.CREATE,
    "Describe": ACLOperation.DESCRIBE,
}
_RESOURCES = {
    "topic": ResourceType.TOPIC,
    "group": ResourceType.GROUP,
    "transactional_id": ResourceType.TRANSACTIONAL_ID,
}


def kafka_rights() -> Mapping[str, Sequence[Grant]]:
    """The rights of each user: those of the `kafka-acls.sh` lines, understood as that program does."""
    found: dict[str, list[Grant]] = {}
    for line in re.findall(r"^\$allow (.*)$", _SECURITY.read_text(), re.MULTILINE):
        words = _parser().parse_args(shlex.split(line))
        given = [(kind, name) for kind in _RESOURCES for name in getattr(words, kind)]
        found.setdefault(words.allow_principal.removeprefix("User:"), []).extend(
            Grant(_OPERATIONS[operation], _RESOURCES[kind], name, words.resource_pattern_type == "prefixed")
            for operation in words.operation
            for kind, name in given
        )
    return found


def redis_rules(password: str) -> tuple[str, Sequence[str]]:
    """The user of the `ACL SETUSER` line, and its rules with this password."""
    (line,) = re.findall(r"^ACL SETUSER (.*)$", _SECURITY.read_text(), re.MULTILINE)
    user, *rules = line.replace("PASSWORD", password).split()
    return user, rules


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(exit_on_error=False, allow_abbrev=False)
    parser.add_argument("--allow-principal", required=True)
    parser.add_argument("--operation", action="append", choices=_OPERATIONS, required=True)
    parser.add_argument("--resource-pattern-type", choices=("literal", "prefixed"), default="literal")
    for kind in _RESOURCES:
        parser.add_argument(f"--{kind.replace('_', '-')}", action="append", default=[])
    return parser
