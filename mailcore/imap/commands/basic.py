"""CAPABILITY, NOOP, LOGOUT, ID, NAMESPACE."""

from __future__ import annotations

from importlib.metadata import version
from typing import Final

from mailcore.imap.grammar import Cursor, nothing
from mailcore.imap.reply import Reply, ok, string
from mailcore.imap.session import Session
from mailcore.imap.table import ANY, KNOWN, SELECTED, command

_FACTS: Final = 30  # of one ID, RFC 2971 §3.3
_NAMESPACES: Final = b'* NAMESPACE (("" "/")) (("Other Users/" "/")) (("Public/" "/"))\r\n'


@command("CAPABILITY", state=ANY, parse=nothing)
async def capability(session: Session, _: None) -> Reply:
    """What the server can do, as things are. RFC 3501 §6.1.1."""
    return ok("That is all", lines=[b"* CAPABILITY %b\r\n" % session.capabilities()])


@command("CHECK", state=SELECTED, parse=nothing, looks=True)
@command("NOOP", state=ANY, parse=nothing, looks=True)
async def noop(session: Session, _: None) -> Reply:
    """Nothing, but what is new in the folder is told behind it. RFC 3501 §6.1.2, §6.4.1."""
    return ok("Done")


@command("LOGOUT", state=ANY, parse=nothing)
async def logout(session: Session, _: None) -> Reply:
    """Goodbye. RFC 3501 §6.1.3."""
    session.leave_folder()
    session.hang_up("Goodbye")
    return ok("Logged out")


def parse_id(cursor: Cursor) -> dict[bytes, bytes]:
    """ID's list of fields and values, or NIL. RFC 2971 §3.1."""
    cursor.sp()
    if not cursor.peek(b"("):
        return {} if cursor.nstring() is None else cursor.fail("a list or NIL before this; it")
    words = cursor.listed(cursor.nstring)
    if len(words) % 2 or len(words) > 2 * _FACTS:
        cursor.fail("pairs of field and value")
    pairs = zip(words[::2], words[1::2], strict=True)
    return {(name or b"").lower(): value for name, value in pairs if value is not None}


@command("ID", state=ANY, parse=parse_id)
async def identify(session: Session, given: dict[bytes, bytes]) -> Reply:
    """Who the server is, and who the client says it is: that goes to the log and the journal. RFC 2971."""
    said = [given[key][:60].decode("ascii", "replace") for key in (b"name", b"version") if key in given]
    client = " ".join("".join([sign if sign.isprintable() else "?" for sign in word]) for word in said)
    session.named(client)
    session.shared.log.info("client", client=client)
    if not session.shared.section.id_enabled:
        return ok("Pleased to meet you", lines=[b"* ID NIL\r\n"])
    ours = b" ".join([string(word) for word in (b"name", b"Postroom", b"version", version("postroom").encode())])
    return ok("Pleased to meet you", lines=[b"* ID (%b)\r\n" % ours])


@command("NAMESPACE", state=KNOWN, parse=nothing)
async def namespace(session: Session, _: None) -> Reply:
    """Where one's own, other users' and public folders are. RFC 2342."""
    return ok("Those are the namespaces", lines=[_NAMESPACES])
