"""The rule files and the layout model that ship with the package: reading them is not the core's."""

from collections.abc import Mapping
from importlib.resources import files


def read_rules() -> Mapping[str, str]:
    """Every packaged rule file and the layout model, as path below `worker/rules` -> text."""
    root = files("worker") / "rules"
    return {
        f"{folder.name}/{file.name}": file.read_text(encoding="utf-8")
        for folder in root.iterdir()
        if folder.is_dir()
        for file in folder.iterdir()
        if file.name.endswith((".toml", ".json"))
    }
