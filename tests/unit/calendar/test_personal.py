"""What of an object is one's own is taken out and put in; all other octets stay as they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupware.calendar.object import read_object
from groupware.calendar.personal import MOST, alike, merged, own_of, withheld
from groupware.model.content import Component, parse
from groupware.model.errors import Refused

ALARM = ("BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT{}M", "X-APPLE-DEFAULT-ALARM:TRUE", "END:VALARM")


def alarm(minutes: int) -> list[str]:
    return [line.format(minutes) for line in ALARM]


def part(*lines: str, key: str = "", kind: str = "VEVENT") -> list[str]:
    which = [f"RECURRENCE-ID{key}"] if key else ["RRULE:FREQ=DAILY;COUNT=9"]
    start = key or ":20261201T100000Z"
    return [f"BEGIN:{kind}", "UID:1", f"DTSTART{start}", *which, "SUMMARY:A long", "  title", *lines, f"END:{kind}"]


def calendar(*parts: list[str], ending: str = "\r\n") -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", *(line for each in parts for line in each), "END:VCALENDAR", ""]
    return ending.join(lines).encode()


BERLIN = ";TZID=Europe/Berlin:20261202T110000"
UTC = ":20261203T100000Z"


def triggers(octets: bytes) -> list[list[str]]:
    """The alarms of each component."""
    parts = [each for each in parse(octets)[0].parts if each.name != "VTIMEZONE"]
    return [[each.text("TRIGGER") for each in part.named("VALARM")] for part in parts]


def test_alarms_are_put_where_they_belong() -> None:
    mine = own_of(calendar(part(*alarm(5), "X-MOZ-LASTACK:20261130T100000Z"), part(*alarm(7), key=BERLIN)))
    theirs = calendar(part(*alarm(90)), part(key=BERLIN), part(*alarm(91), key=UTC))
    seen = merged(theirs, mine)
    assert triggers(seen) == [["-PT5M"], ["-PT7M"], ["-PT5M"]]
    assert b"X-MOZ-LASTACK:20261130T100000Z" in seen
    assert read_object(seen).uid == "1"


def test_an_occurrence_without_alarms_has_none_when_the_whole_has() -> None:
    mine = own_of(calendar(part(*alarm(5)), part(key=UTC)))
    assert triggers(merged(calendar(part(), part(key=UTC)), mine)) == [["-PT5M"], []]


@pytest.mark.parametrize("ending", ["\r\n", "\n"])
def test_what_is_not_ones_own_keeps_its_octets(ending: str) -> None:
    plain = calendar(part("DESCRIPTION:folded", " here"), part(key=UTC), ending=ending)
    full = calendar(part("DESCRIPTION:folded", " here", *alarm(5)), part(key=UTC), ending=ending)
    assert merged(full, b"") == plain
    assert merged(plain, b"") == plain
    assert triggers(merged(plain, own_of(full))) == [["-PT5M"], []]
    assert merged(merged(plain, own_of(full)), b"") == plain


@pytest.mark.parametrize(
    "lines",
    [
        ["begin:valarm", "TRIGGER:-PT1M", "end:VAlarm"],
        ["BEGIN:VAL", " ARM", "TRIGGER:-PT1M", "END:VALARM"],
        ['BEGIN;X=":":VALARM', "TRIGGER:-PT1M", "END:VALARM"],
        ["g.BEGIN:VALARM", "TRIGGER:-PT1M", "g.END:VALARM"],
        ["X-MOZ-SNOOZE-TIME-1:20261130T100000Z"],
        ["X-Moz-", " Lastack;VALUE=DATE-TIME:20261130T100000Z"],
    ],
)
def test_alarms_are_known_however_they_are_written(lines: list[str]) -> None:
    assert merged(calendar(part(*lines)), b"") == calendar(part())


def test_the_alarms_of_other_components_are_left_alone() -> None:
    zone = ["BEGIN:VTIMEZONE", "TZID:X", "X-MOZ-LASTACK:1", "BEGIN:STANDARD", "END:STANDARD", "END:VTIMEZONE"]
    octets = calendar(zone, part())
    assert merged(octets, b"") == octets


def test_an_object_without_alarms_has_nothing_of_ones_own() -> None:
    assert own_of(calendar(part(), part(key=UTC))) == b""


def test_more_alarms_than_are_kept_are_refused() -> None:
    with pytest.raises(Refused, match="kept at most"):
        own_of(calendar(part(*(line for number in range(MOST // 50) for line in alarm(number)))))


def test_what_programs_write_anew_is_no_change() -> None:
    before = calendar(part("DTSTAMP:20260101T000000Z", 'LOCATION;LANGUAGE=en;ALTREP="cid:x":Here'))
    after = calendar(part(*alarm(3), 'LOCATION;ALTREP="cid:x";LANGUAGE=en:Here', "DTSTAMP:20260202T000000Z"))
    assert alike(before, after)
    assert not alike(before, after.replace(b"Here", b"There"))


def test_roughly_alike_is_what_differs_in_what_programs_note_for_themselves() -> None:
    before, after = calendar(part("X-A:1", "SEQUENCE:1")), calendar(part("X-B:2", "SEQUENCE:2"))
    assert not alike(before, after)
    assert alike(before, after, roughly=True)
    assert not alike(before, after.replace(b"COUNT=9", b"COUNT=8"), roughly=True)


def test_an_occurrence_more_is_a_change() -> None:
    assert not alike(calendar(part()), calendar(part(), part(key=UTC)), roughly=True)


_TEXT = st.text(alphabet=st.sampled_from('ab \t,;:\\é"VALRM'), max_size=90)
_LINE = st.sampled_from(["COMMENT", "X-THING", "DESCRIPTION"]).flatmap(
    lambda name: _TEXT.map(lambda text: f"{name}:{text}")
)


def _without_alarms(each: Component) -> Component:
    parts = [_without_alarms(inner) for inner in each.parts if inner.name != "VALARM"]
    lines = [(line.name, dict(line.params), line.value) for line in each.lines]
    return Component(each.name, 0, lines, parts)  # type: ignore[arg-type]


@given(st.lists(st.lists(st.one_of(_LINE.map(lambda line: [line]), st.integers(0, 99).map(alarm)))), st.booleans())
def test_nothing_but_alarms_is_ever_changed(parts: list[list[list[str]]], other: bool) -> None:
    def built(keep: bool) -> bytes:
        found = []
        for number, pieces in enumerate(parts):
            lines = [line for piece in pieces if keep or piece[0] != "BEGIN:VALARM" for line in piece]
            found.append(part(*lines, key=f":2026120{number % 9 + 1}T1{number % 10}0000Z" if number else ""))
        return calendar(*found)

    full, plain = built(True), built(False)
    assert merged(full, b"") == plain
    assert triggers(merged(plain, own_of(full))) == triggers(full)
    again = merged(full if other else plain, own_of(full))
    assert list(map(_without_alarms, parse(again))) == list(map(_without_alarms, parse(plain)))


LINES = st.sampled_from(
    ["SUMMARY:x", *ALARM, "BEGIN:VEVENT", "END:VEVENT", "X-MOZ-LASTACK:1", " folded", "", "a.BEGIN:VALARM", "DUE:1"]
)


def test_what_is_withheld_leaves_every_other_octet_where_it_is() -> None:
    for ending in ("\r\n", "\n"):
        full = calendar(part(*alarm(5), "X-MOZ-LASTACK:1"), part(*alarm(7), key=UTC), ending=ending)
        told = withheld(full)
        assert triggers(told) == [[], []]
        assert (len(told), told.count(b"\n")) == (len(full), full.count(b"\n"))
        parts = parse(told)[0].parts
        shown = [[line.name for line in each.lines if line.name != "X-WITHHELD"] for each in parts]
        assert shown == [[line.name for line in each.lines] for each in parse(merged(full, b""))[0].parts]
        assert own_of(told) == b""
        assert told.index(b"END:VCALENDAR") == full.index(b"END:VCALENDAR")
    assert withheld(calendar(part())) == calendar(part())


@given(st.lists(LINES, max_size=12), st.sampled_from(["\r\n", "\n"]), st.binary(max_size=20))
def test_whatever_it_is_no_octet_moves(lines: list[str], ending: str, rest: bytes) -> None:
    octets = calendar(["BEGIN:VEVENT", *lines, "END:VEVENT"], ending=ending) + rest
    told = withheld(octets)
    assert len(told) == len(octets)
    assert [len(line) for line in told.split(b"\n")] == [len(line) for line in octets.split(b"\n")]
