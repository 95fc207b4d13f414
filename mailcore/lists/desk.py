"""What handling the messages of lists needs, and the steps that all of it is made of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final, Literal

from groupware.model.errors import AlreadyExists, NotFound
from groupware.model.event import Event
from groupware.model.folder import Folder, Role
from groupware.model.ids import AccountId, FolderId, ItemId, Uid
from groupware.model.mailinglist import ARCHIVE, INBOX
from groupware.model.principal import OPERATOR
from groupware.model.rights import Right
from groupware.store.api import Blobs, Store, WriteTx
from mailcore.lists.letter import Letter
from mailcore.lists.rules import Rules, Seal
from mailcore.queue.texts import Texts
from mailcore.queue.trace import say
from mailcore.server.clock import Clock
from mailcore.server.events import EventLog

WHO: Final = replace(OPERATOR, client="lists")
Policy = Literal["none", "quarantine", "reject", "unknown"]
"""What a domain asks others to do with mail that it did not send itself."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What every step needs."""

    store: Store
    blobs: Blobs
    clock: Clock
    log: EventLog
    host: str
    authserv_id: str
    """Under which this server writes what it found of senders."""
    seal: Seal
    shelf: Callable[[], Texts] = Texts
    """What gives the texts that hold now."""
    policy: Callable[[str], Awaitable[Policy]] | None = None
    """None: nothing can be looked up."""

    @property
    def texts(self) -> Texts:
        """The texts that hold now."""
        return self.shelf()


@dataclass(frozen=True, slots=True)
class Case:
    """One message in a folder of a list."""

    rules: Rules
    at: FolderId
    uid: Uid
    item: ItemId
    letter: Letter
    tag: str = ""
    approved: bool = False
    """A moderator has put it there."""
    cleared: bool = False
    """It was held back, and somebody has released it."""


Work = Callable[[WriteTx], Sequence[Event]]


def still_there(tx: WriteTx, case: Case) -> bool:
    """Whether nobody has handled the message meanwhile. Whoever asks in a write is alone until it ends."""
    return bool(tx.items(case.at, ((case.uid, case.uid),)))


async def settle(desk: Desk, case: Case, to: str, work: Work = lambda tx: ()) -> bool:
    """Moves the message to a folder of the list ("" takes it away), with what `work` does: one write, once.

    False: somebody else has handled it meanwhile, and nothing was done. What `work` gives back it has noted itself.
    """

    def whole(tx: WriteTx) -> Sequence[Event] | None:
        if not still_there(tx, case):
            return None
        events = work(tx)
        put_away(tx, case, to)
        return events

    events = await desk.store.write(WHO, whole)
    say(desk.log, events or ())
    return events is not None


def put_away(tx: WriteTx, case: Case, to: str) -> None:
    """Takes the message out of its folder, into another one or for good."""
    tx.note_list_progress(case.at, case.uid, None)
    if to:
        tx.move(case.at, ((case.uid, case.uid),), folder(tx, case.rules.id, to).id)
    else:
        tx.expunge(case.at, ((case.uid, case.uid),), deleted_only=False)


def folder(tx: WriteTx, of: AccountId, name: str) -> Folder:
    """A folder of a list by its name, made where it is missing."""
    if name == INBOX:
        return tx.role(of, Role.INBOX)
    with suppress(NotFound):
        return tx.locate(of, name, Right.LOOKUP)
    with suppress(AlreadyExists):
        return tx.add_folder(of, name, role=Role.ARCHIVE if name == ARCHIVE else None)
    return tx.locate(of, name, Right.LOOKUP)
