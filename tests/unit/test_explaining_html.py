"""The HTML and the terminal form: every text escaped, nothing fetched, nothing run."""

import base64
import hashlib
import io
import re
from dataclasses import replace

import pytest
from lxml import html
from rich.console import Console

from tests.explaining import HOSTILE_PAGE, HOSTILE_TEXT, explained, explained_html, rules
from worker.core.evidence.judge import Sign
from worker.core.records import Kind, Reason, Rejected
from worker.explaining.html import html_page
from worker.explaining.markup import element, escaped, marked
from worker.explaining.rows import Explanation, Verdict, explain
from worker.explaining.terminal import print_explanation

ALLOWED_TAGS = set(
    "html head meta title link style body header h1 h2 p div form fieldset legend label input span button "
    "main section details summary table thead tbody tr th td code ol ul li a bdi nav".split()
)
# the attributes by which a page makes a browser fetch, run or embed something
FETCHING = {"src", "srcset", "style", "action", "formaction", "data", "poster", "background", "srcdoc"}


def document(*explanations: Explanation) -> html.HtmlElement:
    root = html.document_fromstring(html_page(explanations))
    assert isinstance(root, html.HtmlElement)
    return root


def texts(root: html.HtmlElement, path: str) -> list[str]:
    found = root.xpath(path)
    assert isinstance(found, list)
    return [node.text_content() for node in found if isinstance(node, html.HtmlElement)]


def printed(explanation: Explanation, *, whole: bool = False) -> str:
    file = io.StringIO()
    print_explanation(explanation, Console(file=file, width=110, highlight=False), whole=whole)
    return file.getvalue()


@pytest.mark.parametrize("hostile", [False, True], ids=["sample", "hostile"])
def test_nothing_of_a_page_becomes_markup(hostile: bool) -> None:
    root = document(explained_html(HOSTILE_PAGE) if hostile else explained("ar-jannah"))
    tags = {node.tag for node in root.iter() if isinstance(node.tag, str)}
    assert tags <= ALLOWED_TAGS
    for node in root.iter():
        names = set(node.attrib)
        assert not {name for name in names if name.startswith("on")} | (names & FETCHING)
        address = node.get("href")
        assert address is None or re.match(r"https?://|#p\d+$|data:,$", address), address


def test_hostile_text_reads_as_it_was_written() -> None:
    root = document(explained_html(HOSTILE_PAGE))
    assert any(HOSTILE_TEXT in text for text in texts(root, "//p[@class='text']"))
    assert any("<script>alert(6)</script>" in text for text in texts(root, "//*[@class='place']"))


def test_what_turns_the_reading_order_is_spelt_out() -> None:
    page = html_page([explained_html(HOSTILE_PAGE)])
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", page)
    assert '<span class="unseen">[U+202E]</span>This would read' in page


def test_joiners_and_direction_marks_stay() -> None:
    assert marked("می\u200cخواهم \u200fA") == "می\u200cخواهم \u200fA"


@pytest.mark.parametrize("text", ["\x1b[31m", "\x00", "\ud800", "\x9b", "\r"])
def test_control_characters_are_spelt_out(text: str) -> None:
    assert escaped(text).startswith("[U+")
    assert text[0] not in marked(f"a{text}")
    assert element("p", title=text).startswith('<p title="[U+')


def test_a_script_address_is_no_link() -> None:
    page = replace(explained("en-drupal"), url="javascript:alert(1)")
    root = document(page)
    assert not root.xpath("//a[contains(@href, 'script')]")
    assert "javascript:alert(1)" in texts(root, "//section/header")[0]


def test_an_address_shows_its_letters_and_links_to_itself() -> None:
    root = document(replace(explained("en-drupal"), url="https://a.example/%D8%A3?x=%ff"))
    assert texts(root, "//section/header//a") == ["https://a.example/%D8%A3?x=%ff"]  # no UTF-8: as it is
    root = document(replace(explained("en-drupal"), url="https://a.example/%D8%A3%3Cb%3E"))
    assert texts(root, "//section/header//a[@href='https://a.example/%D8%A3%3Cb%3E']") == [
        "https://a.example/أ<b>"
    ]


def test_the_policy_allows_the_one_style_sheet_and_nothing_else() -> None:
    page = html_page([explained("ar-jannah")])
    style = page.partition("<style>")[2].partition("</style>")[0]
    told = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = page.partition('Content-Security-Policy" content="')[2].partition('"')[0]
    assert f"default-src 'none'; style-src 'sha256-{told}'" in policy
    assert "unsafe" not in policy
    assert "url(" not in style
    assert "@import" not in style


def test_every_decision_has_a_label_and_every_kind_a_filter() -> None:
    explanation = explained("ar-jannah")
    root = document(explanation)
    labels = texts(root, "//li[contains(@class, 'row')]//span[@class='badge']")
    assert len(labels) == len(explanation.rows)
    assert labels[41] == "✕ cut: title"
    boxes = set(root.xpath("//fieldset[@class='kinds']//input/@id"))
    assert boxes == {f"only-{kind.value}" for kind in explanation.kinds}
    style = texts(root, "//style")[0]
    for kind in Kind:
        assert f"#only-{kind.value}:checked)) .k-{kind.value} {{" in style


def test_each_block_has_its_own_direction() -> None:
    explanation = explained("ar-jannah")
    root = document(explanation)
    directions = root.xpath("//p[@class='text']/@dir")
    assert directions == [row.direction for row in explanation.rows]
    assert root.get("dir") == "ltr"


def test_several_pages_in_one_document() -> None:
    rejected = explain("bad.html", None, Rejected(Reason.NOT_HTML, "a <PDF>"), None, rules())
    root = document(explained("ar-jannah"), explained("en-drupal"), rejected)
    assert root.xpath("//section/@id") == ["p1", "p2", "p3"]
    assert root.xpath("//nav//a/@href") == ["#p1", "#p2", "#p3"]
    assert "rejected: not_html a <PDF>" in texts(root, "//section[@id='p3']")[0]
    ids = root.xpath("//@id")
    assert isinstance(ids, list)
    assert len(ids) == len(set(ids))


def test_metadata_stands_with_its_evidence() -> None:
    root = document(explained("en-newspaper-theme"))
    rows = {row[0].text_content(): row for row in root.xpath("//table/tbody/tr")}
    assert rows["authors"][1].text_content() == "Owen Tregear"
    assert rows["authors"][2].text_content() == "byline near the headline"
    assert "Not told by the page:" in texts(root, "//p[@class='absent']")[0]


def with_signs() -> Explanation:
    explanation = explained("en-drupal")
    sign = Sign("link_share", "text", "nothing but <links>", 0.98, -1.5)
    row = replace(
        explanation.rows[0],
        verdict=Verdict.CUT,
        kind=Kind.RELATED_LINKS,
        rule="layout/text",
        score=0.031,
        signs=(sign,),
    )
    return replace(explanation, rows=(row, *explanation.rows[1:]))


def test_the_evidence_of_the_model_is_told() -> None:
    root = document(with_signs())
    assert texts(root, "//details[@class='place' and @open]/ul/li") == [
        "against nothing but <links> link_share = 0.98"
    ]
    assert "layout 0.03" in texts(root, "//li[contains(@class, 'row')][1]//div")[0]
    assert "against: nothing but <links>" in printed(with_signs(), whole=True)


def test_the_terminal_folds_unless_told_not_to() -> None:
    explanation = explained("ar-jannah")
    short, whole = printed(explanation), printed(explanation, whole=True)
    assert "… 41 blocks that extraction left out: 38 navigation" in short
    assert "blocks that extraction left out" not in whole
    assert re.search(
        r"^\+ 44 kept  extraction and layout claim it for the article; layout [01]\.", short, re.MULTILINE
    )
    assert whole.count("\n- ") == explanation.verdicts[Verdict.CUT]


def test_the_terminal_is_not_steered_by_a_page() -> None:
    page = HOSTILE_PAGE.replace("Bold News", "[bold]News[/] &#x9b;31m")
    out = printed(explained_html(page), whole=True)
    assert "[U+202E]" in out
    assert "[bold]News[/]" in out
    assert not re.search("[\x1b\x9b\u202e]", out)


def test_no_pages_at_all() -> None:
    assert texts(document(), "//main") == ["\n\n"]
