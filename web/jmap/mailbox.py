"""Mailbox: a folder of mail. RFC 8621 §2."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from groupware.model.flags import Flags
from groupware.model.folder import SEPARATOR, Folder
from groupware.model.ids import EVERY, AccountId, FolderId, ItemId, ModSeq
from groupware.model.rights import Right
from groupware.store.api import ReadTx
from web.jmap.arguments import ChangesArguments, GetArguments, QueryArguments, argument, chosen, flag, page
from web.jmap.errors import MethodError
from web.jmap.ids import account_id, mailbox_id, thread_id
from web.jmap.limits import IN_QUERY
from web.jmap.states import mailboxes_at, read_state, unknown
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
COUNTS: Final = ("totalEmails", "unreadEmails", "totalThreads", "unreadThreads")
_ROLES: Final = ("inbox", "drafts", "sent", "archive", "junk", "trash")
_UNREAD: Final = Flags.SEEN.value | Flags.DRAFT.value
_KEPT_COUNTS: Final = 10_000
_threads_of: OrderedDict[tuple[AccountId, FolderId, ModSeq], tuple[int, int]] = OrderedDict()
"""Threads and unread threads of a folder at a modseq, which never become others."""


@dataclass(frozen=True, slots=True)
class Arguments(QueryArguments):
    """RFC 8621 §2.3."""

    sort_as_tree: bool = argument(flag, False)
    filter_as_tree: bool = argument(flag, False)


async def get(turn: Turn, arguments: GetArguments) -> Mapping[str, Any]:
    """`Mailbox/get`. RFC 8621 §2.1."""
    wanted = chosen(arguments.properties, PROPERTIES)

    def work(tx: ReadTx) -> Mapping[str, Any]:
        owner = owner_in(tx, arguments.account_id)
        folders = mailboxes(tx, owner)
        known = {mailbox_id(each.id): each for each in folders}
        asked = list(known) if arguments.ids is None else arguments.ids
        return {
            "accountId": account_id(owner),
            "state": str(mailboxes_at(tx.reached(owner), folders)),
            "list": [told(tx, known[each], folders, wanted) for each in asked if each in known],
            "notFound": [each for each in asked if each not in known],
        }

    return await turn.read(work)


def told(tx: ReadTx, at: Folder, folders: Sequence[Folder], wanted: Sequence[str]) -> dict[str, Any]:
    """The properties of a mailbox that are wanted."""
    found: dict[str, Any] = {}
    for name in wanted:
        if name in ("totalThreads", "unreadThreads"):
            found[name] = threads(tx, at)[name == "unreadThreads"]
        elif name == "parentId":
            found[name] = parent_of(at, folders)
        else:
            found[name] = _PLAIN[name](at)
    return found


_PLAIN: Final[Mapping[str, Callable[[Folder], Any]]] = {
    "id": lambda at: mailbox_id(at.id),
    "name": lambda at: name_of(at),
    "role": lambda at: role_of(at),
    "sortOrder": lambda at: sort_order(at),
    "totalEmails": lambda at: at.total,
    "unreadEmails": lambda at: at.unseen,
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
    return at.role if at.role in _ROLES else None


def sort_order(at: Folder) -> int:
    """Those with a role first, in the usual order."""
    return _ROLES.index(at.role) + 1 if at.role in _ROLES else 10


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


def threads(tx: ReadTx, at: Folder) -> tuple[int, int]:
    """How many threads have an email in the mailbox, and how many an unread one that is there."""
    if Right.READ not in at.rights:
        return 0, 0
    key = (tx.who.account, at.id, at.modseq)
    known = _threads_of.get(key)
    if known is None:
        every, unread = set(), set()
        for _, number, bits, message, references in tx.columns(at.id, ("id", "bits", "message_id", "ids"), EVERY):
            thread = thread_id(ItemId(number), message, references)
            every.add(thread)
            if not bits & _UNREAD:
                unread.add(thread)
        known = _threads_of[key] = (len(every), len(unread))
        if len(_threads_of) > _KEPT_COUNTS:
            _threads_of.popitem(last=False)
    return known


async def changes(turn: Turn, arguments: ChangesArguments) -> Mapping[str, Any]:
    """`Mailbox/changes`. RFC 8621 §2.2. What is not about numbers is told by starting over."""
    since = read_state(arguments.since_state)

    def work(tx: ReadTx) -> Mapping[str, Any]:
        owner = owner_in(tx, arguments.account_id)
        folders, now = mailboxes(tx, owner), tx.reached(owner)
        if since.at > now or mailboxes_at(since.at, folders) != since:
            raise unknown()
        made = [mailbox_id(each.id) for each in folders if each.born > since.at]
        changed = [mailbox_id(each.id) for each in folders if each.born <= since.at < each.modseq]
        if arguments.max_changes is not None and len(made) + len(changed) > arguments.max_changes:
            raise unknown()
        return {
            "accountId": account_id(owner),
            "oldState": arguments.since_state,
            "newState": str(mailboxes_at(now, folders)),
            "hasMoreChanges": False,
            "created": made,
            "updated": changed,
            "destroyed": [],
            "updatedProperties": list(COUNTS) if changed else None,
        }

    return await turn.read(work)


async def query(turn: Turn, arguments: Arguments) -> Mapping[str, Any]:
    """`Mailbox/query`. RFC 8621 §2.3."""

    def work(tx: ReadTx) -> Mapping[str, Any]:
        owner = owner_in(tx, arguments.account_id)
        if arguments.sort_as_tree or arguments.filter_as_tree:
            raise MethodError("unsupportedFilter", "sortAsTree and filterAsTree are not there: use parentId")
        folders = mailboxes(tx, owner)
        kept = [each for each in folders if fits(each, folders, arguments.filter)]
        for criterion in reversed(arguments.sort or ()):
            value = _SORTS.get(criterion.get("property", ""))
            if value is None:
                raise MethodError("unsupportedSort", "mailboxes are sorted by name, sortOrder and parentId")
            kept.sort(key=value, reverse=criterion.get("isAscending", True) is False)
        every = [mailbox_id(each.id) for each in kept]
        some, position = page(every, arguments, IN_QUERY)
        found = {
            "accountId": account_id(owner),
            "queryState": str(mailboxes_at(tx.reached(owner), folders)),
            "canCalculateChanges": False,
            "position": position,
            "ids": list(some),
        }
        return {**found, "total": len(every)} if arguments.calculate_total else found

    return await turn.read(work)


_SORTS: Final[Mapping[str, Callable[[Folder], Any]]] = {
    "name": lambda at: name_of(at).casefold(),
    "sortOrder": sort_order,
    "parentId": lambda at: at.parent or 0,
}


def fits(at: Folder, folders: Sequence[Folder], wanted: Mapping[str, Any] | None, depth: int = 0) -> bool:
    """Whether a mailbox passes a filter. `MethodError` `unsupportedFilter`."""
    if depth > 20:
        raise MethodError("unsupportedFilter", "the filter is nested too deep")
    if not wanted:
        return True
    if "operator" in wanted:
        inner = wanted.get("conditions")
        if not isinstance(inner, list) or not all(isinstance(each, dict) for each in inner):
            raise MethodError("invalidArguments", "an operator has a list of `conditions`")
        held = [fits(at, folders, each, depth + 1) for each in inner]
        match wanted["operator"]:
            case "AND":
                return all(held)
            case "OR":
                return any(held)
            case "NOT":
                return not any(held)
        raise MethodError("invalidArguments", "an operator is AND, OR or NOT")
    return all(_condition(at, folders, name, value) for name, value in wanted.items())


def _condition(at: Folder, folders: Sequence[Folder], name: str, value: Any) -> bool:
    match name, value:
        case "parentId", None | str():
            return parent_of(at, folders) == value
        case "name", str():
            return value.casefold() in name_of(at).casefold()
        case "role", None | str():
            return role_of(at) == value
        case "hasAnyRole", bool():
            return (role_of(at) is not None) == value
        case "isSubscribed", bool():
            return at.subscribed == value
    raise MethodError("unsupportedFilter", f"mailboxes are not found by {name[:60]!r} like that")


async def query_changes(turn: Turn, arguments: Any) -> Mapping[str, Any]:
    """`Mailbox/queryChanges`: never known; a client asks again. RFC 8620 §5.6."""
    await turn.read(lambda tx: owner_in(tx, arguments.account_id))
    raise unknown()
