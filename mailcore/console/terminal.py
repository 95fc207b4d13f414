"""Where the answers of a command go that runs in a thread: to the connection, as fast as the peer takes them.

Invariants
1. At most `GATHER` characters wait here; whoever writes more waits until the peer has taken what was written before.
2. Once halted it takes nothing more: the command ends at its next word, question or step in the store.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import CancelledError, Future
from threading import Event
from typing import Any, Final, Protocol

from groupware.model.errors import Refused
from mailcore.console import grammar

GATHER: Final = 65_536
OUTPUT_MAX: Final = 256 * 1024 * 1024


class Halted(Exception):
    """Nobody waits for the command any more."""


class Line(Protocol):
    """The other end, on the event loop."""

    async def tell(self, octets: bytes) -> None:
        """Send it, and wait while the peer is far behind."""
        ...

    async def ask(self, question: str, hidden: bool) -> str:
        """The peer's line."""
        ...


class RemoteTerminal:
    """`mailcore.cli.show.Terminal` for one command of a session."""

    __slots__ = ("_gathered", "_halted", "_line", "_loop", "_partial", "_pending", "_sent", "_size")

    def __init__(self, line: Line, loop: asyncio.AbstractEventLoop) -> None:
        self._line, self._loop = line, loop
        self._gathered: list[str] = []
        self._partial = ""
        self._size = self._sent = 0
        self._pending: Future[Any] | None = None
        self._halted = Event()

    # --- in the thread of the command

    def write(self, text: str) -> None:
        """Say some of the answer. `Halted`; `Refused` when it is too much."""
        whole, newline, rest = text.rpartition("\n")
        if newline:
            lines = (self._partial + whole).split("\n")
            self._gathered += [grammar.stuffed(each.rstrip("\r")) + "\r\n" for each in lines]
            self._partial = rest
        else:
            self._partial += rest
        self._size += len(text)
        if self._size >= GATHER:
            self._send()

    def note(self, text: str) -> None:
        """Say what is not the answer, in one line."""
        self.write(f"note: {' '.join(text.split())}\n")

    def ask(self, question: str, *, hidden: bool = False) -> str:
        """The peer's answer."""
        self.finish()
        answer: str = self.wait(self._line.ask(question, hidden))
        return answer

    def finish(self) -> None:
        """Send what is left."""
        if self._partial:
            self.write("\n")
        self._send()

    def wait(self, work: Coroutine[Any, Any, Any]) -> Any:
        """What comes of `work`, done on the event loop. `Halted`."""
        if self._halted.is_set():
            work.close()
            raise Halted
        self._pending = asyncio.run_coroutine_threadsafe(work, self._loop)
        if self._halted.is_set():  # meanwhile
            self._pending.cancel()
        try:
            return self._pending.result()
        except CancelledError:
            raise Halted from None

    def _send(self) -> None:
        octets = "".join(self._gathered).encode(errors="replace")
        self._gathered.clear()
        self._size = len(self._partial)
        self._sent += len(octets)
        if self._sent > OUTPUT_MAX:
            raise Refused(f"the answer has more than {OUTPUT_MAX} octets; ask for less")
        if octets or self._halted.is_set():
            self.wait(self._line.tell(octets))

    # --- on the event loop

    def halt(self) -> None:
        """Let the command end at its next step; harmless behind its end."""
        self._halted.set()
        if self._pending is not None:
            self._pending.cancel()
