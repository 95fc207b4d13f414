"""Ping, GetItemEstimate, SendMail, SmartReply, SmartForward, MoveItems, ItemOperations, GetAttachment."""

from __future__ import annotations

import asyncio
import base64
import struct
from datetime import UTC, datetime
from typing import Any

from connectors.exchange.rules import SCRIPT
from groupware.model.flags import Flags
from groupware.model.ids import FolderId, Uid
from mailcore.sieve.actions import FileInto
from mailcore.sieve.check import compiled
from mailcore.sieve.machine import run
from mailcore.sieve.message import Environment
from mailcore.sieve.message import read as read_message
from tests.protocol.activesync.test_sync_mail import HTML, preference, subjects
from tests.support.eas.stand import Phone, Stand
from tests.support.eas.wire import Node, read, write
from tests.support.jmapstand import letter

MESSAGE = b"To: bob@example.test\r\nSubject: Hi\r\nBcc: carol@example.test\r\n\r\nMine\r\n"


def folders(*names: str) -> tuple[Any, ...]:
    inside = [("Ping:Folder", ("Ping:Id", each), ("Ping:Class", "Email")) for each in names]
    return ("Ping:Folders", *inside)


async def test_a_ping_ends_when_something_comes(stand: Stand, alice: Phone) -> None:
    at, other = await alice.at("INBOX"), await alice.at("Sent")
    await alice.all_of(at)
    await alice.all_of(other)
    asked = ("Ping:Ping", ("Ping:HeartbeatInterval", 60), folders(at, other))
    waiting = asyncio.create_task(alice.ask("Ping", asked))
    assert await stand.waits(waiting)
    await stand.put("alice", letter("one"))
    said = await asyncio.wait_for(waiting, 10)
    assert said.get("Status") == "2" and [each.text for each in said.every("Folders/Folder")] == [at]
    again = await alice.ask("Ping")
    assert again.get("Status") == "2"
    await alice.all_of(at)
    waiting = asyncio.create_task(alice.ask("Ping"))
    assert await stand.waits(waiting)
    waiting.cancel()


async def test_what_a_device_does_itself_wakes_it_not_for_good(stand: Stand, alice: Phone) -> None:
    at = await alice.at("INBOX")
    await stand.put("alice", letter("one"))
    await alice.all_of(at)
    change = ("AirSync:Change", ("AirSync:ServerId", f"{at}:1"), ("AirSync:ApplicationData", ("Email:Read", "1")))
    await alice.sync(at, change)
    waiting = asyncio.create_task(alice.ask("Ping", ("Ping:Ping", ("Ping:HeartbeatInterval", 60), folders(at))))
    assert await stand.waits(waiting)
    waiting.cancel()


async def test_pings_that_cannot_be(alice: Phone) -> None:
    assert (await alice.ask("Ping")).get("Status") == "3"
    at = await alice.at("INBOX")
    for wait, bound in ((5, "60"), (9999, "3540")):
        said = await alice.ask("Ping", ("Ping:Ping", ("Ping:HeartbeatInterval", wait), folders(at)))
        assert (said.get("Status"), said.get("HeartbeatInterval")) == ("5", bound)
    said = await alice.ask("Ping", ("Ping:Ping", ("Ping:HeartbeatInterval", 60), folders("9999")))
    assert said.get("Status") == "7"
    said = await alice.ask("Ping", ("Ping:Ping", ("Ping:HeartbeatInterval", 60), folders(*[at] * 201)))
    assert (said.get("Status"), said.get("MaxFolders")) == ("6", "200")


async def test_an_estimate_is_what_a_sync_would_bring(stand: Stand, alice: Phone) -> None:
    at = await alice.at("INBOX")
    await alice.sync(at)
    for number in range(3):
        await stand.put("alice", letter(f"m{number}"))

    async def estimate(key: str, name: str = at) -> Node:
        inside = ("AirSync:SyncKey", key), ("GetItemEstimate:CollectionId", name)
        collections = ("GetItemEstimate:Collections", ("GetItemEstimate:Collection", *inside))
        return await alice.ask("GetItemEstimate", ("GetItemEstimate:GetItemEstimate", collections))

    assert (await estimate(alice.keys[at])).get("Response/Collection/Estimate") == "3"
    await alice.all_of(at)
    assert (await estimate(alice.keys[at])).get("Response/Collection/Estimate") == "0"
    assert (await estimate("0")).get("Response/Status") == "3"
    assert (await estimate("5-00000000")).get("Response/Status") == "4"
    assert (await estimate(alice.keys[at], "999")).get("Response/Status") == "2"


async def compose(alice: Phone, command: str, *inside: tuple[Any, ...], mime: bytes = MESSAGE) -> Any:
    tree = (f"ComposeMail:{command}", *inside, ("ComposeMail:Mime", mime))
    return await alice.post(command, write(tree))


async def test_a_message_is_sent_once_and_kept(stand: Stand, alice: Phone) -> None:
    inside = ("ComposeMail:ClientId", "c1"), ("ComposeMail:SaveInSentItems",)
    got = await compose(alice, "SendMail", *inside)
    assert got.status_code == 200 and not got.content
    [octets] = await stand.house.bodies("bob")
    assert b"From: " in octets and b"alice@example.test" in octets and b"Message-ID:" in octets and b"Bcc" not in octets
    [kept] = await stand.house.bodies("alice", "Sent")
    assert b"Bcc: carol@example.test" in kept
    again = await compose(alice, "SendMail", *inside)
    assert read(again.content).get("Status") == "118"
    assert len(await stand.house.bodies("bob")) == 1


async def test_two_requests_at_once_send_a_message_once(stand: Stand, alice: Phone) -> None:
    asked = [compose(alice, "SendMail", ("ComposeMail:ClientId", "c1")) for _ in range(3)]
    said = await asyncio.gather(*asked)
    assert sorted(bool(each.content) for each in said) == [False, True, True]
    assert len(await stand.house.bodies("bob")) == 1


async def test_what_cannot_be_sent(stand: Stand, alice: Phone) -> None:
    got = await compose(alice, "SendMail", mime=b"Subject: x\r\n\r\nx")
    assert read(got.content).get("Status") == "119"
    got = await compose(alice, "SendMail", mime=b"From: bob@example.test\r\nTo: bob@example.test\r\n\r\nx")
    assert read(got.content).get("Status") == "120"
    alice.version = "12.1"
    got = await alice.post("SendMail", MESSAGE, "message/rfc822", SaveInSent="T")
    assert got.status_code == 200 and len(await stand.house.bodies("bob")) == 1
    assert len(await stand.house.bodies("alice", "Sent")) == 1


async def test_an_answer_has_the_original_below_and_marks_it(stand: Stand, alice: Phone) -> None:
    at = await alice.at("INBOX")
    uid = await stand.put("alice", letter("Question", "Message-ID: <q@far.test>", body="What?\r\n"))
    source = ("ComposeMail:Source", ("ComposeMail:FolderId", at), ("ComposeMail:ItemId", f"{at}:{uid}"))
    got = await compose(alice, "SmartReply", ("ComposeMail:ClientId", "c2"), source)
    assert got.status_code == 200 and not got.content
    [octets] = await stand.house.bodies("bob")
    assert b"Mine" in octets and b"What?" in octets and b"Original Message" in octets
    assert b"In-Reply-To: <q@far.test>" in octets
    assert Flags.ANSWERED in (await stand.house.items("alice"))[0].flags
    missing = ("ComposeMail:Source", ("ComposeMail:FolderId", at), ("ComposeMail:ItemId", f"{at}:99"))
    got = await compose(alice, "SmartReply", missing)
    assert read(got.content).get("Status") == "150"


async def test_what_is_sent_on_takes_its_files_along(stand: Stand, alice: Phone) -> None:
    at = await alice.at("INBOX")
    uid = await stand.put("alice", HTML)
    source = ("ComposeMail:Source", ("ComposeMail:FolderId", at), ("ComposeMail:ItemId", f"{at}:{uid}"))
    mime = b"To: bob@example.test\r\nSubject: Fw\r\nContent-Type: text/html\r\n\r\n<p>See</p>"
    assert not (await compose(alice, "SmartForward", source, mime=mime)).content
    phone = stand.phone("bob")
    found = await phone.all_of(await phone.at("INBOX"), options=(preference(2),))
    [one] = found.values()
    assert "See" in (one.get("Body/Data") or "") and "<b>there</b>" in (one.get("Body/Data") or "")
    assert one.get("Attachments/Attachment/DisplayName") == "a.txt"
    whole = ("ComposeMail:ReplaceMime",)
    assert not (await compose(alice, "SmartForward", source, whole, mime=mime)).content
    assert b"there" not in (await stand.house.bodies("bob"))[1]
    assert "$Forwarded" in (await stand.house.items("alice"))[0].keywords


async def test_items_are_moved(stand: Stand, alice: Phone) -> None:
    at, to = await alice.at("INBOX"), await alice.at("Archive")
    await stand.put("alice", letter("one"))
    await alice.all_of(at)
    await alice.all_of(to)

    async def move(message: str, source: str, target: str) -> Node:
        inside = ("Move:SrcMsgId", message), ("Move:SrcFldId", source), ("Move:DstFldId", target)
        return await alice.ask("MoveItems", ("Move:MoveItems", ("Move:Move", *inside)))

    said = await move(f"{at}:1", at, to)
    assert (said.get("Response/Status"), said.get("Response/DstMsgId")) == ("3", f"{to}:1")
    assert subjects(await alice.all_of(to)) == ["one"] and subjects(await alice.all_of(at)) == []
    assert (await move(f"{at}:1", at, to)).get("Response/Status") == "1"
    assert (await move(f"{to}:1", to, to)).get("Response/Status") == "4"
    assert (await move(f"{to}:1", to, "999")).get("Response/Status") == "2"
    assert (await move(f"{to}:1", to, await alice.at("Calendar"))).get("Response/Status") == "2"
    inbox = FolderId(await stand.folder("alice", "INBOX"))
    [step] = await stand.house.read(lambda tx: tx.movements(inbox, Uid(1)))
    assert (step.actor, step.client) == ("alice@example.test", "activesync TestPhone")


async def fetch(alice: Phone, *inside: tuple[Any, ...], **more: str) -> Node:
    tree = ("ItemOperations:ItemOperations", ("ItemOperations:Fetch", ("ItemOperations:Store", "Mailbox"), *inside))
    return await alice.ask("ItemOperations", tree, **more)


async def test_items_and_files_are_fetched(stand: Stand, alice: Phone) -> None:
    at = await alice.at("INBOX")
    uid = await stand.put("alice", HTML)
    place = ("AirSync:CollectionId", at), ("AirSync:ServerId", f"{at}:{uid}")
    said = await fetch(alice, *place, ("ItemOperations:Options", preference(2)))
    assert said.get("Response/Fetch/Status") == "1"
    assert "there" in (said.get("Response/Fetch/Properties/Body/Data") or "")
    found = said.get("Response/Fetch/Properties/Attachments/Attachment/FileReference") or ""
    said = await fetch(alice, ("AirSyncBase:FileReference", found))
    assert base64.b64decode(said.get("Response/Fetch/Properties/Data") or "") == b"file"
    assert said.get("Response/Fetch/Properties/ContentType") == "text/plain"
    piece = ("ItemOperations:Options", ("ItemOperations:Range", "1-2"))
    said = await fetch(alice, ("AirSyncBase:FileReference", found), piece)
    assert base64.b64decode(said.get("Response/Fetch/Properties/Data") or "") == b"il"
    assert said.get("Response/Fetch/Properties/Total") == "4"
    for reference in ("1:2:3", "x", f"{at}:{uid}:99", ""):
        said = await fetch(alice, ("AirSyncBase:FileReference", reference))
        assert said.get("Response/Fetch/Status") in ("6", "15")
    alice.version = "12.1"
    got = await alice.post("GetAttachment", AttachmentName=found)
    assert (got.status_code, got.content) == (200, b"file")
    assert (await alice.post("GetAttachment", AttachmentName="x")).status_code == 500


async def test_octets_come_behind_the_document(stand: Stand, alice: Phone) -> None:
    at = await alice.at("INBOX")
    uid = await stand.put("alice", HTML)
    place = ("ItemOperations:Store", "Mailbox"), ("AirSync:CollectionId", at), ("AirSync:ServerId", f"{at}:{uid}")
    item = ("ItemOperations:Fetch", *place, ("ItemOperations:Options", preference(1)))
    file = ("ItemOperations:Fetch", ("ItemOperations:Store", "Mailbox"), ("AirSyncBase:FileReference", f"{at}:{uid}:2"))
    tree = write(("ItemOperations:ItemOperations", item, file))
    got = await alice.post("ItemOperations", tree, h_ms_asacceptmultipart="T")
    assert got.headers["content-type"] == "application/vnd.ms-sync.multipart"
    [many] = struct.unpack_from("<I", got.content)
    spans = [struct.unpack_from("<II", got.content, 4 + 8 * each) for each in range(many)]
    pieces = [got.content[start : start + size] for start, size in spans]
    assert pieces[1:] == [b"Hello there", b"file"]
    said = read(pieces[0])
    assert [each.get("Properties/Part") for each in said.every("Response/Fetch")] == [None, "2"]
    assert said.get("Response/Fetch/Properties/Body/Part") == "1"


async def test_a_folder_is_emptied_and_a_conversation_moved(stand: Stand, alice: Phone) -> None:
    at, trash = await alice.at("INBOX"), await alice.at("Trash")
    await stand.put("alice", letter("a", "Message-ID: <a@x>"))
    await stand.put("alice", letter("Re: a", "References: <a@x>", "Message-ID: <b@x>"))
    await stand.put("alice", letter("other"))
    found = await alice.all_of(at)
    ids = {(each.find("ConversationId") or Node("x")).data for each in found.values()}
    assert len(ids) == 2
    wanted = (found[f"{at}:1"].find("ConversationId") or Node("x")).data
    assert wanted is not None
    move = ("ItemOperations:Move", ("ItemOperations:ConversationId", wanted), ("ItemOperations:DstFldId", trash))
    said = await alice.ask("ItemOperations", ("ItemOperations:ItemOperations", move))
    assert said.get("Response/Move/Status") == "1"
    assert len(await stand.house.items("alice", "Trash")) == 2
    assert not await stand.house.read(lambda tx: tx.scripts(tx.account("alice@example.test").id))
    empty = ("ItemOperations:EmptyFolderContents", ("AirSync:CollectionId", trash))
    said = await alice.ask("ItemOperations", ("ItemOperations:ItemOperations", empty))
    assert said.get("Response/EmptyFolderContents/Status") == "1"
    assert not await stand.house.items("alice", "Trash")


async def test_what_comes_to_a_conversation_is_moved_where_that_is_wanted(stand: Stand, alice: Phone) -> None:
    at, trash = await alice.at("INBOX"), await alice.at("Trash")
    await stand.put("alice", letter("a", "Message-ID: <a@x>"))
    [found] = (await alice.all_of(at)).values()
    wanted = (found.find("ConversationId") or Node("x")).data
    assert wanted is not None
    always = ("ItemOperations:Options", ("ItemOperations:MoveAlways",))
    to = ("ItemOperations:DstFldId", trash)
    move = ("ItemOperations:Move", ("ItemOperations:ConversationId", wanted), to, always)
    said = await alice.ask("ItemOperations", ("ItemOperations:ItemOperations", move))
    assert said.get("Response/Move/Status") == "1"
    script = await stand.house.read(lambda tx: tx.script(SCRIPT, tx.account("alice@example.test").id))
    answer = b"Subject: Re: a\r\nReferences: <a@x>\r\n\r\n"
    message = read_message(answer, "b@x.test", "alice@example.test")
    outcome = run(compiled(script), message, Environment(datetime.now(UTC)))
    assert [each.place.name for each in outcome.actions if isinstance(each, FileInto)] == ["Trash"]
