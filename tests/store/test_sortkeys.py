"""The keys of items: read by name, compared by number, the same for all copies, and gone with the content."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from groupware.model.errors import NotFound
from groupware.model.ids import EVERY, BlobId, FolderId, Uid
from groupware.model.item import Keys, Kind, NewItem
from groupware.model.principal import OPERATOR
from groupware.store import SqlStore
from groupware.store.sql import schema

SAVED = datetime(2026, 2, 1, tzinfo=UTC)
MICROS = int(SAVED.timestamp()) * 1_000_000


@pytest.fixture
async def at(store: SqlStore) -> FolderId:
    """Three letters and something that is none."""
    at = (await store.write(OPERATOR, lambda tx: tx.add_folder(OPERATOR.account, "Mail", Kind.MAIL))).id
    new = [letter("a", 10, 100), letter("b", 20, None), letter("c", 30, -300), letter("d", 7, None, keyed=False)]
    await store.write(OPERATOR, lambda tx: tx.append(at, new))
    return at


def letter(name: str, octets: int, sent: int | None, *, keyed: bool = True) -> NewItem:
    day = None if sent is None else sent // 100
    keys = Keys(sent, day, name.upper(), name == "b", "F", "T", "", "FROM", "TO", f"{name}@x", ("1@x", "2@x"))
    blob = BlobId(name.ljust(64, "0"))
    extra = octets - 7
    return NewItem(Kind.MAIL, blob, 7, b"", name.encode(), saved=SAVED, extra=extra, keys=keys if keyed else None)


async def test_what_is_asked_for_is_told_in_order(store: SqlStore, at: FolderId) -> None:
    names = ("subject", "sent", "octets", "saved", "reply", "ids")
    rows = [tuple(row) for row in await store.read(OPERATOR, lambda tx: tx.columns(at, names, EVERY))]
    ids = "1@x\n2@x"
    assert rows == [
        (1, "A", 100, 10, MICROS, False, ids),
        (2, "B", None, 20, MICROS, True, ids),
        (3, "C", -300, 30, MICROS, False, ids),
        (4, "", None, 7, MICROS, False, ""),
    ]


async def test_only_the_ranges_are_told(store: SqlStore, at: FolderId) -> None:
    uids = [(Uid(1), Uid(1)), (Uid(3), Uid(9))]
    rows = await store.read(OPERATOR, lambda tx: tx.columns(at, ("subject",), uids))
    assert [tuple(row) for row in rows] == [(1, "A"), (3, "C"), (4, "")]


@pytest.mark.parametrize(
    ("name", "low", "high", "found"),
    [
        ("octets", 10, 20, [1, 2]),
        ("octets", 8, None, [1, 2, 3]),
        ("octets", None, 9, [4]),
        ("sent", None, 0, [3]),
        ("day", 1, 1, [1]),
        ("day", None, None, [1, 3]),
        ("saved", MICROS, MICROS, [1, 2, 3, 4]),
        ("saved", MICROS + 1, None, []),
    ],
)
async def test_numbers_are_compared(
    store: SqlStore, at: FolderId, name: str, low: int | None, high: int | None, found: list[int]
) -> None:
    assert await store.read(OPERATOR, lambda tx: tx.within(at, name, low, high)) == found


async def test_copies_share_them_and_the_last_takes_them_along(store: SqlStore, at: FolderId) -> None:
    def count() -> int:
        with store.database.readers.connect() as connection:
            return connection.scalar(select(func.count()).select_from(schema.sort_key)) or 0

    other = (await store.write(OPERATOR, lambda tx: tx.add_folder(OPERATOR.account, "Other", Kind.MAIL))).id
    await store.write(OPERATOR, lambda tx: tx.copy(at, EVERY, other))
    assert [row[1] for row in await store.read(OPERATOR, lambda tx: tx.columns(other, ("subject",), EVERY))] == [
        "A", "B", "C", "",
    ]  # fmt: skip
    assert count() == 3


async def test_folder_that_is_not_there(store: SqlStore) -> None:
    with pytest.raises(NotFound):
        await store.read(OPERATOR, lambda tx: tx.columns(FolderId(999), ("subject",), EVERY))
    with pytest.raises(NotFound):
        await store.read(OPERATOR, lambda tx: tx.within(FolderId(999), "octets"))
