"""PROPFIND (RFC 4918 §9.1): properties of a resource and of what is in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from starlette.responses import Response

from connectors.dav import xml
from connectors.dav.above import above
from connectors.dav.acl import address_of, shared_with, stored_acl
from connectors.dav.delegation import delegated
from connectors.dav.home_token import token_of
from connectors.dav.locks import discovery
from connectors.dav.paths import CALENDARS, CONTACTS, HOMES, OUTBOX, PRINCIPALS, Place, escaped
from connectors.dav.properties import content_type, known, stats, value
from connectors.dav.request import Exchange, attachable
from connectors.dav.resources import (
    ABOUT_DELEGATES,
    ABOUT_SHARES,
    ATTACHMENT_COUNT,
    ATTACHMENT_SIZE,
    INVITE,
    LOCKS,
    Collection,
    Resource,
    Simple,
    Thing,
)
from connectors.dav.shelf import ETAG_LENGTH, Shelf, account_of, collection, home
from connectors.dav.subscribed import NEEDED, source_of
from connectors.dav.topics import TOPIC, topic_of_home
from connectors.dav.xml import CALDAV, DAV
from groupware.model.folder import Role
from groupware.model.ids import EVERY
from groupware.model.rights import Right
from groupware.store.api import ReadTx

XML_TYPE: Final = "application/xml; charset=utf-8"
_ABOUT_RIGHTS: Final = frozenset({f"{{{DAV}}}acl", f"{{{DAV}}}inherited-acl-set"})
_SYNC_TOKEN: Final = f"{{{DAV}}}sync-token"
_DEFAULT: Final = f"{{{CALDAV}}}schedule-default-calendar-URL"
TAG: Final = f"{{{CALDAV}}}schedule-tag"
_ROW: Final = frozenset(
    f"{{{DAV}}}{name}" for name in ("getetag", "getcontenttype", "resourcetype", "getcontentlength", "displayname")
)
"""What a listing of objects answers from the narrow rows alone."""


def multistatus(responses: Iterator[str] | Sequence[str], after: str = "") -> Response:
    """207."""
    return Response(xml.multistatus(responses, after), 207, media_type=XML_TYPE)


def asked(root: xml.Element | None) -> tuple[str, list[str]]:
    """(`prop`, `allprop` or `propname`; the names) of a PROPFIND's body; without a body it is all."""
    if root is None:
        return "allprop", []
    inside = xml.names(root)
    if f"{{{DAV}}}propname" in inside:
        return "propname", []
    wanted = root.find(f"{{{DAV}}}prop")
    if wanted is not None:
        return "prop", xml.names(wanted)
    included = root.find(f"{{{DAV}}}include")
    return "allprop", xml.names(included)


def said_of(values: Mapping[str, str], kind: str, names: list[str]) -> str:
    """The `D:propstat`s of a resource that has these properties, for a PROPFIND of that kind."""
    if kind == "propname":
        return xml.propstat(xml.wrapped(name, None) for name in values)
    wanted = names if kind == "prop" else [*values, *names]
    told = [xml.wrapped(name, values[name]) for name in wanted if name in values]
    return xml.propstat(told, [name for name in wanted if name not in values])


async def propfind(exchange: Exchange) -> Response:
    """The properties asked for."""
    kind, names = asked(exchange.document())
    if kind == "allprop":
        names = [*names, LOCKS]
    at, deep = exchange.at, exchange.depth > 0
    found = await exchange.parts.store.read(exchange.who, lambda tx: _lines(tx, exchange, at, kind, names, deep))
    return multistatus(found)


def _lines(tx: ReadTx, exchange: Exchange, at: Place, kind: str, names: list[str], deep: bool) -> list[str]:
    if at.segment == OUTBOX and at.area == CALENDARS and at.user == tx.who.name:
        return [_line(Simple(at, exchange.user), at.href, kind, names, exchange)]
    if at.depth < 3:
        return [_line(one, path, kind, names, exchange) for one, path in outer(tx, at, names, deep)]
    if at.name:
        shelf = collection(tx, at, Right.READ)
        item = tx.item(shelf.folder.id, at.name)
        tag = tx.schedule_tags(shelf.folder.id, item.uid).get(item.uid, "")
        thing = Thing(shelf, item, exchange.user, tag=tag, locks=discovery(tx, shelf, LOCKS in names)(item.name))
        return [_line(thing, at.href, kind, names, exchange)]
    shelf = collection(tx, at)
    lines = [_line(seen(tx, shelf, names), shelf.href, kind, names, exchange)]
    if deep and shelf.may(Right.READ):
        lines.extend(_inside(tx, shelf, kind, names, exchange))
    return lines


def _line(one: Resource, path: str, kind: str, names: list[str], exchange: Exchange) -> str:
    if exchange.push and isinstance(one, Collection):
        one = replace(one, push=exchange.push)
    elif exchange.push and isinstance(one, Simple) and one.at.depth == 2 and one.at.area in HOMES:
        one = replace(one, push=exchange.push if one.at.user == exchange.user else "")
    if kind == "propname":
        inside = xml.propstat(xml.wrapped(name, None) for name in known(one) if value(one, name) is not None)
        return xml.response(path, inside)
    wanted = names if kind == "prop" else [*known(one), *names]
    return xml.response(path, stats(one, wanted, minimal=exchange.minimal or kind != "prop"))


def seen(tx: ReadTx, shelf: Shelf, names: list[str]) -> Collection:
    """A collection with its ACL where that is asked for and may be read."""
    grants = inherited = None
    if not _ABOUT_RIGHTS.isdisjoint(names) and shelf.may(Right.ADMIN):
        over = list(above(tx, shelf))
        grants = stored_acl(tx.grants(shelf.folder.id), shelf.owner, over, fed=shelf.folder.fed)
        inherited = "".join(map(xml.href, dict.fromkeys(path for path, _ in over)))
    default = ""
    if _DEFAULT in names and shelf.folder.role == Role.SCHEDULE_INBOX:
        default = next(
            (each.href for each in home(tx, Place(CALENDARS, tx.who.name)) if each.folder.role == Role.CALENDAR), ""
        )
    shares = None
    if shelf.may(Right.ADMIN) and not ABOUT_SHARES.isdisjoint(names or ABOUT_SHARES):
        shares = shared_with(tx.grants(shelf.folder.id))
    called = {}
    if shares and INVITE in names:
        wanted = {address_of(each) for each in shares}
        called = {each.address: each.name for at in wanted for each in tx.people(at) if each.address in wanted}
    locks = discovery(tx, shelf, LOCKS in names)("")
    attaches = not {ATTACHMENT_SIZE, ATTACHMENT_COUNT}.isdisjoint(names or (ATTACHMENT_SIZE,))
    limits = attachable(tx) if attaches and not shelf.contacts else None
    source = source_of(tx, shelf) if not NEEDED.isdisjoint(names or NEEDED) else None
    return Collection(shelf, tx.who.name, grants, inherited, shares, called, default, locks, limits, source=source)


def outer(tx: ReadTx, at: Place, names: list[str], deep: bool) -> Iterator[tuple[Resource, str]]:
    """The root, areas, principals and homes, with what is below."""
    user = tx.who.name
    if at.user:
        account_of(tx, at.user)
    if at.user and at.area != PRINCIPALS:
        shelves = home(tx, at)
        newest = max((each.folder.modseq for each in shelves), default=0)
        topic = topic_of_home(tx, at.area) if TOPIC in names and at.user == user else ""
        token = token_of(shelves) if _SYNC_TOKEN in names else ""
        yield Simple(at, user, changed=newest, topic=topic, sync=token), at.href
        for shelf in shelves if deep else ():
            yield seen(tx, shelf, names), shelf.href
        return
    told = delegated(tx) if at.user == user and not set(names or ABOUT_DELEGATES).isdisjoint(ABOUT_DELEGATES) else {}
    yield Simple(at, user, _name(tx, at), aliases=_aliases(tx, at), delegated=told), at.href
    if deep and not at.user:
        below = [Place(each) for each in (PRINCIPALS, CALENDARS, CONTACTS)] if not at.area else [Place(at.area, user)]
        for each in below:
            yield Simple(each, user, _name(tx, each)), each.href


def _name(tx: ReadTx, at: Place) -> str:
    if at.area != PRINCIPALS or at.user != tx.who.name:
        return ""
    return tx.account(tx.who.account).name


def _aliases(tx: ReadTx, at: Place) -> tuple[str, ...]:
    if at.area != PRINCIPALS or at.user != tx.who.name:
        return ()
    return tx.account(tx.who.account).aliases


def _inside(tx: ReadTx, shelf: Shelf, kind: str, names: list[str], exchange: Exchange) -> Iterator[str]:
    """A line for each object."""
    if kind == "prop" and _ROW.issuperset(names):
        yield from rows(tx, shelf, names, minimal=exchange.minimal)
        return
    tags = tx.schedule_tags(shelf.folder.id) if TAG in names else {}
    locks = discovery(tx, shelf, LOCKS in names)
    for item in tx.items(shelf.folder.id, EVERY):
        thing = Thing(shelf, item, exchange.user, tag=tags.get(item.uid, ""), locks=locks(item.name))
        yield _line(thing, shelf.href + escaped(item.name), kind, names, exchange)


def rows(tx: ReadTx, shelf: Shelf, names: list[str], *, minimal: bool, uids: Any = EVERY) -> Iterator[str]:
    """The lines of a listing that asks for no more than the rows hold: made by one template."""
    parts, missing = [], []
    typed = {"getcontenttype": content_type(shelf), "resourcetype": ""}
    for name in names:
        local = name.rpartition("}")[2]
        if local == "getetag":
            parts.append('<D:getetag>"%(etag)s"</D:getetag>')
        elif local == "getcontentlength":
            parts.append("<D:getcontentlength>%(octets)s</D:getcontentlength>")
        elif local in typed:
            parts.append(xml.wrapped(name, typed[local]).replace("%", "%%"))
        else:
            missing.append(name)
    inside = xml.propstat(parts, () if minimal else missing)
    template = f"<D:response><D:href>{shelf.href.replace('%', '%%')}%(name)s</D:href>{inside}</D:response>\n"
    for _, name, blob, size in tx.columns(shelf.folder.id, ("name", "blob", "size"), uids):
        yield template % {"name": escaped(name), "etag": blob[:ETAG_LENGTH], "octets": size}


def data_name(shelf: Shelf) -> str:
    """The property that holds an object."""
    return f"{{{xml.CARDDAV}}}address-data" if shelf.contacts else f"{{{CALDAV}}}calendar-data"
