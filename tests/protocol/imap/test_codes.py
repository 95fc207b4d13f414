"""Every NO and BAD has a response code, whatever the client got wrong. RFC 5530."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mailcore.imap.table import COMMANDS
from tests.support.imapstand import Client, Stand, stand

CODED = re.compile(rb"(?:NO|BAD) \[[A-Z][A-Z0-9-]*(?: [^]]*)?\] \S")
WRONG = (
    "",
    "x",
    "(",
    "()",
    '"open',
    "{x}",
    "NIL",
    "0",
    "99:100",
    "1,,2",
    "(x y) z",
    "* *",
    "INBOX",
    "NoSuch",
    "NoSuch Other",
    "INBOX (\\Nonsense)",
    "INBOX nobody lr",
    "1 NoSuch",
    "1 (FLAGS",
    "1 +FLAGS \\Recent",
    "1:* BODY[1.X]",
    "CHARSET x-none ALL",
    "&&& INBOX",
    "%FF",
    "a\x00b",
    "\xff\xfe",
    "x" * 300,
)
ENDS = {"LOGOUT", "STARTTLS", "COMPRESS", "UNAUTHENTICATE"}
"""What leaves the state in which it is tried; it has its own tests."""


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Stand]:
    settings = "[service.imap]\nmax_errors = 0\nmax_auth_errors = 0\n"
    async with stand(tmp_path, config=settings) as made:
        yield made


async def answers(client: Client, command: str) -> list[bytes]:
    """The tagged answer to a command, and every untagged NO and BAD; what the server waits for is given up."""
    client.send(b"t " + command.encode("latin-1") + b"\r\n")
    found = []
    while True:
        line = await client.response()
        assert line, command
        if line.startswith(b"+"):
            client.send(b"*\r\n")
        elif line.startswith((b"* NO", b"* BAD")):
            found.append(line[2:])
        elif line.startswith(b"t "):
            return [*found, line[2:]]


@pytest.mark.parametrize("state", ["stranger", "known", "selected"])
async def test_whatever_is_wrong_has_a_code(place: Stand, state: str) -> None:
    without: list[tuple[str, bytes]] = []
    count = 0
    names = [name.decode() for name in COMMANDS if name.decode() not in ENDS]
    async with place.client("" if state == "stranger" else "alice") as client:
        for name in [*names, "NOSUCH", ""]:
            for words in WRONG:
                if state == "selected":
                    await client.ask("SELECT INBOX")
                said = await answers(client, f"{name} {words}".strip(" "))
                count += sum(not each.startswith(b"OK") for each in said)
                without += [
                    (f"{name} {words}", each)
                    for each in said
                    if not each.startswith(b"OK") and CODED.match(each) is None
                ]
    assert without == []
    assert count > 10 * len(names)


async def test_a_line_without_a_tag_has_one(place: Stand) -> None:
    async with place.client() as client:
        client.send(b"\r\n")
        assert re.match(rb"\* BAD \[CLIENTBUG\] ", await client.response())


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("LOGIN alice@example.test wrong", b"AUTHENTICATIONFAILED"),
        ("SELECT NoSuch", b"NONEXISTENT"),
        ("CREATE INBOX", b"ALREADYEXISTS"),
        ("LANGUAGE xx", b"CANNOT"),
        ("NOSUCH", b"CLIENTBUG"),
        ("FETCH 1 FLAGS", b"CLIENTBUG"),
        ("COPY 1", b"CLIENTBUG"),
        ('SEARCH CHARSET x-none SUBJECT "x"', b"CLIENTBUG"),
    ],
)
async def test_the_code_says_what_it_is(place: Stand, command: str, code: bytes) -> None:
    async with place.client("" if command.startswith("LOGIN") else "alice") as client:
        assert f"[{code.decode()}" in (await answers(client, command))[-1].decode()
