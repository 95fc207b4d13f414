"""Push over EventSource: which states are others now, as the bus tells that something has changed. RFC 8620 §7.1, §7.3.

1. The watch is there before the states are read that are told, so nothing that happens in between is missed.
2. What is told are states alone, read through the store's door for the one who listens: what somebody may not see does
   not change their states.
3. A stream ends when its listener goes, may not sign in any more, or the server stops.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from groupware.model.errors import GroupwareError, TryAgain
from groupware.model.ids import AccountId, FolderId
from groupware.model.item import Kind
from groupware.model.record import RecordKind
from groupware.store.api import Bus, ReadTx, Watch
from web.jmap import (
    access_requests,
    event_notices,
    holders,
    identity,
    labels,
    meetings,
    notification,
    sieve_script,
    vacation,
)
from web.jmap.errors import RequestError
from web.jmap.families import ADDRESS_BOOK, CALENDAR, JOURNAL, NOTEBOOK, TASK_LIST
from web.jmap.ids import account_id
from web.jmap.kept import state_of
from web.jmap.mailbox import orders_in
from web.jmap.states import emails_at, mailboxes_at
from web.jmap.things import state_in
from web.jmap.turn import Turn, mailboxes, readable

DELIVERY: Final = "EmailDelivery"
"""Of no objects: its state is another one when an email has come into a mailbox. RFC 8621 §1.5."""
_OF_MAIL: Final = frozenset({"Mailbox", "Email", "Thread", DELIVERY})
_FAMILIES: Final = (
    (ADDRESS_BOOK, "ContactCard"),
    (CALENDAR, "CalendarEvent"),
    (TASK_LIST, "Task"),
    (NOTEBOOK, "Note"),
    (JOURNAL, "JournalEntry"),
)
_OWN: Final[Mapping[str, Callable[[ReadTx], str]]] = {
    "Identity": identity.state,
    "EmailSubmission": lambda tx: state_of(tx, RecordKind.SUBMISSION),
    "VacationResponse": vacation.state,
    "SieveScript": sieve_script.state,
    "ShareNotification": notification.state,
    "Label": labels.state,
    "MeetingProposal": meetings.state,
    "AccessRequest": access_requests.state,
}
"""What there is in one's own account alone."""
KINDS: Final = frozenset({Kind.MAIL, *(family.kind for family, _ in _FAMILIES)})
TYPES: Final = (
    "Mailbox",
    "Email",
    "Thread",
    DELIVERY,
    *(name for family, thing in _FAMILIES for name in (family.type, thing)),
    "CalendarEventNotification",
    *_OWN,
)
PINGS: Final = (5, 900)
"""Seconds between two pings, at least and at most."""
LOOK_AGAIN: Final = 300.0
"""Seconds after which states are read without a mark: for grants of others, and for who may sign in no more."""
SETTLES: Final = 0.1
"""Seconds from one event to the next: what comes alone is told at once."""

States = Mapping[str, Mapping[str, str]]
"""State by type, by account."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a listener wants."""

    types: frozenset[str]
    once: bool
    """Whether it ends after the first change."""
    ping: int
    """Seconds between pings; 0: none."""
    last: str
    """The id of the event that it has had last."""


def asked(types: str, close_after: str, ping: str, last: str) -> Asked:
    """The parameters of the address. `RequestError`."""
    names = frozenset(TYPES) if types in ("*", "") else frozenset(types.split(","))
    if close_after not in ("state", "no", ""):
        raise RequestError(400, "notRequest", "closeafter is `state` or `no`")
    if not (ping or "0").isascii() or not (ping or "0").isdigit() or len(ping) > 9:
        raise RequestError(400, "notRequest", "ping is a number of seconds")
    seconds = int(ping or "0")
    return Asked(names, close_after == "state", min(max(seconds, PINGS[0]), PINGS[1]) if seconds else 0, last[:100])


@dataclass(frozen=True, slots=True)
class Told:
    """What there is to tell: what changed, or nothing but that one is still there."""

    changed: States
    id: str
    ping: bool = False


async def stream(turn: Turn, wanted: Asked, stopping: asyncio.Event) -> AsyncIterator[bytes]:
    """The events, as octets of `text/event-stream`."""
    async for told in changes(turn, wanted, stopping):
        if told.changed:
            yield _event("state", {"@type": "StateChange", "changed": told.changed}, told.id)
        else:
            yield _event("ping", {"interval": wanted.ping}) if told.ping else b": \n\n"


@dataclass(slots=True)
class _Ear:
    """What hears of changes in folders."""

    bus: Bus
    _folders: frozenset[FolderId] = frozenset()
    _watch: Watch | None = None

    def on(self, folders: frozenset[FolderId]) -> Watch | None:
        """The watch on these folders; None: only from now on, and what was read of them before counts for nothing."""
        if self._watch is not None and folders == self._folders:
            return self._watch
        self.close()
        self._watch, self._folders = self.bus.watch(folders), folders
        return None

    def close(self) -> None:
        """Hears no more."""
        if self._watch is not None:
            self._watch.close()


async def changes(turn: Turn, wanted: Asked, stopping: asyncio.Event) -> AsyncIterator[Told]:
    """What there is to tell, as it happens; at first that one listens, or what was missed.

    A mark of what the listener may not see is no reason to say anything, nor to be silent any longer.
    """
    known: States | None = None
    memo: event_notices.Memo = {}
    ear, clock, settled, due = _Ear(turn.parts.bus), asyncio.get_running_loop().time, 0.0, 0.0
    try:
        while not stopping.is_set():
            folders, now = await turn.read(lambda tx: (watched_by(tx), states(tx, wanted.types, memo)))
            if (watch := ear.on(folders)) is None:
                continue
            changed, first = changed_since(known, now, wanted.last), known is None
            known = now
            settled = clock() + SETTLES if changed else settled
            if changed or first:
                due = clock() + (wanted.ping or LOOK_AGAIN)
                yield Told(changed, _id(now))
            if changed and wanted.once:
                return
            while not await _woken(watch, due - clock(), stopping):
                due = clock() + (wanted.ping or LOOK_AGAIN)
                yield Told({}, _id(now), ping=bool(wanted.ping))
                if not wanted.ping:
                    break
            await _rest(settled - clock(), stopping)
    except (GroupwareError, asyncio.CancelledError):
        return
    finally:
        ear.close()


async def _rest(seconds: float, stopping: asyncio.Event) -> None:
    if seconds > 0:
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), seconds)


async def _woken(watch: Watch, within: float, stopping: asyncio.Event) -> bool:
    """Waits for a mark; False: none has come within so many seconds."""
    stop = asyncio.ensure_future(stopping.wait())
    mark = asyncio.ensure_future(watch.changed(max(within, 0.0)))
    try:
        await asyncio.wait((stop, mark), return_when=asyncio.FIRST_COMPLETED)
        return stop.done() or bool(mark.result())
    finally:
        for task in (stop, mark):
            task.cancel()
            with suppress(asyncio.CancelledError, TryAgain):
                await task


def watched_by(tx: ReadTx) -> frozenset[FolderId]:
    """The folders that are told of, and the roots of their trees: those are marked when folders come and go."""
    folders = [each for each in tx.folders() if each.kind in KINDS]
    roots = {each.parent for each in folders if each.parent is not None}
    return frozenset({each.id for each in folders if each.exists} | roots)


def states(tx: ReadTx, types: frozenset[str], memo: event_notices.Memo | None = None) -> States:
    """What is told of each account; who asks again and again has a `memo`."""
    memo = {} if memo is None else memo
    owners = {tx.who.account, *(each.owner for each in tx.folders() if each.exists and each.kind in KINDS)}
    return {account_id(owner): _of_account(tx, owner, types, memo) for owner in owners}


def _of_account(tx: ReadTx, owner: AccountId, types: frozenset[str], memo: event_notices.Memo) -> Mapping[str, str]:
    found = _mail(tx, owner) if types & _OF_MAIL else {}
    for family, thing in _FAMILIES:
        if family.type in types:
            found[family.type] = str(holders.state_of(tx, family, owner))
        if thing in types:
            found[thing] = state_in(tx, owner, family)
    if "CalendarEventNotification" in types:
        found["CalendarEventNotification"] = event_notices.state(tx, owner, memo)
    if owner == tx.who.account:
        found |= {name: state(tx) for name, state in _OWN.items() if name in types}
    return {name: value for name, value in found.items() if name in types}


def _mail(tx: ReadTx, owner: AccountId) -> dict[str, str]:
    folders, now = mailboxes(tx, owner), tx.reached(owner)
    there = readable(tx, owner).values()
    emails, came = str(emails_at(now, there)), sum(each.uidnext - 1 for each in there)
    boxes = str(mailboxes_at(now, folders, orders_in(tx, folders)))
    return {"Mailbox": boxes, "Email": emails, "Thread": emails, DELIVERY: str(came)}


def changed_since(known: States | None, now: States, last: str) -> States:
    """What is another than it was; to who comes back without having missed anything, nothing."""
    if known is None:
        return now if last and last != _id(now) else {}
    found = {
        account: {name: value for name, value in all_.items() if known.get(account, {}).get(name) != value}
        for account, all_ in now.items()
    }
    return {account: each for account, each in found.items() if each}


def _id(now: States) -> str:
    return blake2b(json.dumps(now, sort_keys=True).encode(), digest_size=8).hexdigest()


def _event(name: str, data: Mapping[str, object], number: str = "") -> bytes:
    mark = f"id: {number}\n" if number else ""
    return f"event: {name}\n{mark}data: {json.dumps(data, separators=(',', ':'))}\n\n".encode()
