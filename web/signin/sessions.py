"""Sessions in the store: who a browser's cookie signs in, asked for each request so that their end holds at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from starlette.requests import HTTPConnection

from groupware.model.browser import BrowserSession, NewBrowserSession
from groupware.model.errors import BadCredentials, GroupwareError, NotFound, TryAgain
from groupware.model.principal import OPERATOR, Principal
from groupware.store.api import ReadTx
from mailcore.server.parts import Parts
from mailcore.server.sections_web import WebmailSection
from mailcore.server.signin import Way
from mailcore.server.stay import gone, marks_of
from web.signin.tokens import digest_of, new_token, of_our_pages, proven, session_token

SERVICE: Final = "webmail"
NOTED: Final = timedelta(seconds=60)
"""When a session was used is written so often at most."""
LOOKED_AT_SECONDS: Final = 30.0
"""How often what lasts looks whether its session does."""
ENDED: Final = "The session has ended: sign in again."
FOREIGN: Final = "This takes the X-CSRF-Token that /signin/session gives; a page of another site has none."


class Foreign(Exception):
    """A page of another site may have sent it."""


@dataclass(frozen=True, slots=True)
class Known:
    """Who is signed in, and by which session."""

    who: Principal
    session: BrowserSession
    token: str


async def begin(parts: Parts, limits: WebmailSection, who: Principal, way: Way, agent: str, *, stay: bool) -> str:
    """Begins a session; its token. `stay`: for long, and without a limit of idle time."""
    token = new_token()
    seconds, idle = limits.session_activity_timeout, limits.session_idle_timeout
    if stay and limits.stay_signed_in:
        seconds, idle = limits.stay_signed_in, 0
    new = NewBrowserSession(digest_of(token), seconds, idle, way.peer.ip, agent)
    await parts.store.write(who, lambda tx: tx.put_browser_session(new))
    return token


def has_session(connection: HTTPConnection) -> bool:
    """Whether a session is what this comes with: it names one, and no other way to sign in."""
    way: Way = connection.scope["state"]["way"]
    return "authorization" not in connection.headers and bool(session_token(connection, secure=way.secure))


async def known(parts: Parts, connection: HTTPConnection) -> Known:
    """Who the browser is signed in as. `BadCredentials` when nobody is any more; `TryAgain`."""
    way: Way = connection.scope["state"]["way"]
    token = session_token(connection, secure=way.secure)
    if not token:
        raise BadCredentials(ENDED)
    digest = digest_of(token)
    found, who = await parts.store.glance(OPERATOR, lambda tx: _look_up(tx, digest))
    if datetime.now(UTC) - found.used >= NOTED or found.peer != way.peer.ip:
        await parts.store.write(OPERATOR, lambda tx: tx.use_browser_session(found.number, way.peer.ip))
    return Known(who, found, token)


async def signed_in(parts: Parts, connection: HTTPConnection) -> Principal:
    """The same for a request, once it is sure that no page of another site sends it. `Foreign`."""
    return (await proven_session(parts, connection)).who


async def proven_session(parts: Parts, connection: HTTPConnection) -> Known:
    """The same, with the session."""
    found = await known(parts, connection)
    safe = connection.scope["type"] == "http" and connection.scope["method"] in ("GET", "HEAD")
    if connection.scope["type"] == "websocket":
        ours = of_our_pages(connection, named=True)
    else:
        ours = of_our_pages(connection) and (safe or proven(connection, parts.secret, found.token))
    if not ours:
        raise Foreign(FOREIGN)
    return found


@asynccontextmanager
async def while_signed_in(parts: Parts, connection: HTTPConnection) -> AsyncIterator[asyncio.Event]:
    """For what lasts: an event that is set when the server stops, or when who is signed in may not stay."""
    stopping: asyncio.Event = connection.scope["state"].get("stopping") or asyncio.Event()
    ended, woken = asyncio.Event(), asyncio.Event()
    try:
        who, still = await _staying(parts, connection)
    except GroupwareError:
        ended.set()
        yield ended
        return
    watch = parts.bus.watch(marks_of(who), woken.set)
    looking = asyncio.create_task(_look(still, stopping, woken, ended))
    try:
        yield ended
    finally:
        watch.close()
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking


async def _staying(parts: Parts, connection: HTTPConnection) -> tuple[Principal, Callable[[], Awaitable[None]]]:
    """Who is signed in, and what raises BadCredentials when that is over."""
    if not has_session(connection):
        [kept] = connection.scope["state"]["known"].values()

        async def may_stay() -> None:
            if await gone(parts.store, kept.who, kept.service) is not None:
                raise BadCredentials(ENDED)

        return kept.who, may_stay
    way: Way = connection.scope["state"]["way"]
    digest = digest_of(session_token(connection, secure=way.secure))
    _, who = await parts.store.glance(OPERATOR, lambda tx: _look_up(tx, digest))

    async def is_there() -> None:
        await parts.store.glance(OPERATOR, lambda tx: _look_up(tx, digest))

    return who, is_there


async def _look(
    still: Callable[[], Awaitable[None]], stopping: asyncio.Event, woken: asyncio.Event, ended: asyncio.Event
) -> None:
    """Sets `ended` when it is time."""
    over, called = (asyncio.create_task(each.wait()) for each in (stopping, woken))
    try:
        while not stopping.is_set():
            await asyncio.wait({over, called}, timeout=LOOKED_AT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if called.done():
                woken.clear()
                called = asyncio.create_task(woken.wait())
            try:
                await still()
            except TryAgain:
                continue
            except GroupwareError:
                break
        ended.set()
    finally:
        over.cancel()
        called.cancel()


def _look_up(tx: ReadTx, digest: str) -> tuple[BrowserSession, Principal]:
    try:
        found = tx.browser_session(digest)
        who = tx.identity(found.account)
    except NotFound:
        raise BadCredentials(ENDED) from None
    if not tx.setting(SERVICE, found.account).value or tx.setting("blockedLogin", found.account).value:
        raise BadCredentials(ENDED)
    return found, replace(who, client=SERVICE)
