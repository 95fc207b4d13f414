"""Whether who has signed in on a connection may stay, looked at as soon as that may have changed.

The store marks what changes it (`STANDING`, `standing_of`), so nothing is asked while nothing changes. Decision 261.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from groupware.model.errors import BadCredentials, TryAgain
from groupware.model.ids import FolderId
from groupware.model.principal import Gone, Principal
from groupware.store.api import STANDING, Store, Watch, standing_of
from mailcore.server.parts import Parts

AGAIN_SECONDS: Final = 5.0
WORDS: Final[Mapping[Gone, str]] = {
    "disabled": "Your account has been disabled; ask the administrator.",
    "switched off": "This service has been switched off for your account; ask the administrator.",
    "password changed": "Your password has been changed; sign in with the new one.",
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


@dataclass(slots=True)
class Stay:
    """One who has signed in; `leave` is called once, with the reason, when the stay has to end."""

    parts: Parts
    who: Principal
    service: str
    leave: Callable[[Gone], None]
    _watch: Watch | None = None
    _looking: asyncio.Task[None] | None = None
    _again: bool = False

    def begin(self) -> None:
        """Watch from now on, and look once: what changed while somebody signed in is seen too."""
        self._watch = self.parts.bus.watch(marks_of(self.who), self._heard)
        self._heard()

    def end(self) -> None:
        """The stay is over, and nobody has to be told."""
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.close()

    def _heard(self) -> None:
        if self._looking is not None:
            self._again = True
        elif self._watch is not None:
            self._looking = asyncio.get_running_loop().create_task(self._look())

    async def _look(self) -> None:
        try:
            found = await self._found()
            if found is not None and self._watch is not None:
                self.end()
                self.leave(found)
        except Exception:
            self.parts.log("SERVER").error("stay_failed", user=self.who.name, trace=traceback.format_exc())
        finally:
            self._looking = None

    async def _found(self) -> Gone | None:
        """Why it has to end, once nothing has changed while that was asked."""
        while self._watch is not None:
            self._again = False
            try:
                found = await gone(self.parts.store, self.who, self.service)
            except TryAgain:
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            if found is not None or not self._again:
                return found
        return None
