"""What a device does with mail: it reads, flags, files and throws away. MS-ASEMAIL §3.1.5."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from connectors.activesync.element import Element
from connectors.activesync.exchange import Exchange
from connectors.activesync.mail import drafts
from connectors.activesync.mail.flag import flag_in, marked
from connectors.activesync.mail.render import rendered, rows_of
from connectors.activesync.sync.kinds import MALFORMED, NOT_FOUND, OK, Asked, Done, Kinds
from connectors.activesync.sync.options import Options
from groupware.model.errors import NotFound
from groupware.model.folder import Folder, Role
from groupware.model.ids import Uid, ranges
from groupware.store.api import WriteTx

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
    try:
        flag = flag_in(asked.data)
    except ValueError:
        return Done(MALFORMED)
    uid = Uid(asked.item)
    return await exchange.write(lambda tx: marked(tx, at, uid, asked.data, flag))


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
