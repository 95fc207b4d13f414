"""COMPRESS=DEFLATE, as a client that deflates for itself sees it. RFC 4978."""

from __future__ import annotations

import asyncio
import ssl
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from mailcore.server.tls import Certificate, Contexts, TlsSettings
from tests.support.certificates import Authority
from tests.support.imapstand import WAIT, Client, Stand, connected, stand


class Deflating:
    """The other end of a compressed line."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
        self.inflater = zlib.decompressobj(-15)
        self.got = b""

    def packed(self, octets: bytes) -> bytes:
        return self.deflater.compress(octets) + self.deflater.flush(zlib.Z_SYNC_FLUSH)

    def send(self, octets: bytes) -> None:
        self.client.send(self.packed(octets))

    async def until(self, end: bytes) -> bytes:
        """Everything up to the end of the line that begins so; "" when the server has closed."""
        async with asyncio.timeout(WAIT):
            while (at := (b"\r\n" + self.got).find(b"\r\n" + end)) < 0 or b"\r\n" not in self.got[at:]:
                octets = await self.client.reader.read(65_536)
                if not octets:
                    return b""
                self.got += self.inflater.decompress(octets)
        line_end = self.got.index(b"\r\n", at) + 2
        found, self.got = self.got[:line_end], self.got[line_end:]
        return found

    async def ask(self, command: bytes) -> bytes:
        self.send(b"z " + command + b"\r\n")
        return await self.until(b"z ")


@asynccontextmanager
async def deflating(client: Client) -> AsyncIterator[Deflating]:
    answer = await client.ask("COMPRESS DEFLATE")
    assert (answer.untagged, answer.ok) == ([], True)
    yield Deflating(client)


async def test_dialogue_goes_on_compressed(alice: Client) -> None:
    assert b"COMPRESS=DEFLATE" in (await alice.ask("CAPABILITY")).untagged[0].split()
    async with deflating(alice) as line:
        body = b"Subject: x\r\n\r\n" + b"word " * 40_000
        line.send(b"a APPEND INBOX {%d}\r\n" % len(body))
        assert (await line.until(b"+ ")).startswith(b"+ ")
        line.send(body + b"\r\n")
        assert b"a OK [APPENDUID" in await line.until(b"a ")
        await line.ask(b"SELECT INBOX")
        assert body in await line.ask(b"FETCH 1 BODY.PEEK[]")
        assert b"COMPRESS=DEFLATE" not in (await line.ask(b"CAPABILITY")).split()
        assert b"z NO [COMPRESSIONACTIVE]" in await line.ask(b"COMPRESS DEFLATE")


async def test_what_comes_behind_the_command_is_compressed_already(alice: Client) -> None:
    line = Deflating(alice)
    alice.send(b"a COMPRESS DEFLATE\r\n" + line.packed(b"b NOOP\r\nc SELECT INBOX\r\n"))
    assert (await alice.response()).startswith(b"a OK")
    answer = await line.until(b"c ")
    assert answer.startswith(b"b OK")
    assert b"c OK [READ-WRITE]" in answer


async def test_news_comes_before_the_last_plain_line(alice: Client, place: Stand) -> None:
    await alice.ask("SELECT INBOX")
    async with place.client("alice") as other:
        await other.append("INBOX", b"Subject: x\r\n\r\nx")
    answer = await alice.ask("COMPRESS DEFLATE")
    assert answer.untagged == [b"* 1 EXISTS", b"* 1 RECENT"]


async def test_idle_is_flushed(alice: Client, place: Stand) -> None:
    await alice.ask("SELECT INBOX")
    async with deflating(alice) as line, place.client("alice") as other:
        line.send(b"a IDLE\r\n")
        await line.until(b"+ ")
        await other.append("INBOX", b"Subject: x\r\n\r\nx")
        assert b"* 1 EXISTS" in await line.until(b"* 1 EXISTS")
        line.send(b"DONE\r\n")
        assert b"a OK" in await line.until(b"a ")


async def test_bomb_is_inflated_by_the_room_there_is(alice: Client, place: Stand) -> None:
    async with deflating(alice) as line:
        connection = next(each for each in place.service._open.values() if each is not None)
        line.send(b"a " + b"x" * 20_000_000 + b"\r\nb NOOP\r\n")
        most = 0
        answer = asyncio.create_task(line.until(b"b "))
        while not answer.done():
            most = max(most, connection.pending)
            await asyncio.sleep(0)
        assert b"b OK" in await answer
        assert most <= 2 * 65_536


@pytest.mark.parametrize("octets", [b"\xff" * 50, b"a NOOP\r\n" * 10, zlib.compress(b"a NOOP\r\n")])
async def test_what_is_no_deflate_stream_ends_the_session(alice: Client, octets: bytes, place: Stand) -> None:
    async with deflating(alice):
        alice.send(octets)
        async with asyncio.timeout(WAIT):
            await alice.reader.read()
    assert place.log.named("session_crashed") == []
    async with place.client("bob") as bob:
        assert (await bob.ask("NOOP")).ok


async def test_stream_that_ends_ends_the_session(alice: Client) -> None:
    async with deflating(alice) as line:
        alice.send(line.deflater.compress(b"a NOOP\r\n") + line.deflater.flush(zlib.Z_FINISH))
        assert await line.until(b"b ") == b""


async def test_it_ends_when_the_user_goes(alice: Client) -> None:
    async with deflating(alice) as line:
        assert b"z OK [CAPABILITY " in await line.ask(b"UNAUTHENTICATE")
    assert (await alice.ask('LOGIN bob "correct horse"')).ok
    assert b"COMPRESS=DEFLATE" in (await alice.ask("CAPABILITY")).untagged[0].split()
    async with deflating(alice) as line:
        assert b"z OK" in await line.ask(b"SELECT INBOX")


async def test_what_comes_plain_behind_the_end_of_the_stream_is_read_when_the_user_goes(alice: Client) -> None:
    async with deflating(alice) as line:
        last = line.deflater.compress(b"a UNAUTHENTICATE\r\n") + line.deflater.flush(zlib.Z_FINISH)
        alice.send(last + b'b LOGIN bob "correct horse"\r\n')
        assert (await line.until(b"a ")).startswith(b"a OK")
        assert line.inflater.unused_data == b""
    assert (await alice.until(b"b")).ok


async def test_over_tls(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    contexts = Contexts(TlsSettings((Certificate(*authority.sign("imap", "localhost")),)))
    trust = ssl.create_default_context(cafile=str(authority.ca_file))
    async with (
        stand(tmp_path, tls=contexts.current, implicit=True) as place,
        connected(place.port, trust, name="localhost") as client,
    ):
        await client.ask('LOGIN alice "correct horse"')
        async with deflating(client) as line:
            assert b"z OK" in await line.ask(b"SELECT INBOX")
            assert b"z BAD" in await line.ask(b"STARTTLS")
