"""Large messages: told piece by piece, so that no reader makes the server hold one whole."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import random
import re
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from groupware.mime.item import read_item
from groupware.store.frames import FRAME
from tests.support.imapstand import Client, Stand, stand

HEADER = b"Subject: large\r\nMIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\n"
OCTETS = random.Random(7).randbytes(7 << 20)
ENCODED = HEADER + b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(OCTETS).replace(b"\n", b"\r\n")
BARE = HEADER + b"Content-Transfer-Encoding: quoted-printable\n\n" + b"one=\n two =C3=BC\r\nthree\n" * 30_000
HELD = 7 << 20
"""More than a few pieces, much less than a message."""


@pytest.fixture
async def reader(tmp_path: Path) -> AsyncIterator[Client]:
    """Somebody with both messages in the selected INBOX."""
    async with stand(tmp_path) as place, place.client("alice") as client:
        await put(place, ENCODED, BARE)
        assert (await client.ask("SELECT INBOX")).ok
        yield client


async def put(place: Stand, *messages: bytes) -> None:
    who = await place.who("alice")
    new = [await read_item(octets, place.blobs) for octets in messages]
    await place.write(lambda tx: tx.append(tx.role(who.account, "inbox").id, new), who)


async def literal(client: Client, command: str) -> tuple[str, int]:
    """The hash and the length of the literal that comes, read in small pieces."""
    client.send(f"x {command}\r\n".encode())
    async with asyncio.timeout(60):
        announced = await client.reader.readline()
        found = re.search(rb"\{(\d+)\}\r\n\Z", announced)
        assert found, announced
        left = size = int(found[1])
        seen = hashlib.sha256()
        while left:
            octets = await client.reader.read(min(left, 1 << 16))
            seen.update(octets)
            left -= len(octets)
        assert (await client.reader.readline()).startswith((b")", b" FLAGS ("))
    assert (await client.until(b"x")).ok
    return seen.hexdigest(), size


def seen(octets: bytes) -> tuple[str, int]:
    return hashlib.sha256(octets).hexdigest(), len(octets)


@pytest.mark.parametrize(
    ("item", "octets"),
    [
        ("BODY.PEEK[]", ENCODED),
        ("BODY.PEEK[TEXT]", ENCODED.partition(b"\r\n\r\n")[2]),
        ("BODY.PEEK[1]", ENCODED.partition(b"\r\n\r\n")[2]),
        ("RFC822", ENCODED),
        ("BINARY.PEEK[1]", OCTETS),
        (f"BODY.PEEK[]<{FRAME - 10}.20>", ENCODED[FRAME - 10 : FRAME + 10]),
        (f"BODY.PEEK[]<5.{3 * FRAME}>", ENCODED[5 : 3 * FRAME + 5]),
        (f"BINARY.PEEK[1]<{FRAME + 3}.{FRAME}>", OCTETS[FRAME + 3 : 2 * FRAME + 3]),
        (f"BODY.PEEK[]<{len(ENCODED) - 2}.9>", ENCODED[-2:]),
        (f"BODY.PEEK[]<{len(ENCODED)}.9>", b""),
    ],
)
async def test_octets_of_a_large_message(reader: Client, item: str, octets: bytes) -> None:
    assert await literal(reader, f"FETCH 1 ({item})") == seen(octets)


@pytest.mark.parametrize(
    ("item", "octets"),
    [
        ("BODY.PEEK[]", BARE.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")),
        ("BINARY.PEEK[1]", "one two ü\r\nthree\r\n".encode() * 30_000),
        ("BINARY.PEEK[1]<4.10>", "two ü\r\nth".encode()),
    ],
)
async def test_octets_of_a_large_message_with_bare_line_ends(reader: Client, item: str, octets: bytes) -> None:
    assert await literal(reader, f"FETCH 2 ({item})") == seen(octets)


async def test_several_sections_of_a_large_message(reader: Client) -> None:
    items = "BODY.PEEK[HEADER.FIELDS (Subject)] BINARY.SIZE[1] BODY.PEEK[2] BODY.PEEK[]<0.7> FLAGS"
    answer = await reader.ask(f"FETCH 1 ({items})")
    told = b"BODY[HEADER.FIELDS (Subject)] {18}\r\nSubject: large\r\n\r\n BINARY.SIZE[1] %d BODY[2] NIL" % len(OCTETS)
    assert answer.untagged[0].endswith(told + b" BODY[]<0> {7}\r\nSubject)")


async def test_reading_it_marks_it_as_seen(reader: Client) -> None:
    answer = await reader.ask("UID FETCH 1 (BODY[]<0.7>)")
    assert answer.untagged[0].startswith(b"* 1 FETCH (UID 1 BODY[]<0> {7}\r\nSubject FLAGS (")
    assert b"\\Seen" in answer.untagged[0]


@pytest.mark.parametrize("item", ["BODY.PEEK[]", "BINARY.PEEK[1]", "BINARY.SIZE[1]"])
async def test_what_the_server_holds_of_it(reader: Client, item: str) -> None:
    tracemalloc.start()
    try:
        if item.startswith("BINARY.SIZE"):
            assert (await reader.ask(f"FETCH 1 ({item})")).ok
        else:
            await literal(reader, f"FETCH 1 ({item})")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < HELD, f"{peak >> 10} KB for a message of {len(ENCODED) >> 10} KB"


def damage(place: Stand, at: float) -> None:
    """Change an octet of the large body, at some part of its length."""
    (stored,) = [path for path in place.data.glob("blobs/*/*") if path.stat().st_size > FRAME]
    octets = bytearray(stored.read_bytes())
    octets[int(len(octets) * at)] ^= 0xFF
    stored.write_bytes(octets)


async def test_a_large_body_whose_beginning_is_damaged(tmp_path: Path) -> None:
    async with stand(tmp_path) as place, place.client("alice") as client:
        await put(place, ENCODED)
        await client.ask("SELECT INBOX")
        damage(place, 0.01)
        assert (await client.ask("FETCH 1 (BODY.PEEK[])")).tagged.startswith(b"NO [CORRUPTION] ")
        assert (await client.ask("NOOP")).ok


async def test_a_large_body_whose_end_is_damaged(tmp_path: Path) -> None:
    async with stand(tmp_path) as place, place.client("alice") as client:
        await put(place, ENCODED)
        await client.ask("SELECT INBOX")
        damage(place, 0.8)
        client.send(b"x FETCH 1 (BODY.PEEK[])\r\n")
        async with asyncio.timeout(20):  # the length was announced: nothing keeps the dialogue in step but its end
            came = await client.reader.read(-1)
        assert came.endswith(ENCODED[len(came) - 1000 - came.index(b"\r\n") - 2 : len(came) - came.index(b"\r\n") - 2])
        assert len(came) < len(ENCODED)
        assert place.log.named("body_unreadable")
