"""Whether who has signed in on a connection may stay, looked at as soon as that may have changed.

The store marks what changes it (`STANDING`, `standing_of`), so nothing is asked while nothing changes. Decision 261.
"""

from __future__ import annotations

import asyncio
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from groupware.model.errors import BadCredentials, TryAgain
from groupware.model.ids import FolderId
from groupware.model.principal import Gone, Principal
from groupware.store.api import STANDING, Store, Watch, standing_of
from mailcore.server.parts import Parts

AGAIN_SECONDS: Final = 5.0
AT_ONCE: Final = 8
LONG_AGO: Final = -1
"""As `news`: who begins to stay has to look."""
WORDS: Final[Mapping[Gone, str]] = {
    "disabled": "Your account has been disabled; ask the administrator.",
    "switched off": "This service has been switched off for your account; ask the administrator.",
    "password changed": "Your password has been changed; sign in with the new one.",
    "access ended": "The access that you gave this program has ended; sign in again.",
}


def marks_of(who: Principal) -> Iterable[FolderId]:
    """What to watch to hear when it may be that this one may not stay."""
    accounts = {who.account, who.proof.account} if who.proof is not None else {who.account}
    return (STANDING, *map(standing_of, accounts))


async def gone(store: Store, who: Principal, service: str) -> Gone | None:
    """Why it may not stay, as things are now; None: it may. `TryAgain`."""
    try:
        return await store.glance(who, lambda tx: tx.gone(service))
    except BadCredentials:
        return "disabled"


class Turns:
    """Those of one service that have to look, a few at once: what concerns everybody must not hold up all else."""

    __slots__ = ("_at_work", "_waiting")

    def __init__(self) -> None:
        self._waiting: deque[Stay] = deque()
        self._at_work: set[asyncio.Task[None]] = set()

    def put(self, stay: Stay) -> None:
        """Let it look when it is its turn."""
        self._waiting.append(stay)
        if len(self._at_work) < AT_ONCE:
            task = asyncio.get_running_loop().create_task(self._work())
            self._at_work.add(task)
            task.add_done_callback(self._at_work.discard)

    async def _work(self) -> None:
        while self._waiting:
            await self._waiting.popleft().look()
            await asyncio.sleep(0)


@dataclass(slots=True)
class Stay:
    """One who has signed in; `leave` is called once, with the reason, when the stay has to end."""

    parts: Parts
    who: Principal
    service: str
    leave: Callable[[Gone], None]
    turns: Turns
    _watch: Watch | None = None
    _waits: bool = False

    def begin(self, news: int) -> None:
        """Watch from now on, and look if marks have come since the bus had these `news`, before one signed in."""
        self._watch = self.parts.bus.watch(marks_of(self.who), self._heard)
        if self.parts.bus.news != news:
            self._heard()

    def end(self) -> None:
        """The stay is over, and nobody has to be told."""
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.close()

    async def look(self) -> None:
        """Leave if it has to be; what is heard from now on is looked at anew."""
        self._waits = False
        if self._watch is None:
            return
        try:
            found = await gone(self.parts.store, self.who, self.service)
        except TryAgain:
            asyncio.get_running_loop().call_later(AGAIN_SECONDS, self._heard)
            return
        except Exception:
            self.parts.log("SERVER").error("stay_failed", user=self.who.name, trace=traceback.format_exc())
            return
        if found is not None and self._watch is not None:
            self.end()
            self.leave(found)

    def _heard(self) -> None:
        if not self._waits and self._watch is not None:
            self._waits = True
            self.turns.put(self)
