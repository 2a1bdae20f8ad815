"""clean(page) -> Article or Rejected. Pure: equal pages, rules and options give equal outcomes."""

from dataclasses import dataclass

from worker.core.blocks import BlockView, text_blocks
from worker.core.charset import page_text
from worker.core.evidence.judge import Evidence
from worker.core.language import direction_of, language_of
from worker.core.metadata import Metadata
from worker.core.options import CleanOptions
from worker.core.reading import read_markup, sample_of, too_many
from worker.core.records import Article, Outcome, Page, Reason, Rejected
from worker.core.rules import RuleSet
from worker.core.sieve import Sieved, sieve
from worker.core.sieving.draft import Hints
from worker.core.words import word_count


@dataclass(frozen=True, slots=True)
class Trace:
    """How an outcome came about: for `explain`, and for whoever looks into a page."""

    view: BlockView
    evidence: Evidence | None  # what the layout told; None for a text page
    sieved: Sieved
    metadata: Metadata | None  # what the page's head and headline told; None for a text page


def clean(page: Page, rules: RuleSet, options: CleanOptions) -> Outcome:
    """The article of a page, or the reason why there is none. Never raises on any page."""
    return clean_traced(page, rules, options)[0]


def clean_traced(page: Page, rules: RuleSet, options: CleanOptions) -> tuple[Outcome, Trace | None]:
    """The same, with how it came about; None where the page was rejected before it had blocks."""
    if len(page.body) > options.max_page_bytes:
        return too_many(len(page.body), "bytes", options.max_page_bytes), None
    text = page_text(page)
    if isinstance(text, Rejected):
        return text, None
    return _clean_text(text, rules, options) if page.is_text else _clean_html(text, page, rules, options)


def _clean_text(text: str, rules: RuleSet, options: CleanOptions) -> tuple[Outcome, Trace | None]:
    if len(text) > options.max_characters:
        return too_many(len(text), "characters", options.max_characters), None
    view = text_blocks(text, options.max_texts)
    if not view.blocks:
        return Rejected(Reason.EMPTY, "no line with a word in it"), None
    if len(view.blocks) > options.max_texts:
        return Rejected(Reason.OVERSIZED, f"more lines than the {options.max_texts} allowed"), None
    language = language_of((), sample_of(view))
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
    return _judged(article, options), Trace(view, None, sieved, None)


def _clean_html(text: str, page: Page, rules: RuleSet, options: CleanOptions) -> tuple[Outcome, Trace | None]:
    reading = read_markup(text, page.url, options)
    if isinstance(reading, Rejected):
        return reading, None
    evidence = reading.evidence(rules.layout(), options)
    sieved = sieve(reading.view, evidence, rules, reading.hints, options)
    outcome = _judged(_article(reading.metadata, sieved), options)
    return outcome, Trace(reading.view, evidence, sieved, reading.metadata)


def _article(metadata: Metadata, sieved: Sieved) -> Article:
    return Article(
        paragraphs=sieved.paragraphs,
        word_count=sum(map(word_count, sieved.paragraphs)),
        title=metadata.title,
        description=_longer(metadata.description, sieved.standfirst),
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


def _longer(description: str | None, standfirst: str | None) -> str | None:
    """The standfirst begins as the description does, which pages often cut off."""
    return max(description or "", standfirst or "", key=len) or None


def _judged(article: Article, options: CleanOptions) -> Outcome:
    if article.word_count == 0:
        return Rejected(Reason.EMPTY, "no text that belongs to an article")
    if article.word_count < options.min_words:
        return Rejected(Reason.TOO_SHORT, f"{article.word_count} words, fewer than {options.min_words}")
    return article
