"""Sessions of browsers: who is signed in where, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .ids import AccountId


@dataclass(frozen=True, slots=True)
class NewBrowserSession:
    """One that begins now, for the principal that asks."""

    digest: str
    """SHA-256, hexadecimal, of a token of at least 128 bits: the token itself is stored nowhere."""
    seconds: int
    """How long it lasts at most."""
    idle: int
    """Seconds without a request after which it ends; 0: it has no such limit."""
    peer: str
    agent: str
    """What the browser calls itself."""


@dataclass(frozen=True, slots=True)
class BrowserSession:
    """One that has not ended."""

    number: int
    account: AccountId
    made: datetime
    used: datetime
    ends: datetime
    """When it ends unless it is used before then."""
    peer: str
    """Where it was used from last."""
    agent: str
