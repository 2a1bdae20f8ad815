"""Source credits and datelines, and the sentences and headlines that look like them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.core.agencies import is_agency
from worker.core.credits import parse_dateline, source_credit

REPORT = "أكد وزير الخارجية الروسي سيرغي لافروف أن تبادل الموقوفين بين البلدين يخدم تعزيز الثقة بينهما."


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("المصدر: RT", ("RT",)),
        ("المصدر: صحيفة المرصد الليبية", ("صحيفة المرصد الليبية",)),
        ("المصدر : وكالات", ("وكالات",)),
        ("المصدر: الجزيرة + وكالات", ("الجزيرة", "وكالات")),
        ('المصدر: "رويترز"', ("رويترز",)),
        ("Source: Reuters", ("Reuters",)),
        ("Source : AFP.", ("AFP",)),
        ("Sources: The Guardian, Le Monde", ("The Guardian", "Le Monde")),
        ("Source: https://www.example.com/news/1", ("example.com",)),
        ("Quelle: dpa", ("dpa",)),
        ("Quelle: ntv.de, mli/dpa", ("ntv.de", "dpa")),
        ("Fuente: El País / EFE", ("El País", "EFE")),
        ("Kaynak: AA", ("AA",)),
        ("منبع: ایسنا", ("ایسنا",)),
        ("Источник: ТАСС", ("ТАСС",)),
        ("--(بترا)", ("بترا",)),
        ("(Reuters)", ("Reuters",)),
        ("(رويترز)", ("رويترز",)),
        ("[AFP]", ("AFP",)),
        ("(dpa/lby)", ("dpa",)),
        ("/وكالات/", ("وكالات",)),
        ("أ ف ب", ("أ ف ب",)),
        ("رويترز", ("رويترز",)),
        ("Quelle: kathpress", ("kathpress",)),
        ("Textquelle: © Hafenblick.example", ("Hafenblick.example",)),
        ("(KNA, DR)", ("KNA",)),
        ("© 2020 Reuters", ("Reuters",)),
    ],
)
def test_credits(line: str, names: tuple[str, ...]) -> None:
    assert source_credit(line) == names


@pytest.mark.parametrize(
    "line",
    [
        "وقال المصدر: إن القوات انسحبت من المدينة",
        "المصدر: قال إن القوات انسحبت",
        "المصدر: مسؤول حكومي رفض الكشف عن اسمه",
        "المصدر المسؤول قال ذلك",
        "مصدر: لا نية للتراجع",
        "المصدر:",
        "Source: two people familiar with the matter",
        "Source: The company said it will close its stores.",
        "Source of the problem",
        "Quelle der Freude",
        "Source: here",
        "المصدر: هنا",
        "(AP, the company and others)",
        "© 2020 Anna Meier",
        "(انتهى)",
        "(صور)",
        "(photo)",
        "معا",  # together
        "الجزيرة",  # the island
        "RT",
        "Berlin",
        "",
    ],
)
def test_what_is_no_credit(line: str) -> None:
    assert source_credit(line) is None


@pytest.mark.parametrize(
    ("line", "place", "agency"),
    [
        (f"كازاخستان – {REPORT}", "كازاخستان", None),
        (f"عمان - بترا - {REPORT}", "عمان", "بترا"),
        (f"القاهرة (رويترز) - {REPORT}", "القاهرة", "رويترز"),
        (f"نيويورك/ الأناضول {REPORT}", "نيويورك", "الأناضول"),
        (f"بيروت ـ «القدس العربي»: {REPORT}", "بيروت", "القدس العربي"),
        (f"(رويترز) - {REPORT}", None, "رويترز"),
        (f"سبوتنيك - {REPORT}", None, "سبوتنيك"),
        ("BERLIN (Reuters) - The German government said on Monday", "BERLIN", "Reuters"),
        ("WASHINGTON (AP) — The president said", "WASHINGTON", "AP"),
        ("OKEMAH, Okla. (AP) — A man was", "OKEMAH, Okla", "AP"),
        ("PARIS, March 3 (Xinhua) -- The minister", "PARIS", "Xinhua"),
        ("NEW YORK, Feb. 4, 2021 /PRNewswire/ -- Acme said", "NEW YORK", "PRNewswire"),
        ("Berlin (dpa) - Die Bundesregierung hat", "Berlin", "dpa"),
        ("МОСКВА, 4 фев — РИА Новости. Президент", "МОСКВА", "РИА Новости"),
        ("تهران - ایرنا - وزیر امور خارجه", "تهران", "ایرنا"),
        ("Jan. 12 (Bloomberg) -- Competing in a marathon does not raise", None, "Bloomberg"),
        ("NEW YORK—Barbie has been an astronaut, an architect, a driver and a doctor.", "NEW YORK", None),
        ("LONDON — The prime minister said on Monday that he would go to the country.", "LONDON", None),
        ("Berlin - Die Bundesregierung hat am Montag ein neues Gesetz beschlossen.", "Berlin", None),
    ],
)
def test_datelines_of_paragraphs(line: str, place: str | None, agency: str | None) -> None:
    found = parse_dateline(line)
    assert found is not None
    dateline, rest = found
    assert (dateline.place, dateline.agency) == (place, agency)
    assert rest
    assert line.endswith(rest)


@pytest.mark.parametrize(
    ("line", "place", "agency"),
    [
        ("موسكو/ الأناضول", "موسكو", "الأناضول"),
        ("إسطنبول / أحمد علي / الأناضول", "إسطنبول", "الأناضول"),
        ("دمشق-سانا", "دمشق", "سانا"),
        ("واشنطن - أ ف ب", "واشنطن", "أ ف ب"),
        ("PARIS (AFP)", "PARIS", "AFP"),
    ],
)
def test_datelines_that_are_the_whole_line(line: str, place: str, agency: str) -> None:
    found = parse_dateline(line)
    assert found is not None
    assert (found[0].place, found[0].agency, found[1]) == (place, agency, "")


@pytest.mark.parametrize(
    "line",
    [
        "لكن – كما قال – الوزير لم يفعل شيئا من ذلك في ذلك اليوم الطويل من أيام السنة",
        "روسيا: ترامب يفهم صراع أوكرانيا أكثر من أي زعيم أوروبي",
        "تركيا - وهي عضو في الناتو - ترفض انضمام السويد إلى الحلف في هذا الوقت",
        "السلطات - بحسب رويترز - قالت إن الحادث عرضي",
        "مصر – السودان: مباحثات حول سد النهضة بين الجانبين في القاهرة اليوم الخميس",
        "فرنسا - ألمانيا 2-1",
        "كازاخستان – أرض السهوب",
        "London - the best restaurants to visit this summer according to the people who live there",
        "BREAKING — The prime minister said on Monday that he would go to the country.",
        "He was in Paris - for the first time in years - and he liked it.",
        "Melbourne-based Prof Lewin said she was delighted to be heading to a restaurant again.",
        "Phoenix, the fifth-most-populous city in the nation, has only one real university.",
        "Portland, Maine–based Running Tide is combining terrestrial and marine biomass.",
        "Moskova",
        "(وقال) - إنه لن يحضر",
        "قال الوزير - رويترز",
        "-",
        "",
    ],
)
def test_what_is_no_dateline(line: str) -> None:
    assert parse_dateline(line) is None


def test_agencies_by_any_of_their_names() -> None:
    assert is_agency("الأناضول")
    assert is_agency("أ.ف.ب")
    assert is_agency("reuters")
    assert not is_agency("Jane Doe")
    assert is_agency("معا")
    assert not is_agency("معا", alone=True)


@given(st.text(max_size=200))
def test_nothing_raises(line: str) -> None:
    source_credit(line)
    parse_dateline(line)


@given(st.text(alphabet='موسكو/ –-(رويترز):AP«»"BERLIN,. 12', max_size=60))
def test_near_datelines_never_raise(line: str) -> None:
    source_credit(line)
    found = parse_dateline(line)
    assert found is None or line.strip().endswith(found[1])
