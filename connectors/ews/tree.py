"""The tree of folders of one mailbox, as Exchange has it: above an owner's own folders stand a root and a top.

`root` is made up; `msgfolderroot` is the root folder of the owner's tree, and `publicfoldersroot` that of the domain's
public one. `outbox` is made up as well: programs ask for it before anything else, and it is always empty, since what is
sent is handed in at once. So it is there for who names it, and in no listing. The folders of recoverable items are
views (`connectors.ews.recoverable`), and are listed to who asks what is in `recoverableitemsroot`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from connectors.bounded_xml import Element
from connectors.ews.errors import EwsError
from connectors.ews.ids import Id, read_id
from connectors.ews.turn import account_of
from connectors.ews.wire import child, local, words
from groupware.model.errors import GroupwareError, NotFound
from groupware.model.folder import OTHERS, PUBLIC, SEPARATOR, Folder, Role
from groupware.model.ids import AccountId, FolderId
from groupware.model.item import Kind
from groupware.model.rights import Right
from groupware.store.api import ReadTx
from mailcore.server.recovery import may_recover

TOP: Final = "Top of Information Store"
OUTBOX: Final = "outbox"
LOST: Final = "recoverableitemsroot"
DELETIONS: Final = "recoverableitemsdeletions"
_LOST_NAMES: Final = {
    DELETIONS: "Deletions",
    "recoverableitemsversions": "Versions",
    "recoverableitemspurges": "Purges",
}
DISTINGUISHED: Final[Mapping[str, Role]] = {
    "inbox": Role.INBOX,
    "drafts": Role.DRAFTS,
    "sentitems": Role.SENT,
    "deleteditems": Role.TRASH,
    "junkemail": Role.JUNK,
    "archive": Role.ARCHIVE,
    "calendar": Role.CALENDAR,
    "contacts": Role.CONTACTS,
    "tasks": Role.TASKS,
    "notes": Role.NOTES,
    "journal": Role.JOURNAL,
}
NAMES: Final = {role.value: name for name, role in DISTINGUISHED.items()}
CLASSES: Final[Mapping[Kind, tuple[str, str]]] = {
    Kind.MAIL: ("Folder", "IPF.Note"),
    Kind.CALENDAR: ("CalendarFolder", "IPF.Appointment"),
    Kind.CONTACTS: ("ContactsFolder", "IPF.Contact"),
    Kind.TASKS: ("TasksFolder", "IPF.Task"),
    Kind.NOTES: ("Folder", "IPF.StickyNote"),
    Kind.JOURNAL: ("Folder", "IPF.Journal"),
}
"""The element, and the FolderClass."""
_HIDDEN: Final = (Role.SCHEDULE_INBOX, Role.QUARANTINE)


@dataclass(frozen=True, slots=True)
class Node:
    """A folder where it stands in the tree."""

    id: Id
    parent: Id | None
    name: str
    folder: Folder | None
    """None: it is made up, or only what is below it may be looked up."""
    owner: AccountId
    distinguished: str = ""

    @property
    def rights(self) -> Right:
        """What may be done in it."""
        return self.folder.rights if self.folder is not None else Right.LOOKUP


Tree = Mapping[Id, Node]


def tree_of(tx: ReadTx, owner: AccountId) -> Tree:
    """Every folder of an owner that may be looked up, parents first. `NotFound` when there is none."""
    folders = tx.folders(of=owner)
    own = owner == tx.who.account
    if not folders and not own:
        raise NotFound("there is no such mailbox, or nothing in it is shared with you")
    root, public = _root(tx, owner, folders), bool(folders) and folders[0].path.split(SEPARATOR)[0] == PUBLIC
    at = Id("F", root.id)
    top = root if root.own or root.exists or root.role == Role.ROOT else None
    found: dict[Id, Node] = {}
    if public and not own:
        found[at] = Node(at, None, "Public Folders", top, owner, "publicfoldersroot")
    else:
        above = Id("R", owner)
        found[above] = Node(above, None, "Root", None, owner, "root")
        found[at] = Node(at, above, TOP, top, owner, "msgfolderroot")
        outbox = Id("X", owner)
        found[outbox] = Node(outbox, at, "Outbox", None, owner, OUTBOX)
        if own or any(may_recover(each) for each in folders if each.exists):
            lost = Id("Y", owner, LOST)
            found[lost] = Node(lost, above, "Recoverable Items", None, owner, LOST)
            for said, name in _LOST_NAMES.items():
                found[Id("Y", owner, said)] = Node(Id("Y", owner, said), lost, name, None, owner, said)
    for each in folders:
        here = Id("F", each.id)
        if here in found or each.role in _HIDDEN:
            continue
        parent = Id("F", each.parent) if each.parent is not None else at
        name = each.path.rpartition(SEPARATOR)[2]
        said = NAMES.get(each.role or "", "")
        found[here] = Node(here, parent, name, each if each.exists else None, owner, said)
    return {here: node for here, node in found.items() if node.parent is None or node.parent in found}


def _root(tx: ReadTx, owner: AccountId, folders: Sequence[Folder]) -> Folder:
    """The owner's root folder; where it may not be looked up it is there with the name alone."""
    try:
        return tx.locate(owner, "")
    except GroupwareError:
        return next(each for each in folders if each.parent is None)


def below(tree: Tree, at: Id, *, deep: bool) -> Iterator[Node]:
    """The folders in a folder, or all that are below it."""
    for node in tree.values():
        if node.distinguished == OUTBOX or (node.id.letter == "Y" and at.letter != "Y"):
            continue
        above = node.parent
        while above is not None and above != at and deep:
            above = tree[above].parent
        if above == at:
            yield node


def is_folder_id(element: Element) -> bool:
    """Whether it names a folder."""
    return local(element) in ("FolderId", "DistinguishedFolderId")


def node_in(tx: ReadTx, element: Element) -> tuple[Tree, Node]:
    """The folder that FolderId or DistinguishedFolderId names, and the tree that it is in. `EwsError`."""
    if local(element) == "DistinguishedFolderId":
        return _distinguished(tx, element.get("Id", "").strip().lower(), _mailbox(element))
    named = read_id(element.get("Id", ""), "F", "R", "X", "Y")
    owner = AccountId(named.number) if named.letter != "F" else _owner(tx, FolderId(named.number))
    tree = tree_or_absent(tx, owner)
    if named not in tree:
        raise absent()
    return tree, tree[named]


def _mailbox(element: Element) -> str:
    return (words(child(element, "Mailbox"), "EmailAddress") or "").strip()


def absent() -> EwsError:
    """What is said of a folder that is not there."""
    return EwsError("ErrorFolderNotFound", "there is no such folder, or it is not shared with you")


def tree_or_absent(tx: ReadTx, owner: AccountId) -> Tree:
    """The tree. `EwsError` when there is nothing to see."""
    try:
        return tree_of(tx, owner)
    except NotFound:
        raise absent() from None


def _owner(tx: ReadTx, at: FolderId) -> AccountId:
    """Whose folder it is. `EwsError`."""
    try:
        return tx.folder(at, Right.LOOKUP).owner
    except GroupwareError:  # a parent that is shown only because of what is below it
        found = next((each.owner for each in tx.folders() if each.id == at), None)
        if found is None:
            raise absent() from None
        return found


def mailbox_of(tx: ReadTx, named: Id) -> str:
    """The address of whose mailbox it is in; "" of what is in nobody's, or not to be seen."""
    try:
        owner = _owner_of(tx, named)
    except (EwsError, GroupwareError):
        return ""
    if owner == tx.who.account:
        return tx.who.name
    paths = [each.path.split(SEPARATOR) for each in tx.folders(of=owner)] if owner is not None else []
    return next((path[1] for path in paths if path[0] == OTHERS and len(path) > 1), "")


def _owner_of(tx: ReadTx, named: Id) -> AccountId | None:
    if named.letter in ("R", "X", "Y"):
        return AccountId(named.number)
    if named.letter in ("F", "D"):
        return _owner(tx, FolderId(named.number))
    placed = tx.placed([named.item]).get(named.item)
    return None if placed is None else tx.folder(placed[0]).owner


def _distinguished(tx: ReadTx, name: str, mailbox: str) -> tuple[Tree, Node]:
    if name == "publicfoldersroot":
        public = next((each.owner for each in tx.folders() if each.path.split(SEPARATOR)[0] == PUBLIC), None)
        if public is None:
            raise absent()
        tree = tree_or_absent(tx, public)
        return tree, next(iter(tree.values()))
    owner = account_of(tx, mailbox)
    tree = tree_or_absent(tx, owner)
    found = next((node for node in tree.values() if node.distinguished == name), None)
    if found is None and name in DISTINGUISHED:  # what a folder is to somebody else
        try:
            there = Id("F", tx.role(owner, DISTINGUISHED[name]).id)
        except GroupwareError:
            raise absent() from None
        found = tree.get(there)
    if found is None:
        raise absent()
    return tree, found


def folder_in(tx: ReadTx, element: Element, need: Right = Right.LOOKUP) -> Folder:
    """The folder itself, opened with a right. `EwsError`, `NoRight`."""
    if local(element) == "FolderId":
        named = read_id(element.get("Id", ""), "F", "R", "X", "Y")
        if named.letter == "F":
            return opened(tx, FolderId(named.number), need)
    _, node = node_in(tx, element)
    if node.folder is None:
        raise absent()
    return opened(tx, node.folder.id, need) if node.distinguished != "msgfolderroot" else node.folder


def opened(tx: ReadTx, at: FolderId, need: Right) -> Folder:
    """The folder of that number. `EwsError`, `NoRight`."""
    try:
        return tx.folder(at, need)
    except NotFound:
        raise absent() from None


def view_path(tree: Tree, node: Node) -> str:
    """The path of a folder in the view of who asks; of one that has none "". `EwsError`."""
    if node.folder is not None:
        return node.folder.path
    raise EwsError("ErrorAccessDenied", f"{node.name!r}: nothing can be made or moved here")
