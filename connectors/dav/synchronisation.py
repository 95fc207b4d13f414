"""sync-collection: what has changed since a token, in a collection or in a home. RFC 6578."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from starlette.responses import Response

from connectors.dav import xml
from connectors.dav.errors import DavError
from connectors.dav.expand import lens_of
from connectors.dav.home_token import Marks, mark, marks_of
from connectors.dav.home_token import token as home_token
from connectors.dav.paths import HOMES, escaped
from connectors.dav.properties import stats, sync_token
from connectors.dav.propfind import multistatus, rows, seen
from connectors.dav.request import Exchange
from connectors.dav.shelf import Shelf, collection, home
from connectors.dav.telling import in_collection, limit_in, names_in, told_of, truncated
from connectors.dav.xml import DAV
from groupware.model.ids import BEGINNING, NO_UID, ModSeq, Uid
from groupware.model.item import Delta, Item
from groupware.model.rights import Right
from groupware.store.api import ReadTx

_TOKEN: Final = re.compile(r"data:,(\d{1,18})-(\d{1,18})(?:-(\d{1,18}))?(?:\.(\d{1,18}))?")
"""Of which collection, how far; while a first synchronisation goes on, where that began; and up to which UID of the
next change, where a page has ended inside of one.
"""


async def sync(exchange: Exchange, root: xml.Element) -> Response:
    """sync-collection: what has changed since a token (RFC 6578)."""
    said = (root.findtext(f"{{{DAV}}}sync-token") or "").strip()
    names, most = names_in(root), limit_in(root, DAV)
    if exchange.at.depth == 2 and exchange.at.area in HOMES:
        deep = (root.findtext(f"{{{DAV}}}sync-level") or "").strip() == "infinite"
        return await sync_home(exchange, said, names, most, deep=deep)
    in_collection(exchange)
    narrow = {f"{{{DAV}}}getetag", f"{{{DAV}}}getcontenttype", f"{{{DAV}}}resourcetype"}
    if not said and not most and narrow.issuperset(names):
        return await exchange.parts.store.read(exchange.who, lambda tx: _first(tx, exchange, names))
    shelf, items, gone, delta = await exchange.parts.store.read(
        exchange.who, lambda tx: _difference(tx, exchange, said, most)
    )
    told = await told_of(exchange, shelf, items, names, lens_of(root, exchange.cards))
    told.extend(xml.gone(shelf.href + escaped(name)) for name in gone)
    ends = f"data:,{shelf.folder.uidvalidity}-{delta.modseq}"
    if delta.truncated:
        told.append(truncated(shelf))
        ends += (f"-{delta.began}" if delta.began else "") + (f".{delta.past}" if delta.past else "")
    return multistatus(told, f"<D:sync-token>{ends}</D:sync-token>\n")


def _since(said: str, shelf: Shelf) -> tuple[ModSeq, ModSeq, Uid]:
    """The position that a token names. `DavError` 403 for one that is not of this collection."""
    if not said:
        return BEGINNING, BEGINNING, NO_UID
    found = _TOKEN.fullmatch(said)
    if found is None or int(found[1]) != shelf.folder.uidvalidity or int(found[2]) > shelf.folder.modseq:
        raise _start_over()
    return ModSeq(int(found[2])), ModSeq(int(found[3] or 0)), Uid(int(found[4] or 0))


def _start_over() -> DavError:
    return DavError(
        403, "the sync-token is not one of this collection, or too old: begin again", "<D:valid-sync-token/>"
    )


def _first(tx: ReadTx, exchange: Exchange, names: list[str]) -> Response:
    shelf = collection(tx, exchange.at, Right.READ)
    lines = list(rows(tx, shelf, names, minimal=exchange.minimal))
    return multistatus(lines, f"<D:sync-token>{sync_token(shelf)}</D:sync-token>\n")


Difference = tuple[Shelf, Sequence[Item], Sequence[str], Delta]


def _difference(tx: ReadTx, exchange: Exchange, token: str, most: int) -> Difference:
    shelf = collection(tx, exchange.at, Right.READ)
    since, began, past = _since(token, shelf)
    delta = tx.delta(shelf.folder.id, since, most, began, past)
    if delta.reset:
        raise _start_over()
    items = [each for each in delta.changed if each.name]
    back = {each.name for each in items}
    gone = [name for _, name in delta.vanished if name and name not in back] if since else []
    if gone:  # what was replaced later than this page reaches is there all the same
        there = {each.name for each in tx.items_named(shelf.folder.id, gone)}
        gone = [name for name in dict.fromkeys(gone) if name not in there]
    return shelf, items, gone, delta


# --- of a home --------------------------------------------------------------------------------------------------------


async def sync_home(exchange: Exchange, token: str, names: list[str], most: int, *, deep: bool) -> Response:
    """Which collections have come, changed or gone since the token, at most so many; `deep`: sync-level is infinite.

    A client synchronises what is in a collection by the collection's own tokens, and is told so of each that is new to
    it (RFC 6578 §3.3).
    """
    before = marks_of(token)
    return await exchange.parts.store.read(exchange.who, lambda tx: _home_told(tx, exchange, before, names, most, deep))


def _home_told(tx: ReadTx, exchange: Exchange, before: Marks, names: list[str], most: int, deep: bool) -> Response:
    shelves = {each.href: each for each in home(tx, exchange.at)}
    now = {path: mark(each) for path, each in shelves.items()}
    changes = [path for path, mark in now.items() if before.get(path) != mark]
    changes += [path for path in before if path not in now]
    told, known = [], dict(before)
    for path in changes[:most] if most else changes:
        if path not in now:
            told.append(xml.gone(xml.escape(path)))
            del known[path]
            continue
        known[path] = now[path]
        if deep and path not in before:
            told.append(xml.gone(path, "403 Forbidden", "sync-traversal-supported"))
        else:
            told.append(xml.response(path, stats(seen(tx, shelves[path], names), names, minimal=exchange.minimal)))
    if len(told) < len(changes):
        told.append(xml.gone(exchange.at.href, "507 Insufficient Storage", "number-of-matches-within-limits"))
    return multistatus(told, f"<D:sync-token>{home_token(known)}</D:sync-token>\n")
