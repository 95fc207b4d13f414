"""GetStreamingEvents: what happens in folders, told as it happens over one answer. MS-OXWSNTIF §3.1.4.3."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from connectors.bounded_xml import Element
from connectors.ews.errors import EwsError, ews_error
from connectors.ews.happened import Marks, known, notified, readable
from connectors.ews.notifications import BAD
from connectors.ews.push import SERVICE
from connectors.ews.tokens import unpacked
from connectors.ews.turn import Turn
from connectors.ews.wire import children, failure, message, needed, number, response, success, tag
from groupware.model.errors import GroupwareError, NoRight, TryAgain
from groupware.model.ids import FolderId
from groupware.store.api import Watch
from mailcore.server.stay import WORDS, gone, marks_of

BEAT: Final = 45.0
"""Seconds after which a stream says that it is still there."""
SETTLES: Final = 0.1
"""Seconds that are waited for more of the same."""


async def get_streaming_events(turn: Turn, element: Element) -> str | AsyncIterator[str]:
    """`GetStreamingEvents`: answers one after the other, until the time is over or the server stops."""
    texts = [each_.text or "" for each_ in children(needed(element, "SubscriptionIds"))]
    minutes = number((needed(element, "ConnectionTimeout").text), "ConnectionTimeout", 1, 30) or 30
    subscriptions: dict[str, tuple[dict[str, Any], Marks]] = {}
    for text in texts:
        try:
            subscriptions[text] = unpacked("s", text, BAD), known(text, "s", BAD)
        except EwsError as error:
            return response("GetStreamingEvents", [_no_such(text, error)])
    return _stream(turn, subscriptions, minutes * 60.0)


class _Forgotten(Exception):
    """What happened since a subscription began is not known any more."""

    def __init__(self, ident: str, text: str) -> None:
        super().__init__(text)
        self.ident = ident


def _no_such(ident: str, error: EwsError) -> str:
    """There is no such subscription, or none any more: the client subscribes anew."""
    return failure("GetStreamingEvents", error, message("ErrorSubscriptionIds", tag("SubscriptionId", ident)))


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
                told, more = await _told(turn, subscriptions)
                if told:
                    yield _piece(message("Notifications", "".join(told)))
                if more:
                    continue
                heard = await _woken(turn, watch, min(BEAT, max(0.0, end - loop.time())))
            finally:
                watch.close()
            if not heard:
                yield _piece(status)
            elif not heard.isdisjoint(marks_of(turn.who)):
                await _may_stay(turn)
    except _Forgotten as error:
        yield response("GetStreamingEvents", [_no_such(error.ident, EwsError(BAD, str(error)))])
        return
    except GroupwareError as error:
        yield response("GetStreamingEvents", [failure("GetStreamingEvents", ews_error(error))])
        return
    yield _piece(message("ConnectionStatus", "Closed"))


async def _watched(turn: Turn, subscriptions: Mapping[str, tuple[dict[str, Any], Marks]]) -> set[FolderId]:
    found = {FolderId(int(name)) for _, marks in subscriptions.values() for name in marks}
    if any(facts.get("a") for facts, _ in subscriptions.values()):
        found |= await turn.read(lambda tx: {each_.id for each_ in readable(tx)})
    return found


async def _told(turn: Turn, subscriptions: dict[str, tuple[dict[str, Any], Marks]]) -> tuple[Sequence[str], bool]:
    """The notifications, and whether there are more to come. `_Forgotten`."""
    found, more = [], False
    for ident, (facts, marks) in list(subscriptions.items()):
        now = turn.parts.clock.now()
        try:
            told = await turn.read(lambda tx: notified(tx, now, ident, facts, marks))  # noqa: B023
        except EwsError as error:
            raise _Forgotten(ident, str(error)) from None
        subscriptions[ident] = facts, told.reached
        more = more or told.more
        if told.anything:
            found.append(told.xml)
    return found, more


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
