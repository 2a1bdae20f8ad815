"""Stage: what a block's place and shape tell, without any cue."""

from worker.core.prose import ends_sentence
from worker.core.records import Kind
from worker.core.shadow import letters, script_of
from worker.core.sieving.draft import CONTINUES, Draft

_STANDFIRST = 40  # letters that tell a standfirst by the description
_LINK_RUN = 2  # blocks of nothing but links in a row that make a list of links
_CASED = frozenset({"Latn", "Cyrl", "Grek"})


def recover_standfirst(draft: Draft) -> int | None:
    """The standfirst, kept also where extraction left it out: running text above the article that the
    page's own description begins with, and that is set apart from the paragraphs."""
    summary = letters(draft.hints.description or "")[:_STANDFIRST]
    if draft.is_text or len(summary) < _STANDFIRST:
        return None
    top = draft.first_paragraph()
    for i in range(min(top + 1, len(draft.blocks))):
        if draft.decisions[i].kind or not draft.is_paragraph(i):
            continue
        if letters(draft.blocks[i].text[: 3 * _STANDFIRST]).startswith(summary):
            if i == top and not _set_apart(draft, i):
                return None  # the description repeats the first paragraph
            draft.keep(i)
            return i
    return None


def _set_apart(draft: Draft, i: int) -> bool:
    """True when a kept paragraph looks unlike the next one: another element, class or place."""
    following = next((k for k in draft.paragraphs if k > i and draft.decisions[k].keep), None)
    return following is not None and _look(draft, i) != _look(draft, following)


def _look(draft: Draft, i: int) -> tuple[str, str | None, int]:
    container = draft.view.containers[draft.blocks[i].node]
    classes = None if container.element is None else container.element.get("class")
    return container.tag, classes, container.parent


def cut_link_runs(draft: Draft) -> None:
    """Cut runs of blocks that are nothing but links, where the article has running text of its own."""
    if draft.is_text or draft.weight(0, len(draft.blocks)) == 0:
        return
    run: list[int] = []
    for i in draft.kept():
        if _is_link_line(draft, i):
            run.append(i)
            continue
        _cut_run(draft, run)
        run = []
    _cut_run(draft, run)


def _is_link_line(draft: Draft, i: int) -> bool:
    # one word is a term, an address is a reference: neither is another article's headline
    text = draft.blocks[i].text
    return (
        draft.link_share(i) > 0.85 and draft.words[i] >= 3 and not ends_sentence(text) and "://" not in text
    )


def _cut_run(draft: Draft, run: list[int]) -> None:
    if len(run) >= _LINK_RUN:
        for i in run:
            draft.cut(i, Kind.RELATED_LINKS, "shape/link-run")


def cut_labels(draft: Draft, title_at: int) -> None:
    """Cut the short lines above the headline of a page, down to the first running text."""
    for i in draft.kept():
        if i >= title_at or draft.is_paragraph(i):
            break
        if draft.words[i] > 4 or ends_sentence(draft.blocks[i].text):
            continue
        if _is_section(draft.blocks[i].text, draft.hints.section):
            draft.cut(i, Kind.CATEGORY_LABEL, "shape/section-label")
        else:
            draft.cut(i, Kind.NAVIGATION, "shape/head-label")


def section_label(draft: Draft, title_at: int) -> str | None:
    """The label above the headline that names the page's section."""
    kinds = (decision.kind for decision in draft.decisions[:title_at])
    return next((draft.blocks[i].text for i, kind in enumerate(kinds) if kind is Kind.CATEGORY_LABEL), None)


# words that name a news section when a short label begins with one
_SECTION_WORDS = frozenset(
    "اخبار أخبار سياسة اقتصاد رياضة ثقافة مجتمع منوعات محليات صحة تكنولوجيا علوم فن حوادث مقالات رأي دولي "
    "عربي عالم news politics business economy sport sports culture world opinion technology science health "
    "local international actualités politique économie monde culture société noticias política economía "
    "deportes mundo nachrichten politik wirtschaft welt kultur haberler gündem ekonomi spor dünya siyaset "
    "سیاست اقتصاد ورزش جهان فرهنگ новости политика экономика спорт мир культура общество".split()
)


def _is_section(text: str, known: str | None) -> bool:
    first = text.split(maxsplit=1)[0].casefold()
    return text == known or first in _SECTION_WORDS


def find_title(draft: Draft) -> int | None:
    """The block of a text page that is its headline: a short line before the running text.

    The first that is long enough to be one; where there is none, the longest.
    """
    top = draft.first_paragraph()
    found = None
    for i in draft.kept():
        if i >= top or i > 15:
            break
        if not 3 <= draft.words[i] <= 30 or _ends_statement(draft.blocks[i].text):
            continue
        if draft.words[i] >= 5:
            return i
        found = i if found is None or draft.words[i] > draft.words[found] else found
    return found


def _ends_statement(text: str) -> bool:
    # headlines end in question marks and the like, not in full stops
    return ends_sentence(text) and text.rstrip("\"'”’»)")[-1:] in ".。۔।…"


def join_broken(draft: Draft) -> list[str]:
    """The kept blocks' texts, each that continues the sentence before it joined on."""
    paragraphs: list[str] = []
    last = -1
    for i in draft.kept():
        text = draft.blocks[i].text
        glue = _glue(draft, last, i) if paragraphs else None
        if glue is None:
            paragraphs.append(text)
        else:
            paragraphs[-1] += glue + text
        last = i
    return paragraphs


def _glue(draft: Draft, before: int, i: int) -> str | None:
    """What joins a block to the one before it: nothing, a space, or None when it stands by itself."""
    text, previous = draft.blocks[i].text, draft.blocks[before].text
    if CONTINUES.match(text):
        return ""
    if draft.is_text or draft.blocks[i].tag != draft.blocks[before].tag or draft.blocks[i].tag == "li":
        return None
    same_parent = draft.blocks[i].node == draft.blocks[before].node
    if same_parent and text[:1].islower() and previous[-1:].isalnum() and script_of(text) in _CASED:
        return " "
    return None
