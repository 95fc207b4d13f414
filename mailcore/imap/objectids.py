"""Object identifiers: what a mailbox, a message's content and a thread are called wherever they are. RFC 8474.

A mailbox keeps its id under any name. A message keeps its own in every copy: it is made of the octets and of
INTERNALDATE, which are what a copy has in common with its original. A thread is called by the first message of it that
is known by its Message-ID (decision 106).
"""

from __future__ import annotations

from hashlib import blake2b

from groupware.mime.summary import thread_root
from groupware.model.folder import Folder


def mailbox_id(folder: Folder) -> bytes:
    """MAILBOXID: no other mailbox ever has it."""
    return b"F%d" % folder.id


def email_id(blob: str, saved: int) -> bytes:
    """EMAILID: the same for copies, and for nothing that differs in octets or date (microseconds since 1970)."""
    return b"M%b-%x" % (blob[:40].encode("ascii"), saved // 1_000_000 & 0xFFFFFFFFFF)


def thread_id(summary: bytes) -> bytes | None:
    """THREADID; None for a message without any Message-ID."""
    root = thread_root(summary)
    return b"T%b" % blake2b(root.encode("utf-8", "replace"), digest_size=16).hexdigest().encode() if root else None
