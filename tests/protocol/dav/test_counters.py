"""Other times that those who are invited propose: listed, taken, declined. RFC 5546 §3.2.7, §3.2.8."""

from __future__ import annotations

from email.message import Message

import pytest

from groupware.calendar.counters import Counter, accept, decline, pending
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
