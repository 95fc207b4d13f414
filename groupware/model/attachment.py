"""What is attached to calendar objects and kept beside them. RFC 8607."""

from __future__ import annotations

from dataclasses import dataclass

from .ids import AccountId, BlobId


@dataclass(frozen=True, slots=True)
class Attachment:
    """Octets that calendar objects refer to by a key."""

    key: str
    """The MANAGED-ID: 32 hexadecimal digits, made by the server."""
    owner: AccountId
    """Whose quota it counts in: that of the calendar where it was attached."""
    blob: BlobId
    size: int
    media: str
    """The media type as it was given."""
    name: str
    """What the file is called; "" when nobody said."""
