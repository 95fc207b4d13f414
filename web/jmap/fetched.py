"""What the server fetches from elsewhere for one's own account, again and again: mailboxes and calendars.

What there is of them is little: all of it is told, and its state is a digest of that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from groupware.model.errors import GroupwareError
from groupware.store.api import ReadTx, WriteTx
from web.jmap import few
from web.jmap.arguments import GetArguments, argument, ident, ids
from web.jmap.errors import SetError, set_error
from web.jmap.headers_of import utc
from web.jmap.ids import account_id
from web.jmap.kept import own
from web.jmap.sets import SetArguments, Ways, set_few
from web.jmap.turn import Turn

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FetchArguments:
    """`Foo/fetch`: those that are to be fetched as soon as may be."""

    account_id: str = argument(ident)
    ids: tuple[str, ...] = argument(ids)


@dataclass(frozen=True, slots=True)
class Fetched:
    """One kind of them."""

    properties: Sequence[str]
    every: Callable[[ReadTx], Mapping[str, Json]]
    """All that the account has, by id."""
    service: str
    """What fetches them."""
    away: str
    """What is said while that is not at work."""

    async def get(self, turn: Turn, arguments: GetArguments) -> Json:
        """`Foo/get`."""

        def look(tx: ReadTx) -> tuple[str, str, Mapping[str, Json]]:
            there = self.every(tx)
            return account_id(own(tx, arguments.account_id)), few.state_of(there), there

        return await few.get(turn, arguments, self.properties, look)

    async def set_(self, turn: Turn, arguments: SetArguments, ways: Ways) -> Json:
        """`Foo/set`."""

        def look(tx: ReadTx) -> tuple[str, str]:
            return account_id(own(tx, arguments.account_id)), few.state_of(self.every(tx))

        return await set_few(turn, arguments, look, ways)

    async def fetch(self, turn: Turn, arguments: FetchArguments, hasten: Callable[[WriteTx, str], int]) -> Json:
        """`Foo/fetch`: when each is fetched, which is not within a minute of the last time, or why it is not."""
        owner = await turn.read(lambda tx: own(tx, arguments.account_id))
        found: dict[str, str] = {}
        refused: dict[str, Any] = {}
        for name in arguments.ids:
            try:
                self.check_at_work(turn)
                found[name] = utc(await turn.write(lambda tx, name=name: hasten(tx, turn.real(name))))  # type: ignore[misc]
            except SetError as error:
                refused[name] = error.value
            except GroupwareError as error:
                refused[name] = set_error(error).value
        return {"accountId": account_id(owner), "fetching": found or None, "notFetching": refused or None}

    def check_at_work(self, turn: Turn) -> None:
        """`SetError` while nothing fetches them."""
        if self.service not in turn.parts.at_work:
            raise SetError("forbidden", self.away)
