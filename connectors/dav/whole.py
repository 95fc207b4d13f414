"""A collection as one file: what a browser gets, and a program that knows nothing of DAV."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from urllib.parse import quote

from starlette.responses import Response, StreamingResponse

from connectors.dav import timezones
from connectors.dav.cards import version_accepted
from connectors.dav.errors import DavError
from connectors.dav.request import Exchange
from connectors.dav.shelf import collection
from groupware.calendar.joined import END, Joined
from groupware.contacts.joined import joined
from groupware.contacts.versions.convert import in_version
from groupware.model.folder import SEPARATOR, Folder
from groupware.model.item import Kind
from groupware.model.principal import Principal
from groupware.model.rights import Right
from groupware.store.walk import walk
from mailcore.server.parts import Parts


async def whole(exchange: Exchange) -> Response:
    """All objects that one may read, in one .ics or .vcf, piece by piece. 304 when nothing has changed.

    Contacts are of the version of vCard that Accept names, if it names one.
    """
    if exchange.at.depth != 3:
        raise DavError(405, "there is nothing to read here; a calendar or an address book is one level further in")
    shelf = await exchange.parts.store.glance(exchange.who, lambda tx: collection(tx, exchange.at, Right.READ))
    version = version_accepted(exchange.headers.get("accept", "")) if shelf.contacts else ""
    headers = {**headers_of(shelf.folder), "etag": tag_of(exchange.who, shelf.folder, version)}
    if shelf.contacts:
        headers["vary"] = "Accept"
    if headers["etag"] in exchange.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if exchange.request.method == "HEAD":
        return Response(status_code=200, headers=headers)
    return StreamingResponse(
        octets_of(exchange.parts, exchange.who, shelf.folder, exchange.headers, version), 200, headers
    )


def headers_of(folder: Folder) -> dict[str, str]:
    """What every answer with a whole collection says of it."""
    contacts = folder.kind == Kind.CONTACTS
    name = folder.path.rpartition(SEPARATOR)[2] + (".vcf" if contacts else ".ics")
    return {
        "cache-control": "private, no-cache",
        "content-type": f"{'text/vcard' if contacts else 'text/calendar'}; charset=utf-8",
        "content-disposition": f"inline; filename*=UTF-8''{quote(name, safe='')}",
    }


def tag_of(who: Principal, folder: Folder, version: str = "") -> str:
    """Changes with the folder, its name, what one may read of it, and the version of vCard."""
    seen = (
        f"{folder.id} {folder.uidvalidity} {folder.modseq} {folder.rights.value} {who.account} {folder.path} {version}"
    )
    return f'"{hashlib.sha256(seen.encode()).hexdigest()[:32]}"'


async def octets_of(
    parts: Parts,
    who: Principal,
    folder: Folder,
    asked: Mapping[str, str],
    version: str = "",
    head: Sequence[str] = (),
) -> AsyncIterator[bytes]:
    """The file, piece by piece; `asked`: the request's headers, `head`: more lines for the head of a calendar."""
    calendar = None if folder.kind == Kind.CONTACTS else Joined()
    if calendar is not None:
        yield calendar.begin(folder.path.rpartition(SEPARATOR)[2], *head)
    async for item, octets in walk(parts.store, parts.blobs, who, folder.id):
        if octets is None:
            parts.log("DAV").error("body_lost", folder=folder.id, uid=item.uid)
        elif calendar is not None:
            yield calendar.add(timezones.told(octets, asked))
        else:
            yield joined(await asyncio.to_thread(in_version, octets, version) if version else octets)
    if calendar is not None:
        yield END
