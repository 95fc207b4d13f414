"""How seldom a session asks the store; and what changes meanwhile is told all the same."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from groupware.directory.sql import SqlDirectory
from groupware.model.flags import FlagChange, Flags
from groupware.model.ids import FolderId, Uid
from groupware.model.rights import parse_rights
from groupware.model.times import micros
from groupware.store import SqlStore
from groupware.store.api import WriteTx
from groupware.store.sql import tree
from mailcore.imap import selected
from tests.protocol.imap.test_resync import filled
from tests.support.imapstand import PASSWORD, Client, Stand

Between = Callable[[], Awaitable[object]]


def count_reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The reads of the store from here on."""
    found: list[str] = []

    def counted(name: str) -> None:
        real = getattr(SqlStore, name)

        async def call(self: SqlStore, *given: Any) -> Any:
            found.append(name)
            return await real(self, *given)

        monkeypatch.setattr(SqlStore, name, call)

    counted("read")
    counted("glance")
    return found


def once_behind(monkeypatch: pytest.MonkeyPatch, what: type, name: str, between: Between) -> None:
    """Has `between` happen once, when the next call of this method has its answer and nobody has it yet."""
    real = getattr(what, name)

    async def call(self: Any, *given: Any) -> Any:
        answer = await real(self, *given)
        monkeypatch.setattr(what, name, real)
        await between()
        return answer

    monkeypatch.setattr(what, name, call)


async def test_a_sign_in_asks_once(place: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    async with place.client("alice"):
        pass
    reads = count_reads(monkeypatch)
    async with place.client("alice"):
        assert reads == ["glance"]


async def test_select_asks_once(alice: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = count_reads(monkeypatch)
    assert (await alice.ask("SELECT INBOX")).ok
    assert reads == ["glance"]


async def test_who_comes_back_to_few_changes_is_served_at_once(alice: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    validity, modseq = await filled(alice)
    await alice.ask("SELECT INBOX")
    await alice.ask("STORE 1 +FLAGS (\\Flagged)")
    await alice.ask("ENABLE QRESYNC")
    await alice.ask("UNSELECT")
    reads = count_reads(monkeypatch)
    got = await alice.ask(f"SELECT INBOX (QRESYNC ({validity} {modseq}))")
    assert reads == ["glance"]
    assert [line for line in got.untagged if b"FETCH" in line and b"\\Flagged" in line]


@pytest.mark.parametrize("change", ["password", "switch"])
async def test_who_may_not_stay_since_being_looked_up_is_sent_away(
    place: Stand, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    who = (await place.who("alice")).account

    def work(tx: WriteTx) -> None:
        if change == "password":
            tx.put_credential(who, "password", "{PLAIN}another")
        else:
            tx.put_setting("imap", False, who)

    once_behind(monkeypatch, SqlDirectory, "login", lambda: place.write(work))
    async with place.client() as client:
        client.send(b'a LOGIN alice "%b"\r\n' % PASSWORD.encode())
        lines = [line async for line in until_closed(client)]
    assert any(line.startswith(b"* BYE") for line in lines)


async def until_closed(client: Client) -> Any:
    """What comes until the server hangs up."""
    while line := await client.response():
        yield line


async def test_what_comes_while_a_mailbox_is_selected_is_told_with_it(
    place: Stand, alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    await alice.append("INBOX", b"Subject: one\r\n\r\nx\r\n")
    who = await place.who("alice")
    at = FolderId((await place.store.read(who, lambda tx: tx.folder("INBOX"))).id)
    flag = FlagChange(add=Flags.FLAGGED)
    change = lambda: place.write(lambda tx: tx.update_flags(at, ((Uid(1), Uid(1)),), flag), who)  # noqa: E731
    once_behind(monkeypatch, SqlStore, "glance", change)
    got = await alice.ask("SELECT INBOX")
    assert [line for line in got.untagged if b"1 FETCH" in line and b"\\Flagged" in line]


LOOKS = ("NOOP", "SEARCH UNSEEN", "FETCH 1:* FLAGS")


@pytest.mark.parametrize("command", LOOKS)
async def test_while_nobody_commits_anything_nothing_is_asked(
    alice: Client, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    await alice.append("INBOX", b"Subject: one\r\n\r\nx\r\n")
    await alice.ask("SELECT INBOX")
    reads = count_reads(monkeypatch)
    first, again = await alice.ask(command), await alice.ask(command)
    assert first.untagged == again.untagged
    assert reads == []


@pytest.mark.parametrize("command", LOOKS)
async def test_what_others_commit_between_two_commands_is_told_by_the_second(
    place: Stand, alice: Client, command: str
) -> None:
    await alice.append("INBOX", b"Subject: one\r\n\r\nx\r\n")
    await alice.ask("SELECT INBOX")
    await alice.ask(command)
    async with place.client("alice") as other:
        await other.ask("SELECT INBOX")
        await other.ask("STORE 1 +FLAGS (\\Seen)")
    got = await alice.ask(command)
    assert [line for line in got.untagged if b"1 FETCH" in line and b"\\Seen" in line]


async def test_a_right_that_ends_while_nobody_commits_ends(place: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    end = datetime.now(UTC) + timedelta(hours=1)
    who = await place.who("alice")
    await place.write(lambda tx: tx.grant("INBOX", "bob@example.test", parse_rights("lr"), expires=end), who)
    async with place.client("bob") as bob:
        assert (await bob.ask('SELECT "Other Users/alice@example.test/INBOX"')).ok
        assert (await bob.ask("NOOP")).ok
        for module in (selected, tree):
            monkeypatch.setattr(module, "now_micros", lambda: micros(end) + 1)
        bob.send(b"z NOOP\r\n")
        lines = [line async for line in until_closed(bob)]
    assert any(line.startswith(b"* BYE") for line in lines)
