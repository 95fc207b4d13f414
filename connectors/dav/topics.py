"""What WebDAV-Push says of a collection: its topic, and how one can be told of changes."""

from __future__ import annotations

import base64
import hashlib
from typing import Final

from groupware.model.folder import Folder

TRIGGERS: Final = (
    "<P:content-update><D:sync-level>1</D:sync-level></P:content-update>"
    "<P:property-update><D:depth>0</D:depth></P:property-update>"
)


def topic_of(folder: Folder) -> str:
    """The same for everybody who sees the collection, wherever it is in their homes; nothing can be read in it."""
    seen = hashlib.blake2b(f"{folder.uidvalidity} {folder.id}".encode(), digest_size=15, person=b"webdav-push").digest()
    return base64.urlsafe_b64encode(seen).decode()


def transports(key: str) -> str:
    """How messages are sent: Web Push, with the key that they are signed with."""
    return f'<P:web-push><P:vapid-public-key type="p256ecdsa">{key}</P:vapid-public-key></P:web-push>'
