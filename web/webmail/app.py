"""The webmail over HTTP, below `/mail`: the files of the client, bodies of emails, pictures from elsewhere, and where
programs find the server.

Everything else the client asks of `/jmap`, and signs in at `/signin`. Decisions 249 and 250.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from groupware.mime.headers import fields, unfold
from groupware.model.errors import BadCredentials, GroupwareError, TryAgain
from groupware.model.principal import Principal
from mailcore.server.brands import Brand, brand_for
from mailcore.server.parts import Parts
from mailcore.server.visits import visited
from web.jmap.blobs import octets_of
from web.jmap.errors import MethodError
from web.jmap.turn import Turn
from web.signin import sessions
from web.webmail import body, branding, export, files
from web.webmail.remote import NoPicture, Remote

_FRAMED: Final = {
    "content-security-policy": body.POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "private, no-store",
}
_PICTURE: Final = {
    "content-security-policy": "default-src 'none'; sandbox",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "cross-origin",  # the frame is of no origin
    "cache-control": "private, max-age=3600",
}
HEADER_OCTETS: Final = 256 * 1024
_HEADER_END: Final = re.compile(rb"\r?\n\r?\n")
_PAGES: Final = frozenset({"", files.INDEX})


def webmail(
    parts: Parts,
    there: Mapping[str, files.File],
    remote: Remote | None = None,
    programs: Mapping[str, Any] | None = None,
    brands: Sequence[Brand] = (),
) -> Starlette:
    """The application, over the files that were built; `programs`: what `programs_of` says of the server."""
    door = _Door(parts, there, remote or Remote(parts.dns, parts.secret), programs or {}, brands)
    return Starlette(
        routes=[
            Route("/body/{account}/{blob}", door.body),
            Route("/export/{account}", door.export),
            Route("/image", door.image),
            Route("/programs", door.programs),
            Route("/brand/logo", door.logo),
            Route("/unsubscribe/{account}/{blob}", door.unsubscribe, methods=["POST"]),
            Route("/{path:path}", door.file),
        ]
    )


class _Door:
    """Gives what the client needs besides JMAP."""

    __slots__ = ("_branded", "_brands", "_files", "_parts", "_programs", "_remote")

    def __init__(
        self,
        parts: Parts,
        there: Mapping[str, files.File],
        remote: Remote,
        programs: Mapping[str, Any],
        brands: Sequence[Brand],
    ) -> None:
        self._parts, self._files, self._remote, self._programs = parts, there, remote, programs
        self._brands = brands
        self._branded = {each: branding.branded(there, each) for each in brands}

    def _brand(self, request: Request) -> Brand | None:
        """How the webmail looks to who comes by that name."""
        return brand_for(self._brands, request.headers.get("host", "")) if self._brands else None

    async def file(self, request: Request) -> Response:
        """A file of the client; what is none, and looks like a place within it, is its page."""
        visited(self._parts.counters, request.scope["state"], "WEBMAIL")
        path = str(request.path_params["path"])
        brand = self._brand(request)
        there = self._branded[brand] if brand is not None else self._files
        found = there.get(files.INDEX if path in _PAGES else path)
        if found is None and "." not in path.rpartition("/")[2]:
            found = there.get(files.INDEX)
        return files.answer(found, request) if found is not None else _said(404, "There is nothing of that name.")

    async def logo(self, request: Request) -> Response:
        """The logo of the name under which somebody comes, whoever that is."""
        return branding.logo(self._brand(request)) or _said(404, "There is no logo.")

    async def body(self, request: Request) -> Response:
        """The body of an email as a page; `images=1`: with pictures from elsewhere; `print=1`: as it is printed."""
        try:
            who = await sessions.signed_in(self._parts, request)
            visited(self._parts.counters, request.scope["state"], "WEBMAIL", who.name)
            octets = await self._octets(who, request)
        except _REFUSED as error:
            return _refused(error, "There is no such email, or it is not shared with you.")
        wanted = request.query_params.get("images") == "1"
        remote = self._remote.address if wanted else lambda _: None
        found = await body.body_of(octets, remote, head=request.query_params.get("print") == "1")
        if request.query_params.get("about") == "1":
            return JSONResponse({"blocked": found.blocked}, headers=_FRAMED)
        return Response(found.page, headers=_FRAMED, media_type="text/html; charset=utf-8")

    async def export(self, request: Request) -> Response:
        """A folder (`mailbox`), or some emails (`ids`), as a file: `form` is zip or mbox."""
        given = request.query_params
        form = given.get("form", "zip")
        if form not in export.FORMS:
            return _said(400, "Mail goes out as zip or as mbox.")
        try:
            who = await sessions.signed_in(self._parts, request)
            turn, account = Turn(self._parts, who), str(request.path_params["account"])
            ids = [each for each in given.get("ids", "").split(",") if each]
            asked = await turn.read(lambda tx: export.wanted(tx, account, given.get("mailbox", ""), ids))
        except _REFUSED as error:
            return _refused(error, "There is no such mail, or it is not shared with you.")
        headers = {
            **files.SAFE,
            "cache-control": "no-store",
            "content-disposition": export.disposition(asked.name, form),
        }
        media = "application/zip" if form == "zip" else "application/mbox"
        return StreamingResponse(export.stream(turn, asked, form), media_type=media, headers=headers)

    async def programs(self, request: Request) -> Response:
        """Where programs find the server, for who is signed in."""
        try:
            await sessions.signed_in(self._parts, request)
        except _REFUSED as error:
            return _refused(error)
        return JSONResponse(self._programs, headers={**files.SAFE, "cache-control": "no-store"})

    async def unsubscribe(self, request: Request) -> Response:
        """Leaves the mailing list of an email with one click, where the email offers that. RFC 8058."""
        try:
            who = await sessions.signed_in(self._parts, request)
            octets = await self._octets(who, request)
        except _REFUSED as error:
            return _refused(error, "There is no such email, or it is not shared with you.")
        url = one_click_of(octets)
        if url is None:
            return _said(422, "This email does not say where its list is left with one click.")
        try:
            await self._remote.unsubscribe(url)
        except NoPicture as error:
            return _said(502, f"The list could not be left: {error}")
        return Response(status_code=204, headers=files.SAFE)

    async def _octets(self, who: Principal, request: Request) -> bytes:
        account, blob = str(request.path_params["account"]), str(request.path_params["blob"])
        found = await octets_of(Turn(self._parts, who), account, [blob])
        if blob not in found:
            raise MethodError("notFound", "there is no such blob")
        return found[blob].octets

    async def image(self, request: Request) -> Response:
        """A picture from elsewhere, by an address that `body` has made."""
        given = request.query_params
        url = given.get("url", "")
        if not self._remote.sealed(given.get("until", ""), given.get("seal", ""), url):
            return _said(403, "This address was not made by this server, or its time is over.")
        try:
            found = await self._remote.fetch(url)
        except NoPicture as error:
            return _said(404, str(error))
        return Response(found.octets, headers=_PICTURE, media_type=found.media)


def one_click_of(octets: bytes) -> str | None:
    """Where an email says that its list is left with one click. RFC 8058 §3.1: by HTTPS alone."""
    found = {name.lower(): unfold(value) for name, value in fields(_HEADER_END.split(octets[:HEADER_OCTETS], 1)[0])}
    if found.get(b"list-unsubscribe-post", b"").strip().lower() != b"list-unsubscribe=one-click":
        return None
    urls = re.findall(rb"<\s*(https:[^<>\s]+)\s*>", found.get(b"list-unsubscribe", b""), re.IGNORECASE)
    return urls[0].decode("ascii", "replace") if urls else None


_REFUSED: Final = (GroupwareError, MethodError, sessions.Foreign)


def _refused(error: Exception, nothing: str = "There is nothing here.") -> Response:
    """What is said to who may not, or not now; `nothing`: that what is asked for is not there, or not shared."""
    told = {BadCredentials: 401, sessions.Foreign: 403, TryAgain: 503}
    status = next((found for kind, found in told.items() if isinstance(error, kind)), 404)
    return _said(status, nothing if status == 404 else str(error))


def _said(status: int, text: str) -> Response:
    return PlainTextResponse(f"{text}\n", status, headers={**files.SAFE, "cache-control": "no-store"})
