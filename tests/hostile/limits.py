"""As much of everything as a page may have: what takes the square of its size shows here."""

from tests.hostile.case import ARTICLE, PARAGRAPHS, SENTENCE, TITLE, Cases, document, page, text
from worker.core.options import CleanOptions

_ELEMENTS = CleanOptions().max_elements - 2_000
_BLOCKS = CleanOptions().max_texts - 1_000
_DEPTH = 480


def cases() -> Cases:
    """All of them."""
    yield from _elements()
    yield from _blocks()
    yield from _nested()
    yield from _lines()


def _elements() -> Cases:
    half = _ELEMENTS // 2
    yield page("most-links", lambda: document(ARTICLE + '<a href="/a">one two</a> ' * _BLOCKS))
    yield page(
        "most-links-in-items", lambda: document(ARTICLE + "<ul>" + '<li><a href="/a">one two</a>' * _BLOCKS)
    )
    yield page("most-images", lambda: document(ARTICLE + "<img src=a.jpg alt=x>" * _ELEMENTS))
    yield page("most-empty-divs", lambda: document("<div></div>" * _ELEMENTS + ARTICLE))
    yield page("most-empty-spans", lambda: document("<p>" + "<span></span>" * _ELEMENTS + SENTENCE + ARTICLE))
    yield page("most-breaks", lambda: document("<p>word" + "<br> " * _ELEMENTS + ARTICLE))
    yield page("most-spaces-and-breaks", lambda: document("<p>" + "<s> </s><br>" * half + ARTICLE))
    yield page("most-unclosed", lambda: document("<p><a><b><i><u>word " * (half // 100) + ARTICLE))
    yield page("most-unknown-elements", lambda: document("<x-y>word</x-y> " * (_BLOCKS // 2) + ARTICLE))
    yield page("most-forms", lambda: document("<form><input></form>" * half + ARTICLE))
    yield page("most-bold", lambda: document("<p>" + "<b>word</b> " * 2_000 + ARTICLE))
    # trafilatura asks libxml2 for `//p//text()`, which takes the square of the texts inside elements in a p
    yield page("most-bold-20k", lambda: document("<p>" + "<b>word</b> " * (_BLOCKS // 2) + ARTICLE))
    yield page(
        "most-metas", lambda: document(ARTICLE, '<meta property="og:title" content="a | b">' * _ELEMENTS)
    )
    yield page(
        "most-scripts",
        lambda: document(ARTICLE, '<script type="application/ld+json">{"@type":"Article"}</script>' * half),
    )
    yield page("most-times", lambda: document("<time datetime='2021-02-04'>x</time>" * _BLOCKS + ARTICLE))
    yield page("most-headings", lambda: document("<h2>one two</h2>" * _BLOCKS + ARTICLE))
    yield page(
        "most-classes",
        lambda: document("".join(f'<i class="c{n}">x</i>' for n in range(_BLOCKS)) + ARTICLE),
    )


def _blocks() -> Cases:
    def each(piece: str, after: str = ARTICLE) -> str:
        return document("".join(piece.format(n) for n in range(_BLOCKS)) + after)

    yield page("most-words", lambda: each("<p>one two three {}"))
    yield page("most-sentences", lambda: each(f"<p>{SENTENCE}</p>"))
    yield page("most-sentences-that-differ", lambda: each(f"<p>{{0}} {SENTENCE}</p>"))
    yield page("most-long-paragraphs", lambda: each(f"<p>{{0}} {SENTENCE} {SENTENCE}</p>"))
    yield page(
        "most-cells", lambda: document("<table>" + ("<tr>" + "<td>1" * 20) * 900 + "</table>" + ARTICLE)
    )
    yield page("most-cells-in-a-row", lambda: document("<table><tr>" + "<td>1" * _BLOCKS))
    yield page("most-quotes", lambda: each(f"<blockquote><p>{SENTENCE}</p></blockquote>"))
    yield page("most-claimed", lambda: each(f'<div class="sharedaddy"><p>{SENTENCE}</p></div>'))
    yield page("most-read-also", lambda: each("<p>Read also</p>", PARAGRAPHS))
    yield page(
        "most-read-also-and-share",
        lambda: document(PARAGRAPHS + "<ul><li>Read also<li>Related articles</ul>" * (_BLOCKS // 2)),
    )
    yield page("most-read-also-in-divs", lambda: each("<div><h3>Read also</h3></div>"))
    yield page(
        "most-read-also-in-items",
        lambda: document("<ul>" + "<li>Related articles" * _BLOCKS + "</ul>" + ARTICLE),
    )
    yield page("most-titles", lambda: each(f"<h2>{TITLE}</h2>"))
    yield page(
        "most-authors",
        lambda: document(
            f"<h1>{TITLE}</h1>" + "<span class=author>By Jane Doe</span>" * _BLOCKS + PARAGRAPHS
        ),
    )
    yield page("most-bylines", lambda: each("<p>By Jane Doe {0}</p>"))
    yield page("most-dates", lambda: each("<p class=date>4 February 2021, {0}</p>"))
    yield page("most-dates-in-notes", lambda: each("<p>{0} of 1/2/2021 and of 2021-02-04 at 10:10</p>"))
    yield page("most-credits", lambda: each("<p>Source: Reuters {0}</p>"))
    yield page("most-datelines", lambda: each(f"<p>BERLIN (Reuters) - {SENTENCE}</p>"))
    yield page("most-image-files", lambda: each("<p>picture {0}.jpg</p>"))


def _nested() -> Cases:
    def around(start: str, inside: str, depth: int = _DEPTH) -> str:
        return document(start * depth + inside)

    words = "<p>x</p>" * (_BLOCKS // 2)
    yield page("most-rows-around-words", lambda: around("<table><tr><td>", words + f"<p>{SENTENCE}", 150))
    yield page("most-claimed-around-words", lambda: around('<div class="sharedaddy">', words))
    yield page(
        "most-claimed-around-sentences",
        lambda: around('<div class="sharedaddy">', f"<p>{SENTENCE}</p>" * (_BLOCKS // 2)),
    )
    yield page("most-headings-nested", lambda: around("<div><h3>Read also</h3>", words, _DEPTH))
    yield page("most-headings-around-text", lambda: around("<h2>", "word " * 1_000_000, _DEPTH))
    yield page(
        "most-authors-around-text", lambda: around("<div class=author>", f"{SENTENCE} " * 20_000, _DEPTH)
    )
    yield page(
        "most-authors-nested",
        lambda: document(
            f"<h1>{TITLE}</h1><p>"
            + "<span itemprop=author class=author>" * _DEPTH
            + "<i></i>" * 40_000
            + "Jane Doe"
        ),
    )
    yield page(
        "most-dates-deep",
        lambda: around("<div>", "<p><b>4 February 2021</b> and more words</p>" * (_BLOCKS // 2) + ARTICLE),
    )
    yield page("most-labels-deep", lambda: around("<div>", "<p>By Jane Doe</p>" * (_BLOCKS // 2) + ARTICLE))
    yield page("most-times-deep", lambda: around("<div>", "<time>2021</time>" * (_BLOCKS // 2) + ARTICLE))
    yield page("most-spans-deep", lambda: around("<span>", "<i></i>" * 40_000 + SENTENCE))
    yield page("most-sections-deep", lambda: around("<section><p>word</p>", ARTICLE, _DEPTH))


def _lines() -> Cases:
    def each(piece: str) -> str:
        return "\n".join([SENTENCE, *(piece.format(n) for n in range(_BLOCKS)), SENTENCE])

    yield text("most-lines", lambda: each("one two {0}"))
    yield text("most-lines-read-also", lambda: each("Read also"))
    yield text("most-lines-read-also-and-share", lambda: each("Read also\nRelated articles")[:200_000])
    yield text("most-lines-of-sentences", lambda: each(f"{{0}} {SENTENCE}"))
    yield text(
        "most-lines-after-credits", lambda: each(f"Source: Reuters\nRead also\n{SENTENCE}")[:1_000_000]
    )
    yield text("most-lines-of-dates", lambda: each("4 February 2021, 10:10, {0}"))
    yield text("most-lines-of-ellipses", lambda: each(f"{SENTENCE} {{0}}…"))
