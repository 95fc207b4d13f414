"""FILTER: searches that have a name. They are annotations of the server, one's own before those of all. RFC 5466."""

from __future__ import annotations

from array import array
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from functools import wraps
from itertools import count
from typing import Any, Final, TypeVar

from mailcore.imap.commands.search_keys import Key, Named, Searching, changed, parts, read_stored
from mailcore.imap.grammar import BadSyntax
from mailcore.imap.reply import Reply, no
from mailcore.imap.session import Session

T = TypeVar("T")
MOST_FILTERS: Final = 10
"""In one search, those that filters name themselves included."""
DEEPEST: Final = 3
"""Filters that name one another: so one that leads to itself has an end."""


class UndefinedFilter(Exception):
    """There is no search of that name, or it cannot be read."""


def with_filters(handler: Callable[[Session, T], Awaitable[Reply]]) -> Callable[[Session, T], Awaitable[Reply]]:
    """The handler of a command whose arguments are, or have, a search: what its filters stand for is put in."""

    @wraps(handler)
    async def run(session: Session, given: T) -> Reply:
        whole: Any = given
        search: Searching = whole if isinstance(whole, Searching) else whole.search
        try:
            found = await filled(session, search)
        except UndefinedFilter as error:
            if session.view is not None and search.returns is not None and b"SAVE" in search.returns.words:
                session.view.saved = array("I")  # RFC 5182 §2.1
            return no("There is no such filter, or it is no search", b"UNDEFINED-FILTER " + str(error).encode("ascii"))
        if found is not search:
            whole = found if whole is search else replace(whole, search=found)
        return await handler(session, whole)

    return run


async def filled(session: Session, search: Searching) -> Searching:
    """The search with the keys of its filters. `UndefinedFilter`."""
    if not any(isinstance(each, Named) for each in parts(search.key)):
        return search
    entries = dict(await session.glance(lambda tx: tx.annotations(None)))
    return replace(search, key=_resolved(search.key, entries, count(), 0))


def _resolved(key: Key, entries: Mapping[str, bytes], so_far: Iterator[int], deep: int) -> Key:
    def by_name(each: Key) -> Key:
        if not isinstance(each, Named):
            return each
        value = next((entries[place] for place in _places(each.name) if place in entries), None)
        if value is None or deep == DEEPEST or next(so_far) == MOST_FILTERS:
            raise UndefinedFilter(each.name)
        try:
            return _resolved(read_stored(value), entries, so_far, deep + 1)
        except BadSyntax:
            raise UndefinedFilter(each.name) from None

    return changed(key, by_name)


def _places(name: str) -> Iterator[str]:
    """The entries where a filter of that name may be; the first that is there counts."""
    return (f"/{whose}/filters/values/{name.lower()}" for whose in ("private", "shared"))
