"""What became of items since a state, out of the change sequence and its tombstones. RFC 8620 §5.2."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from groupware.model.folder import Folder
from groupware.model.ids import AccountId, FolderId, ItemId, ModSeq
from groupware.model.rights import Right
from groupware.store.api import ReadTx
from web.jmap.errors import MethodError
from web.jmap.limits import IN_CHANGES
from web.jmap.sets import mismatch
from web.jmap.states import State, emails_at, read_state, unknown
from web.jmap.turn import Turn, owner_in

Moments = dict[ItemId, tuple[ModSeq, ModSeq]]
"""Where a difference tells of something, and when it came."""
Turned = tuple[Moments, Mapping[ItemId, ModSeq], ModSeq]
"""What changed and is there, what went and when, and where the sequence is now."""


@dataclass(frozen=True, slots=True)
class Page:
    """What became of items, up to a moment."""

    end: ModSeq
    more: bool
    created: Sequence[ItemId]
    updated: Sequence[ItemId]
    destroyed: Sequence[ItemId]


def page_of(changed: Moments, gone: Mapping[ItemId, ModSeq], now: ModSeq, since: State, most: int | None) -> Page:
    """The first of what `turned` gave, about as many as a client wants. `MethodError`."""
    end = _end(changed, gone, now, min(most or IN_CHANGES, IN_CHANGES))
    there = {item: moments for item, moments in sorted(changed.items()) if moments[0] <= end}
    return Page(
        end,
        end < now,
        [item for item, (_, came) in there.items() if came > since.at],
        [item for item, (_, came) in there.items() if came <= since.at],
        [item for item, went in gone.items() if went <= end],
    )


def turned(tx: ReadTx, owner: AccountId, folders: Mapping[FolderId, Folder], since: State) -> Turned:
    """What became of items since a state. `MethodError`."""
    now, turning = moved(tx, owner, folders, since)
    changed: Moments = {}
    left: dict[ItemId, ModSeq] = {}
    for at in turning:
        found = tx.turnover(at, since.at)
        if found is None:
            raise unknown()
        for item, modseq, came in found.changed:  # what came is told where it came, or a page would call it known
            changed[item] = (came if came > since.at else modseq, came)
        for item, modseq in found.gone:
            left[item] = max(modseq, left.get(item, ModSeq(0)))
    still = _still_there(tx, folders, [item for item in left if item not in changed])
    return changed, {item: went for item, went in left.items() if item not in changed and item not in still}, now


def moved(
    tx: ReadTx, owner: AccountId, folders: Mapping[FolderId, Folder], since: State
) -> tuple[ModSeq, Sequence[FolderId]]:
    """Where the sequence is now, and the folders in which something happened since a state. `MethodError`."""
    now = tx.reached(owner)
    if since.at > now or emails_at(since.at, folders.values()) != since:
        raise unknown()
    turning = [each for at, each in folders.items() if each.modseq > since.at and at > 0]  # made of others: known there
    if not all(Right.READ in each.rights for each in turning):
        raise unknown()
    return now, [each.id for each in turning]


async def check_unturned(
    turn: Turn, account: str, given: str, folders: Callable[[ReadTx, AccountId], Mapping[FolderId, Folder]]
) -> None:
    """`MethodError` `stateMismatch` when something in these folders has changed since the state `given`."""

    def work(tx: ReadTx) -> bool:
        owner = owner_in(tx, account)
        changed, gone, _ = turned(tx, owner, folders(tx, owner), read_state(given))
        return not changed and not gone

    try:
        same = await turn.read(work)
    except MethodError as error:
        if error.kind != "cannotCalculateChanges":
            raise
        same = False
    if not same:
        raise mismatch()


def _still_there(tx: ReadTx, folders: Mapping[FolderId, Folder], items: list[ItemId]) -> set[ItemId]:
    """Those of the items that left a folder for another that may be read."""
    return {item for item, (at, _) in tx.placed(items).items() if at in folders} if items else set()


def _end(changed: Moments, gone: Mapping[ItemId, ModSeq], now: ModSeq, most: int) -> ModSeq:
    """Where a page of about so many changes ends: what has one modseq stays together."""
    moments = sorted([*(modseq for modseq, _ in changed.values()), *gone.values()])
    if len(moments) <= most:
        return now
    before = [each for each in moments[: most + 1] if each < moments[most]]
    if not before:
        raise unknown()
    return before[-1]
