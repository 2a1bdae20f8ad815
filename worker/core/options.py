"""The settings that change what cleaning gives. They are part of the rules fingerprint."""

from dataclasses import dataclass
from enum import StrEnum


class Strictness(StrEnum):
    """How sure the evidence must be that a block is the article's for it to stay."""

    GENTLE = "gentle"  # rather a line of clutter than a lost line
    BALANCED = "balanced"
    STRICT = "strict"  # rather a lost line than a line of clutter


class Trafilatura(StrEnum):
    """On which pages trafilatura is asked for its verdict."""

    ALWAYS = "always"
    UNSURE = "unsure"  # only where the page's own layout leaves doubt


@dataclass(frozen=True, slots=True)
class CleanOptions:
    """What a user may choose about cleaning; every field counts in the fingerprint."""

    max_page_bytes: int = 10_000_000  # a larger page is `oversized`
    max_depth: int = 512  # elements nested deeper are `too_deep`; browsers stop nesting there too
    max_elements: int = 50_000  # a page of more is `oversized`: no article has them, and they take minutes
    max_texts: int = 20_000  # runs of text in a page, lines in a text; a page of more is `oversized`
    max_characters: int = 2_000_000  # of text; a page of more is `oversized`: a long novel, not an article
    min_words: int = 10  # a shorter article is `too_short`
    title_in_text: bool = False  # keep the headline as the first paragraph
    standfirst_in_text: bool = True  # keep the standfirst as a paragraph
    strictness: Strictness = Strictness.BALANCED
    trafilatura: Trafilatura = Trafilatura.ALWAYS
