"""`Email/changes` and `Thread/changes`: from the change sequence and its tombstones. RFC 8621 §3.2, §4.3."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from groupware.mime.threads import Threads, thread_id
from groupware.model.folder import Folder
from groupware.model.ids import AccountId, FolderId, ItemId, ModSeq, Uid, ranges
from groupware.model.rights import Right
from groupware.store.api import ReadTx
from web.jmap.arguments import ChangesArguments
from web.jmap.errors import MethodError
from web.jmap.ids import account_id, email_id
from web.jmap.limits import IN_CHANGES
from web.jmap.sets import mismatch
from web.jmap.states import State, emails_at, read_state, unknown
from web.jmap.turn import Turn, owner_in, readable

Moments = dict[ItemId, tuple[ModSeq, ModSeq]]
"""Where a difference tells of an item, and when it came."""


async def changes(turn: Turn, arguments: ChangesArguments) -> Mapping[str, Any]:
    """`Email/changes`."""
    since = read_state(arguments.since_state)

    def work(tx: ReadTx) -> Mapping[str, Any]:
        owner = owner_in(tx, arguments.account_id)
        folders = readable(tx, owner)
        told = page_of(*turned(tx, owner, folders, since), since, arguments.max_changes)
        return {
            "accountId": account_id(owner),
            "oldState": arguments.since_state,
            "newState": str(emails_at(told.end, folders.values())),
            "hasMoreChanges": told.more,
            "created": [email_id(item) for item in told.created],
            "updated": [email_id(item) for item in told.updated],
            "destroyed": [email_id(item) for item in told.destroyed],
        }

    return await turn.read(work)


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


def turned(
    tx: ReadTx, owner: AccountId, folders: Mapping[FolderId, Folder], since: State
) -> tuple[Moments, dict[ItemId, ModSeq], ModSeq]:
    """What changed and what went since a state, and where the sequence is now. `MethodError`."""
    now = tx.reached(owner)
    if since.at > now or emails_at(since.at, folders.values()) != since:
        raise unknown()
    changed: Moments = {}
    left: dict[ItemId, ModSeq] = {}
    for at, folder in folders.items():
        if folder.modseq <= since.at or at < 0:  # what is made of others, its own methods know
            continue
        found = tx.turnover(at, since.at) if Right.READ in folder.rights else None
        if found is None:
            raise unknown()
        for item, modseq, came in found.changed:  # what came is told where it came, or a page would call it known
            changed[item] = (came if came > since.at else modseq, came)
        for item, modseq in found.gone:
            left[item] = max(modseq, left.get(item, ModSeq(0)))
    still = _still_there(tx, folders, [item for item in left if item not in changed])
    return changed, {item: went for item, went in left.items() if item not in changed and item not in still}, now


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


async def thread_changes(turn: Turn, arguments: ChangesArguments) -> Mapping[str, Any]:
    """`Thread/changes`: of what an email came to or went from. What had only emails that went is destroyed."""
    since, threads = read_state(arguments.since_state), turn.threads

    def work(tx: ReadTx) -> Mapping[str, Any]:
        owner = owner_in(tx, arguments.account_id)
        folders = readable(tx, owner)
        told = page_of(*turned(tx, owner, folders, since), since, arguments.max_changes)
        left = _left(tx, folders, since, told.destroyed)
        there = {each for at in folders for each in _still_in(tx, threads, at, left)} if left else set()
        came = _threads(tx, list(told.created))
        return {
            "accountId": account_id(owner),
            "oldState": arguments.since_state,
            "newState": str(emails_at(told.end, folders.values())),
            "hasMoreChanges": told.more,
            "created": [],
            "updated": sorted(came | (left & there)),
            "destroyed": sorted(left - there - came),
        }

    return await turn.read(work)


def _left(tx: ReadTx, folders: Mapping[FolderId, Folder], since: State, gone: Sequence[ItemId]) -> set[str]:
    """The threads of emails that went. `MethodError` when it is not known of one any more."""
    if not gone:
        return set()
    known: dict[ItemId, tuple[str, str] | None] = {}
    for at, folder in folders.items():
        if folder.modseq > since.at:
            known |= tx.buried(at, since.at)
    found = set()
    for item in gone:
        references = known.get(item)
        if references is None:
            raise unknown()
        found.add(thread_id(item, *references))
    return found


def _still_in(tx: ReadTx, threads: Threads, at: FolderId, asked: set[str]) -> set[str]:
    """Those of the threads that have an email in a folder."""
    emails = {uid: each.thread for uid, each in threads.placed_in(tx, at).items() if each.thread in asked}
    there = tx.columns(at, (), ranges([Uid(uid) for uid in emails])) if emails else ()
    return {emails[uid] for (uid,) in there}


def _threads(tx: ReadTx, items: list[ItemId]) -> set[str]:
    where: dict[FolderId, list[Uid]] = {}
    for at, uid in tx.placed(items).values():
        where.setdefault(at, []).append(uid)
    return {
        thread_id(ItemId(number), message, references)
        for at, uids in where.items()
        for _, number, message, references in tx.columns(at, ("id", "message_id", "ids"), ranges(uids))
    }
