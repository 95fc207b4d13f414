"""What APPEND and REPLACE put in: a literal, a literal8 (RFC 3516), UTF8 (...) (RFC 6855), or pieces (RFC 4469)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from groupware.mime.binary import NoEncoding, without_nul, without_nul_pieces
from groupware.mime.item import ON_THE_LOOP, Marks, read_item
from groupware.mime.lines import Crlf, crlf
from groupware.mime.sections import header_fields, section
from groupware.mime.summary import parts_of
from groupware.model.errors import GroupwareError, NotFound, TryAgain
from groupware.model.ids import Uid
from groupware.model.item import Item, NewItem
from groupware.model.octets import PIECE, Octets
from groupware.model.rights import Right
from groupware.store.api import Blobs, ReadTx
from mailcore.imap import names
from mailcore.imap.bodies import bodies, withholds
from mailcore.imap.grammar import Cursor, FlagList
from mailcore.imap.reply import Reply, no, sentence, string
from mailcore.imap.session import Session
from mailcore.imap.urls import Place, read_url
from mailcore.server.spool import FROM, NoRoom, Spooled

MOST_PIECES: Final = 500
_FIELDS: Final = re.compile(r"((?:\d+\.)*)HEADER\.FIELDS(\.NOT)? \(([^()\"\\]+)\)\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Text:
    """Octets as given; NUL may be among them in a literal8 alone."""

    octets: Octets = field(repr=False)
    binary: bool = False


@dataclass(frozen=True, slots=True)
class Url:
    """Octets of a message that is here already."""

    url: str


@dataclass(frozen=True, slots=True)
class NewMessage:
    """One message as given."""

    pieces: tuple[Text | Url, ...]
    flags: FlagList
    saved: datetime | None


class Unfit(Exception):
    """The message cannot be put together or stored; `reply` says why."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.text)
        self.reply = reply


def parse_message(cursor: Cursor) -> NewMessage:
    """Perhaps flags, perhaps a date, and the message. RFC 3501 §9 append, RFC 4466 §2.7."""
    cursor.sp()
    flags, saved = FlagList(), None
    if cursor.peek(b"("):
        flags = cursor.flags()
        cursor.sp()
    if cursor.peek(b'"'):
        saved = cursor.date_time()
        cursor.sp()
    if cursor.peek(b"{"):
        return NewMessage((Text(cursor.message()),), flags, saved)
    if cursor.peek(b"~"):
        return NewMessage((_literal8(cursor),), flags, saved)
    word = cursor.word()
    if word == b"UTF8":
        return NewMessage((_utf8(cursor),), flags, saved)
    if word != b"CATENATE":
        cursor.fail("a literal, UTF8 or CATENATE")
    return NewMessage(_pieces(cursor), flags, saved)


def _literal8(cursor: Cursor) -> Text:
    cursor.sign(b"~")
    return Text(cursor.message(), binary=True)


def _utf8(cursor: Cursor) -> Text:
    """UTF8's message in parentheses, once UTF8=ACCEPT is enabled. RFC 6855 §4."""
    if not names.UTF8.get():
        cursor.fail("ENABLE UTF8=ACCEPT before a message with UTF8")
    cursor.sign(b" (")
    text = _literal8(cursor)
    cursor.sign(b")")
    return text


def _pieces(cursor: Cursor) -> tuple[Text | Url, ...]:
    def piece() -> Text | Url:
        word = cursor.word()
        if word == b"UTF8":
            return _utf8(cursor)
        cursor.sp()
        if word == b"URL":
            return Url(cursor.text())
        if word != b"TEXT":
            cursor.fail("URL, TEXT or UTF8")
        return _literal8(cursor) if cursor.peek(b"~") else Text(cursor.message())

    cursor.sp()
    found = cursor.listed(piece)
    if not 0 < len(found) <= MOST_PIECES:
        cursor.fail(f"1 to {MOST_PIECES} pieces")
    return tuple(found)


def takes_long(messages: Sequence[NewMessage]) -> bool:
    """Whether to put these together takes so long that it is worth to ask first whether there is a mailbox for them."""
    pieces = [piece for message in messages for piece in message.pieces]
    return sum(len(each.octets) if isinstance(each, Text) else ON_THE_LOOP + 1 for each in pieces) > ON_THE_LOOP


# --- putting it together --------------------------------------------------------------------------------------------


async def new_items(session: Session, messages: Sequence[NewMessage]) -> list[NewItem]:
    """The messages, ready for the write. `Unfit`, and what reading raises."""
    try:
        return [await _item(session, message) for message in messages]
    except NoRoom as error:
        raise Unfit(no(sentence(str(error)), b"UNAVAILABLE")) from None


async def _item(session: Session, message: NewMessage) -> NewItem:
    plain = [piece for piece in message.pieces if isinstance(piece, Text) and not piece.binary]
    for piece in plain:
        if await _has_nul(piece.octets):  # RFC 9051 §4.3
            raise Unfit(no("A literal has no NUL; send the message as a literal8, ~{...} (RFC 3516)", b"CANNOT"))
    with ExitStack() as stack:
        octets = await _whole(session, message, stack)
        if not octets:
            raise Unfit(no("An empty message cannot be stored", b"CANNOT"))  # RFC 3502 §6.3.11: so one gives up
        if len(plain) < len(message.pieces) and await _has_nul(octets):
            octets = await _without_nul(session, octets, stack)
        marks = Marks(message.flags.flags, message.flags.words, message.saved)
        return await read_item(octets, session.shared.parts.blobs, marks)


async def _has_nul(octets: Octets) -> bool:
    if len(octets) <= ON_THE_LOOP:
        return b"\0" in octets
    return await asyncio.to_thread(octets.__contains__, b"\0")


async def _without_nul(session: Session, octets: Octets, stack: ExitStack) -> Octets:
    try:
        if len(octets) <= ON_THE_LOOP and isinstance(octets, bytes):
            return without_nul(octets)
        made = Gathered(session, stack)
        pieces = without_nul_pieces(octets)
        while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
            await made.add(piece)
        return await made.whole()
    except NoEncoding as error:
        raise Unfit(no(f"It cannot be stored: {error}", b"UNKNOWN-CTE")) from None


async def _whole(session: Session, message: NewMessage, stack: ExitStack) -> Octets:
    """The octets of all pieces. RFC 4469 §3."""
    if len(message.pieces) == 1 and isinstance(message.pieces[0], Text):
        return message.pieces[0].octets
    made = Gathered(session, stack)
    for piece in message.pieces:
        if isinstance(piece, Text):
            await made.add(piece.octets)
            continue
        async for octets in _fetched(session, piece.url, made.size):
            await made.add(octets)
    return await made.whole()


class Gathered:
    """Octets that come together one after the other: in memory, and when they become many in a file."""

    __slots__ = ("_found", "_session", "_spooled", "_stack", "size")

    def __init__(self, session: Session, stack: ExitStack) -> None:
        """What is in a file stays until the stack is left."""
        self._session, self._stack = session, stack
        self._found: list[bytes] = []
        self._spooled: Spooled | None = None
        self.size = 0

    async def add(self, octets: Octets) -> None:
        """Some more. `Unfit` when it is too much, `NoRoom`."""
        self.size += len(octets)
        check_size(self._session, self.size)
        if isinstance(octets, bytes):
            self._found.append(octets)
        if self._spooled is None and self.size >= FROM:
            self._spooled = self._stack.enter_context(self._session.shared.spool.take(most_of(self._session)))
        if self._spooled is not None:
            found, self._found = self._found, []
            await self._spooled.add(found)
            if not isinstance(octets, bytes):
                await self._spooled.add(octets.pieces())

    async def whole(self) -> Octets:
        """All of it."""
        return b"".join(self._found) if self._spooled is None else self._spooled.mapped()


def most_of(session: Session) -> int:
    """Octets that a message may have."""
    return session.shared.section.max_message_size * 1024


def check_size(session: Session, size: int) -> None:
    """`Unfit` when a message may not have so many octets."""
    most = most_of(session)
    if size > most:
        raise Unfit(no(f"The message is longer than the {most} octets that are allowed here", b"TOOBIG"))


async def _fetched(session: Session, url: str, before: int) -> AsyncIterator[bytes]:
    """The octets that a URL names, in pieces. `Unfit` with BADURL when it names none that the user may read."""
    place = read_url(url, session.shared.host, session.user.name)
    if place is None or (place.mailbox is None and session.view is None):
        raise _bad_url(url)
    try:
        item, withheld = await session.glance(lambda tx: _located(session, tx, place))
    except TryAgain:
        raise
    except GroupwareError:
        raise _bad_url(url) from None
    span, named = (0, item.size), _FIELDS.match(place.section)
    path = named[1] + "HEADER" if named is not None else place.section
    if path:
        found = section(parts_of(item.summary), path)
        if found is None:
            raise _bad_url(url)
        span = found
    check_size(session, before + (span[1] - span[0] if place.count is None else min(place.count, span[1] - span[0])))
    blobs = bodies(session, withheld=withheld)
    try:
        if named is None:
            async for octets in _range(blobs, item, span, place):
                yield octets
            return
        header = crlf(await blobs.read(item.blob, span[0], span[1] - span[0]))
    except NotFound:
        raise _bad_url(url) from None
    octets = header_fields(header, named[3].split(), wanted=named[2] is None)
    yield octets[place.start : None if place.count is None else place.start + place.count]


async def _range(blobs: Blobs, item: Item, span: tuple[int, int], place: Place) -> AsyncIterator[bytes]:
    """A section, or what the URL wants of it. `NotFound`."""
    ends, skip, left = Crlf(), place.start, place.count
    at, end = span
    while at < end and left != 0:
        until = min(end, (at // PIECE + 1) * PIECE)
        octets = ends.feed(await blobs.read(item.blob, at, until - at))
        at = until
        octets += ends.end() if at == end else b""
        some = octets[skip:] if left is None else octets[skip : skip + left]
        skip = max(0, skip - len(octets))
        left = None if left is None else left - len(some)
        yield some


def _located(session: Session, tx: ReadTx, place: Place) -> tuple[Item, bool]:
    """The message, and whether its alarms are its owner's alone."""
    if place.mailbox is None:
        at = tx.folder(session.selected.folder, Right.READ)
    else:
        at = session.folder(tx, place.mailbox, Right.READ)
    uid = Uid(place.uid)
    found = tx.items(at.id, [(uid, uid)], summary=True)
    if not found or place.validity not in (None, at.uidvalidity):
        raise NotFound("no such message")
    return found[0], withholds(tx, at)


def _bad_url(url: str) -> Unfit:
    shown = string("".join([sign for sign in url[:500] if " " <= sign <= "~" and sign not in '"\\]']).encode())
    return Unfit(no("There is nothing that you may read at this URL", b"BADURL " + shown))
