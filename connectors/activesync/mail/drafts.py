"""Drafts that a device writes: made, changed and sent by Sync. MS-ASEMAIL §3.1.5.6, since 16.0."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final

from connectors.activesync.element import Element, el
from connectors.activesync.errors import SENT_ALREADY, EasError
from connectors.activesync.exchange import Exchange
from connectors.activesync.mail.body import text_in
from connectors.activesync.mail.flag import flag_in, marked
from connectors.activesync.mail.outgoing import once_of, send, with_sent_copy
from connectors.activesync.mail.render import Row, attachment, rows_of
from connectors.activesync.sync.kinds import MALFORMED, OK, Asked, Done
from connectors.activesync.sync.options import HTML, PLAIN
from groupware.mime.addresses import Mailbox, parse, shown
from groupware.mime.compose import address_line, format_date, header_line, mailbox, message_id
from groupware.mime.headers import fields
from groupware.mime.item import Marks, read_item
from groupware.mime.lines import crlf
from groupware.mime.sections import decoded
from groupware.mime.shown import lists_of
from groupware.mime.summary import summarize
from groupware.model.errors import NotFound
from groupware.model.flags import Flags
from groupware.model.folder import Folder
from groupware.model.ids import Uid, ranges
from groupware.store.api import WriteTx

_FIELDS: Final = (("Email:To", "To"), ("Email:Cc", "Cc"), ("Email2:Bcc", "Bcc"))
_IMPORTANCE: Final = {"0": "low", "2": "high"}
_URGENCY: Final = frozenset({b"importance", b"priority", b"x-priority"})
_WRITTEN: Final = frozenset(
    [b"to", b"cc", b"bcc", b"subject", b"date", b"message-id", b"references", b"in-reply-to", b"mime-version"]
)
"""Fields that are written anew."""


@dataclass(slots=True)
class File:
    """Something attached."""

    name: str
    media: str
    octets: bytes
    cid: str = ""
    at: int = -1
    """Which part of the stored message it is."""


@dataclass(slots=True)
class Draft:
    """What a message is made of."""

    people: dict[str, Sequence[Mailbox]] = field(default_factory=dict)
    subject: str = ""
    importance: str = ""
    text: str = ""
    html: bool = False
    files: list[File] = field(default_factory=list)
    id: str = ""
    answers: str = ""
    """In-Reply-To and References, as lines."""
    sender: bytes = b""
    """From, as it stands there."""
    others: list[tuple[bytes, bytes]] = field(default_factory=list)
    """Fields that a device says nothing of: they stay."""


def draft_in(octets: bytes) -> Draft:
    """What is in a stored message."""
    summary = summarize(octets)
    lists = lists_of(summary.parts)
    made = Draft({"To": summary.to, "Cc": summary.cc, "Bcc": summary.bcc}, summary.subject)
    made.id = f"<{summary.message_id}>" if summary.message_id else ""
    if summary.references or summary.in_reply_to:
        ids = summary.references or summary.in_reply_to
        made.answers = " ".join(f"<{each}>" for each in ids)
    for name, value in fields(octets[summary.parts[0].header_start : summary.parts[0].body_start]):
        if name.lower() == b"from":
            made.sender = _line(name, value)
        elif name.lower() not in _WRITTEN and not name.lower().startswith(b"content-"):
            made.others.append((name, value))
    texts = [summary.parts[index] for index in lists.html if summary.parts[index].media.startswith("text/")]
    made.html = any(part.media == "text/html" for part in texts)
    made.text = text_in(octets, summary.parts, lists, HTML if made.html else PLAIN)
    for index in lists.attachments:
        part = summary.parts[index]
        made.files.append(File(part.name or f"part{index}", part.media, decoded(octets, part), part.cid, index))
    return made


def take_in(draft: Draft, data: Element) -> list[str]:
    """Changes a draft as a device says; gives the ClientIds of attachments that are new, which are its last files."""
    for name, header in _FIELDS:
        if data.child(name) is not None:
            draft.people[header] = shown(parse(data.value(name).encode()))
    if data.child("Email:Subject") is not None:
        draft.subject = " ".join(data.value("Email:Subject").split())
    if data.child("Email:Importance") is not None:
        draft.importance = data.value("Email:Importance")
        draft.others = [each for each in draft.others if each[0].lower() not in _URGENCY]
    body = data.child("AirSyncBase:Body")
    if body is not None:
        draft.text, draft.html = body.value("AirSyncBase:Data"), body.value("AirSyncBase:Type") == "2"
    attached = data.child("AirSyncBase:Attachments")
    return _attach(draft, attached) if attached is not None else []


def _attach(draft: Draft, attached: Element) -> list[str]:
    told = []
    for each in attached.children:
        if each.name == "AirSyncBase:Delete":
            index = each.value("AirSyncBase:FileReference").rpartition(":")[2]
            draft.files = [one for one in draft.files if str(one.at) != index]
            continue
        content = each.child("AirSyncBase:Content")
        octets = (content.octets or content.text.encode()) if content is not None else b""
        name = each.value("AirSyncBase:DisplayName") or "attachment"
        media = each.value("AirSyncBase:ContentType") or "application/octet-stream"
        draft.files.append(File(name, media, octets, each.value("AirSyncBase:ContentId")))
        told.append(each.value("AirSyncBase:ClientId"))
    return told


def written(draft: Draft, sender: Mailbox, host: str, now: datetime) -> bytes:
    """The message."""
    content = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    content.set_content(draft.text or "\n", subtype="html" if draft.html else "plain", charset="utf-8")
    for each in draft.files:
        main, _, sub = each.media.partition("/")
        if main in ("message", "multipart", "") or not sub:
            main, sub = "application", "octet-stream"
        content.add_attachment(each.octets, maintype=main, subtype=sub, filename=each.name, cid=each.cid or None)
    lines = [draft.sender or address_line("From", [mailbox(sender.name, sender.address)])]
    for header, people in draft.people.items():
        if people:
            lines.append(address_line(header, [mailbox(each.name, each.address) for each in people]))
    lines.append(header_line("Subject", draft.subject))
    lines.append(f"Date: {format_date(now)}\r\n".encode())
    lines.append(f"Message-ID: {draft.id or message_id(host)}\r\n".encode())
    if draft.answers:
        lines.append(header_line("References", draft.answers))
        lines.append(header_line("In-Reply-To", draft.answers.split()[-1]))
    if draft.importance in _IMPORTANCE:
        lines.append(header_line("Importance", _IMPORTANCE[draft.importance]))
    lines += [_line(name, value) for name, value in draft.others]
    return b"".join(lines) + bytes(content)


def _line(name: bytes, value: bytes) -> bytes:
    return crlf(name + b":" + value.rstrip(b"\r\n") + b"\n")


async def _message(exchange: Exchange, draft: Draft) -> bytes:
    me = await exchange.read(lambda tx: tx.account(tx.who.account))
    return written(draft, Mailbox(me.name, me.address), exchange.host, exchange.parts.clock.now())


async def add(exchange: Exchange, at: Folder, asked: Asked) -> Done:
    """Makes a draft, or sends what was never stored."""
    draft = Draft()
    told = take_in(draft, asked.data)
    octets = await _message(exchange, draft)
    if asked.send:
        if await _leave(exchange, octets, once_of(exchange, "new draft", asked.ident)):
            await with_sent_copy(exchange, octets)
        return Done(OK)
    new = await read_item(octets, exchange.parts.blobs, Marks(Flags.DRAFT | Flags.SEEN))
    [made] = await exchange.write(lambda tx: tx.append(at.id, [new]))
    return Done(OK, int(made.uid), int(made.modseq), await asyncio.to_thread(_told, at, int(made.uid), octets, told))


def _told(at: Folder, uid: int, octets: bytes, clients: Sequence[str]) -> list[Element]:
    """What is answered of attachments that are new: what each is called from now on. MS-ASAIRS §2.2.2.14."""
    if not clients:
        return []
    summary = summarize(octets)
    last = lists_of(summary.parts).attachments[-len(clients) :]
    told = [
        attachment(at, uid, index, summary.parts[index], client) for index, client in zip(last, clients, strict=False)
    ]
    return [el("AirSync:ApplicationData", el("AirSyncBase:Attachments", told))]


async def change(exchange: Exchange, at: Folder, asked: Asked) -> Done:
    """Writes a draft anew, or sends it, once. `NotFound`, `NoRight`."""
    row = await _row(exchange, at, asked.item)
    if Flags.DRAFT.value & row.bits == 0:
        return Done(MALFORMED)
    try:
        flag = flag_in(asked.data)
    except ValueError:
        return Done(MALFORMED)
    draft = draft_in(await exchange.parts.blobs.read(row.blob))
    told = take_in(draft, asked.data)
    octets = await _message(exchange, draft)
    if asked.send:
        await _leave(exchange, octets, f"draft {at.id} {asked.item}")
        gone = ranges([Uid(asked.item)])
        await with_sent_copy(exchange, octets, lambda tx: tx.expunge(at.id, gone, deleted_only=False))
        return Done(OK)
    new = await read_item(octets, exchange.parts.blobs, Marks(Flags.DRAFT | Flags.SEEN))

    def work(tx: WriteTx) -> Done:
        made = tx.rewrite(at.id, Uid(asked.item), new)
        marked(tx, at, made.uid, asked.data, flag)
        return Done(OK, int(made.uid))

    done = await exchange.write(work)
    done.answer = await asyncio.to_thread(_told, at, done.item, octets, told)
    return done


async def _leave(exchange: Exchange, octets: bytes, once: str) -> bool:
    """Sends it, by that name once; whether it had not been sent before. `EasError`."""
    try:
        await send(exchange, octets, once)
    except EasError as error:
        if error.status != SENT_ALREADY:
            raise
        return False
    return True


async def _row(exchange: Exchange, at: Folder, uid: int) -> Row:
    found = await exchange.read(lambda tx: rows_of(tx, at, [uid]))
    if uid not in found:
        raise NotFound("there is no such draft")
    return found[uid]
