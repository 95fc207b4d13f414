"""What a user may send in one interval, over the wire and in the real store."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path

import pytest

from groupware.model.errors import TryAgain
from groupware.store.api import WriteTx
from tests.support.house import PASSWORD, House, house
from tests.support.smtpstand import Stand, Talker, stand, talker

ALICE, BOB = "alice@example.test", "bob@example.test"
MESSAGE = b"From: alice@example.test\r\nSubject: hi\r\n\r\nhello\r\n"


async def limit(here: House, **values: int | str) -> None:
    def work(tx: WriteTx) -> None:
        for name, value in values.items():
            tx.put_setting(f"sendQuota{name}", value, of=tx.account(ALICE).id)

    await here.write(work)


async def sign_in(caller: Talker) -> None:
    token = base64.b64encode(f"\0{ALICE}\0{PASSWORD}".encode()).decode()
    assert (await caller.ask(f"AUTH PLAIN {token}")).startswith("235 ")


async def test_the_message_after_the_last_one_is_put_off_until_when(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        await limit(here, Messages=2, Interval=600)
        async with stand(tmp_path, "submission", real=here.parts) as there, talker(there.port) as caller:
            await sign_in(caller)
            for _ in range(2):
                assert (await caller.deliver(ALICE, [BOB], MESSAGE)).startswith("250 ")
            said = await caller.ask(f"MAIL FROM:<{ALICE}>")
        assert said.startswith(
            "451 4.7.1 alice@example.test may send 2 messages in one interval and has reached that; "
        )
        assert said.endswith(" UTC on.")
        assert len(await here.items("bob")) == 2


async def test_recipients_and_octets_count_as_well(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        await limit(here, Recipients=3, Size=2)
        async with stand(tmp_path, "submission", real=here.parts) as there, talker(there.port) as caller:
            await sign_in(caller)
            await caller.deliver(ALICE, [ALICE, BOB], MESSAGE)
            await caller.envelope(ALICE, BOB)
            assert (await caller.ask(f"RCPT TO:<{ALICE}>")).startswith("451 4.7.1 alice@example.test may send 3 recip")
            await caller.ask("DATA")
            caller.send(MESSAGE + b"x" * 2000 + b"\r\n.\r\n")
            assert (await caller.reply()).startswith("451 4.7.1 alice@example.test may send 2 KB ")
            assert (await caller.deliver(ALICE, [BOB], MESSAGE)).startswith("250 ")


async def test_the_user_and_the_postmaster_are_told_once(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        await limit(here, Messages=1)
        async with stand(tmp_path, "submission", real=here.parts) as there, talker(there.port) as caller:
            await sign_in(caller)
            await caller.deliver(ALICE, [BOB], MESSAGE)
            for _ in range(3):
                assert (await caller.ask(f"MAIL FROM:<{ALICE}>")).startswith("451 ")
        queued = await here.queued()
        assert sorted(each.envelope.recipients[0].address for each in queued) == [ALICE, "postmaster@example.test"]


async def test_a_message_that_was_not_taken_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with house(tmp_path) as here:
        await limit(here, Messages=1)
        async with stand(tmp_path, "submission", real=here.parts) as there, talker(there.port) as caller:
            await sign_in(caller)
            with monkeypatch.context() as broken:

                async def away(*args: object, **options: object) -> None:
                    raise TryAgain("away")

                broken.setattr("mailcore.queue.intake.Intake.accept", away)
                assert (await caller.deliver(ALICE, [BOB], MESSAGE)).startswith("451 ")
            assert (await caller.deliver(ALICE, [BOB], MESSAGE)).startswith("250 ")
            assert (await caller.ask(f"MAIL FROM:<{ALICE}>")).startswith("451 ")


async def test_a_message_that_its_recipient_refuses_does_not_count(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        await limit(here, Messages=1)

        def work(tx: WriteTx) -> None:
            bob = tx.account(BOB).id
            tx.put_script("no", b'require "ereject"; ereject "no";', bob)
            tx.activate_script("no", bob)

        await here.write(work)
        async with stand(tmp_path, "submission", real=here.parts) as there, talker(there.port) as caller:
            await sign_in(caller)
            assert (await caller.deliver(ALICE, [BOB], MESSAGE)).startswith("550 ")
            assert (await caller.deliver(ALICE, [ALICE], MESSAGE)).startswith("250 ")
            assert (await caller.ask(f"MAIL FROM:<{ALICE}>")).startswith("451 ")


async def send(there: Stand, ready: asyncio.Barrier) -> str:
    async with talker(there.port) as caller:
        await sign_in(caller)
        await caller.envelope(ALICE, BOB)
        await caller.ask("DATA")
        await ready.wait()
        caller.send(MESSAGE + b".\r\n")
        return (await caller.reply())[:3]


async def test_connections_that_send_at_once_get_no_more_through_than_there_may_be(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        await limit(here, Messages=3)
        ready = asyncio.Barrier(8)
        async with stand(tmp_path, "submission", real=here.parts) as there:
            said = await asyncio.gather(*(send(there, ready) for _ in range(8)))
        assert sorted(said) == ["250"] * 3 + ["451"] * 5
        assert len(await here.items("bob")) == 3


async def test_the_letter_is_a_template(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "quota-sending.en.txt").write_text("Subject: Enough, $address\n\n$limit; $messages\n")
    async with house(tmp_path) as here:
        await limit(here, Messages=1, Interval=600)
        async with stand(tmp_path, "submission", real=here.parts) as there, talker(there.port) as caller:
            await sign_in(caller)
            await caller.deliver(ALICE, [BOB], MESSAGE)
            await caller.ask(f"MAIL FROM:<{ALICE}>")
        letters = [await here.blobs.read(each.envelope.blob) for each in await here.queued()]
        assert len(letters) == 2
        for each in letters:
            assert b"Subject: Enough, alice@example.test\r\n" in each
            assert each.endswith(b"\r\n\r\n1 message; 1\r\n")


async def test_recipients_that_are_exceptions_do_not_count(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        await limit(here, Messages=1, Recipients=1, Exceptions="bob@* far.test")
        async with stand(tmp_path, "submission", real=here.parts) as there, talker(there.port) as caller:
            await sign_in(caller)
            for _ in range(2):
                assert (await caller.deliver(ALICE, [BOB, "x@far.test"], MESSAGE)).startswith("250 ")
            assert (await caller.deliver(ALICE, [BOB, ALICE], MESSAGE)).startswith("250 ")
            await caller.envelope(ALICE, BOB)
            assert (await caller.ask(f"RCPT TO:<{ALICE}>")).startswith(
                "451 4.7.1 alice@example.test may send 1 message"
            )
        use = await here.read(lambda tx: tx.send_use(tx.account(ALICE).id))
    assert (use.messages, use.recipients) == (1, 1)
