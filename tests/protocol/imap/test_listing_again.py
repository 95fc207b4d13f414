"""A mailbox that is listed again: what cannot have changed is not read any more, and what has changed is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from groupware.store.sql.door import SqlTx
from tests.support.imapstand import Client, Stand

LIST = "(UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)"


@pytest.fixture
async def selected(alice: Client) -> Client:
    """Alice in her INBOX with three messages."""
    for number in (1, 2, 3):
        await alice.append("INBOX", b"Subject: %d\r\n\r\n%b" % (number, b"x" * number))
    await alice.ask("SELECT INBOX")
    return alice


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[frozenset[str]]:
    """The columns of each page that was read."""
    found: list[frozenset[str]] = []
    ordinary: Callable[..., Sequence[tuple[object, ...]]] = SqlTx.columns

    def columns(tx: SqlTx, at: int, names: Sequence[str], *more: object, **rest: object) -> object:
        found.append(frozenset(names))
        return ordinary(tx, at, names, *more, **rest)

    monkeypatch.setattr(SqlTx, "columns", columns)
    return found


async def test_the_second_time_flags_alone_are_read(selected: Client, read: list[frozenset[str]]) -> None:
    first = await selected.ask(f"FETCH 1:* {LIST}")
    second = await selected.ask(f"FETCH 1:* {LIST}")
    assert first.untagged == second.untagged
    assert len(first.untagged) == 3
    assert ["summary" in names for names in read] == [True]


async def test_flags_are_as_they_are_now(selected: Client) -> None:
    await selected.ask(f"FETCH 1:* {LIST}")
    await selected.ask(r"STORE 2 +FLAGS.SILENT (\Flagged word)")
    answer = await selected.ask(f"FETCH 1:* {LIST}")
    assert [rb"FLAGS (\Recent \Flagged word)" in line for line in answer.untagged] == [False, True, False]


async def test_what_has_come_and_gone(selected: Client) -> None:
    before = (await selected.ask(f"UID FETCH 1:* {LIST}")).untagged
    await selected.ask(r"STORE 1 +FLAGS.SILENT (\Deleted)")
    await selected.ask("EXPUNGE")
    await selected.append("INBOX", b"Subject: 4\r\n\r\nnew")
    after = (await selected.ask(f"UID FETCH 1:* {LIST}")).untagged
    assert after[:2] == [line.replace(b"* %d " % (at + 1), b"* %d " % at, 1) for at, line in enumerate(before) if at]
    assert [b'("4"' in line or b'"4"' in line for line in after] == [False, False, True]


async def test_other_words_are_other_lines(selected: Client) -> None:
    await selected.ask(f"FETCH 1:* {LIST}")
    answer = await selected.ask("FETCH 1 (ENVELOPE FLAGS)")
    assert answer.untagged[0].startswith(b'* 1 FETCH (ENVELOPE (NIL "1" ')
    assert answer.untagged[0].endswith(b" FLAGS (\\Recent))")
    assert (await selected.ask("FETCH 1 (ENVELOPE FLAGS)")).untagged == answer.untagged


async def test_flags_between_what_never_changes(selected: Client) -> None:
    for _ in range(2):
        answer = await selected.ask("FETCH 3 (RFC822.SIZE FLAGS PREVIEW)")
        assert answer.untagged == [b'* 3 FETCH (RFC822.SIZE 17 FLAGS (\\Recent) PREVIEW "xxx")']
        await selected.ask(r"STORE 3 -FLAGS.SILENT (\Seen)")


async def test_who_knows_utf8_has_lines_of_their_own(place: Stand, selected: Client) -> None:
    await selected.append("INBOX", "Subject: Grüße\r\n\r\nx".encode())
    await selected.ask("NOOP")
    plain = await selected.ask("FETCH 4 (ENVELOPE)")
    async with place.client("alice") as other:
        await other.ask("ENABLE UTF8=ACCEPT")
        await other.ask("SELECT INBOX")
        known = await other.ask("FETCH 4 (ENVELOPE)")
    assert plain.untagged[0].isascii()
    assert "Grüße".encode() in known.untagged[0]


async def test_nobody_reads_what_somebody_else_has_listed(place: Stand, selected: Client) -> None:
    await selected.ask(f"FETCH 1:* {LIST}")
    await selected.ask("SETACL INBOX bob@example.test lr")
    async with place.client("bob") as bob:
        assert (await bob.ask('SELECT "Other Users/alice@example.test/INBOX"')).ok
        assert len((await bob.ask(f"FETCH 1:* {LIST}")).untagged) == 3
        await selected.ask("DELETEACL INBOX bob@example.test")
        assert b"ENVELOPE" not in b"".join((await bob.ask(f"FETCH 1:* {LIST}")).untagged)
