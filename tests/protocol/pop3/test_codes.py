"""Every -ERR has a response code, whatever the client got wrong. RFC 2449 §8, RFC 3206."""

from __future__ import annotations

import re

import pytest

from mailcore.pop3.commands import COMMANDS
from tests.protocol.pop3.box import Box, connected
from tests.protocol.pop3.conftest import Opening
from tests.support.onedoor import NAME, PASSWORD
from tests.support.talk import Client

CODED = re.compile(r"-ERR \[(SYS/TEMP|SYS/PERM|AUTH|IN-USE)\] \S")
WRONG = ("", "x", "0", "99", "-1", "1 1 1", "1 x", "99999999999", "* *", "%FF", "\x01", "\xff\xfe", "a\0b", "x" * 400)
SETTINGS = "[service.pop3]\nmax_errors = 0\nmax_auth_errors = 0\n[guessing]\nfirst_delay = 0\nmax_delay = 0\n"


async def said(caller: Client, command: str) -> str:
    """The status line that answers a command; its other lines are read, and what AUTH asks for is given up."""
    caller.send(command.encode("latin-1") + b"\r\n")
    while (line := await caller.line()).startswith("+ "):
        caller.send(b"*\r\n")
    verb, _, rest = command.partition(" ")
    many = verb in ("CAPA", "LANG", "UIDL", "LIST", "AUTH") and not rest.strip()
    if line.startswith("+OK") and (many or verb in ("RETR", "TOP")):
        while await caller.line() != ".":
            pass
    return line


@pytest.mark.parametrize("login", [False, True])
async def test_whatever_is_wrong_has_a_code(opening: Opening, login: bool) -> None:
    without: list[tuple[str, str]] = []
    async with opening(SETTINGS) as box, connected(box, login=login) as caller:
        await box.put(b"Subject: x\r\n\r\nx\r\n")
        tried = [f"{verb} {words}".strip(" ") for verb in [*COMMANDS, "NOSUCH", ""] for words in WRONG]
        answers = [(each, await said(caller, each)) for each in tried if not each.startswith("STLS") and each != "QUIT"]
        errors = [(each, line) for each, line in answers if line.startswith("-ERR")]
        without = [(each, line) for each, line in errors if CODED.match(line) is None]
    assert without == []
    assert len(errors) > 5 * len(COMMANDS)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("RETR 9", "SYS/PERM"),
        ("RETR x", "SYS/PERM"),
        ("LANG xx", "SYS/PERM"),
        ("NOSUCH", "SYS/PERM"),
        (f"USER {NAME}", "SYS/PERM"),
    ],
)
async def test_the_code_says_that_asking_again_is_of_no_use(box: Box, command: str, code: str) -> None:
    async with connected(box, login=True) as caller:
        assert (await said(caller, command)).startswith(f"-ERR [{code}] ")


async def test_a_wrong_password_is_a_matter_of_credentials(opening: Opening) -> None:
    async with opening(SETTINGS) as box, connected(box) as caller:
        await said(caller, f"USER {NAME}")
        assert (await said(caller, f"PASS {PASSWORD}x")).startswith("-ERR [AUTH] ")
