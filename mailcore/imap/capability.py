"""What the server can do, as it says it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mailcore.server.connection import Connection
from mailcore.server.signin import SignIn

_ALWAYS: Final = b"IMAP4rev1 IMAP4rev2 LITERAL+ SASL-IR ID ENABLE"
_KNOWN: Final = b" ".join(
    (
        b"IDLE",
        b"NAMESPACE",
        b"BINARY",
        b"CATENATE",
        b"URL-PARTIAL",
        b"REPLACE",
        b"UTF8=ACCEPT",
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
        b"METADATA",
        b"METADATA-SERVER",
        b"LIST-METADATA",
        b"OBJECTID",
        b"SAVEDATE",
        b"PREVIEW",
        b"STATUS=SIZE",
        b"QUOTA",
        b"QUOTASET",
        b"QUOTA=RES-STORAGE",
        b"QUOTA=RES-MESSAGE",
        b"QUOTA=RES-MAILBOX",
        b"CONDSTORE",
        b"QRESYNC",
        b"UIDONLY",
        b"UIDBATCHES",
        b"ESEARCH",
        b"WITHIN",
        b"FILTERS",
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
        b"UNAUTHENTICATE",
        b"LANGUAGE",
        b"NOTIFY",
    )
)


@dataclass(frozen=True, slots=True)
class Announced:
    """What capabilities depend on."""

    known: bool
    """Somebody has signed in."""
    message_limit: int = 0
    scripts: str = ""
    """Where the scripts of folders are edited. RFC 6785 §2.1."""
    jmap: bool = False
    """What was used to sign in is enough for JMAP. RFC 9698 §3."""


def capabilities(connection: Connection, signin: SignIn, append_limit: int, as_: Announced) -> bytes:
    """The capabilities as things are: what concerns signing in is said to strangers only."""
    words = [_ALWAYS, _KNOWN, b"APPENDLIMIT=%d" % append_limit]
    if as_.scripts:
        words.append(b"IMAPSIEVE=" + as_.scripts.encode("ascii"))
    if as_.message_limit:
        words.append(b"MESSAGELIMIT=%d" % as_.message_limit)
    if as_.known and as_.jmap:
        words.append(b"JMAPACCESS")
    if as_.known and not connection.compressed:
        words.append(b"COMPRESS=DEFLATE")
    if not as_.known:
        if connection.can_start_tls:
            words.append(b"STARTTLS")
        if not signin.passwords:
            words.append(b"LOGINDISABLED")
        words += [b"AUTH=" + name.encode("ascii") for name in signin.mechanisms]
    return b" ".join(words)
