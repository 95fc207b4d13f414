"""Ping: which of some folders have changed, as soon as one has. MS-ASCMD §2.2.1.13.

A device that waits costs a watch and its request: nothing is read until the bus has a mark.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final

from connectors.activesync.element import Element, el
from connectors.activesync.exchange import Exchange
from connectors.activesync.folders import folder_id, lens_of, told_folder
from connectors.activesync.pim.busy import busy_page
from connectors.activesync.states import Known, newest_state, next_state, same_state
from connectors.activesync.sync.options import options_in
from connectors.activesync.sync.position import position_in
from connectors.activesync.sync.turn import low_of
from connectors.activesync.sync.waiting import changed, watch
from groupware.model.errors import NoRight, NotFound
from groupware.model.folder import Folder
from groupware.store.api import ReadTx, WriteTx

LAST: Final = -1
"""The collection under which it is kept what is pinged."""
MOST: Final = 200
"""Folders."""
LEAST_WAIT, MOST_WAIT = 60, 3540
_NOTHING, _CHANGED, _MISSING, _SYNTAX, _BAD_WAIT, _TOO_MANY, _HIERARCHY = 1, 2, 3, 4, 5, 6, 7


async def ping(exchange: Exchange) -> Element:
    """1 when the time is over, 2 with the folders that have changed."""
    asked = await _asked(exchange)
    if isinstance(asked, Element):
        return asked
    names, wait = asked
    exchange.document, exchange.body = None, b""  # who waits long holds little
    found = watch(exchange, [int(folder_id(each)) for each in names])
    try:
        until = time.monotonic() + wait
        while True:
            told = await exchange.read(lambda tx: _changed(tx, exchange, names))
            left = until - time.monotonic()
            if told is None:
                return _answer(_HIERARCHY)
            told = [each for each in told if await _differs(exchange, each)]
            if told:
                return _answer(_CHANGED, el("Ping:Folders", [el("Ping:Folder", each) for each in told]))
            if left <= 0 or not await changed(found, exchange, left):
                return _answer(_NOTHING)
    finally:
        found.close()


def _changed(tx: ReadTx, exchange: Exchange, names: Sequence[str]) -> list[str] | None:
    """Those of the folders where there is something to be synced; None: one is not there any more."""
    told = []
    for each in names:
        try:
            at = told_folder(tx, each)
        except (NotFound, NoRight):
            return None
        state = newest_state(tx, exchange.device, at.id)
        was = position_in(state.facts) if state is not None else None
        if was is None or not was.top or was.below or was.seen[0] < at.modseq or was.gone < at.modseq:
            told.append(each)
    return told


async def _differs(exchange: Exchange, name: str) -> bool:
    """Whether a folder that has changed has anything to tell: of a calendar of busy times a change may move none."""

    def look(tx: ReadTx) -> tuple[Folder, Known | None]:
        at = told_folder(tx, name)
        return at, newest_state(tx, exchange.device, at.id)

    try:
        at, state = await exchange.read(look)
        was = position_in(state.facts) if state is not None else None
        if state is None or was is None or not was.top or lens_of(at) != "times":
            return True
        low = low_of(at, options_in(state.facts.get("options", {})))
        return not (await busy_page(exchange, at, was, 1, low)).empty
    except (NotFound, NoRight):
        return True  # it is found out when it is synced


async def _asked(exchange: Exchange) -> tuple[Sequence[str], int] | Element:
    """The folders and how long to wait; what is not said is as it was. An element: why it cannot be."""
    before = await exchange.read(lambda tx: newest_state(tx, exchange.device, LAST))
    known: dict[str, Any] = dict(before.facts) if before is not None else {}
    root = exchange.root("Ping:Ping") if exchange.document is not None else Element("Ping:Ping")
    folders = root.child("Ping:Folders")
    if folders is not None:
        known["folders"] = [each.value("Ping:Id") for each in folders.all("Ping:Folder")]
    if root.child("Ping:HeartbeatInterval") is not None:
        known["wait"] = root.number("Ping:HeartbeatInterval")
    if not known.get("folders") or "wait" not in known:
        return _answer(_MISSING)
    if len(known["folders"]) > MOST:
        return _answer(_TOO_MANY, el("Ping:MaxFolders", MOST))
    wait = int(known["wait"])
    if not LEAST_WAIT <= wait <= MOST_WAIT:
        return _answer(_BAD_WAIT, el("Ping:HeartbeatInterval", min(max(wait, LEAST_WAIT), MOST_WAIT)))
    if before is None or known != dict(before.facts):
        await exchange.write(lambda tx: _keep(tx, exchange, before, known))
    return known["folders"], wait


def _keep(tx: WriteTx, exchange: Exchange, before: Known | None, known: dict[str, Any]) -> None:
    if before is None:
        next_state(tx, exchange.device, LAST, Known("0", 0, {}, 0), known)
    else:
        same_state(tx, exchange.device, LAST, before, known)


def _answer(status: int, more: Element | None = None) -> Element:
    return el("Ping:Ping", el("Ping:Status", status), more)
