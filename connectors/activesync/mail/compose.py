"""SendMail, SmartReply, SmartForward. MS-ASCMD §2.2.1.17, §2.2.1.19, §2.2.1.20."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from connectors.activesync.element import Element
from connectors.activesync.errors import INVALID_CONTENT, ITEM_NOT_FOUND, SENT_ALREADY, EasError
from connectors.activesync.exchange import Exchange
from connectors.activesync.folders import folder_id
from connectors.activesync.mail.body import text_in
from connectors.activesync.mail.outgoing import complete, header_of, once_of, send, with_sent_copy
from connectors.activesync.mail.quote import Original, forwarded, original_of, replied
from connectors.activesync.pim.forward import forward
from connectors.activesync.sync.options import PLAIN
from connectors.exchange.kept import merged, packed, unpacked
from connectors.exchange.last_verb import ANSWERED, PASSED_ON, change_for, facts_for
from groupware.mime.headers import fields
from groupware.mime.shown import lists_of
from groupware.mime.summary import summarize
from groupware.model.errors import GroupwareError, NoRight, NotFound
from groupware.model.folder import Folder
from groupware.model.ids import BlobId, FolderId, Uid, ranges
from groupware.model.item import Kind
from groupware.model.rights import Right
from groupware.store.api import ReadTx, WriteTx

_NUMBER: Final = re.compile(r"[0-9]{1,18}\Z")


@dataclass(frozen=True, slots=True)
class Asked:
    """What one of the three commands says."""

    mime: bytes
    client: str
    save: bool
    source: tuple[FolderId, Uid] | None
    replace: bool
    instance: str = ""
    """The occurrence of an event that is passed on. 16.x."""
    forwardees: tuple[str, ...] = ()


async def sendmail(exchange: Exchange) -> None:
    """Sends a message."""
    asked = _asked(exchange, "SendMail")
    await _sent(exchange, asked, asked.mime)


async def smartreply(exchange: Exchange) -> None:
    """Sends an answer, with the message that it answers below, which counts as answered."""
    asked = _asked(exchange, "SmartReply")
    octets = asked.mime
    if not asked.replace:
        original = await _original(exchange, asked)
        octets = await asyncio.to_thread(replied, octets, original)
    await _sent(exchange, asked, octets)
    await _mark(exchange, asked, ANSWERED)


async def smartforward(exchange: Exchange) -> None:
    """Sends a message on, with what is attached to it; it counts as forwarded."""
    asked = _asked(exchange, "SmartForward")
    event = await _event(exchange, asked)
    if event is not None:
        await _forward_event(exchange, asked, *event)
        return
    octets = asked.mime
    if not asked.replace:
        original = await _original(exchange, asked)
        octets = await asyncio.to_thread(forwarded, octets, original)
    await _sent(exchange, asked, octets)
    await _mark(exchange, asked, PASSED_ON)


def _asked(exchange: Exchange, command: str) -> Asked:
    """What the document says, or before 14.0 the address. `EasError`."""
    if exchange.document is None:
        more = exchange.query.more
        return Asked(
            exchange.body, "", exchange.query.save, _place(more.get("CollectionId", ""), more.get("ItemId", "")), False
        )
    root = exchange.root(f"ComposeMail:{command}")
    mime = root.child("ComposeMail:Mime")
    octets = (mime.octets if mime.octets is not None else mime.text.encode()) if mime is not None else b""
    source = root.child("ComposeMail:Source") or Element("ComposeMail:Source")
    item = source.value("ComposeMail:ItemId") or source.value("ComposeMail:LongId")
    said = root.child("ComposeMail:Forwardees") or Element("ComposeMail:Forwardees")
    forwardees = tuple(each.value("ComposeMail:Email").strip() for each in said.all("ComposeMail:Forwardee"))
    if not octets and not forwardees:
        raise EasError(INVALID_CONTENT, "there is no message")
    return Asked(
        octets,
        root.value("ComposeMail:ClientId"),
        root.flag("ComposeMail:SaveInSentItems"),
        _place(source.value("ComposeMail:FolderId"), item),
        root.flag("ComposeMail:ReplaceMime"),
        source.value("ComposeMail:InstanceId"),
        tuple(each for each in forwardees if each),
    )


async def _event(exchange: Exchange, asked: Asked) -> tuple[Folder, int] | None:
    """The event that is passed on; None: it is a message."""
    if asked.source is None:
        return None
    at, item = asked.source
    try:
        folder = await exchange.read(lambda tx: tx.folder(at))
    except GroupwareError:
        return None
    return (folder, int(item)) if folder.kind is Kind.CALENDAR else None


async def _forward_event(exchange: Exchange, asked: Asked, at: Folder, item: int) -> None:
    """An invitation goes to the forwardees, or to whom the message is for, once."""
    text, people = "", list(asked.forwardees)
    if asked.mime:
        summary = await asyncio.to_thread(summarize, asked.mime)
        text = text_in(asked.mime, summary.parts, lists_of(summary.parts), PLAIN).strip()
        people = people or [each.address for each in (*summary.to, *summary.cc, *summary.bcc)]
    await forward(exchange, at, item, asked.instance, people, text, asked.client)


def _place(folder: str, item: str) -> tuple[FolderId, Uid] | None:
    at, _, uid = item.partition(":")
    if not _NUMBER.match(at) or not _NUMBER.match(uid):
        return None
    return folder_id(at), Uid(int(uid))


async def _original(exchange: Exchange, asked: Asked) -> Original:
    """The message that is answered or sent on. `EasError`."""
    if asked.source is None:
        raise EasError(ITEM_NOT_FOUND, "there is no such message")
    at, uid = asked.source

    def work(tx: ReadTx) -> BlobId:
        rows = tx.columns(at, ("blob",), ranges([uid]))
        if not rows:
            raise NotFound("there is no such message")
        return BlobId(rows[0][1])

    try:
        octets = await exchange.parts.blobs.read(await exchange.read(work))
    except (NotFound, NoRight) as error:
        raise EasError(ITEM_NOT_FOUND, str(error)) from None
    return await asyncio.to_thread(original_of, octets)


async def _sent(exchange: Exchange, asked: Asked, octets: bytes) -> None:
    """Sends it once, whoever asks again or at the same time, and keeps a copy where that is wanted."""
    once = once_of(exchange, "message", asked.client) if asked.client else _once_before_14_0(exchange, asked)
    octets = await complete(exchange, octets)
    try:
        await send(exchange, octets, once)
    except EasError as error:
        if error.status != SENT_ALREADY or exchange.version >= 140:
            raise
        return  # 12.1 has no word for it: the device is told that it was sent, which it was
    if asked.save:
        await with_sent_copy(exchange, octets)


def _once_before_14_0(exchange: Exchange, asked: Asked) -> str:
    """Without a ClientId a message is the same again when it has a Message-ID and the same octets."""
    named = any(name.lower() == b"message-id" for name, _ in fields(header_of(asked.mime)))
    return once_of(exchange, "octets", blake2b(asked.mime).hexdigest()) if named else ""


async def _mark(exchange: Exchange, asked: Asked, verb: int) -> None:
    """Marks the original, as far as one may."""
    if asked.source is None:
        return
    at, uid = asked.source

    def work(tx: WriteTx) -> None:
        tx.update_flags(at, ranges([uid]), change_for(verb))
        if Right.WRITE in tx.folder(at).rights:
            kept = merged(unpacked(tx.item_properties(at, [uid]).get(uid, b"")), facts_for(verb, now))
            tx.put_item_properties(at, uid, packed(kept))

    now = exchange.parts.clock.now()
    try:
        await exchange.write(work)
    except GroupwareError:
        return
