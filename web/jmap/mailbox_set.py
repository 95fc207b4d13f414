"""`Mailbox/set`: the same calls of the store as IMAP's CREATE, RENAME, DELETE and SUBSCRIBE. RFC 8621 §2.5."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from groupware.model.errors import AlreadyExists, GroupwareError, NoRight, NotFound, RoleTaken
from groupware.model.folder import SEPARATOR, Folder
from groupware.model.ids import AccountId
from groupware.model.item import Kind
from groupware.model.rights import Right
from groupware.store.api import ReadTx, WriteTx
from web.jmap import granted
from web.jmap.arguments import argument, flag
from web.jmap.errors import MethodError, SetError, reason, set_error
from web.jmap.ids import account_id, folder_of, mailbox_id
from web.jmap.limits import MAIL_SHARE
from web.jmap.mailbox import ORDER, PROPERTIES, ROLES, name_of, orders_in, parent_of, role_of, told
from web.jmap.sets import Given, SetArguments, Ways, check_size, invalid, mismatch, set_each, unknown_property
from web.jmap.states import State, mailboxes_at, read_state
from web.jmap.turn import Turn, mailboxes, owner_in

_SETTABLE: Final = frozenset({"name", "parentId", "role", "sortOrder", "isSubscribed"})
_LARGEST_ORDER: Final = (1 << 31) - 1


@dataclass(frozen=True, slots=True)
class Arguments(SetArguments):
    """RFC 8621 §2.5."""

    on_destroy_remove_emails: bool = argument(flag, False)


async def set_(turn: Turn, arguments: Arguments) -> Mapping[str, Any]:
    """`Mailbox/set`."""
    check_size(arguments)
    account = arguments.account_id
    owner, before = await turn.read(lambda tx: _state(tx, account))
    if arguments.if_in_state is not None:
        await _check_state(turn, account, arguments.if_in_state)
    ways = Ways(
        partial(_create, turn, account),
        partial(_update, turn, account),
        partial(_destroy, turn, account, everything=arguments.on_destroy_remove_emails),
        partial(_deepest_first, turn, account),
    )
    done = await set_each(turn, replace(arguments, update=_in_turn(arguments.update or {})), ways)
    _, after = await turn.read(lambda tx: _state(tx, account))
    return done.answer(account_id(owner), str(before), str(after))


def _state(tx: ReadTx, account: str) -> tuple[AccountId, State]:
    owner = owner_in(tx, account)
    folders = mailboxes(tx, owner)
    return owner, mailboxes_at(tx.reached(owner), folders, orders_in(tx, folders))


async def _check_state(turn: Turn, account: str, given: str) -> None:
    """`stateMismatch` when more than numbers has changed since."""

    try:
        since = read_state(given)
    except MethodError:
        raise mismatch() from None

    def work(tx: ReadTx) -> None:
        owner = owner_in(tx, account)
        folders = mailboxes(tx, owner)
        made = any(each.born > since.at for each in folders)
        if made or since.at > tx.reached(owner) or mailboxes_at(since.at, folders, orders_in(tx, folders)) != since:
            raise mismatch()

    await turn.read(work)


def _in_turn(update: Mapping[str, Given]) -> Mapping[str, Given]:
    """The objects in the order in which they are changed: who gives up a role first."""
    return dict(sorted(update.items(), key=lambda each: each[1].get("role", "") is not None))


async def _deepest_first(turn: Turn, account: str, names: Sequence[str]) -> Sequence[str]:
    def work(tx: ReadTx) -> Sequence[str]:
        depth = {mailbox_id(each.id): each.path.count(SEPARATOR) for each in mailboxes(tx, owner_in(tx, account))}
        return sorted(names, key=lambda name: -depth.get(name, 0))

    return await turn.read(work) if names else ()


# --- one mailbox


def _checked(turn: Turn, given: Given) -> dict[str, Any]:
    """The properties that are given, each of its type. `SetError`."""
    found = granted.without_shares(given) if MAIL_SHARE in turn.using else dict(given)
    unknown_property(found, PROPERTIES, _SETTABLE)
    if "parentId" in found:
        parent = found["parentId"]
        if parent is not None and not isinstance(parent, str):
            raise invalid("parentId", "an id or null is wanted")
        found["parentId"] = None if parent is None else folder_of(turn.real(parent)) or -1
    if "name" in found and not isinstance(found["name"], str):
        raise invalid("name", "a string is wanted")
    if found.get("role") is not None and (not isinstance(found["role"], str) or found["role"] not in ROLES):
        raise invalid("role", f"a mailbox is {', '.join(ROLES)}, or has no role")
    if "isSubscribed" in found and not isinstance(found["isSubscribed"], bool):
        raise invalid("isSubscribed", "true or false is wanted")
    order = found.get("sortOrder", 0)
    if isinstance(order, bool) or not isinstance(order, int) or not 0 <= order <= _LARGEST_ORDER:
        raise invalid("sortOrder", f"a number from 0 to {_LARGEST_ORDER} is wanted")
    return found


async def _create(turn: Turn, account: str, given: Given) -> Mapping[str, Any]:
    wanted = _checked(turn, given)
    if not wanted.get("name"):
        raise invalid("name", "a mailbox has a name")

    def work(tx: WriteTx) -> Mapping[str, Any]:
        owner = owner_in(tx, account)
        _check_owner(tx, owner, wanted)
        path = _path(tx, owner, wanted.get("parentId"), wanted["name"])
        made = _named(lambda: tx.create_folder(path, Kind.MAIL, wanted.get("role")))
        _personal(tx, made, wanted)
        granted.share_as_patched(tx, made, granted.MAIL_WORDS, given)
        folders = mailboxes(tx, owner)
        here = next(each for each in folders if each.id == made.id)
        found = told(tx, here, folders, orders_in(tx, folders), PROPERTIES, turn.threads, {})
        return {name: value for name, value in found.items() if name not in given or given[name] != value}

    return {"id": "", **await turn.write(work)}


def _check_owner(tx: ReadTx, owner: AccountId, wanted: Given) -> None:
    if wanted.get("role") is not None and owner != tx.who.account:
        raise invalid("role", "what a mailbox is to its owner is its owner's to say")


def _path(tx: ReadTx, owner: AccountId, parent: object, name: str) -> str:
    """Where the mailbox comes to, in one's own view. `SetError`."""
    if SEPARATOR in name:
        raise invalid("name", "'/' is not allowed in a name")
    if parent is None:
        try:
            above = tx.locate(owner, "", Right.NONE).path
        except NotFound:
            raise SetError("forbidden", "you may make nothing at the top of this account") from None
        return f"{above}{SEPARATOR}{name}" if above else name
    at = next((each for each in mailboxes(tx, owner) if each.id == parent), None)
    if at is None:
        raise invalid("parentId", "there is no such mailbox")
    return f"{at.path}{SEPARATOR}{name}"


def _named(work: Any, wrong: str = "name") -> Folder:
    """What `work` gives back; what is wrong is told of the role, of a name that is taken, or else of `wrong`."""
    try:
        found: Folder = work()
    except RoleTaken as error:
        raise _about("role", error) from None
    except NoRight as error:
        raise set_error(error, "forbidden") from None
    except AlreadyExists as error:
        raise _about("name", error) from None
    except GroupwareError as error:
        if set_error(error).kind == "invalidProperties":
            raise _about(wrong, error) from None
        raise
    return found


def _about(name: str, error: GroupwareError) -> SetError:
    return SetError("invalidProperties", f"{name}: {error}", properties=[name], **reason(error))


def _personal(tx: WriteTx, at: Folder, wanted: Given) -> None:
    """What is the asking principal's own of a mailbox."""
    if "isSubscribed" in wanted:
        tx.subscribe(at.path, wanted["isSubscribed"])
    if "sortOrder" in wanted:
        tx.annotate(at.id, {ORDER: str(wanted["sortOrder"]).encode()})


async def _update(turn: Turn, account: str, name: str, given: Given) -> Mapping[str, Any]:
    wanted = _checked(turn, given)
    number = folder_of(name)

    def work(tx: WriteTx) -> Mapping[str, Any]:
        owner = owner_in(tx, account)
        folders = mailboxes(tx, owner)
        at = next((each for each in folders if each.id == number), None)
        if at is None:
            raise SetError("notFound", "there is no such mailbox, or it is not shared with you")
        if "role" in wanted and wanted["role"] != role_of(at):
            _check_owner(tx, owner, wanted)
            at = _named(lambda: tx.set_folder(at.id, role=wanted["role"]))
        moved = _moved(tx, owner, at, folders, wanted)
        _personal(tx, moved, wanted)
        granted.share_as_patched(tx, moved, granted.MAIL_WORDS, given)
        stored = name_of(moved)
        return {"name": stored} if "name" in wanted and wanted["name"] != stored else {}

    return await turn.write(work)


def _moved(tx: WriteTx, owner: AccountId, at: Folder, folders: Sequence[Folder], wanted: Given) -> Folder:
    """The mailbox under its new name, or below another one."""
    above = parent_of(at, folders)
    parent = wanted["parentId"] if "parentId" in wanted else folder_of(above or "")
    name = wanted.get("name", name_of(at))
    if name == name_of(at) and (mailbox_id(parent) if parent is not None else None) == above:
        return at
    if at.role == "inbox" and at.own:
        raise SetError("forbidden", "the INBOX keeps its name and its place")
    path = _path(tx, owner, parent, name)
    if "parentId" not in wanted and above is None and at.path.count(SEPARATOR):
        path = f"{at.path.rpartition(SEPARATOR)[0]}{SEPARATOR}{name}"  # what is above may not be looked up
    return _named(lambda: tx.rename_folder(at.id, path), "name" if name != name_of(at) else "parentId")


async def _destroy(turn: Turn, account: str, name: str, *, everything: bool) -> bool:
    number = folder_of(name)

    def work(tx: WriteTx) -> bool:
        folders = mailboxes(tx, owner_in(tx, account))
        at = next((each for each in folders if each.id == number), None)
        if at is None:
            raise SetError("notFound", "there is no such mailbox, or it is not shared with you")
        if at.children:
            raise SetError("mailboxHasChild", "there are mailboxes below it")
        if at.total and not everything and Right.DROP in at.rights:
            raise SetError("mailboxHasEmail", f"there are {at.total} emails in it")
        try:
            tx.delete_folder(at.id)
        except NoRight as error:
            raise set_error(error, "forbidden") from None
        except GroupwareError as error:
            kept = at.role == "inbox" or set_error(error).kind != "invalidProperties"
            raise set_error(error, "forbidden" if kept else "mailboxHasChild") from None
        return True

    return await turn.write(work)
