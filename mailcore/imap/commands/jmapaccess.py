"""JMAPACCESS: the same mail, under the same ids, by JMAP. RFC 9698."""

from __future__ import annotations

from mailcore.imap.grammar import nothing
from mailcore.imap.reply import Reply, bad, ok, string
from mailcore.imap.session import Session
from mailcore.imap.table import KNOWN, command


@command("GETJMAPACCESS", state=KNOWN, parse=nothing)
async def get_jmap_access(session: Session, _: None) -> Reply:
    """Where the session of JMAP is. RFC 9698 §4."""
    if not await may_use_jmap(session):
        return bad("GETJMAPACCESS: this mail cannot be reached by JMAP")
    url = session.shared.jmap.encode("ascii")
    return ok("That is where", lines=[b"* JMAPACCESS %b\r\n" % string(url)])


async def may_use_jmap(session: Session) -> bool:
    """Whether JMAP is served, and who has signed in may use it."""
    return bool(session.shared.jmap) and await session.glance(lambda tx: bool(tx.setting("jmap").value))


async def announces(session: Session) -> bool:
    """Whether what somebody has just signed in with is enough for JMAP as well. RFC 9698 §3."""
    section = session.shared.jmap_section
    return section is not None and session.signin.opens("jmap", section) and await may_use_jmap(session)
