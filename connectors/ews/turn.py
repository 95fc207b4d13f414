"""What an operation works with: who asks, the store, and what the request says of itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from groupware.model.errors import GroupwareError, NotFound
from groupware.model.ids import AccountId
from groupware.model.principal import Principal
from groupware.store.api import ReadTx, WriteTx
from mailcore.server.parts import Parts
from mailcore.server.sections_push import PushSection
from mailcore.smtp.handin import Submission, Taken

from .errors import EwsError, ews_error
from .wire import Xml, failure, response, success

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Turn:
    """One request at work."""

    parts: Parts
    who: Principal
    host: str
    """What this server calls itself."""
    zone: str | None
    """The zone of the IANA database that the client is in, where it has said so."""
    hand_in: Callable[[Submission], Awaitable[Taken]]
    """Where mail is submitted."""
    base: str = ""
    """The address of the server, without a path."""
    stopping: Any = None
    """An `asyncio.Event`: set when the service stops."""
    push: PushSection | None = None
    """How notifications are posted to addresses; None: they are not."""

    async def read(self, work: Callable[[ReadTx], T]) -> T:
        """What `work` gives back over one snapshot."""
        return await self.parts.store.read(self.who, work)

    async def write(self, work: Callable[[WriteTx], T]) -> T:
        """What `work` gives back, after COMMIT."""
        return await self.parts.store.write(self.who, work)

    def now(self) -> datetime:
        """The moment, in the zone of the client where that is known."""
        return self.parts.clock.now().astimezone(ZoneInfo(self.zone) if self.zone else UTC)


async def each(
    operation: str,
    parts: Iterable[T],
    work: Callable[[T], Awaitable[str]],
    missing: str = "ErrorItemNotFound",
    beside: str = "",
) -> str:
    """The answer with a message for each part; what goes wrong with one is said of that one alone, with `beside`."""
    messages: list[Xml] = []
    for part in parts:
        messages.append(await one(operation, lambda: work(part), missing, beside))  # noqa: B023
    return response(operation, messages)


async def one(
    operation: str, work: Callable[[], Awaitable[str]], missing: str = "ErrorItemNotFound", beside: str = ""
) -> Xml:
    """The message of one part."""
    try:
        return success(operation, await work())
    except EwsError as error:
        return failure(operation, error, beside)
    except GroupwareError as error:
        return failure(operation, ews_error(error, missing), beside)


def account_of(tx: ReadTx, address: str) -> AccountId:
    """Whose mailbox it is. `EwsError`."""
    if not address or address.lower() == tx.who.name:
        return tx.who.account
    try:
        found = next((target.account for target in tx.resolve(address) if target.account is not None), None)
    except GroupwareError:
        found = None
    if found is None:
        raise EwsError("ErrorNonExistentMailbox", f"{address[:100]!r}: there is no mailbox of that address here")
    return found


def own_addresses(tx: ReadTx) -> Sequence[str]:
    """The addresses of who asks, in lower case, the own one first."""
    try:
        return [address.lower() for address in tx.addresses(tx.who.account)]
    except NotFound:
        return [tx.who.name]
