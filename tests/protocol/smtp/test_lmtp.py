"""LMTP: one reply for each recipient. RFC 2033."""

from __future__ import annotations

from pathlib import Path

from groupware.model.errors import TryAgain
from groupware.model.event import Outcome
from groupware.model.ids import QueueId
from tests.support.smtpstand import stand, talker

TWO = ("alice@example.test", "bob@example.test")


async def test_only_lhlo_says_hello(tmp_path: Path) -> None:
    async with stand(tmp_path, "lmtp") as here, talker(here.port, hello="") as caller:
        assert (await caller.ask("EHLO client.test")).startswith("500")
        words = await caller.ask("LHLO client.test")
    assert words.startswith("250-")
    assert "AUTH" not in words


async def test_every_recipient_hears_how_it_went(tmp_path: Path) -> None:
    async with stand(tmp_path, "lmtp") as here, talker(here.port, "LHLO client.test") as caller:
        here.intake.verdicts["bob@example.test"] = Outcome(
            QueueId(0), TWO[1], "later", "4.2.2", "it holds 5 of 5 items"
        )
        await caller.envelope("x@far.test", *TWO)
        await caller.ask("DATA")
        caller.send(b"Subject: x\r\n\r\nhello\r\n.\r\n")
        first, second = await caller.replies(2)
    assert first.startswith("250 2.1.5 <alice@example.test>")
    assert second == "452 4.2.2 <bob@example.test> The mailbox is full."
    assert here.intake.options == [{"settle_local": False, "keep": False}]
    assert b" with LMTP id " in here.intake.last.octets


async def test_after_bdat_too(tmp_path: Path) -> None:
    async with stand(tmp_path, "lmtp") as here, talker(here.port, "LHLO client.test") as caller:
        await caller.envelope("x@far.test", *TWO)
        caller.send(b"BDAT 4 LAST\r\na\r\n.")
        assert [each[:3] for each in await caller.replies(2)] == ["250", "250"]


async def test_a_failure_is_told_to_every_recipient(tmp_path: Path) -> None:
    async with stand(tmp_path, "lmtp") as here, talker(here.port, "LHLO client.test") as caller:
        here.intake.error = TryAgain("The disk is full.")
        await caller.envelope("x@far.test", *TWO)
        await caller.ask("DATA")
        caller.send(b"Subject: x\r\n\r\nhello\r\n.\r\n")
        assert [each[:9] for each in await caller.replies(2)] == ["451 4.3.0", "451 4.3.0"]
        assert (await caller.ask("NOOP")).startswith("250")


async def test_lmtp_takes_mail_for_here_alone(tmp_path: Path) -> None:
    async with stand(tmp_path, "lmtp") as here, talker(here.port, "LHLO client.test") as caller:
        await caller.ask("MAIL FROM:<x@far.test>")
        assert (await caller.ask("RCPT TO:<x@elsewhere.test>")).startswith("550 5.1.2")
