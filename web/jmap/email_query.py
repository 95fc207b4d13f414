"""`Email/query`: which emails, in which order. RFC 8621 §4.4.

A mailbox from its newest email on is a page of an index, also with those first that are pinned or have come back.
All else looks at the columns of the mailboxes that can hold what is sought, and at no more columns than filter and
order name; words are sought in the index of words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from groupware.mime.threads import thread_id
from groupware.model.folder import Folder
from groupware.model.ids import FolderId, ItemId, ModSeq, ranges
from groupware.store.api import ReadTx
from web.jmap.arguments import QueryArguments, QueryChangesArguments, argument, flag, page
from web.jmap.email_filter import Filter, read_filter
from web.jmap.email_headers import with_headers
from web.jmap.email_rows import rows_of
from web.jmap.email_sort import NEWEST, Criterion, in_order, read_sort
from web.jmap.email_threads import first_of_threads
from web.jmap.email_tops import is_topped, with_tops
from web.jmap.errors import MethodError
from web.jmap.ids import account_id, email_id, folder_of
from web.jmap.instances import marks_of, twins_in
from web.jmap.limits import IN_QUERY
from web.jmap.remembered import difference, keep, known
from web.jmap.states import emails_at, read_state, unknown
from web.jmap.turn import Turn, owner_in, readable
from web.jmap.turned import moved

_PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class Arguments(QueryArguments):
    """RFC 8621 §4.4."""

    collapse_threads: bool = argument(flag, False)


@dataclass(frozen=True, slots=True)
class ChangedArguments(QueryChangesArguments):
    """RFC 8621 §4.5."""

    collapse_threads: bool = argument(flag, False)


async def query(turn: Turn, arguments: Arguments) -> Mapping[str, Any]:
    """`Email/query`."""
    sort = read_sort(arguments.sort)
    sought = await with_headers(turn, arguments.account_id, read_filter(arguments.filter or {}))

    def work(tx: ReadTx) -> Mapping[str, Any]:
        owner = owner_in(tx, arguments.account_id)
        folders = readable(tx, owner)
        now = str(emails_at(tx.reached(owner), folders.values()))
        head = {
            "accountId": account_id(owner),
            "queryState": now,
            "canCalculateChanges": not arguments.collapse_threads and len(sort) == 1,
        }
        at = _plain(tx, arguments, sort, folders)
        if at is not None:
            position, tops = arguments.position, [each.keyword for each in sort[:-1]]
            total = _total(tx, at) if arguments.calculate_total else 0
            limit = IN_QUERY if arguments.limit is None else min(arguments.limit, IN_QUERY)
            some: Sequence[str]
            if arguments.collapse_threads and (tops or arguments.calculate_total):
                every = first_of_threads(tx, turn.threads, at, tops)
                some, total = every[position : position + limit], len(every)
            elif tops:
                some = with_tops(tx, at, tops, position, limit)
            else:
                some = _newest(tx, at, position, limit, collapse=arguments.collapse_threads)
        else:
            every = _matching(tx, folders, sought, sort, collapse=arguments.collapse_threads)
            some, position = page(every, arguments, IN_QUERY)
            total = len(every)
            head |= {"queryState": keep(tx.who.account, every), "canCalculateChanges": True}
        found = {**head, "position": position, "ids": list(some)}
        if arguments.limit is None or arguments.limit > IN_QUERY:
            found["limit"] = IN_QUERY
        return {**found, "total": total} if arguments.calculate_total else found

    return await turn.read(work)


def _plain(
    tx: ReadTx,
    arguments: Arguments | ChangedArguments,
    sort: Sequence[Criterion],
    folders: Mapping[FolderId, Folder],
) -> Folder | None:
    """The folder that is asked for from its newest email on, as the index has it; None: it is another query."""
    wanted = (arguments.filter or {}).get("inMailbox")
    alone = len(arguments.filter or {}) == 1 and isinstance(wanted, str)
    at = folder_of(wanted) if alone and isinstance(wanted, str) else None
    newest = tuple(sort) == NEWEST
    topped = not newest and is_topped(sort) and isinstance(arguments, Arguments)
    simple = isinstance(arguments, ChangedArguments) or (arguments.anchor is None and arguments.position >= 0)
    here = folders.get(at) if at is not None and (newest or topped) and simple else None
    if here is not None and topped and not _as_there(tx, folders, here, {str(each.keyword) for each in sort[:-1]}):
        return None
    return here


def _as_there(tx: ReadTx, folders: Mapping[FolderId, Folder], here: Folder, tops: set[str]) -> bool:
    """Whether the messages of a folder say by themselves which emails are in it, and which of them stand on top."""
    for some in twins_in(tx, folders).values():
        inside = sum(each.folder == here.id for each in some)
        if inside > 1 or (inside and not tops.isdisjoint(marks_of(some)[1].lower().split())):
            return False
    return True


def _total(tx: ReadTx, at: Folder) -> int:
    """How many emails a folder has: less than messages, where one is there twice."""
    return at.total - sum(len(some) - 1 for some in twins_in(tx, {at.id: at}).values())


def _newest(tx: ReadTx, at: Folder, position: int, limit: int, *, collapse: bool) -> Sequence[str]:
    if not collapse and not at.copies:
        return [email_id(item) for _, item in tx.latest(at.id, position, limit)]
    seen: set[str] = set()
    kept: list[str] = []
    skip, step = 0, _PAGE
    while len(kept) < position + limit:
        some = tx.latest(at.id, skip, step)
        emails = _emails(tx, at.id, [uid for uid, _ in some], threads=collapse)
        for uid, _ in some:
            one, email = emails[uid]
            if one not in seen:
                seen.add(one)
                kept.append(email)
        skip += len(some)
        if len(some) < step:
            break
        step = min(step * 2, 5000)
    return kept[position : position + limit]


def _emails(tx: ReadTx, at: FolderId, uids: Sequence[int], *, threads: bool) -> Mapping[int, tuple[str, str]]:
    """What each message counts as once (its thread, or the email), and the email."""
    if not threads:
        return {uid: (email_id(email), email_id(email)) for uid, email in tx.columns(at, ("email",), ranges(uids))}
    rows = tx.columns(at, ("email", "message_id", "ids"), ranges(uids))
    return {uid: (thread_id(ItemId(email), *references), email_id(email)) for uid, email, *references in rows}


def _matching(
    tx: ReadTx, folders: Mapping[FolderId, Folder], sought: Filter, sort: Sequence[Criterion], *, collapse: bool
) -> list[str]:
    """The ids of all that match, in order."""
    if sought.decided and tuple(sort) == NEWEST and not collapse:
        return _by_words(tx, sought, folders)
    rows, searched, decided = rows_of(tx, folders, sought, sort, collapse=collapse)
    kept = sought.kept(tx, rows, searched, decided=decided)
    ordered = in_order(kept, rows, sort)
    if not collapse:
        return [email_id(ItemId(row["email"])) for row in ordered]
    first: dict[str, str] = {}
    for each in ordered:
        first.setdefault(each["thread"], email_id(ItemId(each["email"])))
    return list(first.values())


def _by_words(tx: ReadTx, sought: Filter, folders: Mapping[FolderId, Folder]) -> list[str]:
    """What the index of words alone decides, the newest first: no more is read of an email than when it came."""
    assert sought.query is not None
    found = tx.find_latest(sought.narrowed(list(folders)), sought.query)
    return list(dict.fromkeys(email_id(email) for email in found))


async def query_changes(turn: Turn, arguments: ChangedArguments) -> Mapping[str, Any]:
    """`Email/queryChanges`: of a mailbox from its changes, else as long as it is remembered what was found."""
    sort = read_sort(arguments.sort)
    sought = await with_headers(turn, arguments.account_id, read_filter(arguments.filter or {}))
    old = arguments.since_query_state

    def work(tx: ReadTx) -> Mapping[str, Any]:
        owner = owner_in(tx, arguments.account_id)
        folders = readable(tx, owner)
        if old.startswith("Q"):
            before = known(old)
            every = _matching(tx, folders, sought, sort, collapse=arguments.collapse_threads)
            new, total = keep(tx.who.account, every), len(every)
            told = difference(before, every, arguments.max_changes)
        else:
            at = _plain(tx, arguments, sort, folders)
            if at is None or arguments.collapse_threads:
                raise unknown()
            moved(tx, owner, folders, read_state(old))
            new = str(emails_at(tx.reached(owner), folders.values()))
            total = _total(tx, at) if arguments.calculate_total else 0
            told = _turned_here(tx, at, read_state(old).at, arguments.max_changes)
        found = {"accountId": account_id(owner), "oldQueryState": old, "newQueryState": new, **told}
        return {**found, "total": total} if arguments.calculate_total else found

    return await turn.read(work)


def _turned_here(tx: ReadTx, at: Folder, since: ModSeq, most: int | None) -> Mapping[str, Any]:
    """What came into a folder and left it; what has changed is told as if it had done both, for its place is known."""
    found = tx.email_turnover(at.id, since)
    if found is None:
        raise unknown()
    changed = {each.email for each in found.changed}
    gone = {each.email for each in found.gone}
    if most is not None and 2 * len(changed) + len(gone) > most:
        raise MethodError("tooManyChanges", f"{2 * len(changed) + len(gone)} changes")
    twice = at.copies > 0 or any(each.email != each.item for each in found.gone)
    order = _newest(tx, at, 0, at.total, collapse=False) if changed or (gone and twice) else ()
    told = {email_id(email) for email in changed | gone}
    added = [{"id": name, "index": index} for index, name in enumerate(order) if name in told]
    return {"removed": sorted(told), "added": added}
