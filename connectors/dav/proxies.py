"""Delegates, as calendar-proxy has them: two groups below each principal, who read its calendars, or change them.

They are rows of grants (decision 215): on the root `1` (schedule-as) for who acts in somebody's name, else `9`, and on
each calendar and task list what they may do there. caldav-proxy, RFC 3744 §4.3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.responses import Response

from connectors.dav import xml
from connectors.dav.acl import READS, WRITES, address_of, privileges
from connectors.dav.acl_method import grantee_of
from connectors.dav.delegation import role_of
from connectors.dav.errors import DavError
from connectors.dav.paths import PROXY_READ, PROXY_WRITE, Place, principal
from connectors.dav.propfind import asked, multistatus, said_of
from connectors.dav.request import Exchange
from connectors.dav.resources import DISPLAY_NAME
from connectors.dav.shelf import account_of
from connectors.dav.xml import DAV, href
from groupware.model.errors import NotFound
from groupware.model.folder import Role
from groupware.model.ids import FolderId
from groupware.model.item import Kind
from groupware.model.rights import ALL, Right
from groupware.store.api import ReadTx, WriteTx

MEMBERS: Final = f"{{{DAV}}}group-member-set"
MEMBERSHIPS: Final = f"{{{DAV}}}group-membership"
MOST: Final = 200
"""Delegates of one kind."""
_MARKS: Final = {PROXY_READ: Right.FREEBUSY, PROXY_WRITE: Right.SCHEDULE_AS}
_GIVES: Final = {PROXY_READ: READS, PROXY_WRITE: WRITES}
_OF_ROOT: Final = Right.FREEBUSY | Right.SCHEDULE_AS
_KINDS: Final = (Kind.CALENDAR, Kind.TASKS)


# --- the two groups ---------------------------------------------------------------------------------------------------


def group(tx: ReadTx, at: Place) -> Mapping[str, str]:
    """The properties of one of the two groups; who is in it is told to whose it is. `NotFound`."""
    owner = account_of(tx, at.user)
    mine = owner == tx.who.account
    found = {
        f"{{{DAV}}}resourcetype": f"<D:collection/><D:principal/><S:{at.segment}/>",
        DISPLAY_NAME: at.segment,
        f"{{{DAV}}}principal-URL": href(at.href),
        f"{{{DAV}}}owner": href(principal(at.user)),
        f"{{{DAV}}}current-user-principal": href(principal(tx.who.name)),
        f"{{{DAV}}}current-user-privilege-set": privileges(ALL if mine else Right.READ),
        MEMBERSHIPS: "",
    }
    if mine:
        found[MEMBERS] = "".join(href(principal(each)) for each in _members(tx, at.segment))
    return found


def _members(tx: ReadTx, role: str) -> Sequence[str]:
    owner = tx.who.account
    calendar = {each.grantee for each in tx.grants(tx.role(owner, Role.CALENDAR).id) if Right.READ in each.allow}
    rows = tx.grants(tx.locate(owner, "").id)
    return [
        address_of(each)
        for each in rows
        if role_of(each.allow) == role
        and "@" in each.grantee
        and (each.grantee in calendar or Right.READ in each.allow)
    ]


async def asked_of_group(exchange: Exchange) -> Response:
    """PROPFIND and PROPPATCH of one of the groups. `DavError`."""
    method = exchange.request.method
    if method == "PROPPATCH":
        return await _set(exchange)
    if method == "PROPFIND":
        kind, names = asked(exchange.document())
        found = await exchange.parts.store.read(exchange.who, lambda tx: group(tx, exchange.at))
        return multistatus([xml.response(exchange.at.href, said_of(found, kind, names))])
    raise DavError(405, "a group of delegates is read by PROPFIND, and set by PROPPATCH of group-member-set")


async def _set(exchange: Exchange) -> Response:
    """group-member-set: these are the delegates of that kind from now on, and nobody else."""
    root = exchange.document()
    said = root.find(f"{{{DAV}}}set/{{{DAV}}}prop/{MEMBERS}") if root is not None else None
    if said is None:
        raise DavError(403, "of a group of delegates group-member-set alone is set")
    wanted = [grantee_of((each.text or "").strip()) for each in said.findall(f"{{{DAV}}}href")]
    if len(wanted) > MOST:
        raise DavError(403, f"somebody has {MOST} delegates of a kind at most")
    if exchange.at.user != exchange.user:
        raise DavError(403, "only whose calendars they are says who may act for them", "<D:need-privileges/>")
    await exchange.parts.store.write(exchange.who, lambda tx: _delegate(tx, exchange.at.segment, wanted))
    return multistatus([xml.response(exchange.at.href, xml.propstat([xml.wrapped(MEMBERS, None)]))])


def _delegate(tx: WriteTx, role: str, wanted: Sequence[str]) -> None:
    """Makes these, and nobody else, the delegates of that kind: on the root, and on each calendar and task list.

    The scheduling inbox is its owner's alone: nobody else would know it from a calendar.
    """
    owner = tx.who.account
    before = set(_members(tx, role))
    root, folders = tx.locate(owner, "").id, [each for each in tx.folders(of=owner) if each.kind in _KINDS]
    inbox = next((each.id for each in folders if each.role == Role.SCHEDULE_INBOX), None)
    gives = {each.id: _GIVES[role] for each in folders} | {root: _MARKS[role]}
    if inbox is not None:
        gives[inbox] = Right.NONE
    if tx.who.name in wanted:
        raise DavError(403, "nobody is a delegate of their own")
    for grantee in [*wanted, *sorted(before - set(wanted))]:
        for at, given in gives.items():
            row = next((each for each in tx.grants(at) if address_of(each) == grantee), None)
            now = row.allow if row is not None else Right.NONE
            kept = now & ~(_OF_ROOT if at == root else WRITES)
            rights = kept | given if grantee in wanted else kept
            deny, ends, why = (row.deny, row.expires, row.reason) if row is not None else (Right.NONE, None, "")
            if row is None and not rights:
                continue
            try:
                tx.grant(at, row.grantee if row is not None else grantee, rights & ~deny, deny, ends, why)
            except NotFound as error:
                raise DavError(403, str(error), "<D:recognized-principal/>") from None


def joins(tx: WriteTx, at: FolderId, kind: Kind) -> None:
    """A calendar that has just been made is open to its owner's delegates too."""
    if kind not in _KINDS:
        return
    for role, gives in _GIVES.items():
        for each in _members(tx, role):
            tx.grant(at, each, gives)
