"""What happened is not known any more, as after a restore: phones and Outlook begin anew, and miss nothing by it."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from groupware.store.sql.store import SqlStore
from tests.protocol.ews.test_sync import page
from tests.support.ewsstand import Client
from tests.support.ewsstreams import LISTEN, SUBSCRIBE
from tests.support.exchangestand import Stand
from tests.support.jmapstand import letter

PULL = SUBSCRIBE.replace("StreamingSubscriptionRequest", "PullSubscriptionRequest").replace(
    "</t:EventTypes>", "</t:EventTypes><t:Timeout>9</t:Timeout>"
)


async def forget(stand: Stand) -> None:
    """As a restore leaves it: the sequence goes on far behind, and nothing before that is known."""
    await stand.put("alice", letter("while nobody looked"))
    store = stand.house.store
    assert isinstance(store, SqlStore)

    def work() -> None:
        with store.database.writers.begin() as connection:
            connection.execute(text("UPDATE principal SET modseq = modseq + 1000"))
            connection.execute(text("UPDATE folder SET modseq = modseq + 1000, compacted = modseq + 1000"))

    await asyncio.to_thread(work)


@pytest.fixture
def alice(stand: Stand) -> Client:
    return stand.client("alice")


async def test_a_state_of_items_is_refused_and_a_new_one_is_whole(stand: Stand, alice: Client) -> None:
    await stand.put("alice", letter("one"))
    [state] = (await page(alice, "")).texts("m:SyncState")
    await forget(stand)
    assert (await page(alice, state)).code == "ErrorInvalidSyncStateData"
    assert len((await page(alice, "")).find("t:Create")) == 2


async def test_a_watermark_is_refused(stand: Stand, alice: Client) -> None:
    got = await alice.ask(PULL)
    [ident], [mark] = got.texts("m:SubscriptionId"), got.texts("m:Watermark")
    await forget(stand)
    ask = f"<m:SubscriptionId>{ident}</m:SubscriptionId><m:Watermark>{mark}</m:Watermark>"
    assert (await alice.ask(f"<m:GetEvents>{ask}</m:GetEvents>")).code == "ErrorInvalidWatermark"


async def test_a_stream_ends_with_the_subscription_that_is_none_any_more(stand: Stand, alice: Client) -> None:
    [ident] = (await alice.ask(SUBSCRIBE)).texts("m:SubscriptionId")
    await forget(stand)
    async with asyncio.timeout(60):
        said = (await alice.ask(LISTEN.format(ident))).body
    assert b"ErrorSubscriptionNotFound" in said and ident.encode() in said


async def test_a_phone_begins_a_folder_anew(stand: Stand) -> None:
    phone = stand.phone("alice")
    at = await phone.at("INBOX")
    await stand.put("alice", letter("one"))
    assert len(await phone.all_of(at)) == 1
    await forget(stand)
    said = await phone.sync(at)
    assert said.get("Status") == "3"
    phone.keys.pop(at)
    phone.there.pop(at)
    assert len(await phone.all_of(at)) == 2
