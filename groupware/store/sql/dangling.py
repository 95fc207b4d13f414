"""References to what is not there: a database keeps them from coming about, a damaged disk does not.

What hangs on nothing is set aside or dropped; where the tree of folders itself is torn, a person has to look.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import delete, select, text

from groupware.model.ids import FolderId

from . import schema
from .engine import Row, Sql
from .tx import Tx
from .verify import GONE, Fault, set_aside

_NO_FOLDER: Final = GONE.format("folder f", "f.id = {0}")
_NO_PRINCIPAL: Final = GONE.format("principal p", "p.id = {0}")
_TORN: Final = (
    (
        "folder",
        "folder {1} ({0}): its parent {2} is not there",
        "id, name, parent_id",
        "parent_id IS NOT NULL AND " + _NO_FOLDER.format("folder.parent_id"),
    ),
    (
        "folder",
        "folder {1} ({0}): its owner {2} is not there",
        "id, name, owner_id",
        _NO_PRINCIPAL.format("folder.owner_id"),
    ),
    (
        "principal",
        "{1} ({0}): its root folder {2} is not there",
        "id, key, root_id",
        "root_id IS NOT NULL AND " + _NO_FOLDER.format("principal.root_id"),
    ),
    (
        "principal",
        "{1} ({0}): the folder {2} that its mail goes to is not there",
        "id, key, folder_id",
        "folder_id IS NOT NULL AND " + _NO_FOLDER.format("principal.folder_id"),
    ),
)
_FIND_TORN: Final = {each: text(f"SELECT {each[2]} FROM {each[0]} WHERE {each[3]}") for each in _TORN}  # noqa: S608

_f, _g, _i, _p = schema.folder.c, schema.grant.c, schema.item.c, schema.principal.c
_THERE: Final = select(_f.id)
_OF_NOTHING: Final = _g.folder_id.not_in(_THERE) | _g.grantee_id.not_in(select(_p.id))
_GRANTS: Final = select(_g.folder_id, _g.grantee_id).where(_OF_NOTHING)
_DROP_GRANTS: Final = delete(schema.grant).where(_OF_NOTHING)
_STRAYS: Final = (
    select(
        _i.uid, _i.modseq, _i.flags, _i.keywords, _i.id, _i.size, _i.saved, _i.content_id, _i.name, _i.author_id,
        _i.arrived, _i.extra, _i.folder_id, schema.content.c.id,
    )
    .select_from(schema.item.outerjoin(schema.content, schema.content.c.id == _i.content_id))
    .where(_i.folder_id.not_in(_THERE))
)  # fmt: skip
_DROP_STRAYS: Final = delete(schema.item).where(_i.folder_id.not_in(_THERE))


def dangling(sql: Sql) -> Iterator[Fault]:
    """Everything that refers to a folder or a principal that is not there."""
    for row in sql.rows(_STRAYS):
        said = f"item {row[0]} of folder {row[12]}: there is no such folder"
        yield Fault("reference.missing", said, _set_strays_aside)
    for folder, grantee in sql.rows(_GRANTS):
        said = f"grant on folder {folder} for {grantee}: there is no such folder or grantee"
        yield Fault("reference.missing", said, _drop_grants)
    for torn in _TORN:
        for row in sql.rows(_FIND_TORN[torn]):
            yield Fault("reference.missing", torn[1].format(*row))


def _set_strays_aside(tx: Tx) -> None:
    """Takes all of them at once; what repairs the next finds none."""
    found: list[Row] = list(tx.sql.rows(_STRAYS))
    tx.sql.change(_DROP_STRAYS)
    for row in found:
        set_aside(tx, FolderId(row[12]), row[:13], "its folder is not there", row[13] is not None)


def _drop_grants(tx: Tx) -> None:
    tx.sql.change(_DROP_GRANTS)
