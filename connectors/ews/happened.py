"""What happened in folders since a client last heard of them, as notifications tell it. MS-OXWSNTIF §2.2.4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from connectors.ews.errors import EwsError
from connectors.ews.ids import change_key, folder_id, item_id
from connectors.ews.tokens import packed, unpacked
from connectors.ews.wire import Xml, message, tag, text_of
from groupware.model.errors import GroupwareError
from groupware.model.folder import Folder
from groupware.model.ids import LAST_UID, FolderId, ModSeq
from groupware.model.item import Kind, Left, Turned
from groupware.model.rights import Right
from groupware.store.api import ReadTx

MOST_FOLDERS: Final = 1000
MOST_EVENTS: Final = 500
"""Of one folder in one answer."""
_LAST: Final = 1 << 62
"""Behind every modseq."""
Marks = dict[str, int | list[int]]
"""How far each folder was known, by its number: its modseq, or, where more is to be told, modseq and UID of the last
that was, and the modseq from before that."""


@dataclass(frozen=True, slots=True)
class Told:
    """A notification."""

    xml: Xml
    reached: Marks
    """How far it goes."""
    anything: bool
    """Whether it tells of events."""
    more: bool
    """Whether there is more to tell."""


def readable(tx: ReadTx) -> list[Folder]:
    """One's own folders that may be read."""
    return [each for each in tx.folders(of=tx.who.account) if each.exists and Right.READ in each.rights]


def known(text: str, name: str, code: str) -> Marks:
    """What a token says of folders. `EwsError`."""
    found = unpacked(name, text, code).get("w")
    if not isinstance(found, dict) or len(found) > MOST_FOLDERS:
        raise EwsError(code, "this is none of this server's: subscribe anew")
    if not all(key.isdecimal() and _is_mark(value) for key, value in found.items()):
        raise EwsError(code, "this is none of this server's: subscribe anew")
    return dict(found)


def _is_mark(value: object) -> bool:
    numbers = value if isinstance(value, list) and len(value) == 3 else [value]
    return all(type(each) is int and 0 <= each < _LAST for each in numbers)


def notified(tx: ReadTx, now: datetime, ident: str, facts: Mapping[str, Any], marks: Marks) -> Told:
    """The notification to the subscription `ident`: `facts` says what it is about, `marks` what was told.

    `EwsError` when that is so long ago, or before a restore, that it is not known what has happened since.
    """
    kinds = frozenset(facts.get("e") or ())
    folders = {str(each.id): each for each in readable(tx)} if facts.get("a") else {}
    events: list[str] = []
    reached: Marks = {}
    more = False
    for name in {**marks, **dict.fromkeys(folders)}:
        folder = folders.get(name) or _opened(tx, FolderId(int(name)))
        if folder is None:
            reached[name] = marks[name]  # it may come back
            continue
        said, reached[name] = _events(tx, folder, marks.get(name, folder.born), kinds, now)
        events += said
        more = more or isinstance(reached[name], list)
    mark = packed("w", {"w": reached})
    told = "".join(events).replace("<t:Watermark/>", f"<t:Watermark>{mark}</t:Watermark>")
    if not events:
        told = tag("StatusEvent", tag("Watermark", mark))
    head = tag("SubscriptionId", ident) + tag("PreviousWatermark", packed("w", {"w": marks})) + tag("MoreEvents", more)
    return Told(message("Notification", head + told), reached, bool(events), more)


def _opened(tx: ReadTx, at: FolderId) -> Folder | None:
    try:
        return tx.folder(at, Right.READ)
    except GroupwareError:
        return None


def _events(
    tx: ReadTx, folder: Folder, mark: int | list[int], kinds: frozenset[str], now: datetime
) -> tuple[list[str], int | list[int]]:
    """What happened in one folder after a mark, and how far that goes."""
    behind, since = ((mark[0], mark[1]), mark[2]) if isinstance(mark, list) else ((mark, int(LAST_UID)), mark)
    if folder.modseq <= since:
        return [], folder.modseq
    rows = _rows(tx, folder, behind, since)
    some = rows[:MOST_EVENTS]
    places = tx.placed([each.item for each in some if isinstance(each, Left)])
    found: list[str] = []
    for each in some:
        to = places.get(each.item, (None, 0))[0] if isinstance(each, Left) else None
        for name in _names(each, since, folder, to):
            if isinstance(each, Left) and to is not None and name == "MovedEvent" and name in kinds:
                found.append(_moved(each, folder, to, now))
            elif name in kinds:
                found.append(_event(name, each, folder, now))
    if len(some) < len(rows):
        return found, [some[-1].modseq, some[-1].uid, since]
    if "ModifiedEvent" in kinds:
        named = f'<t:FolderId Id="{folder_id(folder.id)}" ChangeKey="{change_key(folder.modseq)}"/>'
        inside = f"<t:Watermark/>{tag('TimeStamp', now)}{named}{_parent(folder)}{tag('UnreadCount', folder.unseen)}"
        found.append(f"<t:ModifiedEvent>{inside}</t:ModifiedEvent>")
    return found, folder.modseq


def _rows(tx: ReadTx, folder: Folder, behind: tuple[int, int], since: int) -> Sequence[Turned | Left]:
    """In the order in which it happened; more than one answer has, where there are more. `EwsError`."""
    changed = tx.turned(folder.id, behind, MOST_EVENTS + 1, ModSeq(since))
    left = tx.left(folder.id, behind, MOST_EVENTS + 1)
    if changed is None or left is None:
        raise EwsError("ErrorInvalidWatermark", "what happened since then is not known any more: subscribe anew")
    return sorted([*changed, *left], key=lambda each: each[:2])


def _names(row: Turned | Left, since: int, folder: Folder, to: FolderId | None) -> Sequence[str]:
    """The events that it is; `to`: where it is now that went."""
    if isinstance(row, Left):
        return () if to == folder.id else ("DeletedEvent",) if to is None else ("MovedEvent",)
    if row.beside or row.came <= since:
        return ("ModifiedEvent",)
    inbox = folder.kind is Kind.MAIL and folder.role == "inbox"
    return ("CreatedEvent", "NewMailEvent") if inbox else ("CreatedEvent",)


def _parent(folder: Folder) -> str:
    above = folder.parent if folder.parent is not None else folder.id
    return f'<t:ParentFolderId Id="{folder_id(above)}" ChangeKey="{change_key(0)}"/>'


def _event(name: str, row: Turned | Left, folder: Folder, now: datetime) -> str:
    parent = f'<t:ParentFolderId Id="{folder_id(folder.id)}" ChangeKey="{change_key(folder.modseq)}"/>'
    named = f'<t:ItemId Id="{item_id(row.item)}" ChangeKey="{change_key(row.modseq)}"/>'
    return f"<t:{name}><t:Watermark/><t:TimeStamp>{text_of(now)}</t:TimeStamp>{named}{parent}</t:{name}>"


def _moved(row: Left, folder: Folder, to: FolderId, now: datetime) -> str:
    item, key = item_id(row.item), change_key(row.modseq)
    return (
        f"<t:MovedEvent><t:Watermark/><t:TimeStamp>{text_of(now)}</t:TimeStamp>"
        f'<t:ItemId Id="{item}" ChangeKey="{key}"/><t:ParentFolderId Id="{folder_id(to)}" ChangeKey="{key}"/>'
        f'<t:OldItemId Id="{item}" ChangeKey="{key}"/>'
        f'<t:OldParentFolderId Id="{folder_id(folder.id)}" ChangeKey="{key}"/></t:MovedEvent>'
    )
