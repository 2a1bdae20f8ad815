import hashlib
from dataclasses import fields, replace
from enum import Enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.core.fingerprint import article_id, page_key, rules_fingerprint, text_sha256
from worker.core.options import CleanOptions
from worker.core.records import Page
from worker.core.words import word_count

PAGE = Page(b"<p>x</p>", "https://a.example/1", "text/html", "utf-8")
RULES = {"ar.toml": "a", "wordpress.toml": "b"}
VERSIONS = {"trafilatura": "2.3.1", "pagesieve": "0.1.0"}
OTHER = {
    "body": b"<p>y</p>",
    "url": "https://a.example/2",
    "content_type": "text/html; charset=windows-1256",
    "encoding": "windows-1256",
    "is_text": True,
}


class TestPageKey:
    def test_is_a_hash_of_the_parts_with_their_lengths(self) -> None:
        parts = b"19:https://a.example/19:text/html5:utf-84:tree8:<p>x</p>2:ff"
        assert page_key(PAGE, "ff") == hashlib.sha256(parts).hexdigest()

    @pytest.mark.parametrize("name", [field.name for field in fields(Page)])
    def test_changes_with_every_field(self, name: str) -> None:
        other: dict[str, Any] = {name: OTHER[name]}
        assert page_key(replace(PAGE, **other), "f") != page_key(PAGE, "f")

    @pytest.mark.parametrize("name", ["url", "content_type", "encoding"])
    def test_nothing_and_an_empty_string_differ(self, name: str) -> None:
        nothing: dict[str, Any] = {name: None}
        empty: dict[str, Any] = {name: ""}
        assert page_key(replace(PAGE, **nothing), "f") != page_key(replace(PAGE, **empty), "f")

    def test_changes_with_the_rules(self) -> None:
        assert page_key(PAGE, "a") != page_key(PAGE, "b")

    def test_what_moves_from_one_part_to_the_next_is_not_the_same(self) -> None:
        assert page_key(Page(b"x", url="ab", content_type="c"), "f") != page_key(
            Page(b"x", url="a", content_type="bc"), "f"
        )
        assert page_key(Page(b"xf"), "") != page_key(Page(b"x"), "f")

    @given(st.lists(st.none() | st.text(max_size=6), min_size=3, max_size=3), st.binary(max_size=6))
    def test_different_pages_have_different_keys(self, parts: list[str | None], body: bytes) -> None:
        page = Page(body, parts[0], parts[1], parts[2])
        assert (page_key(page, "f") == page_key(PAGE, "f")) == (page == PAGE)


class TestRulesFingerprint:
    def test_is_sixteen_hex_digits_whatever_the_order(self) -> None:
        found = rules_fingerprint(RULES, CleanOptions(), VERSIONS)
        assert len(found) == 16
        assert int(found, 16) >= 0
        assert found == rules_fingerprint(
            dict(reversed(RULES.items())), CleanOptions(), dict(reversed(VERSIONS.items()))
        )

    def test_changes_with_every_part(self) -> None:
        prints = {
            rules_fingerprint(RULES, CleanOptions(), VERSIONS),
            rules_fingerprint(RULES | {"ar.toml": "a "}, CleanOptions(), VERSIONS),
            rules_fingerprint(RULES | {"fr.toml": ""}, CleanOptions(), VERSIONS),
            rules_fingerprint({"wordpress.toml": "a", "ar.toml": "b"}, CleanOptions(), VERSIONS),
            rules_fingerprint({}, CleanOptions(), VERSIONS),
            rules_fingerprint(RULES, CleanOptions(), VERSIONS | {"trafilatura": "2.3.2"}),
            rules_fingerprint(RULES, CleanOptions(), {}),
        }
        assert len(prints) == 7

    @pytest.mark.parametrize("name", [field.name for field in fields(CleanOptions)])
    def test_changes_with_every_option(self, name: str) -> None:
        default = CleanOptions()
        changed = replace(default, **{name: _other(getattr(default, name))})
        assert rules_fingerprint(RULES, changed, VERSIONS) != rules_fingerprint(RULES, default, VERSIONS)


def _other(value: Any) -> Any:
    """A value of the same kind that is not this one."""
    if isinstance(value, Enum):
        return next(member for member in type(value) if member is not value)
    return not value if isinstance(value, bool) else value + 1


class TestArticleId:
    def test_is_stable_for_a_url_whatever_the_page(self) -> None:
        expected = hashlib.sha256(b"url:https://a.example/1").hexdigest()[:32]
        assert article_id("https://a.example/1", "k1") == article_id("https://a.example/1", "k2") == expected

    @pytest.mark.parametrize(
        "same",
        [
            "HTTPS://A.Example/p?q=1",
            "https://a.example:443/p?q=1",
            "https://a.example/p?q=1#comments",
            "https://a.example/p?q=1#",
        ],
    )
    def test_urls_that_are_one(self, same: str) -> None:
        assert article_id(same, "") == article_id("https://a.example/p?q=1", "")

    def test_an_empty_path_is_the_root(self) -> None:
        assert article_id("http://a.example:80", "") == article_id("http://a.example/", "")
        assert article_id("http://[2001:DB8::1]:80/", "") == article_id("http://[2001:db8::1]/", "")

    @pytest.mark.parametrize(
        "other",
        [
            "http://a.example/p?q=1",
            "https://a.example:8443/p?q=1",
            "https://a.example/P?q=1",
            "https://a.example/p?q=2",
            "https://a.example/p",
            "https://b.example/p?q=1",
            "https://user@a.example/p?q=1",
            "https://a.example:99999/p?q=1",
        ],
    )
    def test_urls_that_are_not(self, other: str) -> None:
        assert article_id(other, "") != article_id("https://a.example/p?q=1", "")

    def test_without_a_url_by_the_page(self) -> None:
        assert article_id(None, "k1") == article_id(None, "k1") != article_id(None, "k2")
        assert article_id(None, "https://a.example/") != article_id("https://a.example/", "")

    @given(st.text(max_size=40))
    def test_never_raises(self, url: str) -> None:
        assert len(article_id("https://" + url, "")) == 32


def test_text_sha256_is_that_of_its_utf_8() -> None:
    assert text_sha256("سلام") == hashlib.sha256("سلام".encode()).hexdigest()
    assert text_sha256("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        (" \n\n ", 0),
        ("one two\nthree", 3),
        ("don't e-mail a 3.5 % — to U.S.", 6),
        ("before—after", 2),
        ("«أعلن» الرئيسُ، أنَّ العملَ سيبدأ غداً.", 6),
        ("می\u200cخواهم کتاب\u200cها را", 3),
        ("हिन्दी में लिखा", 3),
        ("今天在 Kafka 4.3 发布", 7),
        ("ドアが開く。", 5),
        ("สวัสดีครับ", 7),
        ("한국어 문장입니다", 2),
        ("* * * ... –", 0),
    ],
)
def test_word_count(text: str, words: int) -> None:
    assert word_count(text) == words
