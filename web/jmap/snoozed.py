"""Emails that wait until a moment: the property `snoozed`, as Cyrus names it. Decision 309.

    "snoozed": {"until": "2026-12-01T08:00:00Z", "moveToMailboxId": "F7"}    null: it does not wait

An email waits in the mailbox of the role `snoozed` of one's own account; `moveToMailboxId` null is the inbox.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from groupware.model.folder import Role
from groupware.model.ids import AccountId, FolderId, ItemId, Uid
from groupware.model.snooze import Snooze
from groupware.model.times import micros, moment, moment_of
from groupware.store.api import ReadTx, WriteTx
from web.jmap.ids import folder_of, mailbox_id
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


def check(tx: ReadTx, owner: AccountId, at: FolderId) -> None:
    """`SetError` where an email cannot wait."""
    if owner != tx.who.account or tx.folder(at).role != Role.SNOOZED:
        raise invalid(PROPERTY, "an email waits in the mailbox of the role `snoozed` of one's own account")


def put(tx: WriteTx, given: Mapping[ItemId, Wanted]) -> None:
    """Has emails wait, once they are where they do."""
    places = tx.placed(list(given))
    for item, each in given.items():
        if item in places:
            at, uid = places[item]
            if each.until is None and tx.folder(at).role != Role.SNOOZED:
                continue  # who takes it out has it
            tx.snooze(at, uid, each.until, each.to)


def waiting(tx: ReadTx, places: Iterable[tuple[FolderId, Uid]]) -> Mapping[tuple[FolderId, Uid], Snooze]:
    """Those of these emails that wait."""
    found: dict[FolderId, list[Uid]] = {}
    for at, uid in places:
        found.setdefault(at, []).append(uid)
    return {(at, uid): each for at, uids in found.items() for uid, each in tx.snoozed(at, uids).items()}


def told(snooze: Snooze | None) -> Mapping[str, Any] | None:
    """The property."""
    if snooze is None:
        return None
    until = moment(snooze.due).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"until": until, "moveToMailboxId": mailbox_id(snooze.to) if snooze.to is not None else None}
