"""Delegates: who acts for an account, by rights on its folders and its root. MS-OXWSDLGM.

A delegate is whom one of the account's own folders of these kinds is granted to, or its root for acting on its
behalf.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from connectors.bounded_xml import Element
from connectors.ews.errors import EwsError, ews_error, invalid
from connectors.ews.permissions import LEVELS, grant_to, permission_of, rights_of
from connectors.ews.turn import Turn, account_of
from connectors.ews.wire import Xml, child, children, failure, flag, message, needed, success, tag, words
from groupware.model.errors import GroupwareError
from groupware.model.folder import Role
from groupware.model.ids import AccountId, FolderId
from groupware.model.rights import Grant, Right
from groupware.store.api import ReadTx, WriteTx

FOLDERS: Final[Mapping[str, Role]] = {
    "CalendarFolderPermissionLevel": Role.CALENDAR,
    "TasksFolderPermissionLevel": Role.TASKS,
    "InboxFolderPermissionLevel": Role.INBOX,
    "ContactsFolderPermissionLevel": Role.CONTACTS,
    "NotesFolderPermissionLevel": Role.NOTES,
    "JournalFolderPermissionLevel": Role.JOURNAL,
}
_WORDS: Final = ("None", "Reviewer", "Author", "Editor")
_ACTING: Final = Right.SEND_ON_BEHALF | Right.SCHEDULE_AS
DELIVER: Final = message("DeliverMeetingRequests", "DelegatesAndSendInformationToMe")
NAME: Final = "DelegateUser"


@dataclass(slots=True)
class Delegate:
    """One delegate."""

    address: str
    levels: dict[str, str]
    private: bool = False
    copies: bool = False


def _folders(tx: ReadTx, owner: AccountId) -> dict[str, FolderId]:
    found = {}
    for name, role in FOLDERS.items():
        try:
            found[name] = tx.role(owner, role).id
        except GroupwareError:
            continue
    return found


def _delegates(tx: ReadTx, owner: AccountId) -> dict[str, Delegate]:
    """All of an account. Takes `a` on its folders."""
    found: dict[str, Delegate] = {}
    for name, at in _folders(tx, owner).items():
        for grant in tx.grants(at):
            if "@" in grant.grantee and ":" not in grant.grantee:
                one = found.setdefault(grant.grantee, Delegate(grant.grantee, {}))
                one.levels[name] = _level(grant)
                one.private |= name.startswith("Calendar") and Right.PRIVATE in grant.allow
    for grant in tx.grants(tx.locate(owner, "").id):
        if "@" in grant.grantee and ":" not in grant.grantee and grant.allow & _ACTING:
            one = found.setdefault(grant.grantee, Delegate(grant.grantee, {}))
            one.copies = Right.SCHEDULE_AS in grant.allow
    return found


def _level(grant: Grant) -> str:
    said = permission_of(grant.allow & ~grant.deny)
    return next((word for word in _WORDS if LEVELS[word] == said), "Custom")


def _owner(tx: ReadTx, element: Element) -> AccountId:
    return account_of(tx, (words(needed(element, "Mailbox"), "EmailAddress") or "").strip())


def _told(delegate: Delegate, *, permissions: bool) -> str:
    inside = tag("UserId", Xml(tag("PrimarySmtpAddress", delegate.address) + tag("DisplayName", delegate.address)))
    if permissions:
        rows = "".join(tag(name, delegate.levels.get(name, "None")) for name in FOLDERS)
        inside += tag("DelegatePermissions", Xml(rows))
    inside += tag("ReceiveCopiesOfMeetingMessages", delegate.copies) + tag("ViewPrivateItems", delegate.private)
    return message("DelegateUser", inside)


def _answer(operation: str, rows: list[str], deliver: str = "") -> str:
    inside = message("ResponseMessages", "".join(rows)) + deliver
    return (
        f'<m:{operation}Response ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>'
        f"{inside}</m:{operation}Response>"
    )


def _row(made: str) -> str:
    """A response message, under the name that delegates have for it."""
    return made.replace(f"m:{NAME}ResponseMessage", f"m:{NAME}ResponseMessageType")


async def get_delegate(turn: Turn, element: Element) -> str:
    """`GetDelegate`."""
    permissions = element.get("IncludePermissions", "false").lower() == "true"
    asked = [(words(each, "PrimarySmtpAddress") or "").strip().lower() for each in children(child(element, "UserIds"))]
    found = await turn.read(lambda tx: _delegates(tx, _owner(tx, element)))
    rows = []
    for address in asked or sorted(found):
        if address in found:
            rows.append(_row(success(NAME, _told(found[address], permissions=permissions))))
        else:
            error = EwsError("ErrorNotDelegate", f"{address[:80]!r} is no delegate")
            rows.append(_row(failure(NAME, error)))
    return _answer("GetDelegate", rows, DELIVER)


async def add_delegate(turn: Turn, element: Element) -> str:
    """`AddDelegate`."""
    return await _write(turn, element, "AddDelegate")


async def update_delegate(turn: Turn, element: Element) -> str:
    """`UpdateDelegate`."""
    return await _write(turn, element, "UpdateDelegate")


async def _write(turn: Turn, element: Element, operation: str) -> str:
    rows = []
    for user in children(child(element, "DelegateUsers")):
        rows.append(_row(await _one(turn, element, user, operation)))
    return _answer(operation, rows, DELIVER)


async def _one(turn: Turn, element: Element, user: Element, operation: str) -> str:
    def work(tx: WriteTx) -> str:
        owner = _owner(tx, element)
        address = (words(user, "UserId", "PrimarySmtpAddress") or "").strip().lower()
        there = _delegates(tx, owner)
        if not address:
            raise invalid("UserId: a PrimarySmtpAddress is wanted")
        if operation == "AddDelegate" and address in there:
            raise EwsError("ErrorDelegateAlreadyExists", f"{address!r} is a delegate already")
        if operation == "UpdateDelegate" and address not in there:
            raise EwsError("ErrorNotDelegate", f"{address!r} is no delegate")
        _set(tx, owner, address, user)
        return _told(_delegates(tx, owner)[address], permissions=True)

    try:
        return success(NAME, await turn.write(work))
    except EwsError as error:
        return failure(NAME, error)
    except GroupwareError as error:
        return failure(NAME, ews_error(error, "ErrorDelegateNoUser"))


def _set(tx: WriteTx, owner: AccountId, address: str, user: Element) -> None:
    said = child(user, "DelegatePermissions")
    private = flag(user, "ViewPrivateItems")
    for name, at in _folders(tx, owner).items():
        level = (words(said, name) or "").strip()
        old = next((grant for grant in tx.grants(at) if grant.grantee == address), None)
        if level and level != "Custom":
            if level not in _WORDS:
                raise invalid(f"{name}: {level[:20]!r} is not known")
            grant_to(tx, at, address, rights_of(LEVELS[level]), old)
        if name.startswith("Calendar") and private is not None:
            now = next((grant for grant in tx.grants(at) if grant.grantee == address), None)
            if now is not None or private:
                allow = now.allow if now is not None else Right.NONE
                rights = allow | Right.PRIVATE if private else allow & ~Right.PRIVATE
                tx.grant(at, address, rights, now.deny if now is not None else Right.NONE)
    root = tx.locate(owner, "").id
    tx.grant(root, address, _ACTING, keep=~_ACTING)


async def remove_delegate(turn: Turn, element: Element) -> str:
    """`RemoveDelegate`."""
    rows = []
    for user in children(needed(element, "UserIds")):
        address = (words(user, "PrimarySmtpAddress") or "").strip().lower()

        def work(tx: WriteTx, address: str = address) -> None:
            owner = _owner(tx, element)
            if address not in _delegates(tx, owner):
                raise EwsError("ErrorNotDelegate", f"{address[:80]!r} is no delegate")
            for at in _folders(tx, owner).values():
                old = next((grant for grant in tx.grants(at) if grant.grantee == address), None)
                if old is not None:
                    tx.grant(at, address, Right.NONE, old.deny)
            tx.grant(tx.locate(owner, "").id, address, Right.NONE, keep=~_ACTING)

        try:
            await turn.write(work)
            rows.append(_row(success(NAME)))
        except (EwsError, GroupwareError) as error:
            rows.append(_row(failure(NAME, error if isinstance(error, EwsError) else ews_error(error))))
    return _answer("RemoveDelegate", rows)
