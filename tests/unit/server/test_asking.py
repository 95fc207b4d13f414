"""HTTP asked of servers that strangers name: what DNS says a second time is not believed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from mailcore.server import reach
from mailcore.server.asking import asked, body_of, taken_apart

OUTSIDE, INSIDE = "127.0.0.2", "127.0.0.1"


class Turning:
    """A resolver that says the address outside first, and the one inside from then on."""

    def __init__(self) -> None:
        self.asked = 0

    async def addresses(self, host: str) -> tuple[str, ...]:
        self.asked += 1
        return (OUTSIDE if self.asked == 1 else INSIDE,)


@asynccontextmanager
async def both() -> AsyncIterator[tuple[int, list[str]]]:
    """A server at one port of both addresses, and at which it was asked."""
    seen: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(writer.get_extra_info("sockname")[0])
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\nhere")
        await writer.drain()
        writer.close()

    outside = await asyncio.start_server(serve, OUTSIDE, 0)
    port = outside.sockets[0].getsockname()[1]
    inside = await asyncio.start_server(serve, INSIDE, port)
    async with outside, inside:
        yield port, seen


async def test_the_address_that_was_looked_at_is_the_one_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "is_public", lambda address: address == OUTSIDE)
    dns = Turning()
    async with both() as (port, seen):
        at = taken_apart(f"http://evil.test:{port}/", ())
        assert at is not None
        async with asked(cast(Any, dns), at, {}, seconds=10) as answer:
            assert await body_of(answer, 100) == b"here"
    assert (seen, dns.asked) == ([OUTSIDE], 1)


async def test_what_dns_says_when_it_is_asked_anew_is_looked_at_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "is_public", lambda address: address == OUTSIDE)
    dns = Turning()
    async with both() as (port, seen):
        at = taken_apart(f"http://evil.test:{port}/", ())
        assert at is not None
        async with asked(cast(Any, dns), at, {}, seconds=10):
            pass
        with pytest.raises(reach.NotPublic, match=INSIDE):
            async with asked(cast(Any, dns), at, {}, seconds=10):
                pass
    assert seen == [OUTSIDE]
