"""The expressions of the rules, the alerts and the dashboard, and what they name."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import promql_parser
import yaml

from tests.deploy.compose import ROOT

RULES = ROOT / "deploy" / "prometheus" / "rules"
_VARIABLES = {"$__rate_interval": "5m", "$job": "pagesieve", "$instance": "anything"}


@dataclass(frozen=True, slots=True)
class Rule:
    """A recording rule or an alert; `raw` is its mapping."""

    name: str
    expression: str
    is_alert: bool
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Shown:
    """An expression of the dashboard, with the panel and the legend that show it."""

    title: str
    expression: str
    legend: str


@dataclass(slots=True)
class Named:
    """What an expression names: metrics with the labels and values that select them, and other labels."""

    metrics: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    labels: set[str] = field(default_factory=set)


def rule_files() -> Sequence[Path]:
    """The files of rules."""
    return sorted(RULES.glob("*.yml"))


def rules() -> Sequence[Rule]:
    """Every rule of every file."""
    found = []
    for path in rule_files():
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]:
            for raw in group["rules"]:
                name = raw.get("alert") or raw["record"]
                found.append(Rule(name, raw["expr"], "alert" in raw, raw))
    return found


def panels(dashboard: Mapping[str, Any]) -> Iterator[Shown]:
    """Every expression of a dashboard."""
    for panel in dashboard["panels"]:
        for target in panel.get("targets", ()):
            yield Shown(panel["title"], target["expr"], target["legendFormat"])


def named(expression: str) -> Named:
    """What the expression names. Grafana's variables may stand in it.

    Raises:
        ValueError: it is no PromQL.
    """
    for variable, value in _VARIABLES.items():
        expression = expression.replace(variable, value)
    found = Named()
    _walk(promql_parser.parse(expression), found)
    return found


def _walk(node: Any, found: Named) -> None:
    if isinstance(node, promql_parser.VectorSelector):
        matchers = {matcher.name: matcher.value for matcher in node.matchers.matchers}
        found.metrics.append((node.name or matchers.pop("__name__"), matchers))
        return
    modifier = getattr(node, "modifier", None)
    if isinstance(node, promql_parser.AggregateExpr) and modifier is not None:
        found.labels |= set(modifier.labels)
    elif (
        isinstance(node, promql_parser.BinaryExpr) and modifier is not None and modifier.matching is not None
    ):
        found.labels |= set(modifier.matching.labels)
    for child in _children(node):
        _walk(child, found)


def _children(node: Any) -> Iterator[Any]:
    for name in ("lhs", "rhs", "expr", "param", "vector_selector", "vs"):
        child = getattr(node, name, None)
        if child is not None:
            yield child
    yield from getattr(node, "args", None) or ()
