"""What others did to the events of a calendar, as the journal and the tombstones have it.

1. Nothing is written for it but the journal's row of each change: it says when and who, the tombstone of that modseq
   what the event was before, and the item or a later tombstone what it became.
2. It is bounded: by the last rows of the calendar, by the moment that is asked for, and by what is kept of contents.
3. Of an event that is there no more the tombstone knows whether it was private. Those that do not are told to who may
   read what is private.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import and_, bindparam, literal_column, or_, select

from groupware.model.event import Deed
from groupware.model.ids import BlobId, FolderId, ItemId, Uid
from groupware.model.rights import Right
from groupware.model.times import moment

from . import schema, tombstones
from .engine import Row
from .guard import SERVER, Opened
from .tx import Tx

LOOKED_AT: Final = 1000
"""Rows of a calendar's journal."""
_CAME: Final = ("added", "copied", "arrived")
_CHANGED: Final = ("replaced", "removed")
_j, _t, _i, _k, _c, _p = (
    each.c
    for each in (
        schema.journal,
        schema.tombstone,
        schema.item,
        schema.object_key,
        schema.content,
        schema.principal,
    )
)
_last: Final = (
    select(schema.journal)
    .where(_j.folder_id == bindparam("at"))
    .order_by(_j.id.desc())
    .limit(bindparam("most"))
    .subquery()
)
_ROWS: Final = (
    select(
        _last.c.id, _last.c.at, _last.c.actor_id, _last.c.actor, _p.name, _last.c.what, _last.c.modseq, _last.c.facts
    )
    .select_from(_last.outerjoin(schema.principal, _p.id == _last.c.actor_id))
    .where(_last.c.actor_id != bindparam("me"), _last.c.at > bindparam("since"))
    .where(or_(*[_last.c.what == literal_column(f"'item.{each}'") for each in (*_CAME, *_CHANGED)]))
    .order_by(_last.c.id.desc())
)
_DEAD: Final = (
    select(_t.uid, _t.modseq, _t.item_id, _c.blob, tombstones.PRIVATE.label("hidden"))
    .select_from(schema.tombstone.join(schema.content, _c.id == _t.content_id))
    .where(_t.folder_id == bindparam("at"), _t.modseq >= bindparam("low"), _t.last.is_not(None))
    .order_by(_t.modseq.desc(), _t.uid.desc())
    .limit(bindparam("most"))
)
_LIVE: Final = (
    select(_i.uid, _i.id, _c.blob, _k.private)
    .select_from(
        schema.item.join(schema.object_key, and_(_k.folder_id == _i.folder_id, _k.uid == _i.uid)).join(
            schema.content, _c.id == _i.content_id
        )
    )
    .where(_i.folder_id == bindparam("at"), _i.modseq >= bindparam("low"), _k.component == "VEVENT")
    .order_by(_i.modseq.desc(), _i.uid.desc())
    .limit(bindparam("most"))
)


class _Was(NamedTuple):
    """An event as it was from one change to the next."""

    item: ItemId
    blob: BlobId


class _Known(NamedTuple):
    """What is kept of a calendar since a moment, of what may be told."""

    versions: Mapping[int, _Was]
    """By UID: each has been there once."""
    uids: Sequence[int]
    """Of those, in order."""
    ended: Mapping[int, Sequence[int]]
    """The UIDs that went, by the modseq of their going."""


def deeds(tx: Tx, at: FolderId, since: int, limit: int) -> Sequence[Deed]:
    """See `ReadTx.deeds`."""
    here = tx.open(at, Right.READ)
    if tx.locks:
        tx.finish()
    asked = {"at": here.id, "most": LOOKED_AT, "me": tx.who.account, "since": since}
    rows = tx.sql.rows(_ROWS, asked)
    if not rows:
        return []
    known = _known(tx, here, min(row[6] for row in rows))
    found: list[Deed] = []
    for row in rows:
        for each in _of_row(here, row, known):
            if len(found) == limit:
                return found
            found.append(each)
    return found


def _known(tx: Tx, here: Opened, low: int) -> _Known:
    values = {"at": here.id, "most": LOOKED_AT, "low": low, "account": tx.who.account}
    private = Right.PRIVATE in here.rights
    versions: dict[int, _Was] = {}
    ended: dict[int, list[int]] = {}
    for uid, modseq, item, blob, hidden in tx.sql.rows(_DEAD, values):
        if private or not hidden:
            versions[uid] = _Was(ItemId(item), BlobId(blob))
            ended.setdefault(modseq, []).append(uid)
    for uid, item, blob, hidden in tx.sql.rows(_LIVE, values):
        if private or not hidden:
            versions[uid] = _Was(ItemId(item), BlobId(blob))
    return _Known(versions, sorted(versions), ended)


def _of_row(here: Opened, row: Row, known: _Known) -> Iterator[Deed]:
    what, modseq, facts = row[5], row[6], json.loads(row[7])
    if what == "item.replaced":
        was, now = known.ended.get(modseq, ()), known.versions.get(facts["uid"])
        if was and now is not None:
            yield _deed(row, "updated", facts["uid"], known.versions[was[0]], now)
    elif what == "item.removed":
        for uid in known.ended.get(modseq, ()):
            if facts["first"] <= uid <= facts["last"]:
                yield _deed(row, "destroyed", uid, known.versions[uid], None)
    elif "first" in facts and facts.get("from") not in here.tree.nodes:
        low, high = (bisect_left(known.uids, facts["first"] + more) for more in (0, facts["count"]))
        for uid in reversed(known.uids[low:high]):
            yield _deed(row, "created", uid, None, known.versions[uid])


def _deed(row: Row, what: Any, uid: int, was: _Was | None, now: _Was | None) -> Deed:
    number, at, actor, by, name = row[:5]
    there = actor != SERVER
    one = was or now
    assert one is not None
    return Deed(
        number,
        moment(at),
        by if there else "",
        (name or by) if there else "",
        what,
        Uid(uid),
        one.item,
        was.blob if was is not None else None,
        now.blob if now is not None else None,
    )
