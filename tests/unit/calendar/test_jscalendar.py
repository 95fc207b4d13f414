"""JSCalendar and iCalendar: each says what the other says, and there and back nothing is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groupware.calendar.jscalendar.lines import normal, split_dates
from groupware.calendar.jscalendar.objects import KINDS, beside, calendar_of, changed, components_of, object_of
from groupware.calendar.jscalendar.shape import EVENT, TASK, plain
from groupware.calendar.object import CalendarObject, read_object
from groupware.calendar.split import split
from groupware.model.content import Component, Line, serialized
from groupware.model.errors import Malformed
from groupware.model.patches import patched
from groupware.model.shape import Misshapen
from tests.support import corpus

Json = dict[str, Any]


def event(*lines: str, kind: str = "VEVENT") -> CalendarObject:
    text = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", f"BEGIN:{kind}", "UID:1", "DTSTAMP:20250101T000000Z"]
    return read_object("\r\n".join([*text, *lines, f"END:{kind}", "END:VCALENDAR", ""]).encode())


def said(parts: Any) -> Counter[Any]:
    """What components say, their alarms included."""
    found: Counter[Any] = Counter()
    for part in parts:
        found += Counter((part.name, normal(line)) for line in split_dates(part.lines))
        found["alarms"] += sum(each.name == "VALARM" for each in part.parts)
    return found


@cache
def objects() -> Sequence[tuple[str, CalendarObject]]:
    """Every event and task of the corpus that can be read."""
    found = []
    for path in sorted(corpus.path("ical").rglob("*")):
        try:
            pieces = list(split(path.read_bytes())) if path.is_file() else []
        except Malformed:
            continue
        for piece in pieces:
            if piece.read is not None and piece.read.kind in KINDS:
                found.append((path.name, piece.read))
    return found


def test_every_object_of_the_corpus_comes_back_as_it_was() -> None:
    assert len(objects()) >= 3500
    for name, read in objects():
        found = object_of(read)
        assert said([*components_of(found, read.zones).values(), *beside(found)]) == said(read.parts), name


def test_an_object_that_is_stored_as_it_is_keeps_every_line_where_it_was() -> None:
    for name, read in objects():
        assert changed(read, object_of(read)) == read.calendar, name


ORDINARY: Json = {"@type": "Event", "uid": "1", "updated": "2025-01-01T00:00:00Z"}
AT_TEN = "DTSTART;TZID=Europe/Berlin:20250303T100000"
TEN: Json = {**ORDINARY, "start": "2025-03-03T10:00:00", "timeZone": "Europe/Berlin"}
MAPPED: list[tuple[list[str], Json]] = [
    (["DTSTART:20250303T100000Z"], {**ORDINARY, "start": "2025-03-03T10:00:00", "timeZone": "Etc/UTC"}),
    (["DTSTART:20250303T100000"], {**ORDINARY, "start": "2025-03-03T10:00:00", "timeZone": None}),
    (
        ["DTSTART;VALUE=DATE:20250303", "DTEND;VALUE=DATE:20250306"],
        {**ORDINARY, "start": "2025-03-03T00:00:00", "timeZone": None, "showWithoutTime": True, "duration": "P3D"},
    ),
    ([AT_TEN, "DTEND;TZID=Europe/Berlin:20250303T113000"], {**TEN, "duration": "PT1H30M"}),
    ([AT_TEN, "DTEND;TZID=Europe/Berlin:20250304T100000"], {**TEN, "duration": "P1D"}),
    (
        [AT_TEN, "DURATION:PT60M"],
        {
            **TEN,
            "duration": "PT60M",
            "iCalendar": {
                "@type": "ICalComponent",
                "name": "vevent",
                "convertedProperties": {"duration": {"name": "duration", "parameters": {}}},
            },
        },
    ),
    (
        [
            AT_TEN,
            "RRULE:FREQ=WEEKLY;UNTIL=20250601T080000Z;BYDAY=MO,-1WE",
            "EXDATE;TZID=Europe/Berlin:20250310T100000",
            "RDATE;TZID=Europe/Berlin:20250311T100000",
        ],
        {
            **TEN,
            "recurrenceRules": [
                {
                    "@type": "RecurrenceRule",
                    "frequency": "weekly",
                    "until": "2025-06-01T10:00:00",
                    "byDay": [
                        {"@type": "NDay", "day": "mo"},
                        {"@type": "NDay", "day": "we", "nthOfPeriod": -1},
                    ],
                }
            ],
            "recurrenceOverrides": {"2025-03-10T10:00:00": {"excluded": True}, "2025-03-11T10:00:00": {}},
        },
    ),
    (
        [AT_TEN, "SUMMARY;LANGUAGE=de:A\\, b", "CLASS:CONFIDENTIAL", "TRANSP:TRANSPARENT", "STATUS:TENTATIVE"],
        {
            **TEN,
            "title": "A, b",
            "privacy": "secret",
            "freeBusyStatus": "free",
            "status": "tentative",
            "iCalendar": {
                "@type": "ICalComponent",
                "name": "vevent",
                "convertedProperties": {"title": {"name": "summary", "parameters": {"language": "de"}}},
            },
        },
    ),
    (
        [AT_TEN, "X-OWN;P=q:1\\;2", "SEQUENCE:3", "PRIORITY:1", "CATEGORIES:a,b"],
        {
            **TEN,
            "sequence": 3,
            "priority": 1,
            "keywords": {"a": True, "b": True},
            "iCalendar": {
                "@type": "ICalComponent",
                "name": "vevent",
                "properties": [["x-own", {"p": "q"}, "unknown", "1\\;2"]],
            },
        },
    ),
    (
        [AT_TEN, "BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER;RELATED=END:-PT5M", "END:VALARM"],
        {
            **TEN,
            "alerts": {
                "VALARM-1": {
                    "@type": "Alert",
                    "trigger": {"@type": "OffsetTrigger", "offset": "-PT5M", "relativeTo": "end"},
                    "action": "display",
                }
            },
        },
    ),
    (
        ["DTSTART:20250303T100000Z", "SUMMARY:a, b; c", "LOCATION:Room 1, Floor 2", "CATEGORIES:a; b,c"],
        {
            **ORDINARY,
            "start": "2025-03-03T10:00:00",
            "timeZone": "Etc/UTC",
            "title": "a, b; c",
            "locations": {"LOCATION-1": {"name": "Room 1, Floor 2"}},
            "keywords": {"a; b": True, "c": True},
        },
    ),
    (
        ["DTSTART:20250303T100000Z", "RRULE:FREQ=DAILY", "EXRULE:FREQ=WEEKLY;BYDAY=SU"],
        {
            **ORDINARY,
            "start": "2025-03-03T10:00:00",
            "timeZone": "Etc/UTC",
            "recurrenceRules": [{"@type": "RecurrenceRule", "frequency": "daily"}],
            "excludedRecurrenceRules": [
                {"@type": "RecurrenceRule", "frequency": "weekly", "byDay": [{"@type": "NDay", "day": "su"}]}
            ],
        },
    ),
    (
        ["DTSTART:20250303T100000Z", 'JSPROP;JSPTR=requestStatus:"2.0\\;Success"', 'JSPROP;JSPTR=sentBy:"a@x"'],
        {
            **ORDINARY,
            "start": "2025-03-03T10:00:00",
            "timeZone": "Etc/UTC",
            "requestStatus": "2.0;Success",
            "sentBy": "a@x",
        },
    ),
]


@pytest.mark.parametrize(("lines", "members"), MAPPED)
def test_an_event_says_in_both_what_it_says(lines: list[str], members: Json) -> None:
    read = event(*lines)
    assert object_of(read) == members
    assert said(components_of(object_of(read), read.zones).values()) == said(read.parts)


def test_the_people_of_a_meeting_are_its_participants() -> None:
    read = event(
        AT_TEN,
        "ORGANIZER;CN=Al:mailto:al@x",
        "ATTENDEE;CN=Al;PARTSTAT=ACCEPTED:mailto:al@x",
        'ATTENDEE;CUTYPE=ROOM;ROLE=OPT-PARTICIPANT;RSVP=TRUE;DELEGATED-FROM="mailto:c@x":mailto:bob@x',
    )
    found = object_of(read)
    al, bob = found["participants"].values()
    assert found["replyTo"] == {"imip": "mailto:al@x"}
    assert (al["name"], al["roles"], al["participationStatus"]) == ("Al", {"attendee": True, "owner": True}, "accepted")
    assert (bob["kind"], bob["roles"], bob["expectReply"]) == ("location", {"attendee": True, "optional": True}, True)
    assert said(components_of(found, read.zones).values()) == said(read.parts)


def test_a_task_says_in_both_what_it_says() -> None:
    read = event("DUE:20250303T100000Z", "STATUS:IN-PROCESS", "PERCENT-COMPLETE:40", "SUMMARY:Do", kind="VTODO")
    assert object_of(read) == {
        **ORDINARY,
        "@type": "Task",
        "due": "2025-03-03T10:00:00",
        "timeZone": "Etc/UTC",
        "progress": "in-process",
        "percentComplete": 40,
        "title": "Do",
    }


def with_override() -> CalendarObject:
    text = serialized([event(AT_TEN, "SUMMARY:A", "RRULE:FREQ=DAILY", "X-A:1").calendar]).decode()
    other = ["BEGIN:VEVENT", "UID:1", "DTSTAMP:20250101T000000Z", "RECURRENCE-ID;TZID=Europe/Berlin:20250304T100000"]
    other += ["DTSTART;TZID=Europe/Berlin:20250304T120000", "SUMMARY:B", "X-A:1", "END:VEVENT", "END:VCALENDAR"]
    return read_object(text.replace("END:VCALENDAR", "\r\n".join(other)).encode())


def test_who_organizes_a_meeting_is_among_its_participants() -> None:
    meeting = {"@type": "Event", "uid": "1", "start": "2025-03-03T10:00:00", "participants": {"b": {"email": "bob@x"}}}
    made = calendar_of(plain({**meeting, "replyTo": {"imip": "mailto:al@x"}})).parts[-1]
    assert [line.value for line in made.lines if line.name in ("ATTENDEE", "ORGANIZER")] == [
        "mailto:bob@x",
        "mailto:al@x",
    ]
    assert made.first("JSPROP") is None
    same = plain({**meeting, "replyTo": {"imip": "mailto:BOB@x"}})
    assert same["participants"]["b"]["roles"] == {"attendee": True, "owner": True}


def test_an_override_is_what_differs() -> None:
    found = object_of(with_override())
    assert found["recurrenceOverrides"] == {"2025-03-04T10:00:00": {"start": "2025-03-04T12:00:00", "title": "B"}}


def test_a_patch_changes_the_lines_that_it_is_about_and_no_others() -> None:
    read = with_override()
    patch = {"title": "C", "recurrenceOverrides/2025-03-04T10:00:00/title": "D", "priority": 2}
    old, new = serialized([read.calendar]), serialized([changed(read, patched(object_of(read), patch))])
    assert [line for line in new.split(b"\r\n") if line not in old.split(b"\r\n")] == [
        *(b"SUMMARY:C", b"PRIORITY:2", b"SUMMARY:D", b"PRIORITY:2")
    ]
    assert [line for line in old.split(b"\r\n") if line not in new.split(b"\r\n")] == [b"SUMMARY:A", b"SUMMARY:B"]


def test_an_occurrence_is_taken_out_and_changed_for_the_first_time() -> None:
    read = event(AT_TEN, "RRULE:FREQ=DAILY", "SUMMARY:A", "X-B:1")
    patch = {"recurrenceOverrides": {"2025-03-05T10:00:00": {"excluded": True}, "2025-03-06T10:00:00": {"title": "B"}}}
    made = read_object(serialized([changed(read, patched(object_of(read), patch))]))
    assert object_of(made)["recurrenceOverrides"] == patch["recurrenceOverrides"]
    assert made.overrides[0].text("X-B") == "1"


def test_control_characters_that_were_stored_stay() -> None:
    read = event(AT_TEN, "X-OWN;P=a\x0bb:c\x0cd", "SUMMARY:A")
    found = changed(read, patched(object_of(read), {"title": "B"}))
    assert b"X-OWN;P=a\x0bb:c\x0cd\r\nSUMMARY:B" in serialized([found])


def test_a_zone_that_is_named_comes_with_its_rules() -> None:
    made = calendar_of(plain({"@type": "Event", "uid": "1", "start": "2025-03-03T10:00:00", "timeZone": "Asia/Tokyo"}))
    assert [part.text("TZID") for part in made.named("VTIMEZONE")] == ["Asia/Tokyo"]


def test_a_name_of_a_zone_that_is_not_the_usual_one_stays() -> None:
    read = event(
        "DTSTART;TZID=W. Europe Standard Time:20250303T100000", "EXDATE;TZID=W. Europe Standard Time:20250304T100000"
    )
    found = object_of(read)
    assert found["timeZone"] == "Europe/Berlin"
    later = changed(read, patched(found, {"start": "2025-03-03T11:00:00"}))
    assert b"DTSTART;TZID=W. Europe Standard Time:20250303T110000" in serialized([later])
    moved = changed(read, patched(found, {"timeZone": "Asia/Tokyo"}))
    assert b"DTSTART;TZID=Asia/Tokyo:20250303T100000" in serialized([moved])


@pytest.mark.parametrize(
    ("wrong", "way"),
    [
        ({}, ""),
        ({"uid": "1", "start": "2025-03-03"}, "start"),
        ({"uid": "1", "start": "2025-03-03T10:00:00", "timeZone": "Mars/Base"}, "timeZone"),
        ({"uid": "1", "start": "2025-03-03T10:00:00", "duration": "-PT1H"}, "duration"),
        (
            {"uid": "1", "start": "2025-03-03T10:00:00", "recurrenceRules": [{"frequency": "often"}]},
            "recurrenceRules/0/frequency",
        ),
        ({"uid": "1", "start": "2025-03-03T10:00:00", "odd": 1}, "odd"),
        ({"uid": "1", "start": "2025-03-03T10:00:00", "alerts": {"a": {}}}, "alerts/a"),
        (
            {"uid": "1", "start": "2025-03-03T10:00:00", "iCalendar": {"components": ["BEGIN:X"]}},
            "iCalendar/components/0",
        ),
    ],
)
def test_an_event_of_another_shape_is_refused_with_the_place(wrong: Json, way: str) -> None:
    with pytest.raises(Misshapen) as caught:
        EVENT(wrong)
    assert caught.value.way == way


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12).filter(str.strip)
KEYS = st.text("abcXYZ019_-", min_size=1, max_size=6) | st.sampled_from(["LOCATION-1", "URL-1", "VALARM-1", "VALARM-2"])
LOCALS = st.builds(lambda d, h: f"2025-03-{d:02}T{h:02}:00:00", st.integers(1, 28), st.integers(0, 23))
LENGTHS = st.sampled_from(["PT1H", "PT0S", "P1D", "P2D", "PT26H", "P1DT2H", "PT90M", "P1W"])


def many(one: Any) -> Any:
    return st.dictionaries(KEYS, one, min_size=1, max_size=3)


PERSON = st.fixed_dictionaries(
    {"sendTo": st.builds(lambda name: {"imip": f"mailto:{name}@x"}, st.text("abc", min_size=1, max_size=2))},
    optional={
        "name": TEXT,
        "roles": st.sampled_from(
            [{"attendee": True}, {"owner": True, "attendee": True}, {"informational": True}, {"chair": True}]
        ),
        "participationStatus": st.sampled_from(["accepted", "needs-action", "x-odd"]),
        "expectReply": st.booleans(),
        "kind": st.sampled_from(["individual", "location", "robot"]),
    },
)
RULES = st.fixed_dictionaries(
    {"frequency": st.sampled_from(["daily", "weekly", "monthly"])},
    optional={
        "interval": st.integers(1, 9),
        "count": st.integers(1, 9),
        "byDay": st.lists(st.fixed_dictionaries({"day": st.sampled_from(["mo", "su"])}), min_size=1, max_size=2),
        "byMonth": st.just(["1", "12"]),
        "firstDayOfWeek": st.sampled_from(["mo", "su"]),
    },
)
MEMBERS: dict[str, Any] = {
    "title": TEXT,
    "description": TEXT,
    "timeZone": st.sampled_from(["Europe/Berlin", "Etc/UTC", "America/New_York"]),
    "showWithoutTime": st.just(False),
    "duration": LENGTHS,
    "status": st.sampled_from(["confirmed", "tentative"]),
    "locations": many(st.fixed_dictionaries({"name": TEXT}, optional={"description": TEXT})),
    "links": many(
        st.fixed_dictionaries({"href": TEXT}, optional={"rel": st.sampled_from(["enclosure", "x"]), "title": TEXT})
    ),
    "participants": many(PERSON),
    "alerts": many(st.just({"trigger": {"offset": "-PT5M"}}) | st.just({"trigger": {"when": "2025-01-01T00:00:00Z"}})),
    "keywords": st.dictionaries(TEXT, st.just(True), min_size=1, max_size=3),
    "recurrenceRules": st.lists(RULES, min_size=1, max_size=2),
    "recurrenceOverrides": st.dictionaries(
        LOCALS, st.sampled_from([{"excluded": True}, {}, {"title": "other"}]), min_size=1, max_size=3
    ),
    "relatedTo": st.dictionaries(TEXT, st.just({"relation": {"parent": True}}), min_size=1, max_size=2),
    "example.com:x": st.recursive(
        TEXT | st.integers() | st.booleans(), lambda x: st.lists(x, min_size=1), max_leaves=4
    ),
}


@settings(max_examples=300, deadline=None)
@given(st.fixed_dictionaries({"@type": st.just("Event"), "uid": TEXT, "start": LOCALS}, optional=MEMBERS))
def test_every_event_comes_back_from_icalendar_as_it_was(told: Json) -> None:
    EVENT(told)
    wanted = plain(told)
    assert object_of(read_object(serialized([calendar_of(wanted)]))) == wanted


NAMES = [
    "SUMMARY",
    "DTEND",
    "DURATION",
    "LOCATION",
    "ATTENDEE",
    "ORGANIZER",
    "RRULE",
    "EXDATE",
    "JSPROP",
    "CATEGORIES",
    "STATUS",
    "URL",
    "X-Y",
    "RELATED-TO",
]
PARAMS = st.dictionaries(
    st.sampled_from(["TZID", "VALUE", "CN", "ROLE", "PARTSTAT", "JSID", "JSPTR", "LANGUAGE", "RSVP", "X-OVER"]),
    st.lists(TEXT | st.sampled_from(["UTC", "DATE", "TRUE", "title", "LOCATION-1"]), min_size=1, max_size=2).map(tuple),
    max_size=3,
)
VALUES = TEXT | st.sampled_from(
    ["20250303T110000Z", "20250304", "PT1H", "FREQ=DAILY", "mailto:a@x", "null", "{}", "CONFIRMED"]
)
LINES = st.builds(Line, st.sampled_from(NAMES), PARAMS, VALUES, st.just(0), st.just(""))


@settings(max_examples=600, deadline=None)
@given(st.lists(LINES, max_size=7))
def test_whatever_an_event_holds_comes_back_from_jscalendar(lines: list[Line]) -> None:
    head = [Line("UID", {}, "1", 0), Line("DTSTART", {}, "20250303T100000Z", 0)]
    try:
        read = read_object(serialized([Component("VCALENDAR", 0, [], [Component("VEVENT", 0, [*head, *lines])])]))
    except Malformed:
        return
    found = object_of(read)
    lost = said(read.parts) - said(components_of(found, read.zones).values())
    assert all(each[1][1] == "JSPROP" for each in lost)
    assert changed(read, found) == read.calendar


def test_a_task_of_another_shape_is_refused() -> None:
    with pytest.raises(Misshapen):
        TASK({"uid": "1", "progress": "odd"})
