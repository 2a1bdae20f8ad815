"""Features of a block by itself: its text, what it says again, its element."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from worker.core.blocks import BlockView
from worker.core.evidence.characters import Floats
from worker.core.evidence.layout import FLAGS, Layout

TEXT = (
    ("plain_rel", "labels are short: characters that are no link, against this page's paragraphs"),
    ("length_rel", "the same of all characters"),
    ("characters", "some sizes mean the same everywhere: characters, as a logarithm"),
    ("plain_to_longest", "an article has the page's longest blocks: characters against the longest"),
    ("share", "an article is most of a page's text: this block's share of it"),
    ("link_share", "menus and teasers are links: the share of links"),
    ("links_a_sentence", "links by the sentence tell a reference from a list of links"),
    ("bold", "subheads and labels are bold: the share of bold characters"),
    ("sentence_density", "prose has full stops: stops a character"),
    ("comma_density", "prose has commas: commas a character"),
    ("digits", "dates and counters are digits: digits a character"),
    ("capitals", "names and labels are capitals, where the script has them: capitals a character"),
    ("ends", "prose ends as sentences do; headlines and labels do not"),
    ("sentences", "more than one sentence is prose: full stops, six at most"),
    ("media_before", "captions follow an image: images and frames since the block before"),
    ("media_after", "labels stand above players and images: those before the next block"),
)


def text_columns(x: Layout) -> list[Floats]:
    """The columns of TEXT."""
    blocks = x.view.blocks
    links = np.array([block.links for block in blocks], float)
    media = np.array([min(3, block.media) for block in blocks], float)
    return [
        x.rel(x.plain),
        x.rel(x.length),
        np.log1p(x.length),
        x.plain / max(1.0, float(x.plain.max())),
        x.plain / x.total,
        x.link_share,
        links / (1 + x.sentences),
        np.array([block.bold_chars for block in blocks], float) / x.length,
        x.sentences / x.length,
        x.commas / x.length,
        x.digits / x.length,
        x.capitals / x.length,
        x.ends,
        np.minimum(x.sentences, 6),
        media,
        np.append(media[1:], 0.0),
    ]


REPEATS = (
    ("times", "menus and teasers come again: how often this text stands on the page, four at most"),
    ("said_inside", "pull quotes repeat the body: this text stands within a longer block"),
    ("title_likeness", "the headline is no paragraph: words shared with the title, of all words of both"),
    ("title_words", "kickers and breadcrumbs name the topic: the share of words that the title has"),
    ("in_description", "the standfirst is the page's own description"),
)
_DESCRIBED = 40  # characters that tell a block by the description
_MOST_COMPARED = 1_000_000_000  # characters: beyond, no block is searched for in the others
_SHORT = 300  # characters: a longer block is no headline


def repeat_columns(view: BlockView, titles: Sequence[str], description: str | None) -> list[Floats]:
    """The columns of REPEATS."""
    texts = [block.text for block in view.blocks]
    times = Counter(texts)
    page = "\n".join(texts)
    searched = len(page) * len(texts) < _MOST_COMPARED
    references = [frozenset(title.casefold().split()) for title in titles if title]
    union = frozenset[str]().union(*references)
    summary = " ".join((description or "").casefold().split())
    rows = []
    for text in texts:
        words = frozenset(text.casefold().split()) if len(text) < _SHORT else frozenset[str]()
        rows.append(
            (
                min(4, times[text]),
                searched and 40 <= len(text) < 2 * _SHORT and page.count(text[:120]) > times[text],
                max((_jaccard(words, title) for title in references), default=0.0),
                len(words & union) / len(words) if words else 0.0,
                len(text) >= _DESCRIBED // 2 and text[:_DESCRIBED].casefold().strip(" \"“”'") in summary,
            )
        )
    return list(np.array(rows, float).T)


def _jaccard(words: frozenset[str], title: frozenset[str]) -> float:
    common = len(words & title)
    return common / (len(words) + len(title) - common) if common else 0.0


_TAGS = ("p", "li", "h1", "h2", "h3", "h4", "td", "tr", "div", "blockquote", "span")
_TAG_NUMBER = {tag: number for number, tag in enumerate(_TAGS, 1)}
ELEMENT = (
    *((f"tag_{tag}", f"what the author's editor writes: the block is a {tag}") for tag in _TAGS),
    *((f"in_{flag}", f"what the page's author says it is: it lies in {flag}") for flag in FLAGS),
)


def element_columns(x: Layout) -> list[Floats]:
    """The columns of ELEMENT."""
    tag = np.array([_TAG_NUMBER.get(block.tag, 0) for block in x.view.blocks])
    columns = [(tag == number).astype(float) for number in _TAG_NUMBER.values()]
    return columns + [x.in_flag(flag) for flag in FLAGS]
