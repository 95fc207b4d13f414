"""WebDAV-Push for a home: what is in it, what is shared, and what goes is told."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from lxml import etree

from connectors.dav.push import KIND, DavTeller
from connectors.dav.push_home import KINDS, HomeTeller
from mailcore.push.worker import Desk
from tests.protocol.dav.test_push import CONTENT, PROPERTIES, P, message, register
from tests.protocol.dav.test_push import authority as authority
from tests.protocol.dav.test_push import service as service
from tests.support.certificates import Authority
from tests.support.davstand import Client, Stand, card, event
from tests.support.pushservice import PushService, at_work, contexts, desk_of

WORK = "/dav/calendars/alice@example.test/Calendar/"
BOB, HOME, BOOKS = "bob@example.test", "/dav/calendars/bob@example.test/", "/dav/contacts/bob@example.test/"


@pytest.fixture
async def desk(stand: Stand, authority: Authority) -> AsyncIterator[Desk]:
    store = stand.house.parts.store
    tellers = {KIND: DavTeller(store), **{kind: HomeTeller(store, area) for area, kind in KINDS.items()}}
    made = desk_of(stand.house.parts, tellers, contexts(authority)[1])
    yield made


def said(told: etree._Element) -> list[str]:
    return [str(each.tag).rpartition("}")[2] for each in told]


async def told_of(client: Client, path: str) -> dict[str, str | None]:
    """What a home says of push."""
    names = "<P:transports/><P:topic/><P:supported-triggers/>"
    body = f'<D:propfind xmlns:D="DAV:" xmlns:P="{P}"><D:prop>{names}</D:prop></D:propfind>'
    found = (await client.ask("PROPFIND", path, body, depth="0")).xml
    return {
        name: found.findtext(f".//{{DAV:}}propstat/{{DAV:}}prop/{{{P}}}{name}") for name in ("topic", "transports")
    } | {"level": found.findtext(f".//{{{P}}}content-update/{{DAV:}}sync-level")}


async def test_ones_own_homes_say_how_one_is_told(bob: Client) -> None:
    calendars, books = await told_of(bob, HOME), await told_of(bob, BOOKS)
    assert calendars["topic"] and books["topic"] and calendars["topic"] != books["topic"]
    assert calendars["level"] == "infinite"
    assert await told_of(bob, "/dav/calendars/alice@example.test/") == {"topic": "", "transports": "", "level": None}


async def test_whatever_happens_in_the_home_is_told(
    stand: Stand, alice: Client, bob: Client, service: PushService, desk: Desk
) -> None:
    assert (await register(bob, service.url(), HOME)).status == 204
    async with at_work(desk):
        await bob.put(HOME + "Calendar/a.ics", event("a"))
        assert said(await message(service)) == ["topic", "content-update"]
        await bob.set(HOME + "Calendar/", "<I:calendar-color>#FF0000</I:calendar-color>")
        assert said(await message(service)) == ["topic", "property-update"]
        await bob.ask("MKCALENDAR", HOME + "new/")
        assert "content-update" in said(await message(service))


async def test_what_is_shared_and_what_goes_is_told(
    stand: Stand, alice: Client, bob: Client, service: PushService, desk: Desk
) -> None:
    await alice.put(WORK + "a.ics", event("a"))
    await register(bob, service.url(), HOME)
    async with at_work(desk):
        await stand.share("alice", "Calendar", BOB, "viewer")
        assert said(await message(service)) == ["topic", "content-update", "property-update"]
        await alice.put(WORK + "b.ics", event("b"))
        assert said(await message(service)) == ["topic", "content-update"]
        await stand.share("alice", "Calendar", BOB, "")
        assert said(await message(service)) == ["topic", "content-update", "property-update"]


async def test_who_wants_one_of_both_is_told_that(bob: Client, service: PushService, desk: Desk) -> None:
    await register(bob, service.url("/contents"), BOOKS, triggers=CONTENT)
    await register(bob, service.url("/names"), BOOKS, triggers=PROPERTIES)
    async with at_work(desk):
        await bob.put(BOOKS + "Contacts/a.vcf", card("a"))
        assert (await service.next()).path == "/contents"
        await bob.set(BOOKS + "Contacts/", "<I:calendar-color>#FF0000</I:calendar-color>")
        assert (await service.next()).path == "/names"


async def test_the_two_homes_are_two_registrations(stand: Stand, bob: Client, service: PushService) -> None:
    first, second = [await register(bob, service.url(), path) for path in (HOME, BOOKS)]
    again = await register(bob, service.url(), HOME)
    assert first.headers["location"] != second.headers["location"]
    assert again.headers["location"] == first.headers["location"]
    assert (await bob.ask("DELETE", first.headers["location"])).status == 204
    assert len(await stand.house.read(lambda tx: tx.all_push_targets())) == 1


@pytest.mark.parametrize("path", ["/dav/calendars/alice@example.test/", "/dav/principals/bob@example.test/", "/dav/"])
async def test_there_is_no_push_for_what_is_no_home_of_ones_own(bob: Client, path: str) -> None:
    got = await register(bob, "https://push.example.test/", path)
    assert got.status in (403, 405)
