"""What a DAV client may send: paths, XML, filters and shapes. Nothing but its own refusals comes out."""

from __future__ import annotations

from datetime import UTC

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from connectors.dav import filters, xml
from connectors.dav.cards import Converted, version_accepted
from connectors.dav.errors import DavError
from connectors.dav.expand import lens_of
from connectors.dav.paths import place
from connectors.dav.resources import note_name
from groupware.calendar import facts
from groupware.calendar.object import read_object
from groupware.model.annotation import check_entry
from groupware.model.errors import NotFound, Refused
from tests.support.davstand import HEAD, event

OBJECTS = [
    read_object(each.encode())
    for each in (
        event("1", end="20261201T110000Z"),
        event("2", "20261201T100000Z", "RRULE:FREQ=DAILY", "BEGIN:VALARM", "TRIGGER:-PT5M", "END:VALARM"),
        event("3", "20261201").replace("DTSTART:", "DTSTART;VALUE=DATE:"),
    )
]
TIMES = st.sampled_from(
    ["20261201T000000Z", "20261202T000000Z", "20261201", "00010101T000000Z", "99991231T235959Z", ""]
)
NAMES = st.sampled_from(["VCALENDAR", "VEVENT", "VTODO", "VALARM", "SUMMARY", "DTSTART", "X", "", "PARTSTAT"])


def tree(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """One element of a filter around others."""
    kinds = st.sampled_from(
        ["comp-filter", "prop-filter", "param-filter", "expand", "comp", "prop", "limit-recurrence-set"]
    )
    return st.builds(
        lambda kind, name, inside: f'<C:{kind} name="{name}">{"".join(inside)}</C:{kind}>',
        kinds,
        NAMES,
        st.lists(inner, max_size=3),
    )


LEAVES = st.one_of(
    st.builds(lambda a, b: f'<C:time-range start="{a}" end="{b}"/>', TIMES, TIMES),
    st.builds(lambda a, b: f'<C:expand start="{a}" end="{b}"/>', TIMES, TIMES),
    st.builds(
        lambda text, how: f'<C:text-match collation="{how}">{xml.escape(text)}</C:text-match>',
        st.text(max_size=6),
        st.sampled_from(["i;octet", "i;ascii-casemap", "i;unicode-casemap", "x", ""]),
    ),
    st.just("<C:is-not-defined/>"),
    st.just("<C:allprop/>"),
)
PIECES = st.recursive(LEAVES, tree, max_leaves=8)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=4))
def test_any_filter_decides_or_is_refused(pieces: list[str]) -> None:
    inside = f'<C:comp-filter name="VCALENDAR">{"".join(pieces)}</C:comp-filter>'
    try:
        root = xml.read(f"<C:filter{HEAD}>{inside}</C:filter>".encode())
        assert root is not None
        comp = filters.calendar_filter(root)
    except DavError as error:
        assert 400 <= error.status < 500
        return
    assert all(filters.admits(comp, each, UTC) in (True, False) for each in OBJECTS)


TASK = event("4", "20261201T090000Z", "DUE:20261202T090000Z", "STATUS:COMPLETED", "CATEGORIES:A\\, b,c").replace(
    "VEVENT", "VTODO"
)
MEETING = event(
    "5",
    "20261201T100000Z",
    "RRULE:FREQ=DAILY;COUNT=3",
    "STATUS:TENTATIVE",
    'ATTENDEE;PARTSTAT=ACCEPTED;CN="B\u017f":mailto:bob@example.test',
    "BEGIN:VALARM",
    "ACTION:DISPLAY",
    "TRIGGER:-PT5M",
    "END:VALARM",
)
MOVED = "BEGIN:VEVENT\r\nUID:5\r\nRECURRENCE-ID:20261202T100000Z\r\nDTSTART:20261203T100000Z\r\nEND:VEVENT\r\n"
MEETING = MEETING.replace("END:VCALENDAR", MOVED + "END:VCALENDAR")
KEPT = [*OBJECTS, *(read_object(each.encode()) for each in (TASK, MEETING))]
WORDS = st.sampled_from(["a, b", "b", "S", "s", "accepted", "bob@", "COMPLETED", "T", "display", "-PT5M", "\\", '"'])
TESTS = st.one_of(
    LEAVES,
    st.builds(
        lambda how, more, text: f'<C:text-match collation="{how}"{more}>{xml.escape(text)}</C:text-match>',
        st.sampled_from(["i;octet", "i;ascii-casemap", "i;unicode-casemap"]),
        st.sampled_from(["", ' negate-condition="yes"']),
        WORDS,
    ),
)


def element(kind: str, names: list[str], *inner: st.SearchStrategy[str], most: int = 2) -> st.SearchStrategy[str]:
    return st.builds(
        lambda name, inside: f'<C:{kind} name="{name}">{"".join(inside)}</C:{kind}>',
        st.sampled_from(names),
        st.lists(st.one_of(*inner), max_size=most),
    )


PARAMS = element("param-filter", ["PARTSTAT", "CN", "TZID"], TESTS)
PROPS = element(
    "prop-filter", ["ATTENDEE", "STATUS", "DUE", "DTSTART", "CATEGORIES", "SUMMARY", "COMPLETED", "UID"], TESTS, PARAMS
)
OF_ALARMS = element("comp-filter", ["VALARM"], element("prop-filter", ["ACTION", "TRIGGER"], TESTS), LEAVES)
ASKED = element("comp-filter", ["VEVENT", "VTODO", "VJOURNAL"], PROPS, OF_ALARMS, LEAVES, most=3)


@settings(max_examples=500, deadline=None)
@given(st.lists(ASKED, max_size=2))
def test_what_is_kept_beside_an_object_decides_as_its_octets_do(pieces: list[str]) -> None:
    inside = f'<C:comp-filter name="VCALENDAR">{"".join(pieces)}</C:comp-filter>'
    try:
        comp = filters.calendar_filter(etree.fromstring(f"<C:filter{HEAD}>{inside}</C:filter>"))
    except DavError:
        return
    assert filters.is_kept(comp)
    for each in KEPT:
        said = facts.facts_of(each)
        decided = filters.admits(comp, facts.read_facts(said, timed=filters.asks_times(comp)), UTC)
        assert decided is filters.admits(comp, each, UTC)
        assert filters.may_have(said, filters.words(comp)) or not decided


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=4))
def test_any_shape_tells_an_object_or_is_refused(pieces: list[str]) -> None:
    inside = f"<D:prop><C:calendar-data>{''.join(pieces)}</C:calendar-data></D:prop>"
    try:
        root = xml.read(f"<C:calendar-query{HEAD}>{inside}</C:calendar-query>".encode())
        assert root is not None
        lens = lens_of(root, Converted())
        assert all(lens(each.octets).startswith(b"BEGIN:VCALENDAR") for each in OBJECTS)
    except DavError as error:
        assert 400 <= error.status < 500


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=40) | st.binary(max_size=40).map(lambda octets: "".join(f"%{each:02x}" for each in octets)))
def test_any_path_is_a_place_or_nothing(text: str) -> None:
    try:
        found = place(f"/dav/calendars/{text}")
    except NotFound:
        return
    assert place(found.href) == found
    assert ".." not in (found.user, found.segment, found.name)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=80))
def test_any_body_is_xml_or_refused(octets: bytes) -> None:
    try:
        root = xml.read(octets)
    except DavError as error:
        assert error.status == 400
        return
    assert root is None or etree.tostring(root)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60), st.text(max_size=60))
def test_any_property_has_an_annotation_or_is_refused(space: str, local: str) -> None:
    name = note_name(f"{{{space}}}{local}", shared=True)
    try:
        assert check_entry(name) == name
    except Refused as error:
        assert "entry" in str(error)


@settings(max_examples=300, deadline=None)
@given(
    st.text(st.sampled_from("text/vcard;version=34.0,q*\"' \t-éx"), max_size=80)
    | st.lists(st.sampled_from(["text/vcard", ";version=3.0", ";version=4.0", ";version=9", ";q=0", ",", "*/*"])).map(
        "".join
    )
)
def test_any_accept_names_a_version_that_there_is_or_none(accept: str) -> None:
    try:
        version = version_accepted(accept)
    except DavError as error:
        assert error.status == 406
        return
    assert version in ("", "3.0", "4.0")
