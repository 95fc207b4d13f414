"""A torn tree of folders: what is whole is served, and the check puts the rest together again."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from groupware.model.errors import NotFound
from groupware.model.ids import EVERY, FolderId
from groupware.model.item import Kind, NewItem
from groupware.model.principal import OPERATOR, Domain, NewAccount
from groupware.store import SqlBlobs, SqlStore, quarantine
from tests.store.conftest import Harm, Look


@pytest.fixture
async def at(store: SqlStore, blobs: SqlBlobs) -> FolderId:
    """The folder `Mail/Work`, with messages."""
    here = (await store.write(OPERATOR, lambda tx: tx.add_folder(OPERATOR.account, "Mail/Work", Kind.MAIL))).id
    await put(store, blobs, here)
    return here


async def put(store: SqlStore, blobs: SqlBlobs, at: FolderId) -> None:
    new = []
    for octets in (b"one", b"two", b"three"):
        stored = await blobs.put(octets)
        new.append(NewItem(Kind.MAIL, stored.blob, stored.size, b"s", stored.body, {"subject": "s"}))
    await store.write(OPERATOR, lambda tx: tx.append(at, new))


@pytest.fixture
async def deep(store: SqlStore, at: FolderId) -> FolderId:
    """The folder `Mail/Work/Garden`."""
    made = await store.write(OPERATOR, lambda tx: tx.add_folder(OPERATOR.account, "Mail/Work/Garden", Kind.MAIL))
    return made.id


async def mended(look: Look) -> Sequence[str]:
    """What is said of it when it is repaired; nothing is found afterwards."""
    told = await look()
    assert not told.clean and not any(each.repaired for each in told.findings)
    report = await look(repair=True)
    assert all(each.repaired for each in report.findings)
    await look(repair=True)  # references of what was set aside
    assert (await look()).findings == []
    return [each.text for each in report.findings if each.kind == "reference.missing"]


async def at_path(store: SqlStore, path: str) -> FolderId:
    return (await store.read(OPERATOR, lambda tx: tx.locate(OPERATOR.account, path))).id


async def test_what_is_below_a_lost_folder_hangs_below_the_root(
    store: SqlStore, at: FolderId, deep: FolderId, look: Look, harm: Harm
) -> None:  # fmt: skip
    harm("DELETE FROM folder WHERE name = 'Mail'")
    [said] = await mended(look)
    assert f"folder Work ({at}): its parent " in said and said.endswith(" is not there")
    assert (await at_path(store, "Work"), await at_path(store, "Work/Garden")) == (at, deep)
    assert len(await store.read(OPERATOR, lambda tx: tx.items(at, EVERY))) == 3


async def test_the_others_are_served_meanwhile(
    store: SqlStore, at: FolderId, look: Look, harm: Harm
) -> None:  # fmt: skip
    other = await store.write(OPERATOR, lambda tx: tx.add_folder(OPERATOR.account, "Whole", Kind.MAIL))
    harm("DELETE FROM folder WHERE name = 'Mail'")
    harm("UPDATE principal SET epoch = epoch + 1 WHERE id = 1")
    assert await at_path(store, "Whole") == other.id
    with pytest.raises(NotFound, match="no such folder"):
        await store.read(OPERATOR, lambda tx: tx.folder(at))
    made = await store.write(OPERATOR, lambda tx: tx.add_folder(OPERATOR.account, "New", Kind.MAIL))
    assert await at_path(store, "New") == made.id


async def test_a_name_that_is_taken_has_the_number_with_it(
    store: SqlStore, at: FolderId, look: Look, harm: Harm
) -> None:  # fmt: skip
    await store.write(OPERATOR, lambda tx: tx.add_folder(OPERATOR.account, "Work", Kind.MAIL))
    harm("UPDATE folder SET parent_id = 9999 WHERE name = 'Work' AND total > 0")
    await mended(look)
    assert await at_path(store, f"Work ({at})") == at


async def test_a_ring_is_opened(
    store: SqlStore, at: FolderId, deep: FolderId, look: Look, harm: Harm
) -> None:  # fmt: skip
    harm(f"UPDATE folder SET parent_id = {deep} WHERE name = 'Work'")
    [said] = await mended(look)
    assert said == f"folder Work ({at}): it is below itself"
    assert (await at_path(store, "Work"), await at_path(store, "Work/Garden")) == (at, deep)


async def test_a_folder_below_nothing_that_is_no_root(
    store: SqlStore, at: FolderId, look: Look, harm: Harm
) -> None:  # fmt: skip
    harm("UPDATE folder SET parent_id = NULL WHERE name = 'Work'")
    [said] = await mended(look)
    assert "it is below nothing" in said
    assert await at_path(store, "Work") == at


async def test_a_lost_root_is_made_anew(
    store: SqlStore, at: FolderId, look: Look, harm: Harm
) -> None:  # fmt: skip
    harm("DELETE FROM folder WHERE id = (SELECT root_id FROM principal WHERE id = 1)")
    said = await mended(look)
    assert any("its root folder " in each for each in said)
    assert await at_path(store, "Mail/Work") == at


async def test_a_root_that_is_there_is_found_again(
    store: SqlStore, at: FolderId, look: Look, harm: Harm
) -> None:  # fmt: skip
    before = await store.read(OPERATOR, lambda tx: tx.locate(OPERATOR.account, "").id)
    harm("UPDATE principal SET root_id = 9999 WHERE id = 1")
    await mended(look)
    assert await store.read(OPERATOR, lambda tx: tx.locate(OPERATOR.account, "").id) == before


async def test_an_account_without_an_inbox_gets_one(store: SqlStore, look: Look, harm: Harm) -> None:
    await store.write(OPERATOR, lambda tx: tx.put_domain(Domain("x.test")))
    alice = await store.write(OPERATOR, lambda tx: tx.put_account(NewAccount("alice@x.test")))
    harm(f"DELETE FROM folder WHERE role = 'inbox' AND owner_id = {alice.id}")
    [said] = await mended(look)
    assert "its INBOX is not there" in said
    inbox = await store.read(OPERATOR, lambda tx: tx.locate(alice.id, "INBOX"))
    assert inbox.role == "inbox"


async def test_what_is_in_folders_of_nobody_is_set_aside(
    store: SqlStore, blobs: SqlBlobs, at: FolderId, look: Look, harm: Harm
) -> None:  # fmt: skip
    await store.write(OPERATOR, lambda tx: tx.put_domain(Domain("x.test")))
    alice = await store.write(OPERATOR, lambda tx: tx.put_account(NewAccount("alice@x.test")))
    inbox = await store.read(OPERATOR, lambda tx: tx.locate(alice.id, "INBOX"))
    await put(store, blobs, inbox.id)
    harm(f"DELETE FROM principal WHERE id = {alice.id}")
    said = await mended(look)
    assert f"folder INBOX ({inbox.id}): its owner {alice.id} is not there" in said
    aside = quarantine.listed(store)
    assert [each.place for each in aside] == ["nobody: INBOX"] * 3


async def test_an_address_is_let_go_whose_folder_is_lost(
    store: SqlStore, at: FolderId, look: Look, harm: Harm
) -> None:  # fmt: skip
    harm("UPDATE principal SET folder_id = 999 WHERE id = 1")
    [said] = await mended(look)
    assert "the folder 999 that it stands for is not there" in said
