"""Who is at which mailbox: sessions for each account, counted in this process."""

from __future__ import annotations

from collections import Counter

from groupware.model.ids import AccountId
from mailcore.pop3.reply import InUse


class Openings:
    """Counts the sessions of each account. `limit` 0: as many as there are."""

    __slots__ = ("_limit", "_open")

    def __init__(self, limit: int, *, exclusive: bool) -> None:
        self._limit = 1 if exclusive else limit
        self._open: Counter[AccountId] = Counter()

    def enter(self, account: AccountId) -> None:
        """One more session. `InUse` when there are as many as there may be."""
        if self._limit and self._open[account] >= self._limit:
            sessions = "another session" if self._limit == 1 else f"{self._limit} other sessions"
            raise InUse(f"The mailbox is in use by {sessions}; end one, or try again later.")
        self._open[account] += 1

    def leave(self, account: AccountId) -> None:
        """One session less."""
        self._open[account] -= 1
        if self._open[account] <= 0:
            del self._open[account]
