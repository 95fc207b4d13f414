"""ESEARCH: one search in many mailboxes. RFC 7377.

Only what one may look up and read is searched; all else is passed over in silence, as if it were not there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from groupware.model.errors import NoRight, NotFound
from groupware.model.folder import SEPARATOR, Folder, Role
from groupware.model.item import Kind
from groupware.model.rights import Right
from groupware.store.api import ReadTx
from mailcore.imap.bodies import withholds
from mailcore.imap.commands.search import answered, bad_charset, extended_line, find
from mailcore.imap.commands.search_filters import with_filters
from mailcore.imap.commands.search_keys import Searching, read_program
from mailcore.imap.commands.search_returns import Returns, take_returns
from mailcore.imap.grammar import Cursor
from mailcore.imap.reply import Reply, bad, mailbox, ok
from mailcore.imap.session import Session
from mailcore.imap.table import KNOWN, command
from mailcore.imap.view import View

MOST_NAMES: Final = 200
_PLAIN: Final = (b"SELECTED", b"INBOXES", b"PERSONAL", b"SUBSCRIBED")
_NAMED: Final = (b"SUBTREE", b"SUBTREE-ONE", b"MAILBOXES")


@dataclass(frozen=True, slots=True)
class Source:
    """One of the ways to say which mailboxes."""

    word: bytes
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Everywhere:
    """ESEARCH's arguments."""

    sources: tuple[Source, ...]
    search: Searching

    @property
    def in_selected_alone(self) -> bool:
        """Whether it is a search in the selected mailbox and nowhere else."""
        return all(source.word == b"SELECTED" for source in self.sources)


def parse_esearch(cursor: Cursor) -> Everywhere:
    """Perhaps IN (...), perhaps RETURN (...), perhaps CHARSET, and keys."""
    cursor.sp()
    sources: list[Source] = [Source(b"SELECTED")]
    if cursor.take_word(b"IN"):
        cursor.sp()
        sources = cursor.listed(lambda: _source(cursor))
        if not sources or sum(len(source.names) for source in sources) > MOST_NAMES:
            cursor.fail(f"mailboxes to search, at most {MOST_NAMES}")
        cursor.sp()
    returns = take_returns(cursor) or Returns()
    charset = b"UTF-8"
    if cursor.take_word(b"CHARSET"):
        cursor.sp()
        charset = cursor.astring()
        cursor.sp()
    given = Everywhere(tuple(sources), read_program(cursor, charset, uid=True, returns=returns))
    if b"SAVE" in returns.words and not given.in_selected_alone:
        cursor.fail("SAVE only where the selected mailbox alone is searched")
    return given


def _source(cursor: Cursor) -> Source:
    word = cursor.word()
    if word in _PLAIN:
        return Source(word)
    if word not in _NAMED:
        cursor.fail("mailboxes by " + b" ".join((*_PLAIN, *_NAMED)).decode())
    cursor.sp()
    names = cursor.listed(cursor.mailbox) if cursor.peek(b"(") else [cursor.mailbox()]
    if not names:
        cursor.fail("the name of a mailbox")
    return Source(word, tuple(names))


@command("ESEARCH", state=KNOWN, parse=parse_esearch)
@with_filters
async def esearch(session: Session, given: Everywhere) -> Reply:
    """What the keys fit in each of these mailboxes."""
    words = {source.word for source in given.sources}
    returns = given.search.returns or Returns()
    if session.view is None and (b"SELECTED" in words or b"UPDATE" in returns.words):
        return bad("ESEARCH: no mailbox is selected")
    if given.in_selected_alone:
        at = session.selected.folder
        place = _place(await session.glance(lambda tx: tx.folder(at, Right.READ)))  # it may be called otherwise by now
        return await answered(session, given.search, place=place)
    if not given.search.known_charset:
        return bad_charset()
    if given.search.by_modseq:
        session.use_condstore()
    for folder in await session.read(lambda tx: _chosen(session, tx, given.sources)):
        await _tell(session, given.search, folder)
    return ok("That is all")


async def _tell(session: Session, given: Searching, folder: Folder) -> None:
    """The response for one mailbox, if there is anything to tell."""
    if session.view is not None and session.view.folder == folder.id:
        reply = await answered(session, given, place=_place(folder))
        for line in reply.lines:
            session.send(line)
        return
    try:
        now, withheld = await session.read(
            lambda tx: (session.shared.snapshots.read(tx, folder), withholds(tx, folder))
        )
        view = View(folder, now, session.modes, read_only=True)
        view.withheld = withheld
        found = await find(session, view, given)
    except (NotFound, NoRight):  # it has gone, or been closed, since
        return
    if found.places:
        session.send(extended_line(session, view, given, found, place=_place(folder)))
        await session.keep_pace()


def _place(folder: Folder) -> bytes:
    return b" MAILBOX %b UIDVALIDITY %d" % (mailbox(folder.path), folder.uidvalidity)


def _chosen(session: Session, tx: ReadTx, sources: Sequence[Source]) -> Sequence[Folder]:
    """The folders that are meant and that one may read, each once, in path order."""
    kind = None if session.shows_all(tx) else Kind.MAIL
    every = [folder for folder in tx.folders(kind) if folder.exists and Right.READ in folder.rights]
    selected = session.view.folder if session.view is not None else None
    tests: dict[bytes, Callable[[Folder, Source], bool]] = {
        b"SELECTED": lambda folder, _: folder.id == selected,
        b"INBOXES": lambda folder, _: folder.own and folder.role == Role.INBOX,
        b"PERSONAL": lambda folder, _: folder.own,
        b"SUBSCRIBED": lambda folder, _: folder.subscribed,
        b"MAILBOXES": lambda folder, source: folder.path in source.names,
        b"SUBTREE": lambda folder, source: any(_below(folder.path, name) for name in source.names),
        b"SUBTREE-ONE": lambda folder, source: any(_just_below(folder.path, name) for name in source.names),
    }
    return [folder for folder in every if any(tests[source.word](folder, source) for source in sources)]


def _below(path: str, name: str) -> bool:
    return path == name or path.startswith(name + SEPARATOR)


def _just_below(path: str, name: str) -> bool:
    return _below(path, name) and SEPARATOR not in path[len(name) + 1 :]
