"""Address books and contacts over JMAP. RFC 9610."""

from __future__ import annotations

from typing import Any

import pytest

from groupware.contacts.card import read_item
from groupware.model.rights import Right
from groupware.store.api import WriteTx
from tests.support.jmapstand import Client, Stand
from web.jmap.ids import principal_id

Json = dict[str, Any]
ALICE, BOB = "alice@example.test", "bob@example.test"


def vcard(uid: str, *lines: str, version: str = "4.0") -> bytes:
    return "\r\n".join(["BEGIN:VCARD", f"VERSION:{version}", f"UID:{uid}", *lines, "END:VCARD", ""]).encode()


async def put(stand: Stand, name: str, octets: bytes, path: str = "Contacts") -> str:
    """Puts a card into somebody's address book, as DAV would; gives its id."""
    _, new = await read_item(octets, stand.house.blobs, f"{abs(hash(octets))}.vcf")

    def work(tx: WriteTx) -> int:
        at = tx.locate(tx.account(f"{name}@example.test").id, path, Right.INSERT)
        return tx.append(at.id, [new])[0].id

    return f"C{await stand.house.write(work)}"


async def octets_of(stand: Stand, name: str, path: str = "Contacts") -> list[bytes]:
    """What is stored there."""

    def work(tx: WriteTx) -> list[Any]:
        at = tx.locate(tx.account(f"{name}@example.test").id, path, Right.READ)
        return [each.blob for each in tx.items(at.id, [(each, each) for each in tx.uids(at.id)])]

    return [await stand.house.blobs.read(blob) for blob in await stand.house.write(work)]


async def book(client: Client) -> str:
    return str(next(each["id"] for each in (await client.call("AddressBook/get"))["list"] if each["isDefault"]))


async def test_everybody_has_an_address_book(alice: Client) -> None:
    [found] = (await alice.call("AddressBook/get"))["list"]
    assert found == {
        "id": found["id"],
        "name": "Contacts",
        "description": None,
        "sortOrder": 0,
        "isDefault": True,
        "isSubscribed": True,
        "shareWith": None,
        "myRights": {"mayRead": True, "mayWrite": True, "mayShare": True, "mayDelete": False},
    }


async def test_an_address_book_is_made_changed_and_taken_away(alice: Client) -> None:
    since = (await alice.call("AddressBook/get", ids=[]))["state"]
    made = await alice.call("AddressBook/set", create={"k": {"name": "Work", "description": "of <work>"}})
    name = made["created"]["k"]["id"]
    told = await alice.call("AddressBook/changes", sinceState=since)
    assert (told["created"], told["updated"], told["destroyed"]) == ([name], [], [])
    await alice.call("AddressBook/set", update={name: {"name": "Trade", "sortOrder": 3}})
    [found] = (await alice.call("AddressBook/get", ids=[name]))["list"]
    assert (found["name"], found["description"], found["sortOrder"]) == ("Trade", "of <work>", 3)
    assert (await alice.call("AddressBook/changes", sinceState=made["newState"]))["updated"] == [name]
    before = (await alice.call("AddressBook/get", ids=[]))["state"]
    await alice.call("ContactCard/set", create={"c": {"addressBookIds": {name: True}, "name": {"full": "A"}}})
    kept = await alice.call("AddressBook/set", destroy=[name])
    assert kept["notDestroyed"][name]["type"] == "addressBookHasContents"
    gone = await alice.call("AddressBook/set", destroy=[name], onDestroyRemoveContents=True)
    assert gone["destroyed"] == [name]
    assert (await alice.call("AddressBook/changes", sinceState=before))["destroyed"] == [name]


async def test_another_address_book_becomes_the_default(alice: Client) -> None:
    old = await book(alice)
    made = await alice.call("AddressBook/set", create={"k": {"name": "Mine"}}, onSuccessSetIsDefault="#k")
    assert await book(alice) == made["created"]["k"]["id"] != old
    assert (await alice.call("AddressBook/set", destroy=[await book(alice)]))["notDestroyed"]
    assert (await alice.call("AddressBook/set", destroy=[old]))["destroyed"] == [old]


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({}, "name"),
        ({"name": " "}, "name"),
        ({"name": "x" * 300}, "name"),
        ({"name": "x", "isDefault": True}, "isDefault"),
        ({"name": "x", "odd": 1}, "odd"),
        ({"name": "x", "sortOrder": -1}, "sortOrder"),
        ({"name": "x", "isSubscribed": "yes"}, "isSubscribed"),
        ({"name": "x", "shareWith": {"nobody": {"mayRead": True}}}, "shareWith"),
        ({"name": "x", "shareWith": {principal_id(BOB): {"mayFly": True}}}, "shareWith"),
    ],
)
async def test_an_address_book_that_cannot_be_is_refused(alice: Client, given: Json, wrong: str) -> None:
    found = await alice.call("AddressBook/set", create={"k": given})
    assert found["notCreated"]["k"]["properties"] == [wrong]
    assert len((await alice.call("AddressBook/get"))["list"]) == 1


async def test_an_address_book_is_shared_and_no_longer(alice: Client, bob: Client) -> None:
    name, him = await book(alice), principal_id(BOB)
    await alice.call("ContactCard/set", create={"c": {"addressBookIds": {name: True}, "name": {"full": "Carl"}}})
    await alice.call("AddressBook/set", update={name: {f"shareWith/{him}": {"mayRead": True}}})
    account = await bob.account("alice")
    [seen] = (await bob.call("AddressBook/get", accountId=account))["list"]
    assert seen["myRights"] == {"mayRead": True, "mayWrite": False, "mayShare": False, "mayDelete": False}
    assert seen["shareWith"] is None
    [card] = (await bob.call("ContactCard/get", accountId=account))["list"]
    assert card["name"]["full"] == "Carl"
    refused = await bob.call("ContactCard/set", accountId=account, destroy=[card["id"]])
    assert refused["notDestroyed"][card["id"]]["type"] == "forbidden"
    shared = await bob.call("AddressBook/set", accountId=account, update={name: {f"shareWith/{him}/mayWrite": True}})
    assert shared["notUpdated"][name]["type"] == "forbidden"
    await alice.call("AddressBook/set", update={name: {f"shareWith/{him}/mayWrite": True}})
    told = (await alice.call("AddressBook/get"))["list"][0]["shareWith"]
    assert told == {him: {"mayRead": True, "mayWrite": True, "mayShare": False, "mayDelete": False}}
    changed = await bob.call("ContactCard/set", accountId=account, update={card["id"]: {"name/full": "Karl"}})
    assert card["id"] in changed["updated"]
    await alice.call("AddressBook/set", update={name: {"shareWith": None}})
    assert await bob.refused("ContactCard/get", accountId=account) == "accountNotFound"


async def test_what_jmap_has_no_word_for_stays_granted_and_denied(stand: Stand, alice: Client) -> None:
    name, him = await book(alice), principal_id(BOB)
    await stand.share("alice", "Contacts", BOB, "lrs5")
    await alice.call("AddressBook/set", update={name: {f"shareWith/{him}/mayShare": True}})
    rows = await stand.house.write(lambda tx: tx.grants(tx.locate(tx.account(ALICE).id, "Contacts").id))
    assert [(row.grantee, row.allow) for row in rows] == [
        (BOB, Right.LOOKUP | Right.READ | Right.SEEN | Right.PRIVATE | Right.ADMIN)
    ]
    await alice.call("AddressBook/set", update={name: {f"shareWith/{him}": {"mayShare": True}}})
    rows = await stand.house.write(lambda tx: tx.grants(tx.locate(tx.account(ALICE).id, "Contacts").id))
    assert rows[0].allow == Right.SEEN | Right.PRIVATE | Right.ADMIN


async def test_a_contact_is_made_found_changed_and_taken_away(stand: Stand, alice: Client) -> None:
    at = await book(alice)
    card = {"addressBookIds": {at: True}, "name": {"full": "Ann Other"}, "emails": {"e": {"address": "ann@far.test"}}}
    made = await alice.call("ContactCard/set", create={"k": card})
    name, uid = made["created"]["k"]["id"], made["created"]["k"]["uid"]
    [found] = (await alice.call("ContactCard/get", ids=[name]))["list"]
    assert found == {"@type": "Card", "version": "1.0", "id": name, "uid": uid, **card}
    changed = await alice.call("ContactCard/set", update={name: {"emails/e/pref": 1, "notes": {"n": {"note": "hi"}}}})
    told = await alice.call("ContactCard/changes", sinceState=made["newState"])
    assert (told["created"], told["updated"], told["destroyed"]) == ([], [name], [])
    [octets] = await octets_of(stand, "alice")
    assert b"EMAIL;PREF=1;PROP-ID=e:ann@far.test\r\n" in octets
    assert (await alice.call("ContactCard/set", destroy=[name]))["destroyed"] == [name]
    told = await alice.call("ContactCard/changes", sinceState=changed["newState"])
    assert (told["created"], told["updated"], told["destroyed"]) == ([], [], [name])


async def test_a_change_keeps_what_the_card_says_beside_it_and_its_version(stand: Stand, alice: Client) -> None:
    octets = vcard("1", "N:O;A;;;", "FN:A O", "X-OWN;P=q:v", "item1.TEL:1", "item1.X-ABLabel:car", version="3.0")
    name = await put(stand, "alice", octets)
    await alice.call("ContactCard/set", update={name: {"titles": {"t": {"name": "Boss"}}}})
    [stored] = await octets_of(stand, "alice")
    lines = stored.split(b"\r\n")
    assert b"VERSION:3.0" in lines
    assert {b"X-OWN;P=q:v", b"item1.TEL:1", b"item1.X-ABLabel:car", b"N:O;A;;;"} <= set(lines)
    [found] = (await alice.call("ContactCard/get", ids=[name], properties=["titles", "phones"]))["list"]
    assert found["titles"] == {"t": {"name": "Boss", "kind": "title"}}
    assert found["phones"]["TEL-1"]["label"] == "car"


async def test_a_contact_that_cannot_be_is_refused_and_nothing_is_stored(stand: Stand, alice: Client) -> None:
    at = await book(alice)
    here = {"addressBookIds": {at: True}}
    created = await alice.call(
        "ContactCard/set",
        create={
            "a": {"name": {"full": "A"}},
            "b": {**here, "emails": {"e": {}}},
            "c": {**here, "odd": 1},
            "d": {**here, "id": "C1"},
            "e": {"addressBookIds": {at: True, "F1": True}},
            "f": {"addressBookIds": {"F999999": True}},
            "g": {**here, "@type": "Event"},
            "h": {**here, "media": {"m": {"kind": "photo", "blobId": "U999"}}},
        },
    )
    assert {name: each["properties"] for name, each in created["notCreated"].items()} == {
        **{"a": ["addressBookIds"], "b": ["emails"], "c": ["odd"], "d": ["id"], "e": ["addressBookIds"]},
        **{"f": ["addressBookIds"], "g": ["@type"], "h": ["media"]},
    }
    assert await octets_of(stand, "alice") == []


async def test_two_contacts_of_one_uid_are_told_apart_by_the_refusal(stand: Stand, alice: Client) -> None:
    at, name = await book(alice), await put(stand, "alice", vcard("u1", "FN:A"))
    again = await alice.call("ContactCard/set", create={"k": {"uid": "u1", "addressBookIds": {at: True}}})
    assert again["notCreated"]["k"]["type"] == "alreadyExists"
    assert again["notCreated"]["k"]["existingId"] == name
    other = await alice.call("ContactCard/set", update={name: {"uid": "u2"}})
    assert other["notUpdated"][name]["properties"] == ["uid"]


async def test_a_contact_goes_to_another_address_book(alice: Client) -> None:
    at = await book(alice)
    there = (await alice.call("AddressBook/set", create={"k": {"name": "Work"}}))["created"]["k"]["id"]
    made = await alice.call("ContactCard/set", create={"c": {"addressBookIds": {at: True}, "name": {"full": "A"}}})
    name = made["created"]["c"]["id"]
    patch = {f"addressBookIds/{at}": None, f"addressBookIds/{there}": True, "name/full": "B"}
    await alice.call("ContactCard/set", update={name: patch})
    [found] = (await alice.call("ContactCard/get", ids=[name]))["list"]
    assert (found["addressBookIds"], found["name"]["full"]) == ({there: True}, "B")
    both = await alice.call("ContactCard/set", update={name: {f"addressBookIds/{at}": True}})
    assert both["notUpdated"][name]["properties"] == ["addressBookIds"]


async def test_a_photo_that_was_uploaded_is_in_the_card(stand: Stand, alice: Client) -> None:
    blob = (await alice.upload(b"\x89PNG", "image/png"))["blobId"]
    media = {"m": {"kind": "photo", "blobId": blob}}
    made = await alice.call(
        "ContactCard/set", create={"k": {"addressBookIds": {await book(alice): True}, "media": media}}
    )
    [found] = (await alice.call("ContactCard/get", ids=[made["created"]["k"]["id"]]))["list"]
    assert found["media"] == {"m": {"kind": "photo", "uri": "data:image/png;base64,iVBORw=="}}


PEOPLE = [
    ("1", "FN:Ann Other", "N:Other;Ann;;;", "EMAIL:ann@far.test", "REV:20240101T000000Z", "NOTE:likes tea"),
    ("2", "FN:Bert Brecht", "N:Brecht;Bert;;;", "TEL:555 123", "REV:20250101T000000Z", "ORG:Theatre;Stage"),
    ("3", "FN:The band", "KIND:group", "MEMBER:urn:uuid:1", "NICKNAME:crew", "ADR:;;Main 3;Bonn;;;"),
]


@pytest.mark.parametrize(
    ("sought", "found"),
    [
        ({"text": "tea ann"}, "1"),
        ({"name": "brecht bert"}, "2"),
        ({"name/given": "bert"}, "2"),
        ({"name/surname": "other"}, "1"),
        ({"email": "FAR"}, "1"),
        ({"phone": "555"}, "2"),
        ({"organization": "stage"}, "2"),
        ({"nickname": "crew"}, "3"),
        ({"address": "bonn"}, "3"),
        ({"note": "tea"}, "1"),
        ({"uid": "2"}, "2"),
        ({"kind": "group"}, "3"),
        ({"hasMember": "urn:uuid:1"}, "3"),
        ({"updatedAfter": "2024-06-01T00:00:00Z"}, "2"),
        ({"updatedBefore": "2024-06-01T00:00:00Z"}, "1"),
        ({"operator": "NOT", "conditions": [{"name": "ann"}, {"name": "band"}]}, "2"),
        ({"operator": "OR", "conditions": [{"name": "ann"}, {"name": "band"}]}, "13"),
        ({"inAddressBook": "F999"}, ""),
        ({}, "123"),
    ],
)
async def test_contacts_are_found(stand: Stand, alice: Client, sought: Json, found: str) -> None:
    names = {await put(stand, "alice", vcard(*each)): each[0] for each in PEOPLE}
    got = await alice.call("ContactCard/query", filter=sought, calculateTotal=True)
    assert "".join(names[each] for each in got["ids"]) == found
    assert got["total"] == len(found)


async def test_contacts_are_sorted_and_what_changed_in_a_query_is_told(stand: Stand, alice: Client) -> None:
    names = [await put(stand, "alice", vcard(*each)) for each in PEOPLE[:2]]
    sort = [{"property": "name/surname"}]
    first = await alice.call("ContactCard/query", sort=sort)
    assert first["ids"] == names[::-1]
    third = await put(stand, "alice", vcard("9", "FN:C", "N:Clark;C;;;"))
    told = await alice.call("ContactCard/queryChanges", sort=sort, sinceQueryState=first["queryState"])
    assert (told["removed"], told["added"]) == ([], [{"id": third, "index": 1}])
    assert await alice.refused("ContactCard/query", sort=[{"property": "odd"}]) == "unsupportedSort"
    assert await alice.refused("ContactCard/query", filter={"odd": "x"}) == "unsupportedFilter"
    assert await alice.refused("ContactCard/query", filter={"text": 1}) == "invalidArguments"


async def test_a_contact_is_copied_from_who_shares_it(stand: Stand, alice: Client, bob: Client) -> None:
    name = await put(stand, "alice", vcard("7", "FN;LANGUAGE=de:A", "X-Y:z"))
    await stand.share("alice", "Contacts", BOB, "lr")
    account, at = await bob.account("alice"), await book(bob)
    create = {"k": {"id": name, "addressBookIds": {at: True}}}
    [[said, got]] = await bob.calls(
        ("ContactCard/copy", {"fromAccountId": account, "accountId": await bob.account(), "create": create})
    )
    assert said == "ContactCard/copy", got
    assert got["created"]["k"]["id"]
    [octets] = await octets_of(stand, "bob")
    assert b"FN;LANGUAGE=de:A\r\n" in octets
    assert b"X-Y:z\r\n" in octets


async def test_a_private_contact_is_not_there_for_others(stand: Stand, bob: Client) -> None:
    await put(stand, "alice", vcard("1", "FN:Open"))
    hidden = await put(stand, "alice", vcard("2", "FN:Secret", "X-CLASS:PRIVATE"))
    await stand.share("alice", "Contacts", BOB, "lr")
    account = await bob.account("alice")
    assert len((await bob.call("ContactCard/query", accountId=account))["ids"]) == 1
    got = await bob.call("ContactCard/get", accountId=account, ids=[hidden])
    assert (got["list"], got["notFound"]) == ([], [hidden])


async def test_an_email_is_no_contact_and_a_contact_no_email(stand: Stand, alice: Client) -> None:
    name = await put(stand, "alice", vcard("1", "FN:A"))
    assert (await alice.call("Email/get", ids=[name.replace("C", "M")]))["list"] == []
    email = await stand.put("alice", b"Subject: x\r\n\r\nx")
    assert (await alice.call("ContactCard/get", ids=[email.replace("M", "C")]))["list"] == []


async def test_a_file_of_cards_is_read_and_contacts_are_written_into_one(stand: Stand, alice: Client) -> None:
    bad = vcard("4", "BDAY:x", "FN:Cid").replace(b"END:VCARD", b"UID:5\r\nEND:VCARD")
    octets = vcard("1", "FN:Ann", "X-OWN:1") + bad + vcard("2", "FN:Ben")
    blob = (await alice.upload(octets, "text/vcard"))["blobId"]
    broken = (await alice.upload(vcard("1", "FN:Ann") + b"END:VCARD\r\n"))["blobId"]
    empty = (await alice.upload(b"\r\n"))["blobId"]
    got = await alice.call("ContactCard/parse", blobIds=[blob, broken, empty, "U99"])
    assert [each["uid"] for each in got["parsed"][blob]] == ["1", "2"]
    assert got["notParsable"][empty] == ["there is no vCard in it"]
    assert "END" in got["notParsable"][broken][0]
    assert [each.startswith("card from line") for each in got["notParsable"][blob]] == [True]
    assert got["notFound"] == ["U99"]
    book = (await alice.call("AddressBook/get"))["list"][0]["id"]
    create = {f"k{at}": {**each, "addressBookIds": {book: True}} for at, each in enumerate(got["parsed"][blob])}
    made = (await alice.call("ContactCard/set", create=create))["created"]
    names = [made["k1"]["id"], made["k0"]["id"], "C99"]
    told = await alice.call("ContactCard/export", ids=names, version="3.0")
    lines = told["vCards"].split("\r\n")
    assert [each for each in lines if each.startswith("FN")] == ["FN:Ben", "FN:Ann"]
    assert (lines.count("VERSION:3.0"), "X-OWN:1" in lines, told["notFound"]) == (2, True, ["C99"])
    assert await alice.refused("ContactCard/export", ids=[], version="2.1") == "invalidArguments"
