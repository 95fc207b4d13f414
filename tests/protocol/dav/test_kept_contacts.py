"""Queries for contacts are answered by what is kept beside them."""

from __future__ import annotations

import pytest

from mailcore.server.kept_facts import fill
from tests.protocol.dav.test_kept_facts import blobs_read, forget
from tests.support.davstand import Client, Said, Stand, card

BOOK = "/dav/contacts/alice@example.test/Contacts/"
MATCH = '<A:prop-filter name="{}"><A:text-match match-type="{}">{}</A:text-match></A:prop-filter>'
ABSENT = '<A:prop-filter name="{}"><A:is-not-defined/></A:prop-filter>'


@pytest.fixture
async def read(alice: Client, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is read of octets from now on; there are three contacts."""
    await alice.put(BOOK + "ann.vcf", card("ann", "Ann", "ORG:Acme;Sales", "EMAIL;TYPE=WORK:ann@acme.test"))
    await alice.put(
        BOOK + "bea.vcf", card("bea", "Bea", "TITLE:Boss\\, of all", "item1.TEL:+49 1", "item1.X-ABLabel:Boat")
    )
    await alice.put(BOOK + "cid.vcf", card("cid", "Cid", "PHOTO;ENCODING=b;TYPE=JPEG:AAAA", "BDAY:2000-01-01"))
    return blobs_read(monkeypatch)


async def query(client: Client, inside: str, data: str = "", limit: int = 0, path: str = BOOK) -> Said:
    most = f"<A:limit><A:nresults>{limit}</A:nresults></A:limit>" if limit else ""
    asked = f"<D:prop><D:getetag/>{data}</D:prop><A:filter>{inside}</A:filter>{most}"
    return await client.report(path, "A:addressbook-query", asked)


def names(said: Said) -> list[str]:
    return sorted(href.rpartition("/")[2] for href in said.hrefs)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (MATCH.format("ORG", "contains", "acme;s"), ["ann.vcf"]),
        (MATCH.format("UID", "equals", "bea"), ["bea.vcf"]),
        (MATCH.format("TITLE", "ends-with", "boss, of all"), ["bea.vcf"]),
        (MATCH.format("item1.TEL", "contains", "49"), ["bea.vcf"]),
        (MATCH.format("item2.TEL", "contains", "49"), []),
        (MATCH.format("X-ABLABEL", "equals", "Boat"), ["bea.vcf"]),
        (ABSENT.format("BDAY"), ["ann.vcf", "bea.vcf"]),
        (MATCH.format("EMAIL", "contains", "acme") + ABSENT.format("ORG"), ["ann.vcf", "bea.vcf", "cid.vcf"]),
        ('<A:prop-filter name="EMAIL"><A:param-filter name="TYPE"/></A:prop-filter>', ["ann.vcf"]),
    ],
)
async def test_a_filter_is_answered_without_the_octets(
    alice: Client, read: list[str], asked: str, found: list[str]
) -> None:
    assert (names(await query(alice, asked)), read) == (found, [])


async def test_pictures_and_contacts_of_another_version_are_looked_at(alice: Client, read: list[str]) -> None:
    assert names(await query(alice, ABSENT.format("PHOTO"))) == ["ann.vcf", "bea.vcf"]
    assert len(read) == 3
    read.clear()
    four = '<A:address-data content-type="text/vcard" version="4.0"/>'
    assert names(await query(alice, MATCH.format("UID", "equals", "bea"), four)) == ["bea.vcf"]
    assert len(read) > 1


async def test_no_more_are_told_than_are_wanted(
    alice: Client, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.dav.contact_query.FACTS_AT_ONCE", 1)
    said = await query(alice, ABSENT.format("NOTE"), limit=2)
    assert len(names(said)) == 3 and b"507" in said.body and read == []


async def test_contacts_that_were_stored_before_are_found_and_are_known_after_a_while(
    stand: Stand, alice: Client, read: list[str]
) -> None:
    await stand.house.write(forget)
    asked = MATCH.format("ORG", "contains", "acme")
    assert names(await query(alice, asked)) == ["ann.vcf"] and len(read) == 3
    assert await fill(stand.house.store, stand.house.blobs) == 3
    read.clear()
    assert names(await query(alice, asked)) == ["ann.vcf"] and read == []


async def test_what_is_private_to_others_is_not_found(
    stand: Stand, alice: Client, bob: Client, read: list[str]
) -> None:
    await alice.put(BOOK + "dan.vcf", card("dan", "Dan", "CLASS:PRIVATE", "ORG:Acme"))
    await stand.share("alice", "Contacts", "bob@example.test", "lrs")
    assert names(await query(bob, MATCH.format("ORG", "contains", "acme"))) == ["ann.vcf"]
