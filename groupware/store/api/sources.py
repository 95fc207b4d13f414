"""Calendars that are filled from elsewhere. Decision 335."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from groupware.model.ids import AccountId, FolderId
from groupware.model.item import NewItem
from groupware.model.source import CalendarSource


class ReadSources(Protocol):
    def calendar_sources(self, of: AccountId | None = None) -> Sequence[CalendarSource]:
        """Those of the asking principal's calendars, or of an account's, on which one has `a`."""
        ...

    def due_calendar_sources(self, limit: int) -> Sequence[CalendarSource]:
        """Those that are to be asked now and that nobody is at, who waits longest first. `a` on the server."""
        ...

    def next_calendar_source(self) -> int | None:
        """When the next one is due (microseconds), or nobody is at it any more. `a` on the server."""
        ...


class WriteSources(Protocol):
    def put_calendar_source(self, new: CalendarSource, *, over: bool = False) -> CalendarSource:
        """Has a calendar filled from an address, or from another one, from now on. `a` on the calendar.

        Nobody writes what is in it any more, and its events take nobody's time until somebody says so. `Refused`: it
        is no empty calendar of an account, or may not be; `OverQuota` (`subscribedCalendarCount`). `over`: it need not
        be empty; what is in it stays until a fetch that goes well does not have it.
        """
        ...

    def hasten_calendar_source(self, at: FolderId) -> int:
        """Has one fetched as soon as may be; when that is (microseconds). `a`; `NotFound`, `Refused`."""
        ...

    def claim_calendar_source(self, number: FolderId, until: int) -> CalendarSource | None:
        """The source, which nobody else touches until then (microseconds); None: it is not due. `a` on the server."""
        ...

    def feed_calendar(self, source: CalendarSource, new: Sequence[NewItem], gone: Sequence[str]) -> None:
        """Puts items in, in the place of those of the same name, and takes others away by name. `a` on the server.

        `TryAgain`: the lease is lost; `OverQuota`.
        """
        ...

    def settle_calendar_source(self, source: CalendarSource, title: str = "", colour: str = "") -> bool:
        """Ends the lease, with how it went and when it is due again; whether it was held still. `a` on the server.

        `title` and `colour`: how the calendar calls itself, where its owner has said nothing of that.
        """
        ...
