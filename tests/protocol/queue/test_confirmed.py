"""What a peer has confirmed is never sent again: not when a process is killed, nor while the database is away."""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupware.model.errors import TryAgain
from groupware.model.event import Attempt, Envelope, Recipient
from groupware.model.ids import BlobId, QueueId
from groupware.model.principal import OPERATOR, Principal
from mailcore.queue import scheduler, settlement
from mailcore.queue.confirmed import FOLDER, HOLDER, LARGEST, Journal, read
from mailcore.queue.courier import Result
from mailcore.queue.recovering import recover
from tests.support.outbox import Outbox, with_peer
from tests.support.smtppeer import Peer

T = TypeVar("T")
START = datetime(2026, 1, 1, tzinfo=UTC)
BOB, CARL = "bob@there.test", "carl@there.test"


def attempt(*to: str, queue: int = 1, message: str = "ID") -> Attempt:
    envelope = Envelope("a@here.test", tuple(map(Recipient, to)), BlobId("x"), 1, message=message)
    return Attempt(QueueId(queue), envelope, "there.test", 0, START, START)


def sent(*to: str, verdict: Any = "sent") -> list[Result]:
    return [Result(Recipient(each), verdict, "2.0.0", "250 taken", "mx.there.test") for each in to]


def killed(journal: Journal) -> None:
    """Its process is gone: the system lets go of the file."""
    assert journal._file is not None
    os.close(journal._file)


def files(data: Path) -> list[Path]:
    return sorted((data / FOLDER).iterdir()) if (data / FOLDER).is_dir() else []


@asynccontextmanager
async def box_over(data: Path, peer: Peer | None = None) -> AsyncIterator[tuple[Outbox, Peer]]:
    """The bench, with a journal."""
    async with with_peer(peer) as (box, there):
        box.desk.confirmed = Journal(data)
        yield box, there


class Told:
    """How often the queue was told in vain."""

    def __init__(self) -> None:
        self.count, self._moved = 0, asyncio.Event()

    def add(self) -> None:
        self.count += 1
        self._moved.set()

    async def times(self, count: int) -> None:
        async with asyncio.timeout(20):
            while self.count < count:
                self._moved.clear()
                await self._moved.wait()


class Killed(BaseException):
    """The process ends here."""


def deaf(box: Outbox, monkeypatch: pytest.MonkeyPatch, error: Callable[[], BaseException]) -> Told:
    """The queue hears nothing any more of what was sent; each time it is told is counted."""
    told = Told()

    async def write(who: Principal, work: Callable[[Any], T]) -> T:
        if work.__qualname__.startswith("Settling.settle"):
            told.add()
            raise error()
        return await type(box.queue).write(box.queue, who, work)

    monkeypatch.setattr(box.queue, "write", write)
    return told


# --- from the peer to the queue -------------------------------------------------------------------------------------


async def test_the_next_process_tells_the_queue_what_was_confirmed_to_one_that_was_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with box_over(tmp_path) as (box, peer):
        await box.submit(BOB, CARL)
        with monkeypatch.context() as patched:
            deaf(box, patched, Killed)
            (leased,) = await box.queue.write(OPERATOR, lambda tx: tx.lease(1, 60, local=False))
            octets = await box.blobs.read(leased.envelope.blob)
            with pytest.raises(Killed):
                await box.courier.carry(leased, octets, settlement.Settling(box.desk, leased, octets))
        await peer.until(lambda: not peer.now)
        assert box.waiting().keys() == {BOB, CARL}
        assert len(peer.taken) == 1
        assert box.desk.confirmed is not None
        killed(box.desk.confirmed)
        box.desk.confirmed = Journal(tmp_path)
        assert await recover(box.desk) == 2
        assert box.waiting() == {}
        assert files(tmp_path) == []
        box.clock.advance(3600)
        await box.scheduler.run_due()
        assert Counter(each for taken in peer.taken for each in taken.recipients) == Counter([BOB, CARL])
        assert len(box.queue.named("sent")) == 2


async def test_what_was_confirmed_is_settled_as_soon_as_the_database_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settlement, "PAUSE", 0.01)
    async with box_over(tmp_path) as (box, peer):
        await box.submit(BOB)
        with monkeypatch.context() as patched:
            told = deaf(box, patched, lambda: TryAgain("the database is away"))
            running = asyncio.create_task(box.scheduler.run_due())
            await told.times(3)
        async with asyncio.timeout(20):
            await running
        assert box.waiting() == {}
        assert len(peer.taken) == 1


async def test_a_service_that_ends_while_the_database_is_away_leaves_it_to_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settlement, "PAUSE", 0.01)
    monkeypatch.setattr(scheduler, "LAST_WORDS", 0.05)
    async with box_over(tmp_path) as (box, peer):
        await box.submit(BOB)
        with monkeypatch.context() as patched:
            told = deaf(box, patched, lambda: TryAgain("the database is away"))
            running = asyncio.create_task(box.scheduler.run_due())
            await told.times(1)
            await box.scheduler.drain(0.05)
            await running
        assert box.desk.confirmed is not None
        box.desk.confirmed.close()
        assert len(files(tmp_path)) == 1
        box.desk.confirmed = Journal(tmp_path)
        assert await recover(box.desk) == 1
        assert (box.waiting(), len(peer.taken)) == ({}, 1)


async def test_what_only_some_recipients_got_is_sent_to_the_others_alone(tmp_path: Path) -> None:
    async with box_over(tmp_path) as (box, peer):
        queue = await box.submit(BOB, CARL)
        assert box.desk.confirmed is not None
        entry = box.queue.entries[0]
        box.desk.confirmed.note(attempt(BOB, CARL, queue=queue, message=entry.envelope.message), sent(BOB))
        await box.scheduler.run_due()
        assert [each.recipients for each in peer.taken] == [[CARL]]
        assert box.waiting() == {}


async def test_another_message_of_the_same_number_is_another(tmp_path: Path) -> None:
    async with box_over(tmp_path) as (box, peer):
        queue = await box.submit(BOB)
        other = Journal(tmp_path)
        other.note(attempt(BOB, queue=queue, message="an older one"), sent(BOB))
        killed(other)
        assert await recover(box.desk) == 0
        await box.scheduler.run_due()
        assert len(peer.taken) == 1


async def test_a_file_is_there_while_it_is_needed_and_no_longer(tmp_path: Path) -> None:
    async with box_over(tmp_path) as (box, _):
        assert files(tmp_path) == []
        await box.submit(BOB)
        await box.scheduler.run_due()
        assert len(files(tmp_path)) == 1
        assert box.desk.confirmed is not None
        box.desk.confirmed.close()
        assert files(tmp_path) == []


async def test_what_a_disk_does_not_take_is_known_to_this_process_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / FOLDER).write_text("this is no folder")
    async with box_over(tmp_path) as (box, peer):
        await box.submit(BOB)
        await box.scheduler.run_due()
        assert (box.waiting(), len(peer.taken)) == ({}, 1)
        assert len(box.log.named("confirmation_not_kept")) == 1


def test_the_processes_of_a_data_folder_are_one_holder_and_others_another(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    assert Journal(tmp_path).holder == Journal(tmp_path).holder != Journal(tmp_path / "other").holder
    assert (Journal(tmp_path).holder, Journal(tmp_path / "absent").holder) == ((tmp_path / HOLDER).read_text(), "")


# --- the file -------------------------------------------------------------------------------------------------------


def test_the_file_of_a_process_that_lives_is_left_alone(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.note(attempt(BOB), sent(BOB))
    assert list(Journal(tmp_path).left()) == []
    journal.close()
    ((path, (found,)),) = Journal(tmp_path).left()
    assert path == files(tmp_path)[0]
    assert (found.queue, found.message, found.results) == (1, "ID", sent(BOB))


def test_only_what_was_taken_is_written_and_a_later_word_does_not_undo_it(tmp_path: Path) -> None:
    journal, mine = Journal(tmp_path), attempt(BOB, CARL)
    journal.note(mine, [*sent(BOB), *sent(CARL, verdict="later")])
    assert [each.recipient.address for each in journal.of(mine)] == [BOB]
    later = sent(BOB, CARL, verdict="later")
    assert [each.verdict for each in journal.sure(mine, later)] == ["sent", "later"]
    journal.settled(mine, [BOB])
    assert journal.sure(mine, later) == later


def test_a_file_begins_anew_when_nothing_in_it_is_waited_for(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    for number in range(LARGEST // 60):
        journal.note(attempt(BOB, queue=number), sent(BOB))
    assert files(tmp_path)[0].stat().st_size >= LARGEST
    for number in range(LARGEST // 60):
        journal.settled(attempt(BOB, queue=number), [BOB])
    assert files(tmp_path)[0].stat().st_size == 0
    journal.note(attempt(BOB), sent(BOB))
    assert len(read(files(tmp_path)[0].read_bytes())) == 1


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_whatever_is_in_a_file_does_no_harm(octets: bytes) -> None:
    good = json.dumps([1, "ID", "h", [[BOB, "2.0.0", "ok", True]]]).encode()
    found = read(octets + b"\n" + good + b"\n" + good[:-3])
    assert [each.results[0].recipient.address for each in found[-1:]] == [BOB]
