"""What APPEND and REPLACE put in: a literal, a literal8 (RFC 3516), UTF8 (...) (RFC 6855), or pieces (RFC 4469)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from groupware.mime.binary import NoEncoding, without_nul
from groupware.mime.item import ON_THE_LOOP, Marks, read_item
from groupware.mime.lines import crlf
from groupware.mime.sections import header_fields, section
from groupware.mime.summary import parts_of
from groupware.model.errors import GroupwareError, NotFound, TryAgain
from groupware.model.ids import Uid
from groupware.model.item import Item, NewItem
from groupware.model.rights import Right
from groupware.store.api import ReadTx
from mailcore.imap import names
from mailcore.imap.grammar import Cursor, FlagList
from mailcore.imap.reply import Reply, no, string
from mailcore.imap.session import Session
from mailcore.imap.urls import Place, read_url

MOST_PIECES: Final = 500
_FIELDS: Final = re.compile(r"((?:\d+\.)*)HEADER\.FIELDS(\.NOT)? \(([^()\"\\]+)\)\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Text:
    """Octets as given."""

    octets: bytes = field(repr=False)


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
    binary: bool = False
    """NUL may be meant: it has, or can have, a literal8."""


class Unfit(Exception):
    """The message cannot be put together or stored; `reply` says why."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.text)
        self.reply = reply


def parse_message(cursor: Cursor) -> NewMessage:
    """Perhaps flags, perhaps a date, and the message. RFC 3501 §9 append, RFC 4466 §2.2."""
    cursor.sp()
    flags, saved = FlagList(), None
    if cursor.peek(b"("):
        flags = cursor.flags()
        cursor.sp()
    if cursor.peek(b'"'):
        saved = cursor.date_time()
        cursor.sp()
    if cursor.peek(b"{"):
        return NewMessage((Text(cursor.literal()),), flags, saved)
    if cursor.peek(b"~"):
        return NewMessage((Text(_literal8(cursor)),), flags, saved, binary=True)
    word = cursor.word()
    if word == b"UTF8":
        return NewMessage((Text(_utf8(cursor)),), flags, saved, binary=True)
    if word != b"CATENATE":
        cursor.fail("a literal, UTF8 or CATENATE")
    return NewMessage(_pieces(cursor), flags, saved, binary=True)


def _literal8(cursor: Cursor) -> bytes:
    cursor.sign(b"~")
    return cursor.literal()


def _utf8(cursor: Cursor) -> bytes:
    """UTF8's message in parentheses, once UTF8=ACCEPT is enabled. RFC 6855 §4."""
    if not names.UTF8.get():
        cursor.fail("ENABLE UTF8=ACCEPT before a message with UTF8")
    cursor.sign(b" (")
    octets = _literal8(cursor)
    cursor.sign(b")")
    return octets


def _pieces(cursor: Cursor) -> tuple[Text | Url, ...]:
    def piece() -> Text | Url:
        word = cursor.word()
        cursor.sp()
        if word == b"URL":
            return Url(cursor.text())
        if word != b"TEXT":
            cursor.fail("URL or TEXT")
        return Text(_literal8(cursor) if cursor.peek(b"~") else cursor.literal())

    cursor.sp()
    found = cursor.listed(piece)
    if not 0 < len(found) <= MOST_PIECES:
        cursor.fail(f"1 to {MOST_PIECES} pieces")
    return tuple(found)


# --- putting it together --------------------------------------------------------------------------------------------


async def new_items(session: Session, messages: Sequence[NewMessage]) -> list[NewItem]:
    """The messages, ready for the write. `Unfit`, and what reading raises."""
    return [await _item(session, message) for message in messages]


async def _item(session: Session, message: NewMessage) -> NewItem:
    octets = await _whole(session, message)
    if not octets:
        raise Unfit(no("An empty message cannot be stored"))  # RFC 3502 §5: so one gives up
    if message.binary and b"\0" in octets:
        try:
            octets = without_nul(octets) if len(octets) <= ON_THE_LOOP else await asyncio.to_thread(without_nul, octets)
        except NoEncoding as error:
            raise Unfit(no(f"It cannot be stored: {error}", b"UNKNOWN-CTE")) from None
        _check_size(session, len(octets))
    marks = Marks(message.flags.flags, message.flags.words, message.saved)
    return await read_item(octets, session.shared.parts.blobs, marks)


async def _whole(session: Session, message: NewMessage) -> bytes:
    """The octets of all pieces. RFC 4469 §3."""
    if len(message.pieces) == 1 and isinstance(message.pieces[0], Text):
        return message.pieces[0].octets
    size, found = 0, []
    for piece in message.pieces:
        octets = piece.octets if isinstance(piece, Text) else await _fetched(session, piece.url, size)
        size += len(octets)
        _check_size(session, size)
        found.append(octets)
    return b"".join(found)


def _check_size(session: Session, size: int) -> None:
    most = session.shared.section.max_message_size * 1024
    if size > most:
        raise Unfit(no(f"The message is longer than the {most} octets that are allowed here", b"TOOBIG"))


async def _fetched(session: Session, url: str, before: int) -> bytes:
    """The octets that a URL names. `Unfit` with BADURL when it names none that the user may read."""
    place = read_url(url, session.shared.host, session.user.name)
    if place is None or (place.mailbox is None and session.view is None):
        raise _bad_url(url)
    try:
        item = await session.glance(lambda tx: _located(session, tx, place))
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
    _check_size(session, before + (span[1] - span[0] if place.count is None else min(place.count, span[1] - span[0])))
    try:
        octets = crlf(await session.shared.parts.blobs.read(item.blob, span[0], span[1] - span[0]))
    except NotFound:
        raise _bad_url(url) from None
    if named is not None:
        octets = header_fields(octets, named[3].split(), wanted=named[2] is None)
    end = None if place.count is None else place.start + place.count
    return octets[place.start : end]


def _located(session: Session, tx: ReadTx, place: Place) -> Item:
    if place.mailbox is None:
        at = tx.folder(session.selected.folder, Right.READ)
    else:
        at = session.folder(tx, place.mailbox, Right.READ)
    uid = Uid(place.uid)
    found = tx.items(at.id, [(uid, uid)], summary=True)
    if not found or place.validity not in (None, at.uidvalidity):
        raise NotFound("no such message")
    return found[0]


def _bad_url(url: str) -> Unfit:
    shown = string("".join([sign for sign in url[:500] if " " <= sign <= "~" and sign not in '"\\]']).encode())
    return Unfit(no("There is nothing that you may read at this URL", b"BADURL " + shown))
