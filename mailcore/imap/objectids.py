"""Object identifiers: what a mailbox, a message's content and a thread are called wherever they are. RFC 8474.

A mailbox keeps its id under any name. A message keeps its own in every copy: it is made of the octets and of
INTERNALDATE, which are what a copy has in common with its original. A thread is called by the first message of it that
is known by its Message-ID (decision 106).
"""

from __future__ import annotations

from hashlib import blake2b

from groupware.mime.summary import thread_root
from groupware.model.folder import Folder
from groupware.model.item import Item


def mailbox_id(folder: Folder) -> bytes:
    """MAILBOXID: no other mailbox ever has it."""
    return b"F%d" % folder.id


def email_id(item: Item) -> bytes:
    """EMAILID: the same for copies, and for nothing that differs in octets or date."""
    return b"M%b-%x" % (item.blob[:40].encode("ascii"), int(item.saved.timestamp()) & 0xFFFFFFFFFF)


def thread_id(item: Item) -> bytes | None:
    """THREADID; None for a message without any Message-ID. Its summary has to be there."""
    root = thread_root(item.summary)
    return b"T%b" % blake2b(root.encode("utf-8", "replace"), digest_size=16).hexdigest().encode() if root else None
