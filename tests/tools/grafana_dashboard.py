"""The Grafana dashboard, made by code: `python -m tests.tools.grafana_dashboard` writes it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.tools.grafana_panels import JOB, ROWS, Panel

DASHBOARD = Path(__file__).parents[2] / "deploy" / "grafana" / "dashboards" / "pagesieve.json"

_SOURCE = {"type": "prometheus", "uid": "prometheus"}
_WIDTH = 24  # columns of Grafana's grid
_HEIGHT = 8
_STAT_HEIGHT = 4


def dashboard() -> dict[str, Any]:
    """The dashboard as Grafana reads it from a file."""
    return {
        "uid": "pagesieve",
        "title": "pagesieve",
        "description": "Raw web pages in, clean article records out.",
        "tags": ["pagesieve", "kafka"],
        "schemaVersion": 39,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "15s",
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "",
        "annotations": {"list": [_alerts()]},
        "templating": {"list": [_variable("job", ""), _variable("instance", JOB, several=True)]},
        "panels": list(_panels()),
    }


def text() -> str:
    """The file's text."""
    return json.dumps(dashboard(), indent=2, ensure_ascii=False) + "\n"


def _panels() -> Iterator[dict[str, Any]]:
    number, top = 1, 0
    for title, panels in ROWS:
        yield {
            "id": number,
            "type": "row",
            "title": title,
            "collapsed": False,
            "panels": [],
            "gridPos": _grid(0, top, _WIDTH, 1),
        }
        number, top, left, height = number + 1, top + 1, 0, 0
        for panel in panels:
            if left + panel.width > _WIDTH:
                top, left = top + height, 0
            height = _STAT_HEIGHT if panel.kind == "stat" else _HEIGHT
            yield _panel(panel, number, _grid(left, top, panel.width, height))
            number, left = number + 1, left + panel.width
        top += height


def _grid(left: int, top: int, width: int, height: int) -> dict[str, int]:
    return {"x": left, "y": top, "w": width, "h": height}


def _panel(panel: Panel, number: int, place: dict[str, int]) -> dict[str, Any]:
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.about,
        "datasource": _SOURCE,
        "gridPos": place,
        "targets": [
            {"refId": letter, "datasource": _SOURCE, "expr": expression, "legendFormat": legend}
            for letter, (legend, expression) in zip("ABC", panel.queries.items(), strict=False)
        ],
        "fieldConfig": {"defaults": _defaults(panel), "overrides": []},
        "options": _options(panel),
    }


def _defaults(panel: Panel) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    if panel.red_above is not None:
        steps.append({"color": "red", "value": panel.red_above})
    defaults: dict[str, Any] = {
        "unit": panel.unit,
        "min": 0,
        "thresholds": {"mode": "absolute", "steps": steps},
    }
    if panel.kind == "timeseries":
        defaults["custom"] = {
            "fillOpacity": 30 if panel.stacked else 5,
            "lineWidth": 1,
            "showPoints": "never",
            "stacking": {"mode": "normal" if panel.stacked else "none", "group": "A"},
            "thresholdsStyle": {"mode": "off" if panel.red_above is None else "line"},
        }
    return defaults


def _options(panel: Panel) -> dict[str, Any]:
    if panel.kind == "stat":
        return {
            "colorMode": "value",
            "graphMode": "area",
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        }
    return {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }


def _variable(name: str, selector: str, *, several: bool = False) -> dict[str, Any]:
    query = f"label_values(pagesieve_build_info{{{selector}}}, {name})"
    return {
        "name": name,
        "type": "query",
        "datasource": _SOURCE,
        "query": {"query": query, "refId": name},
        "definition": query,
        "refresh": 2,
        "sort": 1,
        "multi": several,
        "includeAll": several,
        "allValue": ".+" if several else None,
        "current": {"text": "All", "value": "$__all"}
        if several
        else {"text": "pagesieve", "value": "pagesieve"},
    }


def _alerts() -> dict[str, Any]:
    return {
        "name": "Alerts",
        "datasource": _SOURCE,
        "enable": True,
        "iconColor": "red",
        "expr": f'ALERTS{{{JOB}, alertstate="firing"}}',
        "titleFormat": "{{alertname}}",
        "textFormat": "{{instance}}",
    }


if __name__ == "__main__":
    DASHBOARD.write_text(text(), encoding="utf-8")
