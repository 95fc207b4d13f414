"""JMAP over WebSocket: requests and their responses, and pushes when they are asked for. RFC 8887."""

from __future__ import annotations

import asyncio
import json
import traceback
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from mailcore.server.events import EventLog
from web.jmap.errors import RequestError
from web.jmap.events import TYPES, Asked, changes
from web.jmap.limits import AT_ONCE
from web.jmap.request import Request, json_of, request_of
from web.jmap.turn import Turn

Answer = Callable[[Request], Awaitable[Mapping[str, Any]]]
GOING_AWAY: Final = 1001
NO_TEXT: Final = 1003


class _Talk:
    """One connection at work."""

    def __init__(self, socket: WebSocket, turn: Turn, answer: Answer, stopping: asyncio.Event, log: EventLog) -> None:
        self._socket, self._turn, self._answer = socket, turn, answer
        self._stopping, self._log = stopping, log
        self._tasks: set[asyncio.Task[None]] = set()
        self._push: asyncio.Task[None] | None = None

    async def listen(self) -> None:
        """Takes messages until the client goes, or the server stops."""
        stop = asyncio.ensure_future(self._stopping.wait())
        try:
            while not self._stopping.is_set():
                message = asyncio.ensure_future(self._socket.receive())
                await asyncio.wait((stop, message), return_when=asyncio.FIRST_COMPLETED)
                if not message.done():
                    message.cancel()
                    return await self._socket.close(GOING_AWAY)
                got = message.result()
                if got["type"] == "websocket.disconnect":
                    return None
                if got.get("text") is None:  # RFC 8887 §4.3.1
                    return await self._socket.close(NO_TEXT)
                await self._take(got["text"])
        finally:
            stop.cancel()
            for task in (*self._tasks, *([self._push] if self._push is not None else [])):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _take(self, text: str) -> None:
        number: str | None = None
        try:
            value = json_of(text.encode("utf-8", "surrogatepass"))
            if not isinstance(value, dict):
                raise RequestError(400, "notRequest", "a message is an object")
            number = value["id"] if isinstance(value.get("id"), str) else None
            match value.get("@type"):
                case "Request":
                    await self._request(value, number)
                case "WebSocketPushEnable":
                    await self._enable(value.get("dataTypes"), value.get("pushState"))
                case "WebSocketPushDisable":
                    await self._disable()
                case _:
                    raise RequestError(400, "notRequest", "there is no such @type of a message")
        except RequestError as error:
            await self._refuse(error, number)

    async def _request(self, value: Mapping[str, Any], number: str | None) -> None:
        asked = request_of(value)
        if len(self._tasks) >= AT_ONCE:
            raise RequestError(429, "limit", f"more than {AT_ONCE} requests at once", limit="maxConcurrentRequests")
        task = asyncio.create_task(self._respond(asked, number))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _respond(self, asked: Request, number: str | None) -> None:
        try:
            answer = await self._answer(asked)
        except RequestError as error:
            await self._refuse(error, number)
            return
        except Exception:
            self._log.error("request_failed", method="WebSocket", trace=traceback.format_exc())
            await self._refuse(RequestError(500, "serverFail", "an error of the server's own"), number)
            return
        named = {"requestId": number} if number is not None else {}
        await self._say({"@type": "Response", **named, **answer})

    async def _refuse(self, error: RequestError, number: str | None) -> None:
        await self._say({"@type": "RequestError", "requestId": number, **error.problem})

    async def _say(self, value: Mapping[str, Any]) -> None:
        if self._socket.client_state is not WebSocketState.CONNECTED:
            return
        with suppress(WebSocketDisconnect, RuntimeError):  # it has gone meanwhile
            await self._socket.send_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")))

    # --- push, RFC 8887 §4.3.5

    async def _enable(self, types: object, state: object) -> None:
        if types is not None and (not isinstance(types, list) or not all(isinstance(each, str) for each in types)):
            raise RequestError(400, "notRequest", "`dataTypes` is a list of types, or null")
        if not isinstance(state, str | None):
            raise RequestError(400, "notRequest", "`pushState` is a string")
        await self._disable()
        names = frozenset(TYPES if types is None else types)
        self._push = asyncio.create_task(self._pushes(Asked(names, False, 0, (state or "")[:100])))

    async def _disable(self) -> None:
        push, self._push = self._push, None
        if push is not None:
            push.cancel()
            await asyncio.gather(push, return_exceptions=True)

    async def _pushes(self, wanted: Asked) -> None:
        async for told in changes(self._turn, wanted, self._stopping):
            if told.changed:
                await self._say({"@type": "StateChange", "changed": told.changed, "pushState": told.id})


async def serve(socket: WebSocket, turn: Turn, answer: Answer, stopping: asyncio.Event, log: EventLog) -> None:
    """Speaks on a connection that was accepted, until it ends."""
    await _Talk(socket, turn, answer, stopping, log).listen()
