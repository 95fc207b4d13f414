"""Subscribe, GetEvents and GetStreamingEvents: what happens in folders, as it happens. MS-OXWSNTIF §3.1.4.

A subscription is kept by the client: its id says which folders and events it is about, and since when. So any process
answers for it, it outlives a restart, and Unsubscribe has nothing to do.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from connectors.bounded_xml import Element
from connectors.ews.errors import EwsError, ews_error
from connectors.ews.ids import change_key, folder_id, item_id
from connectors.ews.tokens import packed, unpacked
from connectors.ews.tree import node_in
from connectors.ews.turn import Turn, each
from connectors.ews.wire import (
    Xml,
    child,
    children,
    failure,
    local,
    message,
    needed,
    number,
    response,
    success,
    tag,
    text_of,
)
from groupware.model.errors import GroupwareError, NoRight, TryAgain
from groupware.model.folder import Folder
from groupware.model.ids import FolderId, ItemId, ModSeq
from groupware.model.item import Kind
from groupware.model.rights import Right
from groupware.store.api import ReadTx, Watch
from mailcore.server.stay import WORDS, gone, marks_of

KINDS: Final = frozenset(
    [
        "CopiedEvent",
        "CreatedEvent",
        "DeletedEvent",
        "ModifiedEvent",
        "MovedEvent",
        "NewMailEvent",
        "FreeBusyChangedEvent",
        "StatusEvent",
    ]
)
MOST_FOLDERS: Final = 1000
MOST_EVENTS: Final = 500
"""Of one folder in one answer."""
BEAT: Final = 45.0
"""Seconds after which a stream says that it is still there."""
SETTLES: Final = 0.1
"""Seconds that are waited for more of the same."""
SERVICE: Final = "ews"
"""What the switch that lets one in is called."""
BAD: Final = "ErrorSubscriptionNotFound"
BAD_MARK: Final = "ErrorInvalidWatermark"
Marks = dict[str, int]
"""How far each folder was known, by its number."""


async def subscribe(turn: Turn, element: Element) -> str:
    """`Subscribe`."""

    async def work(request: Element) -> str:
        if local(request) == "PushSubscriptionRequest":
            raise EwsError("ErrorInvalidPushSubscriptionUrl", "nothing is pushed to addresses: pull, or stream")
        everything = request.get("SubscribeToAllFolders", "false").lower() == "true"
        named = list(children(child(request, "FolderIds")))
        kinds = [each_.text or "" for each_ in children(child(request, "EventTypes"))]
        if not set(kinds) <= KINDS or len(named) > MOST_FOLDERS:
            raise EwsError("ErrorInvalidSubscriptionRequest", "an event that there is none of, or too many folders")

        def look(tx: ReadTx) -> Marks:
            if everything:
                return {str(folder.id): folder.modseq for folder in _all(tx)}
            folders = [node_in(tx, each_)[1].folder for each_ in named]
            return {str(folder.id): folder.modseq for folder in folders if folder is not None}

        marks = await turn.read(look)
        ident = packed("s", {"a": everything, "e": sorted(kinds), "w": marks})
        mark = packed("w", {"w": marks})
        streamed = local(request) == "StreamingSubscriptionRequest"
        return message("SubscriptionId", ident) + ("" if streamed else message("Watermark", mark))

    return await each("Subscribe", list(children(element))[:1], work, "ErrorFolderNotFound")


def _all(tx: ReadTx) -> list[Folder]:
    """One's own folders that may be read."""
    return [each_ for each_ in tx.folders(of=tx.who.account) if each_.exists and Right.READ in each_.rights]


async def unsubscribe(turn: Turn, element: Element) -> str:
    """`Unsubscribe`: there is nothing here to be forgotten."""

    async def work(named: Element) -> str:
        unpacked("s", named.text or "", BAD)
        return ""

    return await each("Unsubscribe", [needed(element, "SubscriptionId")], work)


def _known(text: str, name: str, code: str) -> Marks:
    found = unpacked(name, text, code).get("w")
    if not isinstance(found, dict) or len(found) > MOST_FOLDERS:
        raise EwsError(code, "this is none of this server's: subscribe anew")
    if not all(key.isdecimal() and type(value) is int for key, value in found.items()):
        raise EwsError(code, "this is none of this server's: subscribe anew")
    return dict(found)


async def get_events(turn: Turn, element: Element) -> str:
    """`GetEvents`."""
    ident = needed(element, "SubscriptionId").text or ""
    mark = needed(element, "Watermark").text or ""

    async def work(_: None) -> str:
        facts = unpacked("s", ident, BAD)
        marks = _known(mark, "w", BAD_MARK)
        return (await turn.read(lambda tx: _notified(tx, turn, ident, facts, marks)))[0]

    return await each("GetEvents", [None], work)


def _notified(tx: ReadTx, turn: Turn, ident: str, facts: Mapping[str, Any], marks: Marks) -> tuple[Xml, Marks, bool]:
    """The notification, how far it goes, and whether it tells anything."""
    kinds, now = frozenset(facts.get("e") or ()), turn.parts.clock.now()
    folders = {str(each_.id): each_ for each_ in _all(tx)} if facts.get("a") else {}
    events: list[str] = []
    reached: Marks = {}
    for name in {**marks, **dict.fromkeys(folders)}:
        folder = folders.get(name) or _opened(tx, FolderId(int(name)))
        if folder is None:
            continue
        since = marks.get(name, folder.born)
        reached[name] = folder.modseq
        if folder.modseq > since:
            events += _events(tx, folder, ModSeq(since), kinds, now)
    mark = packed("w", {"w": reached})
    told = "".join(events).replace("<t:Watermark/>", f"<t:Watermark>{mark}</t:Watermark>")
    if not events:
        told = tag("StatusEvent", tag("Watermark", mark))
    head = tag("SubscriptionId", ident) + tag("PreviousWatermark", packed("w", {"w": marks})) + tag("MoreEvents", False)
    return message("Notification", head + told), reached, bool(events)


def _opened(tx: ReadTx, at: FolderId) -> Folder | None:
    try:
        return tx.folder(at, Right.READ)
    except GroupwareError:
        return None


def _events(tx: ReadTx, folder: Folder, since: ModSeq, kinds: frozenset[str], now: datetime) -> list[str]:
    """What happened in one folder."""
    turned = tx.turnover(folder.id, since)
    found: list[str] = []
    if turned is not None:
        there = {item for item, _, _ in turned.changed}
        for item, modseq, came in turned.changed[-MOST_EVENTS:]:
            names = ("CreatedEvent", "NewMailEvent") if came > since else ("ModifiedEvent",)
            names = names if folder.kind is Kind.MAIL and folder.role == "inbox" else names[:1]
            found += [_event(name, item, modseq, folder, now) for name in names if name in kinds]
        gone = [(item, modseq) for item, modseq in turned.gone[-MOST_EVENTS:] if item not in there]
        places = tx.placed([item for item, _ in gone])
        for item, modseq in gone:
            if item not in places:
                found += [_event("DeletedEvent", item, modseq, folder, now)] if "DeletedEvent" in kinds else []
            elif "MovedEvent" in kinds:
                found.append(_moved(item, modseq, folder, places[item][0], now))
    if "ModifiedEvent" in kinds:
        named = f'<t:FolderId Id="{folder_id(folder.id)}" ChangeKey="{change_key(folder.modseq)}"/>'
        inside = f"<t:Watermark/>{tag('TimeStamp', now)}{named}{_parent(folder)}{tag('UnreadCount', folder.unseen)}"
        found.append(f"<t:ModifiedEvent>{inside}</t:ModifiedEvent>")
    return found


def _parent(folder: Folder) -> str:
    above = folder.parent if folder.parent is not None else folder.id
    return f'<t:ParentFolderId Id="{folder_id(above)}" ChangeKey="{change_key(0)}"/>'


def _event(name: str, item: ItemId, modseq: ModSeq, folder: Folder, now: datetime) -> str:
    parent = f'<t:ParentFolderId Id="{folder_id(folder.id)}" ChangeKey="{change_key(folder.modseq)}"/>'
    named = f'<t:ItemId Id="{item_id(item)}" ChangeKey="{change_key(modseq)}"/>'
    return f"<t:{name}><t:Watermark/><t:TimeStamp>{text_of(now)}</t:TimeStamp>{named}{parent}</t:{name}>"


def _moved(item: ItemId, modseq: ModSeq, folder: Folder, to: FolderId, now: datetime) -> str:
    key = change_key(modseq)
    return (
        f"<t:MovedEvent><t:Watermark/><t:TimeStamp>{text_of(now)}</t:TimeStamp>"
        f'<t:ItemId Id="{item_id(item)}" ChangeKey="{key}"/><t:ParentFolderId Id="{folder_id(to)}" ChangeKey="{key}"/>'
        f'<t:OldItemId Id="{item_id(item)}" ChangeKey="{key}"/>'
        f'<t:OldParentFolderId Id="{folder_id(folder.id)}" ChangeKey="{key}"/></t:MovedEvent>'
    )


# --- streams ----------------------------------------------------------------------------------------------------------


async def get_streaming_events(turn: Turn, element: Element) -> str | AsyncIterator[str]:
    """`GetStreamingEvents`: answers one after the other, until the time is over or the server stops."""
    texts = [each_.text or "" for each_ in children(needed(element, "SubscriptionIds"))]
    minutes = number((needed(element, "ConnectionTimeout").text), "ConnectionTimeout", 1, 30) or 30
    subscriptions: dict[str, tuple[dict[str, Any], Marks]] = {}
    for text in texts:
        try:
            subscriptions[text] = unpacked("s", text, BAD), _known(text, "s", BAD)
        except EwsError as error:
            wrong = message("ErrorSubscriptionIds", tag("SubscriptionId", text))
            return response("GetStreamingEvents", [failure("GetStreamingEvents", error, wrong)])
    return _stream(turn, subscriptions, minutes * 60.0)


def _piece(inside: str) -> str:
    return response("GetStreamingEvents", [success("GetStreamingEvents", inside)])


async def _stream(
    turn: Turn, subscriptions: dict[str, tuple[dict[str, Any], Marks]], seconds: float
) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    status = message("ConnectionStatus", "OK")
    yield _piece(status)
    try:
        while loop.time() < end and not _stops(turn):
            watch = turn.parts.bus.watch([*await _watched(turn, subscriptions), *marks_of(turn.who)])
            try:
                told = await _told(turn, subscriptions)
                if told:
                    yield _piece(message("Notifications", "".join(told)))
                heard = await _woken(turn, watch, min(BEAT, max(0.0, end - loop.time())))
            finally:
                watch.close()
            if not heard:
                yield _piece(status)
            elif not heard.isdisjoint(marks_of(turn.who)):
                await _may_stay(turn)
    except GroupwareError as error:
        yield response("GetStreamingEvents", [failure("GetStreamingEvents", ews_error(error))])
        return
    yield _piece(message("ConnectionStatus", "Closed"))


async def _watched(turn: Turn, subscriptions: Mapping[str, tuple[dict[str, Any], Marks]]) -> set[FolderId]:
    found = {FolderId(int(name)) for _, marks in subscriptions.values() for name in marks}
    if any(facts.get("a") for facts, _ in subscriptions.values()):
        found |= await turn.read(lambda tx: {each_.id for each_ in _all(tx)})
    return found


async def _told(turn: Turn, subscriptions: dict[str, tuple[dict[str, Any], Marks]]) -> Sequence[str]:
    found = []
    for ident, (facts, marks) in list(subscriptions.items()):
        said, reached, anything = await turn.read(lambda tx: _notified(tx, turn, ident, facts, marks))  # noqa: B023
        subscriptions[ident] = facts, reached
        if anything:
            found.append(said)
    return found


def _stops(turn: Turn) -> bool:
    return turn.stopping is not None and turn.stopping.is_set()


async def _may_stay(turn: Turn) -> None:
    """`NoRight` for who may not sign in any more: nothing more is told."""
    why = await gone(turn.parts.store, turn.who, SERVICE)
    if why is not None:
        raise NoRight(WORDS[why])


async def _woken(turn: Turn, watch: Watch, seconds: float) -> set[FolderId]:
    """Waits for marks; none: it is time to say that one is still there, or to end."""
    mark = asyncio.ensure_future(watch.changed(seconds))
    stop = asyncio.ensure_future(turn.stopping.wait()) if turn.stopping is not None else None
    try:
        await asyncio.wait([task for task in (mark, stop) if task is not None], return_when=asyncio.FIRST_COMPLETED)
        if mark.done() and mark.result():
            await asyncio.sleep(SETTLES)
            return set(mark.result())
        return set()
    finally:
        for task in (mark, stop):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError, TryAgain):
                    await task
