"""Collections: MKCALENDAR (RFC 4791 §5.3.1), MKCOL (RFC 5689), PROPPATCH (RFC 4918 §9.2), DELETE."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from lxml import etree
from starlette.responses import Response

from connectors.dav import sharing, subscribed, xml
from connectors.dav.errors import DavError
from connectors.dav.locks import ITSELF, allowed
from connectors.dav.paths import CONTACTS, SEGMENT
from connectors.dav.properties import is_live
from connectors.dav.propfind import XML_TYPE, multistatus
from connectors.dav.proxies import joins
from connectors.dav.request import Exchange
from connectors.dav.resources import AVAILABLE, DISPLAY_NAME, ZONE, ZONE_ID, is_personal, note_name
from connectors.dav.shelf import Shelf, account_of, collection
from connectors.dav.timezones import tzid_of, zone_property
from connectors.dav.xml import CALDAV, CARDDAV, DAV
from groupware.calendar.availability import availabilities
from groupware.calendar.clearing import called_off
from groupware.calendar.zones import known_zone
from groupware.mime.lines import crlf
from groupware.model.annotation import AVAILABILITY, LONGEST_VALUE
from groupware.model.errors import Malformed, NotFound, Refused
from groupware.model.folder import SEPARATOR, Role, check_name
from groupware.model.ids import AccountId, FolderId
from groupware.model.item import Kind
from groupware.model.rights import Right
from groupware.store.api import ReadTx, WriteTx

COMPONENT_SET: Final = f"{{{CALDAV}}}supported-calendar-component-set"
RESOURCE_TYPE: Final = f"{{{DAV}}}resourcetype"
_KINDS: Final = {frozenset({"VTODO"}): Kind.TASKS, frozenset({"VJOURNAL"}): Kind.JOURNAL}
_SET_ONCE: Final = (COMPONENT_SET, RESOURCE_TYPE)
MOST_NAMES: Final = 100
"""Names that are tried when people give several collections the same one."""

Changes = Sequence[tuple[str, str | None, str]]
"""(property, the XML inside or None: take it away, its text)."""


def changes(root: xml.Element | None) -> list[tuple[str, str | None, str]]:
    """What `set` and `remove` say, in their order."""
    found: list[tuple[str, str | None, str]] = []
    for step in root if root is not None else ():
        if step.tag not in (f"{{{DAV}}}set", f"{{{DAV}}}remove"):
            continue
        for wanted in step.findall(f"{{{DAV}}}prop"):
            for each in wanted:
                inside = xml.inside(each) if step.tag == f"{{{DAV}}}set" else None
                found.append((str(each.tag), inside, "".join(map(str, each.itertext())).strip()))
    return found


# --- making -----------------------------------------------------------------------------------------------------------


async def make(exchange: Exchange) -> Response:
    """A new collection: 201, or 403 and what of it cannot be."""
    at = exchange.at
    if at.depth != 3:
        raise DavError(
            403, "a collection is made in a home: /dav/calendars/you/name/", "<C:calendar-collection-location-ok/>"
        )
    said = changes(exchange.document())
    kind = _kind(exchange, said)
    given = {name: text for name, _, text in said}
    wanted = given.get(DISPLAY_NAME, "") or at.segment
    types = _types(said)
    barred = [name for name in given if is_live(name) and name not in (*subscribed.ABOUT, *_SET_ONCE)]
    if barred:
        return _unmade(exchange, said, barred)

    def work(tx: WriteTx) -> None:
        owner = account_of(tx, at.user)
        try:
            collection(tx, at)
        except NotFound:
            pass
        else:
            raise DavError(405, f"{at.segment[:60]!r}: there is a collection already", "<D:resource-must-be-null/>")
        name = _free_name(tx, owner, wanted, at.segment)
        folder = tx.add_folder(owner, name, kind)
        notes: dict[str, bytes | None] = {SEGMENT: at.segment.encode()} if name != at.segment else {}
        if subscribed.is_made(types, given):
            subscribed.check_fetched(exchange.parts.at_work)
            notes[SEGMENT] = at.segment.encode()  # its path stays where it comes to be called as it calls itself
            subscribed.put(tx, folder, said, named=DISPLAY_NAME in given)
        notes |= _first_notes(said)
        if notes:
            tx.annotate(folder.id, notes)
        if owner == tx.who.account:
            joins(tx, folder.id, kind)

    await exchange.parts.store.write(exchange.who, work)
    return Response(status_code=201, headers={"cache-control": "no-cache"})


def _types(said: Changes) -> frozenset[str]:
    """The names in the resource type that a new collection is to have."""
    inside = next((inside or "" for name, inside, _ in said if name == RESOURCE_TYPE), "")
    return frozenset(xml.names(etree.fromstring(f"<x>{inside}</x>".encode())))


def _unmade(exchange: Exchange, said: Changes, barred: Sequence[str]) -> Response:
    """403: some properties may not be set, so nothing is made. RFC 5689 §3.3."""
    root = "D:mkcol-response" if exchange.request.method == "MKCOL" else "C:mkcalendar-response"
    body = f"{xml.HEAD}<{root}{xml.SPACES}>{_barred(said, barred)}</{root}>\n"
    return Response(body, 403, {"cache-control": "no-cache"}, XML_TYPE)


def _first_notes(said: Changes) -> dict[str, bytes | None]:
    """The annotations that a new collection begins with. `DavError`."""
    notes: dict[str, bytes | None] = {}
    for key, inside, text in said:
        if key in (ZONE, ZONE_ID):
            _set_zone(notes, key, inside, text, shared=True)
        elif key not in (DISPLAY_NAME, *_SET_ONCE) and inside is not None and not is_live(key):
            notes[note_name(key, shared=not is_personal(key))] = _checked(key, inside)
    return notes


def _kind(exchange: Exchange, said: Changes) -> Kind:
    """What the new collection is for. `DavError`."""
    inside = {name: text or "" for name, text, _ in said}
    if exchange.request.method == "MKCOL":
        types = _types(said)
        if not types and exchange.at.area == CONTACTS:
            return Kind.CONTACTS
        wanted = f"{{{CARDDAV}}}addressbook" if exchange.at.area == CONTACTS else f"{{{CALDAV}}}calendar"
        if wanted not in types and not subscribed.is_made(types, inside):
            text = "a collection here is a calendar or an address book: say which in resourcetype (RFC 5689)"
            raise DavError(403, text, "<D:valid-resourcetype/>")
    if exchange.at.area == CONTACTS:
        return Kind.CONTACTS
    named = inside.get(COMPONENT_SET)
    if named is None:
        return Kind.CALENDAR
    root = etree.fromstring(f"<x>{named}</x>".encode())
    components = frozenset(str(each.get("name", "")).upper() for each in root)
    known = components & {"VEVENT", "VTODO", "VJOURNAL"}
    if not known:
        raise DavError(403, "a calendar is for VEVENT, VTODO or VJOURNAL", "<C:supported-calendar-component/>")
    return _KINDS.get(frozenset(known), Kind.CALENDAR)


def _free_name(tx: WriteTx, owner: AccountId, wanted: str, segment: str) -> str:
    """The name of the folder: what people call it, with a number where one is called so already."""
    for name in (wanted.replace(SEPARATOR, "-").strip(), segment):
        try:
            check_name(name)
        except Refused:
            continue
        taken = {each.path.rpartition(SEPARATOR)[2].casefold() for each in tx.folders(of=owner)}
        for number in range(1, MOST_NAMES):
            tried = name if number == 1 else f"{name} {number}"
            if tried.casefold() not in taken:
                return tried
    raise DavError(403, f"{wanted[:60]!r} cannot be the name of a collection")


def _checked(name: str, inside: str) -> bytes:
    value = inside.encode()
    if len(value) > LONGEST_VALUE:
        raise DavError(507, f"{name}: a property has {LONGEST_VALUE} octets at most")
    return value


# --- properties -------------------------------------------------------------------------------------------------------


async def proppatch(exchange: Exchange) -> Response:
    """All of the changes, or none: 207 with what became of each."""
    said = changes(exchange.document())
    if not said:
        raise DavError(400, "PROPPATCH needs a body with set or remove")
    protected = [name for name, _, _ in said if (is_live(name) and name not in subscribed.ABOUT) or name in _SET_ONCE]
    if exchange.at.name:
        await exchange.parts.store.glance(exchange.who, lambda tx: _reach(tx, exchange))
    if protected or exchange.at.depth != 3:
        return _refused(exchange, said, protected or [name for name, _, _ in said])
    await exchange.parts.store.write(exchange.who, lambda tx: _change(tx, exchange, said))
    found = [xml.wrapped(name, None) for name in dict.fromkeys(name for name, _, _ in said)]
    return multistatus([xml.response(exchange.at.href, xml.propstat(found))])


def _reach(tx: ReadTx, exchange: Exchange) -> None:
    """An object, whose properties are what it says itself: that it is there, and not locked."""
    shelf = collection(tx, exchange.at, Right.READ)
    tx.item(shelf.folder.id, exchange.at.name)
    allowed(tx, exchange, shelf, [exchange.at.name])


def _refused(exchange: Exchange, said: Changes, protected: Sequence[str]) -> Response:
    """207: some may not be changed, so none is."""
    return multistatus([xml.response(exchange.at.href, _barred(said, protected))])


def _barred(said: Changes, protected: Sequence[str]) -> str:
    """The `D:propstat`s of changes of which some may not be made."""
    barred = "".join(xml.wrapped(name, None) for name in dict.fromkeys(protected))
    others = "".join(xml.wrapped(name, None) for name in dict.fromkeys(n for n, _, _ in said) if name not in protected)
    inside = (
        f"<D:propstat><D:prop>{barred}</D:prop><D:status>HTTP/1.1 403 Forbidden</D:status>"
        "<D:error><D:cannot-modify-protected-property/></D:error></D:propstat>"
    )
    if others:
        status = "HTTP/1.1 424 Failed Dependency"
        inside += f"<D:propstat><D:prop>{others}</D:prop><D:status>{status}</D:status></D:propstat>"
    return inside


def _change(tx: WriteTx, exchange: Exchange, said: Changes) -> None:
    shelf = collection(tx, exchange.at)
    allowed(tx, exchange, shelf, [ITSELF])
    notes: dict[str, bytes | None] = {}
    own = not shelf.folder.own
    if any(name in subscribed.ABOUT for name, _, _ in said):
        subscribed.put(tx, shelf.folder, said, named=True)
    for name, inside, text in said:
        if name in subscribed.ABOUT:
            continue
        if name == DISPLAY_NAME and not own:
            _rename(tx, exchange, shelf, text, notes)
        elif name in AVAILABLE and shelf.folder.role == Role.SCHEDULE_INBOX:
            notes[AVAILABILITY] = None if inside is None else _availability(text)
        elif name == DISPLAY_NAME:
            notes[note_name(name, shared=False)] = text.encode() or None
        elif name in (ZONE, ZONE_ID):
            _set_zone(notes, name, inside, text, shared=not own)
        else:
            notes[note_name(name, shared=not own and not is_personal(name))] = (
                None if inside is None else _checked(name, inside)
            )
    if notes:
        tx.annotate(shelf.folder.id, notes)


def _set_zone(notes: dict[str, bytes | None], name: str, inside: str | None, text: str, *, shared: bool) -> None:
    """calendar-timezone and its name, which say the same: whichever comes sets both. `DavError`."""
    if inside is None:
        zone, tzid = None, None
    elif name == ZONE_ID:
        zone, tzid = xml.escape(zone_property(text)).replace("\r", "&#13;"), text
    else:
        tzid = tzid_of(text)
        if not tzid:
            raise DavError(403, "calendar-timezone is one VCALENDAR with a VTIMEZONE", "<C:valid-calendar-data/>")
        zone, tzid = inside, tzid if known_zone(tzid) is not None else None
    notes[note_name(ZONE, shared=shared)] = None if zone is None else _checked(ZONE, zone)
    notes[note_name(ZONE_ID, shared=shared)] = None if tzid is None else _checked(ZONE_ID, xml.escape(tzid))


def _availability(text: str) -> bytes:
    octets = crlf(text.encode()) + b"\r\n"
    try:
        availabilities(octets)
    except Malformed as error:
        raise DavError(403, f"calendar-availability: {error}", "<C:valid-calendar-data/>") from None
    if len(octets) > LONGEST_VALUE:
        raise DavError(507, f"calendar-availability has {LONGEST_VALUE} octets at most")
    return octets


def _rename(tx: WriteTx, exchange: Exchange, shelf: Shelf, name: str, notes: dict[str, bytes | None]) -> None:
    """Another name for one's own folder, which keeps its path here."""
    above, _, now = shelf.folder.path.rpartition(SEPARATOR)
    if not name or name == now:
        return
    free = _free_name(tx, shelf.folder.owner, name, now)
    tx.rename_folder(shelf.folder.id, f"{above}{SEPARATOR}{free}" if above else free)
    if not exchange.at.segment.startswith("~"):
        notes[SEGMENT] = exchange.at.segment.encode()


async def delete(exchange: Exchange) -> Response:
    """Takes a collection away with all that is in it. 204."""
    if exchange.at.depth != 3:
        raise DavError(403, "this cannot be deleted")
    if await exchange.parts.store.write(exchange.who, lambda tx: _hidden(tx, exchange)):
        return Response(status_code=204)
    at = await exchange.parts.store.read(exchange.who, lambda tx: _going(tx, exchange))
    if exchange.at.area != CONTACTS:
        await called_off(exchange.parts.store, exchange.parts.blobs, exchange.who, at)
    await exchange.parts.store.write(exchange.who, lambda tx: tx.delete_folder(_going(tx, exchange)))
    return Response(status_code=204)


def _hidden(tx: WriteTx, exchange: Exchange) -> bool:
    """Whether it is what somebody else shares with one by name, in one's own home: it is not shown there any more."""
    shelf = collection(tx, exchange.at)
    return not shelf.folder.own and exchange.at.user == tx.who.name and sharing.hide(tx, shelf.folder.id)


def _going(tx: ReadTx, exchange: Exchange) -> FolderId:
    """The collection that may be taken away."""
    shelf = collection(tx, exchange.at)
    if not shelf.folder.own and exchange.at.user == tx.who.name:
        raise DavError(403, "this is shared with you: its owner takes it away, at its own path")
    if shelf.folder.role is not None:
        raise DavError(403, "this is the collection that others use when none is named; it stays")
    allowed(tx, exchange, shelf, None)
    return shelf.folder.id
