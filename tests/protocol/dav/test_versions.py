"""Contacts in the version of vCard that a client asks for."""

from __future__ import annotations

import pytest

from connectors.dav.cards import Converted
from tests.support.davstand import Client, Said

CARDS = "/dav/contacts/alice@example.test/Contacts/"
FOUR = "\r\n".join(
    [
        "BEGIN:VCARD",
        "VERSION:4.0",
        "UID:u1",
        "FN:Ann Other",
        "N:Other;Ann;;;",
        "TEL;VALUE=uri;PREF=1:tel:+1",
        "GENDER:F",
        "LANG:fr",
        "BDAY:--0229",
        "END:VCARD",
        "",
    ]
)


@pytest.fixture
async def ann(alice: Client) -> str:
    """The path of a contact that was put in as 4.0."""
    assert (await alice.put(CARDS + "a.vcf", FOUR)).status == 201
    return CARDS + "a.vcf"


def data(said: Said) -> str:
    (found,) = said.texts("D:response/D:propstat/D:prop/A:address-data")
    return found


async def multiget(alice: Client, path: str, attributes: str = "", inside: str = "") -> Said:
    wanted = f"<D:prop><D:getetag/><A:address-data {attributes}>{inside}</A:address-data></D:prop>"
    return await alice.report(CARDS, "A:addressbook-multiget", f"{wanted}<D:href>{path}</D:href>")


async def test_who_asks_for_no_version_gets_the_octets_that_were_given(alice: Client, ann: str) -> None:
    assert (await alice.ask("GET", ann)).body == FOUR.encode()
    assert data(await multiget(alice, ann)) == FOUR


async def test_a_report_gives_the_version_that_it_names(alice: Client, ann: str) -> None:
    three = data(await multiget(alice, ann, "content-type='text/vcard' version='3.0'"))
    assert "VERSION:3.0" in three
    assert "TEL;TYPE=pref;X-WAS=uri:+1" in three
    assert "1604-02-29" in three
    assert data(await multiget(alice, ann, "content-type='text/vcard' version='4.0'")) == FOUR
    query = "<D:prop><A:address-data content-type='text/vcard' version='3.0'/></D:prop>"
    assert data(await alice.report(CARDS, "A:addressbook-query", query)) == three


async def test_get_gives_the_version_that_accept_names_best(alice: Client, ann: str) -> None:
    got = await alice.ask("GET", ann, accept='text/vcard;version=4.0;q=0.5, text/vcard; version="3.0"')
    assert b"VERSION:3.0" in got.body
    assert got.headers["content-type"] == "text/vcard; charset=utf-8; version=3.0"
    assert got.headers["vary"] == "Accept"
    assert got.headers["etag"] == (await alice.ask("GET", ann)).headers["etag"]
    for accept in (
        "*/*",
        "text/vcard",
        "text/html, */*;q=0.1",
        "text/vcard;version=2.1, text/vcard;version=4.0",
        ";;,=",
    ):
        assert (await alice.ask("GET", ann, accept=accept)).body == FOUR.encode()


async def test_a_whole_address_book_is_of_the_version_that_accept_names(alice: Client, ann: str) -> None:
    await alice.put(
        CARDS + "b.vcf", FOUR.replace("4.0", "3.0").replace("u1", "u2").replace("TEL;VALUE=uri;PREF=1:tel:", "TEL:")
    )
    stored, three = await alice.ask("GET", CARDS), await alice.ask("GET", CARDS, accept="text/vcard;version=3.0")
    assert [each.body.count(b"VERSION:3.0") for each in (stored, three)] == [1, 2]
    assert stored.headers["etag"] != three.headers["etag"]
    again = await alice.ask("GET", CARDS, accept="text/vcard;version=3.0", if_none_match=three.headers["etag"])
    assert again.status == 304


async def test_a_version_that_there_is_not_is_refused_by_its_condition(alice: Client, ann: str) -> None:
    for attributes in ("version='2.1'", "content-type='application/vcard+json'"):
        said = await multiget(alice, ann, attributes)
        assert (said.status, len(said.find("A:supported-address-data"))) == (403, 1)
    said = await alice.ask("GET", ann, accept="text/vcard;version=2.1")
    assert (said.status, len(said.find("A:supported-address-data-conversion"))) == (406, 1)


async def test_properties_alone_are_those_of_the_version(alice: Client, ann: str) -> None:
    inside = "<A:prop name='TEL'/><A:prop name='X-GENDER'/><A:prop name='N' novalue='yes'/>"
    lines = data(await multiget(alice, ann, "version='3.0'", inside)).split("\r\n")
    assert lines == [
        "BEGIN:VCARD",
        "VERSION:3.0",
        "UID:u1",
        "N:",
        "TEL;TYPE=pref;X-WAS=uri:+1",
        "X-GENDER;X-OF=4.0:F",
        "END:VCARD",
        "",
    ]


async def test_a_property_of_one_group_is_asked_for_by_the_group(alice: Client) -> None:
    lines = ["BEGIN:VCARD", "VERSION:3.0", "UID:g", "FN:G", "item1.EMAIL:a@x", "item2.EMAIL:b@x", "END:VCARD", ""]
    await alice.put(CARDS + "g.vcf", "\r\n".join(lines))
    told = data(await multiget(alice, CARDS + "g.vcf", "", "<A:prop name='ITEM2.EMAIL'/>"))
    assert ("a@x" in told, "b@x" in told) == (False, True)


async def test_a_client_of_3_0_takes_nothing_from_those_of_4_0(alice: Client, ann: str) -> None:
    sent = "\r\n".join(
        [
            "BEGIN:VCARD",
            "VERSION:3.0",
            "UID:u1",
            "FN:Ann New",
            "N:New;Ann;;;",
            "TEL;TYPE=pref:+1",
            "BDAY:1604-02-29",
            "END:VCARD",
            "",
        ]
    )
    tag = (await alice.ask("GET", ann)).headers["etag"]
    put = await alice.put(ann, sent, if_match=tag)
    assert (put.status, "etag" in put.headers) == (204, False)
    lines = (await alice.ask("GET", ann, accept="text/vcard;version=4.0")).body.decode().split("\r\n")
    assert {"FN:Ann New", "N:New;Ann;;;", "TEL;VALUE=uri;PREF=1:tel:+1", "GENDER:F", "LANG:fr", "BDAY:--0229"} < set(
        lines
    )
    assert (await alice.put(ann, sent, if_match=tag)).status == 412


async def test_a_client_that_loses_nothing_is_stored_as_it_says(alice: Client, ann: str) -> None:
    sent = FOUR.replace("Ann Other", "Ann Newer")
    put = await alice.put(ann, sent)
    assert (put.status, "etag" in put.headers) == (204, True)
    assert (await alice.ask("GET", ann)).body == sent.encode()


async def test_the_last_cards_that_were_converted_are_kept_and_no_more() -> None:
    cards = Converted(most=200_000)
    first = cards.in_version(FOUR.encode(), "3.0")
    assert cards.in_version(FOUR.encode(), "3.0") is first
    for number in range(1000):
        cards.in_version(FOUR.replace("u1", f"v{number}").encode(), "3.0")
    assert cards.octets <= 200_000
    again = cards.in_version(FOUR.encode(), "3.0")
    assert again == first
    assert again is not first
