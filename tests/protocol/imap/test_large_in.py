"""Large messages that come in: kept in files until they are stored, so that the server never holds one whole."""

from __future__ import annotations

import base64
import hashlib
import random
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from groupware.mime.summary import decode, summarize
from groupware.model.ids import EVERY
from groupware.model.item import Item
from mailcore.server.spool import FROM, NoRoom, Spool, Spooled
from tests.support.imapstand import Client, Stand, stand

HEADER = b"Subject: large\r\nMIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\n"
OCTETS = random.Random(7).randbytes(8 << 20)
LETTER = HEADER + b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(OCTETS).replace(b"\n", b"\r\n")
HELD = 6 << 20


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Stand]:
    async with stand(tmp_path) as made:
        yield made


@pytest.fixture
async def alice(place: Stand) -> AsyncIterator[Client]:
    async with place.client("alice") as made:
        yield made


async def send(client: Client, octets: bytes) -> None:
    """Octets in small pieces."""
    for at in range(0, len(octets), 1 << 16):
        client.send(octets[at : at + (1 << 16)])
        await client.writer.drain()


async def stored(place: Stand) -> list[tuple[Item, bytes]]:
    who = await place.who("alice")
    items = await place.store.read(who, lambda tx: tx.items(tx.role(who.account, "inbox").id, EVERY, summary=True))
    return [(item, await place.blobs.read(item.blob)) for item in items]


def spool(place: Stand) -> list[str]:
    return [each.name for each in (place.data / "spool").iterdir()]


@pytest.mark.parametrize("mark", [b"", b"~"])
async def test_large_message_is_stored_octet_for_octet(place: Stand, alice: Client, mark: bytes) -> None:
    alice.send(b"x APPEND INBOX (\\Seen) %b{%d+}\r\n" % (mark, len(LETTER)))
    await send(alice, LETTER + b"\r\n")
    assert (await alice.until(b"x")).ok
    ((item, octets),) = await stored(place)
    assert octets == LETTER
    assert decode(item.summary) == summarize(LETTER)
    assert spool(place) == []


async def test_what_the_server_holds_of_it(place: Stand, alice: Client) -> None:
    await alice.ask("NOOP")
    tracemalloc.start()
    try:
        alice.send(b"x APPEND INBOX {%d+}\r\n" % len(LETTER))
        await send(alice, LETTER)
        alice.send(b"\r\n")
        assert (await alice.until(b"x")).ok
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < HELD, f"{peak >> 10} KB for a message of {len(LETTER) >> 10} KB"


async def test_binary_message_goes_into_base64(place: Stand, alice: Client) -> None:
    binary = HEADER + b"Content-Transfer-Encoding: binary\r\n\r\n" + OCTETS
    alice.send(b"x APPEND INBOX ~{%d+}\r\n" % len(binary))
    await send(alice, binary + b"\r\n")
    assert (await alice.until(b"x")).ok
    ((_, octets),) = await stored(place)
    assert base64.decodebytes(octets.partition(b"\r\n\r\n")[2]) == OCTETS


async def test_pieces_and_urls_are_put_together(place: Stand, alice: Client) -> None:
    alice.send(b"x APPEND INBOX {%d+}\r\n" % len(LETTER))
    await send(alice, LETTER + b"\r\n")
    assert (await alice.until(b"x")).ok
    await alice.ask("SELECT INBOX")
    alice.send(b'y APPEND INBOX CATENATE (TEXT {8+}\r\nX: one\r\n URL "/INBOX/;UID=1" TEXT {3+}\r\nend)\r\n')
    assert (await alice.until(b"y")).ok
    assert [hashlib.sha256(octets).digest() for _, octets in await stored(place)] == [
        hashlib.sha256(each).digest() for each in (LETTER, b"X: one\r\n" + LETTER + b"end")
    ]


async def test_replaced_by_a_large_one(place: Stand, alice: Client) -> None:
    alice.send(b"x APPEND INBOX {14+}\r\nSubject: old\r\n\r\n")
    assert (await alice.until(b"x")).ok
    await alice.ask("SELECT INBOX")
    alice.send(b"y REPLACE 1 INBOX {%d+}\r\n" % len(LETTER))
    await send(alice, LETTER + b"\r\n")
    assert (await alice.until(b"y")).ok
    assert [octets for _, octets in await stored(place)] == [LETTER]


async def test_who_comes_when_there_is_no_room_is_put_off(
    place: Stand, alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise NoRoom("too many large messages are coming in just now; try again later")

    with monkeypatch.context() as patched:
        patched.setattr(Spool, "take", full)
        alice.send(b"x APPEND INBOX {%d+}\r\n" % len(LETTER))
        await send(alice, LETTER + b"\r\n")
        assert (await alice.until(b"x")).tagged == (
            b"NO [UNAVAILABLE] Too many large messages are coming in just now; try again later"
        )
    alice.send(b"y APPEND INBOX {%d+}\r\n" % len(LETTER))
    await send(alice, LETTER + b"\r\n")
    assert (await alice.until(b"y")).ok


async def test_full_disk_puts_off(place: Stand, alice: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> str:
        return "No space left on device"

    with monkeypatch.context() as patched:
        patched.setattr(Spooled, "_write", full)
        alice.send(b"x APPEND INBOX {%d+}\r\n" % len(LETTER))
        await send(alice, LETTER + b"\r\n")
        assert (await alice.until(b"x")).tagged.startswith(b"NO [UNAVAILABLE] ")
    assert (await alice.ask("NOOP")).ok
    assert await stored(place) == []


async def test_room_is_given_back(tmp_path: Path) -> None:
    spool = Spool(tmp_path, most=10)
    with spool.take(6), pytest.raises(NoRoom):
        spool.take(5)
    with spool.take(10) as place:
        await place.add([b"0123456789"])
        assert place.mapped()[:] == b"0123456789"
    assert spool.held == 0


async def test_large_literal_where_a_name_belongs_is_refused(alice: Client) -> None:
    alice.send(b"x APPEND {%d+}\r\n" % FROM)
    await send(alice, b"n" * FROM + b" {3+}\r\nabc\r\n")
    assert (await alice.until(b"x")).tagged.startswith(b"BAD ")
    assert (await alice.ask("NOOP")).ok


async def test_connection_that_ends_midway_leaves_nothing(place: Stand) -> None:
    async with place.client("alice") as client:
        client.send(b"x APPEND INBOX {%d+}\r\n" % len(LETTER))
        await send(client, LETTER[: 2 * FROM])
    async with place.client("alice") as client:
        assert (await client.ask("NOOP")).ok
    assert await stored(place) == []
    assert spool(place) == []
