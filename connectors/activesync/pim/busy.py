"""Calendars of which somebody knows only when they take time: a block for each busy period (decision 353).

A block has a number made of what it is, so it stays as long as the period does. What a device has is in its state:
there is no history of periods, and so the difference is exact whatever happened meanwhile.
"""

from __future__ import annotations

from typing import Final

from connectors.activesync.exchange import Exchange
from connectors.activesync.sync.position import END, Position
from connectors.activesync.sync.walk import Page
from groupware.calendar.blocks import Period, Periods
from groupware.model.folder import Folder

_PERIODS: Final = Periods()
_DIGITS: Final = 13
"""Hexadecimal digits of a name that make a number."""
_SECOND: Final = 1_000_000
"""Microseconds."""


async def periods(exchange: Exchange, at: Folder) -> dict[int, Period]:
    """The busy periods of a calendar in the order of their times, by their numbers. `NotFound`, `NoRight`."""
    parts = exchange.parts
    found = await _PERIODS.of(parts.store, parts.blobs, exchange.who, [at])
    return {int(each.name[:_DIGITS], 16) + 1: each for each in found}


async def busy_page(exchange: Exchange, at: Folder, was: Position, window: int, low: int) -> Page:
    """What differs from the blocks that a device has; `low`: those are wanted that go on after that, in microseconds
    since 1970. `NotFound`, `NoRight`.
    """
    there = [number for number, each in (await periods(exchange, at)).items() if each.span.end * _SECOND > low]
    now = frozenset(there)
    gone = sorted(was.blocks - now)
    news = [number for number in there if number not in was.blocks]
    lost, came = gone[:window], news[: max(window - len(gone), 0)]
    at_end = int(at.modseq)
    blocks = (was.blocks - frozenset(lost)) | frozenset(came)
    position = Position(1, 0, (at_end, END), at_end, low, blocks=blocks)
    return Page(adds=came, deletes=lost, position=position, more=len(gone) + len(news) > window)
