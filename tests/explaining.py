"""Explanations for the tests: of the sample pages, and of pages written to do harm."""

from collections.abc import Mapping
from functools import cache

from worker.core.clean import clean_traced
from worker.core.decode import decode_message
from worker.core.options import CleanOptions
from worker.core.records import Page, Rejected
from worker.core.rules import RuleSet, parse_rules
from worker.demo_pages import SampleCase, sample_cases
from worker.explaining.rows import Explanation, explain
from worker.rulefiles import read_rules

OUTSIDE_HOST = "https://outside.example"
_SENTENCE = "The harbour master counted the boats that came in before noon and wrote their names on a slate. "

# Text that would be markup, that would end markup, that would turn the reading order; an address that
# would run as a script; classes that would end their attribute.
HOSTILE_TEXT = f"</script></p><script>alert(1)</script><img src='{OUTSIDE_HOST}/a.png' onerror=alert(2)>"
HOSTILE_PAGE = f"""<!doctype html><html lang="en"><head>
<meta property="og:title" content="A &quot;title&quot; &lt;script&gt;alert(3)&lt;/script&gt;">
<meta property="og:description" content="' onmouseover='alert(4) &lt;/details&gt;&lt;/style&gt;">
<meta property="og:site_name" content="&lt;b&gt;Bold News">
<link rel="canonical" href="javascript:alert(5)">
</head><body><article class="&quot;&gt;&lt;script&gt;alert(6)&lt;/script&gt;">
<h1>A "title" &lt;script&gt;alert(3)&lt;/script&gt;</h1>
<p>{_SENTENCE * 3}</p>
<p>{HOSTILE_TEXT.replace("<", "&lt;")} {_SENTENCE}</p>
<p>{_SENTENCE}\u202eThis would read from the right.\u202c {_SENTENCE}</p>
<p>{_SENTENCE * 2}</p>
<p class="share-links">Share this on &lt;svg onload=alert(7)&gt;</p>
</article></body></html>"""


@cache
def rules() -> RuleSet:
    """The packaged rules."""
    return parse_rules(read_rules())


@cache
def samples() -> Mapping[str, SampleCase]:
    """The sample pages, by name."""
    return {case.name: case for case in sample_cases()}


@cache
def explained(name: str) -> Explanation:
    """The explanation of a sample page."""
    case = samples()[name]
    decoded = decode_message(case.body, case.url.encode(), case.headers(), CleanOptions())
    assert not isinstance(decoded, Rejected)
    return explained_page(decoded.page, name)


def explained_page(page: Page, name: str = "page") -> Explanation:
    """The explanation of any page."""
    return explain(name, page.url, *clean_traced(page, rules(), CleanOptions()), rules())


def explained_html(markup: str, url: str | None = None) -> Explanation:
    """The explanation of a page given as its markup."""
    return explained_page(Page(markup.encode(), url, "text/html; charset=utf-8"))
