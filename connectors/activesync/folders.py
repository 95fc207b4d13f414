"""The folders that a device is told of: one's own, shared and public ones, under ids that stay. MS-ASCMD §2.2.3.186."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from connectors.activesync.errors import EasError
from groupware.calendar.shown import sees_blocks, sees_outlines
from groupware.model.errors import NotFound
from groupware.model.folder import OTHERS, PUBLIC, SEPARATOR, Folder, Role
from groupware.model.ids import FolderId
from groupware.model.item import Kind
from groupware.model.rights import Right
from groupware.store.api import ReadTx

ROOT: Final = "0"
_DEFAULTS: Final[Mapping[str, int]] = {
    Role.INBOX: 2,
    Role.DRAFTS: 3,
    Role.TRASH: 4,
    Role.SENT: 5,
    Role.TASKS: 7,
    Role.CALENDAR: 8,
    Role.CONTACTS: 9,
    Role.NOTES: 10,
}
_USERS: Final[Mapping[Kind, int]] = {
    Kind.MAIL: 12,
    Kind.CALENDAR: 13,
    Kind.CONTACTS: 14,
    Kind.TASKS: 15,
    Kind.NOTES: 17,
}
KINDS: Final[Mapping[int, Kind]] = {1: Kind.MAIL, **{number: kind for kind, number in _USERS.items()}}
"""What a folder that a device makes is for, by its type."""
CLASSES: Final[Mapping[Kind, str]] = {
    Kind.MAIL: "Email",
    Kind.CALENDAR: "Calendar",
    Kind.CONTACTS: "Contacts",
    Kind.TASKS: "Tasks",
    Kind.NOTES: "Notes",
}
Lens = Literal["", "titles", "times"]
"""All of a folder, the outlines of its events, or a block for each busy time."""
_HIDDEN: Final = (Role.SCHEDULE_INBOX, Role.QUARANTINE, Role.ROOT)


@dataclass(frozen=True, slots=True)
class Told:
    """A folder as a device knows it."""

    id: str
    parent: str
    name: str
    type: int


def shown_in(tx: ReadTx) -> Sequence[Folder]:
    """The folders that devices are told of: those that may be read; of others' those that are subscribed to.

    Calendars of which one may know titles, or busy times, are among them (decision 353).
    """
    return [
        each
        for each in tx.folders()
        if each.exists
        and each.kind in CLASSES
        and (Right.READ in each.rights or lens_of(each))
        and each.role not in _HIDDEN
        and (each.own or each.subscribed)
    ]


def told_in(tx: ReadTx) -> dict[str, Told]:
    """What a device is told of them, by ServerId."""
    folders = shown_in(tx)
    paths = {each.path: each for each in folders}
    return {str(each.id): _told(each, paths) for each in folders}


def _told(each: Folder, paths: Mapping[str, Folder]) -> Told:
    above, _, name = each.path.rpartition(SEPARATOR)
    parent = paths.get(above)
    kind = _DEFAULTS.get(each.role or "", 0) if each.own else 0
    if parent is not None and not kind:
        return Told(str(each.id), str(parent.id), name, _USERS[each.kind])
    return Told(str(each.id), ROOT, name if each.own else _named(each.path), kind or _USERS[each.kind])


def _named(path: str) -> str:
    """What a folder of somebody else is called where nothing above it is told of."""
    first, *rest = path.split(SEPARATOR)
    if first == OTHERS and len(rest) > 1:
        return f"{SEPARATOR.join(rest[1:])} ({rest[0]})"
    return SEPARATOR.join(rest) if first == PUBLIC and rest else path


def folder_id(text: str) -> FolderId:
    """The number of a folder by its ServerId; one that cannot be is that of no folder."""
    return FolderId(int(text)) if text.isascii() and text.isdigit() and len(text) < 19 else FolderId(-1)


def folder_in(tx: ReadTx, text: str, need: Right = Right.READ) -> Folder:
    """The folder of a ServerId. `NotFound`, `NoRight`."""
    folder = tx.folder(folder_id(text), need)
    if folder.kind not in CLASSES or folder.role in _HIDDEN:
        raise NotFound("there is no such folder")
    return folder


def lens_of(at: Folder) -> Lens:
    """What a device is told of a folder, which is only read where that is not everything."""
    return "times" if sees_blocks(at) else "titles" if at.kind == Kind.CALENDAR and sees_outlines(at) else ""


def sight_of(at: Folder) -> str:
    """What a device's state is of: who comes to be told more of a folder, or less, begins again."""
    private = not at.own and at.kind is not Kind.MAIL and Right.PRIVATE in at.rights
    return lens_of(at) or ("private" if private else "")


def told_folder(tx: ReadTx, text: str) -> Folder:
    """The folder of a ServerId, opened for telling of what is in it as far as that goes. `NotFound`, `NoRight`."""
    at = folder_in(tx, text, Right.LOOKUP)
    if not lens_of(at):
        return tx.folder(at.id, Right.READ)
    opened(tx, at)
    return at


def opened(tx: ReadTx, at: Folder) -> None:
    """From now on a calendar of which one may know titles alone is read as such."""
    if lens_of(at) == "titles":
        tx.outline(at.id)


def own_role(tx: ReadTx, role: Role) -> Folder:
    """One's own folder of that role. `EasError`."""
    try:
        return tx.role(tx.who.account, role)
    except NotFound as error:
        raise EasError(110, str(error)) from None
