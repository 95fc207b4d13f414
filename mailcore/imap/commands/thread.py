"""THREAD, by number and by UID. RFC 5256."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from mailcore.imap.commands.search import bad_charset, find, refused_order, too_many
from mailcore.imap.commands.search_filters import with_filters
from mailcore.imap.commands.search_keys import Searching, read_program
from mailcore.imap.commands.sort_order import Row, key_rows, sent_at
from mailcore.imap.commands.thread_build import Letter, Node, by_references, by_subject, rendered
from mailcore.imap.grammar import Cursor
from mailcore.imap.reply import Reply, no, ok
from mailcore.imap.selected import look
from mailcore.imap.session import Session
from mailcore.imap.table import SELECTED, command
from mailcore.imap.view import View

Algorithm = Callable[[Iterable[Letter]], list[Node]]
ALGORITHMS: Final[Mapping[bytes, tuple[Algorithm, tuple[str, ...]]]] = {
    b"ORDEREDSUBJECT": (by_subject, ("saved", "sent", "subject")),
    b"REFERENCES": (by_references, ("saved", "sent", "subject", "reply", "message_id", "ids")),
}


@dataclass(frozen=True, slots=True)
class Threading:
    """THREAD's arguments."""

    algorithm: bytes
    search: Searching


def parse_thread(cursor: Cursor, *, uid: bool) -> Threading:
    """The algorithm, the charset, and keys."""
    cursor.sp()
    algorithm = cursor.word()
    if algorithm not in ALGORITHMS:
        cursor.fail("an algorithm before this, among " + b" ".join(ALGORITHMS).decode() + "; it")
    cursor.sp()
    charset = cursor.astring()
    cursor.sp()
    return Threading(algorithm, read_program(cursor, charset, uid=uid))


@command("THREAD", state=SELECTED, parse=partial(parse_thread, uid=False), numbers=True)
@command("UID THREAD", state=SELECTED, parse=partial(parse_thread, uid=True))
@with_filters
async def thread(session: Session, given: Threading) -> Reply:
    """The messages that the keys fit, as threads."""
    search, view = given.search, session.selected
    if not search.known_charset:
        return bad_charset()
    if search.by_modseq:
        session.use_condstore()
    if not await look(session, view):
        return no("The mailbox is gone", b"NONEXISTENT")
    if too_many(view, search):
        return refused_order(view)
    found = await find(session, view, search)
    build, names = ALGORITHMS[given.algorithm]
    rows = await key_rows(session, view, names, found.places)
    letters = _letters(view, rows, uid=search.uid)
    told = await asyncio.to_thread(lambda: rendered(build(letters)))
    return ok("Those are the threads", lines=[b"* THREAD%b%b\r\n" % (b" " if told else b"", told)])


def _letters(view: View, rows: Sequence[Row], *, uid: bool) -> list[Letter]:
    """The rows of keys as letters, in the order of the mailbox."""
    placed = [(view.place(row[0]), row) for row in rows]
    return [
        Letter(
            row[0] if uid else at + 1,
            sent_at(row[2], row[1]),
            row[3],
            *((bool(row[4]), row[5], tuple(row[6].split("\n")) if row[6] else ()) if len(row) > 4 else ()),
        )
        for at, row in placed
        if at >= 0
    ]
