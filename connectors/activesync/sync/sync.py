"""Sync. MS-ASCMD §2.2.1.21."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from connectors.activesync.element import Element, el
from connectors.activesync.exchange import Answer, Exchange
from connectors.activesync.folders import folder_id
from connectors.activesync.states import Known, newest_state, next_state, same_state
from connectors.activesync.sync.request import Collection, SyncRequest, TooMuch, read_request
from connectors.activesync.sync.turn import Memory, Told, turn
from connectors.activesync.sync.waiting import changed, watch
from groupware.model.errors import Conflict
from groupware.store.api import WriteTx

LAST: Final = -2
"""The collection under which it is kept what the last request asked."""
_PROTOCOL, _RETRY, _NOTHING_KNOWN, _BAD_WAIT, _TOO_MANY = 4, 16, 13, 14, 15
TRIES: Final = 3


async def sync(exchange: Exchange) -> Answer:
    """Carries out what a device asks of its collections; an answer without a document: nothing has changed."""
    request = await _request(exchange)
    if isinstance(request, Element):
        return request
    folders = [int(folder_id(each.id)) for each in request.collections]
    if not request.wait:
        told = await _turns(exchange, request)
        return _answer(told)
    found = watch(exchange, folders)
    try:
        until = time.monotonic() + request.wait
        told = await _turns(exchange, request)
        while all(each.element is None for each in told):
            left = until - time.monotonic()
            if left <= 0 or not await changed(found, exchange, left):
                return None
            told = await _turns(
                exchange, replace(request, collections=[_without(each) for each in request.collections])
            )
        return _answer(told)
    finally:
        found.close()


def _without(asked: Collection) -> Collection:
    """The collection, its commands being done already."""
    return replace(asked, commands=(), changes=True)


async def _turns(exchange: Exchange, request: SyncRequest) -> Sequence[Told]:
    found: list[Told] = []
    left = request.window
    for each in request.collections:
        told = await _again(exchange, each, left)
        left -= told.many if told.element is not None else 0
        found.append(told)
        if left <= 0:
            break
    return found


async def _again(exchange: Exchange, asked: Collection, most: int) -> Told:
    """One collection; once more when another request of the device has been quicker."""
    memory = Memory()
    for _ in range(TRIES):
        try:
            return await turn(exchange, asked, most, memory)
        except Conflict:
            continue
    status = el("AirSync:Collection", el("AirSync:SyncKey", asked.key), el("AirSync:CollectionId", asked.id))
    status.children.append(el("AirSync:Status", _RETRY))
    return Told(asked.id, status)


def _answer(told: Sequence[Told]) -> Answer:
    said = [each.element for each in told if each.element is not None]
    return el("AirSync:Sync", el("AirSync:Collections", said)) if said else None


def _refused(status: int, limit: int | None = None) -> Element:
    bound = el("AirSync:Limit", limit) if limit is not None else None
    return el("AirSync:Sync", el("AirSync:Status", status), bound)


async def _request(exchange: Exchange) -> SyncRequest | Element:
    """What is asked: what is not said again is as in the request before. An element: why it cannot be."""
    if exchange.document is None:
        before = await _before(exchange)
        return before if before is not None else _refused(_NOTHING_KNOWN)
    try:
        request = read_request(exchange.root("AirSync:Sync"))
    except TooMuch:
        return _refused(_TOO_MANY)
    if request.bad_wait:
        minutes = exchange.document.child("AirSync:Wait") is not None
        return _refused(_BAD_WAIT, request.bad_wait // 60 if minutes else request.bad_wait)
    if request.partial:
        before = await _before(exchange)
        if before is None:
            return _refused(_NOTHING_KNOWN)
        named = {each.id for each in request.collections}
        others = [each for each in before.collections if each.id not in named]
        request = replace(request, collections=[*request.collections, *others], wait=request.wait or before.wait)
    if not request.collections:
        return _refused(_PROTOCOL)
    await _keep(exchange, request)
    return request


async def _before(exchange: Exchange) -> SyncRequest | None:
    found = await exchange.read(lambda tx: newest_state(tx, exchange.device, LAST))
    if found is None or "collections" not in found.facts:
        return None
    collections = [Collection(name, "", window) for name, window in found.facts["collections"]]
    return SyncRequest(collections, found.facts["wait"], window=found.facts["window"])


async def _keep(exchange: Exchange, request: SyncRequest) -> None:
    """Keeps what was asked, for a request that says it shorter."""
    names = [[each.id, each.window] for each in request.collections]
    facts = {"collections": names, "wait": request.wait, "window": request.window}
    there = await exchange.read(lambda tx: newest_state(tx, exchange.device, LAST))
    if there is not None and {**facts, "nonce": there.facts.get("nonce")} == dict(there.facts):
        return

    def work(tx: WriteTx) -> None:
        known = newest_state(tx, exchange.device, LAST)
        if known is None:
            next_state(tx, exchange.device, LAST, Known("0", 0, {}, 0), facts)
        else:
            same_state(tx, exchange.device, LAST, known, facts)

    await exchange.write(work)
