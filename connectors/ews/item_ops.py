"""GetItem, and what moves items, marks them and takes them away. MS-OXWSCORE §3.1.4."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from connectors.bounded_xml import Element
from connectors.ews import event_write
from connectors.ews.busy_blocks import named_blocks
from connectors.ews.calendar_view import counted
from connectors.ews.errors import EwsError, ews_error, no_item
from connectors.ews.ids import Id, change_key, item_id
from connectors.ews.item_ids import read_item_id
from connectors.ews.mail_put import told
from connectors.ews.meeting_fields import associate
from connectors.ews.recoverable import back, forgotten, is_lost, lost_named, lost_thing
from connectors.ews.shapes import Shape, item_xml, shape_in, tag_of
from connectors.ews.things import Facts, One, Thing, facts_in, thing_of, things_of, told_of, with_octets
from connectors.ews.tree import folder_in
from connectors.ews.turn import Turn, each
from connectors.ews.wire import Xml, children, flag, message, needed, response, success
from groupware.model.errors import GroupwareError, NoRight, NotFound
from groupware.model.flags import FlagChange, Flags
from groupware.model.folder import Folder, Role
from groupware.model.ids import EVERY, AccountId, ItemId
from groupware.model.item import Kind
from groupware.model.rights import Right
from groupware.store.api import ReadTx, WriteTx

ON_THE_LOOP: Final = 64 * 1024
"""Octets of a message that is told of where the request is read."""
SEEN = FlagChange(add=Flags.SEEN)
UNSEEN = FlagChange(remove=Flags.SEEN)


async def get_item(turn: Turn, element: Element) -> str:
    """`GetItem`."""
    shape = shape_in(element)
    ones = await looked_up(turn, list(children(needed(element, "ItemIds"))), shape)

    async def work(part: One | EwsError) -> str:
        if isinstance(part, EwsError):
            raise part
        if part.kind is Kind.MAIL and len(part.octets) <= ON_THE_LOOP:
            return message("Items", item_xml(part, shape))
        return message("Items", await asyncio.to_thread(item_xml, part, shape))

    return await each("GetItem", ones, work)


async def looked_up(turn: Turn, named: Sequence[Element], shape: Shape) -> list[One | EwsError]:
    """What each id leads to, read as far as the shape needs it."""
    ids: list[Id | EwsError] = []
    for part in named:
        try:
            ids.append(read_item_id(part, reading=True))
        except EwsError as error:
            ids.append(error)

    def look(tx: ReadTx) -> tuple[dict[Id, Thing | EwsError], Facts]:
        items = {each_.item for each_ in ids if isinstance(each_, Id) and each_.letter not in ("D", "B")}
        there = told_of(tx, items)
        found: dict[Id, Thing | EwsError] = {}
        for each_ in ids:
            if isinstance(each_, Id) and each_.letter != "B":
                found[each_] = _lost(tx, each_) if each_.letter == "D" else there.get(each_.item) or no_item()
        return found, facts_in(tx, turn.zone)

    things, facts = await turn.read(look)
    things |= await named_blocks(turn, [each_ for each_ in ids if isinstance(each_, Id) and each_.letter == "B"])
    facts = shape.facts(facts)
    found = [
        each_ if isinstance(each_, EwsError) else _one(each_, things.get(each_) or no_item(), facts) for each_ in ids
    ]
    await with_octets(turn, [one for one in found if isinstance(one, One) and (one.key or shape.needs_octets(one))])
    meetings = [one for one in found if isinstance(one, One) and one.octets and one.has_calendar]
    if meetings:
        await turn.read(lambda tx: associate(tx, meetings))
    return [_checked(one) for one in found]


def _one(named: Id, thing: Thing | EwsError, facts: Facts) -> One | EwsError:
    return thing if isinstance(thing, EwsError) else One(thing, facts, _key_of(named))


def _lost(tx: ReadTx, named: Id) -> Thing | EwsError:
    try:
        return lost_thing(lost_named(tx, named))
    except EwsError as error:
        return error
    except GroupwareError as error:
        return ews_error(error)


def _checked(one: One | EwsError) -> One | EwsError:
    """An occurrence that is there, by its own key."""
    if not isinstance(one, One) or not one.key:
        return one
    try:
        if one.key.startswith("#"):
            one.key = counted(one, int(one.key[1:]))
    except EwsError as error:
        return error
    return one if one.json else EwsError("ErrorItemNotFound", "there is no such occurrence")


async def the_one(turn: Turn, named: Element) -> One:
    """The item that is named; an occurrence by its own key, with its octets. `EwsError`."""
    wanted = read_item_id(named)
    one = await turn.read(lambda tx: One(thing_of(tx, wanted), facts_in(tx, turn.zone), _key_of(wanted)))
    if one.key:
        await with_octets(turn, [one])
    found = _checked(one)
    if isinstance(found, EwsError):
        raise found
    return found


def _key_of(wanted: Id) -> str:
    return wanted.more if wanted.letter == "O" else ""


# --- taking away ------------------------------------------------------------------------------------------------------


async def delete_item(turn: Turn, element: Element) -> str:
    """`DeleteItem`: for good, or into the trash; what is no mail has no trash, and goes for good."""
    how = element.get("DeleteType", "HardDelete")
    tell = element.get("SendMeetingCancellations", "SendToNone") != "SendToNone"

    async def work(named: Element) -> str:
        if is_lost(named):
            await turn.write(lambda tx: forgotten(tx, named, how))
            return ""
        one = await the_one(turn, named)
        if one.kind is Kind.CALENDAR:
            await event_write.delete(turn, one, tell=tell)
        elif one.key:
            raise EwsError("ErrorCannotDeleteTaskOccurrence", "an occurrence of a task cannot be deleted")
        else:
            await turn.write(lambda tx: deleted(tx, one.thing, trash=how == "MoveToDeletedItems"))
        return ""

    return await each("DeleteItem", children(needed(element, "ItemIds")), work)


def deleted(tx: WriteTx, thing: Thing, *, trash: bool) -> None:
    """Takes an item away: for good, or a message into the trash. `NoRight`."""
    at, uid = thing.folder, thing.uid
    to = trash_of(tx, at) if trash and at.kind is Kind.MAIL else None
    if to is not None:
        moved(tx, thing, to)
    elif not tx.expunge(at.id, [(uid, uid)], deleted_only=False):
        raise NoRight("it is not yours to take away")


def trash_of(tx: ReadTx, at: Folder) -> Folder | None:
    """Where something that is deleted goes; None: it is there already, or there is no such place to put it."""
    owners = [at.owner] if at.own else [at.owner, tx.who.account]
    for owner in owners:
        try:
            found = tx.role(owner, Role.TRASH, Right.INSERT)
        except GroupwareError:
            continue
        inside = at.path == found.path or at.path.startswith(found.path + "/")
        return None if inside else found
    return None


def moved(tx: WriteTx, thing: Thing, to: Folder) -> None:
    """Puts an item into another folder. `NoRight`."""
    if thing.folder.id != to.id and not tx.move(thing.folder.id, [(thing.uid, thing.uid)], to.id):
        raise NoRight("it is not yours to take out of its folder")


# --- moving -----------------------------------------------------------------------------------------------------------

Do = Callable[[WriteTx, Thing, Folder], ItemId]


def _move(tx: WriteTx, thing: Thing, to: Folder) -> ItemId:
    moved(tx, thing, to)
    return thing.item


def _copy(tx: WriteTx, thing: Thing, to: Folder) -> ItemId:
    [(_, uid)] = tx.copy(thing.folder.id, [(thing.uid, thing.uid)], to.id)
    return tx.items(to.id, [(uid, uid)])[0].id


async def move_item(turn: Turn, element: Element) -> str:
    """`MoveItem`: the ids stay."""
    return await _carry(turn, element, "MoveItem", _move)


async def copy_item(turn: Turn, element: Element) -> str:
    """`CopyItem`."""
    return await _carry(turn, element, "CopyItem", _copy)


async def _carry(turn: Turn, element: Element, operation: str, do: Do) -> str:
    target = next(children(needed(element, "ToFolderId")), element)
    named = list(children(needed(element, "ItemIds")))

    def one_by_one(tx: WriteTx, part: Element) -> Xml:
        to = folder_in(tx, target, Right.INSERT)
        thing = thing_of(tx, read_item_id(part))
        item = do(tx, thing, to)
        there = things_of(tx, [item]).get(item, thing)
        return message("Items", told(item, there.modseq, _kind(One(there, Facts()))))

    def all_at_once(tx: WriteTx) -> list[Xml]:
        return [success(operation, one_by_one(tx, part)) for part in named]

    try:
        return response(operation, await turn.write(all_at_once))
    except (EwsError, GroupwareError):  # nothing is done; what can be done is done one by one

        async def work(part: Element) -> str:
            if do is _move and is_lost(part):
                lost, item = await back(turn, part, target)
                return message("Items", told(item.id, item.modseq, _kind(One(lost_thing(lost), Facts()))))
            return await turn.write(lambda tx: one_by_one(tx, part))

        return await each(operation, named, work)


def _kind(one: One) -> str:
    kind = tag_of(one)
    return "Message" if kind == "Note" else kind


async def archive_item(turn: Turn, element: Element) -> str:
    """`ArchiveItem`: into the folder that is the archive."""

    async def work(part: Element) -> str:
        def archive(tx: WriteTx) -> Xml:
            thing = thing_of(tx, read_item_id(part))
            moved(tx, thing, tx.role(thing.folder.owner, Role.ARCHIVE, Right.INSERT))
            return message("Items", told(thing.item, things_of(tx, [thing.item])[thing.item].modseq))

        return await turn.write(archive)

    return await each("ArchiveItem", children(needed(element, "ItemIds")), work)


# --- marking ----------------------------------------------------------------------------------------------------------


async def mark_all_items_as_read(turn: Turn, element: Element) -> str:
    """`MarkAllItemsAsRead`."""
    change = SEEN if flag(element, "ReadFlag") is not False else UNSEEN

    async def work(named: Element) -> str:
        def mark(tx: WriteTx) -> None:
            folder = folder_in(tx, named, Right.READ)
            tx.update_flags(folder.id, EVERY, change)

        await turn.write(mark)
        return ""

    return await each("MarkAllItemsAsRead", children(needed(element, "FolderIds")), work, "ErrorFolderNotFound")


async def mark_as_junk(turn: Turn, element: Element) -> str:
    """`MarkAsJunk`: moving into Junk and out of it teaches the scanners, as by IMAP."""
    junk = element.get("IsJunk", "true").lower() == "true"
    move = element.get("MoveItem", "true").lower() == "true"

    async def work(named: Element) -> str:
        def mark(tx: WriteTx) -> str:
            thing = thing_of(tx, read_item_id(named))
            if move:
                moved(tx, thing, _role(tx, thing.folder.owner, Role.JUNK if junk else Role.INBOX))
                thing = things_of(tx, [thing.item]).get(thing.item, thing)
            return f'<m:MovedItemId Id="{item_id(thing.item)}" ChangeKey="{change_key(thing.modseq)}"/>'

        return await turn.write(mark)

    return await each("MarkAsJunk", children(needed(element, "ItemIds")), work)


def _role(tx: ReadTx, owner: AccountId, role: Role) -> Folder:
    try:
        return tx.role(owner, role, Right.INSERT)
    except NotFound:
        raise EwsError("ErrorFolderNotFound", f"there is no folder for {role.value} here") from None
