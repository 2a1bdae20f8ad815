"""Dates as machines and people write them, and what only looks like one."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.core.calendars import GREGORIAN_MONTHS, JALALI_MONTHS, jalali_to_gregorian
from worker.core.dates import find_date, parse_timestamp
from worker.core.places import is_place, zone_of_city
from worker.core.shadow import shadow


@pytest.mark.parametrize(
    ("raw", "iso"),
    [
        ("2021-02-04T23:10:00+02:00", "2021-02-04T23:10:00+02:00"),
        ("2021-02-04T23:10:00.000Z", "2021-02-04T23:10:00+00:00"),
        ("2021-02-04T23:10:00.123+0000", "2021-02-04T23:10:00+00:00"),
        ("2021-02-04T23:10+02", "2021-02-04T23:10:00+02:00"),
        ("2021-02-04T23:10:00-0800", "2021-02-04T23:10:00-08:00"),
        ("2021-02-04T23:10:00+02:00[Europe/Berlin]", "2021-02-04T23:10:00+02:00"),
        ("2021-02-04 23:10", "2021-02-04T23:10:00"),
        ("2021-02-04T23:10:00", "2021-02-04T23:10:00"),
        ("2021-02-04", "2021-02-04"),
        ("2021/02/04 11:10:00 PM", "2021-02-04T23:10:00"),
        ("2021-02-04T24:00:00", "2021-02-05T00:00:00"),
        ("20210204", "2021-02-04"),
        ("20210204T231000Z", "2021-02-04T23:10:00+00:00"),
        ("20210204231000", "2021-02-04T23:10:00"),
        ("1612473000", "2021-02-04T21:10:00+00:00"),
        ("1612473000123", "2021-02-04T21:10:00+00:00"),
        ("Thu, 04 Feb 2021 23:10:00 +0200", "2021-02-04T23:10:00+02:00"),
        ("Thu, 04 Feb 2021 23:10:00 GMT", "2021-02-04T23:10:00+00:00"),
        ("Thursday, 04-Feb-21 23:10:00 GMT", "2021-02-04T23:10:00+00:00"),
        ("04 Feb 2021", "2021-02-04"),
        ("Thu Feb  4 23:10:00 2021", "2021-02-04T23:10:00"),
        ("Thu Feb 04 23:10:00 UTC 2021", "2021-02-04T23:10:00+00:00"),
        ("Thu Feb 04 2021 23:10:00 GMT+0200 (Eastern European Standard Time)", "2021-02-04T23:10:00+02:00"),
    ],
)
def test_machine_dates_keep_exactly_what_they_tell(raw: str, iso: str) -> None:
    assert parse_timestamp(raw) == iso


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "yesterday",
        "2021-13-04",
        "2021-02-30",
        "0001-01-01T00:00:00",
        "1970-01-01T00:00:00Z",
        "12",
        "99999999999",
        "2021-02",
        "3 hours ago",
        "v2.10.2021-beta",
    ],
)
def test_what_is_no_machine_date(raw: str) -> None:
    assert parse_timestamp(raw) is None


@pytest.mark.parametrize(
    ("line", "iso"),
    [
        ("2021.02.04 | 23:10 دمشق", "2021-02-04T23:10:00+02:00"),
        ("29.12.2025", "2025-12-29"),
        ("نُشر في: 04/02/2021 11:10 م", "2021-02-04T23:10:00"),
        ("الخميس 4 فبراير 2021 - 11:10 مساءً", "2021-02-04T23:10:00"),
        ("الخميس، 4 شباط/فبراير 2021 الساعة 23:10 بتوقيت غرينتش", "2021-02-04T23:10:00+00:00"),
        ("04 فبراير 2021 - 12:05 ص", "2021-02-04T00:05:00"),
        ("٤ كانون الثاني ٢٠٢١", "2021-01-04"),
        ("تشرين الثاني 4، 2021", "2021-11-04"),
        ("الأربعاء 3 جويلية 2022", "2022-07-03"),
        ("16 غشت 2022 - 07:00", "2022-08-16T07:00:00"),
        ("16/12/2023 21:33 (توقيت أبوظبي)", "2023-12-16T21:33:00+04:00"),
        ("الخميس 22 جمادى الآخرة 1442 هـ - 4 فبراير 2021 م", "2021-02-04"),
        ("۱۴۰۳/۰۲/۱۵", "2024-05-04"),
        ("شنبه ۱۵ اردیبهشت ۱۴۰۳ - ۱۲:۳۰", "2024-05-04T12:30:00"),
        ("تاریخ انتشار: ۱۵ اردیبهشت ۱۴۰۳", "2024-05-04"),
        ("4 فروری 2021", "2021-02-04"),
        ("Published on Thursday, February 4, 2021 at 11:10 p.m. EST", "2021-02-04T23:10:00-05:00"),
        ("Feb. 4, 2021, 7:30 AM ET", "2021-02-04T07:30:00-05:00"),
        ("2:35 PM EDT, Thu November 2, 2023", "2023-11-02T14:35:00-04:00"),
        ("Thursday, 4 February, 2021 - 23:10 Beijing time", "2021-02-04T23:10:00+08:00"),
        ("4 Feb 2021 23:10 GMT+3", "2021-02-04T23:10:00+03:00"),
        ("2021-02-04T23:10:00+02:00", "2021-02-04T23:10:00+02:00"),
        ("4. Februar 2021, 23:10 Uhr", "2021-02-04T23:10:00"),
        ("Veröffentlicht am 04.02.21", "2021-02-04"),
        ("Publié le 4 février 2021 à 23h10", "2021-02-04T23:10:00"),
        ("Jueves 4 de febrero de 2021 | 23:10", "2021-02-04T23:10:00"),
        ("Publicado em 04/02/2021 às 18h", "2021-02-04T18:00:00"),
        ("Pubblicato il 4 febbraio 2021", "2021-02-04"),
        ("Yayınlanma: 04.02.2021 - 23:10", "2021-02-04T23:10:00"),
        ("04 Şubat 2021 Perşembe, 23:10", "2021-02-04T23:10:00"),
        ("4 февраля 2021, 23:10 (МСК)", "2021-02-04T23:10:00+03:00"),
        ("2 листопада 2023", "2023-11-02"),
        ("Kamis, 4 Februari 2021 23:10 WIB", "2021-02-04T23:10:00+07:00"),
        ("4 lutego 2021, 23:10", "2021-02-04T23:10:00"),
        ("5.11.2023 klo 12.30", "2023-11-05T12:30:00"),
        ("4 Φεβρουαρίου 2021", "2021-02-04"),
        ("4 בפברואר 2021", "2021-02-04"),
        ("2021年02月04日 下午11:10", "2021-02-04T23:10:00"),
        ("2021년 2월 4일 오후 11:10", "2021-02-04T23:10:00"),
        ("2021. 2. 4. 23:10", "2021-02-04T23:10:00"),
        ("Feb 4th, 2021 · 3 min read", "2021-02-04"),
        ("10/15/2023", "2023-10-15"),
        ("05/05/2023", "2023-05-05"),
    ],
)
def test_date_lines(line: str, iso: str) -> None:
    found = find_date(line)
    assert found is not None
    assert (found.iso, found.is_whole_line) == (iso, True)
    assert line[found.start : found.end] == found.raw


@pytest.mark.parametrize(
    ("line", "iso"),
    [
        ("He was born on 4 February 1921 in Paris and died there.", "1921-02-04"),
        ("By Jane Doe, Feb. 4, 2021", "2021-02-04"),
        ("أنه تم التوصل... 29.12.2025, سبوتنيك عربي", "2025-12-29"),
        ("Protests of 12 May 2023 remembered", "2023-05-12"),
        ("وُلد في 4 شباط 1950 في مدينة حلب", "1950-02-04"),
    ],
)
def test_a_line_that_says_more_than_its_date(line: str, iso: str) -> None:
    found = find_date(line)
    assert found is not None
    assert (found.iso, found.is_whole_line) == (iso, False)


@pytest.mark.parametrize(
    "line",
    [
        "12 شباط/فبراير، وشكلت أول اتصال",
        "منذ 3 ساعات",
        "3 hours ago",
        "In February 2021 he met 12 people",
        "The 2020 budget of 12 million for 2021",
        "Call +49 30 2021 04 02",
        "192.168.10.20",
        "Version 1.2.3.2021",
        "31 February 2021",
        "30.02.2021",
        "1442/06/22 هـ",
        "Liverpool 3-2 Chelsea",
        "",
    ],
)
def test_no_date_is_made_up(line: str) -> None:
    found = find_date(line)
    assert found is None or found.iso is None


def test_the_order_of_day_and_month_needs_the_language() -> None:
    unknown = find_date("04/02/2021")
    assert unknown is not None
    assert (unknown.iso, unknown.is_whole_line) == (None, True)
    for language, iso in (("en-US", "2021-04-02"), ("en-GB", "2021-02-04"), ("fr", "2021-02-04")):
        found = find_date("04/02/2021", language)
        assert found is not None
        assert found.iso == iso
    english = find_date("04/02/2021", "en")
    assert english is not None
    assert english.iso is None


def test_of_two_dates_the_one_of_publication() -> None:
    found = find_date("05 يونيو 2023 | آخر تحديث: 06 يونيو 2023")
    assert found is not None
    assert (found.iso, found.is_update, found.is_whole_line) == ("2023-06-05", False, True)
    found = find_date("Updated Feb 5 2021 11:00 GMT Published Feb 4, 2021 10:00 GMT")
    assert found is not None
    assert (found.iso, found.is_update) == ("2021-02-04T10:00:00+00:00", False)


def test_an_update_alone_says_so() -> None:
    found = find_date("Last updated: 5 June 2023")
    assert found is not None
    assert (found.iso, found.is_update, found.is_whole_line) == ("2023-06-05", True, True)


def test_the_zone_is_that_of_the_day() -> None:
    winter, summer = find_date("04.02.2021 12:00 بتوقيت بيروت"), find_date("04.07.2021 12:00 بتوقيت بيروت")
    assert winter is not None
    assert summer is not None
    assert (winter.iso, summer.iso) == ("2021-02-04T12:00:00+02:00", "2021-07-04T12:00:00+03:00")


def test_an_unknown_zone_is_left_out() -> None:
    found = find_date("4 Feb 2021 23:10 IST")  # India's, Israel's or Ireland's
    assert found is not None
    assert found.iso == "2021-02-04T23:10:00"


def test_jalali_days_against_known_ones() -> None:
    assert jalali_to_gregorian(1403, 1, 1) == date(2024, 3, 20)
    assert jalali_to_gregorian(1399, 12, 30) == date(2021, 3, 20)
    assert jalali_to_gregorian(1357, 11, 22) == date(1979, 2, 11)
    for bad in ((1402, 12, 30), (1403, 13, 1), (1403, 7, 31), (1200, 1, 1)):
        with pytest.raises(ValueError, match="Jalali"):
            jalali_to_gregorian(*bad)


def test_the_tables_are_shadows() -> None:
    for name in (*GREGORIAN_MONTHS, *JALALI_MONTHS):
        assert shadow(name) == name
    assert zone_of_city(shadow("دمشق")) == zone_of_city("damascus") == "Asia/Damascus"
    assert is_place("كازاخستان")
    assert is_place("Moskova")
    assert not is_place("لكن")


@given(st.text(max_size=120), st.sampled_from([None, "ar", "en-US", "fa", "x", ""]))
def test_finding_never_raises_and_spans_hold(line: str, language: str | None) -> None:
    found = find_date(line, language)
    if found is not None:
        assert line[found.start : found.end] == found.raw


@settings(max_examples=300)
@given(st.text(alphabet="0123456789/.-: ,apmفبرايشطسةم年月日Tz+", max_size=40))
def test_near_dates_never_raise(line: str) -> None:
    find_date(line)
    parse_timestamp(line)


@given(st.dates(min_value=date(1950, 1, 1), max_value=date(2090, 12, 31)))
def test_every_day_is_read_back(day: date) -> None:
    for line in (day.isoformat(), f"{day:%d.%m.%Y}", f"{day:%Y/%m/%d}", f"{day.day} {day:%B} {day.year}"):
        found = find_date(line)
        assert found is not None
        assert found.iso == day.isoformat()
