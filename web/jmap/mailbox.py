"""Mailbox: a folder of mail. RFC 8621 §2."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

from groupware.mime.threads import Threads
from groupware.model.folder import SEPARATOR, Folder
from groupware.model.ids import FolderId, ModSeq
from groupware.model.rights import Right
from groupware.store.api import ReadTx
from web.jmap.arguments import ChangesArguments, GetArguments, chosen
from web.jmap.granted import MAIL_WORDS, shared_with
from web.jmap.ids import account_id, mailbox_id
from web.jmap.limits import MAIL_SHARE
from web.jmap.mailbox_counts import Twins, others_counted, threads, total, twins_of, unread
from web.jmap.states import line_of, mailboxes_at, mailboxes_in, read_state, unknown
from web.jmap.turn import Turn, mailboxes, owner_in

PROPERTIES: Final = (
    "id",
    "name",
    "parentId",
    "role",
    "sortOrder",
    "totalEmails",
    "unreadEmails",
    "totalThreads",
    "unreadThreads",
    "myRights",
    "isSubscribed",
)
SHARED: Final = ("shareWith",)
"""What is there with the capability `mail:share`."""
COUNTS: Final = ("totalEmails", "unreadEmails", "totalThreads", "unreadThreads")
ORDER: Final = "/private/vendor/postroom/sort-order"
"""The annotation that keeps one's own order of a folder."""
ROLES: Final = ("inbox", "drafts", "sent", "archive", "junk", "trash", "snoozed")


async def get(turn: Turn, arguments: GetArguments) -> Mapping[str, Any]:
    """`Mailbox/get`. RFC 8621 §2.1."""
    shares = MAIL_SHARE in turn.using
    wanted, counted = chosen(arguments.properties, (*PROPERTIES, *SHARED) if shares else PROPERTIES), turn.threads

    def work(tx: ReadTx) -> Mapping[str, Any]:
        owner = owner_in(tx, arguments.account_id)
        folders = mailboxes(tx, owner)
        orders = orders_in(tx, folders)
        known = {mailbox_id(each.id): each for each in folders}
        asked = list(known) if arguments.ids is None else arguments.ids
        twins = {} if set(COUNTS).isdisjoint(wanted) else twins_of(tx, folders)
        return {
            "accountId": account_id(owner),
            "state": str(mailboxes_at(tx.reached(owner), folders, orders)),
            "list": [
                told(tx, known[each], folders, orders, wanted, counted, twins, shares=shares)
                for each in asked
                if each in known
            ],
            "notFound": [each for each in asked if each not in known],
        }

    return await turn.read(work)


def told(
    tx: ReadTx,
    at: Folder,
    folders: Sequence[Folder],
    orders: Mapping[FolderId, int],
    wanted: Sequence[str],
    counted: Threads,
    twins: Twins,
    *,
    shares: bool = False,
) -> dict[str, Any]:
    """The properties of a mailbox that are wanted."""
    found: dict[str, Any] = {}
    for name in wanted:
        if name in ("totalThreads", "unreadThreads"):
            found[name] = threads(tx, at, counted, twins)[name == "unreadThreads"]
        elif name in COUNTS:
            found[name] = total(at, twins) if name == "totalEmails" else unread(at, twins)
        elif name == "parentId":
            found[name] = parent_of(at, folders)
        elif name == "sortOrder":
            found[name] = sort_order(at, orders)
        elif name == "shareWith":
            found[name] = shared_with(tx, at, MAIL_WORDS)
        elif name == "myRights" and shares:
            found[name] = {**rights_of(at), "mayShare": Right.ADMIN in at.rights}
        else:
            found[name] = _PLAIN[name](at)
    return found


_PLAIN: Final[Mapping[str, Callable[[Folder], Any]]] = {
    "id": lambda at: mailbox_id(at.id),
    "name": lambda at: name_of(at),
    "role": lambda at: role_of(at),
    "myRights": lambda at: rights_of(at),
    "isSubscribed": lambda at: at.subscribed,
}


def name_of(at: Folder) -> str:
    """The last level of its path; the INBOX in its usual spelling."""
    return "Inbox" if at.role == "inbox" and at.own else at.path.rpartition(SEPARATOR)[2]


def parent_of(at: Folder, folders: Sequence[Folder]) -> str | None:
    """The mailbox above it; None at the top, and where what is above may not be looked up."""
    return mailbox_id(at.parent) if any(each.id == at.parent for each in folders) and at.parent is not None else None


def role_of(at: Folder) -> str | None:
    """Its role, where it is one of mail."""
    return at.role if at.role in ROLES else None


def orders_in(tx: ReadTx, folders: Sequence[Folder]) -> Mapping[FolderId, int]:
    """One's own order of the mailboxes, where one has said something of it."""
    if not folders:
        return {}
    there = {each.id for each in folders}
    return {
        at: int(value)
        for at, entries in tx.all_annotations().items()
        if at in there
        for entry, value in entries
        if entry == ORDER and value.isdigit() and len(value) < 20
    }


def sort_order(at: Folder, orders: Mapping[FolderId, int]) -> int:
    """One's own order; else those with a role first, in the usual order."""
    if at.id in orders:
        return orders[at.id]
    return ROLES.index(at.role) + 1 if at.role in ROLES else 10


def rights_of(at: Folder) -> dict[str, bool]:
    """RFC 8621 §2: `myRights`, as RFC 4314's rights give them."""

    def all_of(need: Right) -> bool:
        return need in at.rights

    return {
        "mayReadItems": all_of(Right.LOOKUP | Right.READ),
        "mayAddItems": all_of(Right.INSERT),
        "mayRemoveItems": all_of(Right.READ | Right.TRASH | Right.EXPUNGE),
        "maySetSeen": all_of(Right.SEEN),
        "maySetKeywords": all_of(Right.WRITE),
        "mayCreateChild": all_of(Right.CREATE),
        "mayRename": all_of(Right.DROP) and at.role != "inbox",
        "mayDelete": all_of(Right.DROP) and at.role != "inbox",
        "maySubmit": all_of(Right.POST),
    }


async def changes(turn: Turn, arguments: ChangesArguments) -> Mapping[str, Any]:
    """`Mailbox/changes`. RFC 8621 §2.2. What a state was made of is known for a while; then a client starts over."""
    since = read_state(arguments.since_state)

    def work(tx: ReadTx) -> Mapping[str, Any]:
        owner = owner_in(tx, arguments.account_id)
        folders, now = mailboxes(tx, owner), tx.reached(owner)
        orders = orders_in(tx, folders)
        same = mailboxes_at(since.at, folders, orders) == since
        before = {each.id: line_of(each, orders) for each in folders if each.born <= since.at}
        if since.at > now or (not same and (known := mailboxes_in(since)) is None):
            raise unknown()
        if not same:
            assert known is not None
            before = dict(known)
        elsewhere = others_counted(tx, folders, since.at)
        made, told, counted, gone = _turned(folders, orders, before, since.at, elsewhere)
        if (
            arguments.max_changes is not None
            and len(made) + len(told) + len(counted) + len(gone) > arguments.max_changes
        ):
            raise unknown()
        return {
            "accountId": account_id(owner),
            "oldState": arguments.since_state,
            "newState": str(mailboxes_at(now, folders, orders)),
            "hasMoreChanges": False,
            "created": made,
            "updated": [*told, *counted],
            "destroyed": gone,
            "updatedProperties": list(COUNTS) if counted and not told else None,
        }

    return await turn.read(work)


def _turned(
    folders: Sequence[Folder],
    orders: Mapping[FolderId, int],
    before: Mapping[FolderId, str],
    since: ModSeq,
    elsewhere: Collection[FolderId],
) -> tuple[list[str], list[str], list[str], list[str]]:
    """What is new, what is told otherwise, what has other numbers alone, and what has gone."""
    made, told, counted = list[str](), list[str](), list[str]()
    for each in folders:
        if each.id not in before:
            made.append(mailbox_id(each.id))
        elif before[each.id] != line_of(each, orders):
            told.append(mailbox_id(each.id))
        elif each.modseq > since or each.id in elsewhere:
            counted.append(mailbox_id(each.id))
    there = {each.id for each in folders}
    return made, told, counted, [mailbox_id(each) for each in before if each not in there]
