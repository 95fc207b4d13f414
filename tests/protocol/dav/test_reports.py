"""Queries by time and content, multigets, synchronisation, free-busy."""

from __future__ import annotations

import pytest

from groupware.calendar.item import read_item
from tests.support.davstand import Client, Stand, card, event

HOME = "/dav/calendars/alice@example.test"
WORK, TASKS, CARDS = f"{HOME}/Calendar/", f"{HOME}/Tasks/", "/dav/contacts/alice@example.test/Contacts/"


def between(start: str, end: str, inside: str = "", component: str = "VEVENT") -> str:
    range_ = f'<C:time-range start="{start}" end="{end}"/>'
    return f'<C:comp-filter name="{component}">{range_}{inside}</C:comp-filter>'


def names(said: object) -> list[str]:
    return [each.rpartition("/")[2] for each in said.hrefs]  # type: ignore[attr-defined]


def override(*lines: str) -> str:
    """Another form of the occurrence on the second of December."""
    inside = ["BEGIN:VEVENT", "UID:1", "RECURRENCE-ID:20261202T100000Z", *lines, "END:VEVENT", ""]
    return "\r\n".join(inside)


async def fill(alice: Client, **events: str) -> None:
    for name, body in events.items():
        assert (await alice.put(f"{WORK}{name}.ics", body)).status == 201, name


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        ("20261201T000000Z", "20261202T000000Z", ["one.ics"]),
        ("20261201T103000Z", "20261201T104000Z", ["one.ics"]),
        ("20261201T110000Z", "20261201T120000Z", []),
        ("20261215T000000Z", "20261216T000000Z", ["week.ics"]),
        ("20361202T000000Z", "20361209T000000Z", ["week.ics"]),
        ("20261124T000000Z", "20261125T000000Z", []),
        ("20261224T120000Z", "20261224T130000Z", ["day.ics"]),
        ("20261225T000000Z", "20261226T000000Z", []),
    ],
)
async def test_a_query_finds_what_takes_place_then(alice: Client, start: str, end: str, found: list[str]) -> None:
    await fill(
        alice,
        one=event("1", end="20261201T110000Z"),
        week=event("2", "20261208T100000Z", "RRULE:FREQ=WEEKLY", end="20261208T110000Z"),
        day=event("3", "20261224").replace("DTSTART:", "DTSTART;VALUE=DATE:"),
    )
    assert names(await alice.query(WORK, between(start, end))) == found


async def test_a_moved_occurrence_is_found_where_it_went_and_not_where_it_was(alice: Client) -> None:
    body = event("1", "20261201T100000Z", "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20261203T100000Z", end="20261201T110000Z")
    moved = override("DTSTART:20261210T100000Z", "DTEND:20261210T110000Z")
    await fill(alice, a=body.replace("END:VCALENDAR", moved + "END:VCALENDAR"))
    days = [f"202612{day:02}" for day in range(1, 13)]
    found = [day for day in days if names(await alice.query(WORK, between(day + "T000000Z", day + "T235959Z")))]
    assert found == ["20261201", "20261210"]


async def test_a_floating_time_is_that_of_who_asks(alice: Client) -> None:
    await fill(alice, a=event("1", "20261201T100000", end="20261201T110000"))
    inside = "<D:prop><D:getetag/></D:prop><C:filter><C:comp-filter name='VCALENDAR'>"
    inside += between("20261201T150000Z", "20261201T160000Z") + "</C:comp-filter></C:filter>"
    at_utc = await alice.report(WORK, "C:calendar-query", inside)
    there = await alice.report(WORK, "C:calendar-query", inside + "<C:timezone-id>America/New_York</C:timezone-id>")
    assert (names(at_utc), names(there)) == ([], ["a.ics"])


@pytest.mark.parametrize(
    ("inside", "found"),
    [
        ('<C:prop-filter name="SUMMARY"><C:text-match>LUNCH</C:text-match></C:prop-filter>', ["a.ics"]),
        ('<C:prop-filter name="SUMMARY"><C:text-match collation="i;octet">LUNCH</C:text-match></C:prop-filter>', []),
        (
            '<C:prop-filter name="SUMMARY"><C:text-match negate-condition="yes">lunch</C:text-match></C:prop-filter>',
            ["b.ics"],
        ),
        ('<C:prop-filter name="LOCATION"><C:is-not-defined/></C:prop-filter>', ["b.ics"]),
        ('<C:prop-filter name="LOCATION"/>', ["a.ics"]),
        (
            '<C:prop-filter name="ATTENDEE"><C:param-filter name="PARTSTAT"><C:text-match>ACCEPTED</C:text-match>'
            "</C:param-filter></C:prop-filter>",
            ["a.ics"],
        ),
        (
            '<C:prop-filter name="ATTENDEE"><C:param-filter name="PARTSTAT"><C:is-not-defined/></C:param-filter>'
            "</C:prop-filter>",
            ["b.ics"],
        ),
        ('<C:comp-filter name="VALARM"/>', ["b.ics"]),
        ('<C:comp-filter name="VALARM"><C:is-not-defined/></C:comp-filter>', ["a.ics"]),
        (
            '<C:comp-filter name="VALARM"><C:time-range start="20261202T094000Z" end="20261202T095000Z"/>'
            "</C:comp-filter>",
            ["b.ics"],
        ),
        (
            '<C:comp-filter name="VALARM"><C:time-range start="20261202T100000Z" end="20261202T105000Z"/>'
            "</C:comp-filter>",
            [],
        ),
    ],
)
async def test_a_query_looks_into_properties_parameters_and_alarms(
    alice: Client, inside: str, found: list[str]
) -> None:
    attendee = "ATTENDEE;PARTSTAT=ACCEPTED:mailto:x@y.test"
    alarm = ("BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT15M", "END:VALARM")
    await fill(
        alice,
        a=event("1", "20261201T100000Z", "LOCATION:Room", attendee, summary="Late lunch"),
        b=event("2", "20261202T100000Z", "ATTENDEE:mailto:z@y.test", *alarm, summary="Walk"),
    )
    assert names(await alice.query(WORK, f'<C:comp-filter name="VEVENT">{inside}</C:comp-filter>')) == found


async def test_a_query_by_time_and_text_wants_both_of_one_occurrence(alice: Client) -> None:
    moved = override("DTSTART:20261202T100000Z", "SUMMARY:Special")
    body = event("1", "20261201T100000Z", "RRULE:FREQ=DAILY;COUNT=3", end="20261201T110000Z", summary="Plain")
    await fill(alice, a=body.replace("END:VCALENDAR", moved + "END:VCALENDAR"))
    text = '<C:prop-filter name="SUMMARY"><C:text-match>Special</C:text-match></C:prop-filter>'
    assert names(await alice.query(WORK, between("20261202T000000Z", "20261203T000000Z", text))) == ["a.ics"]
    assert names(await alice.query(WORK, between("20261201T000000Z", "20261202T000000Z", text))) == []


async def test_a_task_is_found_by_when_it_is_due_and_one_without_dates_always(alice: Client) -> None:
    due = event("1").replace("VEVENT", "VTODO").replace("DTSTART:", "DUE:")
    bare = due.replace("UID:1", "UID:2").replace("DUE:20261201T100000Z\r\n", "")
    await alice.put(TASKS + "due.ics", due)
    await alice.put(TASKS + "bare.ics", bare)
    then = await alice.query(TASKS, between("20261201T000000Z", "20261202T000000Z", component="VTODO"))
    later = await alice.query(TASKS, between("20271201T000000Z", "20271202T000000Z", component="VTODO"))
    assert (names(then), names(later)) == (["due.ics", "bare.ics"], ["bare.ics"])


async def test_expand_gives_each_occurrence_in_utc_without_rules(alice: Client) -> None:
    body = event("1", "20261201T100000", "RRULE:FREQ=DAILY;COUNT=5", end="20261201T110000")
    body = body.replace("DTSTART:", "DTSTART;TZID=Europe/Berlin:").replace("DTEND:", "DTEND;TZID=Europe/Berlin:")
    await fill(alice, a=body)
    data = '<C:calendar-data><C:expand start="20261202T000000Z" end="20261204T000000Z"/></C:calendar-data>'
    said = await alice.query(WORK, between("20261202T000000Z", "20261204T000000Z"), data)
    text = said.found(WORK + "a.ics", "C:calendar-data") or ""
    starts = [line for line in text.splitlines() if line.startswith("DTSTART")]
    assert starts == ["DTSTART:20261202T090000Z", "DTSTART:20261203T090000Z"]
    assert "RRULE" not in text
    assert "RECURRENCE-ID:20261202T090000Z" in text


@pytest.mark.parametrize("objects", [{"a": 3_100}, dict.fromkeys("abcdefghijk", 2900)])
async def test_more_occurrences_than_are_told_are_refused_and_not_cut(alice: Client, objects: dict[str, int]) -> None:
    await fill(
        alice,
        **{name: event(name, "20200101T100000Z", f"RRULE:FREQ=DAILY;COUNT={most}") for name, most in objects.items()},
    )
    data = "<C:calendar-data><C:expand start='20200101T000000Z' end='20400101T000000Z'/></C:calendar-data>"
    said = await alice.query(WORK, '<C:comp-filter name="VEVENT"/>', data)
    assert (said.status, len(said.find("D:number-of-matches-within-limits"))) == (403, 1)


async def test_a_set_that_has_gone_on_for_long_is_expanded_and_found(alice: Client) -> None:
    await fill(alice, a=event("1", "20000101T003000Z", "RRULE:FREQ=HOURLY", end="20000101T004000Z"))
    range_ = ("20240601T100000Z", "20240601T120000Z")
    data = f"<C:calendar-data><C:expand start='{range_[0]}' end='{range_[1]}'/></C:calendar-data>"
    said = await alice.query(WORK, between(*range_), data)
    text = said.found(WORK + "a.ics", "C:calendar-data") or ""
    starts = [line for line in text.splitlines() if line.startswith("DTSTART")]
    assert starts == ["DTSTART:20240601T103000Z", "DTSTART:20240601T113000Z"]


async def test_of_stored_busy_times_those_in_the_range_alone_are_told(alice: Client) -> None:
    times = ("FREEBUSY:20261201T100000Z/PT1H,20261210T100000Z/PT1H", "FREEBUSY;FBTYPE=BUSY:20261215T100000Z/PT1H")
    busy = event("1", "20261201T000000Z", *times, end="20261231T000000Z").replace("VEVENT", "VFREEBUSY")
    await fill(alice, a=busy.replace("SUMMARY:Meeting\r\n", ""))
    limit = '<C:limit-freebusy-set start="20261210T103000Z" end="20261211T000000Z"/>'
    filters = '<C:comp-filter name="VFREEBUSY"/>'
    said = await alice.query(WORK, filters, f"<C:calendar-data>{limit}</C:calendar-data>")
    text = said.found(WORK + "a.ics", "C:calendar-data") or ""
    assert [each for each in text.split() if each.startswith("FREEBUSY")] == ["FREEBUSY:20261210T100000Z/PT1H"]
    assert "DTEND:20261231T000000Z" in text


@pytest.mark.parametrize("kind", ['content-type="application/calendar+json"', 'version="1.0"'])
async def test_objects_are_told_as_no_other_type(alice: Client, kind: str) -> None:
    said = await alice.query(WORK, '<C:comp-filter name="VEVENT"/>', f"<C:calendar-data {kind}/>")
    assert (said.status, len(said.find("C:supported-calendar-data"))) == (403, 1)


async def test_some_properties_alone_are_told(alice: Client) -> None:
    await fill(alice, a=event("1", "20261201T100000Z", "DESCRIPTION:long"))
    data = (
        '<C:calendar-data><C:comp name="VCALENDAR"><C:prop name="VERSION"/><C:comp name="VEVENT">'
        '<C:prop name="UID"/><C:prop name="SUMMARY"/><C:prop name="DTSTART" novalue="yes"/></C:comp></C:comp>'
        "</C:calendar-data>"
    )
    said = await alice.query(WORK, '<C:comp-filter name="VEVENT"/>', data)
    text = said.found(WORK + "a.ics", "C:calendar-data") or ""
    assert "SUMMARY:Meeting" in text
    assert "DTSTART:" in text.splitlines()
    assert "DESCRIPTION" not in text


@pytest.mark.parametrize(
    ("filters", "status"),
    [
        ('<C:comp-filter name="VEVENT"><C:time-range start="2026" end="2027"/></C:comp-filter>', 400),
        ('<C:comp-filter name="VEVENT"><C:time-range/></C:comp-filter>', 400),
        (between("20261202T000000Z", "20261201T000000Z"), 400),
        (
            '<C:comp-filter name="VEVENT"><C:prop-filter name="A"><C:text-match collation="x">y</C:text-match>'
            "</C:prop-filter></C:comp-filter>",
            403,
        ),
        ('<C:comp-filter name="VEVENT">' + '<C:prop-filter name="A"/>' * 300 + "</C:comp-filter>", 403),
    ],
)
async def test_a_filter_that_means_nothing_is_refused(alice: Client, filters: str, status: int) -> None:
    assert (await alice.query(WORK, filters)).status == status


async def test_a_multiget_gives_what_is_there_and_says_what_is_not(alice: Client) -> None:
    await fill(alice, a=event("1"), b=event("2"))
    paths = "".join(f"<D:href>{each}</D:href>" for each in (WORK + "b.ics", WORK + "x.ics", "/elsewhere/a.ics"))
    said = await alice.report(WORK, "C:calendar-multiget", f"<D:prop><C:calendar-data/></D:prop>{paths}")
    assert said.found(WORK + "b.ics", "C:calendar-data") == event("2")
    assert said.texts("D:response/D:status") == ["HTTP/1.1 404 Not Found"] * 2


async def test_contacts_are_found_by_name_and_address(alice: Client) -> None:
    await alice.put(CARDS + "a.vcf", card("1", "Ann Other", "EMAIL:ann@x.test"))
    await alice.put(CARDS + "b.vcf", card("2", "Bernd Ähnlich", "EMAIL:b@y.test"))

    async def found(test: str, *filters: str, limit: str = "") -> list[str]:
        inside = f"<D:prop><D:getetag/></D:prop><A:filter test='{test}'>{''.join(filters)}</A:filter>{limit}"
        return names(await alice.report(CARDS, "A:addressbook-query", inside))

    name = "<A:prop-filter name='FN'><A:text-match match-type='starts-with'>ann</A:text-match></A:prop-filter>"
    umlaut = "<A:prop-filter name='FN'><A:text-match>ähn</A:text-match></A:prop-filter>"
    mail = "<A:prop-filter name='EMAIL'><A:text-match match-type='ends-with'>y.test</A:text-match></A:prop-filter>"
    assert await found("anyof", name) == ["a.vcf"]
    assert await found("anyof", name, mail) == ["a.vcf", "b.vcf"]
    assert await found("allof", name, mail) == []
    assert await found("allof", umlaut, mail) == ["b.vcf"]
    assert await found("anyof", limit="<A:limit><A:nresults>1</A:nresults></A:limit>") == ["a.vcf", ""]


async def found(alice: Client, filters: str, data: str = "", limit: str = "") -> list[str]:
    inside = f"<D:prop><D:getetag/>{data}</D:prop><A:filter>{filters}</A:filter>{limit}"
    return names(await alice.report(CARDS, "A:addressbook-query", inside))


def prop(name: str, inside: str = "") -> str:
    return f"<A:prop-filter name='{name}'>{inside}</A:prop-filter>"


def match(text: str, how: str = "") -> str:
    return f"<A:text-match {how}>{text}</A:text-match>"


@pytest.mark.parametrize(
    ("filters", "finds"),
    [
        (prop("FN", match("ZOË")), ["a.vcf", "b.vcf"]),
        (prop("FN", match("Zoe\u0308", "match-type='starts-with'")), ["a.vcf", "b.vcf"]),
        (prop("FN", match("zo", "collation='i;ascii-casemap'")), ["a.vcf", "b.vcf"]),
        (prop("FN", match("ZOË", "collation='i;ascii-casemap'")), ["b.vcf"]),
        (prop("FN", match("Zo", "collation='i;octet'")), ["a.vcf"]),
        (prop("FN", match("zoë maier", "match-type='equals'")), ["a.vcf"]),
        (prop("FN", match("zoë", "negate-condition='yes'")), ["c.vcf"]),
        (prop("EMAIL", match("x.test")), ["a.vcf", "b.vcf"]),
        (prop("ITEM1.EMAIL", match("x.test")), ["a.vcf"]),
        (prop("item2.EMAIL", "<A:is-not-defined/>"), ["a.vcf", "c.vcf"]),
        (
            prop("TEL", "<A:param-filter name='TYPE'>" + match("cell", "match-type='equals'") + "</A:param-filter>"),
            ["b.vcf"],
        ),
        (prop("TEL", "<A:param-filter name='TYPE'>" + match("HOME") + "</A:param-filter>"), ["b.vcf", "c.vcf"]),
        (prop("TEL", "<A:param-filter name='TYPE'><A:is-not-defined/></A:param-filter>"), ["a.vcf"]),
    ],
)
async def test_contacts_are_found_by_groups_parameters_and_collations(
    alice: Client, filters: str, finds: list[str]
) -> None:
    await alice.put(CARDS + "a.vcf", card("1", "Zoë Maier", "item1.EMAIL:z@x.test", "TEL:1"))
    await alice.put(CARDS + "b.vcf", card("2", "ZOË Other", "item2.EMAIL:o@x.test", 'TEL;TYPE="home,CELL":2'))
    await alice.put(CARDS + "c.vcf", card("3", "Ann", "TEL;HOME:3"))
    assert await found(alice, filters) == finds


async def test_a_filter_is_about_the_version_that_is_asked_for(alice: Client) -> None:
    await alice.put(CARDS + "g.vcf", card("1", "Team", "KIND:group", "MEMBER:urn:uuid:2").replace("3.0", "4.0"))
    three, four = (f"<A:address-data content-type='text/vcard' version='{each}'/>" for each in ("3.0", "4.0"))
    old, new = prop("X-ADDRESSBOOKSERVER-KIND", match("group")), prop("KIND", match("group"))
    assert [await found(alice, each, three) for each in (old, new)] == [["g.vcf"], []]
    assert [await found(alice, each, four) for each in (old, new)] == [[], ["g.vcf"]]


@pytest.mark.parametrize(
    ("inside", "condition"),
    [
        ("<A:filter test='some'/>", "A:supported-filter"),
        ("<A:filter><A:prop-filter name='FN' test='some'/></A:filter>", "A:supported-filter"),
        ("<A:filter>" + prop("FN", match("a", "collation='i;x'")) + "</A:filter>", "A:supported-collation"),
        ("<A:filter>" + prop("FN") * 300 + "</A:filter>", "A:supported-filter"),
    ],
)
async def test_a_filter_of_contacts_that_means_nothing_is_refused(alice: Client, inside: str, condition: str) -> None:
    said = await alice.report(CARDS, "A:addressbook-query", inside)
    assert (said.status in (400, 403), len(said.find(condition))) == (True, 1)


async def test_an_address_book_says_what_it_takes_and_how_it_compares(alice: Client) -> None:
    said = await alice.props(CARDS, "A:max-image-size", "A:max-resource-size", "A:supported-collation-set")
    image, whole = (int(said.found(CARDS, f"A:max-{each}-size") or 0) for each in ("image", "resource"))
    assert 10_000_000 < image < whole * 3 // 4
    collations = said.texts(".//A:supported-collation")
    assert {"i;ascii-casemap", "i;unicode-casemap"} <= set(collations)
    work = await alice.props(WORK, "A:max-image-size")
    assert work.found(WORK, "A:max-image-size") is None


async def test_a_number_is_found_beside_a_note_that_is_too_long_for_the_index(alice: Client) -> None:
    await alice.put(CARDS + "a.vcf", card("1", "Ann", "NOTE:" + "word " * 60_000, "TEL:+4917"))
    assert await found(alice, prop("TEL", match("+4917"))) == ["a.vcf"]


# --- synchronisation --------------------------------------------------------------------------------------------------


async def test_what_has_changed_since_a_token_and_nothing_else_is_told(alice: Client) -> None:
    await fill(alice, a=event("1"), b=event("2"), c=event("3"))
    first = await alice.sync(WORK)
    assert names(first) == ["a.ics", "b.ics", "c.ics"]
    await alice.put(WORK + "a.ics", event("1", summary="New"))
    await alice.ask("DELETE", WORK + "b.ics")
    await alice.put(WORK + "d.ics", event("4"))
    then = await alice.sync(WORK, first.texts("D:sync-token")[0])
    assert sorted(names(then)) == ["a.ics", "b.ics", "d.ics"]
    assert [each.split()[1] for each in then.texts("D:response/D:status")] == ["404"]
    assert names(await alice.sync(WORK, then.texts("D:sync-token")[0])) == []


async def test_pages_of_a_synchronisation_leave_nothing_out(alice: Client) -> None:
    await fill(alice, **{f"e{number}": event(str(number)) for number in range(7)})
    await alice.put(WORK + "e0.ics", event("0", summary="again"))
    token, seen = "", list[str]()
    for _ in range(9):
        page = await alice.sync(WORK, token, limit=3)
        seen += [each for each in names(page) if each]
        token = page.texts("D:sync-token")[0]
        if not page.find("D:response/D:error/D:number-of-matches-within-limits"):
            break
    assert sorted(set(seen)) == [f"e{number}.ics" for number in range(7)]


async def test_one_write_of_many_is_told_in_pages_of_the_size_that_is_asked_for(stand: Stand, alice: Client) -> None:
    await fill(alice, old=event("old"))
    before = (await alice.sync(WORK)).texts("D:sync-token")[0]
    octets = {f"e{number}.ics": event(str(number)).encode() for number in range(7)}
    new = [(await read_item(body, stand.house.blobs, name))[1] for name, body in octets.items()]
    await stand.house.write(lambda tx: tx.append(tx.locate(tx.account("alice@example.test").id, "Calendar").id, new))
    for token, there in ((before, 7), ("", 8)):
        pages, more = list[list[str]](), True
        while more:
            page = await alice.sync(WORK, token, limit=3)
            pages.append([each for each in names(page) if each])
            token = page.texts("D:sync-token")[0]
            more = bool(page.find("D:response/D:error/D:number-of-matches-within-limits"))
        assert [len(each) for each in pages] == [3, 3, there - 6]
        assert len({each for some in pages for each in some}) == there
        assert names(await alice.sync(WORK, token)) == []


@pytest.mark.parametrize("token", ["nonsense", "data:,1-1", "data:,99999999999-5"])
async def test_a_token_of_elsewhere_begins_again(alice: Client, token: str) -> None:
    said = await alice.sync(WORK, token)
    assert (said.status, len(said.find("D:valid-sync-token"))) == (403, 1)


async def test_the_tags_of_a_collection_change_with_what_is_in_it(alice: Client) -> None:
    before = await alice.props(WORK, "S:getctag", "D:sync-token")
    await fill(alice, a=event("1"))
    after = await alice.props(WORK, "S:getctag", "D:sync-token")
    assert before.found(WORK, "S:getctag") != after.found(WORK, "S:getctag")


# --- free and busy ----------------------------------------------------------------------------------------------------


async def test_free_busy_tells_kinds_of_times_and_nothing_else(alice: Client) -> None:
    await fill(
        alice,
        a=event("1", end="20261201T110000Z", summary="Secret"),
        b=event("2", "20261201T104500Z", end="20261201T113000Z"),
        c=event("3", "20261202T100000Z", "STATUS:TENTATIVE", end="20261202T110000Z"),
        d=event("4", "20261203T100000Z", "TRANSP:TRANSPARENT", end="20261203T110000Z"),
        e=event("5", "20261204T100000Z", "STATUS:CANCELLED", end="20261204T110000Z"),
    )
    said = await alice.report(
        WORK, "C:free-busy-query", '<C:time-range start="20261201T101500Z" end="20261210T000000Z"/>'
    )
    lines = [each for each in said.body.decode().splitlines() if each.startswith("FREEBUSY")]
    assert lines == [
        "FREEBUSY:20261201T101500Z/20261201T113000Z",
        "FREEBUSY;FBTYPE=BUSY-TENTATIVE:20261202T100000Z/20261202T110000Z",
    ]
    assert b"Secret" not in said.body


async def test_an_endless_rule_is_busy_for_ever(stand: Stand, alice: Client) -> None:
    await fill(alice, a=event("1", "20261201T100000Z", "RRULE:FREQ=DAILY", end="20261201T110000Z"))
    said = await alice.report(
        WORK, "C:free-busy-query", '<C:time-range start="20401201T000000Z" end="20401203T000000Z"/>'
    )
    assert said.body.count(b"FREEBUSY:2040") == 2
