"""When the store cannot: a clear answer, nothing lost, and the session goes on."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from groupware.model.errors import NotFound, TryAgain
from groupware.model.ids import BlobId
from mailcore.pop3 import maildrop
from tests.protocol.pop3.box import Box, connected, octets, say
from tests.protocol.pop3.conftest import Opening


@dataclass
class Failing:
    """A store, or its blobs, that fails when it is told to; everything else is the real one's affair."""

    real: Any
    reads: Exception | None = None
    writes: Exception | None = None
    lost: set[BlobId] = field(default_factory=set)
    asked: list[int] = field(default_factory=list)

    async def read(self, *args: Any) -> Any:
        if self.reads is not None:
            raise self.reads
        if args[0] in self.lost:
            raise NotFound("the body is lost")
        return await self.real.read(*args)

    async def glance(self, *args: Any) -> Any:
        if self.reads is not None:
            raise self.reads
        return await self.real.glance(*args)

    async def write(self, *args: Any) -> Any:
        if self.writes is not None:
            raise self.writes
        return await self.real.write(*args)

    async def read_many(self, blobs: Sequence[BlobId]) -> Mapping[BlobId, bytes]:
        found: Mapping[BlobId, bytes] = await self.real.read_many([blob for blob in blobs if blob not in self.lost])
        self.asked.append(len(found))
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


def failing(box: Box) -> tuple[Failing, Failing]:
    store, blobs = Failing(box.parts.store), Failing(box.parts.blobs)
    object.__setattr__(box.parts, "store", store)
    object.__setattr__(box.parts, "blobs", blobs)
    return store, blobs


async def test_a_quit_that_cannot_remove_says_so_and_removes_nothing(box: Box) -> None:
    uids = await box.put(b"Subject: x\r\n\r\n")
    store, _ = failing(box)
    async with connected(box, login=True) as caller:
        await say(caller, "> DELE 1\n< +OK *")
        store.writes = TryAgain("The disk is full.")
        await say(caller, "> QUIT\n< -ERR [SYS/TEMP] The disk is full.")
        assert await caller.line() == ""
    store.writes = None
    await box.until_ended()
    assert set(await box.flags()) == set(uids)
    assert box.counters.total("POP3_DeletedMessage") == 0


async def test_a_retr_whose_flag_cannot_be_written_gives_the_message_all_the_same(box: Box) -> None:
    await box.put(b"Subject: x\r\n\r\n")
    store, _ = failing(box)
    async with connected(box, login=True) as caller:
        store.writes = TryAgain("The disk is full.")
        await say(caller, "> RETR 1\n< +OK *")
        assert await octets(caller) == b"Subject: x\r\n\r\n"
    assert (await box.log.until("not_marked_seen"))["why"] == "The disk is full."


async def test_a_store_that_does_not_answer_is_a_temporary_failure(box: Box) -> None:
    await box.put(b"Subject: x\r\n\r\n")
    store, _ = failing(box)
    async with connected(box, login=True) as caller:
        store.reads = TryAgain("The database does not answer.")
        await say(caller, "> STAT\n< -ERR [SYS/TEMP] *\n> RETR 1\n< -ERR [SYS/TEMP] *")
        store.reads = None
        assert await say(caller, "> STAT\n< +OK 1 14")


async def test_a_lost_body_is_one_message_that_fails_and_is_said_in_the_log(box: Box) -> None:
    await box.put(b"Subject: lost\r\n\r\n", b"Subject: here\r\n\r\n")
    _, blobs = failing(box)
    blobs.lost.add((await box.parts.blobs.put(b"Subject: lost\r\n\r\n")).blob)
    async with connected(box, login=True) as caller:
        await say(caller, "> RETR 1\n< -ERR [SYS/PERM] Message 1 *\n> TOP 1 0\n< -ERR [SYS/PERM] *\n> RETR 2\n< +OK *")
        assert await octets(caller) == b"Subject: here\r\n\r\n"
    assert len(box.log.named("body_unreadable")) == 2


async def test_a_bug_is_in_the_log_and_the_session_goes_on(box: Box) -> None:
    store, _ = failing(box)
    async with connected(box, login=True) as caller:
        store.reads = ZeroDivisionError("a bug")
        await say(caller, "> STAT\n< -ERR [SYS/TEMP] *log*")
        store.reads = None
        await say(caller, "> STAT\n< +OK 0 0")
    (found,) = box.log.named("command_crashed")
    assert "ZeroDivisionError" in str(found["traceback"])


async def test_what_is_read_ahead_is_what_was_asked_for_and_bounded(opening: Opening) -> None:
    async with opening() as box:
        body = b"Subject: x\r\n\r\n" + b"0123456789abcde\r\n" * 6000  # 102,014 octets: ten of them are the bound
        await box.put(*[body + b"%d\r\n" % number for number in range(30)])
        _, blobs = failing(box)
        async with connected(box, login=True) as caller:
            await say(caller, "> RETR 1\n< +OK *")
            await octets(caller)
            assert blobs.asked == [1]
            caller.send(b"".join([b"RETR %d\r\n" % number for number in range(1, 31)]))
            async with asyncio.timeout(20):
                for _ in range(30):
                    await caller.line()
                    await octets(caller)
        assert max(blobs.asked) <= 10


async def test_who_takes_one_message_after_the_other_has_the_next_ones_read_ahead(box: Box) -> None:
    await box.put(*[b"Subject: %d\r\n\r\n" % number for number in range(1, 31)])
    _, blobs = failing(box)
    async with connected(box, login=True) as caller:
        for number in range(1, 31):
            await say(caller, f"> RETR {number}\n< +OK *")
            assert await octets(caller) == b"Subject: %d\r\n\r\n" % number
    assert blobs.asked == [1, 29]


async def test_what_was_read_ahead_for_nobody_is_soon_forgotten(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maildrop, "GUESSED_SECONDS", 0)
    await box.put(*[b"Subject: %d\r\n\r\n" % number for number in range(1, 5)])
    _, blobs = failing(box)
    async with connected(box, login=True) as caller:
        for number in range(1, 5):
            await say(caller, f"> RETR {number}\n< +OK *")
            await octets(caller)
            await asyncio.sleep(0.01)
    assert blobs.asked == [1, 3, 2, 1]


async def test_a_client_that_does_not_read_is_not_read_for(box: Box) -> None:
    await box.put(*[b"Subject: x\r\n\r\n" + b"0123456789abcde\r\n" * 6000 + b"%d\r\n" % number for number in range(60)])
    _, blobs = failing(box)
    async with connected(box, login=True) as caller:
        caller.send(b"".join([b"RETR %d\r\n" % (number % 60 + 1) for number in range(6000)]))
        (connection,) = [each for each in box.service._open.values() if each is not None]
        async with asyncio.timeout(10):
            while connection._writer is None:  # noqa: ASYNC110 - until the server waits for the client
                await asyncio.sleep(0)
        read = sum(blobs.asked)
        for _ in range(100):
            await asyncio.sleep(0)
        assert sum(blobs.asked) == read < 1000  # of 6,000 that were asked for
