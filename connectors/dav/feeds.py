"""Calendars and address books at links, for programs that only fetch a file: `/feed/` (decision 211).

    /feed/<secret>/Work.ics              what the link grants; the name is for people, and means nothing
    /feed/<secret>/busy.ifb              the same link, as free and busy times
    /feed/public/alice@x/Work.ics        what is granted to `anyone`, by its path in its owner's tree

Who comes with a link is a principal like all others, so the store decides. Whatever is wrong is the same 404.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from connectors.dav.busy_feed import busy_calendar, free_and_busy
from connectors.dav.cards import version_accepted
from connectors.dav.errors import DavError, dav_error
from connectors.dav.feed_put import replaced
from connectors.dav.properties import http_date
from connectors.dav.request import OBJECT_OCTETS, body_of
from connectors.dav.resources import COLOUR, note_name
from connectors.dav.seen import seen_parts
from connectors.dav.whole import headers_of, octets_of, tag_of
from groupware.calendar.shown import Shown, sees_titles, sight
from groupware.model.errors import BadCredentials, GroupwareError, NoRight, NotFound
from groupware.model.folder import Folder
from groupware.model.ids import AccountId, FolderId
from groupware.model.item import CALENDARS, Kind
from groupware.model.link import digest_of
from groupware.model.principal import OPERATOR, Principal
from groupware.model.rights import Right
from groupware.model.times import now_micros
from groupware.store.api import ReadTx
from mailcore.server.parts import Parts, ServiceSetup
from mailcore.server.signin import BLOCKED_PAUSE, Desk, SignIn, Way, desk

REFRESH: Final = "PT1H"
"""How long a program may wait before it fetches again."""
LONGEST: Final = 300
"""Characters of a secret, and of a name."""
LONGEST_PATH: Final = 4000
"""Characters of an owner and a path."""
SETTLED: Final = 2_000_000
"""Microseconds until a date can stand for what was there then: dates have whole seconds. RFC 9110 §8.8.2.2."""
NOTHING: Final = "There is nothing here: the link is wrong, has ended, or was withdrawn.\n"
_NOWHERE: Final = FolderId(0)
_ALWAYS: Final = {"x-robots-tag": "noindex", "referrer-policy": "no-referrer", "x-content-type-options": "nosniff"}
_METHODS: Final = ["GET", "HEAD", "PUT"]


@dataclass(frozen=True, slots=True)
class Source:
    """What a link leads to, and who comes with it."""

    who: Principal
    at: FolderId
    name: str
    """The last part of the path, as it was asked for."""


def feeds(parts: Parts, setup: ServiceSetup) -> Starlette:
    """The application below `/feed`."""
    door = _Door(parts, desk(parts, setup, "feed", "Feed", "DAV"))
    routes = [
        Route("/public/{owner}/{path:path}", door.public, methods=_METHODS),
        Route("/{secret}/{name}", door.link, methods=_METHODS),
        Route("/{secret}", door.link, methods=_METHODS),
    ]
    return Starlette(routes=routes, middleware=[Middleware(GZipMiddleware, minimum_size=1000)])


class _Door:
    """Lets in who comes with a link, and who comes without one to what is public."""

    __slots__ = ("_desk", "_log", "_parts")

    def __init__(self, parts: Parts, signing: Desk) -> None:
        self._parts, self._desk = parts, signing
        self._log = parts.log("DAV")

    async def link(self, request: Request) -> Response:
        """What a link leads to."""
        way: Way = request.scope["state"]["way"]
        if not SignIn(self._desk, way).passwords:
            return _said(DavError(403, "A link is a secret: use https here, not http."))
        secret, name = str(request.path_params["secret"]), str(request.path_params.get("name", ""))
        digest = digest_of(secret)
        if way.gate.blocked(way.peer.ip, f"link:{digest}"):
            await asyncio.sleep(BLOCKED_PAUSE)
            return _said(NotFound(NOTHING))
        try:
            if len(secret) + len(name) > LONGEST:
                raise NotFound(NOTHING)
            found = await self._parts.store.glance(OPERATOR, lambda tx: tx.bearer(digest))
            return await self._served(request, Source(replace(found.who, client="feed"), found.folder, name))
        except (NotFound, NoRight, BadCredentials) as error:
            if isinstance(error, NoRight) and request.method == "PUT":
                return _said(error)
            self._log.warning("link_refused", peer=way.peer.ip)
            await asyncio.sleep(way.gate.failed_login(way.peer.ip, f"link:{digest}"))
            return _said(NotFound(NOTHING))

    async def public(self, request: Request) -> Response:
        """What is granted to `anyone`, by its path."""
        owner, path = str(request.path_params["owner"]), str(request.path_params["path"])
        who, at = await self._parts.store.read(OPERATOR, lambda tx: _public(tx, owner, path))
        try:
            return await self._served(request, Source(who, at, path.rpartition("/")[2]))
        except (NotFound, NoRight):
            return _said(NotFound(NOTHING))

    async def _served(self, request: Request, source: Source) -> Response:
        """The answer. `NotFound`, `NoRight`: nothing is open to who asks."""
        try:
            folder = await self._parts.store.glance(source.who, lambda tx: _readable(tx, source.at))
        except (NotFound, NoRight):
            if request.method == "PUT":
                raise
            folder = None
        if folder is not None and folder.kind == Kind.MAIL:
            raise NotFound(NOTHING)
        try:
            if request.method == "PUT":
                return await self._put(request, source, folder)
            if folder is None or source.name.endswith(".ifb"):
                return await self._times(request, source)
            return await self._whole(request, source, folder)
        except (NotFound, NoRight, BadCredentials):
            raise
        except (DavError, GroupwareError) as error:
            return _said(error)

    async def _whole(self, request: Request, source: Source, folder: Folder) -> Response:
        contacts = folder.kind == Kind.CONTACTS
        version = version_accepted(request.headers.get("accept", "")) if contacts else ""
        parts = await self._seen(source, folder)
        colour = await parts.store.glance(source.who, lambda tx: _colour(tx, folder.id))
        head = [f"REFRESH-INTERVAL;VALUE=DURATION:{REFRESH}", f"X-PUBLISHED-TTL:{REFRESH}"]
        head += [f"X-APPLE-CALENDAR-COLOR:{colour}"] if colour else []
        headers = {**_ALWAYS, **headers_of(folder), "etag": tag_of(source.who, folder, version + colour)}
        if headers["etag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        changed = await parts.store.read(source.who, lambda tx: tx.changed_at(folder.id))
        if changed and now_micros() - changed > SETTLED:
            headers["last-modified"] = http_date(changed)
            if not_modified(request.headers, changed):
                return Response(status_code=304, headers=headers)
        if request.method == "HEAD":
            return Response(status_code=200, headers=headers)
        octets = octets_of(parts, source.who, folder, request.headers, version, head)
        return StreamingResponse(octets, 200, headers)

    async def _seen(self, source: Source, folder: Folder) -> Parts:
        """The parts, which tell of the calendar what is for who comes with the link."""
        found = await self._parts.store.glance(source.who, lambda tx: sight(tx, folder.id))
        if found is None:
            return self._parts
        return seen_parts(self._parts, Shown(self._parts.store, self._parts.blobs, found))

    async def _times(self, request: Request, source: Source) -> Response:
        """When the calendar takes time, and nothing else of it."""
        if source.name.endswith(".ifb"):
            octets = await free_and_busy(self._parts, source.who, source.at, request.query_params)
        else:
            octets = await busy_calendar(self._parts, source.who, source.at, REFRESH)
        tag = f'"{hashlib.sha256(octets).hexdigest()[:32]}"'
        headers = {**_ALWAYS, "cache-control": "private, no-cache", "content-type": "text/calendar; charset=utf-8"}
        headers["etag"] = tag
        if tag in request.headers.get("if-none-match", "") and not source.name.endswith(".ifb"):
            return Response(status_code=304, headers=headers)
        return Response(b"" if request.method == "HEAD" else octets, 200, headers)

    async def _put(self, request: Request, source: Source, folder: Folder | None) -> Response:
        if folder is None or not folder.rights & (Right.INSERT | Right.EXPUNGE):
            raise NoRight("this link is for reading: ask for one that may change the calendar, and publish to that")
        wanted = request.headers.get("if-match", "")
        octets = await body_of(request, OBJECT_OCTETS, contacts=folder.kind == Kind.CONTACTS)

        def check(tx: ReadTx) -> None:
            now, colour = tx.folder(folder.id, Right.READ), _colour(tx, folder.id)
            if wanted.strip() not in ("", "*") and tag_of(source.who, now, colour) not in wanted:
                raise DavError(412, "the calendar has changed since you fetched it: fetch it again first")

        done = await replaced(self._parts, source.who, folder, octets, check)
        text = f"added {done.added}, changed {done.changed}, taken away {done.dropped}\n"
        return Response(text, 200, _ALWAYS, "text/plain; charset=utf-8")


def _readable(tx: ReadTx, at: FolderId) -> Folder:
    """A folder that may be read, be it for titles alone. `NotFound`, `NoRight`."""
    found = tx.folder(at, Right.LOOKUP)
    return found if sees_titles(found.rights) and found.kind in CALENDARS else tx.folder(at, Right.READ)


def _public(tx: ReadTx, owner: str, path: str) -> tuple[Principal, FolderId]:
    """Who comes without a link, and the folder of a path; no folder where there is none."""
    end = path.lower().rpartition(".")[2]
    inside = path[: -len(end) - 1] if end in ("ics", "vcf", "ifb") else path
    if len(owner) + len(path) > LONGEST_PATH:
        return tx.anyone(), _NOWHERE
    try:
        return tx.anyone(), tx.locate(_owner(tx, owner.lower()), inside.strip("/")).id
    except GroupwareError:
        return tx.anyone(), _NOWHERE


def _owner(tx: ReadTx, owner: str) -> AccountId:
    if "@" in owner:
        return tx.account(owner).id
    for each in tx.domains():
        if owner in (each.name, *each.aliases) and each.account is not None:
            return each.account
    raise NotFound(owner)


def _colour(tx: ReadTx, at: FolderId) -> str:
    """The colour that the owner gave a folder."""
    colour = dict(tx.annotations(at)).get(note_name(COLOUR, shared=True), b"").decode()
    return colour if colour.isascii() and colour.isprintable() and len(colour) < 40 else ""


def not_modified(asked: Mapping[str, str], changed: int) -> bool:
    """Whether If-Modified-Since is no earlier than that moment; If-None-Match counts before it. RFC 9110 §13.1.3."""
    since = asked.get("if-modified-since")
    if since is None or "if-none-match" in asked:
        return False
    try:
        return changed // 1_000_000 <= parsedate_to_datetime(since).timestamp()
    except (ValueError, TypeError, OverflowError):
        return False


def _said(error: DavError | GroupwareError) -> Response:
    said = error if isinstance(error, DavError) else dav_error(error)
    return Response(f"{said}".rstrip() + "\n", said.status, {**_ALWAYS, **said.headers}, "text/plain; charset=utf-8")
