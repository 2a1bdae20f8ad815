"""The dashboard: its questions in order, and panels that Grafana can lay out."""

import json
from itertools import combinations

import pytest
import yaml

from tests.deploy.compose import ROOT
from tests.tools.grafana_dashboard import DASHBOARD, text

pytestmark = pytest.mark.deploy

BOARD = json.loads(DASHBOARD.read_text(encoding="utf-8"))
PANELS = BOARD["panels"]


def test_it_is_what_its_script_makes() -> None:
    assert DASHBOARD.read_text(encoding="utf-8") == text(), "`make dashboard` writes it"


def test_it_answers_four_questions_in_order() -> None:
    rows = [panel["title"] for panel in PANELS if panel["type"] == "row"]
    assert rows == ["Is it keeping up?", "Is it healthy?", "Is it fast?", "Is it clean?"]
    tops = [panel["gridPos"]["y"] for panel in PANELS]
    assert tops == sorted(tops)


def test_panels_fill_the_grid_without_overlap() -> None:
    cells = [
        {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        for place in (panel["gridPos"] for panel in PANELS)
    ]
    assert all(not one & other for one, other in combinations(cells, 2))
    covered = set().union(*cells)
    assert covered == {(x, y) for x in range(24) for y in range(1 + max(y for _, y in covered))}


def test_numbers_and_letters_are_used_once() -> None:
    numbers = [panel["id"] for panel in PANELS]
    assert len(numbers) == len(set(numbers))
    for panel in PANELS:
        letters = [target["refId"] for target in panel.get("targets", ())]
        assert len(letters) == len(set(letters))


def test_panels_explain_themselves_and_ask_the_provisioned_source() -> None:
    path = ROOT / "deploy" / "grafana" / "provisioning" / "datasources" / "prometheus.yml"
    (source,) = yaml.safe_load(path.read_text(encoding="utf-8"))["datasources"]
    for panel in PANELS:
        if panel["type"] != "row":
            assert panel["description"].endswith(".")
            assert panel["datasource"] == {"type": source["type"], "uid": source["uid"]}
            assert panel["targets"]


def test_the_variables_are_the_ones_that_expressions_use() -> None:
    names = {variable["name"] for variable in BOARD["templating"]["list"]}
    text = json.dumps(PANELS)
    assert names == {"job", "instance"}
    assert all(f"${name}" in text for name in names)
    assert BOARD["uid"] == "pagesieve"
