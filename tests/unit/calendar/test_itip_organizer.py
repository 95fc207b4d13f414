"""What is told to whom when an organizer changes a meeting."""

from __future__ import annotations

from groupware.calendar.itip.instances import excluded, overrides, sequence
from tests.unit.calendar.meetings import BOB, CARL, CHAIR, Room, answers, meeting, part

DAILY = ("DURATION:PT1H", "SUMMARY:Standup", "RRULE:FREQ=DAILY;COUNT=5")


def room(*parts: str) -> Room:
    found = Room()
    found.put(meeting(*parts))
    return found


def test_who_is_invited_gets_a_copy_and_the_organizer_no_message() -> None:
    found = room()
    assert sorted(found.sent) == [("REQUEST", BOB), ("REQUEST", CARL)]
    assert b"SUMMARY:Meeting" in found.copies[BOB].octets and CHAIR not in found.copies


def test_copies_have_neither_method_nor_alarms_nor_what_is_between_client_and_server() -> None:
    alarm = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\nDESCRIPTION:x\r\nEND:VALARM"
    line = f"ATTENDEE;SCHEDULE-STATUS=1.2;SCHEDULE-FORCE-SEND=REQUEST:mailto:{BOB}"
    octets = room(part("DURATION:PT1H", alarm, who=(line,))).copies[BOB].octets
    assert b"SCHEDULE-" not in octets and b"VALARM" not in octets and b"METHOD" not in octets


def test_others_know_people_by_their_mail_addresses() -> None:
    octets = room(part("DURATION:PT1H", who=(f"ATTENDEE:/dav/principals/{BOB}/", CARL))).copies[CARL].octets
    assert f"ATTENDEE:mailto:{BOB}\r\n".encode() in octets and b"principals" not in octets


def test_an_attendee_whom_the_client_tells_itself_is_told_nothing() -> None:
    assert room(part("DURATION:PT1H", who=(f"ATTENDEE;SCHEDULE-AGENT=CLIENT:mailto:{BOB}", CARL))).sent == [
        ("REQUEST", CARL)
    ]


def test_what_does_not_matter_is_told_to_nobody() -> None:
    found = room()
    found.sent.clear()
    found.put(meeting(part("DURATION:PT1H", "SUMMARY:Meeting", "X-COLOUR:red", "TRANSP:TRANSPARENT")))
    assert found.sent == []


def test_force_send_tells_what_would_not_have_been_told() -> None:
    found = room()
    found.sent.clear()
    line = f"ATTENDEE;RSVP=TRUE;SCHEDULE-FORCE-SEND=REQUEST:mailto:{BOB}"
    found.put(meeting(part("DURATION:PT1H", "SUMMARY:Meeting", who=(line, CARL))))
    assert found.sent == [("REQUEST", BOB)]


def test_another_time_asks_everybody_anew_under_a_higher_sequence() -> None:
    found = room()
    found.says(BOB, "ACCEPTED")
    moved = part("DURATION:PT1H", "SUMMARY:Meeting", start="DTSTART:20261201T110000Z", who=())
    moved = moved.replace("END:VEVENT", f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{BOB}\r\nEND:VEVENT")
    found.put(meeting(moved))
    assert found.own is not None
    assert sequence(found.own.shown) == 1 and answers(found.own)[None, BOB] == "NEEDS-ACTION"
    assert answers(found.copies[BOB])[None, BOB] == "NEEDS-ACTION" and answers(found.own)[None, CHAIR] == "ACCEPTED"


def test_another_title_keeps_the_answers() -> None:
    found = room()
    found.says(BOB, "ACCEPTED")
    assert found.own is not None
    octets = found.own.octets.replace(b"SUMMARY:Meeting", b"SUMMARY:Talk")
    from groupware.calendar.object import read_object

    found.put(read_object(octets))
    assert answers(found.copies[BOB])[None, BOB] == "ACCEPTED" and b"SUMMARY:Talk" in found.copies[BOB].octets


def test_who_is_taken_off_the_list_gets_a_cancellation() -> None:
    found = room()
    found.sent.clear()
    found.put(meeting(part("DURATION:PT1H", "SUMMARY:Meeting", who=(BOB,))))
    assert ("CANCEL", CARL) in found.sent and b"STATUS:CANCELLED" in found.copies[CARL].octets


def test_a_meeting_that_is_deleted_is_called_off() -> None:
    found = room()
    found.sent.clear()
    found.delete()
    assert sorted(found.sent) == [("CANCEL", BOB), ("CANCEL", CARL)]
    assert all(b"STATUS:CANCELLED" in each.octets and b"SEQUENCE:1" in each.octets for each in found.copies.values())


def test_an_occurrence_that_is_taken_out_is_called_off_alone() -> None:
    found = room(part(*DAILY))
    found.sent.clear()
    found.put(meeting(part(*DAILY, "EXDATE:20261203T100000Z")))
    assert sorted(found.sent) == [("CANCEL", BOB), ("CANCEL", CARL)]
    assert found.own is not None and excluded(found.copies[BOB]) == excluded(found.own) != frozenset()


def test_who_is_invited_to_one_occurrence_sees_that_one_only() -> None:
    third = part("RECURRENCE-ID:20261203T100000Z", "DURATION:PT1H", start="DTSTART:20261203T100000Z", who=(BOB, CARL))
    found = room(part(*DAILY, who=(BOB,)), third)
    assert found.copies[CARL].main is None and len(found.copies[CARL].overrides) == 1
    assert found.copies[BOB].main is not None and len(found.copies[BOB].overrides) == 1


def test_who_is_not_invited_to_one_occurrence_has_it_taken_out() -> None:
    third = part("RECURRENCE-ID:20261203T100000Z", "DURATION:PT1H", start="DTSTART:20261203T100000Z", who=(BOB,))
    found = room(part(*DAILY), third)
    assert len(excluded(found.copies[CARL])) == 1 and not overrides(found.copies[CARL])


def test_an_occurrence_at_another_time_asks_anew_for_that_one_alone() -> None:
    found = room(part(*DAILY))
    found.says(BOB, "ACCEPTED")
    assert found.own is not None
    third = part("RECURRENCE-ID:20261203T100000Z", "DURATION:PT1H", start="DTSTART:20261203T150000Z", who=())
    third = third.replace("END:VEVENT", f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{BOB}\r\nEND:VEVENT")
    whole = found.own.octets.decode()
    whole = whole[whole.index("BEGIN:VEVENT") : whole.index("END:VCALENDAR")]
    found.put(meeting(whole, third))
    said = answers(found.copies[BOB])
    assert said[None, BOB] == "ACCEPTED" and sorted(v for (k, who), v in said.items() if who == BOB) == [
        "ACCEPTED",
        "NEEDS-ACTION",
    ]
