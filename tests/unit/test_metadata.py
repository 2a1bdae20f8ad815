"""Metadata of whole pages: which of the things that a page says of itself holds, and where it was read."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree, html

from worker.core.datefinder import find_html_date
from worker.core.language import direction_of, language_of
from worker.core.metadata import Metadata, collect, resolve
from worker.core.pagemeta import PageMeta
from worker.core.structured import read_json_ld
from worker.core.titles import without_site
from worker.core.tree import parse

TEXT = "<p>" + "The council agreed on Tuesday to rebuild the old bridge over the river. " * 6 + "</p>"


def tree(markup: str) -> html.HtmlElement:
    root = parse(markup)
    assert root is not None
    return root


def page(head: str = "", body: str = "", lang: str = "en") -> PageMeta:
    return collect(tree(f"<html lang='{lang}'><head>{head}</head><body>{body}</body></html>"))


def meta_of(head: str = "", body: str = "", url: str | None = None, lang: str = "en") -> Metadata:
    return resolve(page(head, body, lang), url)


def json_ld(value: object) -> str:
    return f"<script type='application/ld+json'>{json.dumps(value, ensure_ascii=False)}</script>"


# Titles


def test_the_headline_that_a_reader_sees_wins() -> None:
    found = meta_of(
        "<title>Bridge plan agreed | Harbour News</title>"
        "<meta property='og:title' content='Bridge plan agreed'>"
        "<meta property='og:site_name' content='Harbour News'>",
        "<h1>Harbour bridge plan agreed at last</h1>",
    )
    assert (found.title, found.evidence["title"]) == ("Harbour bridge plan agreed at last", "h1 heading")


def test_a_first_heading_with_the_sites_name_is_no_headline() -> None:
    found = meta_of(
        "<title>A new bridge for the harbour - Harbour News</title>",
        "<h1>Harbour News</h1><h2>A new bridge for the harbour</h2>" + TEXT,
        "https://www.harbournews.example/a",
    )
    assert (found.title, found.evidence["title"]) == ("A new bridge for the harbour", "h2 heading")


def test_a_blogs_name_behind_the_title_is_no_headline() -> None:
    found = meta_of(
        "<title>Liver with apples and onions | Love and food</title>", "<h1>Love and food</h1><div>Text</div>"
    )
    assert found.title == "Liver with apples and onions"


@pytest.mark.parametrize(
    "title", ["世界人权宣言 – 序言 – news.example", "news.example » 世界人权宣言 – 序言"]
)
def test_a_site_heading_longer_than_the_headline(title: str) -> None:
    found = meta_of(f"<title>{title}</title>", "<h1>news.example</h1><h1>世界人权宣言 – 序言</h1>", lang="zh")
    assert found.title == "世界人权宣言 – 序言"


def test_a_kicker_in_the_heading_is_left_out() -> None:
    found = meta_of(
        "<title>Opinion | The bridge that we need</title>"
        + json_ld({"@type": "NewsArticle", "headline": "The bridge that we need"}),
        "<h1><span>Opinion</span> <span>The bridge that we need</span></h1>",
    )
    assert found.title == "The bridge that we need"


def test_without_a_heading_the_head_tells() -> None:
    found = meta_of("<meta property='og:title' content='A new bridge &amp;amp; a tunnel'>", TEXT)
    assert (found.title, found.evidence["title"]) == ("A new bridge & a tunnel", "meta og:title")


def test_ruby_and_soft_hyphens_are_not_read() -> None:
    assert meta_of("", "<h1><ruby>法律<rt>ほうりつ</rt></ruby>が で\u00adきる</h1>").title == "法律が できる"


@pytest.mark.parametrize(
    ("title", "site", "rest"),
    [
        ("Bridge plan agreed | Harbour News", "Harbour News", "Bridge plan agreed"),
        ("Bridge plan agreed - Harbour News", "Harbour News", "Bridge plan agreed"),
        ("Harbour News: Bridge plan agreed", "Harbour News", "Bridge plan agreed"),
        ("لافروف: روسيا مستعدة للتطبيع – سبوتنيك عربي", "سبوتنيك عربي", "لافروف: روسيا مستعدة للتطبيع"),
        (
            "Bridge plan agreed » Harbour News » News",
            "Harbour News",
            "Bridge plan agreed » Harbour News » News",
        ),
        ("Bridge – a plan agreed", "Harbour News", "Bridge – a plan agreed"),
        ("Harbour News", "Harbour News", "Harbour News"),
        ("Well-known bridge", "bridge", "Well-known bridge"),
    ],
)
def test_the_sites_name_comes_off_the_title(title: str, site: str, rest: str) -> None:
    assert without_site(title, [site]) == rest


# Dates


def test_the_head_and_the_visible_line_tell_the_same_moment() -> None:
    found = meta_of(
        json_ld({"@type": "NewsArticle", "datePublished": "2023-12-23T03:00:46Z"}),
        "<h1>A new bridge for the harbour</h1><div>December 22, 2023 10:00 PM</div>" + TEXT,
    )
    assert found.published_at == "2023-12-22T22:00:46-05:00"
    assert found.published_at_raw == "December 22, 2023 10:00 PM"


def test_the_date_with_a_time_and_zone_tells_most() -> None:
    found = meta_of(
        "<meta name='date' content='2023-12-22'>"
        "<meta property='article:published_time' content='2023-12-22T08:00:00+02:00'>"
    )
    assert found.published_at == "2023-12-22T08:00:00+02:00"


def test_a_visible_date_far_from_the_headline_does_not_overrule_the_head() -> None:
    related = "".join(f"<div>Story {i}</div>" for i in range(6)) + "<div>12 August 2022</div>"
    found = meta_of(
        json_ld({"@type": "Article", "datePublished": "2021-03-31T10:00:00+00:00"}),
        f"<h1>A new bridge for the harbour</h1>{related}",
    )
    assert found.published_at == "2021-03-31T10:00:00+00:00"


def test_a_date_in_a_tweet_or_a_paragraph_is_not_the_pages() -> None:
    tweet = "<blockquote>Look at this!<a>December 19, 2023</a></blockquote>"
    found = meta_of(
        "", f"<h1>A new bridge for the harbour</h1>{tweet}<p>It was built on 4 May 1921 by hand.</p>"
    )
    assert found.published_at is None


def test_a_visible_arabic_date_line_with_its_city() -> None:
    found = meta_of("", f"<h1>لافروف لنظيره الأميركي</h1><div>2021.02.04 | 23:10 دمشق</div>{TEXT}", lang="ar")
    assert found.published_at == "2021-02-04T23:10:00+02:00"
    assert found.evidence["published_at"] == "date line near the headline"


def test_numbers_are_read_in_the_order_of_the_pages_language() -> None:
    body = "<h1>A new bridge for the harbour</h1><div>04/02/2021</div>"
    assert meta_of("", body, lang="fr").published_at == "2021-02-04"
    assert meta_of("", body, lang="en-US").published_at == "2021-04-02"
    assert meta_of("", body, lang="en").published_at is None


def test_the_url_and_then_the_finder_are_asked_last() -> None:
    asked: list[int] = []

    def finder() -> str:
        asked.append(1)
        return "2020-01-02"

    bare = page("", "<h1>A new bridge for the harbour</h1>")
    assert (
        resolve(bare, "https://example.com/2021/02/04/bridge", date_finder=finder).published_at
        == "2021-02-04"
    )
    assert asked == []
    found = resolve(bare, "https://example.com/bridge", date_finder=finder)
    assert (found.published_at, found.evidence["published_at"]) == ("2020-01-02", "htmldate search")


def test_todays_date_above_the_headline_gives_way() -> None:
    today, story = "<div>Tue, 14 Jan 2020</div>", "<h1>A new bridge for the harbour</h1>"
    posted = f"{today}{story}<p>Harbour News 13 Jan 2020, 22:11 GMT+10</p>{TEXT}"
    assert meta_of("", posted).published_at == "2020-01-13T22:11:00+10:00"
    assert meta_of("", f"{today}{story}{TEXT}").published_at == "2020-01-14"  # it may be the page's own


def test_a_date_line_settles_which_number_is_the_day() -> None:
    head, title = "<meta name='date' content='11/01/2023 12:43:42'>", "<h1>Die neue Brücke am Hafen</h1>"
    below = f"{title}{TEXT}<p>Erstellt am: 01.11.2023</p>"
    assert meta_of(head, below, lang="de").published_at == "2023-11-01"
    other = f"{title}{TEXT}<p>Stand: 05.12.2023</p>"
    assert (meta_of(head, other, lang="de").published_at or "")[:10] == "2023-01-11"


def test_wordpress_says_below_a_post_when_it_was_posted() -> None:
    story = "<h1>A new bridge for the harbour</h1>" + TEXT * 2
    small = "<small>This entry was posted on Saturday, December 3rd, 2011 at 10:30 am in <a>News</a></small>"
    found = meta_of("", story + small)
    assert (found.published_at or "")[:10] == "2011-12-03"
    assert found.evidence["published_at"] == "only date line of the page"
    quoted = "<p>He said that this entry was posted on December 3rd, 2011 by somebody else, long before.</p>"
    assert meta_of("", story + quoted).published_at is None


@pytest.mark.parametrize(
    ("opening", "day"),
    [
        ("Karlsruhe, (12.11.2021). Traditionell gedenken", "2021-11-12"),
        ("Berlin, 12. November 2021 – Der Verband", "2021-11-12"),
        ("NEW YORK, Nov. 12, 2021 (NEWSWIRE) -- The company", "2021-11-12"),
        ("Am 12. November 2021 hat der Verband", None),
        ("Seit Montag, 12. November 2021, gilt hier", None),
        ("Anna Meier (12.11.2021) war die erste", None),
        ("Der Rat hat in Berlin, 12.11.2021 – 14.11.2021, getagt", None),
    ],
)
def test_the_dateline_of_a_press_release_dates_it(opening: str, day: str | None) -> None:
    found = meta_of("", f"<h1>Die neue Brücke</h1>{TEXT}{TEXT}<p>{opening} {TEXT[3:200]}</p>", lang="de")
    assert found.published_at == day


def test_an_update_is_not_the_publication() -> None:
    found = meta_of(
        json_ld(
            {"@type": "Article", "datePublished": "2022-10-24", "dateModified": "2023-12-14T13:36:44-05:00"}
        ),
        "<h1>A new bridge for the harbour</h1><div>Updated on December 14, 2023</div>",
    )
    assert (found.published_at, found.modified_at) == ("2022-10-24", "2023-12-14T13:36:44-05:00")


def test_htmldate_leaves_the_tree_alone_and_guesses_nothing_from_text() -> None:
    root = tree("<html><body><p>Written in 2005, changed in 2006.</p><footer>© 2021</footer></body></html>")
    before = etree.tostring(root)
    assert find_html_date(root, None) is None
    assert (
        find_html_date(tree("<html><body><time datetime='2021-02-04'>x</time></body></html>"), None)
        == "2021-02-04"
    )
    assert etree.tostring(root) == before


# Authors


def test_the_byline_that_a_reader_sees_is_fuller() -> None:
    found = meta_of(
        json_ld({"@type": "NewsArticle", "author": {"@type": "Person", "name": "Jane Doe"}}),
        f"<h1>A new bridge for the harbour</h1><p class='byline'>By Jane Doe and John Smith</p>{TEXT}",
    )
    assert (found.authors, found.evidence["authors"]) == (
        ("Jane Doe", "John Smith"),
        "byline near the headline",
    )


def test_a_byline_names_more_people_than_its_markup() -> None:
    story = "<h1>A new bridge for the harbour</h1>"
    two = (
        "<div class='byline'>By <span class='byline__name'>Jane Doe</span> and John Smith, Harbour News</div>"
    )
    assert meta_of("", story + two + TEXT).authors == ("Jane Doe", "John Smith")
    outlet = "<div class='byline'>By <span class='byline__name'>Jane Doe</span> and staff</div>"
    assert meta_of("", story + outlet + TEXT).authors == ("Jane Doe",)


def test_a_standfirst_may_end_with_its_author() -> None:
    story = "<h1>Der Hafen bekommt eine Brücke</h1>"
    ending = "<p><b>Nach langem Streit ist der Bau beschlossen. Von Anna Weber</b></p>"
    assert meta_of("", story + ending + TEXT).authors == ("Anna Weber",)
    sentence = "<p><b>Nach langem Streit ist es so weit. Von Anfang an war er dafür.</b></p>"
    assert meta_of("", story + sentence + TEXT).authors == ()
    photo = "<p>The bridge at night. By Frank Fox</p><p>By Jane Doe, Staff Writer</p>"
    assert meta_of("", story + photo + TEXT).authors == ("Jane Doe",)


def test_a_link_to_the_author_beside_a_date_above_the_headline() -> None:
    link = "<a href='/autor/meier_a'>Anna Meier</a>"
    story = f"<h1>Die neue Brücke</h1>{TEXT}"
    assert meta_of("", f"<div>{link} / 22.04.2020 / 06:15 / Foto: Hafen</div>{story}").authors == (
        "Anna Meier",
    )
    assert meta_of("", f"<div>Lesen Sie auch von {link} über den Hafen</div>{story}").authors == ()


def test_initials_in_the_head_give_way_to_a_byline() -> None:
    head = json_ld({"@type": "NewsArticle", "author": {"@type": "Person", "name": "LN"}})
    story = f"<h1>Die neue Brücke</h1>{TEXT}{TEXT}{TEXT}"
    assert meta_of(head, f"{story}<p><em>Von <span>Anna Meier</span></em></p>").authors == ("Anna Meier",)
    assert meta_of(head, story).authors == ("LN",)


def test_the_byline_keeps_the_accents_that_the_head_leaves_out() -> None:
    byline = "<p class='byline'>By José Núñez</p>"
    head = json_ld({"@type": "NewsArticle", "author": {"@type": "Person", "name": "Jose Nunez"}})
    assert meta_of(head, f"<h1>A new bridge</h1>{byline}{TEXT}").authors == ("José Núñez",)


def test_authors_by_reference_in_a_graph() -> None:
    graph = {
        "@graph": [
            {"@type": "WebPage", "@id": "#page"},
            {
                "@type": "Article",
                "author": {"@id": "#jane"},
                "headline": "A new bridge",
                "articleSection": ["City"],
            },
            {"@type": "Person", "@id": "#jane", "name": "Jane Doe"},
            {"@type": "WebSite", "name": "Harbour News"},
        ]
    }
    found = meta_of(json_ld(graph))
    assert (found.authors, found.section, found.site_name) == (("Jane Doe",), "City", "Harbour News")


@pytest.mark.parametrize(
    "head",
    [
        "<meta property='article:author' content='https://www.facebook.com/harbournews'>",
        "<meta name='author' content='Harbour News'><meta property='og:site_name' content='Harbour News'>",
        "<meta name='author' content='Reuters'>",
        "<meta name='author' content='Harbour Verlag GmbH'>",
        "<meta name='twitter:creator' content='@harbournews'>",
    ],
)
def test_what_is_nobodys_name(head: str) -> None:
    assert meta_of(head, f"<h1>A new bridge for the harbour</h1>{TEXT}").authors == ()


def test_a_label_alone_belongs_to_the_name_behind_it() -> None:
    body = "<h1>A new bridge for the harbour</h1><span>By</span><div><a>Jane Doe</a></div>"
    assert meta_of("", body + TEXT).authors == ("Jane Doe",)


def test_authors_of_comments_and_teasers_are_not_the_pages() -> None:
    comments = "<div class='comments'>" + "<div class='comment-author'>Max Muster</div>" * 3 + "</div>"
    related = "<aside><a rel='author' href='/author/x'>Anna Meier</a></aside>"
    assert meta_of("", f"<h1>A new bridge for the harbour</h1>{TEXT}{related}{comments}").authors == ()


def test_an_author_link_in_a_paragraph_is_no_byline() -> None:
    link = "<a href='/people/x'>Max Muster</a>"
    body = f"<h1>A new bridge</h1><p>Then {link} said that he would not come to the party at all.</p>"
    assert meta_of("", body).authors == ()


# Everything else


def test_a_wordpress_page_in_arabic() -> None:
    found = meta_of(
        "<title>محادثات بين ديبلوماسيين روس وأميركيين - الأنباء</title>"
        "<meta property='og:site_name' content='الأنباء'>"
        "<meta property='og:description' content='انعقدت في اسطنبول محادثات'>"
        "<link rel='canonical' href='/news/1'>"
        "<meta property='og:image' content='/a.jpg'><meta property='article:tag' content='روسيا'>"
        "<meta property='article:tag' content='أميركا'>",
        "<span class='post-cat-wrap'><a class='post-cat tie-cat-5' href='/c/5'>اخبار الخليج</a></span>"
        "<h1 class='post-title entry-title'>محادثات بين ديبلوماسيين روس وأميركيين</h1>"
        "<div class='post-meta'>"
        "<span class='author-meta'><a class='author-name' href='/author/ahmed'>أحمد علي</a></span>"
        "<span class='date meta-item'>منذ ساعتين</span></div>",
        "https://news.example/x",
        lang="ar",
    )
    assert found.title == "محادثات بين ديبلوماسيين روس وأميركيين"
    assert (found.section, found.evidence["section"]) == ("اخبار الخليج", "link near the headline")
    assert found.authors == ("أحمد علي",)
    assert found.published_at is None
    assert (found.language, found.text_direction) == ("ar", "rtl")
    assert found.canonical_url == "https://news.example/news/1"
    assert found.image_url == "https://news.example/a.jpg"
    assert found.tags == ("روسيا", "أميركا")
    assert found.description == "انعقدت في اسطنبول محادثات"
    assert found.site_name == "الأنباء"


def test_the_front_page_is_not_the_canonical_url_of_an_article() -> None:
    head = "<link rel='canonical' href='https://news.example/'>"
    assert meta_of(head, url="https://news.example/a").canonical_url is None
    assert meta_of(head, url="https://news.example/").canonical_url == "https://news.example/"


@pytest.mark.parametrize(
    ("declared", "text", "language"),
    [
        (["ar-EG"], "صرح وزير الخارجية الروسي اليوم الاثنين بأن المفاوضات مستمرة", "ar"),
        (["en-US"], "صرح وزير الخارجية الروسي اليوم الاثنين بأن المفاوضات مستمرة", "ar"),
        (
            ["en", "fa_IR"],
            "به گزارش خبرگزاری، وزیر امور خارجه روسیه امروز دوشنبه گفت که مذاکرات ادامه دارد",
            "fa",
        ),
        (
            ["en-US"],
            "Der Stadtrat hat am Dienstag beschlossen, die alte Brücke über den Fluss neu zu bauen. " * 3,
            "de",
        ),
        (["en-US"], "The council agreed on Tuesday to rebuild the old bridge over the river.", "en"),
        (["iw"], "המועצה החליטה ביום שלישי לבנות מחדש את הגשר הישן", "he"),
        (
            [None, "", "x-unknown"],
            "Die Brücke ist alt und wird von der Stadt neu gebaut, sagte der Bürgermeister.",
            "de",
        ),
        (["fr"], "", "fr"),
        ([], "1234", None),
    ],
)
def test_the_language_is_declared_and_not_contradicted(
    declared: list[str | None], text: str, language: str
) -> None:
    assert language_of(declared, text) == language


def test_directions() -> None:
    assert [direction_of(code) for code in ("ar", "fa", "ur", "he", "en", "ja", None)] == [
        "rtl", "rtl", "rtl", "rtl", "ltr", "ltr", None,
    ]  # fmt: skip


# Broken and hostile pages


@pytest.mark.parametrize(
    "script",
    [
        '{"@type": "Article", "headline": "A new\nbridge", "author": "Jane Doe",}',
        '<!-- {"@type": "Article", "headline": "A new bridge", "author": ["Jane Doe"]} -->',
        '{"@type": "Article", "headline": "A new bridge", "author": "Jane Doe"}'.replace('"', "&quot;"),
        '[{"@type": ["NewsArticle"], "headline": "A new &amp; bridge", "author": {"name": "Jane Doe"}}];',
        '//<![CDATA[\n{"@type": "Article", "headline": "A new bridge", "author": "Jane Doe"}\n//]]>',
    ],
)
def test_slightly_broken_json_is_mended(script: str) -> None:
    article = read_json_ld([script]).articles[0]
    assert (article.headline or "").startswith("A new")
    assert article.authors[0].name == "Jane Doe"


@pytest.mark.parametrize(
    "script",
    [
        "[" * 100_000,
        "[" * 900 + "]" * 900,
        '{"@graph":' * 5000 + "1" + "}" * 5000,
        '{"a": "' + "x" * 3_000_000 + '"}',
        '{"@type": "Article", "author": {"@id": "#a"}, "@id": "#a"}',
        '{"@type": {"a": 1}, "headline": [[["x"]]], "author": [null, 1, {"name": {"@value": ["y"]}}]}',
        "null",
        "\ud800",
        "{",
    ],
)
def test_hostile_json_costs_nothing(script: str) -> None:
    read_json_ld([script, script])


def test_other_articles_in_lists_are_not_the_page() -> None:
    items = [{"@type": "NewsArticle", "headline": f"Other {i}", "author": "Max Muster"} for i in range(50)]
    data = read_json_ld([json.dumps({"@type": "ItemList", "itemListElement": items})])
    assert data.articles == ()


def test_collecting_leaves_the_tree_as_it_is() -> None:
    root = tree(
        f"<html><head><title>x</title></head><body><h1>A <em>new</em> bridge</h1><p>By Jane Doe</p>{TEXT}"
    )
    before = etree.tostring(root)
    resolve(collect(root), "https://example.com/a")
    assert etree.tostring(root) == before


def test_a_deep_page_is_no_danger() -> None:
    markup = (
        "<html><body>"
        + "<div class='a'>" * 1900
        + "<h1>A new bridge for the harbour</h1>By Jane Doe"
        + "</div>" * 1900
    )
    assert meta_of("", markup).title == "A new bridge for the harbour"


MARKUP = st.lists(
    st.sampled_from(
        [
            "<h1>", "</h1>", "<h2>A bridge</h2>", "<p>", "</p>", "<div class='byline author'>", "</div>",
            "By Jane Doe", "<time datetime='2021-02-04'>", "</time>",
            "<meta property='og:title' content='A bridge | News'>", "<meta name='author' content='x'>",
            "<script type='application/ld+json'>{\"@type\":\"Article\",\"headline\":\"A\"}</script>",
            "<title>A bridge</title>", "4 فبراير 2021", "<br>", "<span>", "</span>", "<aside>",
            "</aside>", "&amp;", "<link rel='canonical' href='http://[x'>",
            "<a rel='author' href='/author/x'>Jane</a>", "\u0000", "<footer>",
        ]
    ),
    max_size=30,
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(MARKUP, st.sampled_from([None, "https://example.com/2021/2/4/a", "http://[", "not a url", ""]))
def test_nothing_raises(pieces: list[str], url: str | None) -> None:
    root = parse("<html><body>" + "".join(pieces))
    if root is not None:
        resolve(collect(root), url, "Some text of the page.")


def test_every_value_tells_where_it_was_read() -> None:
    head = (
        "<title>A new bridge | Harbour News</title><meta property='og:site_name' content='Harbour News'>"
        "<meta name='description' content='The council agreed.'><link rel='canonical' href='/bridge'>"
        "<meta property='article:section' content='City'><meta property='article:tag' content='bridges'>"
        "<meta property='og:image' content='/bridge.jpg'>"
        "<meta property='article:modified_time' content='2021-02-05'>"
    )
    body = f"<h1>A new bridge</h1><p>By Jane Doe</p><p>4 February 2021</p>{TEXT}"
    found = meta_of(head, body, "https://harbour.example/a")
    assert found.evidence == {
        "title": "h1 heading",
        "description": "meta description",
        "canonical_url": "link canonical",
        "site_name": "meta og:site_name",
        "authors": "byline near the headline",
        "published_at": "date line near the headline",
        "modified_at": "meta article:modified_time",
        "language": "html lang",
        "section": "meta article:section",
        "tags": "meta article:tag",
        "image_url": "meta og:image",
    }
    assert all(getattr(found, field) for field in found.evidence)
    assert meta_of().evidence == {"language": "html lang"}
