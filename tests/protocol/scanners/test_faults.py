"""Scanners that say nothing, nonsense, or without an end: all of it is `Unavailable`, in bounded time and memory."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.scanners.clamd import Clamd
from connectors.scanners.milter import Milter
from connectors.scanners.report import Letter, Report, Scanner, Unavailable
from connectors.scanners.rspamd import Rspamd
from connectors.scanners.spamd import Spamd

LETTER = Letter(b"Subject: x\r\nBroken\r\n\r\nbody\r\n", "a@example.test", ("b@example.test",))
Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def playing(peer: Peer) -> AsyncIterator[int]:
    async def played(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await peer(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(played, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def asking(port: int, seconds: float = 5) -> list[Scanner]:
    at = f"127.0.0.1:{port}"
    return [
        Clamd("clamd", at, seconds),
        Spamd("spamd", at, seconds),
        Rspamd("rspamd", f"http://{at}", seconds=seconds),
        Milter("milter", at, seconds),
    ]


async def test_one_that_says_nothing_is_waited_for_no_longer_than_was_said() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with playing(silent) as port:
        for scanner in asking(port, 0.05):
            with pytest.raises(Unavailable):
                await scanner.scan(LETTER)


async def test_one_that_never_stops_is_cut_off() -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()

    async with playing(endless) as port:
        for scanner in asking(port):
            with pytest.raises(Unavailable):
                await scanner.scan(LETTER)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
def test_nonsense_is_never_more_than_unavailable(octets: bytes) -> None:
    async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(octets)
        await writer.drain()
        writer.write_eof()
        await reader.read()

    async def ask() -> None:
        async with playing(nonsense) as port:
            for scanner in asking(port):
                try:
                    assert isinstance(await scanner.scan(LETTER), Report)
                except Unavailable as error:
                    assert str(error).isprintable()

    asyncio.run(ask())


# --- milter, played ---------------------------------------------------------------------------------------------------


def packet(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack("!I", len(body) + 1) + kind + body


async def played(*answers: bytes, unwanted: int = 0) -> tuple[Report, list[bytes]]:
    """What comes of a filter that goes on with everything, and at the end says this; and the steps that it heard."""
    heard: list[bytes] = []
    over = asyncio.Event()

    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            (length,) = struct.unpack("!I", await reader.readexactly(4))
            said = await reader.readexactly(length)
            heard.append(said)
            kind = said[:1]
            if kind == b"O":
                writer.write(packet(b"O", struct.pack("!III", 6, 0x31, unwanted)))
            elif kind == b"E":
                writer.write(b"".join(answers))
            elif kind == b"Q":
                over.set()
                return
            elif kind != b"D":
                writer.write(packet(b"c"))

    async with playing(peer) as port:
        report = await Milter("milter", f"127.0.0.1:{port}", 5).scan(LETTER)
        await asyncio.wait_for(over.wait(), 5)
        return report, heard


async def test_a_filter_hears_everything_in_its_order() -> None:
    report, heard = await played(packet(b"p"), packet(b"c"))
    assert report.wish == "accept"
    assert b"".join(each[:1] for each in heard if each[:1] != b"D") == b"OCHMRTLNBEQ"
    assert b"M<a@example.test>\0" in heard
    assert b"LSubject\0x\0" in heard
    assert b"Bbody\r\n" in heard


async def test_a_filter_hears_nothing_that_it_does_not_want() -> None:
    _, heard = await played(packet(b"c"), unwanted=0x1 | 0x2 | 0x10 | 0x20)
    assert b"".join(each[:1] for each in heard if each[:1] != b"D") == b"OMRTNEQ"


async def test_a_filter_changes_the_header_and_quarantines() -> None:
    report, _ = await played(
        packet(b"h", b"X-Spam\0yes\0"),
        packet(b"m", struct.pack("!I", 2) + b"Subject\0\0"),
        packet(b"i", struct.pack("!I", 0) + b"X-First\0a\n b\0"),
        packet(b"q", b"looks odd\0"),
        packet(b"c"),
    )
    assert (report.wish, report.text) == ("quarantine", "looks odd")
    found = [(each.name, each.value, each.index) for each in report.changes]
    assert found == [("X-Spam", "yes", 0), ("Subject", None, 2), ("X-First", "a\r\n b", 0)]


@pytest.mark.parametrize(
    ("answer", "wish"), [(b"a", "accept"), (b"d", "discard"), (b"r", "reject"), (b"t", "later"), (b"c", "accept")]
)
async def test_a_filter_decides(answer: bytes, wish: str) -> None:
    assert (await played(packet(answer)))[0].wish == wish


async def test_a_field_that_would_break_the_header_is_refused() -> None:
    with pytest.raises(Unavailable, match="no name"):
        await played(packet(b"h", b"X: y\r\nEvil\0yes\0"), packet(b"c"))
