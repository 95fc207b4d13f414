"""LOCK and UNLOCK (RFC 4918 §9.10, §9.11).

A lock on a name where nothing is holds the name until an object is put there: no calendar object and no contact is
empty, so none is made by a LOCK (decision 196).
"""

from __future__ import annotations

import uuid
from typing import Final

from starlette.responses import Response

from connectors.dav import xml
from connectors.dav.errors import DavError
from connectors.dav.locks import ITSELF, allowed, discovered, met, root_of, shelf_to_lock
from connectors.dav.propfind import XML_TYPE, multistatus
from connectors.dav.request import Exchange
from connectors.dav.shelf import Shelf
from connectors.dav.xml import DAV
from groupware.model.errors import Locked
from groupware.model.ids import AccountId
from groupware.model.lock import LONGEST_LOCK, LONGEST_OWNER, WriteLock
from groupware.model.rights import Right
from groupware.store.api import ReadTx, WriteTx

USUAL: Final = 3600
"""Seconds that a lock holds when its client says nothing of that."""
LONGEST_NAME: Final = 255


async def lock(exchange: Exchange) -> Response:
    """A lock, or with an empty body more time for one. 200, 201 where nothing is yet; 207, 423."""
    at = exchange.at
    if at.depth < 3:
        raise DavError(403, "a lock is for a calendar, an address book, or an object in one")
    if len(at.name) > LONGEST_NAME:
        raise DavError(403, f"the name of an object has {LONGEST_NAME} characters at most")
    root = exchange.document()
    if root is None:
        return await _renew(exchange)
    wanted = _asked(exchange, root)

    def work(tx: WriteTx) -> tuple[str, bool]:
        shelf = shelf_to_lock(tx, at)
        there = not at.name or _is_there(tx, shelf, at.name)
        if there:
            met(tx, exchange)
        else:
            allowed(tx, exchange, shelf, [ITSELF])
        try:
            tx.put_write_lock(shelf.folder.id, wanted)
        except Locked as error:
            raise _locked(exchange, shelf, error) from None
        return discovered(shelf, tx.write_locks(shelf.folder.id), at.name), there

    try:
        active, there = await exchange.parts.store.write(exchange.who, work)
    except _Members as error:
        lines = [xml.gone(href, "423 Locked") for href in error.hrefs]
        return multistatus([*lines, xml.gone(at.href, "424 Failed Dependency")])
    answer = _told(active, 200 if there else 201)
    answer.headers["lock-token"] = f"<{wanted.token}>"
    return answer


class _Members(Exception):
    """A collection cannot be locked because of what is locked in it."""

    def __init__(self, hrefs: list[str]) -> None:
        super().__init__("something in it is locked")
        self.hrefs = hrefs


def _locked(exchange: Exchange, shelf: Shelf, error: Locked) -> Exception:
    """423; or for a collection the members that are in the way (RFC 4918 §9.10.3)."""
    hrefs = [root_of(shelf, name) for name in dict.fromkeys(error.names)]
    if not exchange.at.name and ITSELF not in error.names:
        return _Members(hrefs)
    inside = "".join(map(xml.href, hrefs))
    return DavError(423, str(error), f"<D:no-conflicting-lock>{inside}</D:no-conflicting-lock>")


def _is_there(tx: ReadTx, shelf: Shelf, name: str) -> bool:
    return shelf.may(Right.READ) and bool(tx.items_named(shelf.folder.id, [name]))


def _asked(exchange: Exchange, root: xml.Element) -> WriteLock:
    """The lock that a body asks for. `DavError`."""
    if root.tag != f"{{{DAV}}}lockinfo":
        raise DavError(400, "LOCK needs a body: <D:lockinfo> with a scope and a type, or none to renew a lock")
    scope, kind = (xml.names(root.find(f"{{{DAV}}}{name}")) for name in ("lockscope", "locktype"))
    if kind != [f"{{{DAV}}}write"] or scope not in ([f"{{{DAV}}}exclusive"], [f"{{{DAV}}}shared"]):
        raise DavError(400, "a lock is exclusive or shared, and against writing")
    if exchange.depth == 1:
        raise DavError(400, "a lock has Depth 0 or infinity")
    said = root.find(f"{{{DAV}}}owner")
    owner = xml.inside(said) if said is not None else ""
    if len(owner) > LONGEST_OWNER:
        raise DavError(400, f"owner has {LONGEST_OWNER} characters at most")
    deep = not exchange.at.name and exchange.depth > 0
    token = f"urn:uuid:{uuid.uuid4()}"
    shared = scope == [f"{{{DAV}}}shared"]
    return WriteLock(token, exchange.at.name, deep, shared, AccountId(0), owner, _seconds(exchange), 0)


def _seconds(exchange: Exchange) -> int:
    """The first of the times in Timeout that can be read, in bounds (RFC 4918 §10.7)."""
    for each in exchange.headers.get("timeout", "").split(","):
        word, _, number = each.strip().lower().partition("-")
        if word == "infinite":
            return LONGEST_LOCK
        if word == "second" and number.isdecimal() and len(number) < 20:
            return min(max(int(number), 1), LONGEST_LOCK)
    return USUAL


async def _renew(exchange: Exchange) -> Response:
    """More time for the lock that If names, asked for at whatever it covers (RFC 4918 §9.10.2)."""

    def work(tx: WriteTx) -> str:
        shelf = shelf_to_lock(tx, exchange.at)
        tokens = [each.token for states in met(tx, exchange) for each in states.all if each.token]
        locks = [each for each in tx.write_locks(shelf.folder.id) if each.covers(exchange.at.name)]
        named = [each for each in locks if each.token in tokens]
        if not named:
            text = "If has to name the lock that is to be renewed"
            raise DavError(412 if tokens else 400, text, "<D:lock-token-matches-request-uri/>")
        renewed = tx.renew_write_lock(shelf.folder.id, named[0].token, _seconds(exchange))
        return discovered(shelf, [renewed], exchange.at.name)

    return _told(await exchange.parts.store.write(exchange.who, work), 200)


def _told(active: str, status: int) -> Response:
    inside = f"<D:lockdiscovery>{active}</D:lockdiscovery>"
    return Response(f"{xml.HEAD}<D:prop{xml.SPACES}>{inside}</D:prop>\n", status, media_type=XML_TYPE)


async def unlock(exchange: Exchange) -> Response:
    """Lets go of a lock. 204; 409 when it is none of this resource."""
    said = exchange.headers.get("lock-token", "").strip()
    if not (said.startswith("<") and said.endswith(">")):
        raise DavError(400, "UNLOCK needs a Lock-Token: <urn:uuid:...>")
    if exchange.at.depth < 3:
        raise DavError(409, "nothing is locked here", "<D:lock-token-matches-request-uri/>")
    token = said[1:-1]

    def work(tx: WriteTx) -> None:
        shelf = shelf_to_lock(tx, exchange.at)
        met(tx, exchange)
        locks = tx.write_locks(shelf.folder.id)
        if not any(each.token == token and each.covers(exchange.at.name) for each in locks):
            text = "there is no such lock here, or its time is over"
            raise DavError(409, text, "<D:lock-token-matches-request-uri/>")
        tx.drop_write_lock(shelf.folder.id, token)

    await exchange.parts.store.write(exchange.who, work)
    return Response(status_code=204)
