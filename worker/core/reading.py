"""A page's markup, read once: its blocks and metadata, and trafilatura's verdict when asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from lxml import html

from worker.core.blocks import BlockView
from worker.core.datefinder import find_html_date
from worker.core.evidence.judge import Evidence, Model, judge
from worker.core.extract import verdict
from worker.core.metadata import Metadata, collect, resolve
from worker.core.options import CleanOptions, Trafilatura
from worker.core.prose import running_chars
from worker.core.records import Reason, Rejected
from worker.core.sieving.draft import Hints
from worker.core.tree import PARSER_DEPTH, element_count, parse
from worker.core.walk import tree_blocks

_SAMPLE = 1000  # characters of running text that a language is told from
_MOST_SEARCHED = 200_000  # characters in which htmldate may look for a date: it reads some of them often
_MARGIN = 8  # levels near the parser's limit: it may have dropped what lay deeper


@dataclass(slots=True)
class Reading:
    """What is known of a page before anything is decided."""

    root: html.HtmlElement
    view: BlockView
    metadata: Metadata
    hints: Hints
    _shares: Sequence[float] | None = None

    def shares(self) -> Sequence[float]:
        """trafilatura's verdict by block. The first call marks the tree: nothing may read that after it."""
        if self._shares is None:
            self._shares = verdict(self.root, self.view)
        return self._shares

    def evidence(self, model: Model, options: CleanOptions) -> Evidence:
        """What the layout tells of each block."""
        return judge(
            self.view,
            self.hints.titles,
            self.hints.description,
            model,
            self.shares,
            only_unsure=options.trafilatura is Trafilatura.UNSURE,
        )


def read_markup(text: str, url: str | None, options: CleanOptions) -> Reading | Rejected:
    """The blocks and the metadata of a page's markup, or why it has none."""
    root = parse(text)
    if root is None:
        return Rejected(Reason.EMPTY, "no element in the markup")
    elements = element_count(root)
    if elements > options.max_elements:
        return too_many(elements, "elements", options.max_elements)
    view = tree_blocks(root)
    refused = _refused(view, options)
    if refused is not None:
        return refused
    finder = partial(find_html_date, root, url) if _characters(view) <= _MOST_SEARCHED else None
    metadata = resolve(collect(root), url, sample_of(view), finder)
    titles = tuple(title for title in (metadata.title,) if title)
    hints = Hints(titles, metadata.description, metadata.section, metadata.language)
    return Reading(root, view, metadata, hints)


def sample_of(view: BlockView) -> str:
    """Running text of the page, enough to tell its language; any text where there is none."""
    texts = [block.text for block in view.blocks if running_chars(block)] or [b.text for b in view.blocks]
    return "\n".join(texts[:20])[:_SAMPLE]


def _refused(view: BlockView, options: CleanOptions) -> Rejected | None:
    """Why a parsed page is refused before the extractor sees it; None where it is not."""
    depth = min(options.max_depth, PARSER_DEPTH - _MARGIN)
    if view.depth >= depth:
        return Rejected(Reason.TOO_DEEP, f"elements nested {depth} deep or deeper")
    if len(view.pieces) > options.max_texts:
        return too_many(len(view.pieces), "runs of text", options.max_texts)
    characters = _characters(view)
    if characters > options.max_characters:
        return too_many(characters, "characters of text", options.max_characters)
    return None if view.blocks else Rejected(Reason.EMPTY, "no text in the markup")


def _characters(view: BlockView) -> int:
    return sum(len(block.text) for block in view.blocks)


def too_many(count: int, what: str, allowed: int) -> Rejected:
    """What a page of too much is refused with."""
    return Rejected(Reason.OVERSIZED, f"{count} {what}, more than the {allowed} allowed")
