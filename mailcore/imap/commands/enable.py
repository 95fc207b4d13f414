"""ENABLE: what changes the server's answers is switched on by name. RFC 5161, RFC 9051 §6.3.1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from mailcore.imap import names
from mailcore.imap.annotation_news import AnnotationNews
from mailcore.imap.grammar import Cursor
from mailcore.imap.reply import Reply, ok
from mailcore.imap.session import Session
from mailcore.imap.table import KNOWN, command


def parse_enable(cursor: Cursor) -> list[bytes]:
    """One or more names of capabilities. RFC 5161 §4."""
    found = []
    while cursor.take(b" "):
        found.append(cursor.word())
    return found or cursor.fail("a capability")


def _condstore(session: Session) -> None:
    session.use_condstore()


def _qresync(session: Session) -> None:
    session.use_condstore()
    session.modes.qresync = True


def _rev2(session: Session) -> None:
    session.modes.rev2 = True
    names.UTF8.set(True)
    if session.view is not None:
        session.view.recents.clear()


def _utf8(session: Session) -> None:
    names.UTF8.set(True)


def _metadata(session: Session) -> None:
    session.annotations = session.annotations or AnnotationNews()


def _uidonly(session: Session) -> None:
    session.modes.uidonly = True


SWITCHES: Final[dict[bytes, tuple[bytes, Callable[[Session], None]]]] = {
    b"CONDSTORE": (b"CONDSTORE", _condstore),
    b"QRESYNC": (b"QRESYNC", _qresync),
    b"IMAP4REV2": (b"IMAP4rev2", _rev2),
    b"UTF8=ACCEPT": (b"UTF8=ACCEPT", _utf8),
    b"METADATA": (b"METADATA", _metadata),
    b"METADATA-SERVER": (b"METADATA-SERVER", _metadata),
    b"UIDONLY": (b"UIDONLY", _uidonly),
}
"""By the name in upper case: how ENABLED writes it, and what it does."""


@command("ENABLE", state=KNOWN, parse=parse_enable)
async def enable(session: Session, wanted: list[bytes]) -> Reply:
    """Switch on those extensions that have to be; others are passed over. RFC 5161 §3.1."""
    enabled = [SWITCHES[name] for name in dict.fromkeys(wanted) if name in SWITCHES]
    for _, switch in enabled:
        switch(session)
    told = b"".join([b" " + name for name, _ in enabled])
    return ok("Enabled what is known", lines=[b"* ENABLED%b\r\n" % told])
