"""A contact: a vCard 3.0 (RFC 2426) or 4.0 (RFC 6350), read and checked once, when it is written."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from groupware.mime.summary import summarize
from groupware.model.content import Component, malformed, parse, split_escaped, unescaped
from groupware.model.errors import Malformed
from groupware.model.item import LONGEST_TEXT, Kind, NewItem, ObjectKeys
from groupware.store.api import Blobs, Stored

from .attachments import keys_in
from .facts import facts_of
from .versions.convert import VERSIONS

ON_THE_LOOP: Final = 64 * 1024
_TEXTS: Final = ("TEL", "NICKNAME", "URL", "TITLE", "ROLE", "CATEGORIES", "NOTE")
"""In this order: what queries look for by the index comes before what may be too long for it."""


@dataclass(frozen=True, slots=True)
class Card:
    """One contact."""

    octets: bytes
    card: Component
    uid: str
    version: str

    @property
    def name(self) -> str:
        """What people call it."""
        return self.card.text("FN") or structured(self.card.text("N")) or self.card.text("ORG")


def structured(value: str) -> str:
    """The parts of N, ORG or ADR that hold something, one after the other."""
    return " ".join(unescaped(each).strip() for each in split_escaped(value, ";") if each.strip())


def read_card(octets: bytes) -> Card:
    """The contact. `Malformed` says which line, and which rule it breaks."""
    found = parse(octets)
    if [each.name for each in found] != ["VCARD"]:
        names = ", ".join(each.name[:20] for each in found[:5]) or "nothing"
        raise Malformed(f"a contact is one VCARD; this holds {names}")
    card = found[0]
    version = card.text("VERSION").strip()
    if version not in VERSIONS:
        raise malformed(octets, card.at, f"VERSION {version[:20]!r}: a contact is a vCard of version 3.0 or 4.0")
    if card.first("FN") is None:
        raise malformed(octets, card.at, "the contact has no FN, the name that people see")
    uid = card.text("UID").strip()
    if not uid or len(uid) > 1000:
        raise malformed(octets, card.at, "the contact needs one UID of at most 1000 characters")
    for name in ("UID", "VERSION", "N", "REV", "BDAY"):
        if name not in ("N", "BDAY") and len(card.all(name)) > 1:
            raise malformed(octets, card.all(name)[1].at, f"{name} is there twice")
    return Card(octets, card, uid, version)


def keys_of(card: Card) -> ObjectKeys:
    """What the contact is found by."""
    said = card.card.text("CLASS") or card.card.text("X-CLASS")  # so is CLASS kept in 4.0, which has none
    private = said.strip().upper() not in ("", "PUBLIC")
    return ObjectKeys(card.uid, "VCARD", private, facts=facts_of(card.card, card.version))


def texts_of(card: Card) -> Mapping[str, str]:
    """What search finds the contact by."""
    found = {
        "subject": "\n".join(filter(None, (card.card.text("FN"), structured(card.card.text("N"))))),
        "from": "\n".join(line.text for line in card.card.all("EMAIL")),
        "body": "\n".join(
            [line.text for name in _TEXTS for line in card.card.all(name)]
            + [structured(line.value) for name in ("ORG", "ADR") for line in card.card.all(name)]
        ),
    }
    return {name: text[:LONGEST_TEXT] for name, text in found.items() if text}


def new_item(card: Card, stored: Stored, name: str | None) -> NewItem:
    """The contact as a new item: `stored` is what the blobs made of its octets, `name` its name in the folder."""
    summary = summarize(card.octets)
    return NewItem(
        kind=Kind.CONTACTS,
        blob=stored.blob,
        size=stored.size,
        summary=summary.encode(),
        body=stored.body,
        index=texts_of(card),
        name=name,
        extra=summary.size - stored.size,
        object=keys_of(card),
        attached=keys_in(card.card),
    )


async def read_item(octets: bytes, blobs: Blobs, name: str | None) -> tuple[Card, NewItem]:
    """Reads the contact (a large one off the event loop) and makes its octets storable. `Malformed`."""
    if len(octets) <= ON_THE_LOOP:
        card = read_card(octets)
        return card, new_item(card, await blobs.put(octets), name)
    card = await asyncio.to_thread(read_card, octets)
    stored = await blobs.put(octets)
    return card, await asyncio.to_thread(new_item, card, stored, name)
