"""When one calendar takes time, for free-busy-query."""

from __future__ import annotations

from connectors.dav.paths import Place
from connectors.dav.request import Exchange
from connectors.dav.shelf import collection
from groupware.calendar.busy import FLOAT, Range, together
from groupware.model.item import Placed, Span
from groupware.store.api import ReadTx


async def busy_times(exchange: Exchange, at: Place, range_: Range) -> list[Span]:
    """The times in the range that one calendar takes. `NotFound`."""
    low, high = range_.start - FLOAT, range_.end + FLOAT

    def work(tx: ReadTx) -> Placed:
        return tx.busy(collection(tx, at).folder.id, low, high)

    placed = await exchange.parts.store.read(exchange.who, work)
    return await together(exchange.parts.blobs, [placed], range_)
