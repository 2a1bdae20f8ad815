"""The pack of WordPress's own strings: what is made of a folder of catalogues."""

import struct
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.tools.wordpress_locales import OUTPUT, main
from worker.core.match import claim_line
from worker.core.records import Kind
from worker.core.rules import Takes, parse_rules


def write_catalogue(path: Path, messages: Mapping[str, str]) -> None:
    """A compiled gettext catalogue: a header, two tables of (length, offset), the strings."""
    entries = {"": "Content-Type: text/plain; charset=UTF-8\n", **messages}
    pairs = sorted((key.encode(), value.encode()) for key, value in entries.items())
    strings = [key for key, _ in pairs] + [value for _, value in pairs]
    offset = 28 + 8 * len(strings)
    tables, texts = b"", b""
    for string in strings:
        tables += struct.pack("<2I", len(string), offset + len(texts))
        texts += string + b"\0"
    header = struct.pack("<7I", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, offset)
    path.write_bytes(header + tables + texts)


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    folder = tmp_path / "catalogues"
    folder.mkdir()
    write_catalogue(
        folder / "fi.mo",
        {
            "Leave a Reply": "Jätä vastaus",
            "Cancel reply": "Peruuta vastaus",
            "Your email address will not be published.": "Sähköpostiosoitettasi ei julkaista.",
            "Required fields are marked %s": "Pakolliset kentät on merkitty %s",
            "&laquo; Older Comments": "&laquo; Vanhemmat kommentit",
            "Tags: ": "Avainsanat: ",
            "1 Comment": "1 kommentti",
            "Name": "Nimi",
        },
    )
    write_catalogue(folder / "twentyten-vi.mo", {"Tags: ": "Thẻ: ", "Leave a Reply": "%s"})
    write_catalogue(folder / "admin-fi.mo", {"Leave a Reply": "Vain ylläpidolle"})
    output = tmp_path / "pack.toml"
    assert main([str(folder), str(output)]) == 0
    return output


def test_translations_become_rules(pack: Path) -> None:
    rules = parse_rules({"systems/pack.toml": pack.read_text(encoding="utf-8")})
    title = claim_line("Jätä vastaus Peruuta vastaus", rules)
    assert title is not None
    assert (title.kind, title.takes) == (Kind.COMMENT_FORM, Takes.END)
    for text in (
        "Leave a Reply Peruuta vastaus",
        "Sähköpostiosoitettasi ei julkaista. Pakolliset kentät on merkitty *",
        "← Vanhemmat kommentit",
        "Avainsanat: vehnä, sade",
        "12 kommentti",
        "Nimi *",
    ):
        assert claim_line(text, rules) is not None, text


def test_what_is_not_public_or_means_something_else_stays_out(pack: Path) -> None:
    text = pack.read_text(encoding="utf-8")
    assert "Vain ylläpidolle" not in text
    assert "%s" not in text
    rules = parse_rules({"systems/pack.toml": text})
    assert claim_line("The 24-year-old died earlier this year", rules) is None
    assert claim_line("Nimi", rules) is None


def test_without_a_folder_it_says_how_to_call_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 64
    assert "FOLDER" in capsys.readouterr().err


def test_the_shipped_pack_says_where_it_comes_from() -> None:
    shipped = tomllib.loads(OUTPUT.read_text(encoding="utf-8"))
    assert shipped["about"].endswith("tests/tools/wordpress_locales.py")
    assert sum(len(rule.get("phrases", ())) for rule in shipped["rules"]) > 1500
