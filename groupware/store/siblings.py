"""Marks between the processes of one server, at once: what a look at the journal would find a little later.

Invariant: nobody waits for a sibling. What does not fit into its queue it finds in the journal, as other processes do.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

from groupware.model.ids import FolderId, ModSeq

from .bus import LocalBus
from .marks import decoded, encoded

AT_ONCE: Final = 64
_LONGEST: Final = 8192


class Siblings:
    """The other processes of this server, as one of them knows them."""

    __slots__ = ("_hears", "_told")

    def __init__(self, hears: socket.socket, told: Sequence[socket.socket]) -> None:
        """`hears`: where this process is told, without waiting; `told`: where the others are. Packets, all of them."""
        self._hears, self._told = hears, told

    def tell(self, marks: Mapping[FolderId, ModSeq]) -> None:
        """From any thread, after COMMIT only."""
        for payload in encoded(marks):
            octets = payload.encode()
            for each in self._told:
                with suppress(OSError):  # its queue is full, or it is not there just now
                    each.send(octets, socket.MSG_DONTWAIT)

    def listen(self, bus: LocalBus) -> None:
        """Let the bus hear what the others say, on the running event loop, until `close`."""
        asyncio.get_running_loop().add_reader(self._hears.fileno(), self._heard, bus)

    def close(self) -> None:
        """Hear nothing more."""
        asyncio.get_running_loop().remove_reader(self._hears.fileno())

    def _heard(self, bus: LocalBus) -> None:
        with suppress(BlockingIOError):
            for _ in range(AT_ONCE):
                bus.hear(decoded(self._hears.recv(_LONGEST).decode()))
