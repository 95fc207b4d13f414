"""What is attached to events comes along: in exports, and in a backup that is restored."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from groupware.calendar.item import read_item
from groupware.contacts.card import read_item as read_card
from groupware.model.folder import Role
from groupware.model.ids import EVERY, FolderId
from groupware.store.api import ReadTx
from mailcore.cli.site import Site, opened
from mailcore.server.config import load
from tests.cli.conftest import Postroom
from tests.support.davstand import card, event

ALICE = "alice@example.test"
SMALL, LARGE = b"agenda", bytes(range(256)) * 400
"""One that is kept in the database, and one that is in the object store."""


@pytest.fixture
def keys(data: Path) -> list[str]:
    """The MANAGED-IDs of what is attached to an event of Alice's."""
    with opened(load(None, data=data)) as here:
        who = here.read(lambda tx: tx.identity(tx.account(ALICE).id))
        at = here.read(_calendar)
        found = []
        for octets in (SMALL, LARGE):
            stored = here.run(here.blobs.put(octets))
            made = here.run(here.store.write(who, lambda tx, stored=stored: tx.put_attachment(at, stored, "a/b", "x")))
            found.append(made.key)
        lines = [f"ATTACH;MANAGED-ID={key}:https://x.test/{key}" for key in found]
        octets = event("m", "20261201T100000Z", *lines).encode()
        _, new = here.run(read_item(octets, here.blobs, "m.ics"))
        here.run(here.store.write(who, lambda tx: tx.append(at, [new])))
    return found


def _calendar(tx: ReadTx) -> FolderId:
    return tx.role(tx.account(ALICE).id, Role.CALENDAR).id


def inside(octets: bytes) -> bool:
    """Whether a file has both inside."""
    text = octets.replace(b"\r\n ", b"").replace(b"\n ", b"")
    return all(base64.b64encode(each) in text for each in (SMALL, LARGE)) and b"MANAGED-ID" not in text


@pytest.mark.usefixtures("keys")
def test_a_calendar_as_one_file_has_them_inside(postroom: Postroom, tmp_path: Path) -> None:
    assert postroom("export", tmp_path / "c.ics", ALICE, "--folder", "Calendar").status == 0
    assert inside((tmp_path / "c.ics").read_bytes())


@pytest.mark.parametrize("vcard", ["", "4.0"])
def test_an_address_book_has_files_of_contacts_inside(
    postroom: Postroom, data: Path, tmp_path: Path, vcard: str
) -> None:
    with opened(load(None, data=data)) as here:
        who = here.read(lambda tx: tx.identity(tx.account(ALICE).id))
        at = here.read(lambda tx: tx.role(tx.account(ALICE).id, Role.CONTACTS).id)
        stored = here.run(here.blobs.put(SMALL))
        made = here.run(here.store.write(who, lambda tx: tx.put_attachment(at, stored, "a/b", "x")))
        octets = card("c", "Ann Berg", f"X-ATTACH;MANAGED-ID={made.key};FILENAME=x:https://x.test/x").encode()
        _, new = here.run(read_card(octets, here.blobs, "c.vcf"))
        here.run(here.store.write(who, lambda tx: tx.append(at, [new])))
    more = ["--vcard", vcard] if vcard else []
    assert postroom("export", tmp_path / "c.vcf", ALICE, "--folder", "Contacts", *more).status == 0
    assert postroom("export", tmp_path / "all", ALICE).status == 0
    [file] = (tmp_path / "all" / ALICE / "Contacts").iterdir()
    for each in (tmp_path / "c.vcf", file):
        text = each.read_bytes().replace(b"\r\n ", b"").replace(b"\n ", b"")
        assert base64.b64encode(SMALL) in text and b"MANAGED-ID" not in text and b"FILENAME=x" in text


@pytest.mark.usefixtures("keys")
def test_a_whole_account_has_them_inside(postroom: Postroom, tmp_path: Path) -> None:
    assert postroom("export", tmp_path / "all", ALICE).status == 0
    [file] = (tmp_path / "all" / ALICE / "Calendar").iterdir()
    assert inside(file.read_bytes())


def test_what_is_exported_goes_in_again(postroom: Postroom, keys: list[str], tmp_path: Path) -> None:
    postroom("export", tmp_path / "c.ics", ALICE, "--folder", "Calendar")
    assert postroom("import", "bob@example.test", "Calendar", tmp_path / "c.ics").status == 0
    postroom("export", tmp_path / "d.ics", "bob@example.test", "--folder", "Calendar")
    assert inside((tmp_path / "d.ics").read_bytes())
    assert len(keys) == 2


def test_a_backup_has_them(postroom: Postroom, keys: list[str], data: Path, tmp_path: Path) -> None:
    assert postroom("backup", tmp_path / "b.tar").status == 0
    assert postroom("--data", tmp_path / "again", "restore", tmp_path / "b.tar").status == 0
    with opened(load(None, data=tmp_path / "again")) as here:
        assert fetched(here, keys) == [SMALL, LARGE]
        assert [item.name for item in here.read(lambda tx: tx.items(_calendar(tx), EVERY))] == ["m.ics"]
    assert postroom("--data", tmp_path / "again", "check").status == 0


def fetched(here: Site, keys: list[str]) -> list[bytes]:
    who = here.read(lambda tx: tx.identity(tx.account(ALICE).id))
    found = [here.run(here.store.read(who, lambda tx, key=key: tx.attachment(key))) for key in keys]
    return [here.run(here.blobs.read(each.blob)) for each in found]


def test_one_that_is_lost_is_told_and_the_rest_is_written(
    postroom: Postroom, keys: list[str], data: Path, tmp_path: Path
) -> None:
    [large] = [each for each in (data / "blobs").rglob("*") if each.is_file()]
    large.unlink()
    said = postroom("export", tmp_path / "c.ics", ALICE, "--folder", "Calendar")
    assert (said.status, keys[1] in said.err) == (1, True)
    text = (tmp_path / "c.ics").read_bytes().replace(b"\r\n ", b"")
    assert base64.b64encode(SMALL) in text
    assert keys[1].encode() in text
