"""Sharing by invitation: calendarserver-sharing (`CS:share`), and WebDAV Resource Sharing as far as it is the same.

An invitation is the grant that every protocol knows, with a notice (decision 214); so it holds at once, and an answer
shows or hides what it opens. draft-pot-caldav-sharing, draft-pot-webdav-resource-sharing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from connectors.dav import xml
from connectors.dav.acl import READS, WRITES, address_of
from connectors.dav.acl_method import grantee_of
from connectors.dav.errors import DavError
from connectors.dav.locks import ITSELF, allowed
from connectors.dav.paths import HOMES, Place, place
from connectors.dav.propfind import XML_TYPE
from connectors.dav.request import Exchange
from connectors.dav.shelf import collection
from connectors.dav.xml import DAV, SERVER
from groupware.model.errors import NotFound
from groupware.model.ids import FolderId
from groupware.model.rights import ALL, Right
from groupware.store.api import WriteTx

KEEP: Final = ALL & ~WRITES
"""What an invitation has no word for stays as the row says it."""
MOST: Final = 500
"""People in one request."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to become of one sharee."""

    grantee: str
    rights: Right
    """Nothing: it is shared with them no longer."""
    title: str = ""


async def share(exchange: Exchange, root: xml.Element | None) -> Response:
    """Shares a collection, or answers an invitation. `DavError`."""
    name = "" if root is None else str(root.tag)
    if root is not None and name == f"{{{SERVER}}}invite-reply" and exchange.at.depth == 2:
        return await _reply(exchange, root)
    if exchange.at.depth != 3 or name not in (f"{{{SERVER}}}share", f"{{{DAV}}}share-resource"):
        raise DavError(
            400, f"{name[:80]!r} means nothing here: a collection takes share and push-register, a home invite-reply"
        )
    assert root is not None
    wishes = wishes_of(root)
    await exchange.parts.store.write(exchange.who, lambda tx: _share(tx, exchange, wishes))
    return Response(status_code=200)


def wishes_of(root: xml.Element) -> Sequence[Wish]:
    """What a request asks for, of each sharee that it names. `DavError`."""
    wishes = list(_calendarserver(root) if str(root.tag).startswith(f"{{{SERVER}}}") else _webdav(root))
    if not 0 < len(wishes) <= MOST:
        raise DavError(403, f"1 to {MOST} people are invited at once")
    return wishes


def _calendarserver(root: xml.Element) -> Iterator[Wish]:
    for each in root:
        grantee = grantee_of((each.findtext(f"{{{DAV}}}href") or "").strip())
        if each.tag == f"{{{SERVER}}}remove":
            yield Wish(grantee, Right.NONE)
        elif each.tag == f"{{{SERVER}}}set":
            inside = {name.rpartition("}")[2] for name in xml.names(each) if name.startswith(f"{{{SERVER}}}")}
            if not inside & {"read", "read-write"}:
                raise DavError(403, f"{grantee}: an invitation says read or read-write")
            title = (each.findtext(f"{{{SERVER}}}summary") or "").strip()
            yield Wish(grantee, WRITES if "read-write" in inside else READS, title)


def _webdav(root: xml.Element) -> Iterator[Wish]:
    for each in root.findall(f"{{{DAV}}}sharee"):
        grantee = grantee_of((each.findtext(f"{{{DAV}}}href") or "").strip())
        access = {name.rpartition("}")[2] for name in xml.names(each.find(f"{{{DAV}}}share-access"))}
        if not access & {"read", "read-write", "no-access"}:
            raise DavError(403, f"{grantee}: share-access is read, read-write or no-access")
        rights = WRITES if "read-write" in access else READS if "read" in access else Right.NONE
        yield Wish(grantee, rights, (each.findtext(f"{{{DAV}}}comment") or "").strip())


def _share(tx: WriteTx, exchange: Exchange, wishes: Sequence[Wish]) -> None:
    shelf = collection(tx, exchange.at, Right.ADMIN)
    allowed(tx, exchange, shelf, [ITSELF])
    at = shelf.folder.id
    for wish in wishes:
        try:
            if wish.rights:
                tx.share(at, wish.grantee, wish.rights, KEEP, wish.title)
                continue
            rows = tx.grants(at)
            row = next((each for each in rows if address_of(each) == wish.grantee), None)
            if row is not None:
                tx.grant(at, row.grantee, Right.NONE, row.deny, row.expires, row.reason)
        except NotFound as error:
            raise DavError(403, str(error), "<D:recognized-principal/>") from None


# --- answers ----------------------------------------------------------------------------------------------------------


async def _reply(exchange: Exchange, root: xml.Element) -> Response:
    """An invitation accepted or declined: 200, and where what is shared is now."""
    inside = xml.names(root)
    accept = f"{{{SERVER}}}invite-accepted" in inside
    if not accept and f"{{{SERVER}}}invite-declined" not in inside:
        raise DavError(400, "invite-reply says invite-accepted or invite-declined")
    if exchange.at.user != exchange.user or exchange.at.area not in HOMES:
        raise DavError(403, "an invitation is answered in one's own home", "<D:need-privileges/>")
    said = (root.findtext(f"{{{SERVER}}}hosturl/{{{DAV}}}href") or "").strip()
    named = (root.findtext(f"{{{SERVER}}}in-reply-to") or "").strip()
    shared_as = await exchange.parts.store.write(
        exchange.who, lambda tx: _answer(tx, exchange, said, named, accept=accept)
    )
    if not accept:
        return Response(status_code=200)
    body = f"{xml.HEAD}<S:shared-as{xml.SPACES}>{xml.href(shared_as)}</S:shared-as>\n"
    return Response(body, 200, media_type=XML_TYPE)


def _answer(tx: WriteTx, exchange: Exchange, said: str, named: str, *, accept: bool) -> str:
    number = named.removeprefix("notice-")
    notice = next((each for each in tx.notices() if str(each.number) == number), None)
    at = notice.folder if notice is not None else collection(tx, _place(said)).folder.id
    tx.answer_share(at, accept=accept)
    return Place(exchange.at.area, exchange.user, f"~{at}").href


def _place(said: str) -> Place:
    found = place(said)
    if found.depth != 3:
        raise NotFound(f"{said[:100]!r}: hosturl names the collection that is shared")
    return found


def hide(tx: WriteTx, at: FolderId) -> bool:
    """What is shared with oneself by name is not shown any more. False: it is shared in other ways."""
    try:
        tx.answer_share(at, accept=False)
    except NotFound:
        return False
    return True
