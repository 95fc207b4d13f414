"""CreateItem: each kind of items goes its own way. MS-OXWSCORE §3.1.4.2."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from connectors.bounded_xml import Element
from connectors.ews import contact_write, event_write, meeting_answers, meeting_forward, task_write
from connectors.ews.errors import EwsError
from connectors.ews.ids import Id
from connectors.ews.item_ids import known_state
from connectors.ews.letter import Letter, letter_in
from connectors.ews.mail_put import new_message, permitted, put, target, told
from connectors.ews.mail_set import Draft, Marks, given, mime_in
from connectors.ews.new_files import new_file
from connectors.ews.replies import KINDS, answer, original, verb_of
from connectors.ews.sending import completed, send
from connectors.ews.things import Facts, One, Thing, facts_in, thing_of, things_of, with_octets
from connectors.ews.turn import Turn, each
from connectors.ews.wire import child, children, local, message, needed, words
from connectors.exchange.kept import merged, packed, unpacked
from connectors.exchange.last_verb import change_for, facts_for
from groupware.model.errors import GroupwareError
from groupware.model.flags import FlagChange, Flags
from groupware.model.folder import Role
from groupware.model.ids import BlobId, ItemId, ModSeq, Uid
from groupware.model.item import Kind
from groupware.model.rights import Right
from groupware.store.api import ReadTx, WriteTx

RECEIPTED: Final = "$MDNSent"
NOTHING: Final[Mapping[str, Any]] = {}


@dataclass(frozen=True, slots=True)
class How:
    """What is done with what is made."""

    saved: Element | None
    """SavedItemFolderId."""
    message: str
    """`SaveOnly`, `SendOnly`, `SendAndSaveCopy`."""
    meeting: str
    """`SendToNone`, `SendOnlyToAll`, `SendToAllAndSaveCopy`."""


async def create_item(turn: Turn, element: Element) -> str:
    """`CreateItem`."""
    how = How(
        child(element, "SavedItemFolderId"),
        element.get("MessageDisposition", ""),
        element.get("SendMeetingInvitations", "SendToNone"),
    )

    async def work(item: Element) -> str:
        make = _MAKERS.get(local(item))
        if make is None:
            raise EwsError("ErrorInvalidRequest", f"{local(item)[:60]}: this cannot be made here")
        return message("Items", await make(turn, item, how))

    return await each("CreateItem", children(needed(element, "Items")), work)


async def _message(turn: Turn, item: Element, how: How) -> str:
    if (words(item, "ItemClass") or "").startswith("IPM.StickyNote"):
        return await task_write.create_note(turn, item, how.saved)
    draft, octets = await asyncio.to_thread(_drafted, turn, item)
    if local(item) == "PostItem":
        draft.marks.flags.setdefault(Flags.DRAFT, False)
    if octets is None:
        await completed(turn, draft.letter)
        octets = await asyncio.to_thread(draft.letter.octets)
    return await dispatched(turn, draft, octets, how)


def _drafted(turn: Turn, item: Element) -> tuple[Draft, bytes | None]:
    """A new message, and its octets where it has brought them. `EwsError`."""
    octets = mime_in(item)
    draft = Draft(Letter() if octets is None else letter_in(nobody(turn), octets))
    given(draft, item, partial(new_file, turn))
    return draft, draft.letter.octets() if octets is not None and draft.rewritten else octets


def nobody(turn: Turn) -> One:
    """An item that is stored nowhere, for the octets of a new one."""
    folder = None
    thing = Thing(folder, Uid(0), ItemId(0), ModSeq(0), 0, "", BlobId(""), 0, 0, "", b"", "", "")  # type: ignore[arg-type]
    return One(thing, Facts(zone=turn.zone))


async def dispatched(turn: Turn, draft: Draft, octets: bytes, how: How) -> str:
    """Saves, sends, or both; what is told of a message that is saved."""
    if how.message in ("SendOnly", "SendAndSaveCopy"):
        await send(turn, octets)
    if how.message == "SendOnly":
        return ""
    sent = how.message == "SendAndSaveCopy"
    if sent:
        draft.marks.flags |= {Flags.DRAFT: False, Flags.SEEN: True}
    new = await new_message(turn, octets, draft.marks, draft=not sent)
    role = Role.SENT if sent else Role.DRAFTS

    def work(tx: WriteTx) -> str:
        return told(*put(tx, target(tx, how.saved, role), new, draft.marks))

    return await turn.write(work)


async def _answer(turn: Turn, item: Element, how: How) -> str:
    kind = local(item)
    one = await original(turn, needed(item, "ReferenceItemId"))
    if kind == "ForwardItem" and meeting_forward.is_meeting(one):
        said = await _passed_on(turn, one, item, how)
    else:
        draft = await asyncio.to_thread(answer, one, item, partial(new_file, turn))
        await completed(turn, draft.letter)
        octets = await asyncio.to_thread(draft.letter.octets)
        said = await dispatched(turn, draft, octets, how)
    if how.message in ("SendOnly", "SendAndSaveCopy"):
        verb = verb_of(kind)
        await _mark(turn, one, change_for(verb), facts_for(verb, turn.now()))
    return said


async def _passed_on(turn: Turn, one: One, item: Element, how: How) -> str:
    """Passes a meeting on; the first of the letters is kept among what was sent, where a copy is wanted."""
    left = await meeting_forward.forward(turn, one, item, how.message)
    if not left or how.message != "SendAndSaveCopy":
        return ""
    marks = Marks()
    new = await new_message(turn, left[0], marks, draft=False)
    return await turn.write(lambda tx: told(*put(tx, target(tx, how.saved, Role.SENT), new, marks)))


async def _mark(turn: Turn, one: One, change: FlagChange, facts: Mapping[str, Any] = NOTHING) -> None:
    """The original is marked, and gets these properties, where that is allowed and it is still there."""

    def work(tx: WriteTx) -> None:
        allowed, at, uid = permitted(tx, one, change), one.thing.folder.id, one.thing.uid
        if one.kind is Kind.MAIL and allowed != FlagChange():
            tx.update_flags(at, [(uid, uid)], allowed)
        if one.kind is Kind.MAIL and facts and Right.WRITE in one.thing.folder.rights:
            kept = unpacked(tx.item_properties(at, [uid]).get(uid, b""))
            tx.put_item_properties(at, uid, packed(merged(kept, facts)))

    try:
        await turn.write(work)
    except GroupwareError:
        return


async def _no_receipt(turn: Turn, item: Element, how: How) -> str:
    """SuppressReadReceipt: no program asks any more whether its sender is to be told (RFC 3503 §3)."""
    one = await original(turn, needed(item, "ReferenceItemId"))
    await _mark(turn, one, FlagChange(add_words=frozenset({RECEIPTED})))
    return ""


Maker = Callable[[Turn, Element, How], Awaitable[str]]
_MAKERS: Final[Mapping[str, Maker]] = {
    "Message": _message,
    "Item": _message,
    "PostItem": _message,
    "CalendarItem": lambda turn, item, how: event_write.create(turn, item, how.saved, how.meeting),
    "Contact": lambda turn, item, how: contact_write.create(turn, item, how.saved),
    "DistributionList": lambda turn, item, how: contact_write.create(turn, item, how.saved),
    "Task": lambda turn, item, how: task_write.create(turn, item, how.saved),
    **dict.fromkeys(KINDS, _answer),
    **dict.fromkeys(
        ("AcceptItem", "TentativelyAcceptItem", "DeclineItem"),
        lambda turn, item, how: meeting_answers.answer(turn, item, how.message),
    ),
    "CancelCalendarItem": lambda turn, item, how: meeting_answers.cancel(turn, item),
    "SuppressReadReceipt": _no_receipt,
    "RemoveItem": lambda turn, item, how: meeting_answers.remove(turn, item),
}


async def send_item(turn: Turn, element: Element) -> str:
    """`SendItem`: a draft leaves, and is kept in another folder or not at all."""
    keep = element.get("SaveItemToFolder", "true").lower() == "true"
    saved = child(element, "SavedItemFolderId")

    async def work(named: Element) -> str:
        state = known_state(named)
        await _sent(turn, await original(turn, named), saved if keep else None, keep=keep, only=state)
        return ""

    return await each("SendItem", children(needed(element, "ItemIds")), work)


async def send_stored(turn: Turn, wanted: Id, how: How) -> None:
    """A draft that was changed leaves. `EwsError`."""
    one = await turn.read(lambda tx: One(thing_of(tx, wanted), facts_in(tx, turn.zone)))
    await with_octets(turn, [one])
    await _sent(turn, one, how.saved, keep=how.message == "SendAndSaveCopy")


async def _sent(turn: Turn, one: One, saved: Element | None, *, keep: bool, only: ModSeq | None = None) -> None:
    """Sends a draft, if it has not left yet; `only`: in that state, and in no later one. `EwsError`."""
    once = f"ews {one.thing.item} {one.thing.blob}"
    gone, there = await turn.read(lambda tx: (tx.was_sent(once), _in_place(tx, one)))
    if not gone and not there:
        raise EwsError("ErrorItemNotFound", "that draft is gone: another request has moved or deleted it")
    if not gone and only not in (None, one.thing.modseq):
        raise EwsError("ErrorStaleObject", "the draft has changed since you read it; read it again")
    if not gone:
        await send(turn, one.octets, once)
    await turn.write(lambda tx: _after(tx, one, saved, keep=keep))


def _in_place(tx: ReadTx, one: One) -> bool:
    """Whether a draft is still where it was."""
    there = things_of(tx, [one.thing.item]).get(one.thing.item)
    return there is not None and (there.folder.id, there.uid) == (one.thing.folder.id, one.thing.uid)


def _after(tx: WriteTx, one: One, saved: Element | None, *, keep: bool) -> None:
    at, uid = one.thing.folder.id, one.thing.uid
    if not _in_place(tx, one):  # another request that asked for the same was quicker
        return
    if not keep:
        tx.expunge(at, [(uid, uid)], deleted_only=False)
        return
    change = permitted(tx, one, FlagChange(add=Flags.SEEN, remove=Flags.DRAFT))
    if change != FlagChange():
        tx.update_flags(at, [(uid, uid)], change)
    to = target(tx, saved, Role.SENT)
    if to.id != at:
        tx.move(at, [(uid, uid)], to.id)
