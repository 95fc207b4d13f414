"""APPEND, MULTIAPPEND (RFC 3502), CATENATE (RFC 4469), REPLACE (RFC 8508), APPENDLIMIT (RFC 7889): bounds and quota."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.imapstand import Client, Stand, stand

LETTER = b"Subject: a letter\r\n\r\n" + b"x" * 580


@pytest.fixture
async def small(tmp_path: Path) -> AsyncIterator[Client]:
    """Alice at a server that takes messages of 1 KB."""
    async with stand(tmp_path, config="[imap]\nmax_message_size = 1\n") as place, place.client("alice") as client:
        yield client


async def test_the_limit_is_announced_and_held(small: Client) -> None:
    assert b"APPENDLIMIT=1024" in (await small.ask("CAPABILITY")).untagged[0]
    assert (await small.ask("STATUS INBOX (APPENDLIMIT)")).untagged == [b"* STATUS INBOX (APPENDLIMIT 1024)"]
    assert (await small.append("INBOX", b"x" * 1025)).tagged.startswith(b"NO [TOOBIG] ")
    assert (await small.append("INBOX", LETTER)).ok
    small.send(b"b APPEND INBOX {1025}\r\n")  # it is not even asked for
    assert (await small.until(b"b")).tagged.startswith(b"NO [TOOBIG] ")


async def test_pieces_together_keep_to_the_limit(small: Client) -> None:
    assert (await small.append("INBOX", LETTER)).ok
    for pieces in (
        b'URL "/INBOX/;UID=1" URL "/INBOX/;UID=1"',
        b'URL "/INBOX/;UID=1" URL "/INBOX/;UID=1/;PARTIAL=0.424"',
    ):
        answer = await small.ask(b"APPEND INBOX CATENATE (" + pieces + b")")
        assert answer.tagged.startswith(b"NO [TOOBIG] ")
    assert (await small.ask(b'APPEND INBOX CATENATE (URL "/INBOX/;UID=1" URL "/INBOX/;UID=1/;PARTIAL=0.423")')).ok
    assert (await small.ask("STATUS INBOX (MESSAGES)")).untagged == [b"* STATUS INBOX (MESSAGES 2)"]


async def test_several_messages_come_or_none(small: Client) -> None:
    whole = b"APPEND INBOX {%d+}\r\n%b" % (len(LETTER), LETTER)
    assert (await small.ask(whole + b" {1025+}\r\n" + b"x" * 1025)).tagged.startswith(b"NO [TOOBIG] ")
    assert (await small.ask(whole + b" {0+}\r\n")).tagged.startswith(b"NO ")
    assert (await small.ask("STATUS INBOX (MESSAGES)")).untagged == [b"* STATUS INBOX (MESSAGES 0)"]


@pytest.mark.parametrize("command", ["REPLACE", "UID REPLACE"])
async def test_a_message_that_replaces_may_be_as_long_as_any(alice: Client, command: str) -> None:
    assert (await alice.append("INBOX", LETTER)).ok
    await alice.ask("SELECT INBOX")
    long = LETTER + b"y" * 200_000
    assert (await alice.ask(f"{command} 1 INBOX", long)).ok
    assert (await alice.ask("FETCH 1 (RFC822.SIZE)")).untagged == [b"* 1 FETCH (RFC822.SIZE %d)" % len(long)]


async def test_what_is_replaced_makes_room(place: Stand, alice: Client) -> None:
    who = await place.who("alice")
    await place.write(lambda tx: tx.set_folder(tx.role(who.account, "inbox").id, quota_bytes=1000))
    assert (await alice.append("INBOX", LETTER)).ok
    await alice.ask("SELECT INBOX")
    assert (await alice.append("INBOX", LETTER)).tagged.startswith(b"NO [OVERQUOTA] ")
    assert (await alice.ask("REPLACE 1 INBOX", LETTER + b"y" * 399)).ok
    answer = await alice.ask("REPLACE 1 INBOX", LETTER + b"y" * 400)
    assert answer.tagged.startswith(b"NO [OVERQUOTA] ")
    assert answer.of(b"EXPUNGE") == []
    assert (await alice.ask("FETCH 1:* (UID)")).untagged == [b"* 1 FETCH (UID 2)"]


async def test_a_message_that_somebody_has_taken_away_is_not_replaced(place: Stand, alice: Client) -> None:
    assert (await alice.append("INBOX", LETTER)).ok
    await alice.ask("SELECT INBOX")
    who = await place.who("alice")
    await place.write(lambda tx: tx.expunge(tx.role(who.account, "inbox").id, [(1, 1)], deleted_only=False), who)
    answer = await alice.ask("UID REPLACE 1 INBOX", LETTER)
    assert answer.tagged.startswith(b"NO [NONEXISTENT] ")
    assert answer.of(b"EXPUNGE") == [b"* 1 EXPUNGE"]
    assert (await alice.ask("STATUS INBOX (MESSAGES)")).untagged == [b"* STATUS INBOX (MESSAGES 0)"]


async def test_flags_that_may_not_be_set_are_left_off_the_new_message(place: Stand, alice: Client, bob: Client) -> None:
    assert (await alice.append("INBOX", LETTER)).ok
    assert (await alice.ask("SETACL INBOX bob@example.test lrite")).ok
    await bob.ask('SELECT "Other Users/alice@example.test/INBOX"')
    assert (await bob.ask('REPLACE 1 "Other Users/alice@example.test/INBOX" (\\Flagged)', LETTER)).ok
    await alice.ask("SELECT INBOX")
    assert b"\\Flagged" not in (await alice.ask("FETCH 1 (FLAGS)")).untagged[0]


async def test_octets_of_several_kinds_in_one_command(alice: Client) -> None:
    head = b"Content-Transfer-Encoding: binary\r\n\r\n"
    alice.send(b"x APPEND INBOX CATENATE (TEXT ~{%d+}\r\n%b TEXT ~{2+}\r\n\x00\x01)\r\n" % (len(head), head))
    assert (await alice.until(b"x")).ok
    await alice.ask("SELECT INBOX")
    assert (await alice.ask("FETCH 1 (BINARY.PEEK[1])")).untagged == [b"* 1 FETCH (BINARY[1] ~{2}\r\n\x00\x01)"]
