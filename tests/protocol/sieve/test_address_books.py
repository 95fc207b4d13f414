"""Scripts at delivery that ask address books (extlists)."""

from __future__ import annotations

from pathlib import Path

import pytest

from groupware.contacts.card import read_item
from groupware.model.item import Kind
from groupware.model.rights import Right
from groupware.store.api import WriteTx
from tests.protocol.sieve.delivering import ALICE, BOB, MESSAGE, Desk, desk

CARD = b"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:%b\r\nFN:Ann\r\nEMAIL:%b\r\nEMAIL:second@far.test\r\nEND:VCARD\r\n"


async def known(at: Desk, address: str, path: str = "", of: str = ALICE) -> None:
    """Puts a contact into an address book of somebody."""
    octets = CARD % (address.encode(), address.encode())
    _, item = await read_item(octets, at.here.blobs, f"{address}.vcf")

    def work(tx: WriteTx) -> None:
        account = tx.account(of).id
        book = tx.add_folder(account, path, Kind.CONTACTS) if path else tx.role(account, "contacts")
        tx.append(book.id, [item])

    await at.here.write(work)


async def mail(at: Desk) -> dict[str, int]:
    """Where her mail is."""
    return {path: count for path, count in (await at.folders()).items() if path in ("INBOX", "Archive", "Trash")}


KNOWN = 'require ["extlists", "fileinto"]; if address :list "from" "{}" {{ fileinto "Archive"; }}'


@pytest.mark.parametrize(
    ("book", "name", "address", "found"),
    [
        ("", "urn:ietf:params:sieve:addrbook:default", "ann@far.test", True),
        ("", "URN:ietf:params:sieve:addrbook:DEFAULT", "Ann@Far.Test", True),
        ("", "Contacts", "ann@far.test", True),
        ("", "urn:ietf:params:sieve:addrbook:default", "joann@far.test", False),
        ("", "urn:ietf:params:sieve:addrbook:default", "ann@far.test.org", False),
        ("Work/People", "Work/People", "ann@far.test", True),
        ("Work/People", "urn:ietf:params:sieve:addrbook:Work%2FPeople", "ann@far.test", True),
        ("Work/People", "urn:ietf:params:sieve:addrbook:default", "ann@far.test", False),
        ("", "Nowhere", "ann@far.test", False),
        ("", "Calendar", "ann@far.test", False),
        ("", "tag:elsewhere.test,2026:list", "ann@far.test", False),
    ],
)
async def test_a_rule_asks_the_address_book(tmp_path: Path, book: str, name: str, address: str, found: bool) -> None:
    async with desk(tmp_path) as at:
        await known(at, address, book)
        await at.script(KNOWN.format(name))
        await at.send()
        assert await mail(at) == ({"Archive": 1} if found else {"INBOX": 1})


async def test_the_whole_field_will_do_and_a_second_address_too(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await known(at, "ann@far.test")
        await at.script(KNOWN.format("Contacts").replace("address", "header", 1))
        await at.send()
        await at.send(octets=MESSAGE.replace(b"<ann@far.test>\r\nTo", b"<second@far.test>\r\nTo"))
        assert await mail(at) == {"Archive": 2}


async def test_a_book_of_somebody_else_is_read_with_the_rights_of_who_asks(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await known(at, "ann@far.test", of=BOB)
        await at.script(KNOWN.format("Other Users/bob@example.test/Contacts"))
        await at.send()
        assert await mail(at) == {"INBOX": 1}

        def share(tx: WriteTx) -> None:
            tx.grant(tx.role(tx.account(BOB).id, "contacts").id, ALICE, Right.LOOKUP | Right.READ)

        await at.here.write(share)
        await at.send()
        assert await mail(at) == {"INBOX": 1, "Archive": 1}


async def test_which_books_there_are_can_be_asked(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await at.script(
            'require ["extlists", "fileinto"];'
            'if valid_ext_list ["urn:ietf:params:sieve:addrbook:default", "Contacts"] { fileinto "Archive"; }'
            'if valid_ext_list "Nowhere" { fileinto "Trash"; }'
        )
        await at.send()
        assert await mail(at) == {"Archive": 1}


async def test_mail_is_not_redirected_to_a_whole_book(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await known(at, "ann@far.test")
        await at.script('require ["extlists"]; redirect :list "Contacts";')
        await at.send()
        assert await at.queued() == []
        assert await mail(at) == {"INBOX": 2}
