"""Every dialogue in tests/transcripts/*.imap, word for word."""

from __future__ import annotations

import asyncio
import ssl
import zlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import cast

import pytest

from mailcore.server.tls import Contexts
from tests.support.imapstand import Client, connected, stand
from tests.support.transcripts import Actor, configuration, play, steps

TRANSCRIPTS = sorted((Path(__file__).parents[2] / "transcripts").glob("*.imap"))


TEXTS = {path: path.read_text() for path in TRANSCRIPTS}


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
async def test_dialogue(path: Path, tmp_path: Path, contexts: Contexts, client_tls: ssl.SSLContext) -> None:
    """Where somebody turns to TLS, passwords want it."""
    text = TEXTS[path]
    encrypts = any(step.way == "!" and step.text == "tls" for step in steps(text))
    tls = contexts.current if encrypts else lambda: None
    async with (
        AsyncExitStack() as lines,
        stand(tmp_path, config=configuration(text), tls=tls, plain_login=not encrypts) as place,
    ):

        async def enter(stack: AsyncExitStack, name: str) -> Actor:
            if name == "stranger":
                return await stack.enter_async_context(connected(place.port, greeted=False))
            return await stack.enter_async_context(place.client(name))

        async def turn(actor: Actor, to: str) -> None:
            assert isinstance(actor, Client)
            if to == "tls":
                await actor.writer.start_tls(client_tls, server_hostname="localhost")
            else:
                assert to == "deflate"
                await lines.enter_async_context(deflated(actor))

        assert await play(path.name, text, enter, turn) > 0
        assert place.log.named("command_failed") == []


class Deflating:
    """What a client writes, compressed. RFC 4978."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer, self._deflater = writer, zlib.compressobj(9, zlib.DEFLATED, -15)

    def write(self, octets: bytes) -> None:
        self._writer.write(self._deflater.compress(octets) + self._deflater.flush(zlib.Z_SYNC_FLUSH))

    def close(self) -> None:
        self._writer.close()

    async def wait_closed(self) -> None:
        await self._writer.wait_closed()


@asynccontextmanager
async def deflated(client: Client) -> AsyncIterator[None]:
    """The client's line, compressed from here on."""
    plain, inner, inflater = client.reader, asyncio.StreamReader(), zlib.decompressobj(-15)

    async def inflate() -> None:
        while octets := await plain.read(65_536):
            inner.feed_data(inflater.decompress(octets))
        inner.feed_eof()

    inflating = asyncio.create_task(inflate())
    client.reader, client.writer = inner, cast(asyncio.StreamWriter, Deflating(client.writer))
    try:
        yield
    finally:
        inflating.cancel()
        await asyncio.wait({inflating})


def test_line_that_is_no_step_is_named() -> None:
    with pytest.raises(ValueError, match="line 2"):
        steps("alice > a1 NOOP\nalice a1 OK\n")
