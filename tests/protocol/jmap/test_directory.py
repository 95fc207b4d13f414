"""The people of one's own domain as contacts that are only read. Decision 289."""

from __future__ import annotations

from typing import Any

import pytest

from groupware.contacts.photos import put_photo
from groupware.model.principal import NewAccount, PrincipalKind
from groupware.store.api import WriteTx
from tests.protocol.jmap.test_conformance import fits
from tests.support import jmapschemas as schemas
from tests.support.jmapstand import Client, Stand

HERE: dict[str, Any] = {"accountId": "Directory"}


async def cards(client: Client) -> dict[str, str]:
    """The ids by name."""
    got = await client.call("ContactCard/get", **HERE)
    return {each["name"]["full"]: each["id"] for each in got["list"]}


async def named(stand: Stand) -> None:
    def work(tx: WriteTx) -> None:
        tx.update_account("alice@example.test", name="Alice Liddell")
        tx.put_account(NewAccount("crew@example.test", PrincipalKind.GROUP, "The crew"))

    await stand.house.write(work)


async def test_it_is_an_account_that_is_only_read(alice: Client) -> None:
    session = (await alice.get("/jmap/session")).json()
    there = session["accounts"]["Directory"]
    assert (there["name"], there["isPersonal"], there["isReadOnly"]) == ("Directory of example.test", False, True)
    got = await alice.call("AddressBook/get", **HERE)
    fits(schemas.RESPONSES["AddressBook/get"], got)
    [book] = got["list"]
    assert book["myRights"]["mayRead"] and not any(on for name, on in book["myRights"].items() if name != "mayRead")


async def test_everybody_of_the_domain_is_in_it(stand: Stand, alice: Client) -> None:
    await named(stand)
    got = await alice.call("ContactCard/get", **HERE)
    fits(schemas.RESPONSES["ContactCard/get"], got)
    there = {each["name"]["full"]: each for each in got["list"]}
    assert {"Alice Liddell", "bob@example.test", "The crew"} <= there.keys()
    assert [each["address"] for each in there["Alice Liddell"]["emails"].values()] == ["alice@example.test"]
    assert there["The crew"]["kind"] == "group"
    assert there["The crew"]["addressBookIds"] == {"directory": True}


async def test_it_is_searched_and_sorted(stand: Stand, alice: Client) -> None:
    await named(stand)
    ids = await cards(alice)
    for wanted, found in (
        ({"text": "liddell"}, ["Alice Liddell"]),
        ({"email": "bob"}, ["bob@example.test"]),
        ({"kind": "group"}, ["The crew"]),
        ({"inAddressBook": "other"}, []),
    ):
        got = await alice.call("ContactCard/query", filter=wanted, **HERE)
        assert got["ids"] == [ids[each] for each in found]
    sort = [{"property": "name/given", "isAscending": False}]
    got = await alice.call("ContactCard/query", filter={"inAddressBook": "directory"}, sort=sort, **HERE)
    assert got["ids"][0] == ids["Alice Liddell"] and len(got["ids"]) == len(ids)


async def test_a_change_means_to_fetch_it_again(stand: Stand, alice: Client) -> None:
    state = (await alice.call("ContactCard/get", ids=[], **HERE))["state"]
    query = (await alice.call("ContactCard/query", **HERE))["queryState"]
    told = await alice.call("ContactCard/changes", sinceState=state, **HERE)
    assert (told["newState"], told["created"]) == (state, [])
    await named(stand)
    assert await alice.refused("ContactCard/changes", sinceState=state, **HERE) == "cannotCalculateChanges"
    told = await alice.call("ContactCard/queryChanges", sinceQueryState=query, **HERE)
    assert [each["id"] for each in told["added"]] == [(await cards(alice))["The crew"]]


async def test_a_photo_of_an_account_is_a_blob_of_its_card(stand: Stand, alice: Client) -> None:
    bob = await stand.house.read(lambda tx: tx.identity(tx.account("bob@example.test").id))
    state = (await alice.call("ContactCard/get", ids=[], **HERE))["state"]

    async def photo(octets: bytes) -> Any:
        await stand.house.write(lambda tx: put_photo(tx, octets), bob)
        got = await alice.call("ContactCard/get", **HERE)
        fits(schemas.RESPONSES["ContactCard/get"], got)
        return next(each for each in got["list"] if each["name"]["full"] == "bob@example.test").get("media")

    picture = b"\x89PNG\r\n\x1a\n a picture"
    [first] = (await photo(picture)).values()
    assert (first["kind"], await alice.octets(first["blobId"], "Directory")) == ("photo", picture)
    assert await alice.refused("ContactCard/changes", sinceState=state, **HERE) == "cannotCalculateChanges"
    [other] = (await photo(picture + b"!")).values()
    assert await alice.octets(other["blobId"], "Directory") == picture + b"!"
    assert (await alice.get(f"/jmap/download/Directory/{first['blobId']}/x")).status_code == 404
    assert await photo(b"") is None
    assert (await alice.get(f"/jmap/download/Directory/{other['blobId']}/x")).status_code == 404


async def test_nothing_is_changed_there(alice: Client) -> None:
    for method in ("ContactCard/set", "AddressBook/set", "Mailbox/set"):
        assert await alice.refused(method, create={"k": {}}, **HERE) == "accountReadOnly"
    assert await alice.refused("Principal/getAvailability", id="P1", utcStart="2025-03-01T00:00:00Z",
                               utcEnd="2025-04-01T00:00:00Z", **HERE) == "accountNotSupportedByMethod"  # fmt: skip


@pytest.mark.parametrize("name", ["Mailbox", "Email", "TaskList", "CalendarEvent", "Identity"])
async def test_what_it_does_not_hold_is_empty(alice: Client, name: str) -> None:
    got = await alice.call(f"{name}/get", ids=[], **HERE)
    assert got["list"] == []
    assert (await alice.call(f"{name}/changes", sinceState=got["state"], **HERE))["updated"] == []


async def test_it_can_be_switched_off_and_somebody_can_stay_out(stand: Stand, alice: Client) -> None:
    bob = (await stand.house.read(lambda tx: tx.account("bob@example.test"))).id
    await stand.house.write(lambda tx: tx.put_setting("publishContactInfo", False, bob))
    assert "bob@example.test" not in await cards(alice)
    own = (await stand.house.read(lambda tx: tx.account("alice@example.test"))).id
    await stand.house.write(lambda tx: tx.put_setting("domainAddressBook", False, own))
    assert "Directory" not in (await alice.get("/jmap/session")).json()["accounts"]
    assert await alice.refused("ContactCard/get", **HERE) == "accountNotFound"
