"""Invitations that a mail brings go into calendars in the very write that delivers it; they never hold it up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from groupware.model.errors import GroupwareError, TryAgain
from groupware.model.event import Target
from groupware.model.folder import Role
from groupware.model.meeting import Overtaken
from groupware.model.principal import Principal
from groupware.store.api import Blobs, Store, WriteTx
from mailcore.queue.sorting import Sorted

if TYPE_CHECKING:
    from groupware.calendar.rounds import Beside

T = TypeVar("T")
SIGNS: Final = (b"text/calendar", b"TEXT/CALENDAR", b"Text/Calendar", b"application/ics")
"""What stands in a mail that holds an invitation."""
RETURNED: Final = b": imip."
"""What stands in a report about a letter of ours about a meeting."""
TRIES: Final = 20
ON_THE_LOOP: Final = 32 * 1024


async def write(
    store: Store,
    blobs: Blobs,
    who: Principal,
    octets: bytes,
    targets: Iterable[Target],
    sorted_: Iterable[Sorted],
    work: Callable[[WriteTx], T],
) -> T:
    """`store.write`, with what the message says to the calendars of those who get it.

    `sorted_`: those for whom filters have decided; whose copy goes to Junk, or nowhere, has no invitation by it.
    """
    names = _addresses([*targets, *(each.target for each in sorted_ if _wanted(each))])
    if not names or not any(sign in octets for sign in (RETURNED, *SIGNS)):
        return await store.write(who, work)
    small = len(octets) <= ON_THE_LOOP
    beside = (
        _beside(store, blobs, octets, names) if small else await asyncio.to_thread(_beside, store, blobs, octets, names)
    )
    if beside is not None:
        for _ in range(TRIES):
            try:
                more = await beside()
                return await store.write(who, partial(_both, more=more, work=work))
            except Overtaken:
                continue
            except TryAgain:
                raise
            except GroupwareError:
                break  # a calendar that is full or closed is no reason to keep the mail back
    return await store.write(who, work)


def _beside(store: Store, blobs: Blobs, octets: bytes, names: Sequence[str]) -> Callable[[], Awaitable[Beside]] | None:
    """What finds out what the mail does to calendars; None: nothing."""
    from groupware.calendar import mailed, returned  # only for a mail that may do something

    report = returned.found(octets) if RETURNED in octets else None
    if report is not None:
        return partial(returned.beside, store, blobs, report, names)
    found = mailed.found(octets)
    if found is not None:
        return partial(mailed.beside, store, blobs, found, names)
    wrong = mailed.unusable(octets)
    return partial(mailed.noted, store, blobs, wrong, names) if wrong is not None else None


def _both(tx: WriteTx, more: Beside, work: Callable[[WriteTx], T]) -> T:
    more.carry_out(tx)
    return work(tx)


def _addresses(targets: Iterable[Target]) -> Sequence[str]:
    found = (each.address for each in targets if each.kind == "account" and each.account is not None and each.address)
    return list(dict.fromkeys(found))


def _wanted(each: Sorted) -> bool:
    return any(copy.to is None or copy.to.role != Role.JUNK for copy in each.copies)
