"""UpdateItem: properties set, appended to and taken away. MS-OXWSCORE §3.1.4.9."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from connectors.bounded_xml import Element
from connectors.ews import contact_write, event_write, task_write
from connectors.ews.create_item import How, send_stored
from connectors.ews.errors import EwsError, no_item, unset
from connectors.ews.event_set import EVENT, Edit, Set, edited
from connectors.ews.extended import HEADERS
from connectors.ews.ids import Id
from connectors.ews.item_ids import known_state, read_item_id
from connectors.ews.letter import Letter, letter_of
from connectors.ews.mail_put import marked, readable, told
from connectors.ews.mail_set import SETTERS, Draft, extended, set_extended
from connectors.ews.paths import Path, path_in
from connectors.ews.same import meant
from connectors.ews.shapes import tag_of
from connectors.ews.things import One, facts_in, thing_of, with_octets
from connectors.ews.turn import Turn, each
from connectors.ews.wire import Xml, child, children, local, message, needed
from connectors.exchange.events import set_description
from groupware.mime.item import Marks as Stored
from groupware.model.ids import ModSeq
from groupware.model.item import Kind
from groupware.model.meeting import Overtaken
from groupware.store.api import WriteTx
from groupware.store.overtaking import again

CONFLICTS: Final = ("NeverOverwrite", "AutoResolve", "AlwaysOverwrite")
"""What ConflictResolution may be. The last two are one here: what is set is set in the item as it is then."""


@dataclass(frozen=True, slots=True)
class Update:
    """One change."""

    how: str
    """`Set`, `Append`, `Delete`."""
    path: Path
    holder: Element | None
    """The item that holds the new value."""

    @property
    def name(self) -> str:
        """The name of the element."""
        return self.path.uri.rpartition(":")[2]

    @property
    def beside(self) -> bool:
        """Whether it is of a message's marks alone, and not of its octets."""
        if self.path.extended:
            return not self.path.uri.startswith(HEADERS)
        return self.name in ("IsRead", "Flag", "Categories")

    @property
    def value(self) -> Element | None:
        """The element with the new value; None: it is taken away."""
        if self.holder is None:
            return None
        return next(children(self.holder, "ExtendedProperty" if self.path.extended else self.name), None)


async def update_item(turn: Turn, element: Element) -> str:
    """`UpdateItem`."""
    conflict = element.get("ConflictResolution", "AutoResolve")
    if conflict not in CONFLICTS:
        raise EwsError("ErrorSchemaValidation", f"ConflictResolution: {conflict[:40]!r} is not known")
    how = How(child(element, "SavedItemFolderId"), element.get("MessageDisposition", "SaveOnly"), "")
    meeting = element.get("SendMeetingInvitationsOrCancellations", "SendToNone")

    async def work(change: Element) -> str:
        named = next((part for part in children(change) if local(part) != "Updates"), change)
        wanted = read_item_id(named)
        updates = updates_in(needed(change, "Updates"))
        state = known_state(named)
        if conflict == "NeverOverwrite" and state is None:
            text = "ChangeKey: who overwrites nothing says which state of the item is known"
            raise EwsError("ErrorChangeKeyRequiredForWriteOperations", text)
        only = state if conflict == "NeverOverwrite" else None
        said = await _updated(turn, wanted, updates, only, tell=meeting != "SendToNone")
        if how.message in ("SendOnly", "SendAndSaveCopy"):
            await send_stored(turn, wanted, how)
        return message("Items", said) + "<m:ConflictResults><t:Count>0</t:Count></m:ConflictResults>"

    return await each("UpdateItem", children(needed(element, "ItemChanges")), work)


def updates_in(element: Element) -> list[Update]:
    """The changes. `EwsError`."""
    found = []
    for each_ in children(element):
        how = local(each_).removesuffix("ItemField").removesuffix("To")
        if how not in ("Set", "Append", "Delete"):
            raise EwsError("ErrorSchemaValidation", f"{local(each_)[:60]}: this is no change of an item")
        holder = next((part for part in children(each_) if not local(part).endswith("FieldURI")), None)
        update = Update(how, path_in(each_), None if how == "Delete" else holder)
        if how != "Delete" and holder is None:
            raise EwsError("ErrorSchemaValidation", f"{local(each_)} holds no item")
        found.append(update)
    return found


async def _updated(turn: Turn, wanted: Id, updates: Sequence[Update], only: ModSeq | None, *, tell: bool) -> Xml:
    """Changes an item; `only`: that state of it, and no later one."""

    async def find() -> One:
        one = await turn.read(lambda tx: One(thing_of(tx, wanted), facts_in(tx, turn.zone), _key(wanted)))
        if only is not None and only != one.thing.modseq:
            raise EwsError("ErrorIrresolvableConflict", "the item has changed since you read it; read it again")
        return one

    first = await find()
    if first.kind is Kind.MAIL:
        return await again(lambda: _message(turn, find, updates, only))
    if first.kind is Kind.CALENDAR:
        if first.key.startswith("#"):
            raise no_item()
        return await event_write.update(turn, find, _all(updates, EVENT), tell=tell)
    if first.kind is Kind.TASKS:
        return await task_write.update(turn, find, _all(updates, task_write.TASK))
    if first.kind is Kind.CONTACTS:
        await with_octets(turn, [first])
        return await contact_write.update(turn, find, _contact(updates), tag_of(first))
    return await task_write.update_note(turn, find, {each_.name: each_.value for each_ in updates})


def _key(wanted: Id) -> str:
    return wanted.more if wanted.letter == "O" else ""


def _all(updates: Sequence[Update], setters: dict[str, Set] | Any) -> Callable[[Edit], None]:
    def do(edit: Edit) -> None:
        for update in updates:
            if update.how == "Append" and update.name not in (
                "Body",
                "RequiredAttendees",
                "OptionalAttendees",
                "Resources",
                "Members",
            ):
                raise EwsError("ErrorInvalidPropertyAppend", f"{update.path.uri[:60]}: nothing can be appended to it")
            if update.how == "Append":
                _append(edit, update, setters)
            elif update.path.extended and update.how == "Delete":
                same = meant(update.path, None, setters)
                if same is not None:
                    setters[same[0]](edit, None)
                edit.kept[update.path.uri] = None
            else:
                edited(edit, setters, "ExtendedProperty" if update.path.extended else update.name, update.value)

    return do


def _append(edit: Edit, update: Update, setters: Any) -> None:
    """Appends to a text, or adds people."""
    if update.name == "Body":
        old = str(edit.value.get("description") or "")
        setters["Body"](edit, update.value)
        set_description(edit.value, old + str(edit.value.get("description") or ""), html=False)
        return
    member = "members" if update.name == "Members" else "participants"
    there = dict(edit.value.get(member) or {})
    if update.name not in setters:
        raise EwsError("ErrorInvalidPropertyAppend", f"{update.path.uri[:60]}: nothing can be appended to it")
    setters[update.name](edit, update.value)
    edit.value[member] = {**there, **(edit.value.get(member) or {})}


def _contact(updates: Sequence[Update]) -> Callable[[Edit], None]:
    rest = [update for update in updates if not update.path.index]

    def do(edit: Edit) -> None:
        for update in updates:
            if update.path.index:
                contact_write.indexed(edit, update.path.uri, update.path.index, update.holder)
        _all(rest, contact_write.CONTACT)(edit)

    return do


# --- messages ---------------------------------------------------------------------------------------------------------


async def _message(turn: Turn, find: Callable[[], Any], updates: Sequence[Update], only: ModSeq | None) -> Xml:
    one: One = await find()
    if all(update.beside for update in updates):
        draft, octets = _drafted(Letter(), updates)
    else:
        await with_octets(turn, [one])
        draft, octets = await asyncio.to_thread(lambda: _drafted(letter_of(one), updates))
    new = await readable(turn, octets, Stored()) if octets else None
    thing = one.thing

    def work(tx: WriteTx) -> Xml:
        uid, modseq = thing.uid, thing.modseq
        there = tx.items(thing.folder.id, [(uid, uid)])
        if not there or there[0].blob != thing.blob or only not in (None, there[0].modseq):
            raise Overtaken("it has changed meanwhile")
        if new is not None:
            stored = tx.rewrite(thing.folder.id, uid, new)
            uid, modseq = stored.uid, stored.modseq
        return told(thing.item, marked(tx, one, uid, draft.marks) or modseq)

    return await turn.write(work)


def _drafted(letter: Letter, updates: Sequence[Update]) -> tuple[Draft, bytes]:
    """What the changes make of a message, and its octets where these are others. `EwsError`."""
    draft = Draft(letter)
    for update in updates:
        _apply(draft, update)
    return draft, letter.octets() if draft.rewritten else b""


def _apply(draft: Draft, update: Update) -> None:
    path, value = update.path, update.value
    if path.extended:
        if update.how == "Delete":
            set_extended(draft, path, None)
        elif value is not None:
            extended(draft, value)
        return
    if update.name == "MimeContent":
        raise unset("MimeContent")
    setter = SETTERS.get(update.name)
    if setter is None and update.how == "Delete":
        return  # what cannot be there can well be taken away
    if setter is None:
        raise unset(path.uri[:60])
    if update.how == "Append" and update.name not in (
        "Body",
        "ToRecipients",
        "CcRecipients",
        "BccRecipients",
        "ReplyTo",
    ):
        raise EwsError("ErrorInvalidPropertyAppend", f"{path.uri[:60]}: nothing can be appended to it")
    setter(draft, value, update.how)
