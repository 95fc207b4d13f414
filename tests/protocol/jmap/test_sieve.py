"""Sieve scripts over JMAP. RFC 9661."""

from __future__ import annotations

from tests.support.jmapstand import Client, Stand, letter


async def blob(client: Client, text: str = 'require "fileinto"; fileinto "Archive";') -> str:
    return str((await client.upload(text.encode(), "application/sieve"))["blobId"])


async def made(client: Client, name: str = "mine") -> str:
    got = await client.call("SieveScript/set", create={"k": {"name": name, "blobId": await blob(client)}})
    return str(got["created"]["k"]["id"])


async def test_a_script_is_made_activated_changed_and_taken_away(stand: Stand, alice: Client) -> None:
    got = await alice.call(
        "SieveScript/set",
        create={"k": {"name": "mine", "blobId": await blob(alice)}},
        onSuccessActivateScript="#k",
    )
    name = got["created"]["k"]["id"]
    assert got["created"]["k"]["isActive"] is True
    [found] = (await alice.call("SieveScript/get", ids=[name]))["list"]
    assert (found["name"], found["isActive"]) == ("mine", True)
    assert await alice.octets(found["blobId"]) == b'require "fileinto"; fileinto "Archive";'
    kept = await stand.house.write(lambda tx: tx.active_script(tx.account("alice@example.test").id))
    assert kept == ("mine", b'require "fileinto"; fileinto "Archive";')
    await alice.call("SieveScript/set", update={name: {"blobId": await blob(alice, "discard;")}})
    [later] = (await alice.call("SieveScript/get", ids=[name]))["list"]
    assert later["blobId"] != found["blobId"]
    assert await alice.octets(later["blobId"]) == b"discard;"
    refused = await alice.call("SieveScript/set", destroy=[name])
    assert refused["notDestroyed"][name]["type"] == "sieveIsActive"
    told = await alice.call("SieveScript/set", onSuccessDeactivateScript=True)
    assert told["updated"] == {name: {"isActive": False}}
    assert (await alice.call("SieveScript/set", destroy=[name]))["destroyed"] == [name]


async def test_a_script_that_is_wrong_is_refused_with_its_line(stand: Stand, alice: Client) -> None:
    bad = await blob(alice, "keep;\nnonsense;")
    told = (await alice.call("SieveScript/validate", blobId=bad))["error"]
    assert told["type"] == "invalidSieve"
    assert "2" in told["description"]
    assert (await alice.call("SieveScript/validate", blobId=await blob(alice)))["error"] is None
    got = await alice.call("SieveScript/set", create={"k": {"name": "x", "blobId": bad}, "l": {"blobId": "U99"}})
    assert (got["notCreated"]["k"]["type"], got["notCreated"]["l"]["type"]) == ("invalidSieve", "blobNotFound")
    assert (await alice.call("SieveScript/get"))["list"] == []


async def test_a_name_is_taken_once_and_kept(alice: Client) -> None:
    name = await made(alice)
    again = await alice.call("SieveScript/set", create={"k": {"name": "mine", "blobId": await blob(alice)}})
    assert again["notCreated"]["k"]["type"] == "alreadyExists"
    assert again["notCreated"]["k"]["existingId"] == name
    other = await alice.call("SieveScript/set", update={name: {"name": "other"}})
    assert other["notUpdated"][name]["properties"] == ["name"]


async def test_scripts_are_found(alice: Client) -> None:
    first, second = await made(alice, "Work"), await made(alice, "Home")
    sort = [{"property": "name"}]
    assert (await alice.call("SieveScript/query", sort=sort))["ids"] == [second, first]
    assert (await alice.call("SieveScript/query", filter={"name": "wo"}))["ids"] == [first]
    assert (await alice.call("SieveScript/query", filter={"isActive": True}))["ids"] == []


async def test_the_script_of_somebody_else_is_not_there(stand: Stand, alice: Client, bob: Client) -> None:
    name = await made(alice)
    [found] = (await alice.call("SieveScript/get", ids=[name]))["list"]
    await stand.share("alice", "INBOX", "bob@example.test", "lr")
    account = await bob.account("alice")
    assert await bob.refused("SieveScript/get", accountId=account) == "accountNotSupportedByMethod"
    got = await bob.get(f"/jmap/download/{account}/{found['blobId']}/x")
    assert got.status_code == 404
    got = await bob.get(f"/jmap/download/{await bob.account()}/{found['blobId']}/x")
    assert got.status_code == 404


async def test_a_script_is_tried_on_a_folder_and_does_nothing(stand: Stand, alice: Client) -> None:
    for number in range(3):
        await stand.put("alice", letter(f"Bill {number}" if number else "News"))
    boxes = {each["name"]: each for each in (await alice.call("Mailbox/get"))["list"]}
    at = boxes["Inbox"]["id"]
    text = 'require "fileinto"; if header :contains "subject" "Bill" { fileinto "Archive"; } else { discard; }'
    found = (await alice.call("SieveScript/try", blobId=await blob(alice, text), mailboxId=at, limit=2))["list"]
    assert [(each["subject"], each["would"]) for each in found] == [
        ("Bill 2", ["file into Archive"]),
        ("Bill 1", ["file into Archive"]),
    ]
    every = (await alice.call("SieveScript/try", blobId=await blob(alice, text), mailboxId=at))["list"]
    assert every[-1]["would"] == ["discard"]
    assert {each["emailId"] for each in every} == set((await alice.call("Email/query"))["ids"])
    empty = boxes["Archive"]["id"]
    assert (await alice.call("SieveScript/try", blobId=await blob(alice), mailboxId=empty))["list"] == []


async def test_what_cannot_be_tried_is_refused(stand: Stand, alice: Client, bob: Client) -> None:
    at = (await alice.call("Mailbox/get"))["list"][0]["id"]
    wrong = await blob(alice, "nonsense")
    assert await alice.refused("SieveScript/try", blobId=wrong, mailboxId=at) == "invalidArguments"
    assert await alice.refused("SieveScript/try", blobId="U99", mailboxId=at) == "blobNotFound"
    assert await alice.refused("SieveScript/try", blobId=await blob(alice), mailboxId="F9999") == "notFound"
    assert await bob.refused("SieveScript/try", blobId=await blob(bob), mailboxId=at) == "notFound"
