"""A file taken apart where it lies gives the objects that it gives in memory."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st

from groupware.calendar.split import split
from groupware.calendar.split_file import split_file
from groupware.contacts.split_file import split_file as split_cards
from groupware.model.errors import Malformed
from groupware.model.stretches import stretches
from tests.support import corpus

WORDS = st.sampled_from(
    ["BEGIN:VCALENDAR", "END:VCALENDAR", "BEGIN:VEVENT", "END:VEVENT", "UID:a", " folded", "TZID:z", "BEGIN:VTIMEZONE"]
)


def test_real_calendars_give_the_same_objects() -> None:
    count = 0
    for path in sorted((corpus.path("ical") / "recurring-ical-events").glob("*.ics")):
        octets = path.read_bytes()
        try:
            expected = [(each.uid, each.read is not None) for each in split(octets)]
        except Malformed:
            continue
        assert sorted((each.uid, each.read is not None) for each in split_file(io.BytesIO(octets))) == sorted(expected)
        count += len(expected)
    assert count > 100


@given(st.lists(WORDS | st.text(max_size=20), max_size=30))
def test_whatever_comes_is_taken_apart_or_refused(lines: list[str]) -> None:
    octets = "\r\n".join(lines).encode("utf-8", "surrogatepass")
    for apart in (split_file, split_cards):
        try:
            for piece in apart(io.BytesIO(octets)):
                assert (piece.read is None) is bool(piece.refused)
        except Malformed as error:
            assert "line" in str(error)


def test_a_uid_that_is_folded_is_read_whole() -> None:
    octets = b"BEGIN:VCARD\r\nUID:ab\r\n cd\r\nEND:VCARD\r\n"
    assert [each.key for each in stretches(io.BytesIO(octets), 1)] == [b"abcd"]
