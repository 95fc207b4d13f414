"""What an attendee's change means, and what mail brings for it."""

from __future__ import annotations

import pytest

from groupware.calendar.itip.attendee import NotTheirs
from groupware.calendar.itip.incoming import Message, applied
from groupware.calendar.itip.instances import excluded
from groupware.calendar.itip.octets import rendered
from groupware.calendar.itip.people import address
from groupware.calendar.object import CalendarObject, read_object
from tests.unit.calendar.meetings import BOB, CARL, CHAIR, Room, answers, as_object, meeting, message, part

DAILY = ("DURATION:PT1H", "SUMMARY:Standup", "RRULE:FREQ=DAILY;COUNT=5")
THIRD = 1796292000


def room(*parts: str) -> Room:
    found = Room()
    found.put(meeting(*parts))
    return found


def edited(read: CalendarObject, *changes: tuple[str, str]) -> CalendarObject:
    text = read.octets.decode()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return read_object(text.encode())


def reply(*lines: str, who: str = f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{BOB}", seq: int = 0) -> CalendarObject:
    inside = ["UID:m1", "DTSTAMP:20260102T000000Z", f"SEQUENCE:{seq}", who, *lines]
    text = "\r\n".join(["BEGIN:VEVENT", *inside, "END:VEVENT", ""])
    head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REPLY\r\n"
    return read_object(f"{head}{text}END:VCALENDAR\r\n".encode())


CHAIRS = frozenset({CHAIR})


def test_an_answer_reaches_the_organizer_and_all_the_others() -> None:
    found = room()
    found.says(BOB, "TENTATIVE")
    assert answers(found.own)[None, BOB] == answers(found.copies[CARL])[None, BOB] == "TENTATIVE"
    assert found.sent[-1] == ("REPLY", CHAIR)


def test_a_copy_that_is_deleted_declines() -> None:
    found = room()
    found.change(BOB, None)
    assert answers(found.own)[None, BOB] == "DECLINED"


def test_an_occurrence_that_is_taken_out_of_a_copy_is_declined_alone() -> None:
    found = room(part(*DAILY))
    found.change(BOB, edited(found.copies[BOB], ("SUMMARY", "EXDATE:20261203T100000Z\r\nSUMMARY")))
    assert answers(found.own)[THIRD, BOB] == "DECLINED" and answers(found.own)[None, BOB] == "NEEDS-ACTION"
    assert THIRD in excluded(found.copies[BOB])


def test_an_attendee_cannot_move_the_meeting() -> None:
    found = room()
    with pytest.raises(NotTheirs, match="propose another time"):
        found.change(BOB, edited(found.copies[BOB], ("T100000Z", "T110000Z")))


def test_what_is_the_organizers_is_put_back_and_what_is_ones_own_is_kept() -> None:
    found = room()
    found.change(BOB, edited(found.copies[BOB], ("SUMMARY:Meeting", "SUMMARY:Mine\r\nX-COLOUR:red")))
    assert b"SUMMARY:Meeting" in found.copies[BOB].octets and b"X-COLOUR:red" in found.copies[BOB].octets
    assert found.sent[-1][0] == "REQUEST"


def test_the_answer_of_somebody_else_cannot_be_given() -> None:
    found = room()
    copy = edited(found.copies[BOB], (f"ATTENDEE;RSVP=TRUE:mailto:{CARL}", f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{CARL}"))
    found.change(BOB, copy)
    assert answers(found.copies[BOB])[None, CARL] == answers(found.own)[None, CARL] == "NEEDS-ACTION"


def test_alarms_stay_when_the_organizer_changes_something() -> None:
    found = room()
    alarm = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\nDESCRIPTION:x\r\nEND:VALARM\r\nEND:VEVENT"
    found.change(BOB, edited(found.copies[BOB], ("END:VEVENT", alarm)))
    found.put(meeting(part("DURATION:PT2H", "SUMMARY:Meeting")))
    assert b"TRIGGER:-PT5M" in found.copies[BOB].octets and b"PT2H" in found.copies[BOB].octets


def test_a_reply_without_organizer_counts() -> None:
    got = applied(meeting(), Message("REPLY", reply(), CHAIRS, BOB))
    assert got.calendar is not None and answers(as_object(got.calendar))[None, BOB] == "ACCEPTED"


def test_a_reply_under_another_address_counts_for_who_wrote_it() -> None:
    said = reply(who="ATTENDEE;PARTSTAT=DECLINED:mailto:robert@home.test")
    got = applied(meeting(), Message("REPLY", said, CHAIRS, "robert@home.test", frozenset({BOB})))
    assert got.calendar is not None and answers(as_object(got.calendar))[None, BOB] == "DECLINED"


def test_a_reply_of_a_stranger_is_ignored_with_its_reason() -> None:
    said = reply(who="ATTENDEE;PARTSTAT=ACCEPTED:mailto:eve@y.test")
    got = applied(meeting(), Message("REPLY", said, CHAIRS, "eve@y.test"))
    assert got.calendar is None and got.ignored == "eve@y.test is not invited"


def test_a_reply_that_speaks_for_somebody_else_is_ignored() -> None:
    got = applied(meeting(), Message("REPLY", reply(), CHAIRS, "eve@y.test"))
    assert got.calendar is None and "not the attendee" in got.ignored


def test_a_reply_to_an_older_version_counts_while_the_time_is_the_same() -> None:
    now = meeting(part("DURATION:PT1H", seq=3))
    same = applied(now, Message("REPLY", reply("DTSTART:20261201T100000Z", seq=1), CHAIRS, BOB))
    other = applied(now, Message("REPLY", reply("DTSTART:20261201T090000Z", seq=1), CHAIRS, BOB))
    assert same.calendar is not None and other.calendar is None and "at another time" in other.ignored


def test_a_reply_to_one_occurrence_makes_it_one_of_its_own() -> None:
    got = applied(meeting(part(*DAILY)), Message("REPLY", reply("RECURRENCE-ID:20261203T100000Z"), CHAIRS, BOB))
    assert got.calendar is not None
    read = as_object(got.calendar)
    assert answers(read)[THIRD, BOB] == "ACCEPTED" and answers(read)[None, BOB] == "NEEDS-ACTION"
    assert [each.start for each in read.series.between(THIRD, THIRD + 1).found] == [THIRD]


def test_a_reply_to_an_occurrence_that_is_not_there_is_ignored() -> None:
    got = applied(meeting(part(*DAILY)), Message("REPLY", reply("RECURRENCE-ID:20261203T110000Z"), CHAIRS, BOB))
    assert got.calendar is None and "not there" in got.ignored


def test_a_reply_changes_no_other_line() -> None:
    before = meeting(part("DURATION:PT1H", "DESCRIPTION:" + "a very long text " * 9))
    folded = read_object(before.octets.replace(b"very long text a", b"very \r\n long text a"))
    got = applied(folded, Message("REPLY", reply(), CHAIRS, BOB))
    assert got.calendar is not None
    after = rendered(got.calendar, folded)
    gone = set(folded.octets.split(b"\r\n")) ^ set(after.split(b"\r\n"))
    assert all(BOB.encode() in each for each in gone) and len(gone) == 2


def test_a_request_that_is_older_than_what_is_here_is_ignored() -> None:
    got = applied(
        meeting(part("DURATION:PT1H", seq=2)), Message("REQUEST", message("REQUEST"), frozenset({BOB}), CHAIR)
    )
    assert got.calendar is None and "newer version" in got.ignored


def test_an_invitation_in_the_name_of_somebody_else_is_ignored() -> None:
    got = applied(None, Message("REQUEST", message("REQUEST"), frozenset({BOB}), "eve@y.test"))
    assert got.calendar is None and "not the organizer" in got.ignored


def test_a_change_crosses_with_an_answer_and_the_answer_stays() -> None:
    copy = read_object(
        meeting().octets.replace(f"RSVP=TRUE:mailto:{BOB}".encode(), f"PARTSTAT=ACCEPTED:mailto:{BOB}".encode())
    )
    said = message("REQUEST", part("DURATION:PT1H", "SUMMARY:Talk", seq=1))
    got = applied(copy, Message("REQUEST", said, frozenset({BOB}), CHAIR))
    assert got.calendar is not None and answers(as_object(got.calendar))[None, BOB] == "ACCEPTED"
    assert not got.rescheduled


def test_one_more_date_is_added() -> None:
    more = message("ADD", part("DURATION:PT2H", start="DTSTART:20261220T100000Z", seq=1))
    got = applied(meeting(part(*DAILY)), Message("ADD", more, frozenset({BOB}), CHAIR))
    assert got.calendar is not None and len(as_object(got.calendar).series.between(0, 1 << 40).found) == 6


def test_a_proposal_changes_nothing_and_is_told() -> None:
    said = message(
        "COUNTER", part("DURATION:PT1H", "COMMENT:rather later", start="DTSTART:20261201T150000Z", who=(BOB,))
    )
    got = applied(meeting(), Message("COUNTER", said, CHAIRS, BOB))
    assert got.calendar is None and not got.ignored and "rather later" in got.said and got.notable


def test_who_asks_anew_gets_the_event() -> None:
    got = applied(meeting(), Message("REFRESH", message("REFRESH", part(who=(BOB,))), CHAIRS, BOB))
    assert got.answer is not None and (got.answer.method, got.answer.to) == ("REQUEST", BOB)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("mailto:Bob@X.test", BOB),
        ("MAILTO:bob%40x.test", BOB),
        ("bob@x.test", BOB),
        ("/dav/principals/bob%40x.test/", BOB),
        ("https://h.test/dav/principals/bob@x.test/", BOB),
        ("urn:uuid:1234", ""),
        ("invalid:nomail", ""),
    ],
)
def test_addresses_are_read_as_clients_write_them(said: str, meant: str) -> None:
    assert address(said) == meant
