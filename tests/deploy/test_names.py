"""Every metric, label and value that the rules, the alerts and the dashboard name is one of the worker's."""

import json
import re
from dataclasses import fields

import pytest
from prometheus_client import CollectorRegistry

from tests.deploy.expressions import Rule, named, panels, rules
from tests.tools.grafana_dashboard import DASHBOARD, text
from worker.assembly import worker_metrics
from worker.core.records import Reason
from worker.metrics import PREFIX
from worker.pipeline.counting import Counting

pytestmark = pytest.mark.deploy

REGISTRY = CollectorRegistry()
METRICS = worker_metrics(REGISTRY, "fingerprint")
Counting(METRICS)

# What Prometheus adds to each series, and what it makes itself.
TARGET = {"job", "instance"}
MADE = {"up": set[str](), "ALERTS": {"alertname", "alertstate"}}
ENDS = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"], "gauge": [""], "info": ["_info"]}


def series() -> dict[str, set[str]]:
    """The labels of every series of a worker, by its name."""
    names = (field.name for field in fields(METRICS))
    ours = {name.removesuffix("_total"): set(getattr(METRICS, name)._labelnames) for name in names}
    return MADE | {
        family.name + end: ours.get(family.name.removeprefix(f"{PREFIX}_"), set())
        | ({"le"} if end == "_bucket" else set())
        for family in REGISTRY.collect()
        for end in ENDS[family.type]
    }


def values() -> dict[tuple[str, str], set[str]]:
    """The values of bounded labels: those are there from the start."""
    found: dict[tuple[str, str], set[str]] = {}
    for family in REGISTRY.collect():
        for sample in family.samples:
            for label, value in sample.labels.items():
                found.setdefault((sample.name, label), set()).add(value)
    return found


SERIES, VALUES = series(), values()
SHOWN = list(panels(json.loads(DASHBOARD.read_text(encoding="utf-8"))))
EXPRESSIONS = [rule.expression for rule in rules()] + [shown.expression for shown in SHOWN]


def labels_of(metric: str) -> set[str]:
    """The labels of a metric, or of a recorded series: its name begins with those that its rule keeps."""
    if ":" not in metric:
        return SERIES[metric] | TARGET
    return set(metric.partition(":")[0].split("_"))


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_metrics_labels_and_values_exist(expression: str) -> None:
    recorded = {rule.name for rule in rules() if not rule.is_alert}
    found = named(expression)
    assert found.metrics
    for metric, matchers in found.metrics:
        assert metric in SERIES or metric in recorded, metric
        assert matchers.keys() <= labels_of(metric), metric
        assert found.labels <= set().union(*(labels_of(name) for name, _ in found.metrics))
        for label, pattern in matchers.items():
            known = VALUES.get((metric, label), set())
            if known:
                assert set(pattern.split("|")) <= known, f'{metric}{{{label}="{pattern}"}}'


def test_the_test_sees_what_does_not_exist() -> None:
    assert named('sum by (kind) (pagesieve_nothing_total{job="$job"}) / on (job) up').labels == {
        "kind",
        "job",
    }
    assert named('pagesieve_nothing_total{job="$job"}').metrics == [
        ("pagesieve_nothing_total", {"job": "pagesieve"})
    ]
    assert "pagesieve_nothing_total" not in SERIES
    assert SERIES["pagesieve_pages_total"] == {"outcome"}
    assert SERIES["pagesieve_clean_duration_seconds_bucket"] == {"le"}
    assert VALUES["pagesieve_dead_letters_total", "reason"] == set(Reason)


@pytest.mark.parametrize("rule", [rule for rule in rules() if not rule.is_alert], ids=lambda rule: rule.name)
def test_recorded_names_tell_the_labels_that_are_left(rule: Rule) -> None:
    (outer,) = re.findall(r"^(?:sum|max) by \(([^)]*)\)", rule.expression) or ["job"]
    assert set(outer.split(", ")) == labels_of(rule.name)


def test_every_metric_of_ours_is_shown_or_alerted_on() -> None:
    used = {metric for expression in EXPRESSIONS for metric, _ in named(expression).metrics}
    families = {name.removesuffix("_bucket") for name in SERIES if name.startswith(PREFIX)}
    unused = {
        name
        for name in families
        if not name.endswith(("_sum", "_count"))
        and not {name, f"{name}_bucket", f"{name}_sum", f"{name}_count"} & used
    }
    assert unused == set()


def test_legends_name_labels_that_their_expression_keeps() -> None:
    for shown in SHOWN:
        for label in re.findall(r"\{\{(\w+)\}\}", shown.legend):
            found = named(shown.expression)
            kept = found.labels or set().union(*(labels_of(metric) for metric, _ in found.metrics))
            assert label in kept, shown


def test_the_dashboard_is_what_its_script_writes() -> None:
    assert DASHBOARD.read_text(encoding="utf-8") == text()
