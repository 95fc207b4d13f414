"""PermissionSet: Exchange's levels and the rights of grants. MS-OXWSFOLD §2.2.4.

What Exchange cannot say (posting, deleting the folder, denials, ...) stays in a grant that is changed here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from connectors.bounded_xml import Element
from connectors.ews.errors import invalid
from connectors.ews.wire import Xml, child, children, flag, local, tag, words
from groupware.calendar.blocks import sees_times
from groupware.model.ids import FolderId
from groupware.model.item import Kind
from groupware.model.principal import ANYONE, EVERYONE
from groupware.model.rights import Grant, Right, parse_rights
from groupware.store.api import WriteTx

READ: Final = parse_rights("lrs")
CREATE: Final = parse_rights("i")
SUBFOLDERS: Final = parse_rights("k")
OWNER: Final = parse_rights("a")
EDIT_ALL, EDIT_OWN = parse_rights("w"), parse_rights("6")
DELETE_ALL, DELETE_OWN = parse_rights("te"), parse_rights("4")
LOOKUP: Final = parse_rights("l")
FREE, TITLES = parse_rights("9"), parse_rights("8")
SAID: Final = READ | CREATE | SUBFOLDERS | OWNER | EDIT_ALL | EDIT_OWN | DELETE_ALL | DELETE_OWN | FREE | TITLES
"""Every right that Exchange has a word for."""
_NONE, _OWN, _ALL = "None", "Owned", "All"


@dataclass(frozen=True, slots=True)
class Permission:
    """What one grantee may do, in Exchange's words."""

    create: bool = False
    subfolders: bool = False
    owner: bool = False
    visible: bool = False
    edit: str = _NONE
    delete: str = _NONE
    read: str = _NONE
    """`None`, `FullDetails`; of calendars `TimeOnly` and `TimeAndSubjectAndLocation` as well."""


FULL: Final = "FullDetails"
LEVELS: Final[Mapping[str, Permission]] = {
    "None": Permission(),
    "Owner": Permission(True, True, True, True, _ALL, _ALL, FULL),
    "PublishingEditor": Permission(True, True, False, True, _ALL, _ALL, FULL),
    "Editor": Permission(True, False, False, True, _ALL, _ALL, FULL),
    "PublishingAuthor": Permission(True, True, False, True, _OWN, _OWN, FULL),
    "Author": Permission(True, False, False, True, _OWN, _OWN, FULL),
    "NoneditingAuthor": Permission(True, False, False, True, _NONE, _OWN, FULL),
    "Reviewer": Permission(False, False, False, True, _NONE, _NONE, FULL),
    "Contributor": Permission(True, False, False, True, _NONE, _NONE, _NONE),
    "FreeBusyTimeOnly": Permission(read="TimeOnly"),
    "FreeBusyTimeAndSubjectAndLocation": Permission(read="TimeAndSubjectAndLocation"),
}


def permission_of(rights: Right) -> Permission:
    """What these rights are to Exchange."""
    read = (
        FULL
        if Right.READ in rights
        else "TimeAndSubjectAndLocation"
        if Right.TITLES in rights
        else "TimeOnly"
        if Right.FREEBUSY in rights
        else _NONE
    )
    return Permission(
        CREATE in rights,
        SUBFOLDERS in rights,
        OWNER in rights,
        LOOKUP in rights and read not in ("TimeOnly", "TimeAndSubjectAndLocation"),
        _ALL if EDIT_ALL in rights else _OWN if EDIT_OWN in rights else _NONE,
        _ALL if DELETE_ALL in rights else _OWN if DELETE_OWN in rights else _NONE,
        read,
    )


def rights_of(given: Permission) -> Right:
    """The rights that Exchange's words mean."""
    found = Right.NONE
    for on, rights in (
        (given.create, CREATE),
        (given.subfolders, SUBFOLDERS),
        (given.owner, OWNER),
        (given.visible, LOOKUP),
        (given.edit == _ALL, EDIT_ALL),
        (given.edit == _OWN, EDIT_OWN),
        (given.delete == _ALL, DELETE_ALL),
        (given.delete == _OWN, DELETE_OWN),
        (given.read == FULL, READ),
        (given.read == "TimeOnly", FREE),
        (given.read == "TimeAndSubjectAndLocation", LOOKUP | FREE | TITLES),
    ):
        found |= rights if on else Right.NONE
    return found


def told(grants: Sequence[Grant], kind: Kind) -> Xml:
    """The PermissionSet of a folder."""
    calendar = kind is Kind.CALENDAR
    rows = [_told(each, calendar) for each in grants]
    inside = tag("CalendarPermissions" if calendar else "Permissions", Xml("".join(rows)))
    return tag("PermissionSet", inside)


def _told(grant: Grant, calendar: bool) -> str:
    said = permission_of(grant.allow & ~grant.deny)
    level = next((name for name, each in LEVELS.items() if each == said), "Custom")
    inside = (
        tag("UserId", _user(grant.grantee))
        + tag("CanCreateItems", said.create)
        + tag("CanCreateSubFolders", said.subfolders)
        + tag("IsFolderOwner", said.owner)
        + tag("IsFolderVisible", said.visible)
        + tag("IsFolderContact", False)
        + tag("EditItems", said.edit)
        + tag("DeleteItems", said.delete)
        + tag("ReadItems", said.read if calendar else said.read if said.read == FULL else _NONE)
        + tag("CalendarPermissionLevel" if calendar else "PermissionLevel", level)
    )
    return tag("CalendarPermission" if calendar else "Permission", Xml(inside))


def _user(grantee: str) -> Xml:
    if grantee in (EVERYONE, ANYONE):
        return tag("DistinguishedUser", "Default" if grantee == EVERYONE else "Anonymous")
    name = grantee.rpartition(":")[2]
    return Xml(tag("SID", grantee) + tag("PrimarySmtpAddress", name) + tag("DisplayName", name))


def set_on(tx: WriteTx, at: FolderId, given: Element) -> None:
    """Makes the grants of a folder those of a PermissionSet: who is not in it loses what Exchange
    can say. `EwsError`.
    """
    wanted = {grantee_of(child(each, "UserId")): rights_of(_read(each)) for each in _rows(given)}
    where = tx.folder(at, Right.LOOKUP)
    there = {each.grantee: each for each in tx.grants(where.id)}
    for name, grant in there.items():
        if name not in wanted and grant.allow & SAID:
            tx.grant(where.id, name, Right.NONE, grant.deny, grant.expires, grant.reason, keep=~SAID)
    for name, rights in wanted.items():
        grant_to(tx, where.id, name, rights, there.get(name))


def grant_to(tx: WriteTx, at: FolderId, name: str, rights: Right, old: Grant | None) -> None:
    """Gives a grantee these rights of those that Exchange can say; all else of an old grant stays."""
    if old is not None and sees_times(old.allow) and sees_times(rights | LOOKUP):
        rights |= LOOKUP  # FreeBusyTimeOnly is said of both, so it takes no calendar out of sight
    denied = old.deny & ~rights if old is not None else Right.NONE
    expires, reason = (old.expires, old.reason) if old is not None else (None, "")
    tx.grant(at, name, rights, denied, expires, reason, keep=~SAID)


def _rows(given: Element) -> list[Element]:
    return [row for rows in children(given) if local(rows).endswith("Permissions") for row in children(rows)]


def grantee_of(user: Element | None) -> str:
    """Whom a UserId means. `EwsError`."""
    special = words(user, "DistinguishedUser")
    if special is not None:
        found = {"default": EVERYONE, "anonymous": ANYONE}.get(special.strip().lower())
        if found is None:
            raise invalid(f"DistinguishedUser: {special[:40]!r} is neither Default nor Anonymous")
        return found
    sid, address = (words(user, "SID") or "").strip(), (words(user, "PrimarySmtpAddress") or "").strip().lower()
    if ":" in sid and (not address or sid.endswith(":" + address)):
        return sid  # a group or a domain, as it was told
    if not address:
        raise invalid("UserId: a PrimarySmtpAddress or a DistinguishedUser is wanted")
    return address


def _read(row: Element) -> Permission:
    level = (words(row, "CalendarPermissionLevel") or words(row, "PermissionLevel") or "Custom").strip()
    if level != "Custom":
        if level not in LEVELS:
            raise invalid(f"PermissionLevel: {level[:40]!r} is not known")
        return LEVELS[level]
    return Permission(
        bool(flag(row, "CanCreateItems")),
        bool(flag(row, "CanCreateSubFolders")),
        bool(flag(row, "IsFolderOwner")),
        bool(flag(row, "IsFolderVisible")),
        words(row, "EditItems") or _NONE,
        words(row, "DeleteItems") or _NONE,
        words(row, "ReadItems") or _NONE,
    )
