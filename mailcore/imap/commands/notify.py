"""NOTIFY: what happens is told without being asked for. RFC 5465."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from groupware.model.errors import NotFound
from groupware.model.folder import Folder
from groupware.model.ids import FolderId, ModSeq, Uids
from groupware.model.rights import Right
from groupware.store.api import SERVER_ENTRIES, ReadTx
from mailcore.imap.annotation_news import Heard, heard_in, names_line, say, since_when
from mailcore.imap.commands import fetch
from mailcore.imap.commands.fetch_items import Fetching, read_items
from mailcore.imap.commands.listing import list_line, seen_by
from mailcore.imap.commands.status import Counted, status_response
from mailcore.imap.entries import SHARED_SEEN, SPECIAL_USE
from mailcore.imap.grammar import Cursor
from mailcore.imap.notice import NOTHING, OF_MESSAGES, Group, Happening, Notices, OfSelected, TooMany, Wish
from mailcore.imap.reply import Reply, mailbox, no, ok, status_line
from mailcore.imap.session import Session
from mailcore.imap.table import KNOWN, command
from mailcore.imap.view import View

EVENTS: Final = {
    b"MESSAGENEW": Happening.NEW,
    b"MESSAGEEXPUNGE": Happening.EXPUNGE,
    b"FLAGCHANGE": Happening.FLAGS,
    b"MAILBOXNAME": Happening.NAME,
    b"SUBSCRIPTIONCHANGE": Happening.SUBSCRIPTION,
    b"MAILBOXMETADATACHANGE": Happening.METADATA,
    b"SERVERMETADATACHANGE": Happening.SERVER,
}
_UNKNOWN: Final = frozenset({b"ANNOTATIONCHANGE"})  # a real one: messages have no annotations here (RFC 5257)
_KNOWN: Final = (
    b"BADEVENT (FlagChange MailboxMetadataChange MailboxName MessageExpunge MessageNew"
    b" ServerMetadataChange SubscriptionChange)"
)
_SELECTED: Final = (b"SELECTED", b"SELECTED-DELAYED")
_WHOLE: Final = (b"INBOXES", b"PERSONAL", b"SUBSCRIBED")
_NAMED: Final = (b"SUBTREE", b"MAILBOXES")
MOST_GROUPS: Final = 100
MOST_NAMES: Final = 10_000


@dataclass(slots=True)
class _Events:
    """The events of one group while they are read."""

    events: Happening = NOTHING
    items: Fetching | None = None
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class Notify:
    """NOTIFY's arguments; `wish` None for NONE."""

    wish: Wish | None = None
    unknown: bool = False
    """Events are asked for that are not told of here."""


@dataclass(slots=True)
class _Reading:
    groups: list[Group] = field(default_factory=list)
    selected: OfSelected | None = None
    unknown: bool = False
    names: int = 0


def parse_notify(cursor: Cursor) -> Notify:
    """NONE, or SET, perhaps STATUS, and groups. RFC 5465 §8."""
    cursor.sp()
    word = cursor.word()
    if word == b"NONE":
        return Notify()
    if word != b"SET":
        cursor.fail("SET or NONE before this; it")
    status = cursor.take_word(b" STATUS")
    got = _Reading()
    for _ in range(MOST_GROUPS):
        cursor.sp()
        _group(cursor, got)
        if not cursor.peek(b" "):
            return Notify(Wish(tuple(got.groups), got.selected, status), got.unknown)
    return cursor.fail(f"at most {MOST_GROUPS} groups")


def _group(cursor: Cursor, got: _Reading) -> None:
    cursor.sign(b"(")
    which = cursor.word()
    if which in _SELECTED:
        cursor.sp()
        found = _events(cursor, selected=True)
        if got.selected is not None:
            cursor.fail("SELECTED or SELECTED-DELAYED once; the second, before this,")
        got.selected = OfSelected(found.events, which != b"SELECTED", found.items)
    elif which in _WHOLE or which in _NAMED:
        paths: tuple[str, ...] = ()
        cursor.sp()
        if which in _NAMED:
            paths = tuple(cursor.listed(cursor.mailbox)) if cursor.peek(b"(") else (cursor.mailbox(),)
            got.names += len(paths)
            if not paths or got.names > MOST_NAMES:
                cursor.fail(f"1 to {MOST_NAMES} mailboxes before this; it")
            cursor.sp()
        found = _events(cursor, selected=False)
        got.groups.append(Group(which, found.events, paths))
    else:
        cursor.fail("one of " + b" ".join((*_SELECTED, *_WHOLE, *_NAMED)).decode() + " before this; it")
    got.unknown = got.unknown or found.unknown
    cursor.sign(b")")


def _events(cursor: Cursor, *, selected: bool) -> _Events:
    """NONE, or events in parentheses. Messages that come and go are one wish, and flags want both. RFC 5465 §5."""
    got = _Events()
    if not cursor.peek(b"("):
        return got if cursor.word() == b"NONE" else cursor.fail("events or NONE before this; it")
    cursor.sign(b"(")
    while True:
        _event(cursor, got, selected=selected)
        if cursor.take(b")"):
            break
        cursor.sp()
    both = Happening.NEW | Happening.EXPUNGE
    if got.events & OF_MESSAGES and both not in got.events:
        cursor.fail("MessageNew and MessageExpunge together, with FlagChange or without, before this; it")
    return got


def _event(cursor: Cursor, got: _Events, *, selected: bool) -> None:
    word = cursor.word()
    if word in _UNKNOWN:
        got.unknown = True
        return
    event = EVENTS.get(word, NOTHING)
    if not event or (selected and not event & OF_MESSAGES):
        cursor.fail("an event that there is before this; it")
    got.events |= event
    if event is Happening.NEW and selected and cursor.take(b" ("):
        got.items = read_items(cursor)


@command("NOTIFY", state=KNOWN, parse=parse_notify)
async def notify(session: Session, given: Notify) -> Reply:
    """Say what is to be told from here on; it takes the place of what was said before. RFC 5465 §3.1."""
    if given.unknown:
        return no("Only these events are told of", _KNOWN)
    if given.wish is None:
        session.watch_for(None)
        return ok("Nothing is told unasked")
    notices = Notices(session.shared.parts.bus, given.wish, tell, tell_new)
    folders, subscribed, until, entries, _ = await session.read(lambda tx: _seen(session, notices, tx))
    try:
        notices.take(folders.values(), subscribed, until)
    except TooMany:
        return no("Those are too many mailboxes to watch", b"NOTIFICATIONOVERFLOW")
    notices.entries = entries
    told_already = session.annotations
    if told_already is not None and told_already.folder in entries:
        entries[told_already.folder] = told_already.since
    session.watch_for(notices)
    await _look_everywhere(session, notices)
    told = [folder for folder in folders.values() if notices.counted(folder.id)] if given.wish.status else []
    return ok("It will be told", lines=_statuses(session, told))


# --- what is told ---------------------------------------------------------------------------------------------------


async def tell(session: Session, marks: Mapping[FolderId, ModSeq]) -> None:
    """Tell what has happened where the marks are; without any, look everywhere."""
    notices = session.notices
    if notices is None:
        return
    here = [at for at in marks if at in notices.known]
    if notices.tree_changed(marks) or not (here or SERVER_ENTRIES in marks):
        await _look_everywhere(session, notices)
        return
    places = [(at, since) for at in marks if (since := since_when(session, at)) is not None]
    found, news = await session.read(lambda tx: ([_folder(tx, at) for at in here], heard_in(tx, places)))
    if any(notices.elsewhere(at, folder) for at, folder in zip(here, found, strict=True)):
        await _look_everywhere(session, notices)
        return
    there = [folder for folder in found if folder is not None]
    settings = _settings(notices, there, news)
    for line in (*_statuses(session, [folder for folder in there if notices.moved(folder)]), *settings):
        session.send(line)
    say(session, news)


def _folder(tx: ReadTx, at: FolderId) -> Folder | None:
    """The folder, as far as one may look it up."""
    try:
        return tx.folder(at, Right.LOOKUP)
    except NotFound:
        return None


async def _look_everywhere(session: Session, notices: Notices) -> None:
    """Tell what is different; once more when other mailboxes are watched now, for what came before that."""
    await _look_once(session, notices)
    while notices.stale and session.notices is notices:
        await _look_once(session, notices)


async def _look_once(session: Session, notices: Notices) -> None:
    folders, subscribed, until, entries, news = await session.read(lambda tx: _seen(session, notices, tx))
    settings = _settings(notices, folders.values(), entries)
    try:
        found = notices.take(folders.values(), subscribed, until)
    except TooMany:
        session.watch_for(None)
        text = "There are too many mailboxes to watch; nothing is told unasked any more"
        session.send(status_line(b"*", ok(text, b"NOTIFICATIONOVERFLOW")))
        return
    lines = [b'* LIST (\\NonExistent) "/" %b\r\n' % mailbox(path) for path in found.gone]
    lines += [list_line(folder, old=old) for folder, old in found.renamed]
    for folder in found.made:  # RFC 5465 §5.4: what is subscribed to from the beginning is told so
        subscription = [b"\\Subscribed"] if folder.path in subscribed else []
        lines.append(list_line(folder, attributes=[*_access(folder), *subscription]))
    lines += [list_line(folder, attributes=_access(folder)) for folder in found.closed]
    by_path = {folder.path: folder for folder in folders.values()}
    for path, on in found.subscribed:
        lines.append(list_line(by_path[path], attributes=[b"\\Subscribed"] if on else []))
    for line in (*lines, *_statuses(session, found.moved), *settings):
        session.send(line)
    say(session, news)
    notices.entries = entries


Entries = dict[FolderId, ModSeq]
"""Up to where the annotations are known."""
Seen = tuple[dict[str, Folder], frozenset[str], int, Entries, Mapping[FolderId, Heard]]


def _seen(session: Session, notices: Notices, tx: ReadTx) -> Seen:
    """The mailboxes, the subscriptions, and where somebody has asked for that, what others did to annotations."""
    folders, subscribed = seen_by(session, tx)
    until = tx.folders_until()
    if not notices.wish.of_entries:
        return folders, subscribed, until, {}, {}
    entries = {**tx.all_annotated(), SERVER_ENTRIES: tx.annotated(None, ModSeq(0))[1]}
    known = ((at, since_when(session, at), newest) for at, newest in entries.items())
    news = heard_in(tx, [(at, since) for at, since, newest in known if since is not None and newest > since > 0])
    return folders, subscribed, until, entries, news


def _settings(notices: Notices, folders: Iterable[Folder], readable: Container[FolderId]) -> list[bytes]:
    """What is set anew of mailboxes and is an annotation to clients, where annotations may be read (decision 105)."""
    lines = []
    for folder in folders:
        anew = notices.set_anew(folder)
        if any(anew) and folder.id in readable:
            names = [name for name, changed in zip((SHARED_SEEN, SPECIAL_USE), anew, strict=True) if changed]
            lines.append(names_line(folder.path, names))
    return lines


def _access(folder: Folder) -> list[bytes]:
    """That a mailbox cannot be read. RFC 5465 §5.9."""
    return [] if Right.READ in folder.rights else [b"\\NoAccess"]


async def tell_new(session: Session, view: View, uids: Uids) -> None:
    """Tell of new messages what SELECTED asked for. RFC 5465 §5.2."""
    wish = session.notices.wish.selected if session.notices is not None else None
    if wish is not None and wish.items is not None:
        await fetch.tell(session, view, wish.items, uids)


def _statuses(session: Session, folders: Sequence[Folder]) -> list[bytes]:
    """STATUS of these, but for the one that is selected: its client is told otherwise."""
    selected = session.view.folder if session.view is not None else None
    return [_status(session, folder) for folder in folders if folder.id != selected]


def _status(session: Session, folder: Folder) -> bytes:
    """How a mailbox stands, as far as NOTIFY owes it. RFC 5465 §3.1, §5.2."""
    items = [b"MESSAGES", b"UIDNEXT", b"UIDVALIDITY", b"UNSEEN"]
    if session.modes.condstore:
        items.append(b"HIGHESTMODSEQ")
    return status_response(session.shared, folder, items, Counted())
