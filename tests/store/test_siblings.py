"""Marks between the processes of one server."""

from __future__ import annotations

import socket
from contextlib import closing

from groupware.model.ids import FolderId, ModSeq
from groupware.store.bus import LocalBus
from groupware.store.siblings import Siblings

PATIENCE = 20.0
A = FolderId(7)


async def test_what_one_publishes_the_other_hears_without_a_look_at_the_database() -> None:
    hears, told = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    hears.setblocking(False)
    with closing(hears), closing(told):
        here, there = Siblings(told, [told]), Siblings(hears, [])
        one, other = LocalBus(here.tell), LocalBus()
        there.listen(other)
        watch = other.watch([A])
        one.publish({A: ModSeq(3)})
        assert await watch.changed(PATIENCE) == {A: 3}
        there.close()


async def test_nobody_waits_for_a_sibling_that_does_not_listen() -> None:
    hears, told = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with closing(hears), closing(told):
        bus = LocalBus(Siblings(hears, [told]).tell)
        watch = bus.watch([A])
        for number in range(5000):
            bus.publish({A: ModSeq(number)})
        assert await watch.changed(PATIENCE) == {A: 4999}


async def test_what_was_heard_is_not_told_on() -> None:
    told = list[object]()
    LocalBus(told.append).hear({A: ModSeq(3)})
    assert told == []
