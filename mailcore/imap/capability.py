"""What the server can do, as it says it."""

from __future__ import annotations

from typing import Final

from mailcore.server.connection import Connection
from mailcore.server.signin import SignIn

_ALWAYS: Final = b"IMAP4rev1 LITERAL+ SASL-IR ID ENABLE"
_KNOWN: Final = (
    b"IDLE NAMESPACE UIDPLUS MOVE UNSELECT CHILDREN LIST-EXTENDED LIST-STATUS LIST-MYRIGHTS SPECIAL-USE "
    b"CREATE-SPECIAL-USE ACL RIGHTS=texk QUOTA QUOTA=RES-STORAGE QUOTA=RES-MESSAGE QUOTA=RES-MAILBOX CONDSTORE "
    b"ESEARCH WITHIN MULTIAPPEND"
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
