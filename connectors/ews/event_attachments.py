"""Attachments of events and tasks: what CalDAV keeps beside them as managed attachments (RFC 8607), by the same key."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import dataclass

from connectors.dav.paths import ATTACHMENTS, Place
from connectors.dav.request import attachable
from connectors.ews.errors import EwsError, no_file
from connectors.ews.event_files import UNNAMED, file_xml, lines_of
from connectors.ews.event_write import stored
from connectors.ews.things import One
from connectors.ews.turn import Turn
from connectors.ews.wire import Xml, tag
from groupware.calendar.attachments import MANAGED_ID, Change, changed, line_of, managed
from groupware.calendar.object import CalendarObject, read_object
from groupware.calendar.rounds import tagged
from groupware.model.attachment import Attachment
from groupware.model.ids import ModSeq
from groupware.store.api import WriteTx
from groupware.store.overtaking import unchanged


@dataclass(frozen=True, slots=True)
class NewFile:
    """What a client attaches."""

    octets: bytes
    media: str
    name: str


async def content(turn: Turn, one: One, key: str) -> Xml:
    """An attachment with what is in it. `EwsError`."""
    if key not in {line.param(MANAGED_ID) for line in lines_of(one)}:
        raise no_file()
    return await kept_xml(turn, one, key)


async def kept_xml(turn: Turn, one: One, key: str) -> Xml:
    """The file of that key, as an attachment of the item. `NotFound`."""
    found = await turn.read(lambda tx: tx.attachment(key))
    octets = await turn.parts.blobs.read(found.blob)
    coded = tag("Content", Xml(base64.b64encode(octets).decode()))
    return file_xml(one, key, found.name, found.media, str(found.size), coded)


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
