"""What is told of a folder. MS-OXWSFOLD §2.2.4."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from connectors.bounded_xml import Element
from connectors.ews import permissions
from connectors.ews.ids import change_key
from connectors.ews.paths import Path, paths_in
from connectors.ews.tree import CLASSES, DELETIONS, Node, Tree, below
from connectors.ews.wire import Whole, Xml, child, tag, words
from groupware.model.item import Kind
from groupware.model.rights import Right
from groupware.store.api import ReadTx
from mailcore.server.recovery import removed_of

DEFAULT: Final = (
    "folder:FolderId",
    "folder:DisplayName",
    "folder:TotalCount",
    "folder:ChildFolderCount",
    "folder:UnreadCount",
)
ALL: Final = (
    "folder:FolderId",
    "folder:ParentFolderId",
    "folder:FolderClass",
    "folder:DisplayName",
    "folder:TotalCount",
    "folder:ChildFolderCount",
    "folder:EffectiveRights",
    "folder:DistinguishedFolderId",
    "folder:UnreadCount",
)
NO_CLASS: Final = "IPF"
_CHANGES_SINCE: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MOST_SECONDS: Final = 200_000_000_000
"""Until the year 8337."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Which properties are told."""

    names: frozenset[str]
    extended: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """A folder in its tree, in a transaction that may still be asked."""

    tx: ReadTx
    tree: Tree
    node: Node


def shape_in(element: Element) -> Shape:
    """The FolderShape of a request. `EwsError`."""
    said = child(element, "FolderShape")
    base = (words(said, "BaseShape") or "Default").strip()
    names = {"IdOnly": ("folder:FolderId",), "AllProperties": ALL}.get(base, DEFAULT)
    more = paths_in(child(said, "AdditionalProperties"))
    wanted = frozenset({"folder:FolderId", *names, *(each.uri for each in more)})
    return Shape(wanted, tuple(each for each in more if each.extended))


def kind_of(node: Node) -> Kind:
    """What a folder is for."""
    return node.folder.kind if node.folder is not None else Kind.MAIL


def folder_xml(seen: Seen, shape: Shape) -> Xml:
    """The element of a folder."""
    inside: list[str] = []
    for uri, (name, get) in _BEFORE.items():
        if uri in shape.names:
            inside.append(tag(name, get(seen)))
    for path in shape.extended:
        value = extended_of(seen, path)
        if value is not None:
            inside.append(tag("ExtendedProperty", Xml(path.xml + tag("Value", value))))
    for uri, (name, get) in _BEHIND.items():
        if uri in shape.names:
            inside.append(tag(name, get(seen)))
    return tag(CLASSES[kind_of(seen.node)][0], Xml("".join(inside)))


def id_xml(node: Node, name: str = "FolderId") -> Whole:
    """FolderId, with the ChangeKey."""
    modseq = node.folder.modseq if node.folder is not None else 0
    return Whole(f'<t:{name} Id="{node.id}" ChangeKey="{change_key(modseq)}"/>')


def value_of(seen: Seen, path: Path) -> Any:
    """The value of a property, for restrictions."""
    if path.extended:
        return extended_of(seen, path)
    found = {**_BEFORE, **_BEHIND}.get(path.uri)
    value = found[1](seen) if found is not None else None
    return None if isinstance(value, Xml) else value


def known(path: Path) -> bool:
    """Whether folders have that property."""
    return path.uri in _BEFORE or path.uri in _BEHIND


def extended_of(seen: Seen, path: Path) -> Any:
    """An extended property of a folder that is known here: its name, its class, the UID that is next."""
    by_tag: Mapping[str, Any] = {
        "tag:0x3001:String": seen.node.name,
        "tag:0x3613:String": _class(seen),
        "tag:0x10f4:Boolean": False,
        "tag:0x3602:Integer": _count(seen, "total"),
        "tag:0x3603:Integer": _count(seen, "unseen"),
        "tag:0x360a:Boolean": any(True for _ in below(seen.tree, seen.node.id, deep=False)),
        "tag:0x6751:Integer": _uidnext(seen),
        "tag:0x670a:SystemTime": _marked(seen),
        "tag:0x3008:SystemTime": _marked(seen),
        "tag:0x3601:Integer": 0 if seen.node.parent is None else 1,
    }
    return by_tag.get(path.uri)


def _uidnext(seen: Seen) -> int | None:
    return seen.node.folder.uidnext if seen.node.folder is not None else None


def _marked(seen: Seen) -> datetime | None:
    """PidTagLocalCommitTimeMax and PidTagLastModificationTime, of which programs want that it is another one when
    something in the folder is: no time of changes is kept, so it is the modseq, as seconds since 2000."""
    folder = seen.node.folder
    return None if folder is None else _CHANGES_SINCE + timedelta(seconds=min(folder.modseq, _MOST_SECONDS))


def _class(seen: Seen) -> str | None:
    if seen.node.distinguished in ("root", "msgfolderroot", "publicfoldersroot"):
        return NO_CLASS + ".Note" if seen.node.distinguished == "msgfolderroot" else None
    return CLASSES[kind_of(seen.node)][1]


def _count(seen: Seen, name: str) -> int:
    folder = seen.node.folder
    if seen.node.distinguished == DELETIONS and name == "total":
        return len(removed_of(seen.tx, seen.node.owner))
    return int(getattr(folder, name)) if folder is not None else 0


def effective(rights: Right) -> Xml:
    """EffectiveRights: what who asks may do."""
    said = (
        ("CreateAssociated", False),
        ("CreateContents", Right.INSERT in rights),
        ("CreateHierarchy", Right.CREATE in rights),
        ("Delete", Right.DROP in rights),
        ("Modify", Right.WRITE in rights),
        ("Read", Right.READ in rights),
        ("ViewPrivateItems", Right.PRIVATE in rights),
    )
    return Xml("".join(tag(name, value) for name, value in said))


def _permissions(seen: Seen) -> Whole | None:
    folder = seen.node.folder
    if folder is None or Right.ADMIN not in folder.rights:
        return None
    return Whole(permissions.told(seen.tx.grants(folder.id), folder.kind))


def _parent(seen: Seen) -> Whole | None:
    above = seen.node.parent
    return None if above is None else id_xml(seen.tree[above], "ParentFolderId")


def _unread(seen: Seen) -> int | None:
    return _count(seen, "unseen") if kind_of(seen.node) in (Kind.MAIL, Kind.TASKS, Kind.NOTES, Kind.JOURNAL) else None


Get = Callable[[Seen], Any]
_BEFORE: Final[Mapping[str, tuple[str, Get]]] = {
    "folder:FolderId": ("FolderId", lambda seen: id_xml(seen.node)),
    "folder:ParentFolderId": ("ParentFolderId", _parent),
    "folder:FolderClass": ("FolderClass", _class),
    "folder:DisplayName": ("DisplayName", lambda seen: seen.node.name),
    "folder:TotalCount": ("TotalCount", lambda seen: _count(seen, "total")),
    "folder:ChildFolderCount": (
        "ChildFolderCount",
        lambda seen: sum(1 for _ in below(seen.tree, seen.node.id, deep=False)),
    ),
}
"""What stands before extended properties, and how it is made."""
_BEHIND: Final[Mapping[str, tuple[str, Get]]] = {
    "folder:EffectiveRights": ("EffectiveRights", lambda seen: effective(seen.node.rights)),
    "folder:DistinguishedFolderId": ("DistinguishedFolderId", lambda seen: seen.node.distinguished or None),
    "folder:PermissionSet": ("PermissionSet", _permissions),
    "folder:UnreadCount": ("UnreadCount", _unread),
}
