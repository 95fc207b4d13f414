"""One collection of a Sync: the device's commands are carried out, then it is told what has changed."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from connectors.activesync.element import Element, el
from connectors.activesync.errors import status_of
from connectors.activesync.exchange import Exchange
from connectors.activesync.folders import CLASSES, lens_of, sight_of, told_folder
from connectors.activesync.kinds import KINDS
from connectors.activesync.pim.busy import busy_page
from connectors.activesync.states import Known, known_state, newest_state, next_state, same_state
from connectors.activesync.sync.kinds import HIERARCHY, MALFORMED, NOT_FOUND, OK, RETRY, WRONG_KEY, Asked, Done, Kinds
from connectors.activesync.sync.options import Options, cutoff, options_in, options_of
from connectors.activesync.sync.position import Position, position_in
from connectors.activesync.sync.request import Collection
from connectors.activesync.sync.walk import Lost, Page, mail_page, object_page
from groupware.model.errors import Conflict, GroupwareError, NoRight, NotFound, OverQuota, TryAgain
from groupware.model.folder import Folder
from groupware.model.item import Kind
from groupware.store.api import ReadTx

_EMPTY: Final = Element("AirSync:ApplicationData")
_ADDED: Final = uuid.UUID("6f1c7d9e-2a54-4b0e-9c0b-1d8f3f3b7a10")


@dataclass(slots=True)
class Told:
    """What one collection comes to."""

    id: str
    element: Element | None
    """None: there is nothing to say."""
    many: int = 0
    folder: int = 0
    """The folder that a change would be in."""


@dataclass(slots=True)
class Memory:
    """What commands of one request have done: it may have to be begun anew when another one has been quicker."""

    own: dict[int, int] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)
    added: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Case:
    exchange: Exchange
    asked: Collection
    at: Folder
    kinds: Kinds
    state: Known
    options: Options
    position: Position
    own: dict[int, int] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)
    added: dict[str, int] = field(default_factory=dict)
    responses: list[Element] = field(default_factory=list)
    refused: list[tuple[str, int]] = field(default_factory=list)
    """(verb, item) of what the device may not do: it is told how things are."""


async def turn(exchange: Exchange, asked: Collection, most: int, memory: Memory) -> Told:
    """Carries out one collection; `most` items at most are told. `Conflict` when it has to be begun anew."""
    try:
        case = await exchange.read(lambda tx: _begin(tx, exchange, asked))
    except (NotFound, NoRight):
        return Told(asked.id, _answer(asked, HIERARCHY))
    if case is None:
        return Told(asked.id, _answer(asked, WRONG_KEY, "0"))
    if asked.key == "0":
        return await _first(case)
    _remember(case, memory)
    for each in asked.commands:
        await _command(case, each)
    try:
        page = await _page(case, min(asked.window, most))
    except Lost:
        return Told(asked.id, _answer(asked, WRONG_KEY, "0"))
    except (NotFound, NoRight):
        return Told(asked.id, _answer(asked, HIERARCHY))
    _give_back(case, page)
    data = await _rendered(case, page)
    return await _kept(case, page, data)


def _begin(tx: ReadTx, exchange: Exchange, asked: Collection) -> _Case | None:
    at = told_folder(tx, asked.id)
    if asked.key:
        state = known_state(tx, exchange.device, at.id, asked.key)
    else:
        state = newest_state(tx, exchange.device, at.id)
    if state is None or (asked.key != "0" and state.facts.get("lens", "") != sight_of(at)):
        return None
    options = options_of(asked.options, options_in(state.facts.get("options", {})))
    if asked.key == "0":
        options = replace(options, supported=asked.supported)
    position = position_in(state.facts)
    lost = position_in(state.lost)
    case = _Case(exchange, asked, at, KINDS[at.kind], state, options, position)
    case.own = {**lost.own, **position.own}
    case.taken = {*lost.taken, *position.taken, *state.lost.get("did", {}).get("taken", ())}
    case.own |= {int(item): modseq for item, modseq in state.lost.get("did", {}).get("own", {}).items()}
    case.added = dict(state.lost.get("did", {}).get("added", {}))
    return case


def _remember(case: _Case, memory: Memory) -> None:
    """From now on what the case does is remembered, and what was done before is known to it."""
    memory.own.update({**case.own, **memory.own})
    memory.taken |= case.taken
    memory.added.update({**case.added, **memory.added})
    case.own, case.taken, case.added = memory.own, memory.taken, memory.added


async def _first(case: _Case) -> Told:
    """A device begins: it gets a key, and nothing else yet."""
    facts = {"options": case.options.facts(), **_sight(case.at)}
    exchange, at = case.exchange, case.at
    key = await exchange.write(lambda tx: next_state(tx, exchange.device, at.id, case.state, facts))
    return Told(case.asked.id, _answer(case.asked, OK, key, at=at, version=exchange.version), 1)


def _sight(at: Folder) -> dict[str, str]:
    return {"lens": sight_of(at)} if sight_of(at) else {}


async def _page(case: _Case, window: int) -> Page:
    """What there is to be told. `Lost`, `NotFound`, `NoRight`."""
    was = replace(case.position, own=case.own, taken=frozenset(case.taken))
    if not case.asked.changes:
        return Page(position=was)
    if lens_of(case.at) == "times":
        return await busy_page(case.exchange, case.at, was, window, low_of(case.at, case.options))
    return await case.exchange.read(lambda tx: next_page(tx, told_folder(tx, case.asked.id), was, case.options, window))


def low_of(at: Folder, options: Options) -> int:
    """From when on events are wanted, in microseconds since 1970; 0: all."""
    return cutoff(options.filter, int(time.time())) if at.kind == Kind.CALENDAR else 0


def next_page(tx: ReadTx, at: Folder, was: Position, options: Options, window: int) -> Page:
    """The next window of a folder. `Lost`."""
    if at.kind == Kind.MAIL:
        low = cutoff(options.filter, int(time.time()))
        return mail_page(tx, at, was if was.top else replace(was, low=low), low, window)
    low = low_of(at, options)
    return object_page(tx, at, was if was.top else replace(was, low=low), window, low)


# --- what the device does ---------------------------------------------------------------------------------------------


async def _command(case: _Case, said: Element) -> None:
    verb = said.name.partition(":")[2]
    client, server = said.value("AirSync:ClientId"), said.value("AirSync:ServerId")
    if said.value("AirSync:Class") == "SMS":
        _respond(case, verb, client, server, Done(OK))
        return
    done = await _done(case, verb, said)
    if done.item and done.modseq:
        case.own[done.item] = done.modseq
    if verb == "Add" and done.status == OK and client:
        case.added[client] = done.item
    if verb == "Delete" and done.status == OK and not done.modseq:
        case.taken.add(item_of(case.at, server))
    _respond(case, verb, client, server, done)


def _respond(case: _Case, verb: str, client: str, server: str, done: Done) -> None:
    """Adds and Fetches are always answered, Changes and Deletes when they failed or have more to say."""
    if verb in ("Change", "Delete") and done.status == OK and not done.answer:
        return
    if verb == "Add" and done.item:
        server = server_id(case.at, done.item)
    case.responses.append(
        el(
            f"AirSync:{verb}",
            el("AirSync:ClientId", client) if client else None,
            el("AirSync:ServerId", server) if server else None,
            el("AirSync:Status", done.status),
            done.answer,
        )
    )


async def _done(case: _Case, verb: str, said: Element) -> Done:
    client, server = said.value("AirSync:ClientId"), said.value("AirSync:ServerId")
    before = case.added.get(client) if verb == "Add" else None
    item = item_of(case.at, server) if before is None else before
    if verb != "Add" and not item:
        return Done(NOT_FOUND)
    asked = Asked(
        said.child("AirSync:ApplicationData") or _EMPTY,
        item,
        said.value("AirSyncBase:InstanceId"),
        str(uuid.uuid5(_ADDED, f"{case.exchange.device.number} {case.at.id} {case.state.key} {client}")),
        max(case.position.seen[0], case.own.get(item, 0)),
        case.options,
        case.asked.moves,
        said.child("Email2:Send") is not None,
    )
    try:
        if before is not None:
            again = case.kinds.again
            return Done(OK, item, answer=await again(case.exchange, case.at, asked) if again is not None else [])
        return await _act(case, verb, asked)
    except GroupwareError as error:
        if verb == "Delete" and isinstance(error, NotFound):
            return Done(OK) if item in case.taken else Done(NOT_FOUND)
        if isinstance(error, NoRight) and item:
            case.refused.append((verb, item))
        return Done(_status(case, error))


def _give_back(case: _Case, page: Page) -> None:
    """Tells the device anew what it has changed or taken away without a right to."""
    for verb, item in case.refused:
        told = page.adds if verb == "Delete" else page.changes
        if verb in ("Change", "Delete") and item not in (*page.adds, *page.changes):
            told.append(item)


async def _act(case: _Case, verb: str, asked: Asked) -> Done:
    exchange, at, kinds = case.exchange, case.at, case.kinds
    if verb == "Fetch":
        found = await kinds.render(exchange, at, [asked.item], case.options)
        return Done(OK, answer=[found[asked.item]]) if asked.item in found else Done(NOT_FOUND)
    if lens_of(at):
        raise NoRight("of this calendar you are told when its owner is busy, or titles: it is only read")
    acts = {"Add": kinds.add, "Change": kinds.change, "Delete": kinds.delete}
    if verb not in acts:
        return Done(MALFORMED)
    return await acts[verb](exchange, at, asked)


def _status(case: _Case, error: GroupwareError) -> int:
    if isinstance(error, NotFound):
        return NOT_FOUND
    if isinstance(error, TryAgain | Conflict):
        return RETRY
    if isinstance(error, NoRight | OverQuota) and case.exchange.version >= 140:
        return status_of(error)
    return MALFORMED


def server_id(at: Folder, item: int) -> str:
    """What an item is called."""
    return f"{at.id}:{item}"


def item_of(at: Folder, server: str) -> int:
    """The item of a ServerId; 0 for one of elsewhere."""
    folder, _, item = server.partition(":")
    return int(item) if folder == str(at.id) and item.isascii() and item.isdigit() and len(item) < 20 else 0


# --- what the device is told ------------------------------------------------------------------------------------------


async def _rendered(case: _Case, page: Page) -> Mapping[int, Element]:
    wanted = [*page.adds, *page.changes]
    return await case.kinds.render(case.exchange, case.at, wanted, case.options) if wanted else {}


async def _kept(case: _Case, page: Page, data: Mapping[int, Element]) -> Told:
    """Keeps the state that follows, and gives the answer."""
    asked, exchange = case.asked, case.exchange
    did = {"own": case.own, "taken": sorted(case.taken), "added": case.added} if asked.commands else {}
    facts: dict[str, Any] = {"options": case.options.facts(), **_sight(case.at), **page.position.facts()}
    facts |= {"did": did} if did else {}
    quiet = page.empty and not page.more and not asked.commands
    if quiet and case.state.number == case.state.newest:
        if {**facts, "nonce": case.state.facts.get("nonce")} != dict(case.state.facts):
            await exchange.write(lambda tx: same_state(tx, exchange.device, case.at.id, case.state, facts))
        return Told(asked.id, None, 0, case.at.id)
    key = await exchange.write(lambda tx: next_state(tx, exchange.device, case.at.id, case.state, facts))
    commands = [*_sent("Add", page.adds, case.at, data), *_sent("Change", page.changes, case.at, data)]
    commands += [el("AirSync:Delete", _server(case.at, item)) for item in page.deletes]
    commands += [el("AirSync:SoftDelete", _server(case.at, item)) for item in page.soft]
    answer = _answer(asked, OK, key, at=case.at, version=exchange.version)
    if page.more:
        answer.children.append(el("AirSync:MoreAvailable"))
    if commands:
        answer.children.append(el("AirSync:Commands", commands))
    if case.responses:
        answer.children.append(el("AirSync:Responses", case.responses))
    return Told(asked.id, answer, len(commands) or 1, case.at.id)


def _server(at: Folder, item: int) -> Element:
    return el("AirSync:ServerId", server_id(at, item))


def _sent(verb: str, items: list[int], at: Folder, data: Mapping[int, Element]) -> list[Element]:
    return [el(f"AirSync:{verb}", _server(at, item), data[item]) for item in items if item in data]


def _answer(asked: Collection, status: int, key: str = "", *, at: Folder | None = None, version: int = 161) -> Element:
    return el(
        "AirSync:Collection",
        el("AirSync:Class", CLASSES[at.kind]) if at is not None and version < 140 else None,
        el("AirSync:SyncKey", key or asked.key or "0"),
        el("AirSync:CollectionId", asked.id),
        el("AirSync:Status", status),
    )
