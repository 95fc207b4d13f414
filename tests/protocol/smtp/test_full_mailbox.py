"""What another server hears at RCPT of a mailbox that is full, and who is told of that."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from groupware.model.principal import NewAccount, PrincipalKind
from groupware.store.api import WriteTx
from tests.support.house import House, house
from tests.support.smtpstand import PASSWORD, stand, talker
from tests.support.talk import Client

ALICE, BOB = "alice@example.test", "bob@example.test"
MESSAGE = b"From: x@far.test\r\nSubject: hi\r\n\r\n" + 20 * (b"x" * 60 + b"\r\n")
FULL = f"452 4.2.2 <{ALICE}>: this mailbox is full; try again later."
TAKEN = "250 2.1.5 Ok"
ACCEPT = '[smtp]\nfull_mailbox = "accept"\n'


@asynccontextmanager
async def visited(
    tmp_path: Path, role: str = "mx", *, config: str = "", of: str = ALICE, **limits: int | str
) -> AsyncIterator[tuple[House, Client]]:
    """A caller at a server where alice has a message already, and `limits` since."""
    async with (
        house(tmp_path) as here,
        stand(tmp_path, role, real=here.parts, config=config) as there,
        stand(tmp_path, real=here.parts) as first,
        talker(first.port) as before,
        talker(there.port) as caller,
    ):
        await before.deliver("x@far.test", [ALICE], MESSAGE)

        def work(tx: WriteTx) -> None:
            for name, value in limits.items():
                tx.put_setting(name, value, tx.account(of).id)

        await here.write(work)
        yield here, caller


async def asked(caller: Client, to: str = ALICE, params: str = "") -> str:
    await caller.ask(f"MAIL FROM:<x@far.test>{params}")
    return await caller.ask(f"RCPT TO:<{to}>")


@pytest.mark.parametrize("limits", [{"mailboxSize": 1}, {"mailboxMessageCount": 1}])
async def test_another_server_is_to_come_again(tmp_path: Path, limits: dict[str, int]) -> None:
    async with visited(tmp_path, **limits) as (here, caller):
        assert await asked(caller) == FULL
        assert await caller.ask(f"RCPT TO:<{BOB}>") == TAKEN
        assert len(await here.items("alice")) == 1
        assert await here.queued() == []


async def test_what_fits_is_taken(tmp_path: Path) -> None:
    async with visited(tmp_path, mailboxSize=10, mailboxMessageCount=2) as (_, caller):
        assert await asked(caller) == TAKEN


async def test_a_message_that_says_it_is_too_large_for_what_is_left_is_put_off(tmp_path: Path) -> None:
    async with visited(tmp_path, mailboxSize=10) as (_, caller):
        assert await asked(caller, params=" SIZE=20000") == FULL
        await caller.ask("RSET")
        assert await asked(caller, params=" SIZE=2000") == TAKEN


async def test_it_is_taken_again_once_the_owner_has_made_room(tmp_path: Path) -> None:
    async with visited(tmp_path, mailboxMessageCount=1) as (here, caller):
        assert await asked(caller) == FULL
        (item,) = await here.items("alice")

        def work(tx: WriteTx) -> None:
            tx.expunge(tx.locate(tx.account(ALICE).id, "INBOX").id, [(item.uid, item.uid)], deleted_only=False)

        await here.write(work)
        await caller.ask("RSET")
        assert await asked(caller) == TAKEN


async def test_where_it_is_configured_so_the_mail_waits_in_the_queue(tmp_path: Path) -> None:
    async with visited(tmp_path, config=ACCEPT, mailboxMessageCount=1) as (here, caller):
        assert (await caller.deliver("x@far.test", [ALICE], MESSAGE)).startswith("250 2.0.0")
        [entry] = await here.queued()
        assert [each.recipient.address for each in entry.recipients] == [ALICE]


async def test_who_submits_is_not_made_to_wait(tmp_path: Path) -> None:
    async with visited(tmp_path, "submission", mailboxMessageCount=1) as (here, caller):
        await caller.ask("AUTH PLAIN " + base64.b64encode(f"\0{BOB}\0{PASSWORD}".encode()).decode())
        assert (await caller.deliver(BOB, [ALICE], MESSAGE)).startswith("250 2.0.0")
        assert [each.envelope.sender for each in await here.queued()] == [BOB]


async def test_mail_that_goes_on_is_not_refused_for_lack_of_room(tmp_path: Path) -> None:
    limits = {"mailboxMessageCount": 1, "forwardTo": BOB, "forwardKeepCopy": False}
    async with visited(tmp_path, **limits) as (_, caller):  # type: ignore[arg-type]
        assert (await caller.deliver("x@far.test", [ALICE], MESSAGE)).startswith("250 2.0.0")


async def test_one_full_mailbox_does_not_close_a_group(tmp_path: Path) -> None:
    async with visited(tmp_path, mailboxMessageCount=1) as (here, caller):

        def work(tx: WriteTx) -> None:
            tx.put_account(NewAccount("team@example.test", PrincipalKind.GROUP))
            for each in (ALICE, BOB):
                tx.put_member("team@example.test", each)

        await here.write(work)
        assert await asked(caller, "team@example.test") == TAKEN


async def test_the_owner_is_told_though_nothing_has_passed_the_threshold(tmp_path: Path) -> None:
    async with visited(tmp_path, mailboxMessageCount=1) as (here, caller):
        assert await here.read(lambda tx: tx.quota_warnings()) == []
        for _ in range(2):
            await asked(caller)
            await caller.ask("RSET")
        [warning] = await here.read(lambda tx: tx.quota_warnings())
    assert (warning.address, warning.resource, warning.used, warning.most) == (ALICE, "MESSAGE", 1, 1)
