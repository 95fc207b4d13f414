"""What the server can do, as it says it."""

from __future__ import annotations

from typing import Final

from mailcore.server.connection import Connection
from mailcore.server.signin import SignIn

_ALWAYS: Final = b"IMAP4rev1 LITERAL+ SASL-IR ID ENABLE"
_KNOWN: Final = b" ".join(
    (
        b"IDLE",
        b"NAMESPACE",
        b"UIDPLUS",
        b"MOVE",
        b"UNSELECT",
        b"CHILDREN",
        b"LIST-EXTENDED",
        b"LIST-STATUS",
        b"LIST-MYRIGHTS",
        b"SPECIAL-USE",
        b"CREATE-SPECIAL-USE",
        b"ACL",
        b"RIGHTS=texk",
        b"QUOTA",
        b"QUOTA=RES-STORAGE",
        b"QUOTA=RES-MESSAGE",
        b"QUOTA=RES-MAILBOX",
        b"CONDSTORE",
        b"ESEARCH",
        b"WITHIN",
        b"SORT",
        b"SORT=DISPLAY",
        b"THREAD=ORDEREDSUBJECT",
        b"THREAD=REFERENCES",
        b"ESORT",
        b"SEARCHRES",
        b"SEARCH=FUZZY",
        b"PARTIAL",
        b"MULTISEARCH",
        b"CONTEXT=SEARCH",
        b"CONTEXT=SORT",
        b"I18NLEVEL=1",
        b"INPROGRESS",
        b"MULTIAPPEND",
    )
)


def capabilities(connection: Connection, signin: SignIn, append_limit: int, *, known: bool) -> bytes:
    """The capabilities as things are: what concerns signing in is said to strangers only."""
    words = [_ALWAYS, _KNOWN, b"APPENDLIMIT=%d" % append_limit]
    if not known:
        if connection.can_start_tls:
            words.append(b"STARTTLS")
        if not signin.passwords:
            words.append(b"LOGINDISABLED")
        words += [b"AUTH=" + name.encode("ascii") for name in signin.mechanisms]
    return b" ".join(words)
