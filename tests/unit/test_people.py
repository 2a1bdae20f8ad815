"""Author fields and bylines: the people in them, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.core.people import authors_of, byline, ending_byline, people_of


@pytest.mark.parametrize(
    ("raw", "names"),
    [
        ("Jane Doe", ("Jane Doe",)),
        ("By Jane Doe", ("Jane Doe",)),
        ("by JANE DOE and John Smith", ("JANE DOE", "John Smith")),
        ("By Jane Doe, Staff Writer", ("Jane Doe",)),
        ("By Jane Doe, Healthcare Reporter", ("Jane Doe",)),
        ("Jane Doe, Deputy CTO, Acme Trusted Technologies", ("Jane Doe",)),
        ("Jane Doe | The Daily Bugle", ("Jane Doe",)),
        ("Jane Doe, Ph.D.", ("Jane Doe",)),
        ("Jane Doe MS, RDN", ("Jane Doe",)),
        ("Jane Doe and John Smith, Associated Press", ("Jane Doe", "John Smith")),
        ("Jane Doe; John Smith; Jane Doe", ("Jane Doe", "John Smith")),
        ("Jane Doe jane@example.com @janedoe https://example.com/jane", ("Jane Doe",)),
        ("Jane Doe (Reuters)", ("Jane Doe",)),
        ("Markus M. Haefliger, London, Beat Bumbacher", ("Markus M. Haefliger", "Beat Bumbacher")),
        ("von Stefan Meier am 29. Mai 2017, 14:14 Uhr", ("Stefan Meier",)),
        ("02.02.2022, 11:30 Uhr von Markus Stein", ("Markus Stein",)),
        ("Par Anne Dupont et Luc Martin Le 17/02/2020", ("Anne Dupont", "Luc Martin")),
        ("Por Juan Pérez y María López", ("Juan Pérez", "María López")),
        ("Yazar: Ahmet Yılmaz", ("Ahmet Yılmaz",)),
        ("Автор: Иван Петров", ("Иван Петров",)),
        ("بقلم: أحمد علي ومحمد حسن", ("أحمد علي", "محمد حسن")),
        ("أحمد علي، محمد حسن", ("أحمد علي", "محمد حسن")),
        ("أحمد وليد", ("أحمد وليد",)),  # the waw is the name's own
        ("كتب- محمود حسين:", ("محمود حسين",)),
        ("نویسنده: علی رضایی", ("علی رضایی",)),
        ("文/李雷", ("李雷",)),
        ("<a href='/jane'>Jane Doe</a>", ("Jane Doe",)),
        ("Ludwig van Beethoven", ("Ludwig van Beethoven",)),
        ("Ramón y Cajal", ("Ramón y Cajal",)),
        ("Text: Anna Meier, Fotos: Max Muster", ("Anna Meier",)),
        ("Jane Doe Photos by John Smith", ("Jane Doe",)),
        ("By Jane O'Neill-Smith Jr.", ("Jane O'Neill-Smith Jr.",)),
    ],
)
def test_people(raw: str, names: tuple[str, ...]) -> None:
    assert authors_of(raw) == names


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "admin",
        "Staff",
        "Reuters",
        "The Associated Press",
        "Associated Press",
        "رويترز",
        "وكالات",
        "فريق التحرير",
        "مراسل الجزيرة",
        "Redaktion",
        "Sports Desk",
        "Senior Correspondent",
        "London",
        "December 21, 2023",
        "5 min read",
        "https://www.facebook.com/example",
        "jane@example.com",
        "@janedoe",
        "Theme by Example, developed by Acme",
        "Manage followed notifications",
        "null",
    ],
)
def test_nobody(raw: str) -> None:
    assert authors_of(raw) == ()


def test_the_site_is_nobody() -> None:
    assert authors_of("Daily Bugle", ["Daily Bugle"]) == ()
    assert authors_of("Jane Doe Daily Bugle", ["Daily Bugle"]) == ("Jane Doe",)
    assert authors_of(["Jane Doe", "Daily Bugle"], ["Daily Bugle"]) == ("Jane Doe",)
    assert authors_of("bugler", ["bugler"]) == ()
    assert authors_of("bugler", ["bugler"], with_nicknames=True) == ("bugler",)


def test_fields_that_no_reader_sees_name_companies() -> None:
    assert people_of("Acme GmbH") == ()
    assert people_of("Neue Beispielzeitung") == ()
    assert people_of("Verlag am Hafen, Hafenstraße 1, 20457 Hamburg") == ()
    assert people_of("Landesanstalt für Wald und Forstwirtschaft") == ()
    assert people_of("Institut für Wald und Anna Meier") == ("Anna Meier",)
    assert people_of(["Jane Doe"]) == ("Jane Doe",)


def test_a_standfirst_ends_with_its_author() -> None:
    assert ending_byline("Noch ist alles offen. Von Anna Weber") == ("Anna Weber",)
    assert ending_byline("Noch ist alles offen. Von Anna") is None
    assert ending_byline("Noch ist alles offen, sagt der Chef von Anna Weber") is None
    assert ending_byline("Noch ist alles offen. Von Risiken und Nebenwirkungen") is None


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("By Jane Doe", ("Jane Doe",)),
        ("By Jane Doe, Feb. 4, 2021", ("Jane Doe",)),
        ("Written by Jane Doe | Published on December 21, 2023", ("Jane Doe",)),
        ("Von Anna Meier und Max Muster", ("Anna Meier", "Max Muster")),
        ("Ein Gastbeitrag von Anna Meier", ("Anna Meier",)),
        ("بقلم: أحمد علي", ("أحمد علي",)),
        ("كتبت أسماء نصار", ("أسماء نصار",)),
        ("حوار: سعاد الصالح", ("سعاد الصالح",)),
        ("نویسنده: علی رضایی", ("علی رضایی",)),
        ("Von Christian am 03.05.2013, 11:51", ("Christian",)),
        ("by MrAJHarbour,", ("MrAJHarbour",)),
        ("إعداد: منى السيد", ("منى السيد",)),
        ("كتب: محمود عبد الله", ("محمود عبد الله",)),
        ("ترجمة: ليلى حداد", ("ليلى حداد",)),
    ],
)
def test_bylines(line: str, names: tuple[str, ...]) -> None:
    assert byline(line) == names


@pytest.mark.parametrize(
    "line",
    [
        "Jane Doe",
        "By the numbers: how it works",
        "By all accounts, he was there.",
        "By 2025 the plan will cost more",
        "By Friday",
        "by Harbour,",
        "Von Risiken und Nebenwirkungen",
        "(Reporting by Jane Doe; Editing by John Smith)",
        "记者：未来一周，大雾、降雪和降雨对交通产生不利影响，应该如何应对？",
        "By Reuters Staff",
        "Von wegen",
        "Von unserem Korrespondenten",
        "Par exemple",
        "Por favor",
        "كتب الوزير على صفحته أن القرار سيصدر قريبا جدا بعد أن يجتمع المجلس",
        "حوار مع وزير الخارجية",
        "تقرير: ارتفاع أسعار النفط إلى أعلى مستوى منذ سنوات طويلة بعد قرار أوبك خفض الإنتاج اليومي",
        "",
    ],
)
def test_what_is_no_byline(line: str) -> None:
    assert byline(line) is None


@given(st.text(max_size=200), st.lists(st.text(max_size=20), max_size=3))
def test_nothing_raises(raw: str, sites: list[str]) -> None:
    for name in authors_of(raw, sites):
        assert name.strip() == name
    byline(raw)


@given(st.text(alphabet="By Jane Doe,و &12/|@.:-", max_size=60))
def test_near_bylines_never_raise(raw: str) -> None:
    authors_of(raw)
    byline(raw)
