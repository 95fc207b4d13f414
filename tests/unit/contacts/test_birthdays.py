"""Days of contacts that come every year."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupware.calendar.index import occurrences
from groupware.calendar.object import read_object
from groupware.contacts.birthdays import ANNIVERSARY, BIRTHDAY, Day, days_of, event, period
from tests.support.davstand import card

SINCE = 2025


def named(*lines: str) -> tuple[Day, ...]:
    return days_of(card("1", "Ann", *lines).encode())


@pytest.mark.parametrize(
    ("line", "day"),
    [
        ("BDAY:1980-02-03", Day(BIRTHDAY, "Ann", 2, 3, 1980)),
        ("BDAY:19800203", Day(BIRTHDAY, "Ann", 2, 3, 1980)),
        ("BDAY;VALUE=date-time:1980-02-03T00:00:00Z", Day(BIRTHDAY, "Ann", 2, 3, 1980)),
        ("BDAY:--02-03", Day(BIRTHDAY, "Ann", 2, 3)),
        ("BDAY:--0229", Day(BIRTHDAY, "Ann", 2, 29)),
        ("BDAY;X-APPLE-OMIT-YEAR=1604:1604-03-05", Day(BIRTHDAY, "Ann", 3, 5)),
        ("item1.BDAY:1980-02-03", Day(BIRTHDAY, "Ann", 2, 3, 1980)),
        ("ANNIVERSARY:20010503", Day(ANNIVERSARY, "Ann", 5, 3, 2001)),
        ("X-ANNIVERSARY:2001-05-03", Day(ANNIVERSARY, "Ann", 5, 3, 2001)),
    ],
)
def test_a_day_is_read_in_each_form(line: str, day: Day) -> None:
    assert named(line) == (day,)


@pytest.mark.parametrize(
    "line", ["BDAY;VALUE=text:about 1800", "BDAY:1980-02", "BDAY:1980-02-30", "BDAY:--13-01", "BDAY:99991231", "BDAY:"]
)
def test_what_is_no_day_is_left_out(line: str) -> None:
    assert named(line) == ()


def days(day: Day, first: int, last: int) -> list[tuple[date, str]]:
    """When the event is, in these years, and what it says then."""
    read = read_object(event(day, "x", SINCE))
    low, high = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (first, last + 1))
    found = occurrences(read, low, high)
    return [(datetime.fromtimestamp(each.start, UTC).date(), each.part.text("SUMMARY")) for each in found]


def test_the_age_is_told_every_year() -> None:
    assert days(Day(BIRTHDAY, "Ann", 2, 3, 1980), 2026, 2027) == [
        (date(2026, 2, 3), "Ann is 46"),
        (date(2027, 2, 3), "Ann is 47"),
    ]


def test_of_an_unknown_year_no_age_is_told() -> None:
    assert days(Day(BIRTHDAY, "Ann", 2, 3), 2026, 2026) == [(date(2026, 2, 3), "Ann: birthday")]


def test_years_far_away_have_the_day_with_the_year_of_birth() -> None:
    assert days(Day(BIRTHDAY, "Ann", 2, 3, 1980), 2060, 2060) == [(date(2060, 2, 3), "Ann: birthday (1980)")]


def test_29_february_is_the_last_of_february_in_other_years() -> None:
    found = days(Day(BIRTHDAY, "Ann", 2, 29, 1980), 2026, 2028)
    assert [each for each, _ in found] == [date(2026, 2, 28), date(2027, 2, 28), date(2028, 2, 29)]
    assert [each for each, _ in days(Day(BIRTHDAY, "Ann", 2, 29), 2050, 2052)] == [
        date(2050, 2, 28),
        date(2051, 2, 28),
        date(2052, 2, 29),
    ]


def test_nobody_has_a_birthday_before_birth() -> None:
    assert days(Day(BIRTHDAY, "Ann", 2, 3, 2026), 2020, 2027) == [
        (date(2026, 2, 3), "Ann: birthday (2026)"),
        (date(2027, 2, 3), "Ann is 1"),
    ]


def test_it_takes_no_time_from_anybody() -> None:
    assert read_object(event(Day(BIRTHDAY, "Ann", 2, 3, 1980), "x", SINCE)).shown.text("TRANSP") == "TRANSPARENT"


def test_the_years_that_ages_are_told_for_change_every_five() -> None:
    assert [period(date(year, 6, 1)) for year in (2024, 2025, 2029, 2030)] == [2020, 2025, 2025, 2030]


@given(
    what=st.sampled_from(["BDAY", "ANNIVERSARY", "BDAY;VALUE=text", "BDAY;X-APPLE-OMIT-YEAR=1604"]),
    value=st.text(max_size=20) | st.from_regex(r"(\d{4}|--)-?\d\d-?\d\d(T\d{6}Z?)?", fullmatch=True),
    name=st.text(max_size=30),
)
def test_whatever_a_card_says_becomes_an_event_or_nothing(what: str, value: str, name: str) -> None:
    octets = card("1", name, f"{what}:{value}").encode("utf-8", "replace")
    for day in days_of(octets):
        assert read_object(event(day, "x", SINCE)).kind == "VEVENT"


@pytest.mark.parametrize(
    ("low", "high", "found"),
    [
        (date(2026, 1, 1), date(2026, 12, 31), [date(2026, 2, 3)]),
        (date(2026, 2, 4), date(2027, 2, 3), []),
        (date(2026, 2, 3), date(2026, 2, 4), [date(2026, 2, 3)]),
        (date(1, 1, 1), date(1982, 1, 1), [date(1980, 2, 3), date(1981, 2, 3)]),
        (date(1, 1, 1), date(9990, 1, 1), [date(1980, 2, 3), date(1981, 2, 3), date(1982, 2, 3)]),
        (date(1900, 1, 1), date(1979, 1, 1), []),
    ],
)
def test_the_first_days_in_a_time_are_found(low: date, high: date, found: list[date]) -> None:
    assert Day(BIRTHDAY, "Ann", 2, 3, 1980).within(low, high) == found
