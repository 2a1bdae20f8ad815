"""Our steps give the text that trafilatura's own entry point gives."""

import json
from copy import deepcopy
from pathlib import Path

import pytest
from trafilatura import bare_extraction, core, main_extractor, xpaths
from trafilatura.settings import Document

from worker.core import trafilatura_steps
from worker.core.trafilatura_steps import fast_text, full_text, prune
from worker.core.tree import parse

SAMPLES = sorted((Path(trafilatura_steps.__file__).parents[1] / "samples").glob("*/page.html"))

SENTENCE = "The ferry company adds two more trips a day from the first of June, the harbour office said. "
ARTICLE = f"<article><h1>More trips</h1>{f'<p>{SENTENCE * 3}</p>' * 6}</article>"
LINKS = "".join(f"<div><a href=/{i}>Another headline of the day, number {i}</a></div>" for i in range(60))
SHORT = f"<div class=post-content>{f'<p>{SENTENCE}</p>' * 4}</div>"
REST = "".join(f"<div class=x{i}><div>{SENTENCE * 2}</div></div>" for i in range(30))
FORUM = {"@type": "DiscussionForumPosting", "headline": "Ferries"}
BODY_IN_DATA = {"@type": "NewsArticle", "articleBody": SENTENCE * 5}


def ld_json(data: object) -> str:
    return f'<script type="application/ld+json">{json.dumps(data)}</script>'


PAGES = {
    "article": ARTICLE + LINKS,
    "scripts and styles between words": ARTICLE.replace(
        "more trips", "more<script>var a = 1;</script> <style>p{}</style>trips"
    ),
    "comments": ARTICLE
    + f"<div class=comments><p>{SENTENCE * 4}</p></div><ol id=comment-list><li>{SENTENCE}</ol>",
    "forum": ld_json(FORUM) + f"<div class=comments><p>{SENTENCE * 4}</p><p>{SENTENCE * 5}</p></div>",
    "appended articles": ARTICLE + f'<div class="infinite-scroll">{ARTICLE.replace("ferry", "train")}</div>',
    "appended around the headline": f'<div id="infinite-scroll"><h1>More</h1>{ARTICLE}</div>',
    "text only in the data": ld_json(BODY_IN_DATA) + "<div>Loading</div>",
    "little, and more elsewhere": SHORT + REST,
    "little, with links around": SHORT + LINKS,
    "little, and all of the page": SHORT,
    "two divs of text": f"<div>{SENTENCE * 3}<br><br>{SENTENCE * 2}</div>",
    "next to nothing": "<p>Hello there.</p>",
    "nothing": "<div></div>",
    "table and list": f"<main><p>{SENTENCE * 4}</p><ul><li>One</li><li>Two</li></ul>"
    "<table><tr><td>1<td>2</table></main>",
    "a form around all": f"<form id=aspnetForm>{ARTICLE}{LINKS}</form>",
    "teasers and captions": ARTICLE
    + f"<div class=teaser><p>{SENTENCE}</p></div><div class=caption>A boat</div>",
}


def markup(name: str) -> str:
    return f"<html><head><title>t</title></head><body>{PAGES[name]}</body></html>"


def theirs(text: str, *, fast: bool) -> str:
    document = bare_extraction(parse(text), fast=fast, include_comments=False, with_metadata=False)
    return (document.text or "") if isinstance(document, Document) else ""


def check(text: str) -> None:
    root = parse(text)
    assert root is not None
    prune(root)
    before = deepcopy(root)
    assert fast_text(root) == theirs(text, fast=True)
    assert full_text(root) == theirs(text, fast=False)
    assert fast_text(before) == fast_text(root)  # neither changes the tree


@pytest.mark.parametrize("name", PAGES)
def test_the_same_text_as_bare_extraction(name: str) -> None:
    check(markup(name))


@pytest.mark.parametrize("page", SAMPLES, ids=lambda page: page.parent.name)
def test_the_same_text_of_each_sample(page: Path) -> None:
    check(page.read_text(encoding="utf-8", errors="replace"))


def test_the_pages_reach_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    reached: dict[str, set[str]] = {"baseline": set(), "html2txt": set(), "_recall": set()}
    for step, names in reached.items():
        original = getattr(trafilatura_steps, step)

        def spied(*args: object, original: object = original, names: set[str] = names) -> object:
            names.add(current)
            return original(*args)  # type: ignore[operator]

        monkeypatch.setattr(trafilatura_steps, step, spied)
    for current in PAGES:
        root = parse(markup(current))
        prune(root)
        fast_text(root)
    assert "text only in the data" in reached["baseline"]
    assert "little, and more elsewhere" in reached["_recall"]
    assert "little, and all of the page" not in reached["html2txt"]  # the bound tells enough
    assert "article" not in reached["html2txt"]


def test_trafilatura_is_left_as_it_was() -> None:
    check(markup("article"))
    for name in ("BODY_XPATH", "OVERALL_DISCARD_XPATH", "TEASER_DISCARD_XPATH", "DISCARD_IMAGE_ELEMENTS"):
        assert getattr(main_extractor, name) is getattr(xpaths, name)


def test_a_page_that_breaks_trafilatura_has_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError("broken")

    monkeypatch.setattr(main_extractor, "extract_content", broken)
    monkeypatch.setattr(core, "extract_content", broken)
    root = parse(markup("article"))
    prune(root)
    assert fast_text(root) == full_text(root) == ""
