"""What a device does with mail: it reads, flags, files and throws away. MS-ASEMAIL §3.1.5."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from connectors.activesync.element import Element
from connectors.activesync.exchange import Exchange
from connectors.activesync.mail import drafts
from connectors.activesync.mail.render import rendered, rows_of
from connectors.activesync.sync.kinds import MALFORMED, NOT_FOUND, OK, Asked, Done, Kinds
from connectors.activesync.sync.options import Options
from groupware.model.categories import keyword_of
from groupware.model.errors import NotFound
from groupware.model.flags import FlagChange, Flags, words_in
from groupware.model.folder import Folder, Role
from groupware.model.ids import Uid, ranges
from groupware.store.api import WriteTx

_COMPLETED: Final = "$Completed"
_FLAGS: Final = frozenset({"Email:Read", "Email:Flag", "Email:Categories"})


async def render(exchange: Exchange, at: Folder, uids: Sequence[int], options: Options) -> Mapping[int, Element]:
    """The messages with these UIDs, as far as they are there."""
    rows = await exchange.read(lambda tx: rows_of(tx, at, uids))
    return await rendered(exchange.parts.blobs, at, list(rows.values()), options, exchange.version)


async def add(exchange: Exchange, at: Folder, asked: Asked) -> Done:
    """A draft, where drafts are. 16.x."""
    if exchange.version < 160:
        return Done(MALFORMED)
    return await drafts.add(exchange, at, asked)


async def change(exchange: Exchange, at: Folder, asked: Asked) -> Done:
    """Flags; of a draft what it says. `NotFound`, `NoRight`."""
    if asked.send or any(each.name not in _FLAGS for each in asked.data.children):
        if exchange.version < 160:
            return Done(MALFORMED)
        return await drafts.change(exchange, at, asked)
    uid = Uid(asked.item)

    def work(tx: WriteTx) -> Done:
        rows = tx.columns(at.id, ("bits", "words"), ranges([uid]))
        if not rows:
            raise NotFound("there is no such message")
        found = flag_change(asked.data, str(rows[0][2]))
        changed, _ = tx.update_flags(at.id, ranges([uid]), found)
        return Done(OK, asked.item, int(changed[0].modseq) if changed else 0)

    return await exchange.write(work)


def flag_change(data: Element, words: str) -> FlagChange:
    """What Read, Flag and Categories say; what is not said stays."""
    add, remove, more, less = Flags.NONE, Flags.NONE, set[str](), set[str]()
    if data.child("Email:Read") is not None:
        if data.flag("Email:Read"):
            add |= Flags.SEEN
        else:
            remove |= Flags.SEEN
    flag = data.child("Email:Flag")
    if flag is not None:
        status = flag.value("Email:Status", "0").strip() or "0"
        there = {each for each in words_in(words) if each.lower() == _COMPLETED.lower()}
        add, remove = (add | Flags.FLAGGED, remove) if status == "2" else (add, remove | Flags.FLAGGED)
        (more if status == "1" else less).update({_COMPLETED} if status == "1" else there)
    named = data.child("Email:Categories")
    if named is not None:
        wanted = {keyword_of(each.text.strip()) for each in named.all("Email:Category")} - {""}
        less |= {each for each in words_in(words) if not each.startswith("$")} - wanted
        more |= wanted
    return FlagChange(add, remove, frozenset(more), frozenset(less))


async def delete(exchange: Exchange, at: Folder, asked: Asked) -> Done:
    """Into the trash, or away where it is there already or the device says so. `NotFound`, `NoRight`."""
    uid = Uid(asked.item)

    def work(tx: WriteTx) -> Done:
        if not tx.columns(at.id, (), ranges([uid])):
            raise NotFound("there is no such message")
        trash = tx.role(tx.who.account, Role.TRASH) if asked.moves and at.own and at.role != Role.TRASH else None
        gone: Sequence[object]
        if trash is not None:
            gone = tx.move(at.id, ranges([uid]), trash.id)
        else:
            gone = tx.expunge(at.id, ranges([uid]), deleted_only=False)
        return Done(OK if gone else NOT_FOUND, asked.item)

    return await exchange.write(work)


MAIL: Final = Kinds("Email", render, add, change, delete)
