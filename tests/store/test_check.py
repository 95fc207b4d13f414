"""The check finds each thing that is wrong, puts it right, and leaves everything else alone."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from groupware.model.event import Envelope, Recipient
from groupware.model.flags import FlagChange, Flags
from groupware.model.ids import EVERY, BlobId, FolderId, Uid
from groupware.model.item import Kind, NewItem
from groupware.model.principal import OPERATOR
from groupware.store import SqlBlobs, SqlStore, quarantine
from groupware.store.check import check
from groupware.store.objects import open_objects
from tests.store.conftest import Harm, Look

LARGE = bytes(range(256)) * 20


@pytest.fixture
async def at(store: SqlStore, blobs: SqlBlobs) -> FolderId:
    """A folder with five items, two of them copies, two that were removed, and a queued message."""
    here = (await store.write(OPERATOR, lambda tx: tx.add_folder(OPERATOR.account, "Mail/Work", Kind.MAIL))).id
    new = [await message(blobs, octets) for octets in (b"one", b"two", b"three", LARGE, LARGE + b"!", b"one")]
    await store.write(OPERATOR, lambda tx: tx.append(here, new))
    await store.write(OPERATOR, lambda tx: tx.copy(here, ((Uid(2), Uid(2)),), here))
    mark = FlagChange(add=Flags.DELETED)
    await store.write(OPERATOR, lambda tx: tx.update_flags(here, ((Uid(1), Uid(3)),), mark))
    await store.write(OPERATOR, lambda tx: tx.expunge(here, ((Uid(1), Uid(1)), (Uid(3), Uid(3)))))
    await store.write(OPERATOR, lambda tx: tx.update_flags(here, EVERY, FlagChange(add=Flags.SEEN)))
    stored = await blobs.put(b"queued")
    envelope = Envelope("a@x.test", (Recipient("b@y.test"),), stored.blob, stored.size, stored.body)
    await store.write(OPERATOR, lambda tx: tx.enqueue(envelope))
    return here


async def message(blobs: SqlBlobs, octets: bytes) -> NewItem:
    stored = await blobs.put(octets)
    return NewItem(Kind.MAIL, stored.blob, stored.size, b"s", stored.body, {"subject": octets[:5].hex()})


async def test_a_sound_store_is_clean(at: FolderId, look: Look) -> None:
    report = await look()
    assert report.findings == [] and report.clean
    assert report.bodies == 6


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("UPDATE folder SET total = total + 1 WHERE name = 'Work'", "folder.counters"),
        ("UPDATE folder SET unseen = 3 WHERE name = 'Work'", "folder.counters"),
        ("UPDATE folder SET deleted = 0 WHERE name = 'Work'", "folder.counters"),
        ("UPDATE folder SET bytes = 1 WHERE name = 'Work'", "folder.counters"),
        ("UPDATE folder SET uidnext = 2 WHERE name = 'Work'", "folder.counters"),
        ("UPDATE folder SET modseq = 1 WHERE name = 'Work'", "folder.counters"),
        ("UPDATE principal SET bytes = 1 WHERE id = 1", "owner.counters"),
        ("UPDATE principal SET items = items + 1 WHERE id = 1", "owner.counters"),
        ("UPDATE principal SET modseq = 0 WHERE id = 1", "owner.counters"),
        ("UPDATE content SET refs = refs + 1 WHERE size = 3", "content.references"),
        ("UPDATE content SET refs = 0 WHERE size = 3", "content.references"),
        ("UPDATE blob SET refs = refs - 1 WHERE size = 6", "body.references"),
        ("UPDATE blob SET refs = 9 WHERE size > 5000", "body.references"),
        ("INSERT INTO seen (account_id, folder_id, uid, modseq, seen) SELECT 1, id, 900, 1, '1' FROM folder"
         " WHERE name = 'Work'", "rows.orphaned"),
        ("INSERT INTO personal (account_id, folder_id, uid, modseq, octets) SELECT 1, id, 900, 1, 'x' FROM folder"
         " WHERE name = 'Work'", "rows.orphaned"),
        ("INSERT INTO search_text (content_id, indexed, head, body) VALUES (900, '0', '', '')", "rows.orphaned"),
        ("INSERT INTO sort_key (content_id, reply, subject, from_box, to_box, cc_box, from_name, to_name,"
         " message_id, ids) VALUES (900, '0', '', '', '', '', '', '', '', '')", "rows.orphaned"),
        ("DELETE FROM queue_recipient", "rows.orphaned"),
    ],
)  # fmt: skip
async def test_what_can_be_counted_again_is_put_right(
    at: FolderId, look: Look, harm: Harm, statement: str, kind: str
) -> None:
    harm(statement)
    assert kind in {each.kind for each in (await look()).findings}
    repaired = await look(repair=True)
    assert all(each.repaired for each in repaired.findings)
    if kind == "rows.orphaned" and "queue" in statement:
        await look(repair=True)  # the body of the message that went
    assert (await look()).findings == []


async def test_a_clean_check_changes_nothing(store: SqlStore, at: FolderId, look: Look) -> None:
    before = await store.read(OPERATOR, lambda tx: (tx.folder(at), tx.entries(at)))
    await look(repair=True)
    assert await store.read(OPERATOR, lambda tx: (tx.folder(at), tx.entries(at))) == before


def spoil(tmp_path: Path, blob: BlobId) -> None:
    path = tmp_path / "bodies" / blob[:2] / blob
    octets = bytearray(path.read_bytes())
    octets[-3] ^= 0xFF
    path.write_bytes(octets)


async def test_an_item_whose_body_is_damaged_goes_into_quarantine_alone(
    store: SqlStore, blobs: SqlBlobs, at: FolderId, look: Look, tmp_path: Path
) -> None:
    blob = (await message(blobs, LARGE)).blob
    spoil(tmp_path, blob)
    [found] = (await look()).findings
    assert (found.kind, found.repaired) == ("body.lost", False)
    assert "item 4 of server: Mail/Work" in found.text and blob in found.text
    before = await store.read(OPERATOR, lambda tx: tx.uids(at))
    [mended] = (await look(repair=True)).findings
    assert mended.repaired
    assert await store.read(OPERATOR, lambda tx: tx.uids(at)) == [uid for uid in before if uid != 4]
    rows = await store.read(OPERATOR, lambda tx: tx.journal(at))
    assert rows[-1].what == "item.quarantined"
    with store.database.readers.connect() as connection:
        kept = connection.exec_driver_sql("SELECT place, uid, content_id IS NOT NULL FROM quarantine").all()
    assert [(place, uid, bool(has)) for place, uid, has in kept] == [("server: Mail/Work", 4, True)]
    assert [each.kind for each in (await look()).findings] == []


async def test_an_item_whose_body_has_no_row_is_told(at: FolderId, look: Look, harm: Harm) -> None:
    harm("DELETE FROM blob WHERE size = 5121")
    [found] = (await look()).findings
    assert found.kind == "body.lost" and "item 5 of" in found.text
    assert all(each.repaired for each in (await look(repair=True)).findings)


async def test_an_item_without_content_is_isolated(store: SqlStore, at: FolderId, look: Look, harm: Harm) -> None:
    harm("DELETE FROM content WHERE size = 5121")
    kinds = [each.kind for each in (await look()).findings]
    assert kinds[0] == "item.content"
    assert all(each.repaired for each in (await look(repair=True)).findings)
    assert 5 not in await store.read(OPERATOR, lambda tx: tx.uids(at))
    await look(repair=True)
    assert (await look()).clean


async def test_a_queued_message_whose_body_is_lost_is_told(at: FolderId, look: Look, harm: Harm) -> None:
    harm("UPDATE blob SET body = NULL WHERE size = 6")
    [found] = (await look(repair=True)).findings
    assert (found.kind, found.repaired, found.lost) == ("body.lost", False, 1)
    assert "queued message 1" in found.text


async def test_an_object_store_that_does_not_answer_is_no_reason_to_quarantine(
    store: SqlStore, at: FolderId, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("ACCESS_KEY_ID", "x"), ("SECRET_ACCESS_KEY", "x"), ("REGION", "x"), ("ALLOW_HTTP", "true")):
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_ENDPOINT", "http://127.0.0.1:9")
    away = open_objects(tmp_path, "s3://bucket")
    report = await asyncio.to_thread(check, store, away, repair=True)
    assert {each.kind for each in report.findings} == {"body.unknown"}
    assert not any(each.repaired for each in report.findings)


async def test_a_reference_to_a_folder_that_is_not_there_is_told(at: FolderId, look: Look, harm: Harm) -> None:
    harm("UPDATE principal SET folder_id = 999 WHERE id = 1")
    [found] = (await look()).findings
    assert (found.kind, "999" in found.text) == ("reference.missing", True)


async def test_an_item_in_no_folder_is_set_aside_and_can_be_put_into_another(
    store: SqlStore, blobs: SqlBlobs, at: FolderId, look: Look, harm: Harm
) -> None:
    harm("UPDATE item SET folder_id = 9999 WHERE uid IN (2, 5)")
    kinds = {each.kind for each in (await look()).findings}
    assert kinds >= {"reference.missing", "folder.counters", "owner.counters"}
    assert all(each.repaired for each in (await look(repair=True)).findings)
    assert (await look()).clean
    aside = sorted(quarantine.listed(store), key=lambda each: each.uid)
    assert [(each.uid, each.place) for each in aside] == [(uid, "folder 9999, which is not there") for uid in (2, 5)]
    back = [await asyncio.to_thread(quarantine.restore, store, blobs, each.id, to=at) for each in aside]
    assert set(back) <= set(await store.read(OPERATOR, lambda tx: tx.uids(at)))
    assert (await look()).clean


async def test_a_grant_to_nobody_is_dropped(at: FolderId, look: Look, harm: Harm) -> None:
    harm(
        "INSERT INTO grant_row (folder_id, grantee_id, allow, deny, created) SELECT id, 9999, 1, 0, 0 FROM folder"
        " WHERE name = 'Work'"
    )
    assert [each.kind for each in (await look(repair=True)).findings] == ["reference.missing"]
    assert (await look()).clean
