"""IDLE: what ends the wait. RFC 2177."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from groupware.model.principal import NewAccount, PrincipalKind
from groupware.model.rights import Right, parse_rights
from groupware.store.api import WriteTx
from mailcore.imap import session
from tests.support.imapstand import Client, Stand


@pytest.mark.parametrize("first", ["SELECT INBOX", "NOTIFY SET (PERSONAL (MessageNew MessageExpunge))"])
async def test_account_that_is_disabled_is_told_so(place: Stand, alice: Client, first: str) -> None:
    assert (await alice.ask(first)).ok
    alice.send(b"i IDLE\r\n")
    assert await alice.response() == b"+ idling"
    await place.write(lambda tx: tx.update_account("alice@example.test", enabled=False) and None)
    assert (await alice.response()).startswith(b"* BYE [AUTHORIZATIONFAILED] Your account has been disabled")
    while line := await alice.response():
        assert line.startswith(b"i OK ")


async def test_mailbox_that_is_deleted(alice: Client, bob: Client) -> None:
    await alice.ask("CREATE Work")
    await alice.ask("SETACL Work bob lr")
    assert (await bob.ask('SELECT "Other Users/alice@example.test/Work"')).ok
    bob.send(b"i IDLE\r\n")
    assert await bob.response() == b"+ idling"
    assert (await alice.ask("DELETE Work")).ok
    why = b"The selected mailbox is gone, or you may no longer read it"
    assert [await bob.response() for _ in range(3)] == [b"* BYE " + why, b"i OK " + why, b""]


TAKEN_OUT: list[Callable[[WriteTx], object]] = [
    lambda tx: tx.drop_member("staff@example.test", "bob@example.test"),
    lambda tx: tx.drop_member("all@example.test", "staff@example.test"),
    lambda tx: tx.drop_account("staff@example.test"),
]


@pytest.mark.parametrize("taken_out", TAKEN_OUT, ids=["member", "group", "dropped"])
async def test_who_is_no_longer_in_the_group_it_is_shared_with(
    place: Stand, alice: Client, bob: Client, taken_out: Callable[[WriteTx], object]
) -> None:
    def made(tx: WriteTx) -> None:
        for group in ("staff@example.test", "all@example.test"):
            tx.put_account(NewAccount(group, PrincipalKind.GROUP))
        tx.put_member("staff@example.test", "bob@example.test")
        tx.put_member("all@example.test", "staff@example.test")

    await place.write(made)
    await alice.ask("CREATE Work")
    await alice.ask("SETACL Work all@example.test lr")
    assert (await bob.ask('SELECT "Other Users/alice@example.test/Work"')).ok
    bob.send(b"i IDLE\r\n")
    assert await bob.response() == b"+ idling"
    await place.write(taken_out)
    why = b"The selected mailbox is gone, or you may no longer read it"
    assert [await bob.response() for _ in range(3)] == [b"* BYE " + why, b"i OK " + why, b""]


async def shared_for(place: Stand, seconds: float, rights: str = "lr") -> None:
    """Alice's Work is shared with Bob until so many seconds from now."""
    who, end = await place.who("alice"), datetime.now(UTC) + timedelta(seconds=seconds)
    await place.write(lambda tx: tx.grant("Work", "bob@example.test", parse_rights(rights), expires=end), who)


@pytest.mark.parametrize("before", [0.3, 3600.0], ids=["as-given", "shortened"])
async def test_a_grant_that_ends_is_told_when_it_ends(place: Stand, alice: Client, bob: Client, before: float) -> None:
    await alice.ask("CREATE Work")
    await shared_for(place, before)
    assert (await bob.ask('SELECT "Other Users/alice@example.test/Work"')).ok
    bob.send(b"i IDLE\r\n")
    assert await bob.response() == b"+ idling"
    if before > 1:
        await shared_for(place, 0.3)
    why = b"The selected mailbox is gone, or you may no longer read it"
    assert [await bob.response() for _ in range(3)] == [b"* BYE " + why, b"i OK " + why, b""]


async def test_notify_tells_of_a_grant_that_ends(place: Stand, alice: Client, bob: Client) -> None:
    await alice.ask("CREATE Work")
    await shared_for(place, 0.5)
    asked = 'NOTIFY SET (SUBTREE "Other Users" (MailboxName MessageNew MessageExpunge))'
    assert (await bob.ask(asked)).ok
    assert await bob.response() == b'* LIST (\\NonExistent) "/" "Other Users/alice@example.test/Work"'
    assert (await bob.ask("NOOP")).ok


async def test_notify_tells_of_a_denial_that_ends(place: Stand, alice: Client, bob: Client) -> None:
    await alice.ask("CREATE Work")
    await alice.ask("SETACL Work anyone lr")
    who, end = await place.who("alice"), datetime.now(UTC) + timedelta(seconds=0.5)
    await place.write(lambda tx: tx.grant("Work", "bob@example.test", Right.NONE, parse_rights("l"), end), who)
    asked = 'NOTIFY SET (SUBTREE "Other Users" (MailboxName MessageNew MessageExpunge))'
    assert (await bob.ask(asked)).ok
    assert await bob.response() == b'* LIST (\\Subscribed \\HasNoChildren) "/" "Other Users/alice@example.test/Work"'
    assert (await bob.ask("NOOP")).ok


async def test_a_right_that_ends_beside_others_leaves_the_session_where_it_is(
    place: Stand, alice: Client, bob: Client
) -> None:
    await alice.ask("CREATE Work")
    await alice.ask("SETACL Work anyone lr")
    await alice.ask("CREATE Play")
    end = datetime.now(UTC) + timedelta(seconds=0.5)

    def share(tx: WriteTx) -> None:
        tx.grant("Work", "bob@example.test", parse_rights("lrw"), expires=end)
        tx.grant("Play", "bob@example.test", parse_rights("lr"), expires=end)

    await place.write(share, await place.who("alice"))
    async with place.client("bob") as other:
        for client, name in ((bob, "Work"), (other, "Play")):
            assert (await client.ask(f'SELECT "Other Users/alice@example.test/{name}"')).ok
            client.send(b"i IDLE\r\n")
            assert await client.response() == b"+ idling"
        assert (await other.response()).startswith(b"* BYE ")  # the moment has come
    await alice.append("Work", b"Subject: x\r\n\r\nx")
    assert (await bob.response()).endswith(b" EXISTS")


async def test_a_stranger_is_waited_for_less_long_than_somebody_known(
    place: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "LOGIN_SECONDS", 1.0)
    async with place.client("alice") as known, place.client() as stranger:
        assert (await stranger.response()).startswith(b"* BYE")
        assert (await known.ask("NOOP")).ok
