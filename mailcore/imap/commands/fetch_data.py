"""What FETCH tells of a message out of its row and its summary, beside what every client asks for.

EMAILID and THREADID (RFC 8474 §5), SAVEDATE (RFC 8514 §4.2), PREVIEW (RFC 8970 §3).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from groupware.mime.summary import preview_in
from groupware.model.item import Item
from mailcore.imap.grammar import Cursor
from mailcore.imap.objectids import email_id, thread_id
from mailcore.imap.reply import internal_date, string

DATA_WORDS: Final = (b"EMAILID", b"THREADID", b"SAVEDATE", b"PREVIEW")
SUMMARY_WORDS: Final = frozenset({b"THREADID", b"PREVIEW"})
"""Those of them that are read out of the summary."""


def arrival(item: Item) -> datetime:
    """When the item came into its folder."""
    return datetime.fromtimestamp(item.arrived // 1_000_000, UTC)


def _thread(item: Item) -> bytes:
    found = thread_id(item)
    return b"(%b)" % found if found is not None else b"NIL"


DATA_COLUMNS: Final[dict[bytes, tuple[bytes, Callable[[Sequence[Item]], Sequence[bytes]]]]] = {
    b"EMAILID": (b"EMAILID (%b)", lambda items: [email_id(item) for item in items]),
    b"THREADID": (b"THREADID %b", lambda items: [_thread(item) for item in items]),
    b"SAVEDATE": (b"SAVEDATE %b", lambda items: [internal_date(arrival(item)) for item in items]),
    b"PREVIEW": (b"PREVIEW %b", lambda items: [string(preview_in(item.summary)) for item in items]),
}
"""For each word the piece of the template, and what fills it for a page of rows."""


def skip_modifiers(cursor: Cursor, word: bytes) -> None:
    """What may stand behind PREVIEW: (LAZY), which changes nothing, for every preview is there. RFC 8970 §3.1."""
    if word == b"PREVIEW" and (cursor.peek(b" (LAZY") or cursor.peek(b" (lazy")):
        cursor.sp()
        if any(each != b"LAZY" for each in cursor.listed(cursor.word)):
            cursor.fail("LAZY")
