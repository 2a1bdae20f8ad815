from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.core.records import Article, Dateline, Kind, Outcome, Reason, Rejected, Removed
from worker.pipeline.outcomes import decode_outcome, encode_outcome

FULL = Article(
    word_count=5,
    paragraphs=("أعلن رئيس الوزراء", "فقرة ثانية\u200c"),
    title="عنوان",
    description="وصف",
    canonical_url="https://news.example/a/1",
    site_name="News",
    authors=("Ana", "بدر"),
    published_at="2024-05-01T10:20:30+03:00",
    published_at_raw="1 مايو 2024",
    modified_at="2024-05-02",
    language="ar",
    text_direction="rtl",
    section="سياسة",
    tags=("a", "b"),
    image_url="https://news.example/i.jpg",
    source_credits=("RT",),
    dateline=Dateline("موسكو", None),
    removed=(Removed(Kind.SHARE, "wp.share", "شارك"), Removed(Kind.SHARE, "wp.share", "x")),
)

texts = st.text(max_size=12)
optional = st.none() | texts
tuples = st.lists(texts, max_size=3).map(tuple)
articles = st.builds(
    Article,
    paragraphs=tuples,
    title=optional,
    description=optional,
    canonical_url=optional,
    site_name=optional,
    authors=tuples,
    published_at=optional,
    published_at_raw=optional,
    modified_at=optional,
    language=optional,
    text_direction=st.sampled_from([None, "ltr", "rtl"]),
    section=optional,
    tags=tuples,
    image_url=optional,
    source_credits=tuples,
    dateline=st.none() | st.builds(Dateline, optional, optional),
    removed=st.lists(st.builds(Removed, st.sampled_from(Kind), texts, texts), max_size=3).map(tuple),
)
outcomes = articles | st.builds(Rejected, st.sampled_from(Reason), texts)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)


@given(outcomes)
def test_round_trip(outcome: Outcome) -> None:
    assert decode_outcome(encode_outcome(outcome)) == outcome


def test_every_field_goes_round() -> None:
    found = decode_outcome(encode_outcome(FULL))
    assert found == FULL
    assert isinstance(found, Article)
    assert type(found.removed[0].kind) is Kind
    assert type(found.paragraphs) is tuple


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_goes_round(reason: Reason) -> None:
    found = decode_outcome(encode_outcome(Rejected(reason, "why")))
    assert isinstance(found, Rejected)
    assert found.reason is reason


def test_it_is_compact_json() -> None:
    assert encode_outcome(Rejected(Reason.EMPTY, "no text")) == (
        b'{"rejected":{"reason":"empty","detail":"no text"}}'
    )


def test_lone_surrogates_are_replaced_and_pairs_joined() -> None:
    article = Article(
        ("a\ud800b", "\ud83d\ude00"), title="\udfff", removed=(Removed(Kind.TAGS, "r", "\ud800"),)
    )
    assert decode_outcome(encode_outcome(article)) == Article(
        ("a\ufffdb", "😀"), title="\ufffd", removed=(Removed(Kind.TAGS, "r", "\ufffd"),)
    )


@given(st.binary(max_size=200))
def test_arbitrary_bytes_give_an_outcome_or_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        decode_outcome(data)


@given(json_values)
def test_arbitrary_json_gives_a_value_error(value: Any) -> None:
    with pytest.raises(ValueError, match=r".*"):
        decode_outcome(orjson.dumps(value))


def test_text_that_is_not_utf_8() -> None:
    with pytest.raises(ValueError, match="UTF-8"):
        decode_outcome(encode_outcome(FULL).replace("عنوان".encode(), b"\xff\xfe"))


ARTICLE: dict[str, Any] = orjson.loads(encode_outcome(FULL))["article"]


@given(st.sampled_from(sorted(ARTICLE)), json_values)
def test_a_field_of_another_type_or_value(name: str, value: Any) -> None:
    """Whatever is put in place of a field: it comes back as the same JSON, or not at all."""
    changed = orjson.dumps({"article": ARTICLE | {name: value}})
    try:
        found = decode_outcome(changed)
    except ValueError:
        return
    assert orjson.loads(encode_outcome(found)) == orjson.loads(changed)


@pytest.mark.parametrize("name", sorted(ARTICLE))
def test_a_missing_field(name: str) -> None:
    less = {key: value for key, value in ARTICLE.items() if key != name}
    with pytest.raises(ValueError, match="not an object of"):
        decode_outcome(orjson.dumps({"article": less}))


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        {"article": None},
        {"article": ARTICLE | {"extra": 1}},
        {"article": ARTICLE, "rejected": {"reason": "empty", "detail": ""}},
        {"article": ARTICLE | {"paragraphs": "text"}},
        {"article": ARTICLE | {"paragraphs": ["a", 1]}},
        {"article": ARTICLE | {"title": 5}},
        {"article": ARTICLE | {"text_direction": "up"}},
        {"article": ARTICLE | {"dateline": {"place": "x"}}},
        {"article": ARTICLE | {"dateline": ["x", "y"]}},
        {"article": ARTICLE | {"removed": [{"kind": "no_such", "rule": "r", "text": "t"}]}},
        {"article": ARTICLE | {"removed": [{"kind": [], "rule": "r", "text": "t"}]}},
        {"article": ARTICLE | {"removed": [{"kind": "tags", "rule": "r", "text": None}]}},
        {"article": ARTICLE | {"removed": [["tags", "r", "t"]]}},
        {"article": ARTICLE | {"removed": {}}},
        {"rejected": {"reason": "no_such", "detail": ""}},
        {"rejected": {"reason": None, "detail": ""}},
        {"rejected": {"reason": {}, "detail": ""}},
        {"rejected": {"reason": "empty"}},
        {"rejected": {"reason": "empty", "detail": 1}},
        {"rejected": "empty"},
    ],
)
def test_lies_of_a_cache(document: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode_outcome(orjson.dumps(document))
