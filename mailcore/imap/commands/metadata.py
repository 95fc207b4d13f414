"""GETMETADATA and SETMETADATA, of mailboxes and, with the name "", of the server. RFC 5464."""

from __future__ import annotations

from dataclasses import dataclass, replace

from groupware.model.annotation import LONGEST_VALUE
from groupware.model.folder import Folder
from groupware.model.ids import FolderId
from groupware.model.rights import Right
from groupware.store.api import SERVER_ENTRIES, ReadTx, WriteTx
from mailcore.imap.annotation_news import NOTHING, Heard, heard_in, say, since_when
from mailcore.imap.commands.folders import parse_mailbox
from mailcore.imap.entries import (
    SHARED_SEEN,
    SPECIAL_USE,
    Asked,
    BadUse,
    at_options,
    metadata_line,
    of_folder,
    of_server,
    picked,
    put_server_settings,
    put_settings,
    read_asked,
    read_entry,
    read_options,
)
from mailcore.imap.grammar import Cursor
from mailcore.imap.reply import Reply, no, ok, sentence
from mailcore.imap.session import Session
from mailcore.imap.table import KNOWN, command


@dataclass(frozen=True, slots=True)
class Getting:
    """GETMETADATA's arguments; the path "" is the server."""

    path: str
    asked: Asked


def parse_get(cursor: Cursor) -> Getting:
    """Options, mailbox, entries; options behind the mailbox are read too, as the RFC's own examples have them."""
    first = None
    cursor.sp()
    if at_options(cursor):
        first = read_options(cursor)
        cursor.sp()
    path = cursor.mailbox()
    cursor.sp()
    asked = read_asked(cursor)
    if first is not None:
        asked = Asked(asked.names, *first)
    return Getting(path, asked)


@command("GETMETADATA", state=KNOWN, parse=parse_get)
async def getmetadata(session: Session, given: Getting) -> Reply:
    """The values of entries. RFC 5464 §4.2."""

    def work(tx: ReadTx) -> tuple[str, dict[str, bytes]]:
        if not given.path:
            return "", of_server(tx, tx.annotations(None))
        folder = session.folder(tx, given.path)
        return folder.path, of_folder(folder, tx.annotations(folder.id))

    path, values = await session.glance(work)
    found, longest = picked(values, given.asked)
    lines = [metadata_line(path, found)] if found else []
    return ok("Those are the entries", b"METADATA LONGENTRIES %d" % longest if longest else b"", lines)


@dataclass(frozen=True, slots=True)
class Setting:
    """SETMETADATA's arguments."""

    path: str
    values: dict[str, bytes | None]


def parse_set(cursor: Cursor) -> Setting:
    """A mailbox, and pairs of an entry and its value or NIL."""
    path = parse_mailbox(cursor)
    cursor.sp()

    def pair() -> tuple[str, bytes | None]:
        name = read_entry(cursor)
        cursor.sp()
        return name, cursor.binary() if cursor.take(b"~") else cursor.nstring()

    values = dict(cursor.listed(pair))
    if not values:
        cursor.fail("an entry and its value")
    return Setting(path, values)


@command("SETMETADATA", state=KNOWN, parse=parse_set)
async def setmetadata(session: Session, given: Setting) -> Reply:
    """Set entries, or with NIL take them away; all or none. RFC 5464 §4.3."""
    if any(value is not None and len(value) > LONGEST_VALUE for value in given.values.values()):
        return no(f"A value has {LONGEST_VALUE} octets at most", b"METADATA MAXSIZE %d" % LONGEST_VALUE)
    if not given.path and {SHARED_SEEN, SPECIAL_USE} & given.values.keys():
        return no("The server has no such entry; name a mailbox", b"CANNOT")

    def work(tx: WriteTx) -> tuple[dict[FolderId, Heard], Folder | None]:
        folder = session.folder(tx, given.path) if given.path else None
        at = folder.id if folder is not None else SERVER_ENTRIES
        since = since_when(session, at)
        heard = heard_in(tx, [(at, since)] if since is not None else []).get(at, Heard("", (), NOTHING))
        if folder is None:
            rest = put_server_settings(tx, given.values)
            return {at: replace(heard, newest=tx.annotate(None, rest)) if rest else heard}, None
        rest = put_settings(tx, folder, given.values)
        news = {at: replace(heard, newest=tx.annotate(at, rest)) if rest else heard}
        return news, tx.folder(at, Right.LOOKUP) if len(rest) < len(given.values) else None

    try:
        news, folder = await session.write(work)
    except BadUse as error:
        return no(sentence(str(error)), b"USEATTR")
    say(session, news)  # what one has just set oneself is no news
    if folder is not None and session.notices is not None:
        session.notices.set_anew(folder)
    return ok("Set")
