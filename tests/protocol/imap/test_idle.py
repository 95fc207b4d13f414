"""IDLE: what ends the wait. RFC 2177."""

from __future__ import annotations

import pytest

from mailcore.imap import session
from tests.support.imapstand import Client, Stand


@pytest.mark.parametrize("first", ["SELECT INBOX", "NOTIFY SET (PERSONAL (MessageNew MessageExpunge))"])
async def test_account_that_is_disabled_is_told_so(place: Stand, alice: Client, bob: Client, first: str) -> None:
    await alice.ask("SETACL INBOX bob lri")
    assert (await alice.ask(first)).ok
    alice.send(b"i IDLE\r\n")
    assert await alice.response() == b"+ idling"
    await place.write(lambda tx: tx.update_account("alice@example.test", enabled=False) and None)
    await bob.append('"Other Users/alice@example.test/INBOX"', b"Subject: x\r\n\r\nx")
    why = b"Your account has been disabled, or its password changed"
    assert [await alice.response() for _ in range(3)] == [b"* BYE " + why, b"i OK " + why, b""]


async def test_mailbox_that_is_deleted(alice: Client, bob: Client) -> None:
    await alice.ask("CREATE Work")
    await alice.ask("SETACL Work bob lr")
    assert (await bob.ask('SELECT "Other Users/alice@example.test/Work"')).ok
    bob.send(b"i IDLE\r\n")
    assert await bob.response() == b"+ idling"
    assert (await alice.ask("DELETE Work")).ok
    why = b"The selected mailbox is gone, or you may no longer read it"
    assert [await bob.response() for _ in range(3)] == [b"* BYE " + why, b"i OK " + why, b""]


async def test_a_stranger_is_waited_for_less_long_than_somebody_known(
    place: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "LOGIN_SECONDS", 1.0)
    async with place.client("alice") as known, place.client() as stranger:
        assert (await stranger.response()).startswith(b"* BYE")
        assert (await known.ask("NOOP")).ok
