import gzip
import json
import random
import zipfile
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.core.charset import charset_of, page_text
from worker.core.detect import detect, wide_charset
from worker.core.records import Page, Reason, Rejected

ARABIC = (
    "أعلن رئيس الوزراء العراقي في مؤتمر صحفي عقده اليوم في بغداد عن إطلاق مشروع جديد لتطوير الطرق في "
    "المحافظات الجنوبية، وقال إن العمل سيبدأ في الشهر المقبل وينتهي خلال سنتين. وأضاف المتحدث باسم "
    "الحكومة أن الكلفة المقدرة تبلغ مئة مليون دولار؛ هل يكفي ذلك؟ وكانت وزارة الإسكان قد أكدت أن "
    "الشركات المحلية ستنفذ معظم الأعمال."
)
PERSIAN = (
    "رئيس جمهور در گفتگو با خبرنگاران گفت که این طرح به زودي آغاز مي شود و مردم از آن بهره خواهند "
    "برد. او افزود که چهار پروژه بزرگ در استان هاي جنوبي کشور در حال ساخت است و تا پايان سال به "
    "پايان مي رسد."
).replace("ی", "ي")
RUSSIAN = (
    "Президент заявил на пресс-конференции, что строительство новой дороги начнётся в следующем "
    "месяце и завершится через два года. Стоимость проекта оценивается в сто миллионов рублей, "
    "сообщили в министерстве."
)
GREEK = (
    "Ο πρωθυπουργός δήλωσε ότι η κατασκευή του νέου δρόμου θα αρχίσει τον επόμενο μήνα και θα "
    "ολοκληρωθεί σε δύο χρόνια. Το κόστος του έργου υπολογίζεται σε εκατό εκατομμύρια ευρώ, "
    "ανακοίνωσε το υπουργείο."
)
TURKISH = (
    "Başbakan dün düzenlediği basın toplantısında yeni yolun yapımına gelecek ay başlanacağını ve "
    "çalışmaların iki yıl içinde tamamlanacağını söyledi. Bakanlık, projenin maliyetinin yüz milyon "
    "lira olduğunu açıkladı."
)
FRENCH = (
    "Le Premier ministre a annoncé à l'issue d'une conférence de presse que les travaux de la "
    "nouvelle route débuteront le mois prochain et s'achèveront dans deux années. Le coût du projet "
    "est évalué à cent millions."
)
GERMAN = (
    "Der Ministerpräsident kündigte an, dass der Bau der neuen Straße im nächsten Monat beginnt und "
    "in zwei Jahren endet. Die Kosten für das Projekt schätzt das Ministerium auf hundert Millionen, "
    "hieß es später."
)
POLISH = (
    "Premier ogłosił na konferencji prasowej, że budowa nowej drogi rozpocznie się w przyszłym "
    "miesiącu i zakończy się za dwa lata. Koszt przedsięwzięcia szacuje się na sto milionów złotych, "
    "podało ministerstwo później."
)
CHINESE = (
    "总理今天在新闻发布会上宣布，新公路的建设将于下个月开始，并将在两年内完成。据该部"
    "介绍，该项目的费用估计为一亿元。"
)
JAPANESE = (
    "首相は本日の記者会見で、新しい道路の建設が来月始まり、二年以内に完成すると発表し"
    "ました。費用は百億円と見られています。"
)

# charset as Python names it, the label of it, a text in it
EVERYDAY = [
    ("cp1256", "windows-1256", ARABIC),
    ("iso8859-6", "iso-8859-6", ARABIC),
    ("cp1256", "windows-1256", PERSIAN),
    ("cp1251", "windows-1251", RUSSIAN),
    ("koi8-r", "koi8-r", RUSSIAN),
    ("cp1253", "windows-1253", GREEK),
    ("cp1254", "windows-1254", TURKISH),
    ("cp1254", "iso-8859-9", TURKISH),
    ("cp1252", "windows-1252", FRENCH),
    ("cp1252", "iso-8859-1", GERMAN),
    ("cp1250", "windows-1250", POLISH),
    ("iso8859-2", "iso-8859-2", POLISH),
    ("gb18030", "gb2312", CHINESE),
    (
        "big5",
        "big5",
        "總理今天在新聞發布會上宣布，新公路的建設將於下個月開始，並將在兩年內完成。該部表示，費用約一億元。",
    ),
    ("shift_jis", "shift_jis", JAPANESE),
    ("euc_jp", "euc-jp", JAPANESE),
    ("iso2022_jp", "iso-2022-jp", JAPANESE),
]
NAMES = [f"{charset}-{text[:4]}" for charset, _, text in EVERYDAY]


def page_of(text: str, declaration: str = "") -> str:
    return (
        f"<!DOCTYPE html>\n<html><head>{declaration}<title>{text[:20]}</title></head>\n"
        f"<body><div class='main'><p>{text}</p></div></body></html>\n"
    )


def text_of(body: bytes, content_type: str | None = None, **fields: bool | str) -> str:
    found = page_text(Page(body, content_type=content_type, **fields))  # type: ignore[arg-type]
    assert isinstance(found, str), found
    return found


def refused(body: bytes, content_type: str | None = None, *, is_text: bool = False) -> Rejected:
    found = page_text(Page(body, content_type=content_type, is_text=is_text))
    assert isinstance(found, Rejected), found
    return found


class TestDeclared:
    @pytest.mark.parametrize(("charset", "label", "text"), EVERYDAY, ids=NAMES)
    def test_by_the_http_header(self, charset: str, label: str, text: str) -> None:
        html = page_of(text)
        assert text_of(html.encode(charset), f'text/html; Charset="{label.upper()}"') == html

    @pytest.mark.parametrize(("charset", "label", "text"), EVERYDAY, ids=NAMES)
    @pytest.mark.parametrize(
        "form",
        [
            "<meta charset={}>",
            '<META content="text/html; charset={}" http-equiv=Content-Type />',
            "<meta name='x' content='a>b'><!-- <meta charset=utf-8> --><meta\ncharset='{}'>",
        ],
    )
    def test_by_the_meta_tag(self, charset: str, label: str, text: str, form: str) -> None:
        html = page_of(text, form.format(label))
        assert text_of(html.encode(charset)) == html

    @pytest.mark.parametrize(("charset", "label", "text"), EVERYDAY, ids=NAMES)
    def test_by_the_xml_declaration(self, charset: str, label: str, text: str) -> None:
        html = f'<?xml version="1.0" encoding="{label}"?>\n' + page_of(text)
        assert text_of(html.encode(charset)) == html

    def test_the_header_before_the_meta_tag(self) -> None:
        html = page_of(RUSSIAN, "<meta charset=koi8-r>")
        assert text_of(html.encode("cp1251"), "text/html; charset=windows-1251") == html

    def test_a_meta_tag_that_only_mentions_a_charset(self) -> None:
        html = page_of(ARABIC, '<meta name="description" content="how to set charset=koi8-r">')
        assert text_of(html.encode("cp1256")) == html

    def test_a_description_in_a_text_page_is_no_declaration(self) -> None:
        text = "<meta charset=koi8-r>\n" + ARABIC
        assert text_of(text.encode("cp1256"), is_text=True) == text

    def test_labels_mean_what_the_encoding_standard_says(self) -> None:
        assert charset_of("ISO-8859-1") == charset_of(" latin1 ") == charset_of("us-ascii") == "cp1252"
        assert charset_of("gb2312") == "gb18030"
        assert charset_of("iso-8859-9") == "cp1254"
        assert charset_of("ks_c_5601-1987") == "cp949"
        assert charset_of("iso-8859-8-i") == "iso8859-8"
        assert charset_of("x-user-defined") == "cp1252"
        assert (
            charset_of("no-such")
            is charset_of("iso-2022-kr")
            is charset_of("ütf-8")
            is charset_of("")
            is None
        )

    def test_the_curly_quotes_of_pages_labelled_latin_1(self) -> None:
        assert (
            text_of(b"<p>He said \x93caf\xe9\x94</p>", "text/html; charset=iso-8859-1")
            == "<p>He said “café”</p>"
        )

    def test_a_charset_that_is_certain_wins(self) -> None:
        body = page_of(RUSSIAN, "<meta charset=koi8-r>").encode("cp1251")
        found = text_of(body, "text/html; charset=koi8-r", encoding="windows-1251")
        assert found == body.decode("cp1251")

    def test_a_byte_order_mark_before_every_label(self) -> None:
        html = page_of(ARABIC, "<meta charset=windows-1256>")
        assert text_of(b"\xef\xbb\xbf" + html.encode(), "text/html; charset=iso-8859-6") == html


class TestUtf16:
    @pytest.mark.parametrize("text", [ARABIC, GERMAN, CHINESE], ids=["arabic", "german", "chinese"])
    @pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be", "utf-32"])
    @pytest.mark.parametrize("label", ["", "; charset=utf-8", "; charset=utf-16", "; charset=windows-1252"])
    def test_with_a_byte_order_mark(self, text: str, charset: str, label: str) -> None:
        html = page_of(text, "<meta charset=utf-16>")
        body = html.encode(charset) if charset == "utf-32" else ("\ufeff" + html).encode(charset)
        assert text_of(body, f"text/html{label}") == html

    @pytest.mark.parametrize("text", [ARABIC, GERMAN, CHINESE], ids=["arabic", "german", "chinese"])
    @pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be"])
    @pytest.mark.parametrize("label", ["", "; charset=utf-8", "; charset=utf-16"])
    def test_without_one(self, text: str, charset: str, label: str) -> None:
        html = page_of(text)
        assert text_of(html.encode(charset), f"text/html{label}") == html

    def test_a_text_page_of_arabic(self) -> None:
        assert text_of(ARABIC.encode("utf-16-le"), is_text=True) == ARABIC

    def test_cut_in_the_middle_of_a_character(self) -> None:
        assert text_of("\ufeff<p>سلام</p>".encode("utf-16-le")[:-1]).startswith("<p>سلام</p")

    def test_a_label_alone_does_not_make_it_utf_16(self) -> None:
        html = page_of(ARABIC, '<meta charset="utf-16">')
        assert text_of(html.encode(), "text/html; charset=utf-16le") == html

    def test_no_zero_bytes_no_utf_16(self) -> None:
        assert wide_charset(b"abc") is wide_charset(b"") is None


class TestWrongLabels:
    @pytest.mark.parametrize(("charset", "label", "text"), EVERYDAY, ids=NAMES)
    @pytest.mark.parametrize("wrong", [None, "utf-8", "iso-8859-1", "iso-8859-6", "no-such-charset"])
    def test_the_bytes_belie_the_label(self, charset: str, label: str, text: str, wrong: str | None) -> None:
        del label
        html = page_of(text)
        assert text_of(html.encode(charset), f"text/html; charset={wrong}" if wrong else None) == html

    @pytest.mark.parametrize(
        "wrong", ["windows-1256", "iso-8859-6", "windows-1252", "koi8-r", "gbk", "shift_jis"]
    )
    @pytest.mark.parametrize("text", [ARABIC, GERMAN, CHINESE], ids=["arabic", "german", "chinese"])
    def test_utf_8_with_another_label(self, wrong: str, text: str) -> None:
        html = page_of(text, f"<meta charset={wrong}>")
        assert text_of(html.encode(), f"text/html; charset={wrong}") == html

    @pytest.mark.parametrize("charset", ["cp1256", "iso8859-6"])
    @pytest.mark.parametrize("wrong", ["windows-1256", "iso-8859-6", "windows-1250", "iso-8859-15"])
    def test_arabic(self, charset: str, wrong: str) -> None:
        html = page_of(ARABIC, f"<meta charset={wrong}>")
        assert text_of(html.encode(charset), f"text/html; charset={wrong}") == html

    def test_french_and_german_as_windows_1256(self) -> None:
        for text in (FRENCH, GERMAN):
            html = page_of(text)
            assert text_of(html.encode("cp1252"), "text/html; charset=windows-1256") == html

    def test_french_in_windows_1256_is_as_right(self) -> None:
        html = page_of(ARABIC + " " + FRENCH)
        assert text_of(html.encode("cp1256"), "text/html; charset=windows-1256") == html

    def test_the_meta_tag_when_the_header_is_wrong(self) -> None:
        html = page_of(RUSSIAN, "<meta charset=koi8-r>")
        assert text_of(html.encode("koi8-r"), "text/html; charset=utf-8") == html

    def test_a_page_of_which_a_few_characters_are_broken_stays_utf_8(self) -> None:
        body = page_of(ARABIC).encode().replace("بغداد".encode(), b"\xc8\xdb\xcf\xc7\xcf")
        for label in (None, "text/html; charset=utf-8", "text/html; charset=windows-1256"):
            found = text_of(body, label)
            assert "مؤتمر صحفي" in found
            assert 0 < found.count("\ufffd") <= 5

    def test_utf_8_cut_in_the_middle_of_a_character(self) -> None:
        found = text_of(f"<p>{ARABIC}</p>".encode()[:-6], "text/html; charset=iso-8859-1")
        assert found.startswith(f"<p>{ARABIC[:-2]}")

    def test_a_few_accents_are_windows_1252(self) -> None:
        assert text_of(b"<p>Caf\xe9 na\xefve</p>", "text/html; charset=utf-8") == "<p>Café naïve</p>"

    def test_detection_looks_where_the_text_is(self) -> None:
        html = "<script>" + "var a = 1;\n" * 20_000 + "</script>" + page_of(ARABIC)
        assert text_of(html.encode("cp1256")) == html


class TestCleaning:
    def test_control_characters_go(self) -> None:
        assert text_of(b"<p>a\x00b\x08c\x1bd\x7f</p>") == "<p>abcd</p>"

    def test_those_that_separate_become_spaces(self) -> None:
        assert text_of(b"one\x0btwo\x0cthree\x1efour") == "one two three four"

    def test_lines_end_with_a_line_feed(self) -> None:
        assert text_of(b"a\r\nb\rc\nd") == "a\nb\nc\nd"

    def test_c1_controls_are_the_quotes_that_they_were(self) -> None:
        assert text_of("don\u0092t \u0093x\u0094 \u0081\ufffe\uffffy".encode()) == "don’t “x” y"

    def test_joiners_and_marks_stay(self) -> None:
        text = "می\u200cخواهم क्\u200dष \u200fRTL\u200e \u00ad"
        assert text_of(text.encode()) == text

    def test_zeros_behind_a_page_are_padding(self) -> None:
        html = page_of(ARABIC)
        assert text_of(html.encode("cp1256") + bytes(5000), "text/html; charset=windows-1256") == html

    def test_inside_utf_16_too(self) -> None:
        assert text_of("\ufeff<p>سلا\x01م\r\n</p>".encode("utf-16-le")) == "<p>سلام\n</p>"


class TestRejected:
    def test_a_blank_page_is_empty(self) -> None:
        blank = (b"", b" \r\n", b"\xef\xbb\xbf\n", b"\xff\xfe \x00", bytes(100), b"\x01\x02 \xc2\x81")
        assert {refused(body).reason for body in blank} == {Reason.EMPTY}

    @pytest.mark.parametrize("seed", range(5))
    @pytest.mark.parametrize("label", [None, "text/html; charset=windows-1256", "text/html; charset=utf-8"])
    @pytest.mark.parametrize("is_text", [False, True])
    def test_random_bytes_are_no_text(self, seed: int, label: str | None, is_text: bool) -> None:
        body = b"." + random.Random(seed).randbytes(20_000)
        assert refused(body, label, is_text=is_text).reason is Reason.UNDECODABLE

    @pytest.mark.parametrize("seed", range(5))
    def test_random_bytes_without_control_characters_neither(self, seed: int) -> None:
        body = bytes(random.Random(seed).choices(range(0x20, 0x100), k=20_000))
        assert refused(body).reason is Reason.UNDECODABLE
        assert refused(body, "text/html; charset=utf-8").reason is Reason.UNDECODABLE

    @pytest.mark.parametrize(
        ("body", "word"),
        [
            (b"%PDF-1.5\n%\xe2\xe3", "PDF"),
            (b"\x89PNG\r\n\x1a\n\x00", "PNG"),
            (b"\xff\xd8\xff\xe0\x00\x10JFIF", "JPEG"),
            (b"GIF89a\x01", "GIF"),
            (b"RIFF\x24\x00\x00\x00WEBPVP8 ", "WebP"),
            (b"\x00\x00\x00\x20ftypisom", "video"),
            (gzip.compress(b"<html>"), "gzip"),
            (b"\x28\xb5\x2f\xfd\x04", "zstd"),
        ],
    )
    @pytest.mark.parametrize("is_text", [False, True])
    def test_files(self, body: bytes, word: str, is_text: bool) -> None:
        rejected = refused(body, is_text=is_text)
        assert rejected.reason is Reason.NOT_HTML
        assert word in rejected.detail

    def test_a_zip_archive(self) -> None:
        stream = BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr("a.html", "<html>")
        assert refused(stream.getvalue()).reason is Reason.NOT_HTML

    @pytest.mark.parametrize(
        ("text", "word"),
        [
            (json.dumps({"title": ARABIC}, ensure_ascii=False), "JSON"),
            ("\n [1, 2, 3]\n", "JSON"),
            ('<?xml version="1.0"?><rss version="2.0"><channel/></rss>', "RSS"),
            (
                "<?xml version='1.0'?>\n<!-- a > b -->\n<?x y?>\n<feed xmlns='http://www.w3.org/2005/Atom'/>",
                "Atom",
            ),
            ("<rdf:RDF xmlns='http://purl.org/rss/1.0/'></rdf:RDF>", "RSS"),
            ("<urlset><url/></urlset>", "sitemap"),
            ('<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x"><svg width="1"/>', "SVG"),
        ],
    )
    @pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16"])
    def test_other_documents(self, text: str, word: str, charset: str) -> None:
        rejected = refused(text.encode(charset))
        assert rejected.reason is Reason.NOT_HTML
        assert word in rejected.detail

    @pytest.mark.parametrize(
        "text",
        [
            "[AFP] Baghdad",
            "{not json}",
            "<rssfeed>",
            "<p>about <rss></p>",
            "<!-- <rss> --><html>",
            "<feedback/>",
        ],
    )
    def test_pages_that_only_look_like_them(self, text: str) -> None:
        assert text_of(text.encode()) == text

    def test_a_text_may_be_json(self) -> None:
        assert text_of(b"[1]", is_text=True) == "[1]"

    @pytest.mark.parametrize("unit", ["<!---->", "<?x?>", "<!-- -->\n", "<!DOCTYPE a>"])
    def test_a_long_prologue_takes_no_time(self, unit: str) -> None:
        assert isinstance(page_text(Page((unit * 20_000).encode())), str)


@given(
    st.binary(max_size=400), st.none() | st.sampled_from([label for _, label, _ in EVERYDAY]), st.booleans()
)
def test_never_raises(body: bytes, label: str | None, is_text: bool) -> None:
    page = Page(body, content_type=f"text/html; charset={label}" if label else None, is_text=is_text)
    found = page_text(page)
    if isinstance(found, str):
        assert found.strip()
        assert not any(character in found for character in "\x00\x01\x1f\x7f\x85\x9f\r\ufeff"[:-1])
        found.encode()  # no lone surrogates


@given(
    st.sampled_from([b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\x1b$B", b"<meta charset=", b"<?xml "]),
    st.binary(max_size=200),
    st.none() | st.text(max_size=20),
    st.none() | st.text(max_size=20),
)
def test_never_raises_behind_marks_and_labels(
    start: bytes, rest: bytes, content_type: str | None, encoding: str | None
) -> None:
    found = page_text(Page(start + rest, content_type=content_type, encoding=encoding))
    assert isinstance(found, str | Rejected)


@given(st.text(max_size=200))
def test_characters_that_are_certain_come_out_as_they_are(text: str) -> None:
    found = page_text(Page(text.encode(), encoding="utf-8", is_text=True))
    kept = [c for c in text.removeprefix("\ufeff") if c >= "\xa0" and c not in "\ufffe\uffff"]
    if isinstance(found, str):
        assert [c for c in found if c >= "\xa0" and c not in "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"] == [
            c for c in kept if c not in "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
        ]
    else:
        assert not "".join(kept).strip() or found.reason is Reason.NOT_HTML


@given(st.binary(min_size=1, max_size=300))
def test_detect_names_a_charset_that_python_knows(body: bytes) -> None:
    charset = detect(body)
    assert charset is None or body.decode(charset, "replace") is not None
