"""Markup without end: depth, width, and text where nobody writes any."""

from tests.hostile.case import (
    ARTICLE,
    LIMIT,
    PARAGRAPHS,
    SENTENCE,
    TITLE,
    Cases,
    document,
    filled,
    page,
    raw,
    text,
)

_DEPTH = 100_000
_MILLION = 1_000_000


def cases() -> Cases:
    """All of them."""
    yield from _deep()
    yield from _wide()
    yield from _tables()
    yield from _long()
    yield from _attributes()
    yield from _heads()
    yield from _little()


def _nested(start: str, depth: int, inside: str, end: str = "") -> str:
    return document(start * depth + inside + end * depth)


def _deep() -> Cases:
    yield page("nested-divs-200", lambda: _nested("<div>", 200, ARTICLE, "</div>"))
    yield page("nested-divs-300", lambda: _nested("<div>", 300, ARTICLE, "</div>"))
    yield page("nested-divs-2000", lambda: _nested("<div>", 2000, ARTICLE, "</div>"))
    for tag in ("div", "span", "b", "a", "font", "blockquote", "ul", "table", "section", "unknown-element"):
        yield page(
            f"nested-{tag}-100k",
            lambda tag=tag: _nested(f"<{tag}>", _DEPTH, "deep down", f"</{tag}>"),  # type: ignore[misc]
        )
    yield page("nested-beside-article", lambda: document(ARTICLE + "<div>" * _DEPTH))
    yield page("nested-lists", lambda: _nested("<ul><li>", _DEPTH, SENTENCE))
    yield page("nested-tables", lambda: _nested("<table><tr><td>", _DEPTH, SENTENCE))
    yield page("nested-forms", lambda: _nested("<form><fieldset>", _DEPTH, SENTENCE))
    yield page("nested-text-between", lambda: _nested(f"<div>{SENTENCE}", 50_000, ""))
    yield page(
        "nested-claimed", lambda: _nested('<div class="sharedaddy">', 1500, filled("<p>x</p>", 6_000_000))
    )
    yield page("misnested", lambda: document("<b><p><i></b></p></i>" * 200_000 + ARTICLE))
    yield page("never-closed", lambda: document("<p><a><b><i><u>word " * 200_000))
    yield page("only-end-tags", lambda: document("</div></p></b></table>" * 300_000 + ARTICLE))


def _wide() -> Cases:
    yield page("links-million", lambda: document(ARTICLE + "<a>x</a>" * _MILLION))
    yield page("links-with-address", lambda: document(ARTICLE + filled('<a href="/a/b/c">one two</a> ')))
    yield page(
        "links-in-items",
        lambda: document(ARTICLE + "<ul>" + filled('<li><a href="/a">one two three</a></li>')),
    )
    yield page("links-in-paragraphs", lambda: document(filled(f'<p>{SENTENCE} <a href="/a">one</a></p>')))
    yield page("blocks-million", lambda: document("<p>x" * _MILLION))
    yield page("blocks-60k", lambda: document("<p>one two three four" * 60_000))
    yield page("paragraphs-50k", lambda: document(filled(f"<p>{SENTENCE}</p>")))
    yield page("breaks-million", lambda: document(ARTICLE + "<br>" * 2 * _MILLION))
    yield page("breaks-and-spaces", lambda: document("<p>" + "<br> " * _MILLION + ARTICLE))
    yield page("breaks-and-words", lambda: document("<p>" + "word<br>" * _MILLION))
    yield page("spaces-in-spans", lambda: document("<p>" + "<s> </s><br>" * 700_000 + ARTICLE))
    yield page("empty-divs-million", lambda: document("<div></div>" * 800_000 + ARTICLE))
    yield page("comments-million", lambda: document("<!---->" * _MILLION + ARTICLE))
    yield page("comment-never-closed", lambda: document(ARTICLE + "<!--" + filled("<!- -")))
    yield page("headings-100k", lambda: document(filled("<h2>one two</h2>") + ARTICLE))
    yield page("times-100k", lambda: document(filled("<time datetime='2021-02-04'>x</time>") + ARTICLE))
    yield page("images-100k", lambda: document(filled("<img src=a.jpg alt='a picture'>") + ARTICLE))
    yield page("forms-100k", lambda: document(filled("<form><input><button>b</button></form>") + ARTICLE))
    yield page("options-million", lambda: document("<select>" + filled("<option>x") + "</select>" + ARTICLE))
    yield page("unknown-elements", lambda: document(filled("<x-y>word</x-y> ") + ARTICLE))
    yield page("entities", lambda: document("<p>" + filled("&amp;&#1593;&nbsp;")))
    yield page("entities-unknown", lambda: document("<p>" + filled("&nosuchentity;&#99999999;&") + ARTICLE))
    yield page(
        "authors-100k",
        lambda: document(f"<h1>{TITLE}</h1>" + filled("<span class=author>By Jane Doe</span>") + PARAGRAPHS),
    )
    yield page(
        "dates-100k",
        lambda: document(
            f"<h1>{TITLE}</h1>" + filled("<span class=date>4 February 2021</span>") + PARAGRAPHS
        ),
    )
    yield page("read-also-200k", lambda: document(PARAGRAPHS + filled("<p>Read also</p>") + PARAGRAPHS))
    yield page(
        "read-also-items",
        lambda: document(
            PARAGRAPHS + filled("<p>Read also</p><li>one two three</li>", 1_500_000) + PARAGRAPHS
        ),
    )
    yield text("read-also-lines", lambda: SENTENCE + "\n" + filled("Read also\n") + SENTENCE)
    yield text(
        "read-also-and-share-lines",
        lambda: SENTENCE + "\n" + filled("Read also\nRelated articles\nShare this\n"),
    )
    yield text("lines-million", lambda: filled("one two\n"))
    yield text("lines-of-sentences", lambda: filled(SENTENCE + "\n"))
    yield text("lines-of-sentences-that-differ", lambda: "\n".join(f"{i} {SENTENCE}" for i in range(45_000)))


def _tables() -> Cases:
    yield page(
        "cells-million",
        lambda: document("<table>" + ("<tr>" + "<td>1" * 100) * 10_000 + "</table>" + ARTICLE),
    )
    yield page("cells-million-alone", lambda: document("<table>" + ("<tr>" + "<td>1" * 100) * 10_000))
    yield page("cells-million-one-row", lambda: document("<table><tr>" + "<td>1" * _MILLION))
    yield page("rows-million", lambda: document("<table>" + "<tr><td>1" * _MILLION))
    yield page(
        "rows-around-a-million",
        lambda: document("<table><tr><td>" * 600 + "<p>x" * _MILLION + f"<p>{SENTENCE}"),
    )
    yield page(
        "rows-around-60k", lambda: document("<table><tr><td>" * 600 + "<p>x" * 60_000 + f"<p>{SENTENCE}")
    )
    yield page(
        "colspan-huge", lambda: document("<table><tr><td colspan=99999999 rowspan=99999999>x" + ARTICLE)
    )


def _long() -> Cases:
    yield raw("text-50mb", lambda: b"<!DOCTYPE html><p>" + b"word " * _MILLION * 10)
    yield page("text-one-node", lambda: document("<p>" + filled("word ")))
    yield page("text-one-word", lambda: document("<p>" + "a" * (LIMIT - 1000)))
    yield page("text-one-word-arabic", lambda: document("<p>" + filled("ع")))
    yield page("text-one-sentence", lambda: document("<p>" + filled("word, ") + "."))
    yield page("text-stops", lambda: document("<p>" + filled(".")))
    yield page("text-ellipses", lambda: document("<p>" + filled("word… ")))
    yield page("text-quotes", lambda: document("<p>word." + filled('"') + "x"))
    yield page("text-digits", lambda: document("<p>" + filled("0")))
    yield page("text-spaces", lambda: document("<p>" + filled(" ") + "x"))
    yield page("text-han", lambda: document("<p>" + filled("新")))
    yield page("text-thai", lambda: document("<p>" + filled("ก")))
    yield page("text-joiners", lambda: document("<p>" + filled("\u200c\u200d")))
    yield page("text-marks", lambda: document("<p>a" + filled("\u0301\u0316")))
    yield page("text-marks-unordered", lambda: document("<p>a" + filled("\u0301\u0316\u0345", 3_000_000)))
    yield page("text-ligatures", lambda: document("<p>" + filled("\ufdfa ")))  # one is 18 in NFKC
    yield page("text-braille", lambda: document("<p>" + filled("\u2801\u28ff ") + ARTICLE))
    yield page("text-private-use", lambda: document("<p>" + filled("\ue000x ") + ARTICLE))
    yield page("text-as-long-as-may-be", lambda: document("<p>" + filled("word ", 1_900_000)))
    yield page("text-han-as-long-as-may-be", lambda: document("<p>" + filled("新", 5_900_000)))
    yield page("text-marks-as-long-as-may-be", lambda: document("<p>a" + filled("\u0301\u0316", 3_900_000)))
    yield page("text-ligatures-as-long-as-may-be", lambda: document("<p>" + filled("\ufdfa ", 3_900_000)))
    yield text("line-as-long-as-may-be", lambda: filled("word ", 1_900_000))
    yield text("line-of-10mb", lambda: filled("word "))
    yield text("line-separators", lambda: filled("word\u2028\u0085\u000b"))


def _attributes() -> Cases:
    def stuffed(start: str, value: str, end: str = '">x</div>') -> str:
        return document(f"{start}{value}{end}{ARTICLE}")

    yield page("attribute-class-10mb", lambda: stuffed('<div class="', filled("a b ")))
    yield page(
        "attribute-class-names", lambda: stuffed('<div class="', " ".join(f"n{i}" for i in range(_MILLION)))
    )
    yield page("attribute-id-10mb", lambda: stuffed('<div id="', filled("x")))
    yield page("attribute-style-10mb", lambda: stuffed('<div style="', filled("color:red;")))
    yield page("attribute-href-10mb", lambda: stuffed('<a href="https://a.example/', filled("a/../")))
    yield page("attribute-href-data", lambda: stuffed('<a href="data:text/html;base64,', filled("QUJD")))
    yield page(
        "attribute-around-article", lambda: document(f'<div class="{filled("post-x ")}">{ARTICLE}</div>')
    )
    yield page("attribute-datetime-10mb", lambda: stuffed('<time datetime="', filled("2021-02-04 ")))
    yield page("attribute-never-closed", lambda: document(ARTICLE + '<div class="' + filled("a=b ")))
    yield page(
        "attributes-400k",
        lambda: document("<div" + "".join(f" a{i}=b" for i in range(400_000)) + ">" + ARTICLE),
    )
    yield page(
        "classes-that-differ",
        lambda: document("".join(f'<p class="c{i}">x</p>' for i in range(60_000)) + ARTICLE),
    )
    yield page("srcset-10mb", lambda: stuffed('<img srcset="', filled("a.jpg 1x, ")))
    yield page("srcset-commas", lambda: stuffed('<img src="a.jpg" srcset="', filled(",")))
    yield page("srcset-spaces", lambda: stuffed('<img data-srcset="', "a" + filled(" ") + "b"))
    yield page("srcset-digits", lambda: stuffed('<img srcset="a.jpg ', filled("1") + "w"))
    yield page(
        "srcset-cyclic",
        lambda: document(filled('<img src="#" srcset="# 1x, ? 2x, /srcset-cyclic 3x">') + ARTICLE),
    )
    yield page(
        "meta-refresh-to-itself",
        lambda: document(ARTICLE, '<meta http-equiv="refresh" content="0">' * 100_000),
    )


def _heads() -> Cases:
    yield page("title-1mb", lambda: document(ARTICLE, f"<title>{'word ' * 200_000}</title>"))
    yield page("title-1mb-bars", lambda: document(ARTICLE, f"<title>{'a | ' * 250_000}</title>"))
    yield page("title-1mb-dashes", lambda: document(ARTICLE, f"<title>{'-' * _MILLION}</title>"))
    yield page("title-1mb-spaces", lambda: document(ARTICLE, f"<title>a{' ' * _MILLION}b</title>"))
    yield page("title-never-closed", lambda: document("", "<title>" + filled("word ")))
    yield page("headline-1mb", lambda: document(f"<h1>{'word ' * 200_000}</h1>{PARAGRAPHS}"))
    yield page("headline-1mb-in-parts", lambda: document(f"<h1>{'<b>a</b> - ' * 100_000}</h1>{PARAGRAPHS}"))
    yield page("metas-100k", lambda: document(ARTICLE, filled('<meta property="og:title" content="a | b">')))
    yield page(
        "metas-that-differ",
        lambda: document(ARTICLE, "".join(f'<meta name="m{i}" content="x">' for i in range(200_000))),
    )
    yield page(
        "meta-1mb", lambda: document(ARTICLE, f'<meta property="og:title" content="{"word - " * 150_000}">')
    )
    yield page(
        "meta-author-1mb",
        lambda: document(ARTICLE, f'<meta name="author" content="{"Jane Doe, " * 100_000}">'),
    )
    yield page("meta-date-1mb", lambda: document(ARTICLE, f'<meta name="date" content="{"1/2/" * 250_000}">'))
    yield page(
        "meta-keywords-1mb", lambda: document(ARTICLE, f'<meta name="keywords" content="{"a," * 500_000}">')
    )
    yield page(
        "meta-tags-inside-tags", lambda: document(ARTICLE, f'<meta name="author" content="{"<a" * 500_000}">')
    )
    yield page(
        "canonical-10mb",
        lambda: document(ARTICLE, f'<link rel="canonical" href="https://a.example/{filled("a")}">'),
    )
    yield page("base-to-elsewhere", lambda: document(ARTICLE, '<base href="javascript:alert(1)">' * 1000))
    yield page("lang-10mb", lambda: document(ARTICLE).replace("lang='en'", f"lang='{filled('en-')}'"))


def _little() -> Cases:
    yield page("only-scripts", lambda: document(filled("<script>document.write('x')</script>")))
    yield page("only-one-script", lambda: document("<script>" + filled("if (a < b) {} ")))
    yield page("script-never-closed", lambda: document("<script>" + filled("</scrip") + ARTICLE))
    yield page("only-styles", lambda: document("", filled("<style>a{}</style>")))
    yield page("only-images", lambda: document(filled("<img src=a>")))
    yield page("only-comments", lambda: document(filled("<!-- word word -->")))
    yield page(
        "frameset",
        lambda: (
            "<html><head><title>x</title></head><frameset cols='1,1'>"
            + "<frame src=a>" * 1000
            + "</frameset></html>"
        ),
    )
    yield page(
        "frameset-with-noframes",
        lambda: (
            "<html><frameset cols=1><frame src=a>"
            f"<noframes><body>{ARTICLE}</body></noframes></frameset></html>"
        ),
    )
    yield page("noscript-only", lambda: document(f"<noscript>{ARTICLE}</noscript>"))
    yield page("template-only", lambda: document(f"<template>{ARTICLE}</template>"))
    yield page("textarea-never-closed", lambda: document("<textarea>" + ARTICLE))
    yield page("plaintext", lambda: document("<plaintext>" + ARTICLE))
    yield page("angle-brackets", lambda: filled("<"))
    yield page("angle-brackets-and-space", lambda: filled("< "))
    yield page("tags-cut-off", lambda: filled("<a "))
    yield page("doctype-10mb", lambda: "<!DOCTYPE " + filled("x") + ">" + ARTICLE)
    yield page("doctypes-million", lambda: filled("<!DOCTYPE html>") + ARTICLE)
    yield page("comments-before-root", lambda: filled("<!-- -->", 4000) + "<rs" + ARTICLE)
    yield page("declarations-before-root", lambda: filled("<?a ?> ") + ARTICLE)
    yield page("null-characters-in-tags", lambda: document("<p\0><\0p>" * 100_000 + ARTICLE))
