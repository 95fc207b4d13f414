"""Holding mail back: in whose folder it lies, and how it gets there in the write that takes it over.

For whom it is held back in one place, for one reason, it is held back as one message.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from groupware.mime.item import read_item
from groupware.model.errors import GroupwareError, Refused
from groupware.model.event import Event, Target
from groupware.model.ids import AccountId
from groupware.model.principal import OPERATOR
from groupware.store.api import Blobs, ReadTx, Store, WriteTx
from mailcore.queue.held import Held, stored
from mailcore.queue.plans import Holding, Step
from mailcore.queue.sorting import Whole
from mailcore.queue.trace import Trail

RECIPIENT: Final = "recipient"
"""The value of the setting `quarantineAccess` by which people have a quarantine of their own."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One recipient who does not get it now."""

    step: Step
    target: Target
    reason: str
    octets: bytes = field(repr=False)
    events: tuple[Event, ...] = ()


class Holder:
    """Makes storable what is to be held back."""

    __slots__ = ("_blobs", "_secret", "_store")

    def __init__(self, store: Store, blobs: Blobs, secret: bytes) -> None:
        self._store, self._blobs, self._secret = store, blobs, secret

    async def prepared(self, whole: Whole, wanted: Sequence[Wanted]) -> tuple[Holding, ...]:
        """One message for each folder, reason and form. `TryAgain`; `Refused` where there is no domain at all."""
        owners = await self._store.read(OPERATOR, lambda tx: _owners(tx, wanted, whole.sender))
        together: dict[tuple[AccountId, str, bytes], list[Wanted]] = {}
        for each, owner in zip(wanted, owners, strict=True):
            together.setdefault((owner, each.reason, each.octets), []).append(each)
        return tuple([await self._holding(whole, *key, group) for key, group in together.items()])

    async def _holding(
        self, whole: Whole, owner: AccountId, reason: str, octets: bytes, group: Sequence[Wanted]
    ) -> Holding:
        held = Held(
            reason,
            whole.sender,
            tuple({each.step.recipient.address: each.step.recipient for each in group}.values()),
            octets,
            whole.trail.message,
            whole.trail.by,
            whole.utf8,
            whole.body_type,
            whole.require_tls,
        )
        item = await read_item(stored(held, self._secret), self._blobs)
        events = tuple(event for each in group for event in each.events)
        return Holding(owner, tuple(each.step for each in group), item, reason, events)


def _owners(tx: ReadTx, wanted: Sequence[Wanted], sender: str) -> Sequence[AccountId]:
    """Whose folder each lies in: the recipient's own where that is set, else the one of a domain of ours."""
    ours: dict[str, AccountId] = {}
    for domain in tx.domains():
        if domain.account is not None:
            ours |= dict.fromkeys((domain.name, *domain.aliases), domain.account)
    if not ours:
        raise Refused("mail cannot be held back here: there is no domain; make one with postroom domain add")
    return [_owner(tx, each, sender, ours) for each in wanted]


def _owner(tx: ReadTx, each: Wanted, sender: str, ours: Mapping[str, AccountId]) -> AccountId:
    target = each.target
    account = target.account if target.kind == "account" else None
    if account is not None and tx.setting("quarantineAccess", account).value == RECIPIENT:
        return account
    for address in (target.address, each.step.given, sender):
        owner = ours.get(address.rpartition("@")[2].lower())
        if owner is not None:
            return owner
    return next(iter(ours.values()))


def put_aside(
    tx: WriteTx, held: Sequence[Holding], trail: Trail
) -> tuple[Sequence[tuple[Holding, GroupwareError | None]], Sequence[Event]]:
    """Puts it into its folders: what each says that cannot take it, and what is to be told."""
    done: list[tuple[Holding, GroupwareError | None]] = []
    events: list[Event] = []
    for each in sorted(held, key=lambda one: one.owner):
        events += each.events
        [verdict] = tx.deliver([Target("folder", folder=tx.quarantine(each.owner))], each.item)
        if isinstance(verdict, GroupwareError):
            done.append((each, verdict))
        else:
            done.append((each, None))
            to = [step.recipient.address for step in each.steps]
            events.append(trail.quarantined(to, verdict, each.reason))
    return done, events
