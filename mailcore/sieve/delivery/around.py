"""What a script at delivery may ask about its owner: folders, other scripts, what was seen, the owner's addresses.

All of it is asked of one snapshot of the store, opened when the first question comes: most scripts ask nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import sha256
from importlib.metadata import version as installed
from typing import Final

from groupware.model.errors import GroupwareError, NotFound, Refused
from groupware.model.folder import SPECIAL_USES, Destination
from groupware.model.ids import AccountId
from groupware.model.principal import DELIVERY, Principal
from groupware.model.script import ActiveScript
from groupware.store.api import ReadTx, Store
from mailcore.sieve.actions import Place
from mailcore.sieve.delivery.lists import address_of, book_of
from mailcore.sieve.delivery.scripts import SCRIPTS
from mailcore.sieve.message import Environment
from mailcore.sieve.script import Script

_NUMBER: Final = re.compile(r"F([0-9]{1,18})\Z")
_ABSENT: Final = (NotFound, Refused)


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known before the store is asked."""

    now: datetime
    host: str
    spam: float | None = None
    virus: int | None = None
    phase: str = "during"
    seen: frozenset[tuple[str, str]] | None = None
    """What a run over stored messages has seen so far, instead of what is remembered: that are these very messages."""


class Around:
    """The owner's surroundings, for one run."""

    def __init__(self, store: Store, active: ActiveScript, stack: ExitStack, who: Principal = DELIVERY) -> None:
        self._store, self._stack, self._who = store, stack, who
        self._active = active
        self._tx: ReadTx | None = None

    @property
    def tx(self) -> ReadTx:
        """The snapshot."""
        if self._tx is None:
            self._tx = self._stack.enter_context(self._store.snapshot(self._who))
        return self._tx

    @property
    def account(self) -> AccountId:
        """The owner."""
        return self._active.account

    @property
    def _keeper(self) -> AccountId:
        return self._active.kept_by or self.account

    def addresses(self) -> tuple[str, ...]:
        """The owner's, the own one first."""
        return tuple(self.tx.addresses(self.account))

    def folder_exists(self, name: str) -> bool:
        """RFC 5490 §3.1."""
        return self._is(Destination(name))

    def mailbox_id_exists(self, name: str) -> bool:
        """RFC 9042 §4."""
        number = number_of(name)
        return bool(number) and self._is(Destination(number=number))

    def special_use(self, folder: str, uses: Sequence[str]) -> bool:
        """RFC 8579 §3."""
        roles = [SPECIAL_USES.get(each.lower()) for each in uses]
        if not all(roles):
            return False
        there = [self._at(Destination(role=str(role))) for role in roles]
        if not folder:
            return all(each is not None for each in there)
        at = self._at(Destination(folder))
        return at is not None and all(each == at for each in there)

    def list_exists(self, name: str) -> bool:
        """RFC 6134 §2.8."""
        book = book_of(name)
        return book is not None and self.tx.addressbook_has(self.account, book)

    def in_list(self, name: str, value: str) -> bool:
        """RFC 6134 §2.3: whether somebody of this address is in the address book."""
        book, address = book_of(name), address_of(value)
        return book is not None and bool(address) and self.tx.addressbook_has(self.account, book, address)

    def seen(self, handle: str, key: str) -> bool:
        """RFC 7352."""
        return self.tx.remembered(self.account, "duplicate", memory_key(*level_of(self._active), handle, key))

    def script(self, location: str, name: str) -> Script | None:
        """RFC 6609 §3.2: a personal one is of whoever keeps the script (owner, domain, server), a global one of the
        postmaster of the owner's domain.
        """
        of = self._keeper if location == "personal" else self._postmaster()
        if of is None:
            return None
        try:
            return SCRIPTS.compiled(self._as_delivered().script(name, of))
        except _ABSENT:
            return None

    def _as_delivered(self) -> ReadTx:
        """What delivery sees: the owner may run a script of others, and not read it."""
        return self.tx if self._who == DELIVERY else self._stack.enter_context(self._store.snapshot(DELIVERY))

    def _postmaster(self) -> AccountId | None:
        try:
            targets = self.tx.resolve(f"postmaster@{domain_of(self._active.address)}")
        except GroupwareError:
            return None
        return targets[0].account if len(targets) == 1 and targets[0].kind == "account" else None

    def _is(self, wanted: Destination) -> bool:
        return self._at(wanted) is not None

    def _at(self, wanted: Destination) -> int | None:
        try:
            return self.tx.destination(self.account, wanted)
        except GroupwareError:
            return None


@contextmanager
def around(store: Store, active: ActiveScript, who: Principal = DELIVERY) -> Iterator[Around]:
    """The owner's surroundings; the snapshot, if one was needed, is open inside the block."""
    with ExitStack() as stack:
        yield Around(store, active, stack, who)


def environment(about: Around, script: Script, active: ActiveScript, situation: Situation) -> Environment:
    """What `machine.run` wants to know; the addresses are looked up only for a script that answers."""
    seen = situation.seen
    needs_addresses = "vacation" in script.extensions or "include" in script.extensions
    return Environment(
        now=situation.now,
        addresses=about.addresses() if needs_addresses else (active.address,),
        items=_items(active, situation),
        folder_exists=about.folder_exists,
        mailbox_id_exists=about.mailbox_id_exists,
        special_use=about.special_use,
        spam=situation.spam,
        virus=situation.virus,
        seen=about.seen if seen is None else lambda handle, key: (handle, key) in seen,
        list_exists=about.list_exists,
        in_list=about.in_list,
        script=about.script,
    )


def _items(active: ActiveScript, situation: Situation) -> Mapping[str, str]:
    """RFC 5183 §4.1; what is not known is left out."""
    return {
        "domain": domain_of(active.address),
        "host": situation.host,
        "location": "MDA",
        "phase": situation.phase,
        "version": _version(),
    }


@cache
def _version() -> str:
    return installed("postroom")


def domain_of(address: str) -> str:
    """The part behind the @."""
    return address.rpartition("@")[2]


def level_of(active: ActiveScript) -> tuple[str, ...]:
    """What keeps apart what scripts of several levels remember of one recipient."""
    return () if active.level == "account" else (active.level,)


def number_of(mailbox_id: str) -> int:
    """The folder that a MAILBOXID stands for (decision 106); 0: none."""
    found = _NUMBER.match(mailbox_id)
    return int(found[1]) if found is not None else 0


def destination_of(place: Place) -> Destination:
    """A place of a script as the store understands it."""
    role = SPECIAL_USES.get(place.special_use.lower())
    return Destination(place.name, str(role or ""), number_of(place.mailbox_id), place.create)


def memory_key(*parts: str) -> str:
    """What is remembered, as one word."""
    return sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()
