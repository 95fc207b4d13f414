"""When somebody cannot be met: availabilities, their priorities, and the times that they leave free. RFC 7953 §4."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groupware.calendar.availability import availabilities, unavailable
from groupware.model.errors import Malformed

HOUR = 3600
DAY = 24 * HOUR
MONDAY = int(datetime(2026, 11, 30, tzinfo=UTC).timestamp())


def stamp(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y%m%dT%H%M%SZ")


def available(start: int, end: int, *lines: str, uid: str = "a") -> list[str]:
    body = [f"UID:{uid}", f"DTSTART:{stamp(start)}", f"DTEND:{stamp(end)}", "DTSTAMP:20260101T000000Z", *lines]
    return ["BEGIN:AVAILABLE", *body, "END:AVAILABLE"]


def said(*lines: str, uid: str = "v") -> list[str]:
    return ["BEGIN:VAVAILABILITY", f"UID:{uid}", "DTSTAMP:20260101T000000Z", *lines, "END:VAVAILABILITY"]


def calendar(*parts: list[str]) -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", *(line for part in parts for line in part), "END:VCALENDAR"]
    return "".join(f"{line}\r\n" for line in lines).encode()


def busy(octets: bytes, low: int = MONDAY, high: int = MONDAY + DAY) -> list[tuple[float, float, str]]:
    """Hours after Monday."""
    found = unavailable(availabilities(octets), low, high)
    return [((each.start - MONDAY) / HOUR, (each.end - MONDAY) / HOUR, each.busy) for each in found]


def test_what_is_not_said_to_be_free_is_taken() -> None:
    weekdays = available(MONDAY + 9 * HOUR, MONDAY + 17 * HOUR, "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR")
    assert busy(calendar(said(*weekdays))) == [(0, 9, "U"), (17, 24, "U")]
    saturday = busy(calendar(said(*weekdays)), MONDAY + 5 * DAY, MONDAY + 6 * DAY)
    assert saturday == [(120, 144, "U")]


def test_it_speaks_of_its_own_time_alone_and_says_how_it_is_taken() -> None:
    part = said("BUSYTYPE:BUSY-TENTATIVE", f"DTSTART:{stamp(MONDAY + 8 * HOUR)}", f"DTEND:{stamp(MONDAY + 10 * HOUR)}")
    assert busy(calendar(part)) == [(8, 10, "T")]
    assert busy(calendar(said(f"DTSTART:{stamp(MONDAY + 22 * HOUR)}", "DURATION:PT4H", "BUSYTYPE:BUSY"))) == [
        (22, 24, "B")
    ]


def test_of_two_the_one_with_the_higher_priority_holds() -> None:
    usual = said(*available(MONDAY + 9 * HOUR, MONDAY + 17 * HOUR), "PRIORITY:5", uid="usual")
    trip = said(
        f"DTSTART:{stamp(MONDAY + 12 * HOUR)}", f"DTEND:{stamp(MONDAY + 20 * HOUR)}", "PRIORITY:1", "BUSYTYPE:BUSY",
        *available(MONDAY + 18 * HOUR, MONDAY + 19 * HOUR, uid="b"), uid="trip",
    )  # fmt: skip
    wanted = [(0, 9, "U"), (12, 18, "B"), (19, 20, "B"), (20, 24, "U")]
    assert busy(calendar(usual, trip)) == busy(calendar(trip, usual)) == wanted


def test_one_time_may_differ_from_the_rule() -> None:
    rule = available(MONDAY + 9 * HOUR, MONDAY + 17 * HOUR, "RRULE:FREQ=DAILY")
    other = available(MONDAY + 9 * HOUR, MONDAY + 12 * HOUR, f"RECURRENCE-ID:{stamp(MONDAY + 9 * HOUR)}")
    assert busy(calendar(said(*rule, *other))) == [(0, 9, "U"), (12, 24, "U")]


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (calendar(["BEGIN:VEVENT", "UID:e", "DTSTART:20260101T000000Z", "END:VEVENT"]), "1 to 100 VAVAILABILITY"),
        (calendar(), "1 to 100 VAVAILABILITY"),
        (calendar(said("BEGIN:AVAILABLE", "UID:a", "END:AVAILABLE")), "AVAILABLE has no DTSTART"),
        (calendar(said(*available(MONDAY, MONDAY + HOUR, "RRULE:FREQ=WHENEVER"))), "RRULE"),
        (calendar(said(*[line for _ in range(501) for line in available(MONDAY, MONDAY + 1)])), "more than 500"),
        (b"BEGIN:VCARD\r\nEND:VCARD\r\n", "one VCALENDAR"),
    ],
)
def test_what_is_none_is_refused_with_its_reason(octets: bytes, words: str) -> None:
    with pytest.raises(Malformed, match=words):
        availabilities(octets)


Window = tuple[int, int]
WINDOW = st.tuples(st.integers(0, 23), st.integers(0, 23)).map(lambda each: (min(each), max(each) + 1))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(WINDOW, st.lists(WINDOW, max_size=4), st.integers(0, 9)), max_size=5, unique_by=lambda e: e[2])
)
def test_it_is_what_an_hour_by_hour_look_gives(parts: list[tuple[Window, list[Window], int]]) -> None:
    def one(number: int, window: Window, free: list[Window], priority: int) -> list[str]:
        inner = [
            line
            for at, (start, end) in enumerate(free)
            for line in available(MONDAY + start * HOUR, MONDAY + end * HOUR, uid=f"{number}-{at}")
        ]
        span = (f"DTSTART:{stamp(MONDAY + window[0] * HOUR)}", f"DTEND:{stamp(MONDAY + window[1] * HOUR)}")
        return said(*span, f"PRIORITY:{priority}", *inner, uid=str(number))

    taken = set()
    for hour in range(24):
        speaking = [each for each in parts if each[0][0] <= hour < each[0][1]]
        if speaking:
            _, free, _ = min(speaking, key=lambda each: each[2] or 10)
            if not any(start <= hour < end for start, end in free):
                taken.add(hour)
    if not parts:
        return
    found = busy(calendar(*(one(number, *each) for number, each in enumerate(parts))))
    assert {hour for start, end, _ in found for hour in range(int(start), int(end))} == taken
    assert all(first[1] <= second[0] for first, second in itertools.pairwise(found))
