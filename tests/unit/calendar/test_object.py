"""Calendar objects: what is read, what is refused and why, and when they take place."""

from __future__ import annotations

import warnings
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

import icalendar
import pytest
import recurring_ical_events  # type: ignore[import-untyped]
from dateutil.rrule import rruleset, rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from groupware.calendar.index import MOST_SPANS, keys_of, texts_of
from groupware.calendar.object import CalendarObject, read_object
from groupware.calendar.series import when
from groupware.calendar.zones import local, utc_seconds
from groupware.model.content import parse, serialized
from groupware.model.errors import Malformed
from groupware.model.item import ALWAYS
from tests.support import corpus
from tests.support.davstand import event

NOW = utc_seconds(datetime(2026, 6, 1), None)
OTHERWISE = {
    "cyrus/floatingtzid.ics": "DTSTART floats; the library lends it the zone of DTEND",
    "horde-icalendar/vTimezone/test.ics": "a DATE has no zone, whatever TZID says (RFC 5545 §3.2.19)",
    "radicale/event_full_day_rrule.ics": "the same",
    "radicale/event_full_day_rrule_until_5000y.ics": "the same",
    "radicale/event_issue1812_2.ics": "the same",
    "radicale/event3.ics": "a DATE that takes an hour is at the day's begin",
    "radicale/event_issue1847_1.ics": "DTSTART floats; the library lends it the zone of DTEND",
    "radicale/event_mixed_recurrence_id_dt_type.ics": "an override of a day stands for the occurrence of that day",
    "recurring-ical-events/issue_75_range_parameter.ics": "UNTIL as a DATE holds to the end of that day",
    "recurring-ical-events/issue_86_x_wr_timezone_without_time_zone_in_dt.ics": "X-WR-TIMEZONE is nobody's standard",
    "ical4j/samples/valid/blalor.ics": "an override is there although EXDATE takes its place out of the set",
    "vobject/recurrence.ics": "DTSTART is there although its rule does not give it (RFC 5545 §3.8.5.3)",
}


@cache
def files() -> list[str]:
    root = corpus.path("ical")
    return sorted(str(each.relative_to(root)) for each in root.rglob("*.ics"))


@cache
def valid() -> list[str]:
    return [each for each in files() if isinstance(outcome(each), CalendarObject)]


@cache
def outcome(name: str) -> CalendarObject | str:
    try:
        return read_object(corpus.read(f"ical/{name}"))
    except Malformed as error:
        return str(error)


def test_most_of_the_corpus_is_read_and_the_rest_is_refused_with_a_reason() -> None:
    refused = {each: said for each in files() if isinstance(said := outcome(each), str)}
    assert len(valid()) > 195
    assert all(len(said) > 15 for said in refused.values())
    where = [said for said in refused.values() if not said.startswith("a calendar object is one VCALENDAR")]
    assert all(said.startswith("line ") for said in where)


def theirs(octets: bytes, low: datetime, high: datetime) -> list[int] | None:
    """The starts that the library gives; None where it cannot read the object."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = recurring_ical_events.of(icalendar.Calendar.from_ical(octets)).between(low.date(), high.date())
        except ValueError:
            return None
    return sorted(seconds(each["DTSTART"]) for each in found)


def seconds(value: Any) -> int:
    at = value.dt
    if isinstance(at, datetime):
        return int(at.timestamp()) if at.tzinfo else utc_seconds(at, None)
    assert isinstance(at, date)
    return utc_seconds(datetime(at.year, at.month, at.day), None)


@pytest.mark.parametrize("name", [each for each in valid() if each not in OTHERWISE])
def test_occurrences_are_those_of_recurring_ical_events(name: str) -> None:
    read = outcome(name)
    assert isinstance(read, CalendarObject)
    first = read.shown.first("DTSTART")
    if read.kind != "VEVENT" or first is None:
        assert read.kind in ("VTODO", "VJOURNAL", "VFREEBUSY", "VAVAILABILITY")
        return
    low = when(first, read.zones).at.replace(hour=0, minute=0, second=0) - timedelta(days=1)
    high = low + timedelta(days=430)
    wanted = theirs(read.octets, low, high)
    if wanted is None:
        assert name in ("horde-icalendar/vTimezone/Brisbane.ics", "khal/invalid_tzoffset.ics")
        return
    start, end = utc_seconds(low, None) + 86_400, utc_seconds(high, None) - 86_400
    got = sorted(each.start for each in read.series.between(start, end).found if start <= each.start < end)
    assert got == [each for each in wanted if start <= each < end]


@pytest.mark.parametrize("name", valid())
def test_what_is_kept_of_an_object_is_what_it_says(name: str) -> None:
    """The spans of the index are its occurrences in the time for which they are all kept."""
    read = outcome(name)
    assert isinstance(read, CalendarObject)
    keys = keys_of(read, NOW)
    assert len(keys.spans) <= max(MOST_SPANS, 500)
    assert keys.ident == read.uid
    assert all(each.end > each.start for each in keys.spans)
    if read.kind != "VEVENT":
        return
    low, high = max(keys.exact_from, NOW - 10**8), min(keys.exact_to, NOW + 10**8)
    found = [each for each in read.series.between(low, high).found if low <= each.start < high]
    assert sorted(each.start for each in found) == sorted(each.start for each in keys.spans if low <= each.start < high)


def body(*lines: str, start: str = "20260601T100000Z", end: str = "20260601T110000Z") -> bytes:
    return event("1", start, *lines, end=end).encode()


def days(read: CalendarObject, low: str, high: str) -> list[str]:
    ends = [utc_seconds(datetime.strptime(each, "%Y%m%d"), None) for each in (low, high)]
    return [local(each.start, None).strftime("%m%d-%H") for each in read.series.between(*ends).found]


def test_summer_time_moves_the_hour_in_utc() -> None:
    zoned = body("RRULE:FREQ=WEEKLY").replace(
        b"DTSTART:20260601T100000Z", b"DTSTART;TZID=Europe/Berlin:20261019T100000"
    )
    read = read_object(zoned.replace(b"DTEND:20260601T110000Z\r\n", b""))
    assert days(read, "20261019", "20261103") == ["1019-08", "1026-09", "1102-09"]


def test_a_zone_of_its_own_is_what_its_vtimezone_says() -> None:
    zone = (
        "BEGIN:VTIMEZONE\r\nTZID:Mine\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0500\r\n"
        "TZOFFSETTO:+0500\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT"
    )
    text = (
        body()
        .decode()
        .replace("BEGIN:VEVENT", zone)
        .replace("DTSTART:20260601T100000Z", "DTSTART;TZID=Mine:20260601T100000")
    )
    read = read_object(text.replace("DTEND:20260601T110000Z\r\n", "").encode())
    assert days(read, "20260601", "20260602") == ["0601-05"]


@pytest.mark.parametrize(
    "name", ["W. Europe Standard Time", "/freeassociation.sourceforge.net/Europe/Berlin", "Europe/Berlin"]
)
def test_a_zone_goes_by_the_names_that_programs_give_it(name: str) -> None:
    text = body().decode().replace("DTSTART:20260601T100000Z", f"DTSTART;TZID={name}:20260601T100000")
    read = read_object(text.replace("DTEND:20260601T110000Z\r\n", "").encode())
    assert days(read, "20260601", "20260602") == ["0601-08"]


def test_an_excluded_day_excludes_its_occurrence_whatever_the_hour() -> None:
    read = read_object(body("RRULE:FREQ=DAILY;COUNT=3", "EXDATE;VALUE=DATE:20260602"))
    assert days(read, "20260601", "20260701") == ["0601-10", "0603-10"]


@pytest.mark.parametrize(
    ("rule", "without"),
    [
        ("FREQ=DAILY;COUNT=6", "FREQ=WEEKLY;BYDAY=WE"),
        ("FREQ=DAILY", "FREQ=DAILY;INTERVAL=2"),
        ("FREQ=DAILY;COUNT=6", "FREQ=DAILY;UNTIL=20260602T235959Z"),
        ("FREQ=DAILY;COUNT=6", "FREQ=MONTHLY;BYMONTHDAY=3,4"),
    ],
)
def test_a_rule_that_excludes_takes_out_what_it_gives(rule: str, without: str) -> None:
    begin, low, high = datetime(2026, 6, 1, 10), datetime(2026, 6, 1), datetime(2026, 6, 20)
    whole = rruleset()
    whole.rrule(rrulestr(rule, dtstart=begin))
    whole.exrule(rrulestr(without.replace("235959Z", "235959"), dtstart=begin))
    read = read_object(body(f"RRULE:{rule}", f"EXRULE:{without}"))
    expected = [each.strftime("%m%d-%H") for each in whole.between(low, high, inc=True)]
    assert days(read, "20260601", "20260620") == expected


def test_a_rule_that_excludes_and_cannot_be_read_takes_nothing_out() -> None:
    assert len(days(read_object(body("RRULE:FREQ=DAILY;COUNT=3", "EXRULE:odd")), "20260601", "20260620")) == 3


def test_this_and_future_moves_all_that_follow() -> None:
    override = (
        "BEGIN:VEVENT\r\nUID:1\r\nRECURRENCE-ID;RANGE=THISANDFUTURE:20260603T100000Z\r\n"
        "DTSTART:20260603T150000Z\r\nEND:VEVENT\r\n"
    )
    text = body("RRULE:FREQ=DAILY;COUNT=4").decode().replace("END:VCALENDAR", override + "END:VCALENDAR")
    assert days(read_object(text.encode()), "20260601", "20260701") == ["0601-10", "0602-10", "0603-15", "0604-15"]


def test_a_rule_without_an_end_is_kept_around_now_and_says_so() -> None:
    keys = keys_of(read_object(body("RRULE:FREQ=DAILY", start="20000101T100000Z", end="20000101T110000Z")), NOW)
    assert keys.last == ALWAYS
    assert keys.exact_from < NOW < keys.exact_to
    assert len(keys.spans) == MOST_SPANS


def test_texts_are_found_by_who_and_what() -> None:
    read = read_object(body("LOCATION:Room 5", "ATTENDEE;CN=Zoë:mailto:z@x.test", "ORGANIZER:mailto:o@x.test"))
    assert texts_of(read) == {"subject": "Meeting", "body": "Room 5", "from": "o@x.test", "to": "Zoë z@x.test"}


@pytest.mark.parametrize("name", valid())
def test_what_is_written_again_says_the_same(name: str) -> None:
    parts = parse(corpus.read(f"ical/{name}"))
    again = parse(serialized(parts))

    def flat(all_: Any) -> list[Any]:
        return [(each.name, [(x.name, dict(x.params), x.value) for x in each.lines], flat(each.parts)) for each in all_]

    assert flat(again) == flat(parts)


PIECES = st.sampled_from(
    [
        b"BEGIN:VCALENDAR\r\n",
        b"END:VCALENDAR\r\n",
        b"BEGIN:VEVENT\r\n",
        b"END:VEVENT\r\n",
        b"BEGIN:VTIMEZONE\r\n",
        b"END:VTIMEZONE\r\n",
        b"UID:1\r\n",
        b"DTSTART:20260101T000000Z\r\n",
        b"DTSTART;TZID=X:20260101T000000\r\n",
        b"RRULE:FREQ=DAILY;COUNT=3\r\n",
        b"RECURRENCE-ID:20260102T000000Z\r\n",
        b"EXDATE:20260102\r\n",
        b"TZID:X\r\n",
        b" folded\r\n",
        b"\r\n",
        b'A;B="c',
        b"\xff\xfe",
        b":",
        b";",
    ]
)


@settings(max_examples=500, deadline=None)
@given(st.lists(PIECES | st.binary(max_size=12), max_size=25).map(b"".join))
def test_nothing_but_malformed_is_raised(octets: bytes) -> None:
    try:
        read = read_object(octets)
    except Malformed:
        return
    assert keys_of(read, NOW).ident == read.uid


@pytest.mark.parametrize("value", ["x/PT1H", "20260101T000000Z/x", "20260101T000000Z", "20260101T000000Z/PT1H,"])
def test_busy_times_that_are_none_are_named(value: str) -> None:
    text = f"BEGIN:VCALENDAR\r\nBEGIN:VFREEBUSY\r\nUID:1\r\nFREEBUSY:{value}\r\nEND:VFREEBUSY\r\nEND:VCALENDAR\r\n"
    with pytest.raises(Malformed, match="FREEBUSY"):
        read_object(text.encode())


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_object_raises_nothing_but_malformed(data: st.DataObject) -> None:
    octets = bytearray(corpus.read(f"ical/{data.draw(st.sampled_from(valid()))}")[:4000])
    for _ in range(data.draw(st.integers(1, 5))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    try:
        read = read_object(bytes(octets))
    except Malformed as error:
        assert str(error)
        return
    assert keys_of(read, NOW).component == read.kind
