"""What is attached to calendar objects and contacts, and kept beside them. RFC 8607."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from .ids import AccountId, BlobId

KEY: Final = re.compile(r"[0-9a-f]{32}")
"""What a MANAGED-ID looks like that can be this server's."""
MOST_REFERRED: Final = 500
"""Attachments that an object holds on to; any more are links."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """Octets that objects refer to by a key."""

    key: str
    """The MANAGED-ID: 32 hexadecimal digits, made by the server."""
    owner: AccountId
    """Whose quota it counts in: that of the folder where it was attached."""
    blob: BlobId
    size: int
    media: str
    """The media type as it was given."""
    name: str
    """What the file is called; "" when nobody said."""
