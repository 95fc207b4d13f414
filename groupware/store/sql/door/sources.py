"""`groupware.store.api.sources` over SQL."""

from __future__ import annotations

from collections.abc import Sequence

from groupware.model.ids import AccountId, FolderId
from groupware.model.item import NewItem
from groupware.model.source import CalendarSource

from .. import sources
from ..tx import Tx


class Sources(Tx):
    __slots__ = ()

    def calendar_sources(self, of: AccountId | None = None) -> Sequence[CalendarSource]:
        return sources.sources(self, of)

    def due_calendar_sources(self, limit: int) -> Sequence[CalendarSource]:
        return sources.due(self, limit)

    def next_calendar_source(self) -> int | None:
        return sources.next_due(self)

    def put_calendar_source(self, new: CalendarSource, *, over: bool = False) -> CalendarSource:
        return sources.put(self, new, over=over)

    def hasten_calendar_source(self, at: FolderId) -> int:
        return sources.hasten(self, at)

    def claim_calendar_source(self, number: FolderId, until: int) -> CalendarSource | None:
        return sources.claim(self, number, until)

    def feed_calendar(self, source: CalendarSource, new: Sequence[NewItem], gone: Sequence[str]) -> None:
        sources.feed(self, source, new, gone)

    def settle_calendar_source(self, source: CalendarSource, title: str = "", colour: str = "") -> bool:
        return sources.settle(self, source, title, colour)
