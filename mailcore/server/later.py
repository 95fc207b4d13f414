"""What a service imports only when somebody asks for it, or when the server is ready and nobody waits for it any more.

Invariants
1. Everything is brought in under one lock, whoever asks: two threads that import modules which import each other could
   see one of them half made.
2. Whoever waits for `ready` waits for nothing of this; who forks processes has all of it brought in before.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import Any, Final, Generic, TypeVar

Thing = TypeVar("Thing")
AFTER: Final = 1.0
"""Seconds behind `ready`: until then whoever waited for it has the processor."""
SWITCH_SECONDS: Final = 0.0005
"""For so long importing keeps the event loop from running; the interpreter's own 5 ms would be felt in each message."""
_ONE: Final = threading.Lock()
_declared: Final[list[Later[Any]]] = []


class Later(Generic[Thing]):
    """Something to import. `bring` imports it and gives it back."""

    __slots__ = ("_bring", "_here")

    def __init__(self, bring: Callable[[], Thing]) -> None:
        self._bring, self._here = bring, list[Thing]()
        _declared.append(self)

    @property
    def here(self) -> bool:
        """Whether it has been brought."""
        return bool(self._here)

    def now(self) -> Thing:
        """It. Blocks while it is imported."""
        if not self._here:
            with _ONE:
                if not self._here:
                    self._here.append(self._bring())
        return self._here[0]

    async def get(self) -> Thing:
        """It, imported beside the event loop."""
        return self._here[0] if self._here else await asyncio.to_thread(self.now)


def everything() -> None:
    """Bring all that has been declared by now. Blocks."""
    for each in list(_declared):
        each.now()


async def keep(what: Later[Callable[..., Awaitable[None]]], *about: Any) -> None:
    """A task that a service has besides, imported a moment behind `ready` and begun then."""
    if not what.here:
        await asyncio.sleep(AFTER)
    await (await what.get())(*about)


async def everything_soon() -> None:
    """Bring it all beside the event loop, one thing after the other, once the server has been ready for a moment."""
    if all(each.here for each in _declared):
        return
    await asyncio.sleep(AFTER)
    usual, collecting = sys.getswitchinterval(), gc.isenabled()
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.disable()  # what is imported stays
    try:
        for each in list(_declared):
            await each.get()
        gc.freeze()
    finally:
        sys.setswitchinterval(usual)
        if collecting:
            gc.enable()
