"""Attachments of events and tasks: what CalDAV keeps beside them as managed attachments (RFC 8607), by the same key."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import dataclass

from connectors.bounded_xml import Element
from connectors.dav.paths import ATTACHMENTS, Place
from connectors.dav.request import attachable
from connectors.ews.attached_items import attached, found_xml, inner_xml
from connectors.ews.errors import EwsError, no_file
from connectors.ews.event_files import ITEM_MEDIA, UNNAMED, file_xml, kind_in, lines_of
from connectors.ews.event_write import stored
from connectors.ews.mail_set import content_of
from connectors.ews.new_files import item_in, name_in, suffixed
from connectors.ews.shapes import Shape
from connectors.ews.things import One
from connectors.ews.turn import Turn
from connectors.ews.wire import Xml, local, tag
from groupware.calendar.attachments import MANAGED_ID, Change, changed, line_of, managed
from groupware.calendar.object import CalendarObject, read_object
from groupware.calendar.rounds import tagged
from groupware.model.attachment import Attachment
from groupware.model.ids import ModSeq
from groupware.model.item import Kind
from groupware.store.api import WriteTx
from groupware.store.overtaking import unchanged


@dataclass(frozen=True, slots=True)
class NewFile:
    """What a client attaches."""

    octets: bytes
    media: str
    name: str


async def new_file(turn: Turn, given: Element) -> NewFile:
    """What a FileAttachment or ItemAttachment holds. `EwsError`."""
    if local(given) == "ItemAttachment":
        item = await asyncio.to_thread(item_in, turn, given)
        return NewFile(item.octets, ITEM_MEDIA[item.kind], suffixed(name_in(given), item.kind))
    octets, media = content_of(given)
    return NewFile(octets, media, name_in(given))


async def content(turn: Turn, one: One, path: str, shape: Shape) -> Xml:
    """An attachment with what is in it; `path`: its key, and marks of what is attached to that. `EwsError`."""
    if path.partition("-")[0] not in {line.param(MANAGED_ID) for line in lines_of(one)}:
        raise no_file()
    return await kept_xml(turn, one, path, shape)


async def kept_xml(turn: Turn, one: One, path: str, shape: Shape) -> Xml:
    """The file of that key, as an attachment of the item. `EwsError`, `NotFound`."""
    key, *marks = path.split("-")
    found = await turn.read(lambda tx: tx.attachment(key))
    octets = await turn.parts.blobs.read(found.blob)
    kind = kind_in(found.media)
    if kind is None:
        coded = tag("Content", Xml(base64.b64encode(octets).decode()))
        return file_xml(one, key, found.name, found.media, str(found.size), coded)
    inner = await asyncio.to_thread(attached, one, octets, kind, f"{key}-")
    if marks and kind is not Kind.MAIL:
        raise no_file()
    if marks:
        return await asyncio.to_thread(found_xml, inner, marks, shape, path)
    inner.facts = shape.facts(one.facts)
    inside = await asyncio.to_thread(inner_xml, inner, shape)
    return file_xml(one, key, found.name, found.media, str(found.size), inside)


async def attach(turn: Turn, one: One, new: NewFile) -> tuple[str, ModSeq]:
    """Keeps a file beside the object; its key, and the modseq. `EwsError`, `Overtaken`."""
    read = await _read(turn, one)
    made, url = await kept(turn, one, new, len(managed(read)))
    return made.key, await _rewritten(turn, one, read, Change(line_of(made, url)))


async def kept(turn: Turn, one: One, new: NewFile, there: int) -> tuple[Attachment, str]:
    """The file, kept beside an item that has so many, and where it is given out. `EwsError`, `NoRight`."""
    most = await turn.read(attachable)
    if len(new.octets) > most.octets:
        raise EwsError("ErrorAttachmentSizeLimitExceeded", f"an attachment has up to {most.octets} octets")
    if there >= most.count:
        raise EwsError("ErrorInvalidRequest", f"an object has up to {most.count} attachments")
    body = await turn.parts.blobs.put(new.octets)
    at = one.thing.folder.id
    made = await turn.write(lambda tx: tx.put_attachment(at, body, new.media, new.name))
    return made, turn.base + Place(ATTACHMENTS, made.key, made.name or UNNAMED).href.removesuffix("/")


async def detach(turn: Turn, one: One, key: str) -> ModSeq:
    """Takes an attachment away. `EwsError`, `Overtaken`."""
    read = await _read(turn, one)
    if key not in managed(read):
        raise no_file()
    return await _rewritten(turn, one, read, Change(None, key))


async def _read(turn: Turn, one: One) -> CalendarObject:
    octets = await turn.parts.blobs.read(one.thing.blob)
    return await asyncio.to_thread(read_object, octets)


async def _rewritten(turn: Turn, one: One, read: CalendarObject, change: Change) -> ModSeq:
    thing = one.thing
    _, new = await stored(turn, await asyncio.to_thread(changed, read, change), thing.name)

    def work(tx: WriteTx) -> ModSeq:
        unchanged(tx, thing.folder.id, thing.name, thing.blob)
        mark = tx.schedule_tags(thing.folder.id, thing.uid).get(thing.uid, "")
        return tx.replace(thing.folder.id, thing.name, tagged(new, mark) if mark else new).modseq

    return await turn.write(work)
