"""Octets up and down over HTTP. RFC 8620 §6.1, §6.2."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response

from groupware.model.errors import GroupwareError, OverQuota, TryAgain
from groupware.model.record import Upload
from groupware.store.api import Stored, WriteTx
from web.jmap import directory
from web.jmap.blobs import octets_of
from web.jmap.errors import MethodError, RequestError
from web.jmap.ids import account_id, upload_id
from web.jmap.limits import UPLOAD_OCTETS, UPLOAD_ROOM
from web.jmap.pieces import Unsatisfiable, piece_of
from web.jmap.turn import Turn, owner_in

_TYPE: Final = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,100}/[A-Za-z0-9!#$&^_.+-]{1,100}\Z")
_SAFE: Final = {"x-content-type-options": "nosniff", "content-security-policy": "default-src 'none'; sandbox"}
FRESH: Final = {"cache-control": "no-cache, no-store, must-revalidate"}


def path_of(connection: HTTPConnection) -> str:
    """The path as it was meant: `url.path` has some signs of it in their coded form."""
    return str(connection.scope["path"])


async def body_of(request: Request, most: int, limit: str) -> bytes:
    """The body of a request. `RequestError` when it is more than `most` octets."""
    said = request.headers.get("content-length", "")
    too_large = RequestError(413, "limit", f"more than {most} octets", limit=limit)
    if said.isascii() and said.isdigit() and int(said[:20]) > most:
        raise too_large
    found = bytearray()
    async for chunk in request.stream():
        found += chunk
        if len(found) > most:
            raise too_large
    return bytes(found)


def media_of(given: str) -> str:
    """A media type without its parameters, in lower case; what is none is octets."""
    kind = given.partition(";")[0].strip()
    return kind.lower() if _TYPE.match(kind) else "application/octet-stream"


async def upload(turn: Turn, request: Request) -> Response:
    """Takes octets; the answer says under which id."""
    account = path_of(request).removeprefix("/jmap/upload/").strip("/")
    octets = await body_of(request, UPLOAD_OCTETS, "maxSizeUpload")
    stored = await _stored(turn, octets)
    media = media_of(request.headers.get("content-type", ""))

    def work(tx: WriteTx) -> Upload:
        return tx.put_upload(owner_in(tx, account), stored, media, UPLOAD_ROOM)

    try:
        made = await turn.write(work)
    except MethodError as error:
        raise RequestError(404, "notFound", error.description) from None
    except OverQuota as error:
        raise RequestError(507, "limit", str(error)) from None
    except TryAgain as error:
        raise _unavailable(error) from None
    told = {
        "accountId": account_id(made.owner),
        "blobId": upload_id(made.number),
        "type": made.media,
        "size": made.size,
    }
    return JSONResponse(told, 201, headers=FRESH)


async def _stored(turn: Turn, octets: bytes) -> Stored:
    try:
        return await turn.parts.blobs.put(octets)
    except TryAgain as error:
        raise _unavailable(error) from None


async def download(turn: Turn, request: Request) -> Response:
    """The octets of a blob."""
    account, blob, name = [*path_of(request).removeprefix("/jmap/download/").split("/", 2), "", ""][:3]
    absent = RequestError(404, "notFound", "There is no such blob, or it is not shared with you.")
    if account == directory.ACCOUNT:
        picture = await directory.photo(turn, blob)
        if picture is None:
            raise absent
        return _file(request, picture, blob, name)
    try:
        found = await octets_of(turn, account, [blob])
    except MethodError as error:
        if error.kind == "serverUnavailable":
            raise _unavailable(error) from None
        raise absent from None
    except TryAgain as error:
        raise _unavailable(error) from None
    except GroupwareError:
        raise absent from None
    if blob not in found:
        raise absent
    return _file(request, found[blob].octets, blob, name)


def _unavailable(error: Exception) -> RequestError:
    return RequestError(503, "serverUnavailable", str(error), {"retry-after": "5"})


def _file(request: Request, octets: bytes, blob: str, name: str) -> Response:
    """All of it, or the piece that is asked for. What is in a blob never changes, so its id is its tag."""
    kind, tag = request.query_params.get("accept", ""), f'"{blob}"'
    headers = {
        "content-disposition": f"attachment; filename*=UTF-8''{quote(_file_name(name), safe='')}",
        "content-type": kind if _TYPE.match(kind) else "application/octet-stream",
        "cache-control": "private, immutable, max-age=31536000",
        "etag": tag,
        "accept-ranges": "bytes",
        **_SAFE,
    }
    asked, only_if = request.headers.get("range", ""), request.headers.get("if-range", "")
    try:
        piece = piece_of(asked, only_if, tag, len(octets)) if request.method == "GET" else None
    except Unsatisfiable:
        raise RequestError(
            416, "notRequest", f"The blob has {len(octets)} octets.", {"content-range": f"bytes */{len(octets)}"}
        ) from None
    if piece is None:
        return Response(octets, headers=headers)
    headers["content-range"] = f"bytes {piece.start}-{piece.stop - 1}/{len(octets)}"
    return Response(octets[piece.start : piece.stop], 206, headers)


def _file_name(given: str) -> str:
    """The last part of what the address calls it: no way into other folders."""
    return re.split(r"[/\\]", given)[-1] or "download"
