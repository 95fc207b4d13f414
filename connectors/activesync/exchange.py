"""One request at work: who asks, with which device, and what for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response

from connectors.activesync.element import Element
from connectors.activesync.errors import INVALID_XML, EasError
from connectors.activesync.query import Query
from groupware.model.device import Device
from groupware.model.principal import Principal
from groupware.store.api import ReadTx, WriteTx
from mailcore.server.parts import Parts
from mailcore.smtp.handin import Submission, Taken

T = TypeVar("T")
Answer = Element | Response | None
"""An element; None: an answer without a document."""


@dataclass(slots=True)
class Exchange:
    """What a command works with."""

    parts: Parts
    who: Principal
    query: Query
    device: Device
    request: Request
    host: str
    hand_in: Callable[[Submission], Awaitable[Taken]]
    document: Element | None = None
    body: bytes = b""
    """What was sent, where it is no document."""
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def version(self) -> int:
        """Ten times the protocol version."""
        return self.query.version

    def root(self, name: str) -> Element:
        """The document, which has to be of that name. `EasError`."""
        if self.document is None or self.document.name != name:
            raise EasError(INVALID_XML, f"{name} is wanted")
        return self.document

    async def read(self, work: Callable[[ReadTx], T]) -> T:
        """What `work` gives back over one snapshot, as who asks."""
        return await self.parts.store.read(self.who, work)

    async def write(self, work: Callable[[WriteTx], T]) -> T:
        """What `work` gives back, after COMMIT, as who asks."""
        return await self.parts.store.write(self.who, work)


Handler = Callable[[Exchange], Awaitable[Answer]]
