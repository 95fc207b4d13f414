"""What is attached to events, since 16.0: kept beside them as CalDAV, JMAP and EWS have it. MS-ASAIRS, RFC 8607.

An attachment is told by the MANAGED-ID that all protocols know it by; one that is inside of the object (invitations
from elsewhere have such) by a digest of it.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from itertools import count
from typing import Any, Final

from connectors.activesync.element import Element, el, some
from connectors.activesync.exchange import Exchange
from connectors.activesync.pim import shelf
from connectors.dav.paths import ATTACHMENTS, Place
from connectors.dav.request import attachable
from groupware.calendar.attachments import MANAGED_ID
from groupware.calendar.object import read_object
from groupware.model.content import Line
from groupware.model.errors import Malformed, NotFound
from groupware.model.folder import Folder
from groupware.model.ids import BlobId
from groupware.store.api import ReadTx

Json = dict[str, Any]
UNNAMED: Final = "attachment"
_FILE: Final = 1
"""Method of a file that is attached as it is."""
_INSIDE: Final = "b"
_MEDIA: Final = "application/octet-stream"
_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f\"]")


@dataclass(frozen=True, slots=True)
class File:
    """An attachment of an event."""

    ident: str
    """Its MANAGED-ID, or what stands for one that is inside."""
    name: str
    media: str
    size: int


@dataclass(frozen=True, slots=True)
class Kept:
    """What a device has attached."""

    file: File
    url: str
    """Where CalDAV gives it out."""


# --- told -------------------------------------------------------------------------------------------------------------


def files_of(event: Mapping[str, Any]) -> list[File]:
    """What is attached to an event or one occurrence of it; links to elsewhere are none."""
    return [each for _, each in _managed(event)] + [each for _, each in _inside(event)]


def _managed(event: Mapping[str, Any]) -> Iterator[tuple[str, File]]:
    """Each with the key of its link."""
    said = (event.get("iCalendar") or {}).get("convertedProperties") or {}
    for key, link in (event.get("links") or {}).items():
        more = (said.get(f"links/{key}") or {}).get("parameters") or {}
        ident, size = str(more.get("managed-id") or ""), str(more.get("size") or "")
        if ident and link.get("rel") == "enclosure":
            octets = int(size) if size.isdecimal() and len(size) < 12 else 0
            yield key, File(ident, str(link.get("title") or ""), str(link.get("contentType") or ""), octets)


def _inside(event: Mapping[str, Any]) -> Iterator[tuple[list[Any], File]]:
    """Each with its line."""
    for each in (event.get("iCalendar") or {}).get("properties") or ():
        if each[0] == "attach" and each[2] == "binary":
            params, value = each[1], str(each[3])
            name = str(params.get("filename") or params.get("x-filename") or "")
            yield each, File(ident_of(value), name, str(params.get("fmttype") or ""), len(value) * 3 // 4)


def ident_of(value: str) -> str:
    """What stands for octets inside of an object, in base64."""
    return _INSIDE + blake2b(value.encode(), digest_size=16).hexdigest()


def attachments(event: Mapping[str, Any], place: str) -> Element | None:
    """The Attachments; `place`: what the object is called (ServerId)."""
    found = [element(each, place) for each in files_of(event)]
    return el("AirSyncBase:Attachments", found) if found else None


def element(file: File, place: str, client: str = "") -> Element:
    """One Attachment."""
    return el(
        "AirSyncBase:Attachment",
        el("AirSyncBase:DisplayName", file.name or UNNAMED),
        el("AirSyncBase:FileReference", f"{place}:{file.ident}"),
        some("AirSyncBase:ClientId", client),
        el("AirSyncBase:Method", _FILE),
        el("AirSyncBase:EstimatedDataSize", file.size),
    )


# --- taken ------------------------------------------------------------------------------------------------------------


def _added(data: Element) -> list[Element]:
    said = data.child("AirSyncBase:Attachments")
    return said.all("AirSyncBase:Add") if said is not None else []


async def kept(exchange: Exchange, at: Folder, data: Element, item: int = 0) -> Sequence[Kept]:
    """Keeps what a device attaches. `Malformed` for what is too large, `NoRight`, `OverQuota`.

    What the object has already by the same name is left out: the device has asked before, and heard no answer.
    """
    wanted = _added(data)
    if not wanted:
        return ()
    before = {(file.name, blob) for file, blob in await _before(exchange, at, item)}
    most = await exchange.read(attachable)
    if len(wanted) > most.count:
        raise Malformed(f"an object has up to {most.count} attachments")
    found = [await _keep(exchange, at, each, most.octets, before) for each in wanted]
    return [each for each in found if each is not None]


async def _before(exchange: Exchange, at: Folder, item: int) -> list[tuple[File, BlobId]]:
    """What an object has already, and the octets of each."""
    stored = await shelf.read_objects(exchange, at, [item]) if item else []
    files = [_file(line) for each in stored for line in _lines(each.octets) if line.param(MANAGED_ID)]

    def work(tx: ReadTx) -> list[tuple[File, BlobId]]:
        found = []
        for each in files:
            with suppress(NotFound):
                found.append((each, tx.attachment(each.ident).blob))
        return found

    return await exchange.read(work) if files else []


async def _keep(
    exchange: Exchange, at: Folder, said: Element, most: int, before: Collection[tuple[str, BlobId]]
) -> Kept | None:
    content = said.child("AirSyncBase:Content")
    if content is None:
        raise Malformed("Content is missing")
    octets = content.octets if content.octets is not None else _decoded(content.text)
    if len(octets) > most:
        raise Malformed(f"an attachment has up to {most} octets")
    name, media = _name(said), said.value("AirSyncBase:ContentType").strip() or _MEDIA
    stored = await exchange.parts.blobs.put(octets)
    if (name, stored.blob) in before:
        return None
    made = await exchange.write(lambda tx: tx.put_attachment(at.id, stored, media, name))
    where = exchange.request.url
    path = Place(ATTACHMENTS, made.key, made.name or UNNAMED).href.removesuffix("/")
    file = File(made.key, made.name, made.media, made.size)
    return Kept(file, f"{where.scheme}://{where.netloc}{path}")


def _name(said: Element) -> str:
    """What a device calls a file; never a path."""
    return _UNSAFE.sub("", said.value("AirSyncBase:DisplayName").replace("\\", "/").rpartition("/")[2]).strip()


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error:
        raise Malformed("Content is neither octets nor base64") from None


def take(value: Json, data: Element, new: Sequence[Kept]) -> None:
    """Puts into an event, or an occurrence of it, what a device has attached, and takes away what it deletes."""
    said = data.child("AirSyncBase:Attachments")
    if said is None:
        return
    gone = {each.value("AirSyncBase:FileReference").rpartition(":")[2] for each in said.all("AirSyncBase:Delete")}
    links, beside = dict(value.get("links") or {}), dict(value.get("iCalendar") or {})
    told = dict(beside.get("convertedProperties") or {})
    for key, file in list(_managed(value)):
        if file.ident in gone:
            del links[key]
            told.pop(f"links/{key}", None)
    lines = [each for each, file in _inside(value) if file.ident in gone]
    for each in new:
        key = next(name for number in count(len(links) + 1) if (name := f"ATTACH-{number}") not in links)
        links[key] = {"href": each.url, "rel": "enclosure", "contentType": each.file.media, "title": each.file.name}
        more = {MANAGED_ID.lower(): each.file.ident, "size": str(each.file.size)}
        told[f"links/{key}"] = {"name": "attach", "parameters": more}
    value["links"] = links or None
    beside = {"@type": "ICalComponent", "name": "vevent", **beside, "convertedProperties": told}
    beside["properties"] = [each for each in beside.get("properties") or () if each not in lines]
    beside = {name: each for name, each in beside.items() if each}
    value["iCalendar"] = beside if beside.keys() - {"@type", "name"} else None


async def there(exchange: Exchange, at: Folder, item: int, data: Element) -> list[Element]:
    """ApplicationData of the answer: what each thing that the device has attached is called from now on.

    It is found by its name, whenever it was attached: so a request that is repeated has the answer that was lost.
    """
    wanted = _added(data)
    if not wanted:
        return []
    stored = await shelf.read_objects(exchange, at, [item])
    left = [_file(line) for one in stored for line in _lines(one.octets) if line.param(MANAGED_ID)][::-1]
    told = []
    for each in wanted:
        found = next((file for file in left if file.name == _name(each)), None)
        if found is not None:
            left = [file for file in left if file.ident != found.ident]
            told.append(element(found, f"{at.id}:{item}", each.value("AirSyncBase:ClientId")))
    return [el("AirSync:ApplicationData", el("AirSyncBase:Attachments", told))] if told else []


def _lines(octets: bytes) -> list[Line]:
    try:
        read = read_object(octets)
    except Malformed:
        return []
    return [line for part in read.parts for line in part.lines if line.name == "ATTACH"]


def _file(line: Line) -> File:
    size = line.param("SIZE")
    octets = int(size) if size.isdecimal() and len(size) < 12 else 0
    return File(line.param(MANAGED_ID), line.param("FILENAME"), line.param("FMTTYPE"), octets)


# --- fetched ----------------------------------------------------------------------------------------------------------


async def fetched(exchange: Exchange, at: Folder, item: int, ident: str) -> tuple[bytes, str]:
    """What is in an attachment, and its media type. `NotFound`, `NoRight`."""
    stored = await shelf.read_object(exchange, at, item)
    for line in _lines(stored.octets):
        if line.param(MANAGED_ID) == ident and ident:
            found = await exchange.read(lambda tx: tx.attachment(ident))
            return await exchange.parts.blobs.read(found.blob), found.media
        if line.param("ENCODING").upper() == "BASE64" and ident_of(line.value) == ident:
            return _decoded(line.value), line.param("FMTTYPE") or _MEDIA
    raise NotFound("there is no such attachment any more")
