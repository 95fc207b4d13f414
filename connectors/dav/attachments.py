"""Managed attachments: POST to an object adds, replaces and takes away; their own paths give them out. RFC 8607."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from email.message import Message
from typing import Final
from urllib.parse import parse_qs, quote

from starlette.responses import Response

from connectors.dav import objects
from connectors.dav.errors import DavError
from connectors.dav.paths import ATTACHMENTS, CALENDARS, Place
from connectors.dav.request import Exchange, attachable
from connectors.dav.shelf import etag
from groupware.calendar.attachments import MASTER, Change, NoSuchInstance, changed, line_of, managed
from groupware.calendar.object import CalendarObject, read_object
from groupware.model.attachment import Attachment
from groupware.model.errors import Malformed, NotFound
from groupware.model.ids import FolderId
from groupware.model.item import Item
from groupware.store.api import ReadTx, Stored, WriteTx

ACTIONS: Final = ("attachment-add", "attachment-update", "attachment-remove")
MOST_INSTANCES: Final = 500
TRIES: Final = 5
_SANDBOX: Final = {"x-content-type-options": "nosniff", "content-security-policy": "default-src 'none'; sandbox"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a POST wants."""

    action: str
    key: str
    """The MANAGED-ID that it is about."""
    instances: tuple[str, ...]


async def post(exchange: Exchange) -> Response:
    """Adds an attachment (201), puts another in its place (204), takes it away (204). `DavError`."""
    if exchange.at.area != CALENDARS:
        raise DavError(405, "POST means nothing to a contact", headers={"allow": "GET, HEAD, PUT, DELETE"})
    asked = _asked(exchange)
    item, read, at = await _read(exchange)
    most = (await exchange.parts.store.glance(exchange.who, attachable)).count
    _check(asked, read, most)
    made = None
    if asked.action != "attachment-remove":
        stored = await exchange.parts.blobs.put(exchange.body)
        made = await exchange.parts.store.write(exchange.who, lambda tx: _kept(tx, at, stored, exchange))
    for number in range(TRIES):
        try:
            item, headers = await _change(exchange, asked, made, item, read)
            break
        except DavError as error:
            if error.status != 412 or "if-match" in exchange.headers or number == TRIES - 1:
                raise
            item, read, at = await _read(exchange)
            _check(asked, read, most)
    return await _answer(exchange, asked, made, item, headers)


def _asked(exchange: Exchange) -> Asked:
    """`DavError` for what RFC 8607 §3.3 does not allow."""
    said = parse_qs(exchange.request.scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
    action = said.get("action", [""])
    if len(action) != 1 or action[0] not in ACTIONS:
        raise DavError(403, f"action is one of {', '.join(ACTIONS)}", "<C:valid-action/>")
    key, rid = said.get("managed-id", []), said.get("rid", [])
    adds = action[0] == "attachment-add"
    if len(key) != (0 if adds else 1):
        text = "a new attachment gets its managed-id here" if adds else "managed-id says which attachment is meant"
        raise DavError(403, text, "<C:valid-managed-id/>")
    instances = tuple(each.strip() for each in rid[0].split(",")) if rid else ()
    if len(rid) > 1 or len(instances) > MOST_INSTANCES or not all(instances):
        raise DavError(403, f"rid is one list of {MASTER} and RECURRENCE-IDs", "<C:valid-rid/>")
    if rid and action[0] == "attachment-update":
        raise DavError(403, "an attachment is replaced in all instances that have it: leave rid out", "<C:valid-rid/>")
    return Asked(action[0], key[0] if key else "", instances)


async def _read(exchange: Exchange) -> tuple[Item, CalendarObject, FolderId]:
    def work(tx: ReadTx) -> tuple[Item, FolderId]:
        shelf, item = objects.found(tx, exchange.at)
        exchange.check_tags(etag(item.blob))
        return item, shelf.folder.id

    item, at = await exchange.parts.store.glance(exchange.who, work)
    try:
        return item, read_object(await exchange.parts.blobs.read(item.blob)), at
    except Malformed as error:
        raise DavError(409, f"the object cannot be changed: {error}") from None


def _check(asked: Asked, read: CalendarObject, most: int) -> None:
    there = managed(read)
    if asked.key and asked.key not in there:
        raise DavError(403, f"{asked.key[:40]!r}: the object has no such attachment", "<C:valid-managed-id/>")
    if asked.action == "attachment-add" and len(there) >= most:
        raise DavError(403, f"an object has up to {most} attachments", "<C:max-attachments-per-resource/>")


def _kept(tx: WriteTx, at: FolderId, stored: Stored, exchange: Exchange) -> Attachment:
    media = exchange.headers.get("content-type", "application/octet-stream").strip()
    return tx.put_attachment(at, stored, media, _file_name(exchange.headers))


def _file_name(headers: Mapping[str, str]) -> str:
    """What Content-Disposition calls the file (RFC 6266); never a path."""
    message = Message()
    message["content-disposition"] = headers.get("content-disposition", "").replace("\r", "").replace("\n", "")
    name = message.get_filename("") or ""
    return name.replace("\\", "/").rpartition("/")[2].strip()


def url_of(exchange: Exchange, attachment: Attachment) -> str:
    """Where it can be had."""
    path = Place(ATTACHMENTS, attachment.key, attachment.name or "attachment").href.removesuffix("/")
    return f"{exchange.request.url.scheme}://{exchange.request.url.netloc}{path}"


async def _change(
    exchange: Exchange, asked: Asked, made: Attachment | None, item: Item, read: CalendarObject
) -> tuple[Item, Mapping[str, str]]:
    new = line_of(made, url_of(exchange, made)) if made is not None else None
    try:
        octets = changed(read, Change(new, asked.key, asked.instances))
    except NoSuchInstance as error:
        raise DavError(403, str(error), "<C:valid-rid/>") from None
    headers = {name: value for name, value in exchange.headers.items() if name not in ("content-type", "if-none-match")}
    headers["if-match"] = f'"{etag(item.blob)}"'
    return await objects.stored(replace(exchange, body=octets, headers=headers))


async def _answer(
    exchange: Exchange, asked: Asked, made: Attachment | None, item: Item, headers: Mapping[str, str]
) -> Response:
    """ETag is that of the object as it is now, which the client learns of in no other way."""
    told = {**headers, "cal-managed-id": made.key} if made is not None else headers
    adds = asked.action == "attachment-add"
    return await objects.answered(exchange, exchange.at, item, told, made=adds, say_all=True)


async def get(exchange: Exchange) -> Response:
    """The octets of an attachment, for who may read an object that refers to it."""
    if exchange.request.method not in ("GET", "HEAD"):
        raise DavError(405, "an attachment is changed by POST to its object", headers={"allow": "GET, HEAD"})
    try:
        found = await exchange.parts.store.read(exchange.who, lambda tx: tx.attachment(exchange.at.user))
    except NotFound as error:
        raise DavError(404, str(error)) from None
    headers = {"etag": f'"{etag(found.blob)}"', "cache-control": "private, no-cache", **_SANDBOX}
    if headers["etag"] in exchange.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    name = quote(found.name or "attachment", safe="")
    headers["content-disposition"] = f"attachment; filename*=UTF-8''{name}"
    headers["content-type"] = found.media
    return Response(await exchange.parts.blobs.read(found.blob), 200, headers)
