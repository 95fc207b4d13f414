"""What somebody writes into another's calendar, taken apart: what is for all, and what is their own (decision 237).

Who may only read has alarms too: an object that differs in nothing else leaves what is stored as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

from groupware.model.ids import ModSeq, Uid
from groupware.store.api import WriteTx

from .personal import alike, merged, own_of
from .shown import Sight


@dataclass(frozen=True, slots=True)
class Apart:
    """An object as it was written, in two."""

    octets: bytes
    """As it is for all: with the alarms that its owner has."""
    own: bytes
    """What is the writer's own."""
    only_own: bool
    """Whether nothing is changed that others see."""


def divided(octets: bytes, stored: bytes, *, may_change: bool = True) -> Apart:
    """`stored`: what it takes the place of; b"": it is new. `Refused` for more alarms than are kept.

    Who may not change the object sends one all the same: what programs of theirs add to it is let be.
    """
    own = own_of(octets)
    if stored and alike(octets, stored, roughly=not may_change):
        return Apart(stored, own, True)
    return Apart(merged(octets, own_of(stored) if stored else b""), own, False)


def keep_own(tx: WriteTx, seen: Sight, uid: Uid, own: bytes) -> tuple[bytes | None, ModSeq | None]:
    """Keeps what is one's own beside an object; what is there now, and the modseq of it, if that is new."""
    before = tx.personal(seen.at, uid).get(uid)
    if own != (before or b"") or (before is None and seen.alarms):
        return own, tx.put_personal(seen.at, uid, own)
    return before, None
