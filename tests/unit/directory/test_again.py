"""Who signs in again while nothing is committed costs the store nothing, and whatever is committed counts at once."""

from __future__ import annotations

import pytest

from groupware.directory import password
from tests.unit.directory.desk import A, B, Desk


async def test_nothing_is_read_while_nothing_is_committed(desk: Desk) -> None:
    first = await desk.login(A)
    reads = desk.store.reads
    assert await desk.login(A) == first
    assert desk.store.reads == reads


async def test_another_service_is_another_question(desk: Desk) -> None:
    await desk.put_setting("pop3", False, await desk.id(A))
    await desk.login(A)
    await desk.refused(A, service="pop3")
    await desk.login(A)


async def test_another_account_is_read(desk: Desk) -> None:
    await desk.login(A)
    assert (await desk.login(B)).name == B


async def test_whatever_is_committed_has_it_read_again(desk: Desk) -> None:
    await desk.login(A)
    await desk.write(lambda tx: tx.put_credential(B, "app", password.app_hash("something"), "phone"))
    reads = desk.store.reads
    await desk.login(A)
    assert desk.store.reads == reads + 1


async def test_a_password_that_is_changed_counts_at_once(desk: Desk) -> None:
    await desk.login(A)
    await desk.login(A)
    await desk.write(lambda tx: tx.put_credential(A, "password", password.seal("another one").hash))
    await desk.refused(A)


async def test_an_alias_is_looked_up_each_time_for_it_may_end_by_the_clock(desk: Desk) -> None:
    await desk.login("info")
    reads = desk.store.reads
    await desk.login("info")
    assert desk.store.reads == reads + 1


async def test_where_commits_cannot_be_counted_it_is_read_each_time(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk.store, "version", lambda: None)
    await desk.login(A)
    reads = desk.store.reads
    await desk.login(A)
    assert desk.store.reads == reads + 1


async def test_more_accounts_than_are_kept_are_read(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("groupware.directory.sql.MOST_ENTRIES", 1)
    await desk.login(A)
    await desk.login(B)
    reads = desk.store.reads
    await desk.login(A)
    assert desk.store.reads == reads + 1
