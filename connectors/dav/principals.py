"""Reports about people: who there is, and which principals are oneself. RFC 3744 §9, RFC 3253 §3.8."""

from __future__ import annotations

import re
from typing import Final
from xml.sax.saxutils import unescape

from starlette.responses import Response

from connectors.dav import xml
from connectors.dav.acl import stored_acl
from connectors.dav.errors import DavError
from connectors.dav.paths import PRINCIPALS, Place, place
from connectors.dav.properties import stats, value
from connectors.dav.propfind import XML_TYPE, multistatus, outer, said_of, seen
from connectors.dav.proxies import group
from connectors.dav.request import Exchange
from connectors.dav.resources import DISPLAY_NAME, Resource, Simple
from connectors.dav.shelf import collection
from connectors.dav.xml import CALDAV, DAV, SERVER
from groupware.model.errors import GroupwareError
from groupware.model.principal import Person, PrincipalKind
from groupware.store.api import ReadTx

MOST: Final = 500
_HREF: Final = re.compile("<D:href>([^<]*)</D:href>")
_BY_ADDRESS: Final = (f"{{{SERVER}}}email-address-set", f"{{{CALDAV}}}calendar-user-address-set")
_PARTS: Final = frozenset(
    f"{{{DAV}}}{name}" for name in ("property-search", "prop", "apply-to-principal-collection-set")
)
_KINDS: Final = {PrincipalKind.GROUP: "GROUP", PrincipalKind.LIST: "GROUP", PrincipalKind.RESOURCE: "RESOURCE"}


async def search(exchange: Exchange, root: xml.Element) -> Response:
    """principal-property-search (RFC 3744 §9.4): people of one's own domain, by name or address."""
    tests = [
        (name, _asked(name, each.findtext(f"{{{DAV}}}match") or ""))
        for each in root.findall(f"{{{DAV}}}property-search")
        for name in xml.names(each.find(f"{{{DAV}}}prop"))
    ]
    any_ = root.get("test", "allof") == "anyof"
    wanted = xml.names(root.find(f"{{{DAV}}}prop"))
    wanted = wanted or [name for name in xml.names(root) if name not in _PARTS]  # as the caldav library writes them
    widest = "" if any_ or not tests else max((text for _, text in tests), key=len)
    found = await exchange.parts.store.read(exchange.who, lambda tx: tx.people(widest, MOST))
    lines = []
    for each in found:
        results = [_matches(each, name, text) for name, text in tests]
        if not results or (any(results) if any_ else all(results)):
            one = _principal(each, exchange.user)
            lines.append(xml.response(one.at.href, stats(one, wanted, minimal=exchange.minimal)))
    return multistatus(lines)


def _asked(name: str, text: str) -> str:
    """What is looked for, without the scheme that calendar-user-address-set has before an address."""
    said = text.strip().casefold()
    return said.removeprefix("mailto:") if name in _BY_ADDRESS else said


def _principal(person: Person, user: str) -> Simple:
    kind = _KINDS.get(person.kind, "INDIVIDUAL")
    return Simple(Place(PRINCIPALS, person.address), user, person.name, kind=kind)


def _matches(person: Person, name: str, text: str) -> bool:
    if name == DISPLAY_NAME:
        return text in (person.name or person.address).casefold()
    if name in _BY_ADDRESS:
        return text in person.address.casefold()
    return False


async def searchable(exchange: Exchange, root: xml.Element) -> Response:
    """principal-search-property-set (RFC 3744 §9.5)."""
    names = (
        ("D:displayname", "Name"),
        ("S:email-address-set", "Mail address"),
        ("C:calendar-user-address-set", "Address in meetings"),
    )
    inside = "".join(
        f"<D:principal-search-property><D:prop><{name}/></D:prop><D:description>{text}</D:description>"
        "</D:principal-search-property>"
        for name, text in names
    )
    body = f"{xml.HEAD}<D:principal-search-property-set{xml.SPACES}>{inside}</D:principal-search-property-set>"
    return Response(body, 200, media_type=XML_TYPE)


async def match(exchange: Exchange, root: xml.Element) -> Response:
    """principal-match (RFC 3744 §9.3): oneself among the principals."""
    if exchange.at.area != PRINCIPALS:
        raise DavError(403, f"principal-match is for /dav/{PRINCIPALS}/", "<D:supported-report/>")
    wanted = xml.names(root.find(f"{{{DAV}}}prop"))
    one = Simple(Place(PRINCIPALS, exchange.user), exchange.user)
    return multistatus([xml.response(one.at.href, stats(one, wanted) if wanted else xml.propstat([]))])


async def in_acl(exchange: Exchange, root: xml.Element) -> Response:
    """acl-principal-prop-set (RFC 3744 §9.2): the people and groups that the ACL of a collection names."""
    if exchange.at.depth != 3 or exchange.at.area == PRINCIPALS:
        raise DavError(403, "acl-principal-prop-set is for a collection", "<D:supported-report/>")
    wanted = xml.names(root.find(f"{{{DAV}}}prop"))
    said = await exchange.parts.store.read(exchange.who, lambda tx: _named_in_acl(tx, exchange.at, wanted))
    return multistatus(said)


def _named_in_acl(tx: ReadTx, at: Place, names: list[str]) -> list[str]:
    shelf = collection(tx, at)
    acl = stored_acl(tx.grants(shelf.folder.id), shelf.owner)  # `a` is needed for that: the store says so
    paths = dict.fromkeys(unescape(each) for each in _HREF.findall(acl))
    return [line for path in paths if (line := _principal_at(tx, path, names))]


async def expand(exchange: Exchange, root: xml.Element) -> Response:
    """expand-property: properties, and those of the resources that they name, one level down."""
    found = await exchange.parts.store.read(exchange.who, lambda tx: _expanded(tx, exchange, root))
    return multistatus([xml.response(exchange.at.href, found)])


def _expanded(tx: ReadTx, exchange: Exchange, root: xml.Element) -> str:
    said = group(tx, exchange.at) if exchange.at.area == PRINCIPALS and exchange.at.segment else None
    one = None if said is not None else _resource(tx, exchange.at)
    told, missing = [], []
    for wanted in root.findall(f"{{{DAV}}}property"):
        name = _name(wanted)
        inside = value(one, name) if one is not None else (said or {}).get(name)
        if inside is None:
            missing.append(name)
            continue
        inner = [_name(each) for each in wanted.findall(f"{{{DAV}}}property")]
        told.append(xml.wrapped(name, _followed(tx, inside, inner) if inner else inside))
    return xml.propstat(told, missing)


def _name(wanted: xml.Element) -> str:
    return f"{{{wanted.get('namespace', DAV)}}}{wanted.get('name', '')}"


def _followed(tx: ReadTx, inside: str, names: list[str]) -> str:
    """In place of each path of a principal the principal, as far as one may see it."""
    return _HREF.sub(lambda found: _principal_at(tx, unescape(found[1]), names) or found[0], inside)


def _principal_at(tx: ReadTx, path: str, names: list[str]) -> str:
    try:
        at = place(path)
        if at.area != PRINCIPALS or not at.user:
            return ""
        if at.segment:
            return xml.response(at.href, said_of(group(tx, at), "prop", names))
        one = next(found for found, _ in outer(tx, at, names, deep=False))
    except GroupwareError:
        return ""
    return xml.response(at.href, stats(one, names))


def _resource(tx: ReadTx, at: Place) -> Resource:
    if at.depth < 3:
        return next(found for found, _ in outer(tx, at, [], deep=False))
    return seen(tx, collection(tx, at), [])
