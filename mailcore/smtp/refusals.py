"""What was refused, for the trace: a row each, but of a peer that hammers a count only.

1. Nobody waits for it, and nothing that was accepted depends on it: rows are gathered, and written every few seconds.
2. What one peer, and all of them, can make the server keep and write is bounded; what comes beyond is counted.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from groupware.model.errors import GroupwareError
from groupware.model.event import Event
from groupware.model.principal import OPERATOR
from groupware.model.times import now_micros
from groupware.store.api import Store, WriteTx

EVERY: Final = 2.0
SPAN: Final = 60.0
"""Seconds for which a peer's rows are counted."""
ROWS_OF_PEER: Final = 20
"""Rows of one peer in that time; then it is counted."""
MOST_ROWS: Final = 1000
"""Rows that wait to be written."""
MOST_PEERS: Final = 10_000
MOST_TEXT: Final = 500


@dataclass(slots=True)
class Counted:
    """What one peer did lately."""

    since: float
    rows: int = 0
    more: int = 0
    last: str = ""


class Refusals:
    """Gathers. One object for a process."""

    __slots__ = ("_clock", "_peers", "_rows", "_store")

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._clock = store, clock
        self._rows: list[Event] = []
        self._peers: dict[str, Counted] = {}

    def add(
        self, stage: str, peer: str, why: str, *, code: int, message: str = "", sender: str = "", helo: str = "",
        to: Iterable[str] = (),
    ) -> None:  # fmt: skip
        """One refusal: `stage` is connect, mail, rcpt or data."""
        counted = self._peers.get(peer)
        if counted is None:
            if len(self._peers) >= MOST_PEERS:
                self._sum_up(-1)
            counted = self._peers[peer] = Counted(self._clock())
        counted.last = why
        if counted.rows >= ROWS_OF_PEER or len(self._rows) >= MOST_ROWS:
            counted.more += 1
            return
        counted.rows += 1
        facts: dict[str, str | int] = {"stage": stage, "peer": peer, "code": code, "why": why[:MOST_TEXT]}
        facts |= {name: value[:MOST_TEXT] for name, value in (("from", sender), ("helo", helo)) if value}
        parties = list(to) or ([sender] if sender else [])
        own = {each: {"to": each} if to else {} for each in parties[:MOST_ROWS]}
        self._rows.append(Event("refused", None, facts, message, own, at=now_micros()))

    async def write_down(self, *, all: bool = False) -> None:
        """Writes what was gathered; with `all` also the counts of peers that go on. What cannot be written is lost."""
        self._sum_up(-1 if all else SPAN)
        rows, self._rows = self._rows, []
        if not rows:
            return

        def work(tx: WriteTx) -> None:
            for each in rows:
                tx.note(each)

        try:
            await self._store.write(OPERATOR, work)
        except GroupwareError:  # the log has them all
            return

    async def keep(self) -> None:
        """Writes every few seconds, until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            await self.write_down()

    def _sum_up(self, older: float) -> None:
        """Makes rows of the counts of peers whose time is over, and forgets them."""
        before = self._clock() - older
        for peer, counted in [each for each in self._peers.items() if each[1].since <= before]:
            del self._peers[peer]
            if counted.more:
                facts: dict[str, str | int] = {"peer": peer, "count": counted.more, "why": counted.last[:MOST_TEXT]}
                self._rows.append(Event("refused_more", None, {"stage": "any", **facts}))
