"""Search is exact: what is indexed and what still waits, long texts and short ones, in folders that are shared."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupware.model.errors import NotFound
from groupware.model.flags import FlagChange, Flags
from groupware.model.ids import EVERY, BlobId, FolderId, ModSeq, Uid
from groupware.model.item import Kind, NewItem, Query
from groupware.model.principal import OPERATOR
from groupware.store import SqlStore, upkeep
from groupware.store.sql import search

MAIL: Mapping[str, Mapping[str, str]] = {
    "invoice": {"subject": "Your INVOICE for May", "from": "Shop <shop@x.test>", "body": "Please pay 50 €.\nThe shop"},
    "greeting": {"subject": "Grüße aus Köln", "from": "Jörg <joerg@y.test>", "body": "Alles Gute, DEIN Straßenbahner"},
    "report": {"subject": "Report", "from": "boss@x.test", "to": "invoice@x.test", "body": 'He said "100%_sure" to me'},
    "chinese": {"subject": "会议", "body": "明天上午九点开会"},
}


@pytest.fixture
async def at(store: SqlStore) -> FolderId:
    return (await store.write(OPERATOR, lambda tx: tx.add_folder(OPERATOR.account, "Mail", Kind.MAIL))).id


def message(name: str, texts: Mapping[str, str]) -> NewItem:
    return NewItem(Kind.MAIL, BlobId(name.ljust(64, "0")), 5, b"", name.encode(), texts)


@pytest.fixture(params=["waiting", "indexed", "both", "few"])
async def filled(request: pytest.FixtureRequest, store: SqlStore, at: FolderId, monkeypatch: pytest.MonkeyPatch) -> str:
    """The mail above is in: not indexed yet, all indexed, the first two indexed, looked through one by one."""
    if request.param != "few":
        monkeypatch.setattr(search, "FEW_ITEMS", 0)
    for number, (name, texts) in enumerate(MAIL.items()):
        new = message(name, texts)
        await store.write(OPERATOR, lambda tx, new=new: tx.append(at, [new]))  # type: ignore[misc]
        if request.param in ("indexed", "few") or (request.param == "both" and number < 2):
            assert await upkeep.index_pending(store) == 1
    return str(request.param)


async def names(store: SqlStore, at: FolderId, *text: str, **fields: str) -> set[str]:
    query = Query(text, tuple((name.rstrip("_"), value) for name, value in fields.items()))
    order = list(MAIL)
    return {order[hit.uid - 1] for hit in await store.read(OPERATOR, lambda tx: tx.find([at], query))}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("invoice", {"invoice", "report"}),
        ("nvoic", {"invoice", "report"}),
        ("GRÜSSE", {"greeting"}),
        ("strassenbahn", {"greeting"}),
        ("50 €", {"invoice"}),
        ("pay", {"invoice"}),
        ('"100%_sure"', {"report"}),
        ("100__sure", set()),
        ("e", {"invoice", "greeting", "report"}),
        ("会议", {"chinese"}),
        ("上午九点", {"chinese"}),
        ("nowhere", set()),
        ("subject", set()),
        ("\x1esub\x1f", set()),
    ],
)
async def test_a_text_is_found_anywhere(
    store: SqlStore, at: FolderId, filled: str, text: str, expected: set[str]
) -> None:
    assert await names(store, at, text) == expected


@given(
    text=st.text(st.sampled_from("aäBéß\u2028 \t\n1.\u3000会"), max_size=60),
    ends=st.tuples(st.integers(0, 60), st.integers(0, 60)),
)
def test_what_the_index_is_asked_for_is_in_what_it_holds(text: str, ends: tuple[int, int]) -> None:
    whole = search.folded(text)
    part = whole[min(ends) : max(ends)]
    held = search.reduced(whole)
    asked = search.fts_query([part], []).strip("()")
    assert all(each[1:-1] in held for each in asked.split(" AND ")) or not asked


async def test_a_field_is_searched_alone(store: SqlStore, at: FolderId, filled: str) -> None:
    assert await names(store, at, subject="invoice") == {"invoice"}
    assert await names(store, at, to="INVOICE") == {"report"}
    assert await names(store, at, from_="x.test") == {"invoice", "report"}
    assert await names(store, at, body="shop") == {"invoice"}
    assert await names(store, at, body="boss") == set()


async def test_everything_that_is_asked_for_has_to_hold(store: SqlStore, at: FolderId, filled: str) -> None:
    assert await names(store, at, "invoice", "said") == {"report"}
    assert await names(store, at, "x.test", subject="report", from_="boss") == {"report"}
    assert await names(store, at, "x.test", subject="report", from_="shop") == set()


async def test_only_the_folders_asked_for_are_searched(store: SqlStore, at: FolderId, filled: str) -> None:
    other = (await store.write(OPERATOR, lambda tx: tx.add_folder(OPERATOR.account, "Other", Kind.MAIL))).id
    await store.write(OPERATOR, lambda tx: tx.copy(at, ((Uid(1), Uid(1)),), other))
    query = Query(("shop",))
    assert [hit.folder for hit in await store.read(OPERATOR, lambda tx: tx.find([other], query))] == [other]
    assert len(await store.read(OPERATOR, lambda tx: tx.find([at, other], query))) == 2


async def test_a_folder_that_is_not_there_is_not_searched(store: SqlStore) -> None:
    with pytest.raises(NotFound):
        await store.read(OPERATOR, lambda tx: tx.find([FolderId(999)], Query(("x",))))


async def test_copies_are_indexed_once(store: SqlStore, at: FolderId) -> None:
    for _ in range(3):
        await store.write(OPERATOR, lambda tx: tx.append(at, [message("invoice", MAIL["invoice"])] * 2))
    assert await upkeep.index_pending(store) == 1
    assert await upkeep.index_pending(store) == 0


async def test_with_the_end_of_retention_the_texts_and_the_content_go(
    store: SqlStore, at: FolderId, filled: str
) -> None:
    await store.write(OPERATOR, lambda tx: tx.update_flags(at, EVERY, FlagChange(add=Flags.DELETED)))
    before = await store.read(OPERATOR, lambda tx: tx.folder(at).modseq)
    await store.write(OPERATOR, lambda tx: tx.expunge(at, EVERY))
    assert await upkeep.purge(store) == 0
    assert not (await store.read(OPERATOR, lambda tx: tx.delta(at, before))).reset
    assert await upkeep.purge(store, now=datetime.now(UTC) + timedelta(days=31)) == len(MAIL)
    delta = await store.read(OPERATOR, lambda tx: tx.delta(at, ModSeq(before)))
    assert delta.reset
    with store.database.readers.connect() as connection:
        left = [
            connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()
            for table in ("tombstone", "content", "search_text")
        ]
        refs = connection.exec_driver_sql("SELECT sum(refs) FROM blob").scalar_one()
    assert (left, refs) == ([0, 0, 0], 0)
    if not store.database.postgres:
        with store.database.writers.begin() as connection:
            connection.exec_driver_sql("INSERT INTO search_index(search_index) VALUES('integrity-check')")
            hits = connection.exec_driver_sql("SELECT count(*) FROM search_index WHERE search_index MATCH 'inv'")
            assert hits.scalar_one() == 0


async def test_the_index_is_kept_up_and_then_rests(store: SqlStore, at: FolderId) -> None:
    for name, texts in MAIL.items():
        new = message(name, texts)
        await store.write(OPERATOR, lambda tx, new=new: tx.append(at, [new]))  # type: ignore[misc]
    rests: list[float] = []

    async def pause(seconds: float) -> None:
        rests.append(seconds)
        if seconds == upkeep.IDLE_SECONDS:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await upkeep.keep_indexed(store, pause=pause)
    assert len(rests) == 2
    assert await upkeep.index_pending(store) == 0


async def rests_behind(
    store: SqlStore, at: FolderId, monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], Awaitable[None]]
) -> bool:
    """Whether the index rests before it goes on when others have done that, where it does not while all is quiet."""
    monkeypatch.setattr(upkeep, "QUIET_REST", 0.0)
    many = [message(f"{number}", {"subject": "Invoice"}) for number in range(3 * upkeep.AT_ONCE)]
    await store.write(OPERATOR, lambda tx: tx.append(at, many))
    rests: list[float] = []

    async def pause(seconds: float) -> None:
        rests.append(seconds)
        if len(rests) == 2:
            raise asyncio.CancelledError
        await meanwhile()

    with pytest.raises(asyncio.CancelledError):
        await upkeep.keep_indexed(store, pause=pause)
    return rests[1] > 0


@pytest.mark.parametrize("others", [True, False])
async def test_the_index_rests_longer_while_others_write(
    store: SqlStore, at: FolderId, monkeypatch: pytest.MonkeyPatch, others: bool
) -> None:
    async def write() -> None:
        for number in range(5 * others):
            new = message(f"more{number}", {})
            await store.write(OPERATOR, lambda tx, new=new: tx.append(at, [new]))  # type: ignore[misc]

    assert await rests_behind(store, at, monkeypatch, write) is others


@pytest.mark.parametrize("others", [True, False])
async def test_the_index_rests_longer_while_others_list(
    store: SqlStore, at: FolderId, monkeypatch: pytest.MonkeyPatch, others: bool
) -> None:
    async def read() -> None:
        if others:
            await store.read(OPERATOR, lambda tx: tx.entries(at))

    assert await rests_behind(store, at, monkeypatch, read) is others


@pytest.mark.parametrize(("most", "left"), [(100, True), (1, False)])
async def test_the_index_stands_back_while_others_write_until_too_much_waits(
    store: SqlStore, at: FolderId, monkeypatch: pytest.MonkeyPatch, most: int, left: bool
) -> None:
    monkeypatch.setattr(upkeep, "BUSY", 1.0)
    monkeypatch.setattr(upkeep, "MOST_WAITING", most)
    rests: list[float] = []

    async def pause(seconds: float) -> None:
        rests.append(seconds)
        if len(rests) == 3:
            raise asyncio.CancelledError
        for name, texts in MAIL.items():
            new = message(f"{name}-{len(rests)}", texts)
            await store.write(OPERATOR, lambda tx, new=new: tx.append(at, [new]))  # type: ignore[misc]

    with pytest.raises(asyncio.CancelledError):
        await upkeep.keep_indexed(store, pause=pause)
    assert (rests[1:] == [upkeep.STANDS_BACK_SECONDS] * 2) is left
    assert bool(await upkeep.index_pending(store)) is left
