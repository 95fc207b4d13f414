"""What happened in folders since a client last heard of them, as notifications tell it. MS-OXWSNTIF §2.2.4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from connectors.ews.errors import EwsError
from connectors.ews.ids import change_key, folder_id, item_id
from connectors.ews.tokens import packed, unpacked
from connectors.ews.wire import Xml, message, tag, text_of
from groupware.model.errors import GroupwareError
from groupware.model.folder import Folder
from groupware.model.ids import FolderId, ItemId, ModSeq
from groupware.model.item import Kind
from groupware.model.rights import Right
from groupware.store.api import ReadTx

MOST_FOLDERS: Final = 1000
MOST_EVENTS: Final = 500
"""Of one folder in one answer."""
_LAST: Final = 1 << 62
"""Behind every item."""
Marks = dict[str, int | list[int]]
"""How far each folder was known, by its number: its modseq, or, in the middle of one change, the item as well."""


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


class _Row(NamedTuple):
    """One thing that happened to an item."""

    modseq: int
    item: int
    came: int | None
    """The modseq with which it came into the folder; None: it went."""


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
    numbers = value if isinstance(value, list) and len(value) == 2 else [value]
    return all(type(each) is int and 0 <= each < _LAST for each in numbers)


def notified(tx: ReadTx, now: datetime, ident: str, facts: Mapping[str, Any], marks: Marks) -> Told:
    """The notification to the subscription `ident`: `facts` says what it is about, `marks` what was told."""
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
    base, last = (mark[0] - 1, (mark[0], mark[1])) if isinstance(mark, list) else (mark, (mark, _LAST))
    if folder.modseq <= base:
        return [], folder.modseq
    rows = [each for each in _rows(tx, folder, ModSeq(base)) if (each.modseq, each.item) > last]
    some = rows[:MOST_EVENTS]
    places = tx.placed([ItemId(each.item) for each in some if each.came is None])
    found: list[str] = []
    for each in some:
        for name in _names(each, base, folder, there=each.item in places):
            if name == "MovedEvent" and name in kinds:
                found.append(_moved(each, folder, places[ItemId(each.item)][0], now))
            elif name in kinds:
                found.append(_event(name, each, folder, now))
    if len(some) < len(rows):
        return found, [some[-1].modseq, some[-1].item]
    if "ModifiedEvent" in kinds:
        named = f'<t:FolderId Id="{folder_id(folder.id)}" ChangeKey="{change_key(folder.modseq)}"/>'
        inside = f"<t:Watermark/>{tag('TimeStamp', now)}{named}{_parent(folder)}{tag('UnreadCount', folder.unseen)}"
        found.append(f"<t:ModifiedEvent>{inside}</t:ModifiedEvent>")
    return found, folder.modseq


def _rows(tx: ReadTx, folder: Folder, since: ModSeq) -> Sequence[_Row]:
    """In the order in which it happened."""
    turned = tx.turnover(folder.id, since)
    if turned is None:
        return []
    there = {item for item, _, _ in turned.changed}
    rows = [_Row(modseq, item, came) for item, modseq, came in turned.changed]
    rows += [_Row(modseq, item, None) for item, modseq in turned.gone if item not in there]
    return sorted(rows, key=lambda each: each[:2])


def _names(row: _Row, since: int, folder: Folder, *, there: bool) -> Sequence[str]:
    """The events that it is; `there`: what went is in another folder."""
    if row.came is None:
        return ("MovedEvent",) if there else ("DeletedEvent",)
    if row.came <= since:
        return ("ModifiedEvent",)
    inbox = folder.kind is Kind.MAIL and folder.role == "inbox"
    return ("CreatedEvent", "NewMailEvent") if inbox else ("CreatedEvent",)


def _parent(folder: Folder) -> str:
    above = folder.parent if folder.parent is not None else folder.id
    return f'<t:ParentFolderId Id="{folder_id(above)}" ChangeKey="{change_key(0)}"/>'


def _event(name: str, row: _Row, folder: Folder, now: datetime) -> str:
    parent = f'<t:ParentFolderId Id="{folder_id(folder.id)}" ChangeKey="{change_key(folder.modseq)}"/>'
    named = f'<t:ItemId Id="{item_id(ItemId(row.item))}" ChangeKey="{change_key(row.modseq)}"/>'
    return f"<t:{name}><t:Watermark/><t:TimeStamp>{text_of(now)}</t:TimeStamp>{named}{parent}</t:{name}>"


def _moved(row: _Row, folder: Folder, to: FolderId, now: datetime) -> str:
    item, key = item_id(ItemId(row.item)), change_key(row.modseq)
    return (
        f"<t:MovedEvent><t:Watermark/><t:TimeStamp>{text_of(now)}</t:TimeStamp>"
        f'<t:ItemId Id="{item}" ChangeKey="{key}"/><t:ParentFolderId Id="{folder_id(to)}" ChangeKey="{key}"/>'
        f'<t:OldItemId Id="{item}" ChangeKey="{key}"/>'
        f'<t:OldParentFolderId Id="{folder_id(folder.id)}" ChangeKey="{key}"/></t:MovedEvent>'
    )
