"""clean(page) -> Article or Rejected. Pure: equal pages, rules and options give equal outcomes."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from worker.core import extract
from worker.core.blocks import BlockView, text_blocks, tree_blocks
from worker.core.charset import page_text
from worker.core.datefinder import find_html_date
from worker.core.language import direction_of, language_of
from worker.core.metadata import Metadata, collect, resolve
from worker.core.options import CleanOptions
from worker.core.prose import running_chars
from worker.core.records import Article, Outcome, Page, Reason, Rejected
from worker.core.rules import RuleSet
from worker.core.sieve import Sieved, sieve
from worker.core.sieving.draft import Hints
from worker.core.tree import PARSER_DEPTH, element_count, parse
from worker.core.words import word_count

_MARGIN = 8  # levels near the parser's limit: it may have dropped what lay deeper
_MOST_SEARCHED = 200_000  # characters in which htmldate may look for a date: it reads some of them often
_SAMPLE = 1000  # characters of running text that a language is told from


@dataclass(frozen=True, slots=True)
class Trace:
    """How an outcome came about: for `explain`, and for whoever looks into a page."""

    view: BlockView
    shares: tuple[float, ...] | None  # trafilatura's verdict; None for a text page
    sieved: Sieved


def clean(page: Page, rules: RuleSet, options: CleanOptions) -> Outcome:
    """The article of a page, or the reason why there is none. Never raises on any page."""
    return clean_traced(page, rules, options)[0]


def clean_traced(page: Page, rules: RuleSet, options: CleanOptions) -> tuple[Outcome, Trace | None]:
    """The same, with how it came about; None where the page was rejected before it had blocks."""
    if len(page.body) > options.max_page_bytes:
        detail = f"{len(page.body)} bytes, more than the {options.max_page_bytes} allowed"
        return Rejected(Reason.OVERSIZED, detail), None
    text = page_text(page)
    if isinstance(text, Rejected):
        return text, None
    return _clean_text(text, rules, options) if page.is_text else _clean_html(text, page, rules, options)


def _clean_text(text: str, rules: RuleSet, options: CleanOptions) -> tuple[Outcome, Trace | None]:
    if len(text) > options.max_characters:
        return _too_many(len(text), "characters", options.max_characters), None
    view = text_blocks(text, options.max_texts)
    if not view.blocks:
        return Rejected(Reason.EMPTY, "no line with a word in it"), None
    if len(view.blocks) > options.max_texts:
        return Rejected(Reason.OVERSIZED, f"more lines than the {options.max_texts} allowed"), None
    language = language_of((), _sample(view))
    sieved = sieve(view, None, rules, Hints(language=language), options)
    date = next((found for found in sieved.fields.dates if not found.is_update), None)
    summary = sieved.summary
    article = Article(
        paragraphs=sieved.paragraphs,
        word_count=sum(map(word_count, sieved.paragraphs)),
        title=sieved.title,
        description=summary.text if summary else None,
        site_name=summary.site_name if summary else None,
        authors=tuple(sieved.fields.authors),
        published_at=date.iso if date else summary.date if summary else None,
        published_at_raw=date.raw if date else summary.date_raw if summary else None,
        language=language,
        text_direction=direction_of(language),
        section=sieved.section,
        source_credits=sieved.source_credits,
        dateline=sieved.dateline,
        removed=sieved.removed,
    )
    return _judged(article, options), Trace(view, None, sieved)


def _clean_html(text: str, page: Page, rules: RuleSet, options: CleanOptions) -> tuple[Outcome, Trace | None]:
    root = parse(text)
    if root is None:
        return Rejected(Reason.EMPTY, "no element in the markup"), None
    elements = element_count(root)
    if elements > options.max_elements:
        return _too_many(elements, "elements", options.max_elements), None
    view = tree_blocks(root)
    refused = _refused(view, options)
    if refused is not None:
        return refused, None
    is_searchable = sum(len(block.text) for block in view.blocks) <= _MOST_SEARCHED
    finder = partial(find_html_date, root, page.url) if is_searchable else None
    metadata = resolve(collect(root), page.url, _sample(view), finder)
    shares = extract.verdict(root, view)  # marks the tree: nothing may read it after this
    titles = tuple(title for title in (metadata.title,) if title)
    hints = Hints(titles, metadata.description, metadata.section, metadata.language)
    sieved = sieve(view, shares, rules, hints, options)
    return _judged(_article(metadata, sieved), options), Trace(view, tuple(shares), sieved)


def _refused(view: BlockView, options: CleanOptions) -> Rejected | None:
    """Why a parsed page is refused before the extractor sees it; None where it is not."""
    depth = min(options.max_depth, PARSER_DEPTH - _MARGIN)
    if view.depth >= depth:
        return Rejected(Reason.TOO_DEEP, f"elements nested {depth} deep or deeper")
    if len(view.pieces) > options.max_texts:
        return _too_many(len(view.pieces), "runs of text", options.max_texts)
    characters = sum(len(block.text) for block in view.blocks)
    if characters > options.max_characters:
        return _too_many(characters, "characters of text", options.max_characters)
    return None if view.blocks else Rejected(Reason.EMPTY, "no text in the markup")


def _too_many(count: int, what: str, allowed: int) -> Rejected:
    return Rejected(Reason.OVERSIZED, f"{count} {what}, more than the {allowed} allowed")


def _article(metadata: Metadata, sieved: Sieved) -> Article:
    return Article(
        paragraphs=sieved.paragraphs,
        word_count=sum(map(word_count, sieved.paragraphs)),
        title=metadata.title,
        description=metadata.description,
        canonical_url=metadata.canonical_url,
        site_name=metadata.site_name,
        authors=metadata.authors or tuple(sieved.fields.authors),
        published_at=metadata.published_at,
        published_at_raw=metadata.published_at_raw,
        modified_at=metadata.modified_at,
        language=metadata.language,
        text_direction=metadata.text_direction,
        section=metadata.section,
        tags=metadata.tags,
        image_url=metadata.image_url,
        source_credits=sieved.source_credits,
        dateline=sieved.dateline,
        removed=sieved.removed,
    )


def _judged(article: Article, options: CleanOptions) -> Outcome:
    if article.word_count == 0:
        return Rejected(Reason.EMPTY, "no text that belongs to an article")
    if article.word_count < options.min_words:
        return Rejected(Reason.TOO_SHORT, f"{article.word_count} words, fewer than {options.min_words}")
    return article


def _sample(view: BlockView) -> str:
    """Running text of the page, enough to tell its language; of any text where there is none."""
    return _first_of([b.text for b in view.blocks if running_chars(b)] or [b.text for b in view.blocks])


def _first_of(texts: Sequence[str]) -> str:
    return "\n".join(texts[:20])[:_SAMPLE]
