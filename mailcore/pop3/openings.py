"""Who is at which mailbox: sessions for each account, over all processes of the server."""

from __future__ import annotations

from groupware.model.ids import AccountId
from mailcore.pop3.reply import InUse
from mailcore.server.seats import Seats


class Openings:
    """Counts the sessions of each account. `limit` 0: as many as there are."""

    __slots__ = ("_limit", "_seats")

    def __init__(self, limit: int, *, exclusive: bool, seats: Seats) -> None:
        self._limit = 1 if exclusive else limit
        self._seats = seats

    def enter(self, account: AccountId) -> None:
        """One more session. `InUse` when there are as many as there may be."""
        if not self._seats.take(_seat(account), self._limit):
            sessions = "another session" if self._limit == 1 else f"{self._limit} other sessions"
            raise InUse(f"The mailbox is in use by {sessions}; end one, or try again later.")

    def leave(self, account: AccountId) -> None:
        """One session less."""
        self._seats.give(_seat(account))


def _seat(account: AccountId) -> str:
    return f"pop3 {account}"
