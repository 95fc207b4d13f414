"""Many calendar objects as one file: nothing lost, no time zone twice, and each part's octets as they were."""

from __future__ import annotations

import pytest

from groupware.calendar.joined import END, Joined, parts
from groupware.calendar.split import split
from groupware.contacts.joined import joined
from groupware.model.content import parse
from tests.support import corpus
from tests.support.davstand import card, event

ZONE = "BEGIN:VTIMEZONE\r\nTZID:Here\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\n"
ZONE += "TZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"


def with_zone(uid: str) -> bytes:
    return event(uid, "20261201T100000Z").replace("BEGIN:VEVENT", ZONE + "BEGIN:VEVENT").encode()


def test_a_time_zone_is_there_once_and_every_event() -> None:
    file = Joined()
    octets = file.begin("Work") + file.add(with_zone("1")) + file.add(with_zone("2")) + END
    calendar = parse(octets)[0]
    assert [part.name for part in calendar.parts] == ["VTIMEZONE", "VEVENT", "VEVENT"]
    assert [piece.uid for piece in split(octets)] == ["1", "2"]


def test_a_part_keeps_its_octets() -> None:
    given = event("1", "20261201T100000Z", "DESCRIPTION:folded", " here", "BEGIN:VALARM", "END:VALARM").encode()
    inside = given[given.index(b"BEGIN:VEVENT") : given.index(b"END:VCALENDAR")]
    assert Joined().add(given) == inside


def test_bare_line_feeds_become_line_ends() -> None:
    given = event("1").encode()
    assert Joined().add(given.replace(b"\r\n", b"\n")) == Joined().add(given)


def test_a_folded_line_that_says_begin_is_no_begin() -> None:
    given = event("1", "20261201T100000Z", "DESCRIPTION:x", " BEGIN:VEVENT").encode()
    assert len(list(parts(given))) == 1


@pytest.mark.parametrize("name", ["", "Work", "Zoë's, plans; all", "ä" * 200])
def test_a_name_of_any_kind_leaves_a_file_that_is_read(name: str) -> None:
    octets = Joined().begin(name) + END
    assert all(len(line) <= 75 for line in octets.split(b"\r\n"))
    assert parse(octets)[0].text("NAME") == name


def test_real_calendars_come_back_with_all_their_parts() -> None:
    count = 0
    for path in sorted((corpus.path("ical") / "recurring-ical-events").glob("*.ics")):
        octets = path.read_bytes()
        try:
            pieces = [piece.read.octets for piece in split(octets) if piece.read is not None]
        except Exception:  # files that are meant to be wrong are others' matter
            continue
        file = Joined()
        whole = file.begin("") + b"".join(map(file.add, pieces)) + END
        again = [piece.read.octets for piece in split(whole) if piece.read is not None]
        assert len(again) == len(pieces), path
        count += len(again)
    assert count > 100


def test_cards_stand_one_behind_another() -> None:
    both = joined(card("1").encode().rstrip()) + joined(b"\xef\xbb\xbf" + card("2").replace("\r\n", "\n").encode())
    assert [part.text("UID") for part in parse(both)] == ["1", "2"]
