"""A collection as one file: what a browser gets, and a program that knows nothing of DAV."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from urllib.parse import quote

from starlette.responses import Response, StreamingResponse

from connectors.dav.cards import version_accepted
from connectors.dav.errors import DavError
from connectors.dav.request import Exchange
from connectors.dav.shelf import Shelf, collection
from groupware.calendar.joined import END, Joined
from groupware.contacts.joined import joined
from groupware.contacts.versions.convert import in_version
from groupware.model.folder import SEPARATOR
from groupware.model.rights import Right
from groupware.store.walk import walk


async def whole(exchange: Exchange) -> Response:
    """All objects that one may read, in one .ics or .vcf, piece by piece. 304 when nothing has changed.

    Contacts are of the version of vCard that Accept names, if it names one.
    """
    if exchange.at.depth != 3:
        raise DavError(405, "there is nothing to read here; a calendar or an address book is one level further in")
    shelf = await exchange.parts.store.glance(exchange.who, lambda tx: collection(tx, exchange.at, Right.READ))
    version = version_accepted(exchange.headers.get("accept", "")) if shelf.contacts else ""
    headers = {
        "etag": _tag(exchange, shelf, version),
        "cache-control": "private, no-cache",
        "content-type": f"{'text/vcard' if shelf.contacts else 'text/calendar'}; charset=utf-8",
        "content-disposition": f"inline; filename*=UTF-8''{quote(_name(shelf), safe='')}",
    }
    if shelf.contacts:
        headers["vary"] = "Accept"
    if headers["etag"] in exchange.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if exchange.request.method == "HEAD":
        return Response(status_code=200, headers=headers)
    return StreamingResponse(_octets(exchange, shelf, version), 200, headers)


def _name(shelf: Shelf) -> str:
    return shelf.folder.path.rpartition(SEPARATOR)[2] + (".vcf" if shelf.contacts else ".ics")


def _tag(exchange: Exchange, shelf: Shelf, version: str) -> str:
    """Changes with the folder, its name, what one may read of it, and the version of vCard."""
    folder = shelf.folder
    seen = (
        f"{folder.id} {folder.uidvalidity} {folder.modseq} {folder.rights.value} {exchange.who.account} {folder.path}"
        f" {version}"
    )
    return f'"{hashlib.sha256(seen.encode()).hexdigest()[:32]}"'


async def _octets(exchange: Exchange, shelf: Shelf, version: str) -> AsyncIterator[bytes]:
    calendar = None if shelf.contacts else Joined()
    if calendar is not None:
        yield calendar.begin(shelf.folder.path.rpartition(SEPARATOR)[2])
    parts = exchange.parts
    async for item, octets in walk(parts.store, parts.blobs, exchange.who, shelf.folder.id):
        if octets is None:
            parts.log("DAV").error("body_lost", folder=shelf.folder.id, uid=item.uid)
        elif calendar is not None:
            yield calendar.add(octets)
        else:
            yield joined(await asyncio.to_thread(in_version, octets, version) if version else octets)
    if calendar is not None:
        yield END
