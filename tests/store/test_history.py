"""The history of migrations leads exactly to the tables that the code declares."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, inspect, text

from groupware.mime.item import read_item
from groupware.mime.summary import summarize
from groupware.model.folder import Role
from groupware.model.ids import EVERY, FolderId, Uid
from groupware.model.principal import OPERATOR, Domain, NewAccount
from groupware.store import open_store
from groupware.store.api import WriteTx
from groupware.store.blobs import SqlBlobs
from groupware.store.bus import LocalBus
from groupware.store.objects import open_objects
from groupware.store.sql.history import upgrade
from groupware.store.sql.schema import metadata
from tests.store.conftest import Place


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    with engine.connect() as opened:
        yield opened
    engine.dispose()


def described(connection: Connection) -> dict[str, list[object]]:
    """Columns with types and defaults, keys and indexes of every table but Alembic's own."""
    found = inspect(connection)
    return {
        table: [
            [(each["name"], str(each["type"]), each["nullable"], each["default"]) for each in found.get_columns(table)],
            found.get_pk_constraint(table)["constrained_columns"],
            sorted((each["referred_table"], each["constrained_columns"]) for each in found.get_foreign_keys(table)),
            sorted(each["column_names"] for each in found.get_unique_constraints(table)),
            sorted(each["column_names"] for each in found.get_indexes(table)),
        ]
        for table in found.get_table_names()
        if table != "alembic_version"
    }


def test_an_empty_database_becomes_what_the_code_declares(connection: Connection) -> None:
    upgrade(connection)
    engine = create_engine("sqlite://")
    with engine.connect() as declared:
        metadata.create_all(declared)
        assert described(connection) == described(declared)
    engine.dispose()


def test_the_layout_of_tables_on_disk_is_the_declared_one(connection: Connection) -> None:
    upgrade(connection)
    rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
    clustered = {name for name, sql in rows if "WITHOUT ROWID" in sql and "_index_" not in name}
    assert clustered == {"item", "tombstone", "seen", "annotation", "object_key", "occurrence", "memory"} | {
        "attached",
        "list_letter",
        "personal",
        "write_lock",
    }


def test_upgrading_again_changes_nothing(connection: Connection) -> None:
    upgrade(connection)
    connection.execute(text("UPDATE meta SET value = 7 WHERE name = 'uidvalidity'"))
    before = sorted(inspect(connection).get_table_names())
    upgrade(connection)
    assert sorted(inspect(connection).get_table_names()) == before
    assert connection.execute(text("SELECT value FROM meta WHERE name = 'uidvalidity'")).scalar_one() == 7


def test_octets_as_sent_are_counted_of_what_is_stored_already(connection: Connection) -> None:
    upgrade(connection, "0001")
    summary = summarize(b"Subject: x\n\nthree bare\nline ends\n").encode()
    for number, (octets, found) in enumerate([(33, summary), (5, b"of another version")], 1):
        row = {"id": number, "size": octets, "summary": found}
        connection.execute(text("INSERT INTO content VALUES (:id, 'hash', :size, 1, :summary)"), row)
        connection.execute(
            text(
                "INSERT INTO item (folder_id, uid, id, modseq, flags, size, saved, arrived, content_id)"
                " VALUES (1, :id, :id, 1, 0, :size, 0, 0, :id)"
            ),
            row,
        )
    upgrade(connection)
    assert connection.execute(text("SELECT extra FROM item ORDER BY uid")).scalars().all() == [4, 0]
    assert connection.execute(text("SELECT extra FROM folder WHERE id = 1")).scalar_one() == 4


async def test_what_was_stored_before_gets_its_sort_keys_and_its_octets_as_sent(place: Place, tmp_path: Path) -> None:
    letters = [
        b"From: Ann <ann@x.test>\nSubject: Re: one\nMessage-ID: <1@x>\n\nbare\n",
        b"Subject: two\r\n\r\ntext\r\n",
    ]
    store = open_store(place.data, place.url, bus=LocalBus())
    blobs = SqlBlobs(store.database, open_objects(tmp_path, "blobs"), 1 << 16)
    new = [await read_item(letter, blobs) for letter in letters]

    def put(tx: WriteTx) -> None:
        tx.put_domain(Domain("history.test"))
        owner = tx.put_account(NewAccount("ann@history.test")).id
        tx.append(tx.role(owner, Role.INBOX).id, new)

    await store.write(OPERATOR, put)
    with store.database.writers.begin() as connection:
        before = _kept(connection)
        config = Config()
        config.set_main_option("script_location", str(files("migrations")))
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
        upgrade(connection)
        assert _kept(connection) == before
    assert [extra for _, extra in before[1]] == [letters[0].count(b"\n"), 0]
    blobs.close()
    await store.close()


def _kept(connection: Connection) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    keys = connection.execute(text("SELECT * FROM sort_key ORDER BY content_id"))
    items = connection.execute(text("SELECT uid, extra FROM item ORDER BY uid"))
    return [tuple(row) for row in keys], [tuple(row) for row in items]


async def test_what_was_stored_before_copies_were_known_is_emails_of_their_own(place: Place, tmp_path: Path) -> None:
    store = open_store(place.data, place.url, bus=LocalBus())
    blobs = SqlBlobs(store.database, open_objects(tmp_path, "blobs"), 1 << 16)
    new = await read_item(b"Subject: two\r\n\r\ntext\r\n", blobs)

    def put(tx: WriteTx) -> FolderId:
        tx.put_domain(Domain("history.test"))
        at = tx.role(tx.put_account(NewAccount("ann@history.test")).id, Role.INBOX).id
        tx.append(at, [new])
        tx.copy(at, EVERY, at)
        tx.expunge(at, [(Uid(2), Uid(2))], deleted_only=False)
        tx.copy(at, EVERY, at)
        return at

    at = await store.write(OPERATOR, put)
    with store.database.writers.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(files("migrations")))
        config.attributes["connection"] = connection
        command.downgrade(config, "0036")
        upgrade(connection)
        origins = "SELECT origin, id FROM item UNION SELECT origin, item_id FROM tombstone"
        assert [row.origin for row in connection.execute(text(origins))] == [None] * 3

    def copied(tx: WriteTx) -> list[tuple[Uid, bool, int]]:
        tx.copy(at, ((Uid(3), Uid(3)),), at)
        rows = tx.columns(at, ("id", "email"), EVERY)
        return [(uid, item == email, tx.folder(at).copies) for uid, item, email in rows]

    assert await store.write(OPERATOR, copied) == [(1, True, 1), (3, True, 1), (4, False, 1)]
    blobs.close()
    await store.close()
