"""MESSAGELIMIT: a command works on the newest messages that it may, and says how far down it came. RFC 9738."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.imapstand import Client, Stand, stand


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Stand]:
    async with stand(tmp_path, config="[imap]\nmessage_limit = 2\n") as made:
        yield made


@pytest.fixture
async def selected(alice: Client) -> Client:
    """Alice in her INBOX with five messages."""
    for number in range(5):
        await alice.append("INBOX", b"Subject: %d\r\n\r\nx\r\n" % number)
    await alice.ask("SELECT INBOX")
    return alice


async def test_it_is_announced(place: Stand, alice: Client) -> None:
    assert b"MESSAGELIMIT=2" in (await alice.ask("CAPABILITY")).untagged[0].split()


@pytest.mark.parametrize(
    ("command", "lowest"),
    [
        ("FETCH 1:* UID", 4),
        ("FETCH 1:3 (UID INTERNALDATE)", 2),
        ("UID FETCH 2,3,5 UID", 3),
        ("STORE 1:4 +FLAGS (word)", 3),
        ("SEARCH ALL", 4),
        ("UID EXPUNGE 1:3", 2),
    ],
)
async def test_the_newest_are_worked_on(selected: Client, command: str, lowest: int) -> None:
    answer = await selected.ask(command)
    assert answer.tagged.startswith(b"OK [MESSAGELIMIT 2 %d]" % lowest)


@pytest.mark.parametrize("command", ["FETCH 1,5 UID", "FETCH 2 UID", "STORE 3:4 +FLAGS (word)", "EXPUNGE", "NOOP"])
async def test_few_enough_are_no_matter(selected: Client, command: str) -> None:
    answer = await selected.ask(command)
    assert answer.ok
    assert b"MESSAGELIMIT" not in answer.tagged


async def test_the_rest_stays_as_it_is(selected: Client) -> None:
    answer = await selected.ask("STORE 1:5 +FLAGS (word)")
    assert [line.split()[1] for line in answer.untagged] == [b"4", b"5"]
    assert (await selected.ask("SEARCH KEYWORD word")).untagged == [b"* SEARCH 4 5"]


async def test_copies_are_all_or_none(selected: Client) -> None:
    assert (await selected.ask("COPY 1:3 Trash")).tagged.startswith(b"NO [MESSAGELIMIT 2]")
    assert (await selected.ask("STATUS Trash (MESSAGES)")).untagged == [b"* STATUS Trash (MESSAGES 0)"]


async def test_where_the_answer_has_a_code_already_it_stands_before(selected: Client) -> None:
    await selected.ask("ENABLE CONDSTORE")
    answer = await selected.ask("MOVE 1:3 Trash")
    assert answer.tagged.startswith(b"OK [HIGHESTMODSEQ ")
    assert answer.untagged[-1].startswith(b"* NO [MESSAGELIMIT 2 2]")
