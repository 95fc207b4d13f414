"""Objects: GET, PUT, POST (add-member), DELETE, COPY and MOVE. RFC 4791 §5.3, RFC 6352 §6.3, RFC 5995."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from starlette.responses import Response

from connectors.dav import timezones
from connectors.dav.cards import version_accepted
from connectors.dav.errors import DavError
from connectors.dav.locks import ITSELF, allowed, gone, met
from connectors.dav.paths import CONTACTS, Place, escaped, place
from connectors.dav.properties import content_type
from connectors.dav.put_card import put_card
from connectors.dav.put_seen import write_seen
from connectors.dav.request import Exchange, attachable
from connectors.dav.shelf import Shelf, collection, etag
from connectors.dav.storing import check_component, headers_of, scheduled_put, tag_of, told
from groupware.calendar import item as calendar_item
from groupware.calendar.object import CalendarObject
from groupware.calendar.personal import merged, own_of
from groupware.calendar.scheduling import Change, Plan, alone
from groupware.calendar.shown import sight
from groupware.contacts import card
from groupware.model.errors import AlreadyExists, Conflict, IdentTaken, Malformed, NoRight, NotFound
from groupware.model.item import Item, NewItem
from groupware.model.rights import Right
from groupware.store.api import ReadTx, WriteTx

T = TypeVar("T")
LONGEST_NAME: Final = 255
TRIES: Final = 20
_TYPES: Final = {True: ("text/vcard", "text/x-vcard", "text/directory"), False: ("text/calendar",)}


async def get(exchange: Exchange) -> Response:
    """The octets as they were given; a contact in the version of vCard that Accept names, if it names one."""
    shelf, item, tag = await exchange.parts.store.glance(exchange.who, lambda tx: _found_tagged(tx, exchange))
    version = version_accepted(exchange.headers.get("accept", "")) if shelf.contacts else ""
    headers = {**headers_of(item, tag), **({"vary": "Accept"} if shelf.contacts else {})}
    if f'"{etag(item.blob)}"' in exchange.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    body = await exchange.parts.blobs.read(item.blob)
    if not shelf.contacts:
        headers["vary"] = "CalDAV-Timezones"
        body = timezones.told(body, exchange.headers)
    if not version:
        return Response(body, 200, {**headers, "content-type": content_type(shelf)})
    body = await asyncio.to_thread(exchange.cards.in_version, body, version)
    return Response(body, 200, {**headers, "content-type": f"{content_type(shelf)}; version={version}"})


def found(tx: ReadTx, at: Place) -> tuple[Shelf, Item]:
    """An object with its collection. `NotFound`, `NoRight`."""
    shelf = collection(tx, at, Right.READ)
    return shelf, tx.item(shelf.folder.id, at.name)


def _found_tagged(tx: ReadTx, exchange: Exchange) -> tuple[Shelf, Item, str]:
    met(tx, exchange)
    shelf, item = found(tx, exchange.at)
    return shelf, item, tag_of(tx, shelf, item)


# --- putting in -------------------------------------------------------------------------------------------------------


async def put(exchange: Exchange) -> Response:
    """Puts an object in, or another in its place. 201, 204."""
    at = exchange.at
    if not at.name:
        raise DavError(
            405, "an object has a name in its collection: PUT to that", headers={"allow": "PROPFIND, REPORT"}
        )
    if len(at.name) > LONGEST_NAME:
        raise DavError(403, f"the name of an object has {LONGEST_NAME} characters at most")
    new, read = await _read(exchange, at.name)
    if read is not None and new.attached:
        await exchange.parts.store.glance(exchange.who, lambda tx: _check_attached(tx, new))
    item, made, headers = await _write(exchange, at, new, read)
    return await answered(exchange, at, item, headers, made=made)


async def answered(
    exchange: Exchange, at: Place, item: Item, headers: Mapping[str, str], *, made: bool, say_all: bool = False
) -> Response:
    """201, 204, or the object as it is now to who asks for that (RFC 8144); `say_all`: with its tag in any case."""
    told = dict(headers)
    if exchange.representation or say_all:
        told["etag"] = f'"{etag(item.blob)}"'
    if not exchange.representation:
        return Response(status_code=201 if made else 204, headers=told)
    kind = "text/vcard" if at.area == CONTACTS else "text/calendar"
    told |= {"content-location": at.href, "preference-applied": "return=representation", "vary": "Prefer"}
    body = await exchange.parts.blobs.read(item.blob)
    return Response(body, 201 if made else 200, {**told, "content-type": f"{kind}; charset=utf-8"})


def _check_attached(tx: ReadTx, new: NewItem) -> None:
    """What an object refers to has to be there, and to be for who puts it in. RFC 8607 §3.11."""
    most = attachable(tx).count
    if len(new.attached) > most:
        text = f"an object has up to {most} attachments"
        raise DavError(403, text, "<C:max-attachments-per-resource/>")
    for key in new.attached:
        try:
            tx.attachment(key)
        except NotFound as error:
            raise DavError(403, str(error), "<C:valid-managed-id/>") from None


async def stored(exchange: Exchange) -> tuple[Item, dict[str, str]]:
    """Puts the body in the place of an object, as a client would; gives what is there now, and the headers."""
    item, _, headers = await _write(exchange, exchange.at, *await _read(exchange, exchange.at.name))
    return item, headers


async def add(exchange: Exchange) -> Response:
    """Puts an object in under a name of the server's (RFC 5995). 201 with its path."""
    shelf = await exchange.parts.store.glance(exchange.who, lambda tx: collection(tx, exchange.at))
    name = secrets.token_urlsafe(18) + (".vcf" if shelf.contacts else ".ics")
    at = replace(exchange.at, name=name)
    item, _, headers = await _write(exchange, at, *await _read(exchange, name))
    return await answered(exchange, at, item, {**headers, "location": at.href}, made=True)


async def _read(exchange: Exchange, name: str) -> tuple[NewItem, CalendarObject | None]:
    """The object of the body, ready to be stored. `DavError`."""
    contacts = exchange.at.area == CONTACTS
    kind = exchange.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind and kind not in (*_TYPES[contacts], "application/octet-stream", "text/plain"):
        condition = "<A:supported-address-data/>" if contacts else "<C:supported-calendar-data/>"
        raise DavError(415, f"{kind[:60]!r}: {_TYPES[contacts][0]} is what is kept here", condition)
    try:
        if contacts:
            return (await card.read_item(exchange.body, exchange.parts.blobs, name))[1], None
        read, new = await calendar_item.read_item(exchange.body, exchange.parts.blobs, name)
    except Malformed as error:
        condition = "<A:valid-address-data/>" if contacts else "<C:valid-calendar-data/>"
        raise DavError(403, str(error), condition) from None
    if read.calendar.first("METHOD") is not None:
        text = "an object that is kept has no METHOD: that is for messages between people"
        raise DavError(403, text, "<C:valid-calendar-object-resource/>")
    return new, read


async def _write(
    exchange: Exchange, at: Place, new: NewItem, read: CalendarObject | None
) -> tuple[Item, bool, dict[str, str]]:
    """Stores it and tells all others; gives the item, whether it is new, and the headers of the answer. `DavError`."""

    try:
        if exchange.shown is not None and read is not None:
            return await write_seen(exchange, exchange.shown, at)
        if read is None:
            put = await put_card(exchange, at, new)
            return put.item, put.made, {} if put.altered else headers_of(put.item)
        (item, made), plan = await scheduled_put(exchange, at, read, new)
    except IdentTaken as error:
        raise _taken(error, at) from None
    except AlreadyExists as error:
        raise _name_taken(exchange, error) from None
    except NotFound as error:
        raise DavError(409, str(error)) from None  # there is no collection for it: RFC 4918 §9.7.1
    headers = headers_of(item, plan.tag)
    if plan.altered:
        del headers["etag"]  # what is stored is not what was sent: RFC 4791 §5.3.4
    return item, made, headers


# --- taking away, and elsewhere ---------------------------------------------------------------------------------------


async def delete(exchange: Exchange) -> Response:
    """Takes an object away. 204."""

    def work(tx: WriteTx, plan: Plan) -> None:
        shelf, item = found(tx, exchange.at)
        exchange.check_tags(etag(item.blob))
        tag = tag_of(tx, shelf, item)
        exchange.check_schedule_tag(tag)
        alone(tx, plan, item, tag)
        locks = allowed(tx, exchange, shelf, [ITSELF, item.name])
        if not tx.expunge(shelf.folder.id, [(item.uid, item.uid)], deleted_only=False):
            raise NotFound(f"{exchange.at.name!r}: it is not yours to take away")
        gone(tx, shelf.folder.id, item.name, locks)

    if exchange.at.area == CONTACTS:
        await exchange.parts.store.write(exchange.who, lambda tx: work(tx, Plan()))
        return Response(status_code=204)
    answers = exchange.headers.get("schedule-reply", "T").strip().upper() != "F"
    at_once = exchange.shown is None
    change = Change(lambda tx: found(tx, exchange.at)[0].folder, exchange.at.name, None, reply=answers, at_once=at_once)
    await told(exchange, change, work)
    return Response(status_code=204)


@dataclass(frozen=True, slots=True)
class Journey:
    """An object, and the place where it goes."""

    shelf: Shelf
    item: Item
    to: Shelf
    there: Place
    old: Item | None
    """What is there."""
    tag: str
    """Its Schedule-Tag."""
    to_another: bool = False
    """Whether it goes into a calendar of somebody else's."""
    own: bytes = b""
    """What goes along that is its bearer's own."""


async def copy_or_move(exchange: Exchange) -> Response:
    """The object somewhere else as well (COPY), or instead (MOVE). 201, 204."""
    there = _destination(exchange)
    goes = await exchange.parts.store.read(exchange.who, lambda tx: _journey(tx, exchange, there))
    if goes.old is not None and goes.old.id == goes.item.id:
        raise DavError(403, "source and destination are the same")
    body, own = await _carried(exchange, goes)
    new, read = await _read(replace(exchange, body=body, headers={}), there.name)
    goes = replace(goes, own=own)
    if goes.tag and new.object is not None:
        new = replace(new, object=replace(new.object, schedule_tag=goes.tag))
    try:
        if read is None or exchange.request.method == "MOVE":
            _check_owner(goes)
            made = await exchange.parts.store.write(exchange.who, lambda tx: _arrive(tx, exchange, goes, new))
        else:
            change = Change(lambda tx: tx.folder(goes.to.folder.id, Right.LOOKUP), there.name, read, new)
            made, _ = await told(exchange, change, lambda tx, plan: _arrive(tx, exchange, goes, plan.item or new))
    except IdentTaken as error:
        raise _taken(error, there) from None
    except AlreadyExists as error:
        raise DavError(409, str(error)) from None  # one that is hidden from who asks, and so is not overwritten
    return Response(status_code=201 if made else 204, headers={"location": there.href})


def _journey(tx: ReadTx, exchange: Exchange, there: Place) -> Journey:
    shelf, item = found(tx, exchange.at)
    exchange.check_tags(etag(item.blob))
    try:
        to = collection(tx, there)
    except NotFound as error:
        raise DavError(409, str(error)) from None  # RFC 4918 §9.8.5
    old = _there(tx, to, there, exchange)
    return Journey(shelf, item, to, there, old, tag_of(tx, shelf, item), sight(tx, to.folder.id) is not None)


async def _carried(exchange: Exchange, goes: Journey) -> tuple[bytes, bytes]:
    """The octets that arrive, and what is the bearer's own: another's calendar has that beside the object."""
    body = await exchange.parts.blobs.read(goes.item.blob)
    if not goes.to_another:
        return body, b""
    stored = body
    if exchange.shown is not None and exchange.stored is not None:
        stored = await exchange.stored.blobs.read(exchange.shown.stored(goes.item.blob))
    stays = exchange.request.method == "MOVE" and goes.shelf.folder.owner == goes.to.folder.owner
    return merged(body, own_of(stored) if stays else b""), own_of(body)


def _there(tx: ReadTx, to: Shelf, there: Place, exchange: Exchange) -> Item | None:
    """What has the name already, if that may be overwritten: asked again in the write, for others are at work too."""
    old = next(iter(tx.items_named(to.folder.id, [there.name])), None) if to.reads else None
    if old is not None and exchange.headers.get("overwrite", "T").strip().upper() == "F":
        raise DavError(412, "there is an object of that name already, and Overwrite is F")
    if old is not None and tag_of(tx, to, old):
        raise DavError(403, "a meeting with others is there: delete it first, so that they are told")
    return old


def _check_owner(goes: Journey) -> None:
    if goes.tag and goes.shelf.folder.owner != goes.to.folder.owner:
        raise DavError(403, "a meeting with others stays in the calendars of who organizes or attends it")


def _arrive(tx: WriteTx, exchange: Exchange, goes: Journey, new: NewItem) -> bool:
    """Whether nothing was overwritten. `Conflict` when the object has changed since it was read."""
    check_component(goes.to, new)
    now = tx.item(goes.shelf.folder.id, exchange.at.name)
    if now.blob != goes.item.blob:
        raise Conflict(f"{exchange.at.name!r}: it has changed meanwhile")
    old = _there(tx, goes.to, goes.there, exchange)
    allowed(tx, exchange, goes.to, [goes.there.name] if old is not None else [ITSELF, goes.there.name])
    if old is not None and not tx.expunge(goes.to.folder.id, [(old.uid, old.uid)], deleted_only=False):
        raise NoRight(f"{goes.there.name!r}: what is there is not yours to take away")
    if exchange.request.method == "MOVE" and _stays_itself(goes, now):
        _travel(tx, exchange, goes, now)
        return old is None
    if exchange.request.method == "MOVE":
        _depart(tx, exchange, goes, now)
    [item] = tx.append(goes.to.folder.id, [new])
    if goes.own and goes.to.reads:
        tx.put_personal(goes.to.folder.id, item.uid, goes.own)
    return old is None


def _stays_itself(goes: Journey, now: Item) -> bool:
    """Whether nothing changes but where it is and what it is called: all that people have beside it goes along."""
    here, there = goes.shelf.folder, goes.to.folder
    return here.owner == there.owner and (here.id, now.name) != (there.id, goes.there.name)


def _travel(tx: WriteTx, exchange: Exchange, goes: Journey, now: Item) -> None:
    """The item itself goes. `AlreadyExists` when something has its name that is hidden from who asks."""
    locks = allowed(tx, exchange, goes.shelf, [ITSELF, now.name])
    if not tx.move(goes.shelf.folder.id, [(now.uid, now.uid)], goes.to.folder.id, name=goes.there.name):
        raise NoRight(f"{now.name!r}: it is not yours to take away")
    gone(tx, goes.shelf.folder.id, now.name, locks)


def _depart(tx: WriteTx, exchange: Exchange, goes: Journey, now: Item) -> None:
    """What was moved is not there any more; its locks stay behind, and end (RFC 4918 §7.6)."""
    locks = allowed(tx, exchange, goes.shelf, [ITSELF, now.name])
    if not tx.expunge(goes.shelf.folder.id, [(now.uid, now.uid)], deleted_only=False):
        raise NoRight(f"{now.name!r}: it is not yours to take away")
    gone(tx, goes.shelf.folder.id, now.name, locks)


def _name_taken(exchange: Exchange, error: AlreadyExists) -> DavError:
    """Something that is hidden from who asks has the name: 412 if it should be new, else 409."""
    return DavError(412 if "if-none-match" in exchange.headers else 409, str(error))


def _taken(error: IdentTaken, at: Place) -> DavError:
    """409, with where the object of that UID is."""
    prefix = "A" if at.area == CONTACTS else "C"
    href = replace(at, name="").href + escaped(error.name)
    condition = f"<{prefix}:no-uid-conflict><D:href>{href}</D:href></{prefix}:no-uid-conflict>"
    return DavError(409, str(error), condition)


def _destination(exchange: Exchange) -> Place:
    said = exchange.headers.get("destination", "")
    if not said:
        raise DavError(400, "COPY and MOVE need a Destination")
    try:
        there = place(said)
    except NotFound as error:
        raise DavError(403, f"Destination: {error}") from None
    if not there.name or not exchange.at.name:
        raise DavError(403, "an object goes to a name in a collection; a collection stays where it is")
    if there.area != exchange.at.area:
        condition = "<A:supported-address-data/>" if there.area == CONTACTS else "<C:supported-calendar-data/>"
        raise DavError(403, "what is in calendars has no place in address books, nor the other way round", condition)
    return there
