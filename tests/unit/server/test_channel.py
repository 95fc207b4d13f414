"""The channel between lead and worker."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from mailcore.server.channel import Answer, Channel, ChannelClosed
from mailcore.server.control import ControlError


def pair(verbs: Mapping[str, Answer]) -> tuple[Channel, Channel]:
    one, other = socket.socketpair()
    return Channel(one, {}), Channel(other, verbs)


async def twice(asked: Mapping[str, Any], fds: Sequence[int]) -> object:
    if asked["of"] < 0:
        raise ValueError("too small")
    return asked["of"] * 2


async def test_answers_find_those_who_asked() -> None:
    here, there = pair({"twice": twice})
    assert await asyncio.gather(*(here.ask("twice", of=number) for number in range(20))) == list(range(0, 40, 2))
    here.close()
    await there.closed


async def test_a_failure_is_said_to_the_one_who_asked() -> None:
    here, there = pair({"twice": twice})
    with pytest.raises(ControlError, match="too small"):
        await here.ask("twice", of=-1)
    here.close()
    there.close()


async def test_who_waits_hears_that_the_other_has_gone() -> None:
    here, there = pair({"wait": lambda asked, fds: asyncio.get_running_loop().create_future()})
    asking = asyncio.create_task(here.ask("wait"))
    await asyncio.sleep(0)
    there.close()
    with pytest.raises(ChannelClosed):
        await asking
    with pytest.raises(ChannelClosed):
        await here.ask("wait")


async def test_descriptors_come_with_their_message_however_long_the_others_are() -> None:
    came = asyncio.get_running_loop().create_future()

    async def long(asked: Mapping[str, Any], fds: Sequence[int]) -> object:
        return len(asked["text"])

    async def take(asked: Mapping[str, Any], fds: Sequence[int]) -> object:
        came.set_result((asked["names"], [os.fstat(fd).st_ino for fd in fds]))
        for fd in fds:
            os.close(fd)
        return None

    here, there = pair({"long": long, "take": take})
    reading, writing = os.pipe()
    asking = asyncio.create_task(here.ask("long", text="x" * 3_000_000))
    await asyncio.sleep(0)
    here.tell("take", [reading, writing], names=["r", "w"])
    inodes = [os.fstat(fd).st_ino for fd in (reading, writing)]
    os.close(reading)
    os.close(writing)
    assert await came == (["r", "w"], inodes)
    assert await asking == 3_000_000
    here.close()
    there.close()


async def test_descriptors_that_were_not_sent_are_closed_with_the_channel() -> None:
    here, there = pair({})
    reading, writing = os.pipe()
    here.tell("long", text="x" * 3_000_000)
    here.tell("take", [writing])
    os.close(writing)
    here.close()
    there.close()
    assert os.read(reading, 1) == b""  # nobody holds the other end any more
    os.close(reading)
