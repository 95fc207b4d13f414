"""What somebody has let a program do in their name: the tokens of OAuth, by their digests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from .ids import AccountId

By = Literal["code", "refresh", "access"]


@dataclass(frozen=True, slots=True)
class NewGrant:
    """What the principal that asks has just consented to; its code is good once, and for `seconds`."""

    client: str
    """SHA-256, hexadecimal, of the client's identifier."""
    label: str
    """What the program calls itself."""
    scope: str
    """Scopes, parted by spaces."""
    code: str
    """SHA-256, hexadecimal, of the code: neither codes nor tokens are stored."""
    challenge: str
    """Of PKCE, S256."""
    redirect: str
    seconds: int
    peer: str


@dataclass(frozen=True, slots=True)
class NewTokens:
    """The tokens that take the place of a code, or of the tokens before."""

    refresh: str
    access: str
    """Digests, as above."""
    access_seconds: int
    seconds: int
    """How long the refresh token lasts, if nobody uses it."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One that has not ended."""

    number: int
    account: AccountId
    client: str
    label: str
    scope: str
    challenge: str
    redirect: str
    active: bool
    """Its code has been redeemed."""
    stale: bool
    """It was found by a code, or a refresh token, that others have taken the place of."""
    changed: datetime
    """When its tokens were last given out."""
    access_ends: datetime | None
    made: datetime
    used: datetime
    ends: datetime
    peer: str
