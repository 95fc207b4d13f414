"""Large messages: told as they are read, so that no reader makes the server hold one whole."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupware.model.octets import PIECE
from mailcore.pop3.maildrop import end_of_top, top_of
from mailcore.pop3.reply import stuffed, stuffed_pieces
from tests.protocol.pop3.box import Box, connected, octets, say

HEAD = b"Subject: large\r\n\r\n"
LINES = [b".dots\r\n", b"..\r\n", b"words and words\r\n", b"\r\n", b".\r\n"]
LETTER = HEAD + b"".join(random.Random(5).choices(LINES, k=300_000))
BARE = b"Subject: bare\n\n" + b"one\n.two\r\n" * 200_000
HELD = 8 << 20


@pytest.mark.parametrize("message", [LETTER, BARE, LETTER + b"no end"])
async def test_large_message_comes_out_octet_for_octet(box: Box, message: bytes) -> None:
    await box.put(message)
    wanted = message.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    async with connected(box, login=True) as caller:
        caller.send(b"LIST 1\r\nRETR 1\r\n")
        size = int((await caller.line()).split()[2])
        assert (await caller.line()) == f"+OK {size} octets"
        assert size == len(wanted)
        assert await octets(caller) == wanted + (b"" if wanted.endswith(b"\n") else b"\r\n")
        await say(caller, "> NOOP\n< +OK *")


@pytest.mark.parametrize("lines", [0, 1, 200_000, 299_999, 300_000, 5_000_000])
async def test_top_of_a_large_message(box: Box, lines: int) -> None:
    await box.put(LETTER)
    async with connected(box, login=True) as caller:
        await say(caller, f"> TOP 1 {lines}\n< +OK *")
        assert await octets(caller) == HEAD + b"".join(LETTER[len(HEAD) :].splitlines(keepends=True)[:lines])


async def test_what_the_server_holds_of_it(box: Box) -> None:
    message = HEAD + b"some words in a line\r\n" * 1_000_000
    await box.put(message)
    del message
    async with connected(box, login=True) as caller:
        caller.send(b"RETR 1\r\n")
        tracemalloc.start()
        try:
            assert (await caller.line()).startswith("+OK ")
            while await caller.reader.readline() != b".\r\n":
                pass
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < HELD, f"{peak >> 10} KB"


async def test_body_that_ends_too_early_ends_the_connection(box: Box) -> None:
    await box.put(LETTER)
    data = box.parts.blobs._objects._root  # type: ignore[attr-defined]
    (stored,) = [path for path in data.glob("*/*") if path.stat().st_size > 100_000]
    damaged = bytearray(stored.read_bytes())
    damaged[int(len(damaged) * 0.8)] ^= 0xFF
    stored.write_bytes(damaged)
    async with connected(box, login=True) as caller:
        caller.send(b"RETR 1\r\n")
        came = await caller.reader.read(-1)
    assert came.startswith(b"+OK ")
    assert not came.endswith(b"\r\n.\r\n")
    assert box.log.named("body_unreadable") != []


async def cut(whole: bytes, ends: list[int]) -> AsyncIterator[bytes]:
    """The octets in pieces."""
    at = 0
    for end in sorted({min(end, len(whole)) for end in ends} | {len(whole)}):
        yield whole[at:end]
        at = end


TEXT = st.lists(st.sampled_from([b".", b"\r\n", b"x", b"\r", b"a: b"]), max_size=30).map(b"".join)


@given(TEXT, st.lists(st.integers(0, 60)))
async def test_dots_are_doubled_wherever_the_pieces_end(text: bytes, ends: list[int]) -> None:
    assert b"".join([piece async for piece in stuffed_pieces(cut(text, ends))]) == stuffed(text)


@given(TEXT, st.lists(st.integers(0, 60)), st.integers(0, 5))
async def test_top_is_the_same_wherever_the_pieces_end(text: bytes, ends: list[int], lines: int) -> None:
    found = b"".join([piece async for piece in top_of(cut(text, ends), lines)])
    assert found == text[: end_of_top(text, lines)]


def test_a_large_message_is_more_than_one_piece() -> None:
    assert len(LETTER) > PIECE
