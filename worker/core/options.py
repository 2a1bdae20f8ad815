"""The settings that change what cleaning gives. They are part of the rules fingerprint."""

from dataclasses import dataclass


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
