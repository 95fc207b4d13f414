"""GetItem, and what moves items and takes them away. MS-OXWSCORE §3.1.4."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.bounded_xml import Element
from connectors.ews.errors import EwsError
from connectors.ews.ids import Id
from connectors.ews.item_ids import read_item_id
from connectors.ews.shapes import Shape, item_xml, shape_in
from connectors.ews.things import GONE, Facts, One, Thing, facts_in, things_of, with_octets
from connectors.ews.turn import Turn, each
from connectors.ews.wire import Xml, children, message, needed
from groupware.model.ids import ItemId
from groupware.store.api import ReadTx


async def get_item(turn: Turn, element: Element) -> str:
    """`GetItem`."""
    shape = shape_in(element)
    named = list(children(needed(element, "ItemIds")))
    ones = await looked_up(turn, named, shape)

    async def work(part: One | EwsError) -> str:
        if isinstance(part, EwsError):
            raise part
        return message("Items", item_xml(part, shape))

    return await each("GetItem", ones, work)


async def looked_up(turn: Turn, named: Sequence[Element], shape: Shape) -> list[One | EwsError]:
    """What each id leads to, read as far as the shape needs it."""
    ids: list[Id | EwsError] = []
    for part in named:
        try:
            ids.append(read_item_id(part))
        except EwsError as error:
            ids.append(error)

    def look(tx: ReadTx) -> tuple[dict[ItemId, Thing], Facts]:
        return things_of(tx, {each.item for each in ids if isinstance(each, Id)}), facts_in(tx, turn.zone)

    things, facts = await turn.read(look)
    facts = shape.facts(facts)
    found: list[One | EwsError] = [each if isinstance(each, EwsError) else _one(each, things, facts) for each in ids]
    await with_octets(turn, [one for one in found if isinstance(one, One) and (one.key or shape.needs_octets(one))])
    return [_checked(one) for one in found]


def _one(named: Id, things: dict[ItemId, Thing], facts: Facts) -> One | EwsError:
    thing = things.get(named.item)
    return GONE if thing is None else One(thing, facts, named.more if named.letter == "O" else "")


def _checked(one: One | EwsError) -> One | EwsError:
    if isinstance(one, One) and one.key and not one.json:
        return EwsError("ErrorItemNotFound", "there is no such occurrence")
    return one


def items_xml(inside: Xml) -> Xml:
    """Items of a response message."""
    return message("Items", inside)
