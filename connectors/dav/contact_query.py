"""addressbook-query: contacts that a filter lets through. RFC 6352 §8.6.

The index of texts narrows them down; what is kept beside each decides; the octets are asked of which nothing is kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from starlette.responses import Response

from connectors.dav import filters, xml
from connectors.dav.cards import Converted, version_asked
from connectors.dav.errors import DavError
from connectors.dav.expand import lens_of
from connectors.dav.filters import Prop
from connectors.dav.narrow import narrowed
from connectors.dav.propfind import multistatus
from connectors.dav.request import Exchange
from connectors.dav.shelf import collection
from connectors.dav.telling import AT_ONCE, in_collection, limit_in, names_in, told_of, truncated
from connectors.dav.xml import CARDDAV
from groupware.contacts.card import read_card
from groupware.contacts.facts import read_facts, readable
from groupware.model.errors import Malformed
from groupware.model.ids import EVERY, LAST_UID, BlobId, FolderId, Uid, Uids
from groupware.model.item import Item
from groupware.model.rights import Right
from groupware.store.api import ReadTx

FACTS_AT_ONCE: Final = 5_000
"""Contacts of which what filters ask is in memory together."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a query wants of contacts."""

    props: Sequence[Prop]
    every: bool
    """Whether all have to hold, or one."""
    version: str
    """Of vCard, as which they are looked at; "": as they are stored."""


async def query(exchange: Exchange, root: xml.Element) -> Response:
    """The contacts, at most `limit`."""
    in_collection(exchange)
    shelf = await exchange.parts.store.glance(exchange.who, lambda tx: collection(tx, exchange.at, Right.READ))
    if not shelf.contacts:
        raise DavError(403, "addressbook-query is for an address book", "<D:supported-report/>")
    asked, most = _asked(root), limit_in(root, CARDDAV)
    found: list[Item] = []
    async for some in _let_through(exchange, shelf.folder.id, asked):
        found.extend(some)
        if most and len(found) > most:
            break
    cut = found[:most] if most else found
    told = await told_of(exchange, shelf, cut, names_in(root), lens_of(root, exchange.cards))
    if len(cut) < len(found):
        told.append(truncated(shelf))
    return multistatus(told)


def _asked(root: xml.Element) -> Asked:
    given = root.find(f"{{{CARDDAV}}}filter")
    props, every = filters.card_filter(given) if given is not None else ([], True)
    return Asked(props, every, version_asked(root))


async def _let_through(exchange: Exchange, at: FolderId, asked: Asked) -> AsyncIterator[Sequence[Item]]:
    """Those that are let through, in UID order, some at a time."""
    store, who = exchange.parts.store, exchange.who
    if not asked.props:
        yield await store.read(who, lambda tx: tx.items(at, EVERY))
        return
    async for facts in _facts(exchange, at, asked):
        sure, unsure = await asyncio.to_thread(_stated, facts, asked)
        ranges = [(uid, uid) for uid in sorted(sure | unsure)]
        items = await store.read(who, partial(_items, at, ranges)) if ranges else []
        for start in range(0, len(items), AT_ONCE):
            some = items[start : start + AT_ONCE]
            bodies = await exchange.parts.blobs.read_many([each.blob for each in some if each.uid in unsure])
            held = await asyncio.to_thread(_decided, some, bodies, asked, exchange.cards) if bodies else frozenset()
            yield [each for each in some if each.uid in sure or each.uid in held]


async def _facts(exchange: Exchange, at: FolderId, asked: Asked) -> AsyncIterator[Sequence[tuple[Uid, str]]]:
    """What filters ask of the contacts that may be let through, some at a time."""
    store, who = exchange.parts.store, exchange.who
    among = await store.read(who, lambda tx: narrowed(tx, at, asked.props, asked.every))
    if among is not None:
        for start in range(0, len(among), FACTS_AT_ONCE):
            yield await store.read(who, partial(_facts_of, at, among[start : start + FACTS_AT_ONCE], 0))
        return
    since = Uid(1)
    while page := await store.read(who, partial(_facts_of, at, [(since, LAST_UID)], FACTS_AT_ONCE)):
        yield page
        since = Uid(page[-1][0] + 1)


def _facts_of(at: FolderId, uids: Uids, limit: int, tx: ReadTx) -> Sequence[tuple[Uid, str]]:
    return tx.facts(at, uids, alarms=False, limit=limit)


def _items(at: FolderId, uids: Uids, tx: ReadTx) -> Sequence[Item]:
    return tx.items(at, uids)


def _stated(facts: Sequence[tuple[Uid, str]], asked: Asked) -> tuple[set[Uid], set[Uid]]:
    """Those that their facts let through, and those of which they do not say enough."""
    if not filters.cards_kept(asked.props):
        return set(), {uid for uid, _ in facts}
    sure, unsure, words = set[Uid](), set[Uid](), filters.card_words(asked.props, asked.every)
    for uid, said in facts:
        if not readable(said, asked.version):
            unsure.add(uid)
        elif filters.may_have(said, words) and filters.card_holds(asked.props, asked.every, read_facts(said)):
            sure.add(uid)
    return sure, unsure


def _decided(items: Sequence[Item], bodies: Mapping[BlobId, bytes], asked: Asked, cards: Converted) -> Collection[Uid]:
    """Those that their octets let through."""
    return {each.uid for each in items if each.blob in bodies and _holds(bodies[each.blob], asked, cards)}


def _holds(body: bytes, asked: Asked, cards: Converted) -> bool:
    try:
        card = read_card(cards.in_version(body, asked.version)).card
    except Malformed:
        return False
    return filters.card_holds(asked.props, asked.every, card)
