"""Other times that those who are invited propose: listed, taken, declined. RFC 5546 §3.2.7, §3.2.8."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage, Message
from email.policy import SMTP

import pytest

from groupware.calendar.counters import Counter, accept, decline, pending
from groupware.calendar.object import read_object
from groupware.calendar.series import when
from groupware.model.errors import NotFound, Refused
from groupware.model.principal import Principal
from tests.protocol.dav.test_imip import EVE, arrives, itip, letter, timeline
from tests.protocol.dav.test_scheduling import ALICE, BOB, CHAIR, letters, meeting, the_one
from tests.support.davstand import Client, Stand, event


async def alice_of(stand: Stand) -> Principal:
    return await stand.house.read(lambda tx: tx.identity(tx.account("alice@example.test").id))


async def waiting(stand: Stand) -> list[Counter]:
    return list(await pending(stand.house.store, stand.house.blobs, await alice_of(stand)))


async def proposes(stand: Stand, *lines: str, start: str = "20261202T140000Z", who: str = EVE) -> None:
    times = event("m", start, CHAIR, f"ATTENDEE:mailto:{EVE}", "ATTENDEE:mailto:bob@example.test", *lines,
                  end=start.replace("T14", "T15"))  # fmt: skip
    await arrives(stand, letter(itip("COUNTER", times), sender=who, method="COUNTER"), "alice", sender=who)


def read_part(sent: Message) -> str:
    """The iTIP message in a letter."""
    body = [*sent.walk()][-1].get_payload(decode=True)
    assert isinstance(body, bytes)
    return body.decode()


@pytest.fixture
async def called(alice: Client) -> None:
    """Alice has invited Bob, who is here, and Eve, who is elsewhere."""
    await alice.put(ALICE + "m.ics", meeting("m", "LOCATION:Here", names=("bob", EVE)))


@pytest.mark.usefixtures("called")
async def test_a_proposal_waits_and_changes_nothing(stand: Stand, alice: Client) -> None:
    await proposes(stand, "COMMENT:rather later")
    [found] = await waiting(stand)
    assert (found.who, found.ident, found.title, found.comment) == (EVE, "m", "Meeting", "rather later")
    assert "2 December 2026, 14:00 to 15:00" in found.when
    assert "DTSTART:20261201T100000Z" in (await the_one(alice, ALICE))[1]
    assert [each.who for each in await timeline(stand, "alice", "m") if each.what == "counter"] == [EVE]


@pytest.mark.usefixtures("called")
async def test_what_is_taken_is_in_all_calendars(stand: Stand, alice: Client, bob: Client) -> None:
    await proposes(stand)
    before = len(await letters(stand))
    [found] = await waiting(stand)
    await accept(stand.house.store, stand.house.blobs, await alice_of(stand), found.number)
    for client, home in ((alice, ALICE), (bob, BOB)):
        text = (await the_one(client, home))[1]
        assert "DTSTART:20261202T140000Z" in text and "DTEND:20261202T150000Z" in text
        assert "LOCATION:Here" in text and "SEQUENCE:1" in text
    [sent] = (await letters(stand))[before:]
    assert sent["to"] == EVE and [*sent.walk()][-1].get_param("method") == "REQUEST"
    assert await waiting(stand) == []
    with pytest.raises(NotFound):
        await accept(stand.house.store, stand.house.blobs, await alice_of(stand), found.number)


async def test_a_set_stays_in_its_zone_when_its_new_time_is_proposed_in_another(stand: Stand, alice: Client) -> None:
    zoned = meeting("m", "RRULE:FREQ=WEEKLY", names=(EVE,))
    for name, hour in (("DTSTART", 10), ("DTEND", 11)):
        zoned = zoned.replace(f"{name}:20261201T{hour}00", f"{name};TZID=Europe/Berlin:20261201T{hour}00")
    assert (await alice.put(ALICE + "m.ics", zoned.replace("00Z", "00").replace("30Z", "30"))).status == 201
    await proposes(stand)
    [found] = await waiting(stand)
    await accept(stand.house.store, stand.house.blobs, await alice_of(stand), found.number)
    text = (await the_one(alice, ALICE))[1]
    assert "DTSTART;TZID=Europe/Berlin:20261202T150000" in text and "DTEND;TZID=Europe/Berlin:20261202T160000" in text


@pytest.mark.usefixtures("called")
async def test_who_is_declined_is_told_by_mail(stand: Stand, alice: Client) -> None:
    await proposes(stand)
    before = len(await letters(stand))
    [found] = await waiting(stand)
    await decline(stand.house.store, stand.house.blobs, await alice_of(stand), found.number, "no, sorry")
    [sent] = (await letters(stand))[before:]
    assert sent["to"] == EVE and sent["subject"] == "The time stays: Meeting"
    data = read_part(sent).replace("\r\n ", "")
    assert "METHOD:DECLINECOUNTER" in data and "COMMENT:no\\, sorry" in data and "X-POSTROOM" not in data
    assert "DTSTART:20261201T100000Z" in (await the_one(alice, ALICE))[1]
    assert await waiting(stand) == []


@pytest.mark.usefixtures("called")
async def test_who_is_here_is_told_here(stand: Stand, bob: Client) -> None:
    await proposes(stand, who="bob@example.test")
    [found] = await waiting(stand)
    assert found.who == "bob@example.test"
    before = len(await letters(stand))
    await decline(stand.house.store, stand.house.blobs, await alice_of(stand), found.number)
    assert len(await letters(stand)) == before
    assert "declinecounter" in [each.what for each in await timeline(stand, "bob", "m")]
    inbox = await bob.ask("PROPFIND", "/dav/calendars/bob@example.test/~inbox/", depth="1")
    bodies = [(await bob.ask("GET", each)).body for each in inbox.hrefs[1:]]
    assert any(b"METHOD:DECLINECOUNTER" in each for each in bodies)


@pytest.mark.usefixtures("called")
async def test_a_proposal_that_the_event_has_overtaken_is_not_taken(stand: Stand, alice: Client) -> None:
    await proposes(stand)
    href, text = await the_one(alice, ALICE)
    await alice.put(href, text.replace("20261201T10", "20261201T09"))
    [found] = await waiting(stand)
    with pytest.raises(Refused, match="has changed since"):
        await accept(stand.house.store, stand.house.blobs, await alice_of(stand), found.number)


async def test_one_occurrence_of_a_set_moves(stand: Stand, alice: Client, bob: Client) -> None:
    await alice.put(ALICE + "m.ics", meeting("m", "RRULE:FREQ=DAILY;COUNT=3", names=("bob", EVE)))
    await proposes(stand, "RECURRENCE-ID:20261202T100000Z")
    [found] = await waiting(stand)
    await accept(stand.house.store, stand.house.blobs, await alice_of(stand), found.number)
    text = (await the_one(bob, BOB))[1]
    assert text.count("BEGIN:VEVENT") == 2 and "RECURRENCE-ID:20261202T100000Z" in text
    assert "DTSTART:20261202T140000Z" in text and "DTSTART:20261201T100000Z" in text


@pytest.mark.usefixtures("called")
async def test_a_stranger_proposes_nothing(stand: Stand) -> None:
    await proposes(stand, who="mallory@bad.test")
    assert await waiting(stand) == []


AT = int(datetime(2026, 12, 2, 14, tzinfo=UTC).timestamp())
OUTLOOK = """\
BEGIN:VCALENDAR
PRODID:-//Microsoft Corporation//Outlook 16.0 MIMEDIR//EN
VERSION:2.0
METHOD:COUNTER
X-MS-OLK-FORCEINSPECTOROPEN:TRUE
BEGIN:VTIMEZONE
TZID:W. Europe Standard Time
BEGIN:STANDARD
DTSTART:16011028T030000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010325T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
ATTENDEE;PARTSTAT=TENTATIVE:mailto:{eve}
CLASS:PUBLIC
CREATED:20261128T080000Z
DESCRIPTION:rather later\\n
DTEND;TZID="W. Europe Standard Time":20261202T160000
DTSTAMP:20261128T080000Z
DTSTART;TZID="W. Europe Standard Time":20261202T150000
LAST-MODIFIED:20261128T080000Z
LOCATION:Here
ORGANIZER:mailto:alice@example.test
PRIORITY:5
SEQUENCE:0
SUMMARY;LANGUAGE=de:New Time Proposed: Meeting
TRANSP:OPAQUE
UID:m
X-MICROSOFT-CDO-BUSYSTATUS:BUSY
X-MS-OLK-ORIGINALSTART:20261201T100000Z
X-MS-OLK-ORIGINALEND:20261201T110000Z
END:VEVENT
END:VCALENDAR
"""
"""As Outlook writes a proposal: its own zone by a name of Windows, another title, the old times beside the new ones."""
THUNDERBIRD = """\
BEGIN:VCALENDAR
PRODID:-//Mozilla.org/NONSGML Mozilla Calendar V1.1//EN
VERSION:2.0
METHOD:COUNTER
BEGIN:VTIMEZONE
TZID:Europe/Berlin
X-TZINFO:Europe/Berlin[2025b]
BEGIN:DAYLIGHT
TZOFFSETTO:+020000
TZOFFSETFROM:+010000
TZNAME:CEST
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETTO:+010000
TZOFFSETFROM:+020000
TZNAME:CET
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
CREATED:20261128T080000Z
LAST-MODIFIED:20261128T080000Z
DTSTAMP:20261128T080000Z
UID:m
SUMMARY:Meeting
ORGANIZER;CN=Alice:mailto:alice@example.test
ATTENDEE;RSVP=TRUE;CN=Eve;PARTSTAT=DECLINED;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT:mailto:{eve}
DTSTART;TZID=Europe/Berlin:20261202T150000
DTEND;TZID=Europe/Berlin:20261202T160000
SEQUENCE:0
COMMENT:rather later
END:VEVENT
END:VCALENDAR
"""
"""As Thunderbird writes one: whoever proposes has declined, and the zone is its own."""


@pytest.mark.usefixtures("called")
@pytest.mark.parametrize("written", [OUTLOOK, THUNDERBIRD], ids=["Outlook", "Thunderbird"])
@pytest.mark.parametrize("transfer", ["base64", "quoted-printable"])
async def test_proposals_are_taken_as_programs_write_them(
    stand: Stand, alice: Client, bob: Client, written: str, transfer: str
) -> None:
    octets = written.format(eve=EVE).replace("\n", "\r\n").encode()
    sent = EmailMessage(policy=SMTP)
    sent["From"], sent["To"], sent["Subject"] = f"Eve <{EVE}>", "alice@example.test", "New Time Proposed: Meeting"
    sent.set_content("Could we meet later?")
    sent.add_alternative(octets.decode(), subtype="calendar", params={"method": "COUNTER"}, cte=transfer)
    await arrives(stand, sent.as_bytes(), "alice", sender=EVE)
    [found] = await waiting(stand)
    assert (found.who, found.ident) == (EVE, "m")
    await accept(stand.house.store, stand.house.blobs, await alice_of(stand), found.number)
    for client, home in ((alice, ALICE), (bob, BOB)):
        read = read_object((await the_one(client, home))[1].encode())
        begin, end = (
            when(line, read.zones) for line in (read.shown.first("DTSTART"), read.shown.first("DTEND")) if line
        )
        assert (begin.seconds, end.seconds) == (AT, AT + 3600)
        assert read.shown.text("SUMMARY") == "Meeting"
        assert not any(line.name.startswith("X-M") for line in read.shown.lines)
