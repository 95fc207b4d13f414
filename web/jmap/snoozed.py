"""Emails that wait until a moment: the property `snoozed`, as Cyrus names it. Decision 309.

    "snoozed": {"until": "2026-12-01T08:00:00Z", "moveToMailboxId": "F7"}    null: it does not wait

An email waits in the mailbox of the role `snoozed` of one's own account; `moveToMailboxId` null is the inbox.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from groupware.model.folder import Folder, Role
from groupware.model.ids import AccountId, FolderId, ItemId
from groupware.model.item import Instance
from groupware.model.snooze import Snooze
from groupware.model.times import micros, moment, moment_of
from groupware.store.api import ReadTx, WriteTx
from web.jmap.ids import folder_of, mailbox_id
from web.jmap.instances import by_folder, instances_of
from web.jmap.sets import invalid
from web.jmap.turn import Turn

PROPERTY: Final = "snoozed"
_KEYS: Final = frozenset({"until", "moveToMailboxId"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is said of an email: until when it waits (None: it does not), and where it comes back to."""

    until: int | None
    to: FolderId | None = None


def wanted(turn: Turn, value: Any) -> Wanted:
    """What a client gives. `SetError`."""
    if value is None:
        return Wanted(None)
    if not isinstance(value, Mapping) or "until" not in value or value.keys() - _KEYS:
        raise invalid(PROPERTY, "an object with `until` and `moveToMailboxId` is wanted, or null")
    try:
        until = micros(moment_of(value["until"]))
    except (ValueError, OverflowError, TypeError, AttributeError) as error:
        raise invalid(PROPERTY, f"until: {error}") from None
    to = value.get("moveToMailboxId")
    if to is None:
        return Wanted(until)
    at = folder_of(turn.real(to)) if isinstance(to, str) else None
    if at is None:
        raise invalid(PROPERTY, "moveToMailboxId: there is no such mailbox")
    return Wanted(until, at)


def check(tx: ReadTx, owner: AccountId, places: Iterable[FolderId]) -> None:
    """`SetError` where an email cannot wait."""
    if owner != tx.who.account or all(tx.folder(at).role != Role.SNOOZED for at in places):
        raise invalid(PROPERTY, "an email waits in the mailbox of the role `snoozed` of one's own account")


def put(tx: WriteTx, folders: Mapping[FolderId, Folder], given: Mapping[ItemId, Wanted]) -> None:
    """Has emails wait, once they are where they do; who takes one out has it."""
    for email, some in instances_of(tx, folders, list(given)).items() if given else ():
        for each in some:
            if folders[each.folder].role == Role.SNOOZED:
                tx.snooze(each.folder, each.uid, given[email].until, given[email].to)


def waiting(tx: ReadTx, some: Iterable[Instance]) -> Mapping[ItemId, Snooze]:
    """Those of the emails that these messages are which wait."""
    found: dict[ItemId, Snooze] = {}
    for at, here in by_folder(some).items():
        emails = {each.uid: each.email for each in here}
        found.update((emails[uid], each) for uid, each in tx.snoozed(at, list(emails)).items())
    return found


def told(snooze: Snooze | None) -> Mapping[str, Any] | None:
    """The property."""
    if snooze is None:
        return None
    until = moment(snooze.due).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"until": until, "moveToMailboxId": mailbox_id(snooze.to) if snooze.to is not None else None}
