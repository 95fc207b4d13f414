"""What is referred to is counted, and goes with the last reference."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from groupware.model.ids import BlobId
from groupware.model.item import Kind, NewItem
from groupware.model.principal import OPERATOR
from groupware.store.sql import contents
from groupware.store.sql.engine import Database, Sql
from groupware.store.sql.tree import Memory
from groupware.store.sql.tx import Tx

Row = tuple[object, ...]


@pytest.fixture
def tx(database: Database) -> Iterator[Tx]:
    with database.writers.begin() as connection:
        yield Tx(Sql(connection), Memory(), OPERATOR, locks=True)


@pytest.fixture
def table(tx: Tx) -> Callable[[str], list[Row]]:
    return lambda query: [tuple(row) for row in tx.sql.connection.exec_driver_sql(query)]


def message(octets: str = "one", summary: bytes = b"summary") -> NewItem:
    return NewItem(Kind.MAIL, BlobId(octets), 3, summary, octets.encode())


def test_a_fresh_message_brings_its_body(tx: Tx, table: Callable[[str], list[Row]]) -> None:
    number = contents.hold(tx, message(), 3)
    assert table("SELECT id, blob, size, refs, summary FROM content") == [(number, "one", 3, 3, b"summary")]
    assert table("SELECT hash, size, refs, body FROM blob") == [("one", 3, 1, b"one")]


def test_the_same_octets_are_stored_once(tx: Tx, table: Callable[[str], list[Row]]) -> None:
    first, second = contents.hold(tx, message(), 2), contents.hold(tx, message(), 1)
    assert first == second
    assert table("SELECT refs FROM content") == [(3,)]
    assert table("SELECT refs FROM blob") == [(1,)]


def test_another_summary_of_the_same_octets_is_another_content(tx: Tx, table: Callable[[str], list[Row]]) -> None:
    first, second = contents.hold(tx, message()), contents.hold(tx, message(summary=b"other"))
    assert first != second
    assert table("SELECT refs FROM blob") == [(2,)]


def test_with_the_last_item_the_content_goes_and_the_body_waits_for_the_sweep(
    tx: Tx, table: Callable[[str], list[Row]]
) -> None:
    number = contents.hold(tx, message(), 2)
    contents.hold_more(tx, [number])
    contents.release(tx, number, 2)
    assert table("SELECT refs FROM content") == [(1,)]
    contents.release_all(tx, [number])
    assert table("SELECT refs FROM content") == []
    assert table("SELECT refs FROM blob") == [(0,)]


def test_a_body_that_waits_for_the_sweep_is_taken_up_again(tx: Tx, table: Callable[[str], list[Row]]) -> None:
    contents.release(tx, contents.hold(tx, message()))
    contents.hold(tx, message())
    assert table("SELECT refs FROM blob") == [(1,)]


def test_a_queued_message_holds_its_body(tx: Tx, table: Callable[[str], list[Row]]) -> None:
    contents.hold_blob(tx, BlobId("big"), 9, None)
    contents.hold_blob(tx, BlobId("big"), 9, None)
    contents.let_go(tx, BlobId("big"))
    assert table("SELECT refs, body FROM blob") == [(1, None)]
