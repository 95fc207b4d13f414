"""A calendar that is taken away: those whom its meetings are with hear of each, as if it were deleted alone."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from groupware.model.ids import FolderId, Uid
from groupware.model.item import Kind
from groupware.model.principal import Principal
from groupware.model.rights import Right
from groupware.store.api import Blobs, ReadTx, Store, WriteTx

from .scheduling import Change, Plan, scheduled

_TELLS: Final = Right.READ | Right.EXPUNGE | Right.SCHEDULE_AS


async def called_off(store: Store, blobs: Blobs, who: Principal, at: FolderId) -> int:
    """Takes each meeting with others out of a calendar that one may take away; how many these were.

    Each is a write of its own: whoever is interrupted goes on where that was. Who may delete the calendar, and neither
    take single meetings out of it nor speak for its owner, tells nobody.
    """
    there = await store.read(who, lambda tx: _meetings(tx, at))
    for uid, name in there.items():
        change = Change(lambda tx: tx.folder(at, Right.READ), name, None)
        await scheduled(store, blobs, who, change, partial(_taken, at=at, uid=uid))
    return len(there)


def _meetings(tx: ReadTx, at: FolderId) -> Mapping[Uid, str]:
    here = tx.folder(at, Right.DROP)
    if here.kind not in (Kind.CALENDAR, Kind.TASKS) or _TELLS not in here.rights:
        return {}
    tags = tx.schedule_tags(at)
    return {each.uid: each.name for each in tx.items(at, [(uid, uid) for uid in tags]) if each.name} if tags else {}


def _taken(tx: WriteTx, plan: Plan, at: FolderId, uid: Uid) -> None:
    tx.expunge(at, [(uid, uid)], deleted_only=False)
