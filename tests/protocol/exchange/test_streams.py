"""Streams of events of EWS: they end with the right to sign in."""

from __future__ import annotations

import asyncio

import pytest
from lxml import etree

from connectors.ews.wire import SOAP
from tests.support.ewsstand import Said
from tests.support.ewsstreams import LISTEN, SUBSCRIBE
from tests.support.exchangestand import Stand
from tests.support.jmapstand import letter

Stream = asyncio.Task[Said]


@pytest.fixture
async def stream(stand: Stand) -> Stream:
    """One that Alice waits at while EWS is switched off for her."""
    alice = stand.client("alice")
    [subscription] = (await alice.ask(SUBSCRIBE)).texts("m:SubscriptionId")
    waiting = asyncio.create_task(alice.ask(LISTEN.format(subscription)))
    assert await stand.waits(waiting)
    account = "alice@example.test"
    await stand.house.write(lambda tx: tx.put_setting("ews", False, tx.account(account).id))
    return waiting


async def test_who_may_not_sign_in_any_more_is_told_nothing_more(stand: Stand, stream: Stream) -> None:
    await stand.put("alice", letter("news"))
    async with asyncio.timeout(60):
        said = (await stream).body
    assert b"ErrorAccessDenied" in said and b"switched off" in said and b"NewMailEvent" not in said


async def test_each_piece_is_a_document_in_the_form_of_exchange(stream: Stream) -> None:
    async with asyncio.timeout(60):
        pieces = (await stream).body.split(b"<?xml")[1:]
    assert len(pieces) == 2
    for each in pieces:
        begin, end = each.index(b"<Envelope"), each.index(b"</Envelope>")  # what programs cut a stream by
        root = etree.fromstring(each[begin : end + len(b"</Envelope>")])
        assert root.tag == f"{{{SOAP}}}Envelope" and root[1].tag == f"{{{SOAP}}}Body"
