"""A live session that is sent anything: no crash, no bug, and the next client is served."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from pathlib import Path

import pytest

import mailcore.imap.commands  # noqa: F401 - fills the table
from mailcore.imap.table import COMMANDS
from tests.support.imapstand import Stand, connected, stand

PIECES = (
    b" ", b"(", b")", b'"', b"\\", b"\r\n", b"\n", b"\r", b"\0", b"\xff", b"{3}\r\nabc", b"{3+}\r\nabc", b"{0}",
    b"{99999999999}",
    b"*", b"1:*", b"1", b"INBOX", b"Nowhere", b"FLAGS", b"(FLAGS)", b"\\Seen", b"BODY[]", b"BODY.PEEK[1.MIME]<0.5>",
    b"ALL", b"DONE", b"UID", b"NIL", b"+", b"-", b"alice", b"lrs", b"(MESSAGES)", b"RETURN", b"CHARSET", b"UTF-8",
    b"=", b"&AP8-", b"~{3}\r\nabc", b"~{3+}\r\na\0c", b"CATENATE (TEXT {1+}\r\nx URL \"/INBOX/;UID=1\")", b"BINARY[1]",
    b"BINARY.SIZE[]", b"UTF8 (~{3+}\r\nabc)", b"UTF8=ACCEPT", b"OAUTHBEARER", b"bixhPWEsAWF1dGg9QmVhcmVyIHgBAQ==",
)  # fmt: skip
NAMES = tuple(name for name in sorted(COMMANDS) if name != b"LOGOUT")


def soup(chance: random.Random) -> bytes:
    """Some lines that look like commands."""
    lines = []
    for number in range(chance.randint(1, 12)):
        words = [chance.choice(PIECES) for _ in range(chance.randint(0, 8))]
        gap = chance.choice((b" ", b" ", b""))
        lines.append(b"a%d %b %b\r\n" % (number, chance.choice(NAMES), gap.join(words)))
    return b"".join(lines)


@pytest.mark.parametrize("name", ["", "alice"])
async def test_anything_at_all(tmp_path: Path, name: str) -> None:
    async with stand(tmp_path, config="[service.imap]\nmax_errors = 0\n") as place:
        for seed in range(150):
            await speak(place, name, soup(random.Random(seed)))
        assert place.log.named("session_crashed") == []
        assert place.log.named("command_failed") == []
        async with place.client("bob") as client:
            assert (await client.ask("NOOP")).ok


async def speak(place: Stand, name: str, octets: bytes) -> None:
    async with place.client(name) if name else connected(place.port) as client:
        if name:
            await client.ask("SELECT INBOX")
        client.send(octets)
        client.writer.write_eof()
        async with asyncio.timeout(20):
            with suppress(ConnectionError):
                while await client.reader.read(65_536):
                    pass
