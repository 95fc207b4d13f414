"""Real calendars, as somebody else sees them: their octets without alarms, and their outlines."""

from __future__ import annotations

import re

import pytest

from groupware.calendar.index import occurrences
from groupware.calendar.object import CalendarObject, read_object
from groupware.calendar.outline import outline
from groupware.calendar.personal import alike, merged, own_of
from groupware.model.content import parse
from groupware.model.errors import Malformed
from tests.support import corpus


def objects() -> list[CalendarObject]:
    """Those files that are one object each."""
    found = []
    for path in sorted(corpus.path("ical").rglob("*.ics")):
        try:
            found.append(read_object(path.read_bytes()))
        except Malformed:
            continue
    return found


@pytest.fixture(scope="module")
def all_objects() -> list[CalendarObject]:
    found = objects()
    assert len(found) > 130
    return found


def test_nothing_but_alarms_goes_and_they_come_back(all_objects: list[CalendarObject]) -> None:
    with_alarms = 0
    for read in all_objects:
        without = merged(read.octets, b"")
        assert not any(part.named("VALARM") for part in parse(without)[0].parts)
        assert alike(read.octets, without)
        own = own_of(read.octets)
        with_alarms += bool(own)
        again = merged(without, own)
        for part, was in zip(parse(again)[0].parts, read.calendar.parts, strict=True):
            assert [each.text("TRIGGER") for each in part.named("VALARM")] == [
                each.text("TRIGGER") for each in was.named("VALARM")
            ]
        removed = re.sub(rb"(?is)^BEGIN:VALARM\r?\n.*?^END:VALARM\r?\n", b"", read.octets, flags=re.MULTILINE)
        if b"X-MOZ" not in read.octets:
            assert without == removed.removeprefix(b"\xef\xbb\xbf")
    assert with_alarms > 20


def test_an_outline_takes_place_when_the_whole_does(all_objects: list[CalendarObject]) -> None:
    for read in all_objects:
        told = read_object(outline(read.octets))
        assert (told.uid, told.kind) == (read.uid, read.kind)
        spans = [
            [(each.start, each.end, each.key) for each in occurrences(one, 0, 2**31)][:200] for one in (read, told)
        ]
        assert spans[0] == spans[1]
        for part in told.parts:
            names = {line.name for line in part.lines}
            assert not names & {"DESCRIPTION", "LOCATION", "ATTENDEE", "ORGANIZER", "ATTACH", "COMMENT", "URL"}


def test_an_outline_of_an_outline_is_the_same(all_objects: list[CalendarObject]) -> None:
    for read in all_objects:
        told = outline(read.octets)
        assert outline(told) == told
        assert own_of(told) == b""
