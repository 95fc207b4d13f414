"""GetItemEstimate: how much there is to be synced. MS-ASCMD §2.2.1.9."""

from __future__ import annotations

from typing import Final

from connectors.activesync.element import Element, el
from connectors.activesync.exchange import Exchange
from connectors.activesync.folders import CLASSES, folder_in
from connectors.activesync.states import known_state
from connectors.activesync.sync.options import options_in, options_of
from connectors.activesync.sync.position import position_in
from connectors.activesync.sync.turn import next_page
from connectors.activesync.sync.walk import Lost
from groupware.model.errors import NoRight, NotFound
from groupware.store.api import ReadTx

MOST: Final = 100_000
_OK, _GONE, _NOT_READY, _WRONG_KEY = 1, 2, 3, 4


async def getitemestimate(exchange: Exchange) -> Element:
    """The number of items that a Sync from each key would bring."""
    root = exchange.root("GetItemEstimate:GetItemEstimate")
    asked = root.child("GetItemEstimate:Collections")
    collections = asked.all("GetItemEstimate:Collection") if asked is not None else []

    def work(tx: ReadTx) -> list[Element]:
        return [_one(tx, exchange, each) for each in collections]

    return el("GetItemEstimate:GetItemEstimate", await exchange.read(work))


def _one(tx: ReadTx, exchange: Exchange, said: Element) -> Element:
    name = said.value("GetItemEstimate:CollectionId") or said.value("AirSync:CollectionId")
    try:
        at = folder_in(tx, name)
    except (NotFound, NoRight):
        return _response(_GONE)
    key = said.value("AirSync:SyncKey")
    if key == "0":
        return _response(_NOT_READY)
    state = known_state(tx, exchange.device, at.id, key)
    if state is None:
        return _response(_WRONG_KEY)
    options = options_of(said.all("AirSync:Options"), options_in(state.facts.get("options", {})))
    try:
        page = next_page(tx, at, position_in(state.facts), options, MOST)
    except Lost:
        return _response(_WRONG_KEY)
    many = len(page.adds) + len(page.changes) + len(page.deletes) + len(page.soft)
    return _response(
        _OK,
        el(
            "GetItemEstimate:Collection",
            el("GetItemEstimate:Class", CLASSES[at.kind]) if exchange.version < 140 else None,
            el("GetItemEstimate:CollectionId", name),
            el("GetItemEstimate:Estimate", many),
        ),
    )


def _response(status: int, collection: Element | None = None) -> Element:
    return el("GetItemEstimate:Response", el("GetItemEstimate:Status", status), collection)
