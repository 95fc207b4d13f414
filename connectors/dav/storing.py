"""An object is stored under a name, and all others are told of it: what PUT, POST, COPY and MOVE have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from connectors.dav.errors import DavError
from connectors.dav.locks import ITSELF, allowed
from connectors.dav.paths import Place
from connectors.dav.request import Exchange
from connectors.dav.shelf import Shelf, collection, etag
from groupware.calendar.itip.attendee import NotTheirs
from groupware.calendar.object import CalendarObject
from groupware.calendar.scheduling import Answers, Change, Elsewhere, OneOrganizer, Plan, alone, scheduled
from groupware.model.errors import IdentTaken
from groupware.model.folder import Role
from groupware.model.item import Item, NewItem
from groupware.model.rights import Right
from groupware.store.api import ReadTx, WriteTx

T = TypeVar("T")
Keep = Callable[[WriteTx, NewItem], tuple[Item, bool]]
Look = Callable[[ReadTx, Item | None, str], None]


def headers_of(item: Item, tag: str = "") -> dict[str, str]:
    return {"etag": f'"{etag(item.blob)}"', **({"schedule-tag": f'"{tag}"'} if tag else {})}


def tag_of(tx: ReadTx, shelf: Shelf, item: Item | None) -> str:
    """The Schedule-Tag of an object; "": it is no meeting with others, or not there."""
    if item is None or shelf.contacts:
        return ""
    return tx.schedule_tags(shelf.folder.id, item.uid).get(item.uid, "")


def stored_at(tx: WriteTx, exchange: Exchange, at: Place, item: NewItem, look: Look | None = None) -> tuple[Item, bool]:
    """Stores an object under a name; gives it, and whether it is new. `DavError`, and what `look` raises.

    `look` is told what is there, if one may read it, and its Schedule-Tag, before anything is written.
    """
    shelf = collection(tx, at)
    check_component(shelf, item)
    old = next(iter(tx.items_named(shelf.folder.id, [at.name])), None) if shelf.may(Right.READ) else None
    exchange.check_tags(etag(old.blob) if old is not None else None)
    tag = tag_of(tx, shelf, old)
    exchange.check_schedule_tag(tag)
    if look is not None:
        look(tx, old, tag)
    allowed(tx, exchange, shelf, [at.name] if old is not None else [ITSELF, at.name])
    if old is None:
        return tx.append(shelf.folder.id, [item])[0], True
    if item.object is not None and tx.identified(shelf.folder.id, item.object.ident) != [at.name]:
        raise IdentTaken("an object keeps its UID: this is another one", at.name)
    return tx.replace(shelf.folder.id, at.name, item, old.modseq), False


async def scheduled_put(
    exchange: Exchange, at: Place, read: CalendarObject, new: NewItem, store: Keep | None = None
) -> tuple[tuple[Item, bool], Plan]:
    """Stores an object, by `store` if that is given, and tells all others of it."""
    answers = _answers(exchange.headers)
    change = Change(lambda tx: collection(tx, at).folder, at.name, read, new, answers=answers, at_once=store is None)
    if store is None:
        return await told(exchange, change, lambda tx, plan: _put(tx, exchange, at, new, plan))
    return await told(exchange, change, lambda tx, plan: store(tx, plan.item or new))


def _answers(headers: Mapping[str, str]) -> Answers:
    """Which answers to a meeting count, by what the client has said that it knows of the stored object."""
    if "if-schedule-tag-match" in headers:
        return "as stored"
    return "as given" if headers.get("if-match", "*").strip() != "*" else "if given"


async def told(exchange: Exchange, change: Change, work: Callable[[WriteTx, Plan], T]) -> tuple[T, Plan]:
    """`scheduled`, with the preconditions of RFC 6638 §3.2.4 in the place of its errors.

    It plans with what is stored, also where who asks is told something else.
    """
    parts, shown = exchange.stored or exchange.parts, exchange.shown
    seen = work if shown is None else lambda tx, plan: work(shown.tx(tx), plan)
    try:
        return await scheduled(parts.store, parts.blobs, exchange.who, change, seen)
    except NotTheirs as error:
        raise DavError(403, str(error), "<C:allowed-attendee-scheduling-object-change/>") from None
    except OneOrganizer as error:
        raise DavError(403, str(error), "<C:same-organizer-in-all-components/>") from None
    except Elsewhere as error:
        raise DavError(403, str(error), "<C:unique-scheduling-object-resource/>") from None


def _put(tx: WriteTx, exchange: Exchange, at: Place, new: NewItem, plan: Plan) -> tuple[Item, bool]:
    return stored_at(tx, exchange, at, plan.item or new, lambda tx, old, tag: alone(tx, plan, old, tag))


def check_component(shelf: Shelf, new: NewItem) -> None:
    if shelf.folder.role == Role.SCHEDULE_INBOX:
        raise DavError(403, "what is in the scheduling inbox comes from the server", "<C:valid-calendar-data/>")
    component = new.object.component if new.object is not None else ""
    if shelf.contacts or component in shelf.components:
        return
    text = f"{component} has no place in this collection, which is for {', '.join(shelf.components)}"
    raise DavError(403, text, "<C:supported-calendar-component/>")
