"""What is remembered of an account for a time: whom it has answered, what it has seen, what it was told."""

from __future__ import annotations

from dataclasses import dataclass

from .ids import BlobId


@dataclass(frozen=True, slots=True)
class Memory:
    """One thing to be remembered."""

    kind: str
    """`vacation`, `duplicate`, `told`."""
    key: str
    """A digest of what it is."""
    seconds: int
    renew: bool = False
    """What is remembered already is remembered from now on for so long, not from when it was first."""


@dataclass(frozen=True, slots=True)
class Undo:
    """What it takes to put back what one run of rules did."""

    number: int
    at: int
    """Microseconds since 1970."""
    facts: str


@dataclass(frozen=True, slots=True)
class Lesson:
    """A message that somebody has moved into Junk or out of it."""

    number: int
    account: str
    """The address of who did."""
    spam: bool
    blob: BlobId | None
    """None: the message is gone."""
