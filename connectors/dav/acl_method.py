"""The ACL method (RFC 3744 §8.1): who else may do what in a collection, as rows of the one store.

What WebDAV has no word for stays as the rows say it. Inherited and protected entries are told, and not set.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from connectors.dav import xml
from connectors.dav.acl import PRIVILEGES, WRITE
from connectors.dav.errors import DavError
from connectors.dav.locks import ITSELF, allowed
from connectors.dav.paths import PRINCIPALS, place
from connectors.dav.request import Exchange
from connectors.dav.shelf import collection
from connectors.dav.xml import DAV
from groupware.model.errors import NotFound
from groupware.model.link import PREFIX
from groupware.model.principal import ANYONE, EVERYONE
from groupware.model.rights import ALL, Right
from groupware.store.api import WriteTx

NAMES: Final = {
    **dict(PRIVILEGES),
    "D:write": WRITE,
    "D:all": ALL,
    "D:read-current-user-privilege-set": Right.LOOKUP,
    "D:unlock": Right.NONE,
}
_SAID: Final = {"D": DAV, "C": xml.CALDAV}
BY_NAME: Final = {f"{{{_SAID[name[0]]}}}{name[2:]}": rights for name, rights in NAMES.items()}


def _sayable() -> Right:
    found = Right.NONE
    for _, rights in PRIVILEGES:
        found |= rights
    return found


SAYABLE: Final = _sayable()
"""The rights that privileges can say; others stay as they are."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What an ACL says of one grantee."""

    allow: Right = Right.NONE
    deny: Right = Right.NONE


async def acl(exchange: Exchange) -> Response:
    """The rows of a collection as the request says. 200, or why not."""
    root = exchange.document()
    if root is None or root.tag != f"{{{DAV}}}acl":
        raise DavError(400, "ACL needs a body: <D:acl> with what each may do")
    if exchange.at.depth != 3:
        raise DavError(403, "rights are those of a collection")
    wanted = _entries(root, exchange)
    await exchange.parts.store.write(exchange.who, lambda tx: _set(tx, exchange, wanted))
    return Response(status_code=200)


def _entries(root: xml.Element, exchange: Exchange) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for ace in root.findall(f"{{{DAV}}}ace"):
        if ace.find(f"{{{DAV}}}protected") is not None or ace.find(f"{{{DAV}}}inherited") is not None:
            continue
        if ace.find(f"{{{DAV}}}invert") is not None:
            raise DavError(403, "an entry for everybody but somebody cannot be kept", "<D:no-invert/>")
        given, denied, principal = (ace.find(f"{{{DAV}}}{name}") for name in ("grant", "deny", "principal"))
        if principal is None or (given is None and denied is None):
            raise DavError(400, "an entry has a principal, and says what it is granted or denied")
        if denied is not None and f"{{{DAV}}}unauthenticated" in xml.names(principal):
            text = "who has not signed in alone cannot be denied anything: leave out what all are granted instead"
            raise DavError(403, text, "<D:allowed-principal/>")
        grantee = _grantee(principal)
        old = found.get(grantee, Entry())
        allow, deny = _granted(given, grantee), _rights(denied)
        found[grantee] = Entry(old.allow | allow, old.deny | deny)
    return found


def _granted(said: xml.Element | None, grantee: str) -> Right:
    """What is allowed. Whom busy times are shared with by name, that calendar is in their home (decision 300)."""
    found = _rights(said)
    return found | Right.LOOKUP if Right.FREEBUSY in found and "@" in grantee else found


OWNER: Final = ""
"""Who an entry is for that is for the owner, whoever that is."""


def _grantee(principal: xml.Element) -> str:
    """Who an entry is for, as a row names it, or `OWNER`. `DavError`.

    What is granted to who has not signed in is granted to all: signing out is open to everybody.
    """
    inside = xml.names(principal)
    if f"{{{DAV}}}all" in inside or f"{{{DAV}}}unauthenticated" in inside:
        return ANYONE
    if f"{{{DAV}}}authenticated" in inside:
        return EVERYONE
    if principal.find(f"{{{DAV}}}property/{{{DAV}}}owner") is not None:
        return OWNER
    if f"{{{DAV}}}property" in inside or f"{{{DAV}}}self" in inside:
        text = "an entry is for an href, for all or authenticated, or for the property owner: nobody else can be kept"
        raise DavError(403, text, "<D:allowed-principal/>")
    return grantee_of((principal.findtext(f"{{{DAV}}}href") or "").strip())


def grantee_of(path: str) -> str:
    """Who a path or an address is, as a row names them. `DavError`."""
    if path.lower().startswith("mailto:"):
        return path[7:].lower()
    try:
        there = place(path)
    except NotFound:
        there = None
    if there is None or there.area != PRINCIPALS or not there.user:
        raise DavError(403, f"{path[:80]!r} is nobody here", "<D:recognized-principal/>")
    return there.user


def _rights(said: xml.Element | None) -> Right:
    found = Right.NONE
    for privilege in said if said is not None else ():
        for name in xml.names(privilege):
            if name not in BY_NAME:
                raise DavError(403, f"{name[:80]} is no privilege here", "<D:not-supported-privilege/>")
            found |= BY_NAME[name]
    return found & SAYABLE


def _set(tx: WriteTx, exchange: Exchange, wanted: dict[str, Entry]) -> None:
    shelf = collection(tx, exchange.at, Right.ADMIN)
    allowed(tx, exchange, shelf, [ITSELF])
    keep = ALL & ~SAYABLE
    rows = {row.grantee: row for row in tx.grants(shelf.folder.id)}
    everybody = {**dict.fromkeys(rows, Entry()), **wanted}
    own = {name for name, row in rows.items() if name in tx.who.identifiers and Right.ADMIN in row.allow}
    for grantee in sorted(everybody, key=lambda name: name in own):  # who gives up the right to share does so last
        entry, row = everybody[grantee], rows.get(grantee)
        if grantee in (OWNER, shelf.owner):
            _check_owner(entry)
            continue
        if grantee.startswith(PREFIX) or (row is None and entry == Entry()):
            continue  # no client names a link, and so none takes it away
        ends, why = (row.expires, row.reason) if row is not None else (None, "")
        try:
            tx.grant(shelf.folder.id, grantee, entry.allow & ~entry.deny, entry.deny, ends, why, keep=keep)
        except NotFound as error:
            raise DavError(403, str(error), "<D:recognized-principal/>") from None


def _check_owner(entry: Entry) -> None:
    """The owner has every right, and that entry is protected. `DavError`."""
    if entry.deny:
        raise DavError(403, "nothing can be denied to the owner", "<D:no-protected-ace-conflict/>")
