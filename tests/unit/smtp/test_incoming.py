"""Messages that are coming in: how much of them is in memory, whatever they are and however many."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from mailcore.server.spool import FROM, NoRoom, Spool
from mailcore.smtp.incoming import BLOCK, Incoming, Memory, Room


async def test_what_comes_in_holds_no_more_memory_than_there_is_for_it(tmp_path: Path) -> None:
    memory, spool = Memory(4 * BLOCK), Spool(tmp_path)
    coming = [Incoming(memory, spool) for _ in range(12)]
    for at in range(5):
        for number, each in enumerate(coming):
            await each.add(bytes([at, number]) * (BLOCK // 2))
            held = sum(len(piece) for one in coming for piece in one._pieces)
            assert held == 4 * BLOCK - memory.left <= 4 * BLOCK
    for number, each in enumerate(coming):
        assert await each.whole() == b"".join(bytes([at, number]) * (BLOCK // 2) for at in range(5))
        each.close()
    assert (memory.left, spool.held) == (4 * BLOCK, 0)


async def test_a_large_message_goes_into_a_file_also_when_there_is_memory(tmp_path: Path) -> None:
    memory, spool = Memory(100 * FROM), Spool(tmp_path)
    large, small = Incoming(memory, spool), Incoming(memory, spool)
    for _ in range(3 * FROM // BLOCK):
        await large.add(b"x" * BLOCK)
    await small.add(b"x" * BLOCK)
    assert (large.in_file, small.in_file) == (3 * FROM, 0)
    assert spool.held > 2 * FROM
    assert memory.left > 98 * FROM
    for each in (large, small):
        each.close()
    assert (memory.left, spool.held) == (100 * FROM, 0)


async def test_who_finds_no_place_in_files_either_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    memory, spool = Memory(10), Spool(tmp_path, most=25)
    coming = Incoming(memory, spool)
    await coming.add(b"a" * 20)
    with pytest.raises(NoRoom):
        await coming.add(b"b" * 20)
    coming.close()
    assert (memory.left, spool.held) == (10, 0)


async def test_large_messages_that_are_there_wait_for_room_in_their_order() -> None:
    room, seen = Room(100), list[tuple[str, int]]()
    leave = {name: asyncio.Event() for name in ("first", "second", "third", "huge")}

    async def handle(name: str, octets: int) -> None:
        async with room.taken(octets):
            seen.append((name, room.held))
            await leave[name].wait()

    async with asyncio.TaskGroup() as group:
        for name, octets in (("first", 60), ("second", 60), ("third", 40), ("huge", 1000)):
            group.create_task(handle(name, octets))
        for name in leave:
            for _ in range(10):
                await asyncio.sleep(0)
            leave[name].set()
    assert seen == [("first", 60), ("second", 60), ("third", 100), ("huge", 1000)]
    assert room.held == 0


async def test_who_gives_up_waiting_for_room_takes_none() -> None:
    room = Room(100)
    async with room.taken(80):
        waiting = asyncio.create_task(room.taken(80).__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    async with room.taken(100):
        assert room.held == 100
