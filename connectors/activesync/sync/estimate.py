"""GetItemEstimate: how much there is to be synced. MS-ASCMD §2.2.1.9."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from connectors.activesync.element import Element, el
from connectors.activesync.exchange import Exchange
from connectors.activesync.folders import CLASSES, lens_of, sight_of, told_folder
from connectors.activesync.pim.busy import busy_page
from connectors.activesync.states import known_state
from connectors.activesync.sync.options import Options, options_in, options_of
from connectors.activesync.sync.position import Position, position_in
from connectors.activesync.sync.turn import low_of, next_page
from connectors.activesync.sync.walk import Lost, Page
from groupware.model.errors import NoRight, NotFound
from groupware.model.folder import Folder
from groupware.store.api import ReadTx

MOST: Final = 100_000
_OK, _GONE, _NOT_READY, _WRONG_KEY = 1, 2, 3, 4


async def getitemestimate(exchange: Exchange) -> Element:
    """The number of items that a Sync from each key would bring."""
    root = exchange.root("GetItemEstimate:GetItemEstimate")
    asked = root.child("GetItemEstimate:Collections")
    collections = asked.all("GetItemEstimate:Collection") if asked is not None else []

    def work(tx: ReadTx) -> list[Element | _Busy]:
        return [_one(tx, exchange, each) for each in collections]

    found = await exchange.read(work)
    return el(
        "GetItemEstimate:GetItemEstimate",
        [each if isinstance(each, Element) else await _busy(exchange, each) for each in found],
    )


@dataclass(frozen=True, slots=True)
class _Busy:
    """A calendar of busy times, of which more is found out than the store knows."""

    name: str
    at: Folder
    was: Position
    options: Options


async def _busy(exchange: Exchange, asked: _Busy) -> Element:
    low = low_of(asked.at, asked.options)
    try:
        return _counted(exchange, asked.name, asked.at, await busy_page(exchange, asked.at, asked.was, MOST, low))
    except (NotFound, NoRight):
        return _response(_GONE)


def _one(tx: ReadTx, exchange: Exchange, said: Element) -> Element | _Busy:
    name = said.value("GetItemEstimate:CollectionId") or said.value("AirSync:CollectionId")
    try:
        at = told_folder(tx, name)
    except (NotFound, NoRight):
        return _response(_GONE)
    key = said.value("AirSync:SyncKey")
    if key == "0":
        return _response(_NOT_READY)
    state = known_state(tx, exchange.device, at.id, key)
    if state is None or state.facts.get("lens", "") != sight_of(at):
        return _response(_WRONG_KEY)
    options = options_of(said.all("AirSync:Options"), options_in(state.facts.get("options", {})))
    was = position_in(state.facts)
    if lens_of(at) == "times":
        return _Busy(name, at, was, options)
    try:
        return _counted(exchange, name, at, next_page(tx, at, was, options, MOST))
    except Lost:
        return _response(_WRONG_KEY)


def _counted(exchange: Exchange, name: str, at: Folder, page: Page) -> Element:
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
