"""Prometheus' configuration, rules and alerts, as promtool sees them; each alert is tested and explained."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import without
from tests.deploy.compose import ROOT
from tests.deploy.expressions import RULES, rule_files, rules
from tests.servers.processes import MissingServerError, need_program

pytestmark = pytest.mark.deploy

FOLDER = ROOT / "deploy" / "prometheus"
TESTS = sorted((FOLDER / "tests").glob("*.yml"))
ALERTS = {rule.name: rule for rule in rules() if rule.is_alert}


def promtool(*words: str | Path) -> "subprocess.CompletedProcess[str]":
    try:
        program = need_program("promtool", "Debian: prometheus")
    except MissingServerError as error:
        without(str(error))
    command = [program, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def alert_cases() -> list[dict[str, Any]]:
    text = (FOLDER / "tests" / "alerts_test.yml").read_text(encoding="utf-8")
    return [case for test in yaml.safe_load(text)["tests"] for case in test["alert_rule_test"]]


def test_the_configuration_is_valid() -> None:
    ended = promtool("check", "config", FOLDER / "prometheus.yml")
    assert ended.returncode == 0, ended.stderr
    assert f"{len(rule_files())} rule files found" in ended.stdout


def test_the_rules_are_valid() -> None:
    ended = promtool("check", "rules", "--lint=all", "--lint-fatal", *rule_files())
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_the_rules_do_what_their_tests_say() -> None:
    ended = promtool("test", "rules", *TESTS)
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.parametrize("name", ALERTS)
def test_every_alert_is_tested_firing_and_silent(name: str) -> None:
    cases = [case["exp_alerts"] for case in alert_cases() if case["alertname"] == name]
    assert any(cases)
    assert not all(cases)


@pytest.mark.parametrize("name", ALERTS)
@pytest.mark.parametrize("expression", ["vector(0) > 1", "vector(99)"], ids=["never fires", "always fires"])
def test_the_tests_notice_an_alert_that_is_wrong(name: str, expression: str, tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "tests").mkdir()
    for path in rule_files():
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        for group in document["groups"]:
            for rule in group["rules"]:
                if rule.get("alert") == name:
                    rule["expr"] = expression
        (tmp_path / "rules" / path.name).write_text(yaml.safe_dump(document, allow_unicode=True), "utf-8")
    for path in TESTS:
        (tmp_path / "tests" / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    ended = promtool("test", "rules", tmp_path / "tests" / "alerts_test.yml")
    assert ended.returncode != 0
    assert f"alertname: {name}" in ended.stdout + ended.stderr


@pytest.mark.parametrize("name", ALERTS)
def test_every_alert_says_what_it_is_and_where_help_is(name: str) -> None:
    rule = ALERTS[name].raw
    assert rule["labels"]["severity"] in {"warning", "critical"}
    assert rule["annotations"]["summary"]
    path, _, anchor = rule["annotations"]["runbook"].partition("#")
    text = (ROOT / path).read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    assert anchor == name.lower()
    assert len(sections[name].split()) > 20
    assert sections.keys() == ALERTS.keys()


def test_the_runbook_names_settings_and_variables_that_exist() -> None:
    text = (ROOT / "deploy" / "runbook.md").read_text(encoding="utf-8")
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    names = set(re.findall(r"`(?:[^`]*\b)?((?:PAGESIEVE|WORKER|KAFKA|REDIS)_[A-Z_]+)", text))
    assert names
    assert {name for name in names if name not in compose} <= {"PAGESIEVE_WORKER_SLOT"}


def test_all_rules_are_in_the_folder_that_is_mounted() -> None:
    config = yaml.safe_load((FOLDER / "prometheus.yml").read_text(encoding="utf-8"))
    (pattern,) = config["rule_files"]
    assert sorted(FOLDER.glob(pattern)) == sorted(RULES.iterdir())
