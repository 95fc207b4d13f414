"""FindConversation and ApplyConversationAction: what belongs together, by the first message of it. MS-OXWSCONV."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from connectors.bounded_xml import Element
from connectors.ews.errors import EwsError, malformed_id
from connectors.ews.fields import micros
from connectors.ews.ids import change_key, conversation_id, item_id
from connectors.ews.item_ops import SEEN, UNSEEN, moved, trash_of
from connectors.ews.letter import Letter
from connectors.ews.mail_fields import FLAG_STATUSES, digest_of
from connectors.ews.mail_put import marked
from connectors.ews.mail_set import SETTERS, Draft
from connectors.ews.things import Facts, One, Thing, things_in
from connectors.ews.tree import folder_in
from connectors.ews.turn import Turn, each
from connectors.ews.views import paged, view_in
from connectors.ews.wire import Xml, child, children, flag, message, needed, tag, words
from connectors.exchange.follow_up import status_of
from connectors.exchange.rules import always, place
from groupware.mime.summary import decode, has_attachment_of
from groupware.model.flags import FLAGS, Flags
from groupware.model.folder import Folder, Role
from groupware.model.ids import EVERY, ItemId, Uid, ranges
from groupware.model.item import Kind
from groupware.model.rights import Right
from groupware.store.api import ReadTx, WriteTx

_COLUMNS: Final = ("id", "saved", "bits", "message_id", "ids", "octets", "modseq", "words")


@dataclass(slots=True)
class Conversation:
    """One conversation in one folder, or in several."""

    root: str
    rows: list[tuple[Folder, Any]] = field(default_factory=list)
    """(folder, row): UID, then `_COLUMNS`."""

    @property
    def newest(self) -> int:
        """When the last message of it came."""
        return max(int(row[2]) for _, row in self.rows)


def _gathered(tx: ReadTx, folders: Iterable[Folder]) -> dict[str, Conversation]:
    found: dict[str, Conversation] = {}
    for folder in folders:
        for row in tx.columns(folder.id, _COLUMNS, EVERY):
            root = digest_of(row[4] or "", row[5] or "", row[1])
            found.setdefault(root, Conversation(root)).rows.append((folder, row))
    return found


async def find_conversation(turn: Turn, element: Element) -> str:
    """`FindConversation`."""
    named, view = next(children(needed(element, "ParentFolderId")), element), view_in(element)

    def look(tx: ReadTx) -> str:
        folder = folder_in(tx, named, Right.READ)
        if folder.kind is not Kind.MAIL:
            raise EwsError("ErrorInvalidRequest", "conversations are of mail")
        found = sorted(_gathered(tx, [folder]).values(), key=lambda one: -one.newest)
        page, some = paged(view, found)
        rows = "".join(_told(tx, one) for one in some)
        last = message("TotalConversationsInView", str(page.total)) + message("IndexedOffset", str(page.next))
        return message("Conversations", rows) + last

    inside = await turn.read(look)
    return (
        '<m:FindConversationResponse ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>'
        f"{inside}</m:FindConversationResponse>"
    )


def _told(tx: ReadTx, one: Conversation) -> str:
    folder = one.rows[0][0]
    rows = sorted((row for _, row in one.rows), key=lambda row: -int(row[2]))
    [first] = things_in(tx, folder, [Uid(rows[0][0])])
    summary = decode(first.summary)
    senders = tag("String", summary.from_[0].name or summary.from_[0].address) if summary.from_ else ""
    unread = sum(Flags.SEEN not in FLAGS[row[3]] for row in rows)
    status = max(status_of(row[3], row[8]) for row in rows)
    ids = "".join(f'<t:ItemId Id="{item_id(ItemId(row[1]))}" ChangeKey="{change_key(row[7])}"/>' for row in rows)
    inside = (
        f'<t:ConversationId Id="{conversation_id(one.root)}"/>'
        + tag("ConversationTopic", summary.base_subject)
        + tag("UniqueSenders", Xml(senders) or None)
        + tag("LastDeliveryTime", micros(one.newest))
        + tag("FlagStatus", FLAG_STATUSES[status])
        + tag("HasAttachments", has_attachment_of(first.summary))
        + tag("MessageCount", len(rows))
        + tag("GlobalMessageCount", len(rows))
        + tag("UnreadCount", unread)
        + tag("GlobalUnreadCount", unread)
        + tag("Size", sum(int(row[6]) for row in rows))
        + tag("ItemClasses", tag("ItemClass", "IPM.Note"))
        + tag("Importance", "Normal")
        + tag("ItemIds", Xml(ids))
        + tag("GlobalItemIds", Xml(ids))
    )
    return tag("Conversation", Xml(inside))


async def apply_conversation_action(turn: Turn, element: Element) -> str:
    """`ApplyConversationAction`: what is done to the messages of a conversation, those to come as well."""

    async def work(action: Element) -> str:
        await turn.write(lambda tx: _applied(tx, action))
        return ""

    return await each("ApplyConversationAction", children(needed(element, "ConversationActions")), work)


def _things(tx: ReadTx, action: Element) -> list[Thing]:
    """The messages of the conversation, in the folder that is named or in all of one's own."""
    text = needed(action, "ConversationId").get("Id", "")
    context = next(children(child(action, "ContextFolderId")), None)
    folders = [folder_in(tx, context, Right.READ)] if context is not None else _own(tx)
    for root, one in _gathered(tx, folders).items():
        if conversation_id(root) == text:
            return [thing for folder, row in one.rows for thing in things_in(tx, folder, [Uid(row[0])])]
    if not text:
        raise malformed_id(text)
    return []


def _own(tx: ReadTx) -> list[Folder]:
    found = tx.folders(Kind.MAIL, of=tx.who.account)
    return [each_ for each_ in found if each_.exists and Right.READ in each_.rights]


Do = Callable[[Thing], object]


def _applied(tx: WriteTx, action: Element) -> None:
    kind = (words(action, "Action") or "").strip()
    if kind in _ALWAYS:
        _from_now_on(tx, action, *_ALWAYS[kind](tx, action))
        return
    make = _ACTIONS.get(kind)
    if make is None:
        raise EwsError("ErrorInvalidRequest", f"{kind[:40]}: this cannot be done to a conversation here")
    do = make(tx, action)
    for thing in _things(tx, action):
        do(thing)


def _from_now_on(tx: WriteTx, action: Element, said: Mapping[str, Any], do: Do | None) -> None:
    """Done to what is there, but for what one has sent or thrown away oneself, and kept for what comes."""
    things = _things(tx, action)
    root = next((thing.references.split("\n", 1)[0] or thing.message_id for thing in things), "")
    if not root:
        raise EwsError("ErrorItemNotFound", "there is no such conversation, or nothing that comes can belong to it")
    for thing in things:
        if do is not None and thing.folder.role not in _NOT_ALWAYS:
            do(thing)
    always(tx, root, said)


def _read(tx: WriteTx, action: Element) -> Do:
    change = SEEN if flag(action, "IsRead") is not False else UNSEEN
    return lambda thing: tx.update_flags(thing.folder.id, ranges([thing.uid]), change)


def _flagged(tx: WriteTx, action: Element) -> Do:
    draft = Draft(Letter())
    SETTERS["Flag"](draft, needed(action, "Flag"), "Set")
    return lambda thing: marked(tx, One(thing, Facts()), thing.uid, draft.marks)


def _target(tx: WriteTx, action: Element) -> Folder:
    return folder_in(tx, next(children(needed(action, "DestinationFolderId")), action), Right.INSERT)


def _move(tx: WriteTx, action: Element) -> Do:
    to = _target(tx, action)
    return lambda thing: moved(tx, thing, to)


def _copy(tx: WriteTx, action: Element) -> Do:
    to = _target(tx, action)
    return lambda thing: tx.copy(thing.folder.id, ranges([thing.uid]), to.id)


def _delete(tx: WriteTx, action: Element) -> Do:
    how = (words(action, "DeleteType") or "MoveToDeletedItems").strip()
    return lambda thing: _deleted(tx, thing, how)


_ACTIONS: Final[Mapping[str, Callable[[WriteTx, Element], Do]]] = {
    "SetReadState": _read,
    "Flag": _flagged,
    "Move": _move,
    "Copy": _copy,
    "Delete": _delete,
}
"""What is done to each message of a conversation."""


def _always_move(tx: WriteTx, action: Element) -> tuple[Mapping[str, Any], Do | None]:
    """Without a folder: no more."""
    if child(action, "DestinationFolderId") is None:
        return {"to": ""}, None
    to = _target(tx, action)
    return {"to": place(to)}, lambda thing: moved(tx, thing, to) if thing.folder.id != to.id else None


def _always_delete(tx: WriteTx, action: Element) -> tuple[Mapping[str, Any], Do | None]:
    if flag(action, "EnableAlwaysDelete") is False:
        return {"delete": False}, None
    return {"delete": True}, lambda thing: _deleted(tx, thing, "MoveToDeletedItems")


def _always_categorize(tx: WriteTx, action: Element) -> tuple[Mapping[str, Any], Do | None]:
    """Without categories: no more."""
    draft = Draft(Letter())
    SETTERS["Categories"](draft, child(action, "Categories"), "Set")
    names = draft.marks.categories or []
    return {"categories": names}, lambda thing: marked(tx, One(thing, Facts()), thing.uid, draft.marks)


_ALWAYS: Final[Mapping[str, Callable[[WriteTx, Element], tuple[Mapping[str, Any], Do | None]]]] = {
    "AlwaysMove": _always_move,
    "AlwaysDelete": _always_delete,
    "AlwaysCategorize": _always_categorize,
}
"""What is kept of it, and what is done to each message that is there."""
_NOT_ALWAYS: Final = frozenset({Role.SENT, Role.DRAFTS, Role.TRASH, Role.JUNK})


def _deleted(tx: WriteTx, thing: Thing, how: str) -> None:
    to = trash_of(tx, thing.folder) if how == "MoveToDeletedItems" else None
    if to is not None:
        moved(tx, thing, to)
    else:
        tx.expunge(thing.folder.id, ranges([thing.uid]), deleted_only=False)
