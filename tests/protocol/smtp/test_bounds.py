"""What a client may cost that brings nothing, and how sessions end."""

from __future__ import annotations

import asyncio
import tracemalloc
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from mailcore.server.spool import Spool
from mailcore.smtp import service
from tests.support.smtpstand import HOST, stand, talker

MESSAGE = b"Subject: hi\r\n\r\nhello\r\n"


async def test_an_overlong_line_is_one_error(tmp_path: Path) -> None:
    async with stand(tmp_path) as here, talker(here.port) as caller:
        tracemalloc.start()
        for _ in range(200):
            caller.send(b"A" * 65_536)
            await caller.line.writer.drain()
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        caller.send(b"\r\nNOOP\r\n")
        assert [each[:9] for each in await caller.replies(2)] == ["500 5.5.2", "250 2.0.0"]
    assert peak < 3_000_000  # both ends live in this process


async def test_an_overlong_line_among_recipients(tmp_path: Path) -> None:
    async with stand(tmp_path) as here, talker(here.port) as caller:
        caller.send(
            b"MAIL FROM:<x@far.test>\r\nRCPT TO:<alice@example.test>\r\nRCPT TO:<" + b"a" * 20_000
            + b"@example.test>\r\nRCPT TO:<bob@example.test>\r\n"
        )  # fmt: skip
        assert [each[:3] for each in await caller.replies(4)] == ["250", "250", "500", "250"]


async def test_too_many_errors_end_the_session(tmp_path: Path) -> None:
    async with (
        stand(tmp_path, config="[service.smtp_incoming]\nmax_errors = 4\n") as here,
        talker(here.port) as caller,
    ):
        answers = [await caller.ask("WIZ") for _ in range(4)]
        assert (await caller.reply()).startswith("421 4.7.0")
        assert await caller.reply() == ""
    assert {each[:3] for each in answers} == {"500"}


async def test_guessing_at_recipients_ends_the_session(tmp_path: Path) -> None:
    async with (
        stand(tmp_path, config="[service.smtp_incoming]\nmax_errors = 4\n") as here,
        talker(here.port) as caller,
    ):
        await caller.ask("MAIL FROM:<x@far.test>")
        caller.send(b"".join(b"RCPT TO:<a%d@example.test>\r\n" % number for number in range(4)))
        answers = await caller.replies(5)
    assert [each[:3] for each in answers] == ["550"] * 4 + ["421"]


async def test_a_message_makes_up_for_errors(tmp_path: Path) -> None:
    async with (
        stand(tmp_path, config="[service.smtp_incoming]\nmax_errors = 3\n") as here,
        talker(here.port) as caller,
    ):
        for _ in range(3):
            await caller.ask("WIZ")
            await caller.ask("WIZ")
            said = await caller.deliver("x@far.test", ["alice@example.test"], MESSAGE)
    assert said.startswith("250")


async def test_talk_for_nothing_ends(tmp_path: Path) -> None:
    async with stand(tmp_path, config="[smtp]\nmax_rcpt_count = 1\n") as here, talker(here.port) as caller:
        caller.send(b"NOOP\r\n" * 1100)
        said = ""
        count = 0
        while answer := await caller.reply():
            said, count = answer, count + 1
    assert said.startswith("421 4.7.0")
    assert count <= 1002


async def test_refused_connections_hear_why(tmp_path: Path) -> None:
    async with stand(tmp_path) as here, talker(here.port) as caller:
        await here.service.drain(0)
        assert (await caller.reply()) == f"421 4.3.2 {HOST} is stopping; come back later."


async def test_a_message_that_is_being_taken_is_answered_before_the_goodbye(tmp_path: Path) -> None:
    async with stand(tmp_path) as here, talker(here.port) as caller:
        here.intake.hold = asyncio.Event()
        await caller.envelope("x@far.test", "alice@example.test")
        await caller.ask("DATA")
        caller.send(MESSAGE + b".\r\n")
        await here.intake.begun.wait()
        draining = asyncio.create_task(here.service.drain(10))
        await asyncio.sleep(0)
        here.intake.hold.set()
        said = [each[:3] for each in await caller.replies(2)]
        await draining
    assert said == ["250", "421"]


async def test_an_unknown_session_never_reaches_the_log_with_its_password(tmp_path: Path) -> None:
    async with stand(tmp_path) as here, talker(here.port) as caller:
        await caller.ask("AUTH PLAIN")
        await caller.ask("AGFsaWNlQGV4YW1wbGUudGVzdAB0b3Atc2VjcmV0")
    assert "top-secret" not in str(here.log.events)
    assert "AGFsaWNl" not in str(here.log.events)


async def test_many_large_messages_at_once_wait_in_files_and_are_taken_one_by_one(tmp_path: Path) -> None:
    at_work, together = 0, list[int]()
    bodies = [bytes([sign]) * 998 + b"\r\n" for sign in b"abcd"]

    async with stand(tmp_path, config="[smtp]\nreceiving_memory = 64\n") as here, AsyncExitStack() as stack:
        accept = here.intake.accept

        async def accepting(*given: Any, **named: Any) -> Any:
            nonlocal at_work
            at_work += 1
            together.append(at_work)
            for _ in range(50):
                await asyncio.sleep(0)
            at_work -= 1
            return await accept(*given, **named)

        here.intake.accept = accepting  # type: ignore[method-assign]
        callers = [await stack.enter_async_context(talker(here.port)) for _ in bodies]
        for caller, body in zip(callers, bodies, strict=True):
            await caller.envelope("x@far.test", "alice@example.test")
            caller.send(b"BDAT 100000\r\n" + body * 100)
            assert (await caller.reply()).startswith("250")
        for caller, body in zip(callers, bodies, strict=True):
            caller.send(b"BDAT 50000 LAST\r\n" + body * 50)
        for caller in callers:
            assert (await caller.reply()).startswith("250")
    assert together == [1, 1, 1, 1]
    assert sorted(each.octets[-150_000:] for each in here.intake.messages) == [body * 150 for body in bodies]


async def test_who_finds_no_place_in_files_is_put_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "Spool", partial(Spool, most=250_000))
    half = b"z" * 998 + b"\r\n"
    config = "[smtp]\nreceiving_memory = 64\n"
    async with stand(tmp_path, config=config) as here, talker(here.port) as first, talker(here.port) as second:
        await first.envelope("x@far.test", "alice@example.test")
        first.send(b"BDAT 200000\r\n" + half * 200)
        assert (await first.reply()).startswith("250")
        said = await second.deliver("x@far.test", ["alice@example.test"], half * 200)
        assert said == "452 4.3.1 Too many large messages are coming in just now; try again later."
        await second.envelope("x@far.test", "alice@example.test")
        second.send(b"BDAT 200000 LAST\r\n" + half * 200)
        assert (await second.reply()).startswith("452 4.3.1")
        await first.ask("RSET")
        assert (await second.deliver("x@far.test", ["alice@example.test"], half * 200)).startswith("250")
