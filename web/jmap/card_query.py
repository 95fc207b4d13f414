"""`ContactCard/query` and `queryChanges`. RFC 9610 §3.3, §3.4.

Which address book and which UID are answered by the index; all else looks into the cards, which are read once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

from groupware.model.shape import UTC, Misshapen
from groupware.store.api import ReadTx
from web.jmap.arguments import QueryArguments, QueryChangesArguments, check_filter
from web.jmap.card import CARDS, LETTER, VCARD
from web.jmap.converted import words_in
from web.jmap.errors import MethodError
from web.jmap.families import ADDRESS_BOOK
from web.jmap.ids import account_id, mailbox_id, object_id
from web.jmap.queries import conditions, passes, told_query, told_query_changes
from web.jmap.things import Place, all_in, readable_in
from web.jmap.turn import Turn, owner_in

Json = Mapping[str, Any]
Asked = QueryArguments | QueryChangesArguments


async def query(turn: Turn, arguments: QueryArguments) -> Mapping[str, Any]:
    """`ContactCard/query`."""
    owner, every = await _found(turn, arguments)
    return told_query(turn.who.account, owner, every, arguments)


async def query_changes(turn: Turn, arguments: QueryChangesArguments) -> Mapping[str, Any]:
    """`ContactCard/queryChanges`, as long as it is remembered what was found."""
    owner, every = await _found(turn, arguments)
    return told_query_changes(turn.who.account, owner, every, arguments)


async def _found(turn: Turn, arguments: Asked) -> tuple[str, list[str]]:
    check_filter(arguments.filter, CONDITIONS)
    check_values(arguments.filter)
    sorts = [sort_of(each) for each in arguments.sort or ()]

    def work(tx: ReadTx) -> tuple[str, list[Place]]:
        owner = owner_in(tx, arguments.account_id)
        return account_id(owner), all_in(tx, readable_in(tx, owner, ADDRESS_BOOK), VCARD)

    owner, places = await turn.read(work)
    if {name for name, _ in conditions(arguments.filter)} <= {"inAddressBook"} and not sorts:
        kept = [each for each in places if passes(arguments.filter, partial(_condition, each, {}))]
        return owner, [object_id(LETTER, each.item) for each in kept]
    places = await CARDS.holding(turn, places, words_in(arguments.filter, ("uid", "hasMember", *_TEXTS)))
    cards = await CARDS.all_of(turn, places)
    return owner, await asyncio.to_thread(_sorted, places, cards, arguments.filter, sorts)


def _sorted(
    places: Sequence[Place],
    cards: Mapping[Any, Json],
    wanted: Json | None,
    sorts: Sequence[tuple[Callable[[Json], str], bool]],
) -> list[str]:
    kept = [each for each in places if passes(wanted, partial(_condition, each, cards[each.blob]))]
    for key, descending in reversed(sorts):
        kept.sort(key=lambda each: key(cards[each.blob]), reverse=descending)
    return [object_id(LETTER, each.item) for each in kept]


def check_values(wanted: Json | None) -> None:
    """`MethodError` for a condition whose value cannot be."""
    for name, value in conditions(wanted):
        try:
            if not isinstance(value, str):
                raise Misshapen("a string is wanted")
            if name in _MOMENTS:
                UTC(value)
        except Misshapen as error:
            raise MethodError("invalidArguments", f"{name}: {error}") from None


def _condition(place: Place, card: Json, name: str, value: str) -> bool:
    if name == "inAddressBook":
        return mailbox_id(place.folder.id) == value
    return matches(card, name, value)


def matches(card: Json, name: str, value: str) -> bool:
    """Whether a card meets a condition that asks for nothing but the card."""
    if name in _PLAIN:
        usual = "individual" if name == "kind" else None  # RFC 9553 §2.1.4
        return value == card.get(_PLAIN[name], usual) if name != "hasMember" else value in (card.get("members") or {})
    if name in _MOMENTS:
        member, before = _MOMENTS[name]
        moment = str(card.get(member) or "")
        return bool(moment) and ((moment < value) if before else (moment >= value))
    texts = [each.casefold() for each in _TEXTS[name](card)]
    return all(any(word in text for text in texts) for word in value.casefold().split())


def _of(card: Json, member: str, *names: str) -> Iterator[str]:
    for each in (card.get(member) or {}).values():
        for name in names:
            yield str(each.get(name) or "")


def _component(card: Json, kinds: Iterable[str]) -> Iterator[str]:
    for each in (card.get("name") or {}).get("components") or ():
        if each.get("kind") in kinds:
            yield str(each.get("value", ""))


def _named(*kinds: str) -> Callable[[Json], Iterator[str]]:
    return lambda card: _component(card, kinds)


def _names(card: Json) -> Iterator[str]:
    name = card.get("name") or {}
    yield str(name.get("full") or "")
    yield " ".join(str(each.get("value", "")) for each in name.get("components") or ())


def _organizations(card: Json) -> Iterator[str]:
    for each in (card.get("organizations") or {}).values():
        yield str(each.get("name") or "")
        yield from (str(unit.get("name") or "") for unit in each.get("units") or ())


def _addresses(card: Json) -> Iterator[str]:
    for each in (card.get("addresses") or {}).values():
        yield str(each.get("full") or "")
        yield " ".join(str(part.get("value", "")) for part in each.get("components") or ())


def _all(card: Json) -> Iterator[str]:
    for name, texts in _TEXTS.items():
        if name != "text":
            yield from texts(card)
    yield from card.get("keywords") or ()
    yield from _of(card, "titles", "name")


_PLAIN: Final = {"uid": "uid", "kind": "kind", "hasMember": "members"}
_MOMENTS: Final = {
    "createdBefore": ("created", True),
    "createdAfter": ("created", False),
    "updatedBefore": ("updated", True),
    "updatedAfter": ("updated", False),
}
_TEXTS: Final[Mapping[str, Callable[[Json], Iterator[str]]]] = {
    "text": _all,
    "name": _names,
    "name/given": _named("given"),
    "name/surname": _named("surname"),
    "name/surname2": _named("surname2"),
    "nickname": lambda card: _of(card, "nicknames", "name"),
    "organization": _organizations,
    "email": lambda card: _of(card, "emails", "address", "label"),
    "phone": lambda card: _of(card, "phones", "number", "label"),
    "onlineService": lambda card: _of(card, "onlineServices", "service", "uri", "user", "label"),
    "address": _addresses,
    "note": lambda card: _of(card, "notes", "note"),
}
CONDITIONS: Final = ("inAddressBook", *_PLAIN, *_MOMENTS, *_TEXTS)
_SORTS: Final[Mapping[str, Callable[[Json], str]]] = {
    "created": lambda card: str(card.get("created") or ""),
    "updated": lambda card: str(card.get("updated") or ""),
    "name/given": lambda card: " ".join(_component(card, ("given",))).casefold(),
    "name/surname": lambda card: " ".join(_component(card, ("surname",))).casefold(),
    "name/surname2": lambda card: " ".join(_component(card, ("surname2",))).casefold(),
}


def sort_of(criterion: Json) -> tuple[Callable[[Json], str], bool]:
    """How to sort by a criterion: the key, and whether the greatest comes first. `MethodError`."""
    key = _SORTS.get(str(criterion.get("property", "")))
    if key is None or criterion.get("collation", "i;unicode-casemap") != "i;unicode-casemap":
        raise MethodError("unsupportedSort", f"contacts are sorted by {', '.join(_SORTS)}")
    return key, criterion.get("isAscending", True) is False
