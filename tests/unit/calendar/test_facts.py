"""What is kept beside calendar objects for filters: the same answers as their octets give."""

from __future__ import annotations

from datetime import UTC

from lxml import etree

from connectors.dav import filters
from connectors.dav.filters import Comp
from groupware.calendar.facts import LONGEST, facts_of, read_facts
from groupware.calendar.object import CalendarObject, read_object
from groupware.model.errors import Malformed
from tests.support import corpus
from tests.support.davstand import HEAD, event

_TIME = '<C:time-range start="{}0101T000000Z" end="{}0101T000000Z"/>'
_YEARS = _TIME.format(2004, 2027)
_ASKED = (
    '<C:prop-filter name="ATTENDEE"><C:text-match>mailto:</C:text-match></C:prop-filter>',
    '<C:prop-filter name="ATTENDEE"><C:param-filter name="PARTSTAT"><C:text-match>ACCEPTED</C:text-match>'
    "</C:param-filter></C:prop-filter>",
    '<C:prop-filter name="STATUS"><C:text-match negate-condition="yes">CONFIRMED</C:text-match></C:prop-filter>',
    '<C:prop-filter name="STATUS"><C:is-not-defined/></C:prop-filter>',
    '<C:prop-filter name="CATEGORIES"><C:text-match>e</C:text-match></C:prop-filter>',
    f'<C:prop-filter name="DUE">{_YEARS}</C:prop-filter>',
    f'<C:prop-filter name="DTSTART">{_YEARS}</C:prop-filter>',
    '<C:prop-filter name="SUMMARY"><C:text-match collation="i;unicode-casemap">a</C:text-match></C:prop-filter>',
    '<C:comp-filter name="VALARM"><C:is-not-defined/></C:comp-filter>',
    f'<C:comp-filter name="VALARM">{_YEARS}</C:comp-filter>',
    '<C:comp-filter name="VALARM"><C:prop-filter name="ACTION"><C:text-match>DISPLAY</C:text-match></C:prop-filter>'
    "</C:comp-filter>",
    f'{_YEARS}<C:prop-filter name="SUMMARY"/>',
)


def asked(inside: str, kind: str = "VEVENT") -> Comp:
    text = f'<C:comp-filter name="VCALENDAR"><C:comp-filter name="{kind}">{inside}</C:comp-filter></C:comp-filter>'
    return filters.calendar_filter(etree.fromstring(f"<C:filter{HEAD}>{text}</C:filter>"))


def objects() -> list[CalendarObject]:
    found = []
    for path in sorted(corpus.path("ical").rglob("*.ics")):
        try:
            found.append(read_object(path.read_bytes()))
        except Malformed:
            continue
    return found


def test_filters_decide_of_the_corpus_by_facts_as_by_octets() -> None:
    kept = [(each, facts_of(each)) for each in objects()]
    told = [(each, said, read_facts(said)) for each, said in kept if said]
    assert len(told) > len(kept) * 0.8 > 100
    admitted = 0
    for kind in ("VEVENT", "VTODO"):
        for inside in _ASKED:
            comp = asked(inside, kind)
            assert filters.is_kept(comp)
            for each, said, stated in told:
                decided = filters.admits(comp, each, UTC)
                assert filters.admits(comp, stated, UTC) is decided, (inside, each.octets)
                assert not decided or filters.may_have(said, filters.words(comp)), (inside, said)
                admitted += decided
    assert admitted > 200


def test_what_is_long_or_has_time_zones_of_its_own_is_asked_itself() -> None:
    people = [f"ATTENDEE:mailto:{number}@example.test" for number in range(LONGEST // 20)]
    assert facts_of(read_object(event("1", "20261201T100000Z", *people).encode())) == ""
    zone = "BEGIN:VTIMEZONE\r\nTZID:Mine\r\nBEGIN:STANDARD\r\nDTSTART:20000101T000000\r\nTZOFFSETFROM:+0100\r\n"
    zone += "TZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    own = event("1").replace("BEGIN:VEVENT", zone + "BEGIN:VEVENT").replace("DTSTART:", "DTSTART;TZID=Mine:")
    assert facts_of(read_object(own.replace("T100000Z", "T100000").encode())) == ""
    rules = ("RRULE:FREQ=DAILY", "EXRULE:FREQ=WEEKLY")
    assert facts_of(read_object(event("1", "20261201T100000Z", *rules).encode())) == ""


def test_a_filter_that_asks_for_more_is_none_for_facts() -> None:
    for inside in (
        '<C:prop-filter name="DESCRIPTION"/>',
        '<C:prop-filter name="X-OWN"/>',
        '<C:comp-filter name="VALARM"><C:prop-filter name="DESCRIPTION"/></C:comp-filter>',
        '<C:comp-filter name="PARTICIPANT"/>',
    ):
        assert not filters.is_kept(asked(inside)), inside
    assert not filters.is_kept(asked("", "VTIMEZONE"))
