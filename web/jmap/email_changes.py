"""`Email/changes` and `Thread/changes`: from the change sequence and its tombstones. RFC 8621 §3.2, §4.3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from groupware.mime.threads import Threads, thread_id
from groupware.model.folder import Folder
from groupware.model.ids import AccountId, FolderId, ItemId, ModSeq, Uid, ranges
from groupware.model.item import EmailTurn
from groupware.store.api import ReadTx
from web.jmap.arguments import ChangesArguments
from web.jmap.ids import account_id, email_id
from web.jmap.instances import by_folder, instances_of
from web.jmap.states import State, emails_at, read_state, unknown
from web.jmap.turn import Turn, owner_in, readable
from web.jmap.turned import Moments, Turned, moved, page_of


async def changes(turn: Turn, arguments: ChangesArguments) -> Mapping[str, Any]:
    """`Email/changes`."""
    since = read_state(arguments.since_state)

    def work(tx: ReadTx) -> Mapping[str, Any]:
        owner = owner_in(tx, arguments.account_id)
        folders = readable(tx, owner)
        told = page_of(*emails_turned(tx, owner, folders, since), since, arguments.max_changes)
        return {
            "accountId": account_id(owner),
            "oldState": arguments.since_state,
            "newState": str(emails_at(told.end, folders.values())),
            "hasMoreChanges": told.more,
            "created": [email_id(email) for email in told.created],
            "updated": [email_id(email) for email in told.updated],
            "destroyed": [email_id(email) for email in told.destroyed],
        }

    return await turn.read(work)


def emails_turned(tx: ReadTx, owner: AccountId, folders: Mapping[FolderId, Folder], since: State) -> Turned:
    """What became of emails since a state: of each with all its messages in these folders. `MethodError`."""
    now, turning = moved(tx, owner, folders, since)
    changed: dict[ItemId, list[EmailTurn]] = {}
    gone: dict[ItemId, list[EmailTurn]] = {}
    for at in turning:
        found = tx.email_turnover(at, since.at)
        if found is None:
            raise unknown()
        for some, into in ((found.changed, changed), (found.gone, gone)):
            for turn in some:
                into.setdefault(turn.email, []).append(turn)
    changed = _remade(changed, gone)
    asked = [email for email, some in changed.items() if all(each.came > since.at for each in some)]
    there = instances_of(tx, folders, asked + [email for email in gone if email not in changed])
    moments: Moments = {}
    for email in {*changed, *there}:
        turns = [*changed.get(email, ()), *gone.get(email, ())]
        known = {each.item: each.came for each in changed.get(email, ())}
        came = [*known.values(), *[each.came for each in gone.get(email, ())]]
        came += [each.came for each in there.get(email, ()) if each.item not in known]
        first = min(came)  # what came is told where it came, or a page would call it known
        moments[email] = (first if first > since.at else max(each.modseq for each in turns), first)
    left = {email: max(each.modseq for each in some) for email, some in gone.items() if email not in moments}
    return moments, left, now


def _remade(
    changed: Mapping[ItemId, list[EmailTurn]], gone: Mapping[ItemId, list[EmailTurn]]
) -> dict[ItemId, list[EmailTurn]]:
    """Those that changed: a message that has taken the place of another one in an item came when it did that."""
    last: dict[ItemId, EmailTurn] = {}
    for each in sorted([turn for some in gone.values() for turn in some], key=lambda turn: turn.modseq):
        last[each.item] = each

    def came(turn: EmailTurn) -> ModSeq:
        former = last.get(turn.item)
        return turn.came if former is None or former.email == turn.email else former.modseq

    return {email: [turn._replace(came=came(turn)) for turn in some] for email, some in changed.items()}


async def thread_changes(turn: Turn, arguments: ChangesArguments) -> Mapping[str, Any]:
    """`Thread/changes`: of what an email came to or went from. What had only emails that went is destroyed."""
    since, threads = read_state(arguments.since_state), turn.threads

    def work(tx: ReadTx) -> Mapping[str, Any]:
        owner = owner_in(tx, arguments.account_id)
        folders = readable(tx, owner)
        told = page_of(*emails_turned(tx, owner, folders, since), since, arguments.max_changes)
        left = _left(tx, folders, since, told.destroyed)
        there = {each for at in folders for each in _still_in(tx, threads, at, left)} if left else set()
        came = _threads(tx, folders, told.created)
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
            found = tx.buried(at, since.at)
            known |= {email: each for email, each in found.items() if each is not None or email not in known}
    threads = set()
    for email in gone:
        references = known.get(email)
        if references is None:
            raise unknown()
        threads.add(thread_id(email, *references))
    return threads


def _still_in(tx: ReadTx, threads: Threads, at: FolderId, asked: set[str]) -> set[str]:
    """Those of the threads that have an email in a folder."""
    emails = {uid: each.thread for uid, each in threads.placed_in(tx, at).items() if each.thread in asked}
    there = tx.columns(at, (), ranges([Uid(uid) for uid in emails])) if emails else ()
    return {emails[uid] for (uid,) in there}


def _threads(tx: ReadTx, folders: Mapping[FolderId, Folder], emails: Sequence[ItemId]) -> set[str]:
    found = instances_of(tx, folders, emails)
    return {
        thread_id(ItemId(number), message, references)
        for at, here in by_folder(some[0] for some in found.values()).items()
        for _, number, message, references in tx.columns(
            at, ("email", "message_id", "ids"), ranges([each.uid for each in here])
        )
    }
