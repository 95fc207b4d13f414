"""References to what is not there: a database keeps them from coming about, a damaged disk does not.

What hangs on nothing is set aside or dropped. The tree of folders itself is `torn`'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import bindparam, delete, select

from groupware.model.ids import FolderId

from . import schema
from .engine import Row, Sql
from .tx import Tx
from .verify import Fault, set_aside

_f, _g, _i, _p = schema.folder.c, schema.grant.c, schema.item.c, schema.principal.c
_THERE: Final = select(_f.id)
_OF_NOTHING: Final = _g.folder_id.not_in(_THERE) | _g.grantee_id.not_in(select(_p.id))
_GRANTS: Final = select(_g.folder_id, _g.grantee_id).where(_OF_NOTHING)
_DROP_GRANTS: Final = delete(schema.grant).where(_OF_NOTHING)
_WHOLE: Final = (
    select(
        _i.uid, _i.modseq, _i.flags, _i.keywords, _i.id, _i.size, _i.saved, _i.content_id, _i.name, _i.author_id,
        _i.arrived, _i.extra, _i.folder_id, _i.origin, schema.content.c.id,
    )
    .select_from(schema.item.outerjoin(schema.content, schema.content.c.id == _i.content_id))
)  # fmt: skip
_STRAYS: Final = _WHOLE.where(_i.folder_id.not_in(_THERE))
_HELD: Final = _WHOLE.where(_i.folder_id == bindparam("at"))
_DROP: Final = delete(schema.item).where(_i.folder_id == bindparam("at"), _i.uid == bindparam("gone"))


def dangling(sql: Sql) -> Iterator[Fault]:
    """Everything that refers to a folder or a principal that is not there."""
    for row in sql.rows(_STRAYS):
        said = f"item {row[0]} of folder {row[12]}: there is no such folder"
        yield Fault("reference.missing", said, _set_strays_aside)
    for folder, grantee in sql.rows(_GRANTS):
        said = f"grant on folder {folder} for {grantee}: there is no such folder or grantee"
        yield Fault("reference.missing", said, _drop_grants)


def _set_strays_aside(tx: Tx) -> None:
    """Takes all of them at once; what repairs the next finds none."""
    _set_aside(tx, tx.sql.rows(_STRAYS), "its folder is not there")


def set_contents_aside(tx: Tx, at: FolderId) -> None:
    """Takes all that is in a folder of nobody."""
    _set_aside(tx, tx.sql.rows(_HELD, {"at": at}), "the owner of its folder is not there")


def _set_aside(tx: Tx, found: Sequence[Row], why: str) -> None:
    for row in found:
        set_aside(tx, FolderId(row[12]), row[:14], why, row[14] is not None)
        tx.sql.change(_DROP, {"at": row[12], "gone": row[0]})


def _drop_grants(tx: Tx) -> None:
    tx.sql.change(_DROP_GRANTS)
