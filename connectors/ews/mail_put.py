"""Messages put into folders, rewritten there, and marked. MS-OXWSCORE §3.1.4."""

from __future__ import annotations

from dataclasses import replace

from connectors.bounded_xml import Element
from connectors.ews.extended import kept_octets
from connectors.ews.ids import change_key, item_id, occurrence_id
from connectors.ews.mail_set import Marks
from connectors.ews.things import One
from connectors.ews.tree import folder_in
from connectors.ews.turn import Turn
from connectors.ews.wire import Xml, children, tag
from connectors.exchange.follow_up import change_to
from connectors.exchange.kept import merged
from connectors.exchange.last_verb import FORWARDED
from groupware.mime.binary import NoEncoding, without_nul
from groupware.mime.item import Marks as Stored
from groupware.mime.item import read_item
from groupware.model.categories import category_of
from groupware.model.errors import Refused
from groupware.model.flags import FLAGS, FlagChange, Flags, permitted_mask, words_in
from groupware.model.folder import Folder, Role
from groupware.model.ids import ItemId, ModSeq, Uid
from groupware.model.item import NewItem
from groupware.model.rights import Right
from groupware.store.api import ReadTx, WriteTx


def told(item: ItemId, modseq: ModSeq, kind: str = "Message", key: str = "") -> Xml:
    """An item, or an occurrence of one, that was made or changed: its id."""
    named = occurrence_id(item, key) if key else item_id(item)
    return tag(kind, Xml(f'<t:ItemId Id="{named}" ChangeKey="{change_key(modseq)}"/>'))


def target(tx: ReadTx, saved: Element | None, role: Role) -> Folder:
    """The folder where something new comes to. `EwsError`, `NoRight`."""
    named = next(children(saved), None)
    if named is None:
        return tx.role(tx.who.account, role, Right.INSERT)
    return folder_in(tx, named, Right.INSERT)


async def new_message(turn: Turn, octets: bytes, marks: Marks, *, draft: bool) -> NewItem:
    """A message, ready to be stored. `Refused` for what can be no message."""
    flags = Flags.SEEN | Flags.DRAFT if draft else Flags.SEEN
    for flag, on in marks.flags.items():
        flags = flags | flag if on else flags & ~flag
    return await readable(turn, octets, Stored(flags, marks.keywords, marks.saved))


async def readable(turn: Turn, octets: bytes, stored: Stored) -> NewItem:
    """The octets, read and storable. `Refused`."""
    if b"\0" in octets:
        try:
            octets = without_nul(octets)
        except NoEncoding as error:
            raise Refused(str(error)) from None
    return await read_item(octets, turn.parts.blobs, stored)


def put(tx: WriteTx, folder: Folder, new: NewItem, marks: Marks) -> tuple[ItemId, ModSeq]:
    """Puts it in, with what is kept beside it."""
    item = tx.append(folder.id, [new])[0]
    kept = {key: value for key, value in marks.kept.items() if value is not None}
    if kept:
        return item.id, tx.put_item_properties(folder.id, item.uid, kept_octets(kept))
    return item.id, item.modseq


def marked(tx: WriteTx, one: One, uid: Uid, marks: Marks) -> ModSeq | None:
    """Flags, categories and properties of a stored item; its modseq when that is another. `NoRight`."""
    thing = one.thing
    found: ModSeq | None = None
    change = change_of(one, marks)
    if change != FlagChange():
        found = tx.folder(thing.folder.id).modseq
        tx.update_flags(thing.folder.id, [(uid, uid)], change)
    kept = merged(one.kept, marks.kept)
    if kept != one.kept:
        return tx.put_item_properties(thing.folder.id, uid, kept_octets(kept))
    if found is None:
        return None
    return tx.items(thing.folder.id, [(uid, uid)])[0].modseq


def change_of(one: One, marks: Marks) -> FlagChange:
    """The change of flags and keywords; one that is no change is none."""
    now = FLAGS[one.thing.bits]
    add = remove = Flags.NONE
    for flag, on in marks.flags.items():
        if on and flag not in now:
            add |= flag
        elif not on and flag in now:
            remove |= flag
    words = words_in(one.thing.words)
    wanted, gone = marks.keywords - words, set[str]()
    if marks.categories is not None:
        there = {word for word in words if not word.startswith("$")}
        gone = there - marks.keywords - {word for word in there if category_of(word) in marks.categories}
    if marks.forwarded is False and FORWARDED in words:
        gone.add(FORWARDED)
    if marks.followed is not None:
        follow = change_to(marks.followed, one.thing.words)
        wanted, gone = wanted | follow.add_words, gone | follow.remove_words
    return FlagChange(add, remove, wanted, frozenset(gone))


def permitted(tx: ReadTx, one: One, change: FlagChange) -> FlagChange:
    """What of a change is allowed."""
    mask, may_words = permitted_mask(one.thing.folder.rights)
    found = replace(change, add=change.add & mask, remove=change.remove & mask)
    return found if may_words else replace(found, add_words=frozenset(), remove_words=frozenset())
