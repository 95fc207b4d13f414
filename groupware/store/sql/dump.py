"""All rows of a database as texts that any of the two databases takes in again."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, MetaData, Table, bindparam, case, delete, func, insert, inspect, select, text, update

from groupware.model.errors import Refused
from groupware.model.ids import BlobId

from . import header_texts, schema
from .engine import Sql
from .history import upgrade

ROWS: Final = 500
ROWS_OF_BODIES: Final = 50
FIRST_PRINCIPALS: Final = 3
_LAST_SQLITE: Final = text("SELECT name, seq FROM sqlite_sequence")
_LAST_POSTGRES: Final = text("SELECT sequencename AS name, coalesce(last_value, 0) AS seq FROM pg_sequences")
_SET_SQLITE: Final = text("UPDATE sqlite_sequence SET seq = :last WHERE name = :name AND seq < :last")
_ADD_SQLITE: Final = text(
    "INSERT INTO sqlite_sequence (name, seq) SELECT :name, :last"
    " WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = :name)"
)
_SET_POSTGRES: Final = text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :last)")

GAP: Final = 1 << 20
"""UIDs of one folder, and changes of one account, that are left out after a restore: more than a server has given out
since its backup was made."""
GAP_IN_NUMBERS: Final = 1 << 16
"""Folders and the like."""
_MOST_UIDS: Final = 1 << 31
Page = Sequence[Mapping[str, Any]]


def tables() -> Sequence[Table]:
    """Every table but what is made again from others, those first that others refer to."""
    again = (schema.header_text, schema.header_waiting)
    return [each for each in schema.metadata.sorted_tables if each not in again]


def pages(connection: Connection, table: Table) -> Iterator[tuple[int, bytes]]:
    """The rows of a table as texts, some hundred in each, and how many these are."""
    size = ROWS_OF_BODIES if "body" in table.c else ROWS
    options: dict[str, Any] = {"stream_results": True, "yield_per": size}
    result = connection.execute(select(table), execution_options=options)
    for rows in result.mappings().partitions(size):
        plain = [{name: _plain(value) for name, value in row.items()} for row in rows]
        yield len(plain), json.dumps(plain).encode()


def _plain(value: Any) -> Any:
    return {"b64": base64.b64encode(value).decode()} if isinstance(value, bytes | memoryview) else value


def page(octets: bytes) -> Page:
    """The rows of such a text."""
    rows: Page = json.loads(octets)
    return [{name: _as_it_was(value) for name, value in row.items()} for row in rows]


def _as_it_was(value: Any) -> Any:
    return base64.b64decode(value["b64"]) if isinstance(value, dict) else value


def away(connection: Connection) -> Iterator[BlobId]:
    """The bodies that are in the object store and that something refers to."""
    found = select(schema.blob.c.hash).where(schema.blob.c.body.is_(None), schema.blob.c.refs > 0)
    for blob in connection.execute(found.order_by(schema.blob.c.hash)).scalars():
        yield BlobId(blob)


def last_numbers(connection: Connection) -> Mapping[str, int]:
    """The last number that was given out, by table."""
    if connection.dialect.name == "sqlite":
        return {row.name: row.seq for row in connection.execute(_LAST_SQLITE)}
    return {row.name.removesuffix("_id_seq"): row.seq for row in connection.execute(_LAST_POSTGRES)}


# --- taking in ------------------------------------------------------------------------------------------------------


class Loader:
    """Fills an empty database, in one transaction of the caller's."""

    def __init__(self, connection: Connection, revision: str, *, moved: bool = False) -> None:
        """The database is brought to the schema of what is taken in. `Refused` when somebody uses it already.

        `moved`: the server has done nothing since the backup was made, and what it gave out goes on to mean the same.
        """
        self._connection, self._moved = connection, moved
        upgrade(connection, revision)
        principals = connection.execute(select(func.count()).select_from(schema.principal)).scalar_one()
        if principals > FIRST_PRINCIPALS or connection.execute(select(schema.item.c.uid).limit(1)).first() is not None:
            raise Refused("this database is in use already; restore into an empty one")
        found = MetaData()
        names = set(inspect(connection).get_table_names())
        self._tables = {
            each.name: Table(each.name, found, autoload_with=connection) for each in tables() if each.name in names
        }
        for each in [each for each in reversed(tables()) if each.name in self._tables]:
            connection.execute(delete(self._tables[each.name]))
        self._later: list[tuple[Table, str, list[dict[str, Any]]]] = []

    def take(self, name: str, rows: Page) -> None:
        """Put rows of a table in. What they say of rows of the same table is put in at the end."""
        table = self._tables[name]
        own = [column.name for column in table.c if any(key.column.table is table for key in column.foreign_keys)]
        values = [dict(row) for row in rows]
        for column in own:
            said = [{"at": row["id"], "value": row[column]} for row in values if row[column] is not None]
            self._later.append((table, column, said))
            for row in values:
                row[column] = None
        if name == schema.search_text.name:
            for row in values:
                row["indexed"] = False
        if values:
            self._connection.execute(insert(table), values)

    def finish(self, numbers: Mapping[str, int]) -> None:
        """Put in what had to wait, and bring database and numbers up to date."""
        for table, column, values in self._later:
            if values:
                one = update(table).where(table.c.id == bindparam("at")).values({column: bindparam("value")})
                self._connection.execute(one, values)
        for name, table in self._tables.items():
            if "id" in table.c:
                self._number(table, numbers.get(name, 0))
        upgrade(self._connection)
        if not self._moved:
            self._leave_out()
        header_texts.index_anew(Sql(self._connection))

    def _leave_out(self) -> None:
        """No UID and no position in an account's changes that was given out after the backup means anything now.

        So a client that has seen what is lost finds that it has to begin anew, instead of taking other things for it.
        """
        principal, folder, meta = schema.principal, schema.folder, schema.meta
        last = self._connection.execute(select(meta.c.value).where(meta.c.name == "uidvalidity")).scalar_one()
        validity = max(int(last), int(time.time())) + GAP_IN_NUMBERS
        self._connection.execute(update(meta).where(meta.c.name == "uidvalidity").values(value=validity))
        now = select(principal.c.modseq).where(principal.c.id == folder.c.owner_id).scalar_subquery()
        few = folder.c.uidnext < _MOST_UIDS
        self._connection.execute(update(principal).values(modseq=principal.c.modseq + GAP))
        self._connection.execute(
            update(folder).values(
                modseq=now,
                compacted=now,
                uidnext=case((few, folder.c.uidnext + GAP), else_=folder.c.uidnext),
                uidvalidity=case((few, folder.c.uidvalidity), else_=folder.c.uidvalidity + 1),
            )
        )

    def _number(self, table: Table, last: int) -> None:
        """No number that was given out before is given out again, as far as the database keeps account."""
        there = self._connection.execute(select(func.max(table.c.id))).scalar() or 0
        known = max(there, last)
        values = {"name": table.name, "last": known + GAP_IN_NUMBERS if known and not self._moved else known}
        if not values["last"]:
            return
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(_SET_POSTGRES, values)
        elif _keeps_account(table.name):
            self._connection.execute(_SET_SQLITE, values)
            self._connection.execute(_ADD_SQLITE, values)


def _keeps_account(name: str) -> bool:
    """Whether SQLite keeps account of the numbers of this table."""
    return bool(schema.metadata.tables[name].dialect_options["sqlite"]["autoincrement"])
