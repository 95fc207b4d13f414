r"""\Recent: who is told of a message first, and of which ones nobody is. RFC 3501 §2.3.2."""

from __future__ import annotations

from pathlib import Path

from groupware.mime.item import read_item
from groupware.model.ids import Uid
from groupware.model.principal import OPERATOR
from groupware.store.api import ReadTx, WriteTx
from mailcore.imap import recent
from mailcore.server.claims import Claims, LocalClaims
from mailcore.server.counters import Counters
from tests.support.eventlog import RecordingLog
from tests.support.furnished import furnished
from tests.support.imapstand import PASSWORD, Answer, Client, Stand

MESSAGE = b"Subject: x\r\n\r\nx\r\n"


def recents(answer: Answer) -> bytes:
    return answer.of(b"RECENT")[-1].split()[1]


async def marked(client: Client) -> set[int]:
    """Numbers of the messages that are recent in the session."""
    found = (await client.ask("FETCH 1:* FLAGS")).untagged
    return {int(line.split()[1]) for line in found if b"\\Recent" in line}


async def test_what_came_before_the_first_look_is_recent_to_the_first_session_alone(
    place: Stand, alice: Client, bob: Client
) -> None:
    await alice.ask("SETACL INBOX bob lrsi")
    for _ in range(3):
        await bob.append('"Other Users/alice@example.test/INBOX"', MESSAGE)
    assert (await alice.ask("STATUS INBOX (RECENT)")).untagged == [b"* STATUS INBOX (RECENT 3)"]
    assert recents(await alice.ask("SELECT INBOX")) == b"3"
    assert await marked(alice) == {1, 2, 3}
    assert (await alice.ask("SEARCH NEW")).untagged == [b"* SEARCH 1 2 3"]
    async with place.client("alice") as other:
        assert recents(await other.ask("SELECT INBOX")) == b"0"
        assert (await other.ask("STATUS INBOX (RECENT)")).untagged == [b"* STATUS INBOX (RECENT 0)"]


async def test_examine_shows_what_is_recent_and_leaves_it_so(place: Stand, alice: Client, bob: Client) -> None:
    await alice.append("INBOX", MESSAGE)
    async with place.client("alice") as other:
        assert recents(await other.ask("EXAMINE INBOX")) == b"1"
        await alice.append("INBOX", MESSAGE)
        assert recents(await other.ask("NOOP")) == b"2"
    assert recents(await alice.ask("SELECT INBOX")) == b"2"


async def test_status_counts_messages_and_not_uids(alice: Client) -> None:
    await alice.append("Archive", MESSAGE)
    for flags in ("", " (\\Deleted)", ""):
        await alice.append("INBOX", MESSAGE, flags)
    await alice.ask("ENABLE IMAP4rev2")  # then nothing is recent to this session, nor taken from others
    await alice.ask("SELECT INBOX")
    await alice.ask("EXPUNGE")
    found = (await alice.ask('LIST "" (INBOX Archive) RETURN (STATUS (RECENT))')).of(b"STATUS")
    assert found == [b"* STATUS Archive (RECENT 1)", b"* STATUS INBOX (RECENT 2)"]


async def test_what_was_there_when_the_server_started_is_recent_to_nobody(tmp_path: Path) -> None:
    async with furnished(tmp_path / "data", PASSWORD, RecordingLog(), Counters()) as (parts, store, blobs):
        who = await store.read(OPERATOR, lambda tx: tx.identity(tx.account("alice@example.test").id))
        new = await read_item(MESSAGE, blobs)

        def fill(tx: WriteTx, count: int) -> None:
            tx.append(tx.folder("INBOX").id, [new] * count)

        def seen(tx: ReadTx, claims: Claims) -> tuple[int, int]:
            at = tx.folder("INBOX")
            return recent.unclaimed(claims, tx, at), recent.count(claims, tx, at)

        assert await store.read(who, lambda tx: seen(tx, LocalClaims())) == (1, 0)
        await store.write(who, lambda tx: fill(tx, recent.FEW * 2))
        claims = LocalClaims()  # as a server has them that starts now
        assert await store.read(who, lambda tx: seen(tx, claims)) == (recent.FEW * 2 + 1, 0)
        await store.write(who, lambda tx: fill(tx, recent.FEW * 4))
        assert await store.read(who, lambda tx: seen(tx, claims)) == (recent.FEW * 2 + 1, recent.FEW * 4)
        assert await store.read(who, lambda tx: seen(tx, parts.claims)) == (1, recent.FEW * 6)

        def thin_out(tx: WriteTx) -> None:  # on both sides of the first that is young, and the last of all
            gone = [(Uid(recent.FEW * 2 - 9), Uid(recent.FEW * 2 + 5)), (Uid(recent.FEW * 4), Uid(recent.FEW * 6))]
            tx.expunge(tx.folder("INBOX").id, gone, deleted_only=False)

        await store.write(who, thin_out)
        assert await store.read(who, lambda tx: seen(tx, claims)) == (recent.FEW * 2 + 6, recent.FEW * 2 - 6)
