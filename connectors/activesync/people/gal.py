"""The address list: those of one's own domain, and one's contacts. MS-ASCMD §3.1.5.7 (GAL)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from connectors.activesync.element import Element, el, some
from connectors.activesync.exchange import Exchange
from connectors.activesync.pim.contact_told import picture_of, values
from connectors.activesync.pim.contacts import stored_card
from connectors.exchange.certificates import certificates_in
from groupware.contacts.jscontact.reading import card_of
from groupware.contacts.photos import photos_of
from groupware.model.errors import Malformed
from groupware.model.ids import BlobId, ranges
from groupware.model.item import Kind
from groupware.model.principal import Person, PrincipalKind
from groupware.store.api import ReadTx

MOST: Final = 1000
_NOBODY: Final = Person("", "", PrincipalKind.ACCOUNT)
_NO_PICTURE, _TOO_LARGE, _NO_MORE = 173, 174, 175
_OF_CARD: Final = {
    "Phone": "Contacts:BusinessPhoneNumber",
    "Office": "Contacts:OfficeLocation",
    "Title": "Contacts:JobTitle",
    "Company": "Contacts:CompanyName",
    "FirstName": "Contacts:FirstName",
    "LastName": "Contacts:LastName",
    "HomePhone": "Contacts:HomePhoneNumber",
    "MobilePhone": "Contacts:MobilePhoneNumber",
}


@dataclass(slots=True)
class Pictures:
    """How many pictures are wanted, and how large; None: none at all."""

    size: int | None
    left: int

    def told(self, data: str, space: str) -> Element:
        """The element for a picture, in base64."""
        if not data:
            return el(f"{space}:Picture", el(f"{space}:Status", _NO_PICTURE))
        if self.size is not None and len(data) * 3 // 4 > self.size:
            return el(f"{space}:Picture", el(f"{space}:Status", _TOO_LARGE))
        if self.left <= 0:
            return el(f"{space}:Picture", el(f"{space}:Status", _NO_MORE))
        self.left -= 1
        return el(f"{space}:Picture", el(f"{space}:Status", 1), el(f"{space}:Data", data))


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody who was found."""

    person: Person
    facts: dict[str, str]
    """Fields of their contact, where one has them among one's own."""
    picture: str = ""
    certificates: Sequence[bytes] = ()
    """Theirs, in DER."""


async def found(exchange: Exchange, match: str) -> list[Entry]:
    """Who of the domain has this in the name or the address, with what one's contacts say of them."""
    people = list(await exchange.read(lambda tx: tx.people(match, MOST)))
    cards = await _cards(exchange) if people else {}
    nothing = Entry(_NOBODY, {})
    return [replace(cards.get(each.address.lower(), nothing), person=each) for each in people]


async def pictured(exchange: Exchange, entries: Sequence[Entry], pictures: Pictures | None) -> list[Entry]:
    """The same with the pictures of the directory, where one's contacts have none and some are wanted."""
    wanted = [each.person.address for each in entries if not each.picture] if pictures is not None else []
    there = await exchange.read(lambda tx: photos_of(tx, wanted)) if wanted else {}
    return [
        replace(each, picture=there[each.person.address.lower()].data)
        if not each.picture and each.person.address.lower() in there
        else each
        for each in entries
    ]


async def contacts(exchange: Exchange, match: str) -> list[Entry]:
    """Which of one's contacts have this in the name, or as an address."""
    sought = match.casefold()
    rows = (await _cards(exchange)).items() if sought else ()
    return [each for address, each in rows if address == sought or sought in each.person.name.casefold()]


async def _cards(exchange: Exchange) -> dict[str, Entry]:
    """What one's own contacts say, by address."""

    def work(tx: ReadTx) -> list[BlobId]:
        blobs = []
        for at in tx.folders(Kind.CONTACTS, of=tx.who.account):
            if not at.exists or at.total > MOST:
                continue
            rows = tx.columns(at.id, ("blob",), ranges(tx.uids(at.id)))
            blobs += [BlobId(row[1]) for row in rows]
        return blobs[:MOST]

    octets = await exchange.parts.blobs.read_many(await exchange.read(work))

    def read() -> dict[str, Entry]:
        told: dict[str, Entry] = {}
        for each in octets.values():
            try:
                card = card_of(stored_card(each))
            except (Malformed, ValueError, KeyError):
                continue
            name = str((card.get("name") or {}).get("full") or "")
            for mail in (card.get("emails") or {}).values():
                address = str(mail.get("address") or "")
                if address:
                    person = Person(address, name, PrincipalKind.ACCOUNT)
                    told[address.lower()] = Entry(person, values(card), picture_of(card), certificates_in(card))
        return told

    return await asyncio.to_thread(read)


def properties(entry: Entry, pictures: Pictures | None) -> list[Element]:
    """What is told of somebody."""
    person, name = entry.person, entry.person.name or entry.person.address
    first, _, last = person.name.rpartition(" ")
    plain = {"FirstName": first, "LastName": last if person.name else ""}
    told = [
        el("GAL:DisplayName", name),
        *[some(f"GAL:{key}", entry.facts.get(field) or plain.get(key, "")) for key, field in _OF_CARD.items()],
        el("GAL:Alias", person.address.partition("@")[0]),
        el("GAL:EmailAddress", person.address),
        pictures.told(entry.picture, "GAL") if pictures is not None else None,
    ]
    return [each for each in told if each is not None]
