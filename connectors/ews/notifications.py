"""Subscribe, Unsubscribe and GetEvents. MS-OXWSNTIF §3.1.4.

A subscription that is pulled or streamed is kept by the client: its id says which folders and events it is about, and
since when. So any process answers for it, it outlives a restart, and Unsubscribe has nothing to do. One that is pushed
is a registration in the store (`connectors.ews.push`).
"""

from __future__ import annotations

from typing import Final

from connectors.bounded_xml import Element
from connectors.ews import push
from connectors.ews.errors import EwsError
from connectors.ews.happened import MOST_FOLDERS, Marks, known, notified, readable
from connectors.ews.tokens import packed, unpacked
from connectors.ews.tree import node_in
from connectors.ews.turn import Turn, each
from connectors.ews.wire import child, children, local, message, needed, words
from groupware.store.api import ReadTx

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
BAD: Final = "ErrorSubscriptionNotFound"
BAD_MARK: Final = "ErrorInvalidWatermark"


async def subscribe(turn: Turn, element: Element) -> str:
    """`Subscribe`."""

    async def work(request: Element) -> str:
        everything = request.get("SubscribeToAllFolders", "false").lower() == "true"
        named = list(children(child(request, "FolderIds")))
        kinds = [each_.text or "" for each_ in children(child(request, "EventTypes"))]
        if not set(kinds) <= KINDS or len(named) > MOST_FOLDERS:
            raise EwsError("ErrorInvalidSubscriptionRequest", "an event that there is none of, or too many folders")

        def look(tx: ReadTx) -> Marks:
            if everything:
                return {str(folder.id): folder.modseq for folder in readable(tx)}
            folders = [node_in(tx, each_)[1].folder for each_ in named]
            return {str(folder.id): folder.modseq for folder in folders if folder is not None}

        marks = await turn.read(look)
        heard = words(request, "Watermark")
        if heard and local(request) != "StreamingSubscriptionRequest":
            marks |= {name: mark for name, mark in known(heard, "w", BAD_MARK).items() if name in marks}
        facts = {"a": everything, "e": sorted(kinds)}
        if local(request) == "PushSubscriptionRequest":
            ident = await push.register(turn, request, facts, marks)
        else:
            ident = packed("s", {**facts, "w": marks})
        streamed = local(request) == "StreamingSubscriptionRequest"
        mark = "" if streamed else message("Watermark", packed("w", {"w": marks}))
        return message("SubscriptionId", ident) + mark

    return await each("Subscribe", list(children(element))[:1], work, "ErrorFolderNotFound")


async def unsubscribe(turn: Turn, element: Element) -> str:
    """`Unsubscribe`: of those that the client keeps there is nothing here to be forgotten."""

    async def work(named: Element) -> str:
        text = named.text or ""
        if not await push.unregister(turn, text):
            unpacked("s", text, BAD)
        return ""

    return await each("Unsubscribe", [needed(element, "SubscriptionId")], work, BAD)


async def get_events(turn: Turn, element: Element) -> str:
    """`GetEvents`."""
    ident = needed(element, "SubscriptionId").text or ""
    mark = needed(element, "Watermark").text or ""

    async def work(_: None) -> str:
        facts = unpacked("s", ident, BAD)
        marks = known(mark, "w", BAD_MARK)
        return (await turn.read(lambda tx: notified(tx, turn.parts.clock.now(), ident, facts, marks))).xml

    return await each("GetEvents", [None], work)
