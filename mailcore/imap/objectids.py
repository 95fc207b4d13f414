"""Object identifiers: what a mailbox, a message's content and a thread are called wherever they are. RFC 8474.

A mailbox keeps its id under any name. A message keeps its own in every copy, which knows what it was copied from. A
thread is called by the first message of it that is known by its Message-ID (decisions 106 and 387). JMAP calls all of
them the same.
"""

from __future__ import annotations

import re
from typing import Final

from groupware.mime.summary import thread_root
from groupware.mime.threads import digest
from groupware.model.folder import Folder
from groupware.model.ids import ItemId

_EMAIL: Final = re.compile(rb"M([1-9][0-9]{0,18})\Z")
_MOST: Final = (1 << 63) - 1


def mailbox_id(folder: Folder) -> bytes:
    """MAILBOXID: no other mailbox ever has it."""
    return b"F%d" % folder.id


def email_of(id: bytes) -> ItemId | None:
    """Which email an EMAILID means; None for what is no such id."""
    found = _EMAIL.match(id)
    number = int(found[1]) if found is not None else 0
    return ItemId(number) if 0 < number <= _MOST else None


def thread_id(summary: bytes) -> bytes | None:
    """THREADID; None for a message without any Message-ID."""
    root = thread_root(summary)
    return digest(root).encode() if root else None
