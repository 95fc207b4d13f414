"""Keys that a domain's mail is signed with (DKIM), as they are kept."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from .errors import Refused

KeyState = Literal["published", "active", "retired"]
"""A new key is published in DNS before it signs; a retired one signs no more, but what it signed can be checked."""
Algorithm = Literal["rsa-2048", "ed25519"]
STATES: Final[tuple[KeyState, ...]] = ("published", "active", "retired")
ALGORITHMS: Final[tuple[Algorithm, ...]] = ("rsa-2048", "ed25519")
_SELECTOR: Final = re.compile(r"[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?)*\Z")


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key of a domain."""

    domain: str
    selector: str
    algorithm: Algorithm
    sealed: str
    """The private half, sealed with a secret that is not in the database."""
    public: str
    """The public half in base64, as DNS has it."""
    state: KeyState
    created: datetime
    changed: datetime
    """When it came into its state."""


def selector_name(text: str) -> str:
    """The selector as it is kept. `Refused` when DNS could not have it. RFC 6376 §3.1."""
    name = text.lower()
    if len(name) > 63 or not _SELECTOR.match(name):
        raise Refused(f"{text[:80]!r} is no selector; use letters, digits and hyphens, such as 2026-11")
    return name
