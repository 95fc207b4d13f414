"""`ContactCard/get`: the JSContact of a stored vCard, and where it is. RFC 9610 §3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from groupware.contacts.jscontact.reading import card_of
from groupware.contacts.jscontact.shape import MEMBERS
from groupware.contacts.versions.convert import converted
from groupware.contacts.versions.pairs import MESSENGERS
from groupware.model.content import Component, parse
from groupware.model.errors import Malformed
from groupware.store.api import ReadTx
from web.jmap.arguments import GetArguments
from web.jmap.converted import Converted, text_of
from web.jmap.families import ADDRESS_BOOK
from web.jmap.ids import account_id, mailbox_id, object_id
from web.jmap.things import Place, asked_for, check_properties, state_in
from web.jmap.turn import Turn, owner_in

Json = dict[str, Any]
VCARD: Final = "VCARD"
LETTER: Final = ADDRESS_BOOK.letter


def stored_card(octets: bytes) -> Component:
    """A stored card in 4.0."""
    return converted(parse(octets)[0], "4.0")


def card_json(octets: bytes) -> Json:
    """The JSContact of a card."""
    try:
        return card_of(stored_card(octets))
    except (Malformed, IndexError):  # put in before cards were checked as they are now
        return {"@type": "Card", "version": "1.0"}


def card_text(octets: bytes) -> bytes:
    """What stands in a card, and what messengers are called in 4.0."""
    text = text_of(octets)
    schemes = {scheme for name, scheme in MESSENGERS.items() if name.lower().encode() in text}
    return b" ".join([text, *(scheme.encode() for scheme in schemes)])


CARDS: Final = Converted(card_json, card_text)


async def get(turn: Turn, arguments: GetArguments) -> Mapping[str, Any]:
    """`ContactCard/get`."""

    check_properties(arguments.properties, MEMBERS.keys() | {ADDRESS_BOOK.container})

    def work(tx: ReadTx) -> tuple[Json, dict[str, Place]]:
        owner = owner_in(tx, arguments.account_id)
        head = {"accountId": account_id(owner), "state": state_in(tx, owner, ADDRESS_BOOK)}
        return head, asked_for(tx, owner, ADDRESS_BOOK, VCARD, arguments.ids)

    head, found = await turn.read(work)
    cards = await CARDS.all_of(turn, found.values())
    asked = list(found) if arguments.ids is None else arguments.ids
    return {
        **head,
        "list": [shown(found[each], cards[found[each].blob], arguments.properties) for each in asked if each in found],
        "notFound": [each for each in asked if each not in found],
    }


def shown(place: Place, card: Json, wanted: tuple[str, ...] | None) -> Json:
    """What is told of one."""
    whole = {"id": object_id(LETTER, place.item), "addressBookIds": {mailbox_id(place.folder.id): True}, **card}
    return whole if wanted is None else {name: whole[name] for name in ("id", *wanted) if name in whole}
