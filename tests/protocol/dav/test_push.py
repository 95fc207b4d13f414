"""WebDAV-Push: who has registered is told, over TLS and encrypted, until the registration ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

import pytest
from lxml import etree

from connectors.dav.push import KIND, DavTeller
from mailcore.push.vapid import public_key
from mailcore.push.worker import Desk
from tests.support.certificates import Authority
from tests.support.davstand import Client, Said, Stand, event
from tests.support.pushservice import Device, PushService, at_work, contexts, desk_of, push_service, signed_by

WORK = "/dav/calendars/alice@example.test/Calendar/"
P = "https://bitfire.at/webdav-push"
DEVICE = Device()
CONTENT = "<content-update><D:sync-level>infinite</D:sync-level></content-update>"
PROPERTIES = "<property-update><D:depth>0</D:depth></property-update>"
BOTH = CONTENT + PROPERTIES


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
async def service(authority: Authority) -> AsyncIterator[PushService]:
    async with push_service(contexts(authority)[0]) as made:
        yield made


@pytest.fixture
def desk(stand: Stand, authority: Authority) -> Desk:
    return desk_of(stand.house.parts, {KIND: DavTeller(stand.house.parts.store)}, contexts(authority)[1])


def registration(url: str, triggers: str = BOTH, expires: str = "", device: Device = DEVICE) -> str:
    return (
        f'<push-register xmlns="{P}" xmlns:D="DAV:"><subscription><web-push-subscription>'
        f"<push-resource>{url}</push-resource><content-encoding>aes128gcm</content-encoding>"
        f'<client-public-key type="p256dh">{device.p256dh}</client-public-key>'
        f"<auth-secret>{device.secret}</auth-secret></web-push-subscription></subscription>"
        f"<trigger>{triggers}</trigger>{f'<expires>{expires}</expires>' if expires else ''}</push-register>"
    )


async def register(client: Client, url: str, path: str = WORK, **more: str) -> Said:
    return await client.ask("POST", path, registration(url, **more), content_type='application/xml; charset="utf-8"')


async def message(service: PushService) -> etree._Element:
    taken = await service.next()
    assert taken.headers["content-encoding"] == "aes128gcm" and int(taken.headers["ttl"]) > 0
    return etree.fromstring(DEVICE.opened(taken.body))


async def none_left(stand: Stand) -> bool:
    """Waits until there is no registration."""
    for _ in range(500):
        if not await stand.house.read(lambda tx: tx.all_push_targets()):
            return True
        await asyncio.sleep(0.02)
    return False


async def test_a_collection_says_how_one_is_told(stand: Stand, alice: Client) -> None:
    assert "webdav-push" in (await alice.ask("OPTIONS", WORK)).headers["dav"]
    names = "<P:transports/><P:topic/><P:supported-triggers/>"
    body = f'<D:propfind xmlns:D="DAV:" xmlns:P="{P}"><D:prop>{names}</D:prop></D:propfind>'
    said = (await alice.ask("PROPFIND", WORK, body, depth="0")).xml
    key = said.find(f".//{{{P}}}transports/{{{P}}}web-push/{{{P}}}vapid-public-key")
    assert key is not None and key.get("type") == "p256ecdsa" and key.text == public_key(b"secret")
    assert said.findtext(f".//{{{P}}}topic")
    triggers = said.find(f".//{{{P}}}supported-triggers")
    assert triggers is not None and [each.tag for each in triggers] == [
        f"{{{P}}}content-update",
        f"{{{P}}}property-update",
    ]


async def test_a_change_is_told_encrypted_and_signed(
    stand: Stand, alice: Client, service: PushService, desk: Desk
) -> None:
    said = await register(alice, service.url("/device?x=1"))
    assert said.status == 204 and said.headers["location"].startswith("/dav/push/")
    async with at_work(desk):
        await alice.put(WORK + "m.ics", event("m"))
        taken = await service.next()
    assert taken.path == "/device?x=1" and taken.headers["host"] == f"push.example.test:{service.port}"
    assert signed_by(taken.headers["authorization"], f"https://push.example.test:{service.port}") == public_key(
        b"secret"
    )
    told = etree.fromstring(DEVICE.opened(taken.body))
    token = (await alice.sync(WORK)).xml.findtext("{DAV:}sync-token")
    assert told.findtext(f"{{{P}}}content-update/{{DAV:}}sync-token") == token
    assert told.find(f"{{{P}}}property-update") is None


async def test_who_may_know_titles_is_told(
    stand: Stand, alice: Client, bob: Client, service: PushService, desk: Desk
) -> None:
    await stand.share("alice", "Calendar", "bob@example.test", "l9")
    assert (await register(bob, service.url())).status == 403
    await stand.share("alice", "Calendar", "bob@example.test", "titles")
    assert (await register(bob, service.url())).status == 204
    async with at_work(desk):
        await alice.put(WORK + "m.ics", event("m"))
        told = await message(service)
    token = (await bob.sync(WORK)).xml.findtext("{DAV:}sync-token")
    assert told.findtext(f"{{{P}}}content-update/{{DAV:}}sync-token") == token


async def test_a_property_is_told_to_who_wants_that_alone(alice: Client, service: PushService, desk: Desk) -> None:
    await register(alice, service.url(), triggers=PROPERTIES)
    async with at_work(desk):
        await alice.put(WORK + "m.ics", event("m"))
        await alice.set(WORK, "<I:calendar-color>#FF0000</I:calendar-color>")
        told = await message(service)
    assert [each.tag for each in told] == [f"{{{P}}}topic", f"{{{P}}}property-update"]


async def test_what_happened_meanwhile_is_told_afterwards(alice: Client, service: PushService, desk: Desk) -> None:
    await register(alice, service.url())
    await alice.put(WORK + "m.ics", event("m"))
    async with at_work(desk):
        await message(service)
    async with at_work(desk):
        with pytest.raises(TimeoutError):
            await service.next(0.5)


async def test_a_service_that_is_away_is_asked_again(alice: Client, service: PushService, desk: Desk) -> None:
    service.answers = ["503 Service Unavailable", "429 Too Many Requests"]
    await register(alice, service.url())
    async with at_work(desk):
        await alice.put(WORK + "m.ics", event("m"))
        told = [await message(service) for _ in range(3)]
    assert len({etree.tostring(each) for each in told}) == 1


async def test_a_registration_that_the_service_forgot_goes(
    stand: Stand, alice: Client, service: PushService, desk: Desk
) -> None:
    service.answers = ["410 Gone"]
    location = (await register(alice, service.url())).headers["location"]
    async with at_work(desk):
        await alice.put(WORK + "m.ics", event("m"))
        await service.next()
        assert await none_left(stand)
    assert (await alice.ask("DELETE", location)).status == 404


async def test_who_takes_a_registration_away_is_told_no_more(
    alice: Client, bob: Client, service: PushService, desk: Desk
) -> None:
    location = (await register(alice, service.url())).headers["location"]
    assert (await bob.ask("DELETE", location)).status == 404
    assert (await alice.ask("DELETE", location)).status == 204
    async with at_work(desk):
        await alice.put(WORK + "m.ics", event("m"))
        with pytest.raises(TimeoutError):
            await service.next(0.5)


async def test_registering_again_renews(stand: Stand, alice: Client, service: PushService) -> None:
    first = await register(alice, service.url())
    wanted = datetime.now(UTC) + timedelta(days=30)
    second = await register(alice, service.url(), expires=format_datetime(wanted, usegmt=True))
    assert first.headers["location"] == second.headers["location"]
    assert abs(parsedate_to_datetime(second.headers["expires"]) - wanted) < timedelta(minutes=1)
    assert len(await stand.house.read(lambda tx: tx.all_push_targets())) == 1


async def test_who_may_read_no_more_is_told_nothing(
    stand: Stand, alice: Client, bob: Client, service: PushService, desk: Desk
) -> None:
    at = await stand.share("alice", "Calendar", "bob@example.test", "lr")
    assert (await register(bob, service.url(), f"/dav/calendars/bob@example.test/~{at}/")).status == 204
    await stand.share("alice", "Calendar", "bob@example.test", "")
    async with at_work(desk):
        await alice.put(WORK + "m.ics", event("m"))
        assert await none_left(stand)
    assert service.taken.empty()


@pytest.mark.parametrize(
    ("body", "condition"),
    [
        (registration("http://push.example.test/"), "invalid-subscription"),
        (registration("https://push.example.test/").replace(DEVICE.secret, "short"), "invalid-subscription"),
        (registration("https://push.example.test/").replace("aes128gcm", "aesgcm"), "invalid-subscription"),
        (registration("https://push.example.test/", triggers=""), "no-supported-trigger"),
    ],
)
async def test_a_bad_registration_names_its_precondition(alice: Client, body: str, condition: str) -> None:
    said = await alice.ask("POST", WORK, body, content_type="application/xml")
    assert said.status == 403 and said.xml.find(f"{{{P}}}{condition}") is not None
