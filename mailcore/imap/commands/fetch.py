"""FETCH, by number and by UID: a read of rows and a join of octets. RFC 3501 §6.4.5.

Rows come a page per hop. What the view knows is not read at all, nor what has been told before and never changes.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from groupware.model.errors import NoRight
from groupware.model.flags import FlagChange, Flags
from groupware.model.ids import ModSeq, Uid, Uids, ranges
from groupware.model.item import Item
from groupware.store.api import ReadTx
from mailcore.imap import names
from mailcore.imap.commands.fetch_body import Failure, read_sections
from mailcore.imap.commands.fetch_data import Page, Told, dear, page_of, page_of_items, remembered
from mailcore.imap.commands.fetch_data import told as told_for
from mailcore.imap.commands.fetch_items import Fetching, parse_fetch
from mailcore.imap.commands.fetch_stream import tell as tell_streamed
from mailcore.imap.commands.partial import part, width
from mailcore.imap.commands.resync import earlier, inside, merged
from mailcore.imap.commands.store import change_flags
from mailcore.imap.grammar import SAVED, BadSyntax
from mailcore.imap.reply import Reply, no, ok
from mailcore.imap.selected import look
from mailcore.imap.session import Session
from mailcore.imap.table import SELECTED, command
from mailcore.imap.view import View

PAGE: Final = 500  # rows of one hop
AT_HAND: Final = 50  # rows that are read without waking a thread
LINES: Final = 2000  # told at once out of the view
FEW: Final = 2000  # are looked through
_IN_VIEW: Final = frozenset({b"UID", b"FLAGS", b"MODSEQ"})

_FAILURES: Final[Sequence[tuple[Failure, str, bytes]]] = (
    ("lost", "The octets of some messages cannot be read", b"CORRUPTION"),
    ("encoding", "Some messages have a part whose transfer encoding is not known here", b"UNKNOWN-CTE"),
)
Rows = Sequence[tuple[Any, ...]]


@dataclass(slots=True)
class Run:
    """One FETCH at work."""

    session: Session
    view: View
    given: Fetching
    template: bytes
    told: Sequence[Told]
    """What fills the template, a word each."""
    names: Sequence[str]
    """The columns that this takes."""
    pieces: Mapping[int, bytes]
    """By UID what is known of lines from earlier: what else is told of those is in the view."""
    marks_seen: bool
    rows: int = 0
    failed: dict[Failure, list[int]] = field(default_factory=dict)
    """UIDs of what could not be told, by the reason."""


@command("FETCH", state=SELECTED, parse=partial(parse_fetch, uid=False), numbers=True)
@command("UID FETCH", state=SELECTED, parse=partial(parse_fetch, uid=True))
async def fetch(session: Session, given: Fetching) -> Reply:
    """Tell what is asked of these messages."""
    view = session.selected
    if b"MODSEQ" in given.words:
        session.use_condstore()
    session.count("IMAP_FetchRequest")
    if given.partial is not None and 0 < view.limit < width(given.partial):  # RFC 9738 §3.1
        return no(f"At most {view.limit} messages are told of at once", b"MESSAGELIMIT %d" % view.limit)
    choose = view.chosen if given.partial is None else view.uid_ranges
    uids: Uids = choose(given.numbers, uid=given.uid)
    from_view = out_of_view(given)
    if (from_view or given.since is not None) and not await look(session, view):
        return no("The mailbox is gone", b"NONEXISTENT")
    if given.vanished:
        await _tell_vanished(session, view, given)
    if given.partial is not None:
        told = [view.uids[at] for at in view.places(uids) if at < view.told_count and view.there(at)]
        uids = ranges(part(told, given.partial))
    if given.since is not None:
        uids = await _changed(session, view, uids, ModSeq(given.since))
    if not uids:
        return ok("Fetched")
    before = session.sent
    reply = await tell(session, view, given, uids)
    session.count("IMAP_FetchBytes", session.sent - before)
    return reply


async def _changed(session: Session, view: View, uids: Uids, since: ModSeq) -> Uids:
    """What of these changed since: out of the view where that is small, else the store knows it at once."""
    if view.count(uids) > FEW:
        at = view.folder
        changes = await session.read(lambda tx: tx.changes(at, since))
        if not changes.reset:
            return ranges(inside([entry.uid for entry in changes.changed if view.place(entry.uid) >= 0], uids))
    return ranges([view.uids[at] for at in view.places(uids) if view.modseqs[at] > since])


def out_of_view(given: Fetching) -> bool:
    """Whether the view knows all that is asked for."""
    return not given.sections and _IN_VIEW.issuperset(given.words)


async def tell(session: Session, view: View, given: Fetching, uids: Uids) -> Reply:
    """Tell what is asked of the messages in these ranges, and what the answer to the command is then."""
    if out_of_view(given):
        return await _tell_view(session, view, given, uids)
    return await _tell_rows(session, view, given, uids)


async def _tell_vanished(session: Session, view: View, given: Fetching) -> None:
    """What of these was taken away since: before anything else is told. RFC 7162 §3.2.6."""
    if not session.modes.qresync:
        raise BadSyntax("QRESYNC has to be enabled first")
    at, since = view.folder, ModSeq(given.since or 0)
    gone, uidnext = await session.read(lambda tx: (tx.vanished(at, since), tx.folder(at).uidnext))
    named = ranges([Uid(uid) for uid in view.saved]) if given.numbers == SAVED else given.numbers
    numbers = [(one or view.last or 1, other or view.last or 1) for one, other in named]
    for line in earlier(view, merged(tuple(numbers), uidnext - 1), gone):
        session.send(line)


# --- what the view knows --------------------------------------------------------------------------------------------


async def _tell_view(session: Session, view: View, given: Fetching, uids: Uids) -> Reply:
    values: dict[bytes, Callable[[int], bytes]] = {
        b"UID": lambda at: b"UID %d" % view.uids[at],
        b"FLAGS": lambda at: b"FLAGS (%b)" % view.flags_at(at),
        b"MODSEQ": lambda at: b"MODSEQ (%d)" % view.modseqs[at],
    }
    tell = [values[word] for word in given.words]
    line = view.lead + b"%b)\r\n"
    every = view.places(uids)
    places = [at for at in every if view.there(at)]
    for start in range(0, len(places), LINES):
        some = places[start : start + LINES]
        session.send(b"".join([line % (view.number(at), b" ".join([put(at) for put in tell])) for at in some]))
        await session.drain()
    if b"FLAGS" in given.words:
        view.told(places)
    return _complete(complete=len(places) == len(every))


# --- what is in the rows --------------------------------------------------------------------------------------------


async def _tell_rows(session: Session, view: View, given: Fetching, uids: Uids) -> Reply:
    run = started(session, view, given)
    if run.pieces and not await look(session, view):
        return no("The mailbox is gone", b"NONEXISTENT")
    rest = uids
    while rest:
        known = _known(run, rest)
        if known:
            last = await _tell_known(run, known)
        else:
            count, last = await _tell_page(run, rest)
            run.rows += count
            if count < PAGE:
                break
        rest = beyond(rest, last)
    return _ended(run, uids)


def started(session: Session, view: View, given: Fetching) -> Run:
    """What a FETCH of rows works with: its template, and what fills it."""
    told = told_for(given.words, view.recents, utf8=names.UTF8.get())
    columns = sorted({name for each in told for name in each.names})
    pieces: Mapping[int, bytes] = {}
    first, end = dear(told) if not given.sections else (0, 0)
    if first < end:
        lines, key = session.shared.lines, (view.folder, given.words[first:end], names.UTF8.get())
        pieces = lines.of(key)
        told = [*told[:first], remembered(told[first:end], pieces, partial(lines.keep, key)), *told[end:]]
    template = view.lead + b" ".join([each.piece for each in told])
    marks_seen = given.marks_seen and not view.read_only
    return Run(session, view, given, template, told, columns, pieces, marks_seen)


def beyond(uids: Uids, last: Uid) -> Uids:
    """What of the ranges lies behind that UID."""
    return [(max(first, Uid(last + 1)), end) for first, end in uids if end > last]


async def _tell_page(run: Run, uids: Uids) -> tuple[int, Uid]:
    """Tell the first page of the messages in these ranges; how many there were, and the last."""
    read = run.session.glance if run.view.count(uids) <= AT_HAND else run.session.read
    if run.given.sections:
        at = run.view.folder
        items = await read(lambda tx: tx.items(at, uids, summary=True, limit=PAGE))
        if items:
            await _tell_octets(run, items)
        return len(items), items[-1].uid if items else Uid(0)
    lines, count, last = await read(lambda tx: _page(run, tx, uids))
    run.session.send(lines)
    await run.session.drain()
    return count, last


def _page(run: Run, tx: ReadTx, uids: Uids) -> tuple[bytes, int, Uid]:
    """The lines of a page; how many rows there were, and the last UID.

    They are made in the thread that has just read the rows: to take them to another one costs as much as all the rest.
    The view stays as it is as long as its session waits here. The next page is not read ahead, for two threads that
    both want the interpreter cost more than the waiting.
    """
    rows = tx.columns(run.view.folder, run.names, uids, limit=PAGE)
    return b"".join(_lines(run, rows)) if rows else b"", len(rows), Uid(rows[-1][0]) if rows else Uid(0)


def _known(run: Run, uids: Uids) -> Sequence[int]:
    """The places of the first messages in these ranges, as long as all that is dear to tell of them is known."""
    found: list[int] = []
    for low, high in uids if run.pieces else ():
        first = bisect_left(run.view.uids, low)
        some = run.view.uids[first : min(bisect_left(run.view.uids, high + 1), first + LINES - len(found))]
        count = next((at for at, uid in enumerate(some) if uid not in run.pieces), len(some))
        found += range(first, first + count)
        if count < len(some) or len(found) == LINES:
            break
    return found


async def _tell_known(run: Run, places: Sequence[int]) -> Uid:
    """Tell the messages in these places out of the view and what is known of their lines; the UID of the last."""
    view, there = run.view, [at for at in places if run.view.there(at)]
    page: Mapping[str, Sequence[Any]] = {
        "uid": [view.uids[at] for at in there],
        "bits": [view.flags[at] for at in there],
        "words": [" ".join(view.words_at(at)) for at in there] if view.words else [""] * len(there),
        "modseq": [view.modseqs[at] for at in there],
    }
    numbers = page["uid"] if view.modes.uidonly else [at + 1 for at in there]
    run.session.send(b"".join(_filled_lines(run, numbers, page)))
    await run.session.drain()
    run.rows += len(there)
    if b"FLAGS" in run.given.words:
        view.told(there)
    return Uid(view.uids[places[-1]])


async def _tell_octets(run: Run, items: Sequence[Item]) -> None:
    seen = await _mark_seen(run, items) if run.marks_seen else frozenset()
    filled = _filled(run, page_of_items(run.names, items))
    values = dict(zip([item.uid for item in items], zip(*filled, strict=True), strict=True)) if filled else {}
    async for item, told in read_sections(run.session, items, run.given.sections):
        at = run.view.place(item.uid)
        if at < 0:
            continue
        if isinstance(told, str):
            run.failed.setdefault(told, []).append(item.uid)
            continue
        before, after = _around(run, values.get(item.uid, ()), at, changed=item.uid in seen)
        if isinstance(told, bytes):
            run.session.send(before + told + after)
        else:
            await tell_streamed(run.session, told, before, after)
        await run.session.keep_pace()


def _lines(run: Run, rows: Rows) -> list[bytes]:
    """The lines for a page of rows."""
    numbers, rows = _numbered(run.view, rows)
    return _filled_lines(run, numbers, page_of(run.names, rows)) if rows else []


def _filled_lines(run: Run, numbers: Sequence[int], page: Page) -> list[bytes]:
    """The lines for a page: the inner loop of everything that lists a mailbox. Whole columns at once."""
    template = run.template + b")\r\n"
    return [template % row for row in zip(numbers, *_filled(run, page), strict=True)]


def _filled(run: Run, page: Page) -> list[Sequence[Any]]:
    """The columns of a page, as they fill the template."""
    return [each.fill(page) for each in run.told]


def _numbered(view: View, rows: Rows) -> tuple[Sequence[int], Rows]:
    """The sequence numbers of the rows, and those that have one."""
    first = view.place(rows[0][0]) if not view.modes.uidonly else -1
    if first >= 0 and view.uids[first : first + len(rows)] == array("I", [row[0] for row in rows]):
        return range(first + 1, first + 1 + len(rows)), rows
    placed = [(view.number(at), row) for at, row in ((view.place(row[0]), row) for row in rows) if at >= 0]
    return [number for number, _ in placed], [row for _, row in placed]


def _around(run: Run, filled: tuple[Any, ...], at: int, *, changed: bool) -> tuple[bytes, bytes]:
    """What stands before and behind the sections; flags that this very command changed are told as they are now."""
    given, number = run.given, run.view.number(at)
    space = b" " if given.words else b""
    if not changed:
        return run.template % (number, *filled) + space, b")\r\n"
    values = list(filled)
    if b"FLAGS" in given.words:
        values[given.words.index(b"FLAGS")] = run.view.flags_at(at)
        return run.template % (number, *values) + space, b")\r\n"
    told = b" FLAGS (%b)" % run.view.flags_at(at)
    if run.view.condstore and b"MODSEQ" not in given.words:  # RFC 7162 §3.1
        told += b" MODSEQ (%d)" % run.view.modseqs[at]
    return run.template % (number, *values) + space, told + b")\r\n"


async def _mark_seen(run: Run, items: Sequence[Item]) -> frozenset[int]:
    """Set \\Seen on those of a page that lack it, where one may; their UIDs."""
    unseen = ranges([item.uid for item in items if Flags.SEEN not in item.flags])
    if not unseen:
        return frozenset()
    try:
        changed, _ = await change_flags(run.session, run.view, unseen, FlagChange(add=Flags.SEEN))
    except NoRight:  # RFC 4314 §4: without s it stays as it is
        run.marks_seen = False
        return frozenset()
    run.view.saw(changed)
    return frozenset([entry.uid for entry in changed])


def _ended(run: Run, uids: Uids) -> Reply:
    for why, said, code in _FAILURES:
        if why in run.failed:
            named = ", ".join(map(str, run.failed[why][:20]))
            return no(f"{said}; their UIDs: {named}", code)
    complete = run.rows >= run.view.count(uids)
    if not complete:
        run.session.doubt()
    return _complete(complete=complete)


def _complete(*, complete: bool) -> Reply:
    """RFC 2180 §4.1: what is gone is left out, and said so when the client could not know."""
    if complete:
        return ok("Fetched")
    return ok("Some of the messages are no longer there", b"EXPUNGEISSUED")
