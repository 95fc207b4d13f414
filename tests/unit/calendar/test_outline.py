"""What is told to who may know times and titles: that, and nothing else, whatever an object holds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from groupware.calendar.index import occurrences
from groupware.calendar.object import read_object
from groupware.calendar.outline import outline

SECRET = "hush"
FULL = f"""\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:x
X-WR-CALDESC:{SECRET}
BEGIN:VTIMEZONE
TZID:Own
COMMENT:{SECRET}
X-{SECRET}:1
BEGIN:STANDARD
DTSTART:19700101T000000
TZOFFSETFROM:+0100
TZOFFSETTO:+0100
COMMENT:{SECRET}
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
UID:1
DTSTAMP:20260101T000000Z
DTSTART;TZID=Own;X-{SECRET}=1:20261201T100000
DURATION:PT1H
RRULE:FREQ=DAILY;COUNT=5
EXDATE;TZID=Own:20261202T100000
SUMMARY;ALTREP="cid:{SECRET}";LANGUAGE=en:Standup
STATUS:TENTATIVE
TRANSP:OPAQUE
CLASS:PUBLIC
LOCATION:{SECRET}
DESCRIPTION:{SECRET}
COMMENT:{SECRET}
URL:https://{SECRET}
CATEGORIES:{SECRET}
GEO:1;2
ORGANIZER;CN={SECRET}:mailto:{SECRET}@example.test
ATTENDEE:mailto:{SECRET}@example.test
ATTACH:https://{SECRET}
X-ALT-DESC:{SECRET}
BEGIN:VALARM
ACTION:EMAIL
TRIGGER:-PT5M
ATTENDEE:mailto:{SECRET}@example.test
END:VALARM
BEGIN:X-PART
SUMMARY:{SECRET}
END:X-PART
END:VEVENT
BEGIN:VEVENT
UID:1
RECURRENCE-ID;TZID=Own:20261203T100000
DTSTART;TZID=Own:20261203T150000
DURATION:PT1H
SUMMARY:Later
LOCATION:{SECRET}
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n").encode()


def test_titles_and_times_are_told_and_nothing_else() -> None:
    told = outline(FULL)
    assert SECRET.encode() not in told.lower()
    for kept in (b"SUMMARY;LANGUAGE=en:Standup", b"SUMMARY:Later", b"STATUS:TENTATIVE", b"CLASS:PUBLIC", b"UID:1"):
        assert kept in told
    assert b"VALARM" not in told


def test_it_takes_place_when_the_whole_does() -> None:
    def times(octets: bytes) -> list[tuple[int, int]]:
        return [(each.start, each.end) for each in occurrences(read_object(octets), 0, 1 << 40)]

    assert times(outline(FULL)) == times(FULL)
    assert len(times(FULL)) == 4


def test_of_what_is_no_calendar_nothing_is_told() -> None:
    assert outline(b"Subject: hush\r\n\r\nhush") == b""
    assert outline(b"BEGIN:VCARD\r\nFN:hush\r\nEND:VCARD\r\n") == b""


_NAME = st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ-", min_size=1, max_size=14)
_TOLD = (
    *("SUMMARY", "UID", "STATUS", "TRANSP", "CLASS", "SEQUENCE", "BUSYTYPE", "FREEBUSY", "COMPLETED", "CREATED"),
    *("DTSTAMP", "DTSTART", "DTEND", "DUE", "DURATION", "RECURRENCE-ID", "RRULE", "EXRULE", "RDATE", "EXDATE"),
)


@given(_NAME.filter(lambda name: name not in (*_TOLD, "BEGIN", "END")))
def test_no_other_property_is_told(name: str) -> None:
    event = f"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\n{name}:hush\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    assert b"hush" not in outline(event.encode())
