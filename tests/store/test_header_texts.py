"""Header lines are found by their index as they are in the octets: what is indexed, and what is told as not known."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from groupware.mime.header_lines import cut, index_headers, line_of
from groupware.mime.headers import fields
from groupware.mime.item import read_item
from groupware.mime.summary import summarize
from groupware.model.collation import caseless
from groupware.model.errors import TryAgain
from groupware.model.flags import FlagChange, Flags
from groupware.model.ids import EVERY, BlobId, FolderId, Uid
from groupware.model.item import Kind
from groupware.model.principal import OPERATOR
from groupware.store import SqlBlobs, SqlStore, upkeep
from groupware.store.objects import open_objects
from groupware.store.sql import header_texts, search
from groupware.store.sql.engine import open_database
from groupware.store.sql.history import upgrade
from tests.store.conftest import Place
from tests.store.test_search import at as at
from tests.support.corpus import messages, path

LARGE = b"X-Rare: needle\r\nContent-Type: application/octet-stream\r\n\r\n" + b"needle in the body\r\n" * 20_000
ODD = (
    b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= aus\r\n K=?utf-8?b?w7Zsbg==?=\r\nX-Per: 100%_sure/\r\nX-Empty:\r\n\r\nx",
    b"X-Empty: \xf0\x9f\x90\xa6 \xff\xfe\r\nreceived: by a; Thu, 1 Jan 2026\r\nX-A:b\x1e\x1fc\0d\r\n\r\nx",
    b"Content-Type: multipart/mixed; boundary=b\r\nX-Own: mine\r\n\r\n--b\r\nX-Part: of a part\r\n\r\nx\r\n--b--\r\n",
    b"no header at all",
    b"",
    LARGE,
)


@pytest.fixture
def blobs(store: SqlStore, place: Place) -> SqlBlobs:
    return SqlBlobs(store.database, open_objects(place.data, ""), 64 * 1024)


async def put(store: SqlStore, blobs: SqlBlobs, at: FolderId, letters: Sequence[bytes]) -> None:
    new = [await read_item(octets, blobs) for octets in letters]
    await store.write(OPERATOR, lambda tx: tx.append(at, new))


async def index(store: SqlStore, blobs: SqlBlobs) -> None:
    while await upkeep.index_pending(store) + await index_headers(store, blobs):
        pass


async def found(store: SqlStore, at: FolderId, text: str, name: str = "") -> tuple[Sequence[Uid], Sequence[Uid]]:
    return await store.read(OPERATOR, lambda tx: tx.in_headers(at, text, name))


@cache
def lines(octets: bytes, *, own: bool) -> list[tuple[bytes, str]]:
    headers = cut(octets, summarize(octets).encode(), all_parts=not own)
    return [(name, line_of(name, value)) for header in headers for name, value in fields(header)]


def expected(letters: Sequence[bytes], text: str, name: str) -> list[int]:
    sought, start = caseless(text), f"{name}: ".lower()
    return [
        number
        for number, octets in enumerate(letters, 1)
        if any(
            sought in (line[len(start) :] if name else line)
            for field, line in lines(octets, own=bool(name))
            if not name or field.lower() == name.lower().encode()
        )
    ]


@pytest.mark.parametrize("few", [0, 1000])
async def test_any_part_of_any_line_is_found_and_nothing_else(
    store: SqlStore, blobs: SqlBlobs, at: FolderId, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "FEW_ITEMS", few)
    pick = random.Random(225)
    letters = [*ODD, *[path(name).read_bytes() for name in messages()[:40]]]
    await put(store, blobs, at, letters)
    await index(store, blobs)
    asked = [("", "X-Empty"), ("", "Nothing"), ("mine", "X-Own"), ("of a part", "X-Part"), ("x-per: 100%_s", ""),
             ("100__sure", ""), ("s", ""), ("sure/", "X-Per"), ("GRÜSSE AUS KÖ", ""), ("needle", "X-Rare"),
             ("needle in", ""), ("b", "X-A:b"), ("a\nb", ""), ("b c", "X-A"), ("x-own: m", "")]  # fmt: skip
    for octets in letters:
        for field, line in pick.sample(lines(octets, own=False), min(3, len(lines(octets, own=False)))):
            low, high = sorted((pick.randrange(len(line) + 1), pick.randrange(len(line) + 1)))
            asked += [(line[low:high].upper(), ""), (line[low:high], field.decode())]
    for text, name in asked:
        if text or name:
            assert await found(store, at, text, name) == (expected(letters, text, name), []), (text, name)
    assert await found(store, at, "x", "no such name") == ([], [])


async def test_what_waits_is_told(store: SqlStore, blobs: SqlBlobs, at: FolderId) -> None:
    await put(store, blobs, at, [b"X-A: one\r\n\r\nwords", b"X-A: two\r\n\r\n", b"X-A: three\r\n\r\nmore words"])
    assert await found(store, at, "o", "X-A") == ([], [1, 2, 3])
    assert await upkeep.index_pending(store, 1) == 1
    assert await found(store, at, "o", "X-A") == ([], [1, 2, 3])
    while await index_headers(store, blobs):
        pass
    assert await found(store, at, "o", "X-A") == ([1, 2], [3])
    await index(store, blobs)
    assert await found(store, at, "o", "X-A") == ([1, 2], [])


async def test_of_much_that_waits_what_lies_in_the_folder_is_told(
    store: SqlStore, blobs: SqlBlobs, at: FolderId, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = (await store.write(OPERATOR, lambda tx: tx.add_folder(OPERATOR.account, "Other", Kind.MAIL))).id
    await put(store, blobs, at, [b"X-A: %d\r\n\r\nx" % number for number in range(3)])
    await put(store, blobs, other, [b"X-A: four\r\n\r\nx"])
    monkeypatch.setattr(header_texts, "FEW_WAITING", 0)
    assert await found(store, at, "1") == ([], [1, 2, 3])
    await upkeep.index_pending(store)
    assert await found(store, at, "1") == ([], [1, 2, 3])
    await index(store, blobs)
    assert await found(store, at, "1") == ([2], [])


async def test_copies_share_their_lines_and_with_the_last_one_they_go(
    store: SqlStore, blobs: SqlBlobs, at: FolderId
) -> None:
    await put(store, blobs, at, [b"X-A: one\r\n\r\nx"])
    await index(store, blobs)
    other = (await store.write(OPERATOR, lambda tx: tx.add_folder(OPERATOR.account, "Other", Kind.MAIL))).id
    await store.write(OPERATOR, lambda tx: tx.copy(at, EVERY, other))
    assert await found(store, other, "one") == ([1], [])
    for each in (at, other):
        await store.write(OPERATOR, lambda tx, each=each: tx.update_flags(each, EVERY, FlagChange(add=Flags.DELETED)))  # type: ignore[misc]
        await store.write(OPERATOR, lambda tx, each=each: tx.expunge(each, EVERY))  # type: ignore[misc]
    await put(store, blobs, at, [b"X-A: waits\r\n\r\ny"])
    await upkeep.index_pending(store)
    await store.write(OPERATOR, lambda tx: tx.expunge(at, EVERY, deleted_only=False))
    assert await upkeep.purge(store, now=datetime.now(UTC) + timedelta(days=31)) == 3
    with store.database.writers.begin() as connection:
        left = [
            connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar()
            for name in ("header_text", "header_waiting")
        ]
        assert left == [0, 0]
        if not store.database.postgres:
            connection.exec_driver_sql("INSERT INTO header_index(header_index) VALUES('integrity-check')")
            hits = connection.exec_driver_sql("SELECT count(*) FROM header_index WHERE header_index MATCH 'one'")
            assert hits.scalar_one() == 0


async def test_octets_that_cannot_be_read_just_now_are_read_later(
    store: SqlStore, blobs: SqlBlobs, at: FolderId, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(store, blobs, at, [LARGE, b"X-A: one\r\n\r\nx"])
    await upkeep.index_pending(store)

    async def away(blob: BlobId, start: int = 0, length: int | None = None) -> bytes:
        raise TryAgain("the object store does not answer")

    with monkeypatch.context() as patch:
        patch.setattr(blobs, "read", away)
        assert await index_headers(store, blobs) == 1
    assert await found(store, at, "needle") == ([], [1])
    assert await index_headers(store, blobs) == 1
    assert await found(store, at, "needle") == ([1], [])


async def test_two_processes_index_the_same_once(store: SqlStore, blobs: SqlBlobs, at: FolderId) -> None:
    await put(store, blobs, at, [b"X-A: one\r\n\r\nx"])
    await upkeep.index_pending(store)
    waiting = await upkeep.waiting_headers(store, 5)
    lines = {waiting[0].content: "\nx-a: one"}
    await asyncio.gather(upkeep.put_headers(store, lines), upkeep.put_headers(store, lines))
    assert await found(store, at, "one") == ([1], [])


async def test_of_a_calendar_nothing_is_known(store: SqlStore, blobs: SqlBlobs) -> None:
    made = await store.write(OPERATOR, lambda tx: tx.add_folder(OPERATOR.account, "Days", Kind.CALENDAR))
    assert await found(store, made.id, "x") == ([], [])


def test_the_mail_of_an_older_database_waits(tmp_path: Path) -> None:
    database = open_database(tmp_path)
    with database.writers.begin() as connection:
        upgrade(connection, "0028")
        connection.exec_driver_sql("INSERT INTO sort_key VALUES (7, NULL, NULL, 0, '', '', '', '', '', '', '', '')")
    with database.writers.begin() as connection:
        upgrade(connection)
        assert connection.exec_driver_sql("SELECT content_id FROM header_waiting").scalars().all() == [7]
    database.dispose()
