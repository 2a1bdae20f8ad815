"""The settings that change what cleaning gives. They are part of the rules fingerprint."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CleanOptions:
    """What a user may choose about cleaning; every field counts in the fingerprint."""

    max_page_bytes: int = 10_000_000  # a larger page is `oversized`
    max_depth: int = 4096  # elements nested deeper are `too_deep`
    min_words: int = 10  # a shorter article is `too_short`
    title_in_text: bool = False  # keep the headline as the first paragraph
