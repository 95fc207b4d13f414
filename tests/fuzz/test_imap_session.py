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
    b"=", b"&AP8-", b"(QRESYNC (1 1 1:9 (1 1)))", b"VANISHED", b"SET STATUS", b"DEFLATE", b"default",
    b"(SELECTED (MessageNew (UID BODY[]) MessageExpunge))", b"(PERSONAL (MailboxName MessageNew MessageExpunge))",
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


NOTIFIED = "NOTIFY SET (SELECTED (MessageNew MessageExpunge)) (PERSONAL (MailboxName MessageNew MessageExpunge))"
STATES = {
    "stranger": (),
    "known": ("NOOP",),
    "selected": ("SELECT INBOX",),
    "rev2": ("ENABLE IMAP4rev2 QRESYNC", "SELECT INBOX", NOTIFIED),
    "uidonly": ("ENABLE UIDONLY", "EXAMINE INBOX"),
}


@pytest.mark.parametrize("state", STATES)
async def test_anything_at_all(tmp_path: Path, state: str) -> None:
    async with stand(tmp_path, config="[service.imap]\nmax_errors = 0\n") as place:
        for seed in range(80):
            await speak(place, STATES[state], soup(random.Random(seed)))
        assert place.log.named("session_crashed") == []
        assert place.log.named("command_failed") == []
        async with place.client("bob") as client:
            assert (await client.ask("NOOP")).ok


async def speak(place: Stand, before: tuple[str, ...], octets: bytes) -> None:
    async with place.client("alice") if before else connected(place.port) as client:
        for command in before:
            assert (await client.ask(command)).ok
        client.send(octets)
        client.writer.write_eof()
        async with asyncio.timeout(20):
            with suppress(ConnectionError):
                while await client.reader.read(65_536):
                    pass
