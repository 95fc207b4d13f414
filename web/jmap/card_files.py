"""ContactCard/parse and ContactCard/export: files of vCards, in and out. Decision 275.

RFC 9610 has no such methods; `parse` is made as that of draft-ietf-jmap-calendars is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from groupware.contacts.jscontact.reading import card_of
from groupware.contacts.split import split
from groupware.contacts.versions.convert import converted
from groupware.model.content import serialized
from groupware.model.errors import Malformed
from groupware.store.api import ReadTx
from web.jmap.arguments import argument, ident, ids, text
from web.jmap.blobs import octets_of
from web.jmap.card import VCARD, stored_card
from web.jmap.errors import MethodError
from web.jmap.families import ADDRESS_BOOK
from web.jmap.ids import account_id
from web.jmap.things import Place, asked_for, bodies
from web.jmap.turn import Turn, owner_in

Json = dict[str, Any]
MOST_CARDS: Final = 10_000
"""Of one file."""
MOST_PARSED: Final = 10
"""Files of one call."""
VERSIONS: Final = ("3.0", "4.0")


@dataclass(frozen=True, slots=True)
class ParseArguments:
    """`ContactCard/parse`: files that were uploaded."""

    account_id: str = argument(ident)
    blob_ids: tuple[str, ...] = argument(ids)


@dataclass(frozen=True, slots=True)
class ExportArguments:
    """`ContactCard/export`: contacts, and the version of vCard."""

    account_id: str = argument(ident)
    ids: tuple[str, ...] = argument(ids)
    version: str = argument(text, "4.0")


async def parse(turn: Turn, arguments: ParseArguments) -> Mapping[str, Any]:
    """The cards of each file, as `ContactCard/set` takes them; which of them cannot be taken, and why."""
    if len(arguments.blob_ids) > MOST_PARSED:
        raise MethodError("requestTooLarge", f"more than {MOST_PARSED} files")
    owner = await turn.read(lambda tx: owner_in(tx, arguments.account_id))
    found = await octets_of(turn, arguments.account_id, arguments.blob_ids)
    parsed: dict[str, list[Json]] = {}
    bad: dict[str, list[str]] = {}
    for name, blob in found.items():
        try:
            parsed[name], refused = await asyncio.to_thread(_cards, blob.octets)
        except Malformed as error:
            refused = [str(error)]
        if refused:
            bad[name] = refused
    return {
        "accountId": account_id(owner),
        "parsed": parsed or None,
        "notParsable": bad or None,
        "notFound": [name for name in arguments.blob_ids if name not in found] or None,
    }


def _cards(octets: bytes) -> tuple[list[Json], list[str]]:
    cards, refused = list[Json](), list[str]()
    for piece in split(octets):
        if piece.read is None:
            refused.append(piece.refused)
        else:
            cards.append(card_of(stored_card(piece.read.octets)))
        if len(cards) + len(refused) > MOST_CARDS:
            raise Malformed(f"a file has {MOST_CARDS} cards at most")
    if not cards and not refused:
        raise Malformed("there is no vCard in it")
    return cards, refused


async def export(turn: Turn, arguments: ExportArguments) -> Mapping[str, Any]:
    """The vCards of contacts, one after the other, in the order of the ids."""
    if arguments.version not in VERSIONS:
        raise MethodError("invalidArguments", f"vCard has the versions {' and '.join(VERSIONS)}")

    def work(tx: ReadTx) -> tuple[str, dict[str, Place]]:
        owner = owner_in(tx, arguments.account_id)
        return account_id(owner), asked_for(tx, owner, ADDRESS_BOOK, VCARD, arguments.ids)

    account, found = await turn.read(work)
    octets = await bodies(turn, found.values())
    told = [octets[found[name].blob] for name in arguments.ids if name in found and found[name].blob in octets]
    return {
        "accountId": account,
        "vCards": await asyncio.to_thread(_together, told, arguments.version),
        "notFound": [name for name in arguments.ids if name not in found] or None,
    }


def _together(every: Sequence[bytes], version: str) -> str:
    return serialized([converted(stored_card(each), version) for each in every]).decode()
