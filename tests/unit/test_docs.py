"""The pages under docs/ that are made from the code are what the code says now, and links lead somewhere."""

import re
from pathlib import Path

import pytest

from tests.tools import records_page, settings_table
from worker.core.records import Reason
from worker.secretfiles import SECRETS
from worker.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("deploy/**/*.md")])
OTHERS = {"IMAGE", "TEST_KAFKA"}  # variables that are no settings of a worker
STALE = "stale: run `make docs`"


def test_the_table_of_settings_is_what_settings_say() -> None:
    assert settings_table.PAGE.read_text(encoding="utf-8") == settings_table.text(), STALE


def test_the_table_has_every_setting() -> None:
    named = re.findall(rf"^\| `{PREFIX}(\w+)` ", settings_table.text(), re.MULTILINE)
    assert named == [name.upper() for name in Settings.model_fields]


def test_the_page_of_records_is_what_the_schema_says() -> None:
    assert records_page.PAGE.read_text(encoding="utf-8") == records_page.text(), STALE


def test_the_page_of_records_has_every_field_and_reason() -> None:
    text = records_page.text()
    for name in ("schema_version", "dateline.place", "removed[].rule", "source.offset", "meta"):
        assert f"| `{name}` |" in text
    assert re.findall(r"^\| `(\w+)` \| [^|]+\|$", text.partition("| reason |")[2], re.MULTILINE) == list(
        Reason
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_and_names_of_settings_hold(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        assert (page.parent / target).exists(), target
    for name in re.findall(rf"\b{PREFIX}([A-Z][A-Z_]*[A-Z])\b", text):
        field = name.lower()
        assert field in Settings.model_fields or field.removesuffix("_file") in SECRETS or name in OTHERS, (
            name
        )
