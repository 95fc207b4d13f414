"""The order of SORT, out of stored keys. RFC 5256 §3, RFC 5957, RFC 6203 §6."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import total_ordering
from typing import Any, Final

from groupware.model.ids import ranges
from mailcore.imap.session import Session
from mailcore.imap.view import View

ON_THE_LOOP: Final = 2000
"""So many are sorted where one is; more would keep everybody else waiting."""
RELEVANCY: Final = b"RELEVANCY"
COLUMNS: Final[Mapping[bytes, tuple[str, ...]]] = {
    b"ARRIVAL": ("saved",),
    b"CC": ("cc_box",),
    b"DATE": ("sent", "saved"),
    b"DISPLAYFROM": ("from_name",),
    b"DISPLAYTO": ("to_name",),
    b"FROM": ("from_box",),
    b"SIZE": ("octets",),
    b"SUBJECT": ("subject",),
    b"TO": ("to_box",),
    RELEVANCY: (),
}

Row = Sequence[Any]
Value = Callable[[Row], Any]


@dataclass(frozen=True, slots=True)
class Criterion:
    """One of the keys to sort by."""

    name: bytes
    reverse: bool = False


def names_of(criteria: Sequence[Criterion]) -> tuple[str, ...]:
    """The stored keys that the criteria take."""
    return tuple(sorted({name for each in criteria for name in COLUMNS[each.name]}))


def sent_at(sent: int | None, saved: int) -> int:
    """When it was sent, in seconds; INTERNALDATE where it does not say. RFC 5256 §2.2."""
    return saved // 1_000_000 if sent is None else sent


def value_of(name: bytes, names: Sequence[str]) -> Value:
    """What takes a criterion's value out of a row (UID, then the named keys)."""
    at = [names.index(column) + 1 for column in COLUMNS[name]]
    if name == b"DATE":
        sent, saved = at
        return lambda row: sent_at(row[sent], row[saved])
    return lambda row, at=at[0]: row[at]  # type: ignore[misc]


async def key_rows(session: Session, view: View, names: Sequence[str], places: Sequence[int]) -> Sequence[Row]:
    """(UID, keys) of the messages in these places, in UID order."""
    uids, at = ranges(sorted([view.uids[each] for each in places])), view.folder
    return await session.read(lambda tx: tx.columns(at, names, uids)) if uids else []


async def in_order(
    session: Session, view: View, criteria: Sequence[Criterion], places: Sequence[int], scores: Mapping[int, int]
) -> list[int]:
    """The places in the order of the criteria; what is equal stays in the order of the mailbox."""
    names = names_of(criteria)
    rows = await key_rows(session, view, names, places)
    known = {view.place(row[0]): row for row in rows}

    def arranged() -> list[int]:
        found = sorted([at for at in places if at in known])
        for each in reversed(criteria):
            if each.name == RELEVANCY:
                found.sort(key=lambda at: scores.get(at, 0), reverse=not each.reverse)
                continue
            value = value_of(each.name, names)
            values = {at: value(known[at]) for at in found}
            found.sort(key=values.__getitem__, reverse=each.reverse)
        return found

    return arranged() if len(places) <= ON_THE_LOOP else await asyncio.to_thread(arranged)


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class Backwards:
    """A value that compares the other way round."""

    value: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Backwards) and bool(self.value == other.value)

    def __hash__(self) -> int:
        return hash(self.value)

    def __lt__(self, other: Backwards) -> bool:
        return bool(other.value < self.value)


def place_in_order(criteria: Sequence[Criterion], names: Sequence[str], row: Row) -> tuple[Any, ...]:
    """A tuple that compares as the message stands in the order; its last value is the UID."""
    values = [(value_of(each.name, names)(row), each.reverse) for each in criteria]
    return (*[Backwards(value) if reverse else value for value, reverse in values], row[0])
