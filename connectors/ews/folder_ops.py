"""GetFolder and FindFolder, and what changes folders. MS-OXWSFOLD §3.1.4, MS-OXWSSRCH §3.1.4.1."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Final

from connectors.bounded_xml import Element
from connectors.ews import permissions
from connectors.ews.errors import EwsError, ews_error, invalid
from connectors.ews.folder_fields import Seen, Shape, folder_xml, known, shape_in, value_of
from connectors.ews.paths import Path, path_in
from connectors.ews.restriction import Restriction, restriction_in
from connectors.ews.tree import CLASSES, Node, Tree, absent, below, node_in, tree_of, view_path
from connectors.ews.turn import Turn, each
from connectors.ews.views import View, paged, root_folder, view_in
from connectors.ews.wire import Xml, child, children, local, message, needed, response, success, words
from groupware.model.errors import AlreadyExists, GroupwareError, NoRight, Refused
from groupware.model.folder import SEPARATOR, Folder
from groupware.model.ids import EVERY
from groupware.model.item import Kind
from groupware.store.api import ReadTx, WriteTx

MISSING: Final = "ErrorFolderNotFound"
_KINDS: Final = {"CalendarFolder": Kind.CALENDAR, "ContactsFolder": Kind.CONTACTS, "TasksFolder": Kind.TASKS}
_BY_CLASS: Final = {name: kind for kind, (_, name) in CLASSES.items()}
_ID_ONLY: Final = Shape(frozenset({"folder:FolderId"}), ())


def _folders(inside: str) -> Xml:
    return message("Folders", inside)


async def get_folder(turn: Turn, element: Element) -> str:
    """`GetFolder`."""
    shape = shape_in(element)

    async def work(named: Element) -> str:
        def look(tx: ReadTx) -> Xml:
            tree, node = node_in(tx, named)
            return folder_xml(Seen(tx, tree, node), shape)

        return _folders(await turn.read(look))

    return await each("GetFolder", children(needed(element, "FolderIds")), work, MISSING)


async def find_folder(turn: Turn, element: Element) -> str:
    """`FindFolder`."""
    shape, view, restriction = shape_in(element), view_in(element), restriction_in(element, known)
    traversal = element.get("Traversal", "Shallow")

    async def work(named: Element) -> str:
        return await turn.read(lambda tx: _found(tx, named, shape, view, restriction, traversal))

    return await each("FindFolder", children(needed(element, "ParentFolderIds")), work, MISSING)


def _found(
    tx: ReadTx, named: Element, shape: Shape, view: View, restriction: Restriction | None, traversal: str
) -> Xml:
    tree, node = node_in(tx, named)
    found = (
        []
        if traversal == "SoftDeleted"
        else [Seen(tx, tree, at) for at in below(tree, node.id, deep=traversal == "Deep")]
    )
    if restriction is not None:
        found = [seen for seen in found if restriction.test(partial(value_of, seen))]
    page, some = paged(view, found)
    inside = "".join(folder_xml(seen, shape) for seen in some)
    return root_folder(f"<t:Folders>{inside}</t:Folders>", page, view)


def told(tx: ReadTx, folder: Folder) -> Xml:
    """A folder that was made or changed: its id."""
    tree = tree_of(tx, folder.owner)
    node = next(node for node in tree.values() if node.folder is not None and node.folder.id == folder.id)
    return folder_xml(Seen(tx, tree, node), _ID_ONLY)


# --- making -----------------------------------------------------------------------------------------------------------


async def create_folder(turn: Turn, element: Element) -> str:
    """`CreateFolder`."""
    parent = next(children(needed(element, "ParentFolderId")), element)

    async def work(given: Element) -> str:
        return _folders(await turn.write(lambda tx: told(tx, _made(tx, node_in(tx, parent), given))))

    return await each("CreateFolder", children(needed(element, "Folders")), work, MISSING)


def _made(tx: WriteTx, at: tuple[Tree, Node], given: Element) -> Folder:
    tree, node = at
    path, name = _below(tree, node, _name(given)), local(given)
    said = (words(given, "FolderClass") or "").strip()
    kind = _KINDS.get(name) or _BY_CLASS.get(".".join(said.split(".")[:2]), Kind.MAIL)
    if name == "SearchFolder":
        raise invalid("SearchFolder: search folders are not kept here")
    made = tx.add_folder(node.owner, path, kind) if node.folder is None else tx.create_folder(path, kind)
    shared = child(given, "PermissionSet")
    if shared is not None:
        permissions.set_on(tx, made.id, shared)
    return made


def _name(given: Element) -> str:
    name = (words(given, "DisplayName") or "").strip()
    if not name:
        raise EwsError("ErrorFolderSave", "DisplayName: a folder has a name")
    if SEPARATOR in name:
        raise EwsError("ErrorFolderSave", f"DisplayName: {SEPARATOR!r} is not allowed in a name")
    return name


def _below(tree: Tree, node: Node, name: str) -> str:
    """The path of a folder of that name in another. `EwsError`."""
    if node.distinguished == "root":
        raise EwsError("ErrorCreateFolderAccessDenied", "folders are made in msgfolderroot, or below it")
    above = view_path(tree, node)
    return f"{above}{SEPARATOR}{name}" if above else name


async def create_folder_path(turn: Turn, element: Element) -> str:
    """`CreateFolderPath`: each folder in the one before it; those that are there stay as they are."""
    parent = next(children(needed(element, "ParentFolderId")), element)
    names = list(children(needed(element, "RelativeFolderPath")))

    def work(tx: WriteTx) -> list[Xml]:
        at, found = node_in(tx, parent), []
        for given in names:
            name = _name(given)
            inside = below(at[0], at[1].id, deep=False)
            there = next((node for node in inside if node.name.lower() == name.lower()), None)
            if there is None or there.folder is None:
                made = _made(tx, at, given)
                tree = tree_of(tx, made.owner)
                there = next(node for node in tree.values() if node.folder is not None and node.folder.id == made.id)
                at = (tree, there)
            else:
                at = (at[0], there)
            found.append(folder_xml(Seen(tx, *at), _ID_ONLY))
        return found

    try:
        found = await turn.write(work)
    except GroupwareError as error:
        raise ews_error(error, MISSING) from None
    return response("CreateFolderPath", [success("CreateFolderPath", _folders(each_)) for each_ in found])


# --- changing ---------------------------------------------------------------------------------------------------------


async def update_folder(turn: Turn, element: Element) -> str:
    """`UpdateFolder`: the name, and whom it is shared with."""

    async def work(change: Element) -> str:
        named = next(children(change), change)
        updates = list(children(needed(change, "Updates")))
        return _folders(await turn.write(lambda tx: _updated(tx, named, updates)))

    return await each("UpdateFolder", children(needed(element, "FolderChanges")), work, MISSING)


def _updated(tx: WriteTx, named: Element, updates: Iterable[Element]) -> Xml:
    _, node = node_in(tx, named)
    folder = _real(node)
    for update in updates:
        path = path_in(update)
        if local(update) == "DeleteFolderField" and path.uri == "folder:PermissionSet":
            continue  # of a client that has not read it: nobody is meant to lose anything
        if local(update) != "SetFolderField":
            raise EwsError("ErrorInvalidPropertyDelete", f"{path.uri[:60]}: it can only be set")
        given = next((each for each in children(update) if not local(each).endswith("FieldURI")), None)
        if given is None:
            raise EwsError("ErrorSchemaValidation", "SetFolderField holds no folder")
        folder = _set(tx, folder, path, given)
    return told(tx, folder)


def _real(node: Node) -> Folder:
    """The folder, where it is one that can be changed. `EwsError`."""
    if node.folder is None:
        raise absent()
    if node.distinguished in ("msgfolderroot", "publicfoldersroot"):
        raise EwsError("ErrorCannotDeleteObject", f"{node.name!r} stays as it is")
    return node.folder


def _set(tx: WriteTx, folder: Folder, path: Path, given: Element) -> Folder:
    if path.uri == "folder:DisplayName":
        name, above = _name(given), folder.path.rpartition(SEPARATOR)[0]
        if name == folder.path.rpartition(SEPARATOR)[2]:
            return folder
        return tx.rename_folder(folder.id, f"{above}{SEPARATOR}{name}" if above else name)
    if path.uri == "folder:PermissionSet":
        permissions.set_on(tx, folder.id, needed(given, "PermissionSet"))
        return folder
    if path.uri == "folder:FolderClass" and (words(given, "FolderClass") or "").startswith(CLASSES[folder.kind][1]):
        return folder
    raise EwsError("ErrorInvalidPropertySet", f"{path.uri[:60]}: it cannot be set on a folder here")


async def move_folder(turn: Turn, element: Element) -> str:
    """`MoveFolder`."""
    target = next(children(needed(element, "ToFolderId")), element)

    def move(tx: WriteTx, named: Element) -> Xml:
        tree, to = node_in(tx, target)
        _, node = node_in(tx, named)
        folder = _real(node)
        if node.distinguished:
            raise EwsError("ErrorMoveDistinguishedFolder", f"{node.name!r}: it stays where it is")
        name = folder.path.rpartition(SEPARATOR)[2]
        return told(tx, tx.rename_folder(folder.id, _below(tree, to, name)))

    async def work(named: Element) -> str:
        return _folders(await turn.write(lambda tx: move(tx, named)))

    return await each("MoveFolder", children(needed(element, "FolderIds")), work, MISSING)


async def copy_folder(turn: Turn, element: Element) -> str:
    """`CopyFolder`: with its items, and the folders below it."""
    target = next(children(needed(element, "ToFolderId")), element)

    def copy(tx: WriteTx, named: Element) -> Xml:
        there, to = node_in(tx, target)
        tree, node = node_in(tx, named)
        folder = _real(node)
        if to.id == node.id or any(each.id == to.id for each in below(tree, node.id, deep=True)):
            raise EwsError("ErrorMoveCopyFailed", "a folder cannot be copied into itself")
        path = _below(there, to, node.name)
        made = _copied(tx, folder, path)
        for each_ in list(below(tree, node.id, deep=True)):
            if each_.folder is not None:
                _copied(tx, each_.folder, path + each_.folder.path[len(folder.path) :])
        return told(tx, made)

    async def work(named: Element) -> str:
        return _folders(await turn.write(lambda tx: copy(tx, named)))

    return await each("CopyFolder", children(needed(element, "FolderIds")), work, MISSING)


def _copied(tx: WriteTx, folder: Folder, path: str) -> Folder:
    made = tx.create_folder(path, folder.kind)
    tx.copy(folder.id, EVERY, made.id)
    return made


async def delete_folder(turn: Turn, element: Element) -> str:
    """`DeleteFolder`: for good, or into the trash."""
    how = element.get("DeleteType", "MoveToDeletedItems")

    def drop(tx: WriteTx, named: Element) -> None:
        tree, node = node_in(tx, named)
        folder = _real(node)
        if node.distinguished:
            raise EwsError("ErrorDeleteDistinguishedFolder", f"{node.name!r}: it cannot be deleted")
        trash = next((each_ for each_ in tree.values() if each_.distinguished == "deleteditems"), None)
        inside = trash is not None and any(each_.id == node.id for each_ in below(tree, trash.id, deep=True))
        if how == "MoveToDeletedItems" and trash is not None and trash.folder is not None and not inside:
            _into(tx, folder, trash.folder.path)
            return
        for each_ in reversed(list(below(tree, node.id, deep=True))):
            if each_.folder is not None:
                tx.delete_folder(each_.folder.id)
        tx.delete_folder(folder.id)

    async def work(named: Element) -> str:
        await turn.write(lambda tx: drop(tx, named))
        return ""

    return await each("DeleteFolder", children(needed(element, "FolderIds")), work, MISSING)


def _into(tx: WriteTx, folder: Folder, trash: str) -> None:
    """Puts it into the trash, under a name that nothing has there."""
    name = folder.path.rpartition(SEPARATOR)[2]
    there = {each_.path.lower() for each_ in tx.folders(of=folder.owner)}
    number, path = 1, f"{trash}{SEPARATOR}{name}"
    while path.lower() in there:
        number += 1
        path = f"{trash}{SEPARATOR}{name} ({number})"
    tx.rename_folder(folder.id, path)


async def empty_folder(turn: Turn, element: Element) -> str:
    """`EmptyFolder`: all items of a folder, and the folders below when they are asked for."""
    how = element.get("DeleteType", "HardDelete")
    deep = element.get("DeleteSubFolders", "false").lower() == "true"

    def empty(tx: WriteTx, named: Element) -> None:
        tree, node = node_in(tx, named)
        folder = _real(node)
        trash = next((each_ for each_ in tree.values() if each_.distinguished == "deleteditems"), None)
        kept = trash.folder if trash is not None and how == "MoveToDeletedItems" and folder.kind is Kind.MAIL else None
        if kept is not None and kept.id != folder.id:
            tx.move(folder.id, EVERY, kept.id)
        else:
            _expunge(tx, folder)
        for each_ in reversed(list(below(tree, node.id, deep=True)) if deep else []):
            if each_.folder is not None and not each_.distinguished:
                tx.delete_folder(each_.folder.id)

    async def work(named: Element) -> str:
        try:
            await turn.write(lambda tx: empty(tx, named))
        except (NoRight, Refused, AlreadyExists) as error:
            raise EwsError("ErrorCannotEmptyFolder", str(error)) from None
        return ""

    return await each("EmptyFolder", children(needed(element, "FolderIds")), work, MISSING)


def _expunge(tx: WriteTx, folder: Folder) -> None:
    there = tx.uids(folder.id)
    gone = tx.expunge(folder.id, EVERY, deleted_only=False)
    if len(gone) < len(there):
        raise NoRight(f"{len(there) - len(gone)} items are not yours to take away")
