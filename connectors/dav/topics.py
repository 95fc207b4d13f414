"""What WebDAV-Push says of a collection: its topic, and how one can be told of changes."""

from __future__ import annotations

import base64
import hashlib
from typing import Final

from connectors.dav.xml import PUSH
from groupware.model.folder import Folder
from groupware.store.api import ReadTx

TOPIC: Final = f"{{{PUSH}}}topic"
TRIGGERS: Final = (
    "<P:content-update><D:sync-level>1</D:sync-level></P:content-update>"
    "<P:property-update><D:depth>0</D:depth></P:property-update>"
)
HOME_TRIGGERS: Final = (
    "<P:content-update><D:sync-level>infinite</D:sync-level></P:content-update>"
    "<P:property-update><D:depth>1</D:depth></P:property-update>"
)
"""Of a home: whatever changes in its collections, and what these say of themselves."""


def topic_of_home(tx: ReadTx, area: str) -> str:
    """Of one's own home."""
    root = tx.locate(tx.who.account, "")
    return _topic(f"{root.uidvalidity} {root.id} {area}")


def topic_of(folder: Folder) -> str:
    """The same for everybody who sees the collection, wherever it is in their homes; nothing can be read in it."""
    return _topic(f"{folder.uidvalidity} {folder.id}")


def _topic(what: str) -> str:
    seen = hashlib.blake2b(what.encode(), digest_size=15, person=b"webdav-push").digest()
    return base64.urlsafe_b64encode(seen).decode()


def transports(key: str) -> str:
    """How messages are sent: Web Push, with the key that they are signed with."""
    return f'<P:web-push><P:vapid-public-key type="p256ecdsa">{key}</P:vapid-public-key></P:web-push>'
