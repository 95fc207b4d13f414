"""Where DATA ends, and where it does not; dots; blocks; bounds."""

from __future__ import annotations

import asyncio
import tracemalloc
from pathlib import Path

import pytest

from tests.support import corpus
from tests.support.smtpstand import Stand, Talker, stand, talker

FOOT = b"\r\n.\r\n"
SMUGGLERS = [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r", b"\n.\r", b"\r.\r\n", b"\r.\n"]


def behind_trace(octets: bytes) -> bytes:
    """What the client sent: all behind the Received line and its folded rest."""
    end = 0
    while octets[end : end + 1] in (b"\t", b"R") and (end == 0 or octets[end : end + 1] == b"\t"):
        end = octets.index(b"\r\n", end) + 2
    return octets[end:]


def stuffed(message: bytes) -> bytes:
    """As a client sends it: with doubled dots, without the end mark."""
    return (b"." if message.startswith(b".") else b"") + message.replace(b"\r\n.", b"\r\n..")


async def send(here: Stand, caller: Talker, message: bytes) -> bytes:
    said = await caller.deliver("x@far.test", ["alice@example.test"], stuffed(message))
    assert said.startswith("250 "), said
    return behind_trace(here.intake.last.octets)


@pytest.mark.parametrize("mark", SMUGGLERS)
async def test_nothing_but_the_true_end_ends_a_message(tmp_path: Path, mark: bytes) -> None:
    hidden = b"MAIL FROM:<evil@far.test>\r\nRCPT TO:<bob@example.test>\r\nDATA\r\nhidden\r\n"
    async with stand(tmp_path) as here, talker(here.port) as caller:
        said = await caller.deliver("x@far.test", ["alice@example.test"], b"Subject: x\r\n\r\nseen" + mark + hidden)
        assert said.startswith("554 5.6.0")
        assert (await caller.ask("NOOP")).startswith("250")  # what was hidden was no command
    assert here.intake.messages == []


async def test_lone_line_feeds_that_hide_nothing_become_line_ends(tmp_path: Path) -> None:
    sent = b"Subject: x\n\none\ntwo\n..\n..x\nthree\rfour\r\n"
    async with stand(tmp_path) as here, talker(here.port) as caller:
        said = await caller.deliver("x@far.test", ["alice@example.test"], sent)
    assert said.startswith("250 ")
    assert behind_trace(here.intake.last.octets) == b"Subject: x\r\n\r\none\r\ntwo\r\n.\r\n.x\r\nthree\rfour\r\n"


@pytest.mark.parametrize(
    "message",
    [
        b".\r\n",
        b"..\r\n",
        b".a\r\n.b\r\n",
        b"a\r\n.\r\nb\r\n",
        b"a\r\n...\r\n.\r\n",
        b"\r\n",
        b"\r\n\r\n.\r\n\r\n",
        b"x" * 65_533 + b"\r\n.y\r\n",
        b"x" * 65_534 + b"\r\n.y\r\n",
        b"x" * 65_535 + b"\r\n.y\r\n",
        b"x" * 200_000 + b"\r\n",
        b"\0\xff\r\n",
    ],
)
async def test_dots_are_taken_off_and_nothing_else(tmp_path: Path, message: bytes) -> None:
    async with stand(tmp_path) as here, talker(here.port) as caller:
        assert await send(here, caller, message) == message


async def test_an_empty_message(tmp_path: Path) -> None:
    async with stand(tmp_path) as here, talker(here.port) as caller:
        assert await send(here, caller, b"") == b""


async def test_an_end_mark_that_comes_octet_by_octet(tmp_path: Path) -> None:
    async with stand(tmp_path) as here, talker(here.port) as caller:
        await caller.envelope("x@far.test", "alice@example.test")
        await caller.ask("DATA")
        for octet in b"a\r\n.\r.\r\n..\r\n.\r\n":
            caller.send(bytes((octet,)))
            await caller.line.writer.drain()
            await asyncio.sleep(0)
        assert (await caller.reply()).startswith("554 5.6.0")
        await caller.envelope("x@far.test", "alice@example.test")
        await caller.ask("DATA")
        for octet in b"a\r\n..\r\n.\r\n":
            caller.send(bytes((octet,)))
            await caller.line.writer.drain()
            await asyncio.sleep(0)
        assert (await caller.reply()).startswith("250 ")
    assert behind_trace(here.intake.last.octets) == b"a\r\n.\r\n"


async def test_every_message_of_the_corpus_comes_in_octet_for_octet(tmp_path: Path) -> None:
    async with stand(tmp_path, config="[smtp]\nmax_received_headers = 1000\n") as here, talker(here.port) as caller:
        for name in corpus.messages():
            message = corpus.read(name).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
            if not message.endswith(b"\r\n"):
                message += b"\r\n"
            said = await caller.deliver("x@far.test", ["alice@example.test"], stuffed(message))
            if b"\r.\r" in message:  # a lone CR around a dot: the one thing that is refused
                assert said.startswith("554 5.6.0"), name
                continue
            assert said.startswith("250 "), (name, said)
            assert behind_trace(here.intake.last.octets) == message, name
            here.intake.messages.clear()


async def test_a_message_that_never_ends_costs_no_memory(tmp_path: Path) -> None:
    async with stand(tmp_path, config="[smtp]\nmax_message_size = 64\n") as here, talker(here.port) as caller:
        await caller.envelope("x@far.test", "alice@example.test")
        await caller.ask("DATA")
        tracemalloc.start()
        for _ in range(400):
            caller.send(b"y" * 65_536)
            await caller.line.writer.drain()
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        caller.send(FOOT)
        assert (await caller.reply()).startswith("552 5.3.4")
    assert peak < 3_000_000  # both ends live in this process
