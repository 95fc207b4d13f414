"""COMPRESS: the dialogue goes on as a deflate stream. RFC 4978."""

from __future__ import annotations

from mailcore.imap.grammar import Cursor
from mailcore.imap.reply import Reply, no
from mailcore.imap.session import Session
from mailcore.imap.table import KNOWN, command


def parse_compress(cursor: Cursor) -> bytes:
    """A mechanism; there is one."""
    cursor.sp()
    mechanism = cursor.word()
    return mechanism if mechanism == b"DEFLATE" else cursor.fail("DEFLATE before this; it")


@command("COMPRESS", state=KNOWN, parse=parse_compress)
async def compress(session: Session, _: bytes) -> Reply:
    """Both directions are compressed from behind this command's line, and behind its answer. Only for known users:
    what inflating costs is not for strangers."""
    if session.connection.compressed:
        return no("It is compressed already", b"COMPRESSIONACTIVE")
    return Reply(b"OK", "Compressed from here on", compress=True)
