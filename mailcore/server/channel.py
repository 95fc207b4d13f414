"""Between the lead of a server and one of its workers: requests and answers as JSON lines, sockets beside them.

Asked: `{"id": 7, "do": "service.stop", "name": "imap"}`; answered: `{"id": 7, "ok": true, "result": …}` or
`{"id": 7, "ok": false, "error": "…"}`; told without an answer: no id. `fds` says how many descriptors come along.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from mailcore.server import log
from mailcore.server.config_file import ConfigError
from mailcore.server.control import ControlError
from mailcore.server.listener import CannotListen

FDS_MAX: Final = 64  # in one message
CHUNK: Final = 1 << 16

Answer = Callable[[Mapping[str, Any], Sequence[int]], Awaitable[object]]
"""What a verb gives back. The descriptors are the verb's to close."""


class ChannelClosed(Exception):
    """The other process has gone."""


class Channel:
    """One end. Used on one event loop."""

    __slots__ = ("_asked", "_fds", "_in", "_loop", "_number", "_out", "_socket", "_tasks", "_verbs", "closed")

    def __init__(self, connected: socket.socket, verbs: Mapping[str, Answer]) -> None:
        """Takes the socket over, and answers what the other side asks by `verbs`, in the order of its coming in."""
        connected.setblocking(False)
        self._socket, self._verbs = connected, verbs
        self._loop = asyncio.get_running_loop()
        self._in, self._fds = bytearray(), deque[int]()
        self._out: deque[tuple[memoryview, Sequence[int]]] = deque()
        self._number = 0
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.closed: asyncio.Future[None] = self._loop.create_future()
        """Done when the other side has gone or `close` was called."""
        self._loop.add_reader(connected.fileno(), self._readable)

    def tell(self, do: str, fds: Sequence[int] = (), **about: object) -> None:
        """Say something that has no answer. Nothing happens when the other side has gone."""
        self._send({"do": do, **about}, fds)

    async def ask(self, do: str, **about: object) -> Any:
        """The answer. ControlError is what the other side says; ChannelClosed."""
        if self.closed.done():
            raise ChannelClosed
        self._number += 1
        number = self._number
        answer = self._asked[number] = self._loop.create_future()
        self._send({"id": number, "do": do, **about}, ())
        try:
            return await answer
        finally:
            del self._asked[number]

    def close(self) -> None:
        """Hang up; what was not sent is lost."""
        if self.closed.done():
            return
        self.closed.set_result(None)
        self._loop.remove_reader(self._socket.fileno())
        self._loop.remove_writer(self._socket.fileno())
        self._socket.close()
        unsent = [fd for _, fds in self._out for fd in fds]
        for fd in (*self._fds, *unsent):
            os.close(fd)
        self._fds.clear()
        self._out.clear()
        for answer in self._asked.values():
            if not answer.done():
                answer.set_exception(ChannelClosed())

    # --- out

    def _send(self, message: Mapping[str, object], fds: Sequence[int]) -> None:
        if self.closed.done():
            return
        line = json.dumps({**message, "fds": len(fds)} if fds else message, default=str).encode() + b"\n"
        self._out.append((memoryview(line), tuple(os.dup(fd) for fd in fds)))
        if len(self._out) == 1:
            self._writable()

    def _writable(self) -> None:
        try:
            while self._out:
                octets, fds = self._out[0]
                sent = socket.send_fds(self._socket, [octets], list(fds)) if fds else self._socket.send(octets)
                for fd in fds:
                    os.close(fd)
                if sent < len(octets):
                    self._out[0] = (octets[sent:], ())
                else:
                    self._out.popleft()
        except BlockingIOError:
            self._loop.add_writer(self._socket.fileno(), self._writable)
            return
        except OSError:
            self.close()
            return
        self._loop.remove_writer(self._socket.fileno())

    # --- in

    def _readable(self) -> None:
        try:
            octets, fds, _, _ = socket.recv_fds(self._socket, CHUNK, FDS_MAX)
        except BlockingIOError:
            return
        except OSError:
            octets, fds = b"", []
        self._fds.extend(fds)
        if not octets:
            self.close()
            return
        self._in += octets
        *lines, rest = self._in.split(b"\n")
        self._in = rest
        for line in lines:
            self._take(json.loads(line))

    def _take(self, message: dict[str, Any]) -> None:
        if "do" not in message:
            self._answered(message)
            return
        fds = [self._fds.popleft() for _ in range(message.get("fds", 0))]
        task = self._loop.create_task(self._carry_out(message, fds))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _answered(self, message: Mapping[str, Any]) -> None:
        answer = self._asked.get(message["id"])
        if answer is not None and not answer.done():
            if message["ok"]:
                answer.set_result(message["result"])
            else:
                answer.set_exception(ControlError(message["error"]))

    async def _carry_out(self, asked: Mapping[str, Any], fds: Sequence[int]) -> None:
        answer: dict[str, object]
        try:
            answer = {"ok": True, "result": await self._verbs[asked["do"]](asked, fds)}
        except (ControlError, CannotListen, ConfigError) as error:
            answer = {"ok": False, "error": str(error)}
        except Exception as error:  # the one who asked is told, whatever it was
            log.get("SERVER").exception("order_failed", order=asked["do"])
            answer = {"ok": False, "error": str(error) or type(error).__name__}
        with suppress(KeyError):
            self._send({"id": asked["id"], **answer}, ())
