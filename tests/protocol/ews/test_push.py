"""Subscriptions whose notifications are posted to an address of the client. MS-OXWSNTIF §3.2."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from connectors.ews import happened, push
from connectors.ews.ids import folder_id
from connectors.ews.push import KIND, EwsTeller
from connectors.ews.wire import MESSAGES, SOAP
from groupware.model.flags import FlagChange, Flags
from groupware.model.ids import EVERY
from groupware.model.rights import Right
from groupware.store.api import WriteTx
from mailcore.push.worker import Desk
from tests.support.certificates import Authority
from tests.support.ewsstand import Client, Said, Stand, ews_stand
from tests.support.jmapstand import letter
from tests.support.pushservice import PushService, at_work, contexts, desk_of, push_service


def answered(status: str) -> bytes:
    """What a client answers to a notification."""
    inside = f"<SubscriptionStatus>{status}</SubscriptionStatus>"
    result = f'<SendNotificationResult xmlns="{MESSAGES}">{inside}</SendNotificationResult>'
    return f'<s:Envelope xmlns:s="{SOAP}"><s:Body>{result}</s:Body></s:Envelope>'.encode()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
async def service(authority: Authority) -> AsyncIterator[PushService]:
    async with push_service(contexts(authority)[0]) as made:
        made.body = answered("OK")
        yield made


@pytest.fixture
def desk(stand: Stand, authority: Authority) -> Desk:
    return desk_of(stand.house.parts, {KIND: EwsTeller(stand.house.parts)}, contexts(authority)[1])


def request(url: str, minutes: int = 1, mark: str = "") -> str:
    ids = '<t:FolderIds><t:DistinguishedFolderId Id="inbox"/></t:FolderIds>'
    kinds = "".join(f"<t:EventType>{each}Event</t:EventType>" for each in ("NewMail", "Created", "Deleted"))
    inside = f"{ids}<t:EventTypes>{kinds}</t:EventTypes>{mark}<t:StatusFrequency>{minutes}</t:StatusFrequency>"
    inside += f"<t:URL>{url}</t:URL>"
    return f"<m:Subscribe><m:PushSubscriptionRequest>{inside}</m:PushSubscriptionRequest></m:Subscribe>"


async def subscribed(client: Client, service: PushService) -> str:
    [ident] = (await client.ask(request(service.url("/listen")))).texts("m:SubscriptionId")
    return ident


async def heard(service: PushService) -> Said:
    """The next notification."""
    taken = await service.next()
    assert taken.headers["soapaction"] == f'"{MESSAGES}/SendNotification"' and taken.path == "/listen"
    assert taken.headers["content-type"].startswith("text/xml") and "authorization" not in taken.headers
    said = Said(200, taken.body)
    assert said.find("m:SendNotification/m:ResponseMessages/m:SendNotificationResponseMessage/m:Notification")
    return said


async def unsubscribed(client: Client, ident: str) -> str:
    return (await client.ask(f"<m:Unsubscribe><m:SubscriptionId>{ident}</m:SubscriptionId></m:Unsubscribe>")).code


async def test_the_client_hears_at_first_that_it_is_so_and_then_of_each_event(
    stand: Stand, alice: Client, service: PushService, desk: Desk
) -> None:
    ident = await subscribed(alice, service)
    async with at_work(desk):
        first = await heard(service)
        assert first.texts("t:SubscriptionId") == [ident] and first.find("t:StatusEvent")
        await stand.put("alice", letter("x"))
        said = await heard(service)
    [new] = said.find("t:NewMailEvent")
    assert len(said.find("t:CreatedEvent")) == 1 and new.find("{*}ItemId") is not None
    assert said.texts("t:PreviousWatermark") == [first.find("t:StatusEvent/t:Watermark")[0].text]


async def test_a_client_that_answers_unsubscribe_hears_no_more(
    stand: Stand, alice: Client, service: PushService, desk: Desk
) -> None:
    ident = await subscribed(alice, service)
    service.body = answered("Unsubscribe")
    async with at_work(desk):
        await heard(service)
        await stand.put("alice", letter("x"))
        with pytest.raises(TimeoutError):
            await service.next(0.5)
    assert await unsubscribed(alice, ident) == "ErrorSubscriptionNotFound"


@pytest.mark.parametrize("body", [b"", b"<html/>", b"<", answered("NotOK")])
async def test_what_is_answered_by_no_ok_is_told_again(
    stand: Stand, alice: Client, service: PushService, desk: Desk, body: bytes
) -> None:
    await subscribed(alice, service)
    await stand.put("alice", letter("x"))
    service.body = body
    async with at_work(desk):
        first = await heard(service)
        service.body = answered("OK")
        again = await heard(service)
    assert len(again.find("t:NewMailEvent")) == 1 and again.texts("t:Watermark") == first.texts("t:Watermark")


async def test_a_client_hears_that_nothing_happened_as_often_as_it_wants(
    alice: Client, service: PushService, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push, "_MINUTE", 200_000)
    await subscribed(alice, service)
    async with at_work(desk):
        assert [len((await heard(service)).find("t:StatusEvent")) for _ in range(3)] == [1, 1, 1]


async def test_a_subscription_is_ended_by_who_made_it(
    stand: Stand, alice: Client, bob: Client, service: PushService, desk: Desk
) -> None:
    ident = await subscribed(alice, service)
    assert await unsubscribed(bob, ident) == "ErrorSubscriptionNotFound"
    assert await unsubscribed(alice, ident) == "NoError"
    async with at_work(desk):
        with pytest.raises(TimeoutError):
            await service.next(0.5)


async def test_who_asks_for_the_same_again_has_one_subscription(
    stand: Stand, alice: Client, service: PushService, desk: Desk
) -> None:
    before = await subscribed(alice, service)
    now = await subscribed(alice, service)
    assert await unsubscribed(alice, before) == "ErrorSubscriptionNotFound"
    async with at_work(desk):
        assert (await heard(service)).texts("t:SubscriptionId") == [now]
        with pytest.raises(TimeoutError):
            await service.next(0.5)


async def test_who_asks_for_something_else_at_the_same_address_has_both(
    alice: Client, bob: Client, service: PushService
) -> None:
    url = service.url("/listen")
    asked = [request(url), request(url).replace('"inbox"', '"sentitems"'), request(url).replace("Deleted", "Moved")]
    found = [(await alice.ask(each)).texts("m:SubscriptionId")[0] for each in asked]
    found.append((await bob.ask(request(url))).texts("m:SubscriptionId")[0])
    assert len(set(found)) == 4
    assert [await unsubscribed(alice, each) for each in found[:3]] == ["NoError"] * 3
    assert await unsubscribed(bob, found[3]) == "NoError"


async def test_who_may_not_sign_in_any_more_hears_nothing(
    stand: Stand, alice: Client, service: PushService, desk: Desk
) -> None:
    await subscribed(alice, service)
    account = "alice@example.test"
    await stand.house.write(lambda tx: tx.put_setting("ews", False, tx.account(account).id))
    async with at_work(desk):
        with pytest.raises(TimeoutError):
            await service.next(0.5)


async def test_addresses_of_inner_hosts_hear_nothing(alice: Client, service: PushService, desk: Desk) -> None:
    ident = await subscribed(alice, service)
    desk.sender.private = False
    async with at_work(desk):
        with pytest.raises(TimeoutError):
            await service.next(0.5)
    assert await unsubscribed(alice, ident) == "ErrorSubscriptionNotFound"


@pytest.mark.parametrize(
    "url", ["", "http://client.example.test/", "ftp://x.test/", "https://u:p@x.test/", "https:///x"]
)
async def test_only_addresses_over_tls_are_taken(alice: Client, url: str) -> None:
    assert (await alice.ask(request(url))).code == "ErrorInvalidPushSubscriptionUrl"


@pytest.mark.parametrize(
    ("config", "code"),
    [("enabled = false", "ErrorInvalidPushSubscriptionUrl"), ("private = true", "NoError")],
)
async def test_the_configuration_says_how_far_pushes_go(tmp_path: Path, config: str, code: str) -> None:
    async with ews_stand(tmp_path, f"[push]\n{config}\n") as made:
        assert (await made.client("alice").ask(request("http://client.example.test/"))).code == code


async def test_a_frequency_has_its_bounds(alice: Client) -> None:
    assert (await alice.ask(request("https://x.test/", minutes=1441))).code == "ErrorInvalidRequest"


async def test_a_subscription_may_begin_where_another_one_ended(
    stand: Stand, alice: Client, service: PushService, desk: Desk
) -> None:
    [mark] = (await alice.ask(request(service.url("/listen")))).texts("m:Watermark")
    await stand.put("alice", letter("x"))
    url = service.url("/listen").replace("/listen", "/other")
    await alice.ask(request(url, mark=f"<t:Watermark>{mark}</t:Watermark>"))
    async with at_work(desk):
        both = {(taken := await service.next()).path: taken.body.count(b"<t:NewMailEvent>") for _ in range(2)}
    assert both == {"/listen": 1, "/other": 1}


async def test_more_events_than_one_answer_holds_come_with_the_next_ones(
    stand: Stand, alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(happened, "MOST_EVENTS", 2)
    inbox = '<t:FolderIds><t:DistinguishedFolderId Id="inbox"/></t:FolderIds>'
    kinds = "<t:EventTypes><t:EventType>CreatedEvent</t:EventType></t:EventTypes><t:Timeout>9</t:Timeout>"
    got = await alice.ask(
        f"<m:Subscribe><m:PullSubscriptionRequest>{inbox}{kinds}</m:PullSubscriptionRequest></m:Subscribe>"
    )
    [ident], [mark] = got.texts("m:SubscriptionId"), got.texts("m:Watermark")
    put = [await stand.put("alice", letter(str(each))) for each in range(5)]
    found, more = list[str](), ["true"]
    while more == ["true"]:
        ask = f"<m:SubscriptionId>{ident}</m:SubscriptionId><m:Watermark>{mark}</m:Watermark>"
        said = await alice.ask(f"<m:GetEvents>{ask}</m:GetEvents>")
        found += said.ids()
        mark, more = said.texts("t:Watermark")[-1], said.texts("t:MoreEvents")
    assert len(found) == len(set(found)) == len(put)


async def test_more_events_than_one_notification_holds_follow_at_once(
    stand: Stand, alice: Client, service: PushService, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(happened, "MOST_EVENTS", 2)
    await subscribed(alice, service)
    put = [await stand.put("alice", letter(str(each))) for each in range(5)]
    found = list[str]()
    async with at_work(desk):
        while len(found) < len(put):
            found += [each.get("Id", "") for each in (await heard(service)).find("t:NewMailEvent/t:ItemId")]
    assert len(found) == len(set(found)) == len(put)


def flag_all(tx: WriteTx) -> None:
    """Marks all that is in Alice's inbox."""
    at = tx.locate(tx.account("alice@example.test").id, "INBOX", Right.WRITE)
    tx.update_flags(at.id, EVERY, FlagChange(add=Flags.FLAGGED))


async def test_what_was_not_asked_for_hides_nothing_that_was(
    stand: Stand, alice: Client, service: PushService, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(happened, "MOST_EVENTS", 2)
    for each in range(5):
        await stand.put("alice", letter(str(each)))
    await subscribed(alice, service)
    async with at_work(desk):
        await heard(service)
        await stand.house.write(flag_all)
        await stand.put("alice", letter("x"))
        assert len((await heard(service)).find("t:NewMailEvent")) == 1


async def test_a_folder_that_is_shared_again_is_told_of_again(stand: Stand, alice: Client, bob: Client) -> None:
    at = await stand.share("alice", "INBOX", "bob@example.test", "lr")
    named = f'<t:FolderIds><t:FolderId Id="{folder_id(at)}"/></t:FolderIds>'
    kinds = "<t:EventTypes><t:EventType>CreatedEvent</t:EventType></t:EventTypes><t:Timeout>9</t:Timeout>"
    inside = f"<m:PullSubscriptionRequest>{named}{kinds}</m:PullSubscriptionRequest>"
    got = await bob.ask(f"<m:Subscribe>{inside}</m:Subscribe>")
    [ident], [mark] = got.texts("m:SubscriptionId"), got.texts("m:Watermark")
    await stand.put("alice", letter("x"))
    found = []
    for rights in ("l", "lr"):
        await stand.share("alice", "INBOX", "bob@example.test", rights)
        ask = f"<m:SubscriptionId>{ident}</m:SubscriptionId><m:Watermark>{mark}</m:Watermark>"
        said = await bob.ask(f"<m:GetEvents>{ask}</m:GetEvents>")
        found.append(len(said.find("t:CreatedEvent")))
        mark = said.texts("t:Watermark")[-1]
    assert found == [0, 1]
