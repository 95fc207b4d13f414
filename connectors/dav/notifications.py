"""The notifications of calendarserver-sharing: `~notifications` in one's own calendar home, one resource a notice."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

from starlette.responses import Response

from connectors.dav import xml
from connectors.dav.acl import level, privileges, state_of
from connectors.dav.errors import DavError
from connectors.dav.paths import CALENDARS, CONTACTS, NOTIFICATIONS, Place, principal
from connectors.dav.propfind import XML_TYPE, asked, multistatus, said_of
from connectors.dav.request import Exchange
from connectors.dav.xml import DAV, SERVER, escape, href
from groupware.model.errors import NotFound
from groupware.model.item import Kind
from groupware.model.rights import Right
from groupware.model.sharing import Notice, NoticeKind
from groupware.store.api import ReadTx

_TYPES: Final = {NoticeKind.INVITATION: "invite-notification", NoticeKind.ANSWER: "invite-reply"}
_MAY: Final = Right.LOOKUP | Right.READ | Right.TRASH | Right.EXPUNGE


def access(rights: Right) -> str:
    """CS:access."""
    return f"<S:access><S:{level(rights)}/></S:access>"


async def notifications(exchange: Exchange) -> Response:
    """Whatever is asked of the collection, or of one notice. `DavError`."""
    if exchange.at.user != exchange.user or exchange.at.area != CALENDARS:
        raise NotFound(f"{exchange.at.href}: there is nothing here")
    handler = _ONE.get(exchange.request.method) if exchange.at.name else _ALL.get(exchange.request.method)
    if handler is None:
        raise DavError(405, "notifications are read, and taken away")
    return await handler(exchange)


async def _listed(exchange: Exchange) -> Response:
    """PROPFIND."""
    kind, names = asked(exchange.document())
    found = await exchange.parts.store.read(exchange.who, _told)
    home = Place(CALENDARS, exchange.user, NOTIFICATIONS).href
    lines = []
    if not exchange.at.name:
        lines.append(xml.response(home, said_of(_of_all(exchange, found), kind, names)))
    for name, (notice, body) in found.items():
        if exchange.at.name in ("", name) and (exchange.at.name or exchange.depth > 0):
            lines.append(xml.response(home + name, said_of(_of_one(exchange, notice, body), kind, names)))
    if not lines:
        raise _absent(exchange)
    return multistatus(lines)


async def _get(exchange: Exchange) -> Response:
    _, body = await _one(exchange)
    headers = {"etag": f'"{_tag(body)}"', "content-type": XML_TYPE}
    return Response(body if exchange.request.method == "GET" else b"", 200, headers)


async def _delete(exchange: Exchange) -> Response:
    notice, _ = await _one(exchange)
    await exchange.parts.store.write(exchange.who, lambda tx: tx.drop_notice(notice.number))
    return Response(status_code=204)


async def _one(exchange: Exchange) -> tuple[Notice, bytes]:
    found = (await exchange.parts.store.read(exchange.who, _told)).get(exchange.at.name)
    if found is None:
        raise _absent(exchange)
    return found


def _absent(exchange: Exchange) -> NotFound:
    return NotFound(f"{exchange.at.name[:100]!r}: there is no such notification")


_ALL: Final = {"PROPFIND": _listed}
_ONE: Final = {"PROPFIND": _listed, "GET": _get, "HEAD": _get, "DELETE": _delete}


# --- what they say ----------------------------------------------------------------------------------------------------


def _told(tx: ReadTx) -> Mapping[str, tuple[Notice, bytes]]:
    """Each notice by its name, with its XML."""
    return {f"notice-{each.number}.xml": (each, _body(tx, each)) for each in tx.notices()}


def _body(tx: ReadTx, notice: Notice) -> bytes:
    contacts = tx.folder(notice.folder, Right.LOOKUP).kind == Kind.CONTACTS
    hosted = href(Place(CONTACTS if contacts else CALENDARS, notice.owner, f"~{notice.folder}").href)
    shared = "addressbook" if contacts else "calendar"
    summary = f"<S:summary>{escape(notice.title or notice.path.rpartition('/')[2])}</S:summary>"
    hosturl, uid = f"<S:hosturl>{hosted}</S:hosturl>", f"notice-{notice.number}"
    if notice.kind == NoticeKind.INVITATION:
        name = escape(notice.name or notice.other)
        inside = (
            f'<S:invite-notification shared-type="{shared}"><S:uid>{uid}</S:uid>{href("mailto:" + tx.who.name)}'
            f"{state_of(notice.state)}{access(notice.rights)}{hosturl}<S:organizer>{href(principal(notice.other))}"
            f"<S:common-name>{name}</S:common-name></S:organizer>{summary}</S:invite-notification>"
        )
    else:
        inside = (
            f'<S:invite-reply shared-type="{shared}">{href("mailto:" + notice.other)}{state_of(notice.state)}{hosturl}'
            f"<S:in-reply-to>{uid}</S:in-reply-to>{summary}</S:invite-reply>"
        )
    stamp = f"<S:dtstamp>{notice.created:%Y%m%dT%H%M%SZ}</S:dtstamp>"
    return f"{xml.HEAD}<S:notification{xml.SPACES}>{stamp}{inside}</S:notification>\n".encode()


def _tag(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:32]


def _of_all(exchange: Exchange, found: Mapping[str, tuple[Notice, bytes]]) -> Mapping[str, str]:
    return {
        f"{{{DAV}}}resourcetype": "<D:collection/><S:notification/>",
        f"{{{DAV}}}displayname": "Notifications",
        f"{{{DAV}}}owner": href(principal(exchange.user)),
        f"{{{DAV}}}current-user-principal": href(principal(exchange.user)),
        f"{{{DAV}}}current-user-privilege-set": privileges(_MAY),
        f"{{{SERVER}}}getctag": _tag("".join(sorted(found)).encode()),
    }


def _of_one(exchange: Exchange, notice: Notice, body: bytes) -> Mapping[str, str]:
    return {
        f"{{{DAV}}}resourcetype": "",
        f"{{{DAV}}}displayname": escape(notice.title or notice.path),
        f"{{{DAV}}}getetag": f'"{_tag(body)}"',
        f"{{{DAV}}}getcontenttype": XML_TYPE,
        f"{{{DAV}}}getcontentlength": str(len(body)),
        f"{{{DAV}}}current-user-privilege-set": privileges(_MAY),
        f"{{{SERVER}}}notificationtype": f"<S:{_TYPES[notice.kind]}/>",
    }
