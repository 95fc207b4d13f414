"""QRESYNC: what a client hears when it comes back to a mailbox. RFC 7162 §3.2.5."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from groupware.store import upkeep
from tests.support.imapstand import Answer, Client, Stand


async def filled(client: Client, count: int = 6) -> tuple[int, int]:
    """INBOX with so many messages; UIDVALIDITY and MODSEQ."""
    for number in range(count):
        await client.append("INBOX", b"Subject: %d\r\n\r\nx\r\n" % number)
    return await marks(client)


async def marks(client: Client) -> tuple[int, int]:
    answer = await client.ask("STATUS INBOX (UIDVALIDITY HIGHESTMODSEQ)")
    found = re.search(rb"UIDVALIDITY (\d+) HIGHESTMODSEQ (\d+)", answer.untagged[-1])
    assert found is not None
    return int(found[1]), int(found[2])


async def remove(client: Client, uids: str) -> None:
    await client.ask("SELECT INBOX")
    await client.ask(f"UID STORE {uids} +FLAGS.SILENT (\\Deleted)")
    await client.ask("EXPUNGE")
    await client.ask("UNSELECT")


async def back(client: Client, parameters: str) -> list[bytes]:
    """VANISHED and FETCH responses to a SELECT with these."""
    await client.ask("ENABLE QRESYNC")
    answer = await client.ask(f"SELECT INBOX (QRESYNC ({parameters}))")
    assert answer.ok
    return told(answer)


def told(answer: Answer) -> list[bytes]:
    return [line for line in answer.untagged if b"VANISHED" in line or b"FETCH" in line]


async def test_what_was_missed_is_told_once_and_in_order(place: Stand, alice: Client) -> None:
    validity, since = await filled(alice)
    await remove(alice, "2,5")
    await alice.ask("SELECT INBOX")
    await alice.ask("UID STORE 3 +FLAGS (\\Flagged)")
    async with place.client("alice") as other:
        assert await back(other, f"{validity} {since}") == [
            b"* VANISHED (EARLIER) 2,5",
            b"* 2 FETCH (FLAGS (\\Flagged) UID 3 MODSEQ (%d))" % (await marks(alice))[1],
        ]


async def test_nothing_was_missed(alice: Client) -> None:
    validity, since = await filled(alice)
    assert await back(alice, f"{validity} {since}") == []


async def test_another_uidvalidity_tells_nothing(alice: Client) -> None:
    validity, _ = await filled(alice)
    assert await back(alice, f"{validity + 1} 1") == []


@pytest.mark.parametrize(("known", "expected"), [("1:3", b"2"), ("5:9", b"5"), ("1,3", b""), ("1:2,5:5", b"2,5")])
async def test_only_what_the_client_knows_is_told(alice: Client, known: str, expected: bytes) -> None:
    validity, since = await filled(alice)
    await remove(alice, "2,5")
    lines = await back(alice, f"{validity} {since} {known}")
    assert lines == ([b"* VANISHED (EARLIER) " + expected] if expected else [])


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("", b"2,5"),
        ("1:6", b"2,5"),
        ("1:6 (1,4 1,4)", b"2,5"),  # the second pair is no longer true
        ("1:6 (1:2 1,3)", b"5"),  # number 2 is still what the client thinks: nothing is missing up to there
    ],
)
async def test_what_is_forgotten_is_made_up_for(place: Stand, alice: Client, more: str, expected: bytes) -> None:
    validity, since = await filled(alice)
    await remove(alice, "2,5")
    await upkeep.purge(place.store, now=datetime.now(UTC) + timedelta(days=400))
    lines = await back(alice, f"{validity} {since} {more}".strip())
    assert lines[0] == b"* VANISHED (EARLIER) " + expected
    assert [line.split(b" ")[1] for line in lines[1:]] == [b"1", b"2", b"3", b"4"]  # and flags, once more


async def test_modseq_of_an_expunge(alice: Client) -> None:
    await filled(alice, 3)
    await alice.ask("ENABLE QRESYNC")
    await alice.ask("SELECT INBOX")
    await alice.ask("STORE 1 +FLAGS (\\Deleted)")
    answer = await alice.ask("UID EXPUNGE 1:9")
    assert answer.untagged == [b"* VANISHED 1"]
    assert answer.tagged.startswith(b"OK [HIGHESTMODSEQ %d]" % (await marks(alice))[1])
    await alice.ask("CREATE Aside")
    moved = await alice.ask("MOVE 1 Aside")
    assert [line.split(b"]")[0].split(b" ")[1:3] for line in moved.untagged] == [
        [b"OK", b"[COPYUID"],
        [b"VANISHED", b"2"],
    ]
    assert moved.tagged.startswith(b"OK [HIGHESTMODSEQ %d]" % (await marks(alice))[1])


@pytest.mark.parametrize("form", ["REPLACE 2", "UID REPLACE 2"])
async def test_replacing_says_what_it_has_moved_the_mailbox_to(alice: Client, form: str) -> None:
    await filled(alice, 3)
    await alice.ask("ENABLE QRESYNC")
    await alice.ask("SELECT INBOX")
    answer = await alice.ask(f"{form} INBOX", b"Subject: new\r\n\r\nx\r\n")
    assert b"* VANISHED 2" in answer.untagged
    assert answer.tagged.startswith(b"OK [HIGHESTMODSEQ %d]" % (await marks(alice))[1])


async def test_closing_does_not_say_what_the_client_cannot_know(alice: Client) -> None:
    validity, since = await filled(alice, 2)
    await alice.ask("ENABLE QRESYNC")
    await alice.ask("SELECT INBOX")
    await alice.ask("STORE 1 +FLAGS (\\Deleted)")
    closed = await alice.ask("CLOSE")
    assert (closed.untagged, b"HIGHESTMODSEQ" in closed.tagged) == ([], False)
    assert b"* VANISHED (EARLIER) 1" in await back(alice, f"{validity} {since + 1}")


async def test_vanished_of_a_fetch_is_of_these_uids_alone(alice: Client) -> None:
    _, since = await filled(alice)
    await remove(alice, "2,5")
    await alice.ask("ENABLE QRESYNC")
    await alice.ask("SELECT INBOX")
    assert told(await alice.ask(f"UID FETCH 3:* (UID) (CHANGEDSINCE {since} VANISHED)")) == [
        b"* VANISHED (EARLIER) 5",
    ]


async def test_what_the_client_still_has_is_not_earlier(place: Stand, alice: Client) -> None:
    _, since = await filled(alice, 3)
    await alice.ask("ENABLE QRESYNC")
    await alice.ask("SELECT INBOX")
    async with place.client("alice") as other:
        await remove(other, "2")
    answer = await alice.ask(f"UID FETCH 1:* (UID) (CHANGEDSINCE {since} VANISHED)")
    assert told(answer) == [b"* VANISHED 2"]


@pytest.mark.parametrize(
    "parameters", ["0 1", "1 0", "1", "1 1 *", "1 1 1:* (1 1)", "1 1 1:2 (1)", "1 1 1:2 (1:* 1:2)"]
)
async def test_parameters_that_are_wrong(alice: Client, parameters: str) -> None:
    await alice.ask("ENABLE QRESYNC")
    assert (await alice.ask(f"SELECT INBOX (QRESYNC ({parameters}))")).tagged.startswith(b"BAD")
