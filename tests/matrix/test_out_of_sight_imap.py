"""What Alice does where Bob may not look changes nothing that he is told over IMAP, and wakes no session of his."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.matrix.grantees import ALICE
from tests.matrix.unseen import WORD, Alice
from tests.support.imapstand import Client, Stand, stand
from tests.support.jmapstand import letter

THERE = f"Other Users/{ALICE}"
ASKED = (
    'LIST "" "*" RETURN (SUBSCRIBED SPECIAL-USE MYRIGHTS STATUS (MESSAGES UNSEEN UIDNEXT SIZE DELETED HIGHESTMODSEQ))',
    'LSUB "" "*"',
    "NAMESPACE",
    'GETQUOTA ""',
    f'GETQUOTA "{THERE}"',
    f'GETQUOTAROOT "{THERE}/Work"',
    f'GETMETADATA (DEPTH infinity) "{THERE}/Work" (/shared /private)',
    f'GETMETADATA (DEPTH infinity) "{THERE}" (/shared /private)',
    f'STATUS "{THERE}/INBOX" (MESSAGES)',
    f'STATUS "{THERE}/Work/Below" (MESSAGES)',
    f'STATUS "{THERE}/{WORD}" (MESSAGES)',
    f'GETACL "{THERE}/Work"',
    f'MYRIGHTS "{THERE}/Work"',
    f'ESEARCH IN (subtree ("{THERE}")) RETURN (ALL COUNT) TEXT {WORD}',
    f'ESEARCH IN (subtree ("{THERE}" "Other Users") personal) RETURN (ALL COUNT) ALL',
    f'EXAMINE "{THERE}/Work"',
    "UID FETCH 1:* (FLAGS ENVELOPE BODYSTRUCTURE INTERNALDATE MODSEQ EMAILID THREADID PREVIEW)",
    f"UID SEARCH RETURN (ALL COUNT) TEXT {WORD}",
    "UID THREAD REFERENCES UTF-8 ALL",
    "UID SORT (ARRIVAL) UTF-8 ALL",
    "CLOSE",
)


async def told(client: Client) -> dict[str, list[bytes]]:
    """What comes for each command, but for its tag."""
    found = {}
    for each in ASKED:
        answer = await client.ask(each)
        found[each] = [re.sub(rb'\(TAG "a[0-9]+"', b"(TAG", line) for line in (*answer.untagged, answer.tagged)]
    return found


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Stand]:
    async with stand(tmp_path) as made:
        yield made


@pytest.fixture
async def alice(place: Stand) -> Alice:
    made = Alice(place.store, place.blobs)
    await made.prepare()
    return made


async def test_what_is_done_out_of_sight_changes_no_answer(place: Stand, alice: Alice) -> None:
    async with place.client("bob") as client:
        before = await told(client)
        assert await told(client) == before
        assert any(b"Work" in line for line in before[ASKED[0]])
        await alice.does_much()
        after = await told(client)
    assert {name: lines for name, lines in after.items() if lines != before[name]} == {}


async def test_what_is_done_out_of_sight_wakes_no_session(place: Stand, alice: Alice) -> None:
    async with place.client("bob") as client:
        events = "(MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange MailboxMetadataChange)"
        everything = f'NOTIFY SET (subtree ("Other Users") {events}) (personal {events})'
        assert (await client.ask(everything)).ok
        client.send(b"i IDLE\r\n")
        assert (await client.response()).startswith(b"+")
        await alice.does_much()
        await alice.letter("Work", letter("news"))
        first = await client.response()
        client.send(b"DONE\r\n")
        await client.until(b"i")
    assert first.startswith(f'* STATUS "{THERE}/Work" '.encode()), first
