"""What was sent once is not sent again when it is asked for again: by another process, after a restart, in any way."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from connectors.activesync.app import activesync
from connectors.activesync.mail import drafts
from groupware.model.errors import AlreadyExists
from groupware.model.times import now_micros
from groupware.store.api import WriteTx
from groupware.store.sql import submitted
from tests.protocol.activesync.test_mail_commands import MESSAGE, compose
from tests.support.davstand import event
from tests.support.eas.stand import PATH, Phone, Stand
from tests.support.eas.wire import read, write
from tests.support.webstand import asked, way_in


async def _statuses(*asked_: Any) -> list[str]:
    got = await asyncio.gather(*asked_)
    return sorted(str(read(each.content).get("Status") if each.content else "") for each in got)


async def test_other_processes_know_what_was_sent(stand: Stand, alice: Phone) -> None:
    """Two applications over one store share nothing in memory, as two processes and a server that was restarted."""
    other = _another(stand)
    async with asked(other, way_in()) as http:
        phone = Phone(http, "alice")
        await alice.folder_sync()
        inside = ("ComposeMail:ClientId", "c1")
        sent = [compose(each, "SendMail", inside) for each in (alice, phone, alice, phone)]
        assert await _statuses(*sent) == ["", "118", "118", "118"]
        assert await _statuses(compose(phone, "SendMail", ("ComposeMail:ClientId", "c2"))) == [""]
    assert len(await stand.house.bodies("bob")) == 2


def _another(stand: Stand) -> Any:
    app = activesync(stand.house.parts, stand.app.setup)
    return Starlette(routes=[Route(PATH, app, methods=None)])


async def test_another_device_and_another_person_have_names_of_their_own(stand: Stand, alice: Phone) -> None:
    inside = ("ComposeMail:ClientId", "c1")
    others = [alice, stand.phone("alice", "PHONE2"), stand.phone("bob")]
    mime = [MESSAGE, MESSAGE, MESSAGE.replace(b"alice@example.test", b"bob@example.test")]
    for phone, octets in zip(others, mime, strict=True):
        assert await _statuses(compose(phone, "SendMail", inside, mime=octets)) == [""]


async def test_a_refused_message_can_be_sent_again(stand: Stand, alice: Phone) -> None:
    inside = ("ComposeMail:ClientId", "c1")
    wrong = b"From: bob@example.test\r\nTo: bob@example.test\r\n\r\nx"
    assert await _statuses(compose(alice, "SendMail", inside, mime=wrong)) == ["120"]
    assert await _statuses(compose(alice, "SendMail", inside)) == [""]


async def test_12_1_is_told_that_it_was_sent(stand: Stand, alice: Phone) -> None:
    alice.version = "12.1"
    named = b"Message-ID: <1@phone>\r\n" + MESSAGE
    for _ in range(2):
        got = await alice.post("SendMail", named, "message/rfc822", SaveInSent="T")
        assert got.status_code == 200 and not got.content
    assert len(await stand.house.bodies("bob")) == 1 and len(await stand.house.bodies("alice", "Sent")) == 1
    for _ in range(2):
        await alice.post("SendMail", MESSAGE, "message/rfc822")
    assert len(await stand.house.bodies("bob")) == 3


async def test_a_draft_that_was_sent_and_is_still_there_does_not_leave_again(
    stand: Stand, alice: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = await alice.at("Drafts")
    data = ("Email:To", "bob@example.test"), ("Email:Subject", "d")
    await alice.all_of(at)
    said = await alice.sync(at, ("AirSync:Add", ("AirSync:ClientId", "1"), ("AirSync:ApplicationData", *data)))
    server = said.get("Responses/Add/ServerId")
    send = ("AirSync:Change", ("AirSync:ServerId", server), ("Email2:Send",), ("AirSync:ApplicationData",))

    async def dies(*_: object) -> None:
        raise RuntimeError("the server stops here")

    with monkeypatch.context() as patch:
        patch.setattr(drafts, "with_sent_copy", dies)
        assert (await alice.sync_as_sent(at, send)).status_code == 500
    assert len(await stand.house.bodies("bob")) == 1 and len(await stand.house.bodies("alice", "Drafts")) == 1
    await alice.sync(at, send)
    assert len(await stand.house.bodies("bob")) == 1 and not await stand.house.bodies("alice", "Drafts")
    assert len(await stand.house.bodies("alice", "Sent")) == 1


async def test_a_meeting_is_passed_on_once_to_each(stand: Stand, alice: Phone) -> None:
    theirs = event("e1", "20261201T090000Z", "ORGANIZER:mailto:carl@far.test", "ATTENDEE:mailto:alice@example.test")
    await stand.put("alice", theirs.encode(), "Calendar")
    at = await alice.at("Calendar")
    [server] = await alice.all_of(at)
    source = ("ComposeMail:Source", ("ComposeMail:FolderId", at), ("ComposeMail:ItemId", server))
    who = [("ComposeMail:Forwardee", ("ComposeMail:Email", f"{each}@example.test")) for each in ("bob", "carol")]

    async def forward(*people: tuple[Any, ...]) -> list[str]:
        inside = ("ComposeMail:ClientId", "f1"), source, ("ComposeMail:Forwardees", *people)
        return await _statuses(alice.post("SmartForward", write(("ComposeMail:SmartForward", *inside))))

    assert await forward(who[0]) == [""]
    assert await forward(*who) == [""]
    assert await forward(*who) == ["118"]
    assert len(await stand.house.bodies("bob")) == 1 and len(await stand.house.bodies("carol")) == 1


async def test_it_is_remembered_for_a_month(stand: Stand, alice: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    def claim(tx: WriteTx) -> None:
        tx.claim_sending(tx.account("alice@example.test").id, "x")

    now = now_micros()
    await stand.house.write(claim)
    with pytest.raises(AlreadyExists):
        await stand.house.write(claim)
    monkeypatch.setattr(submitted, "now_micros", lambda: now + submitted.REMEMBERED + 10**9)
    await stand.house.write(lambda tx: tx.claim_sending(tx.account("alice@example.test").id, "y"))
    await stand.house.write(claim)
    with pytest.raises(AlreadyExists):
        await stand.house.write(claim)
