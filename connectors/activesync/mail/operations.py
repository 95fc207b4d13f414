"""ItemOperations: items, bodies and files on request, folders emptied, conversations moved. MS-ASCMD §2.2.1.10."""

from __future__ import annotations

import asyncio
import base64
import re
from dataclasses import dataclass, field
from hashlib import blake2b
from struct import pack
from typing import Final

from starlette.responses import Response

from connectors.activesync.element import Element, el
from connectors.activesync.errors import status_of
from connectors.activesync.exchange import Answer, Exchange
from connectors.activesync.folders import CLASSES, folder_id, folder_in
from connectors.activesync.kinds import KINDS
from connectors.activesync.mail.move import place_of
from connectors.activesync.mail.render import rows_of
from connectors.activesync.pim import files
from connectors.activesync.sync.options import Options, part_preferences, preferences
from connectors.activesync.sync.turn import server_id
from connectors.activesync.wbxml.codec import encode
from connectors.exchange.rules import always, place
from groupware.mime.sections import decoded
from groupware.mime.summary import parts_of, thread_root
from groupware.model.errors import GroupwareError, NoRight, NotFound
from groupware.model.ids import EVERY, Uid, ranges
from groupware.model.item import Kind
from groupware.model.rights import Right
from groupware.store.api import ReadTx, WriteTx

MULTIPART: Final = "application/vnd.ms-sync.multipart"
MOST: Final = 200
"""Operations of one request."""
MOST_OCTETS: Final = 60 * 1024 * 1024
_OK, _PROTOCOL, _NO_LIBRARY, _NOT_FOUND, _RANGE, _TOO_LARGE, _NO_FILE, _DENIED = 1, 2, 3, 6, 8, 11, 15, 16
_RANGE_FORM: Final = re.compile(r"(\d{1,12})-(\d{1,12})\Z")


@dataclass(slots=True)
class Parts:
    """Octets that come behind the document."""

    multipart: bool
    octets: list[bytes] = field(default_factory=list)

    def data(self, content: bytes) -> Element:
        """The element for octets: their number behind the document, or in base64."""
        if not self.multipart:
            return el("ItemOperations:Data", base64.b64encode(content).decode())
        self.octets.append(content)
        return el("ItemOperations:Part", len(self.octets))


async def itemoperations(exchange: Exchange) -> Answer:
    """Carries out the operations one after the other."""
    root = exchange.root("ItemOperations:ItemOperations")
    parts = Parts(exchange.query.multipart)
    told = []
    for each in root.children[:MOST]:
        if each.name == "ItemOperations:Fetch":
            told.append(await _fetch(exchange, each, parts))
        elif each.name == "ItemOperations:EmptyFolderContents":
            told.append(await _empty(exchange, each))
        elif each.name == "ItemOperations:Move":
            told.append(await _move(exchange, each))
        else:
            return el("ItemOperations:ItemOperations", el("ItemOperations:Status", _PROTOCOL))
    answer = el("ItemOperations:ItemOperations", el("ItemOperations:Status", _OK), el("ItemOperations:Response", told))
    return _together(answer, parts) if parts.multipart else answer


def _together(answer: Element, parts: Parts) -> Response:
    """The document and the octets behind it. MS-ASCMD §2.2.1.10.1.1."""
    pieces = [encode(answer), *parts.octets]
    at = 4 + 8 * len(pieces)
    head = pack("<I", len(pieces))
    for each in pieces:
        head += pack("<II", at, len(each))
        at += len(each)
    return Response(head + b"".join(pieces), 200, media_type=MULTIPART)


# --- Fetch ------------------------------------------------------------------------------------------------------------


async def _fetch(exchange: Exchange, said: Element, parts: Parts) -> Element:
    options = said.child("ItemOperations:Options") or Element("ItemOperations:Options")
    reference = said.value("AirSyncBase:FileReference")
    library = said.value("DocumentLibrary:LinkId")
    try:
        if library or said.value("ItemOperations:Store").lower() == "documentlibrary":
            return _fetched(_NO_LIBRARY)
        if reference:
            return await _file(exchange, reference, options, parts)
        return await _item(exchange, said, options, parts)
    except (NotFound, ValueError):
        return _fetched(_NO_FILE if reference else _NOT_FOUND)
    except NoRight:
        return _fetched(_DENIED)


def _fetched(status: int, *inside: Element | None) -> Element:
    return el("ItemOperations:Fetch", el("ItemOperations:Status", status), *inside)


async def _item(exchange: Exchange, said: Element, options: Element, parts: Parts) -> Element:
    server = said.value("AirSync:ServerId") or said.value("Search:LongId")
    at, item = await exchange.read(lambda tx: place_of(tx, server))
    wanted = Options(
        mime=options.number("AirSync:MIMESupport"),
        bodies=preferences(options, "AirSyncBase:BodyPreference"),
        parts=part_preferences(options),
    )
    found = await KINDS[at.kind].render(exchange, at, [item], wanted)
    if item not in found:
        raise NotFound("there is no such item")
    properties = found[item].children
    if parts.multipart:
        for each in properties:
            if each.name == "AirSyncBase:Body" and each.child("AirSyncBase:Data") is not None:
                data = each.value("AirSyncBase:Data").encode()
                each.children = [one for one in each.children if one.name != "AirSyncBase:Data"]
                each.children.append(parts.data(data))
    return _fetched(
        _OK,
        el("AirSync:CollectionId", str(at.id)) if not said.value("Search:LongId") else None,
        el("AirSync:ServerId", server_id(at, item)) if not said.value("Search:LongId") else None,
        el("Search:LongId", server) if said.value("Search:LongId") else None,
        el("AirSync:Class", CLASSES[at.kind]),
        el("ItemOperations:Properties", properties),
    )


async def _file(exchange: Exchange, reference: str, options: Element, parts: Parts) -> Element:
    octets, media = await file_of(exchange, reference)
    total, said = len(octets), options.value("ItemOperations:Range")
    if said:
        found = _RANGE_FORM.match(said)
        if found is None or int(found[1]) >= max(total, 1) or int(found[2]) < int(found[1]):
            return _fetched(_RANGE)
        octets = octets[int(found[1]) : int(found[2]) + 1]
    if len(octets) + sum(map(len, parts.octets)) > MOST_OCTETS:
        return _fetched(_TOO_LARGE)
    start = int(said.partition("-")[0]) if said else 0
    return _fetched(
        _OK,
        el("AirSyncBase:FileReference", reference),
        el(
            "ItemOperations:Properties",
            el("ItemOperations:Range", f"{start}-{start + len(octets) - 1}") if said else None,
            el("ItemOperations:Total", total) if said else None,
            el("AirSyncBase:ContentType", media),
            parts.data(octets),
        ),
    )


async def file_of(exchange: Exchange, reference: str) -> tuple[bytes, str]:
    """A part of a message, or what is attached to an event, and its media type.

    `NotFound`, `NoRight`; ValueError for what is no reference.
    """
    folder, item, ident = reference.split(":")
    uid = int(item)
    at = await exchange.read(lambda tx: folder_in(tx, str(int(folder))))
    if at.kind == Kind.CALENDAR:
        return await files.fetched(exchange, at, uid, ident)
    index = int(ident)
    rows = await exchange.read(lambda tx: rows_of(tx, at, [uid]))
    if uid not in rows:
        raise NotFound("there is no such message")
    found = parts_of(rows[uid].summary)
    if not 0 <= index < len(found):
        raise NotFound("there is no such attachment")
    octets = await exchange.parts.blobs.read(rows[uid].blob)
    part = found[index]
    return await asyncio.to_thread(decoded, octets, part), part.media


# --- EmptyFolderContents, Move ----------------------------------------------------------------------------------------


async def _empty(exchange: Exchange, said: Element) -> Element:
    name = said.value("AirSync:CollectionId")
    options = said.child("ItemOperations:Options")
    below = options is not None and options.flag("ItemOperations:DeleteSubFolders")

    def work(tx: WriteTx) -> None:
        at = folder_in(tx, name, Right.READ)
        tx.expunge(at.id, EVERY, deleted_only=False)
        if below:
            inside = [each for each in tx.folders(of=at.owner) if each.path.startswith(at.path + "/")]
            for each in reversed(inside):
                tx.delete_folder(each.id)

    status = _OK
    try:
        await exchange.write(work)
    except GroupwareError as error:
        status = _NOT_FOUND if isinstance(error, NotFound) else status_of(error)
    return el(
        "ItemOperations:EmptyFolderContents", el("ItemOperations:Status", status), el("AirSync:CollectionId", name)
    )


async def _move(exchange: Exchange, said: Element) -> Element:
    """All messages of a conversation go to another folder, and those that come to it, where that is wanted."""
    wanted = said.child("ItemOperations:ConversationId")
    digest = (wanted.octets or b"") if wanted is not None else b""
    target = said.value("ItemOperations:DstFldId")
    options = said.child("ItemOperations:Options")
    from_now_on = options is not None and options.child("ItemOperations:MoveAlways") is not None

    def work(tx: WriteTx) -> int:
        to = folder_in(tx, target, Right.LOOKUP)
        many = 0
        for at in tx.folders():
            if not at.own or at.id == to.id or at.kind != to.kind or Right.READ not in at.rights:
                continue
            uids = conversation_in(tx, int(at.id), digest)
            if uids and from_now_on:
                [(_, summary), *_] = tx.columns(at.id, ("summary",), [(uids[0], uids[0])])
                if root := thread_root(summary):  # to what has no Message-ID nothing comes
                    always(tx, root, {"to": place(to)})
            many += len(tx.move(at.id, ranges(uids), to.id)) if uids else 0
        return many

    status = _OK
    try:
        status = _OK if await exchange.write(work) else _NOT_FOUND
    except GroupwareError as error:
        status = 156 if isinstance(error, NotFound) else status_of(error)
    told = el("ItemOperations:ConversationId", digest)
    return el("ItemOperations:Move", told, el("ItemOperations:Status", status))


def conversation_in(tx: ReadTx, at: int, digest: bytes) -> list[Uid]:
    """The messages of a conversation in a folder."""
    found = []
    for uid, item, summary in tx.columns(folder_id(str(at)), ("id", "summary"), EVERY):
        root = thread_root(summary) or f"item {item}"
        if blake2b(root.encode(), digest_size=16).digest() == digest:
            found.append(Uid(uid))
    return found


async def getattachment(exchange: Exchange) -> Response:
    """A file by its reference, as it is. MS-ASCMD §2.2.1.8, before 16.0."""
    try:
        octets, media = await file_of(exchange, exchange.query.more.get("AttachmentName", ""))
    except (NotFound, NoRight, ValueError):
        return Response(status_code=500)
    return Response(octets, 200, media_type=media)
