"""Object identifiers: what a mailbox, a message's content and a thread are called wherever they are. RFC 8474.

A mailbox keeps its id under any name. A message keeps its own in every copy: it is made of the octets and of
INTERNALDATE, which are what a copy has in common with its original. A thread is called by the first message of it that
is known by its Message-ID (decision 106).
"""

from __future__ import annotations

import re
from typing import Final

from groupware.mime.summary import thread_root
from groupware.mime.threads import digest
from groupware.model.folder import Folder

SECOND: Final = 1_000_000
_EMAIL: Final = re.compile(rb"M([0-9a-f]{40})-([0-9a-f]{1,10})\Z")
_SECONDS: Final = 1 << 40


def mailbox_id(folder: Folder) -> bytes:
    """MAILBOXID: no other mailbox ever has it."""
    return b"F%d" % folder.id


def email_id(blob: str, saved: int) -> bytes:
    """EMAILID: the same for copies, and for nothing that differs in octets or date (microseconds since 1970)."""
    return b"M%b-%x" % (blob[:40].encode("ascii"), saved // SECOND % _SECONDS)


def second_of(email: bytes) -> int | None:
    """In which second (since 1970) the messages of an EMAILID were saved; None for what is no such id."""
    found = _EMAIL.match(email)
    if found is None:
        return None
    second = int(found[2], 16)
    return second - _SECONDS if second >= _SECONDS // 2 else second


def thread_id(summary: bytes) -> bytes | None:
    """THREADID; None for a message without any Message-ID."""
    root = thread_root(summary)
    return digest(root).encode() if root else None
