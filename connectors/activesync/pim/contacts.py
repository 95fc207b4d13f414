"""Sync of contacts. MS-ASCNTC §3.1.5."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from connectors.activesync.element import Element
from connectors.activesync.exchange import Exchange
from connectors.activesync.pim import shelf
from connectors.activesync.pim.contact_taken import CHILDREN, KNOWN, changed_card, new_card
from connectors.activesync.pim.contact_told import told
from connectors.activesync.pim.events import now_text
from connectors.activesync.sync.kinds import Asked, Done, Kinds
from connectors.activesync.sync.options import Options
from groupware.contacts.card import read_card
from groupware.contacts.jscontact.reading import card_of
from groupware.contacts.jscontact.shape import CARD
from groupware.contacts.jscontact.writing import changed, plain, vcard_of
from groupware.contacts.versions.convert import converted, version_of
from groupware.model.content import Component, serialized
from groupware.model.errors import Malformed
from groupware.model.folder import Folder

Json = dict[str, Any]


def stored_card(octets: bytes) -> Component:
    """A stored contact as vCard 4.0. `Malformed`."""
    return converted(read_card(octets).card, "4.0")


async def render(exchange: Exchange, at: Folder, items: Sequence[int], options: Options) -> Mapping[int, Element]:
    """Those of these contacts that are in the folder."""
    stored = await shelf.read_objects(exchange, at, items)

    def work() -> dict[int, Element]:
        found = {}
        for each in stored:
            try:
                found[each.item] = told(card_of(stored_card(each.octets)), options)
            except (Malformed, ValueError, KeyError, TypeError):
                continue
        return found

    return await asyncio.to_thread(work)


async def add(exchange: Exchange, at: Folder, asked: Asked) -> Done:
    """Puts a new contact in."""
    now = now_text(exchange)

    def make() -> bytes:
        card = new_card(asked.data, now, asked.ident)
        CARD(card)
        return serialized([vcard_of(card)])

    return await shelf.added(exchange, at, make)


async def change(exchange: Exchange, at: Folder, asked: Asked) -> Done:
    """Changes a contact. `NotFound`, `NoRight`."""
    handled = asked.options.handled({*KNOWN, CHILDREN})

    def make(octets: bytes) -> bytes:
        stored = stored_card(octets)
        card = card_of(stored)
        value = changed_card(card, asked.data, handled)
        if plain(value) == plain(card):
            return octets
        CARD(value)
        return serialized([converted(changed(stored, value), version_of(octets))])

    return await shelf.changed(exchange, at, asked, make)


async def delete(exchange: Exchange, at: Folder, asked: Asked) -> Done:
    """Takes a contact away. `NotFound`, `NoRight`."""
    return await shelf.taken_away(exchange, at, asked.item)


CONTACTS: Final = Kinds("Contacts", render, add, change, delete)
