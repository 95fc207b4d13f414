"""Where a client wants to be told that something has changed: Web Push (RFC 8030) for any protocol."""

from __future__ import annotations

from dataclasses import dataclass

from .ids import AccountId, FolderId


@dataclass(frozen=True, slots=True)
class PushTarget:
    """One registration of a client."""

    number: int
    account: AccountId
    kind: str
    """Whose messages go there: `dav`, `jmap`, `ews` and the like."""
    folder: FolderId | None
    """What it is about; None: the account."""
    url: str
    """Where messages are posted to."""
    facts: str
    """JSON of the protocol: keys, what is to be told; the store does not look into it."""
    expires: int
    """Microseconds since 1970."""
    told: str = ""
    """What the client has been told last, in words of the protocol."""
    due: int = 0
    """Microseconds: not before then."""
    tries: int = 0
    """How often in a row it could not be told."""
