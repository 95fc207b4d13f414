"""A file taken apart where it lies gives the objects that it gives in memory."""

from __future__ import annotations

import io

import pytest
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


def _pieces(*lines: str) -> list[tuple[str, str]]:
    """The UID of each piece of a calendar file, and why it is refused."""
    text = "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", *lines, "END:VCALENDAR", ""])
    return [(each.uid, each.refused) for each in split_file(io.BytesIO(text.encode()))]


def _event(uid: str, *lines: str, end: str = "END:VEVENT") -> list[str]:
    head = ["BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20260101T000000Z", "DTSTART:20260101T000000Z"]
    return [*head, *lines, *([end] if end else [])]


@pytest.mark.parametrize(
    "wrong",
    [
        _event("b", "BEGIN:VALARM", "TRIGGER:-PT5M"),
        _event("b", "END:VALARM"),
        _event("b", end=""),
        _event("b", "BEGIN:VALARM", end=""),
        _event("b", end="END:VEVNET"),
    ],
)
def test_a_component_that_is_not_ended_as_it_should_costs_itself_alone(wrong: list[str]) -> None:
    for lines in ([*_event("a"), *wrong, *_event("c")], [*_event("a"), *_event("c"), *wrong]):
        found = dict(_pieces(*lines))
        assert found.keys() == {"a", "b", "c"}
        assert (found["a"], found["c"]) == ("", "") and found["b"], found


def test_an_end_of_nothing_between_components_is_none() -> None:
    assert _pieces(*_event("a"), "END:VEVENT", *_event("b")) == [("a", ""), ("b", "")]
