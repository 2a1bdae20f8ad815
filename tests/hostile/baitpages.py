"""Pages of bait, for every rule and for every expression of the core, wherever a page can put them."""

from collections.abc import Callable
from functools import cache, partial
from html import escape
from itertools import chain

from tests.hostile.bait import baits, core_patterns, pack_baits
from tests.hostile.case import ARTICLE, LIMIT, SENTENCE, TITLE, Cases, document, page, text
from worker.core.rules import RulePack, RuleSet, parse_rules
from worker.rulefiles import read_rules

_ROOM = LIMIT - 200_000  # bytes
_TEXT = 1_800_000  # characters of text: a page may have two million
_MOST_LINES = 20_000  # fewer than the blocks that a page may have
_LINE = 499  # characters: the longest line that rules are asked about
_FIELD = 599  # the longest that dates and names are looked for in
_LABEL = 119  # the longest that credits and datelines are
_LONG = (10_000, 100_000, 500_000)


def cases() -> Cases:
    """All of them."""
    for pack in _rules().packs:
        yield page(f"bait-rules-{pack.name}", partial(_pack_page, pack))
    for length in _LONG:
        yield page(f"bait-rules-of-{length // 1000}k", partial(_long_pack_page, length))
    yield from _patterns()


@cache
def _rules() -> RuleSet:
    return parse_rules(read_rules())


def _pack_page(pack: RulePack) -> str:
    lines = _fitting(list(pack_baits(pack, _LINE)))
    return document(ARTICLE + "".join(f'<p class="{escape(line)}">{escape(line)}</p>' for line in lines))


def _long_pack_page(length: int) -> str:
    """A line of each pack, and each line as long as that."""
    per_pack = ((f"{bait} " for bait in pack_baits(pack, 60)) for pack in _rules().packs)
    lines = ["".join(chain(pieces))[:length].ljust(length, "-") for pieces in per_pack]
    return document(ARTICLE + "".join(f"<p>{escape(line)}</p>" for line in _fitting(lines)))


def _patterns() -> Cases:
    def made(length: int, line: Callable[[str], str], head: bool = False) -> Callable[[], str]:
        def make() -> str:
            copies = line("-").count("-")  # of the bait, in one line
            chosen = _fitting(_pattern_baits(length), copies, are_text=not head)
            lines = "".join(line(escape(bait)) for bait in chosen)
            return document(ARTICLE, f"<title>{TITLE}</title>{lines}") if head else document(ARTICLE + lines)

        return make

    for length in (_LABEL, _FIELD, 10_000):
        yield page(f"bait-paragraphs-{length}", made(length, "<p>{}</p>".format))
        yield text(f"bait-lines-{length}", partial(_text_page, length))
    yield page("bait-around-headline", lambda: _around_headline(_pattern_baits(250)))
    yield page("bait-items", made(_LABEL, "<ul><li><a href='/x'>{}</a></ul>".format))
    yield page(
        "bait-classes", made(_FIELD, '<p class="author {0}" id="{0}" rel="{0}">By Jane Doe</p>'.format)
    )
    yield page("bait-headings", made(_LINE, "<h2>{}</h2>".format))
    yield page("bait-times", made(_FIELD, '<time datetime="{0}">{0}</time>'.format))
    yield page("bait-addresses", made(_FIELD, '<a href="https://a.example/author/{0}">{0}</a>'.format))
    for name in ("og:title", "author", "date", "description", "keywords", "og:site_name"):
        key = name.removeprefix("og:").replace("_", "-")
        line = f'<meta property="{name}" content="{{}}">'
        yield page(f"bait-meta-{key}", made(3_900, line.format, head=True))
    for key in ("headline", "author", "datePublished"):
        yield page(f"bait-ld-{key}", partial(_linked_data, key))
    for length in _LONG[1:]:
        yield page(f"bait-characters-{length // 1000}k", partial(_one_character, length))


@cache
def _pattern_baits(length: int) -> list[str]:
    every = (baits(pattern.pattern, pattern.flags, length) for pattern in core_patterns().values())
    return list(dict.fromkeys(chain.from_iterable(every)))


def _fitting(lines: list[str], copies: int = 1, *, are_text: bool = True) -> list[str]:
    """As many of the lines, evenly chosen, as a page has room for, or a page's text."""
    bytes_of = (len(escape(line).encode("utf-8", "surrogatepass")) for line in lines)
    size = sum(copies * (size + 80) for size in bytes_of)
    shown = sum(map(len, lines)) if are_text else 0
    step = max(1, -(-size // _ROOM), -(-shown // _TEXT), -(-len(lines) // _MOST_LINES))
    return lines[::step]


def _text_page(length: int) -> str:
    lines = (" ".join(line.split()) for line in _fitting(_pattern_baits(length)))
    return "\n".join([SENTENCE, *lines, SENTENCE])


def _around_headline(lines: list[str]) -> str:
    """Sixteen lines after a headline are read as bylines and dates: so each few have one of their own."""
    parts = []
    for i, line in enumerate(_fitting(lines)):
        mark = "<h1>The slate in the window</h1>" if i % 16 == 0 else ""
        parts.append(f'{mark}<div class="byline date">{escape(line)}</div>')
    return document("".join(parts) + ARTICLE)


def _linked_data(key: str) -> str:
    import orjson

    node: dict[str, object] = {"@type": "NewsArticle", "headline": TITLE}
    lines = _fitting(_pattern_baits(2_900), are_text=False)
    nodes = [
        node | {key: lines[i : i + 30] if key == "author" else lines[i]} for i in range(0, len(lines), 30)
    ]
    scripts = (orjson.dumps(value).decode().replace("</", "<\\/") for value in nodes)
    tags = "".join(f'<script type="application/ld+json">{script}</script>' for script in scripts)
    return document(ARTICLE, f"<title>{TITLE}</title>{tags}")


def _one_character(length: int) -> str:
    """A line of nothing but one character, and a few that differ at its end, for each that patterns name."""
    characters = " -–—|/:.,;!?\"'()[]«»0١۴aعא新ก*=_#@&\u00a0"
    lines = (f"<p>x {character * length}!</p>" for character in characters)
    kept, size = [], 0
    for line in lines:
        size += len(line)
        if size < _TEXT:
            kept.append(line.replace("&" * 10, "&amp;" * 10) if "&" in line else line)
    return document(ARTICLE + "".join(kept))
