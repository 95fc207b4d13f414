"""The list of folders: one's own, shared and public, and how a device changes it."""

from __future__ import annotations

from tests.support.eas.stand import Phone, Stand
from tests.support.eas.wire import Node


async def change(alice: Phone, command: str, *inside: tuple[str, str]) -> Node:
    tree = (f"FolderHierarchy:{command}", ("FolderHierarchy:SyncKey", alice.keys.get("", "0")), *inside)
    said = await alice.ask(command, tree)
    if said.get("Status") == "1":
        alice.keys[""] = said.get("SyncKey") or ""
    return said


async def test_one_s_own_folders_with_their_types(alice: Phone) -> None:
    await alice.folder_sync()
    types = {name: kind for _, name, kind in alice.folders.values()}
    assert types["INBOX"] == "2" and types["Calendar"] == "8" and types["Contacts"] == "9" and types["Notes"] == "10"
    assert {parent for parent, _, _ in alice.folders.values()} == {"0"}
    assert (await alice.folder_sync()).get("Changes/Count") == "0"


async def test_a_folder_is_made_renamed_and_taken_away(stand: Stand, alice: Phone) -> None:
    await alice.folder_sync()
    name, kind = ("FolderHierarchy:DisplayName", "Trips"), ("FolderHierarchy:Type", "12")
    made = await change(alice, "FolderCreate", ("FolderHierarchy:ParentId", "0"), name, kind)
    at = made.get("ServerId") or ""
    assert made.get("Status") == "1" and int(at) == await stand.folder("alice", "Trips")
    assert (await change(alice, "FolderCreate", ("FolderHierarchy:ParentId", "0"), name, kind)).get("Status") == "2"
    inside = await change(alice, "FolderCreate", ("FolderHierarchy:ParentId", at), name, kind)
    assert int(inside.get("ServerId") or "") == await stand.folder("alice", "Trips/Trips")
    moved = ("FolderHierarchy:ParentId", "0"), ("FolderHierarchy:DisplayName", "Tours")
    where = ("FolderHierarchy:ServerId", inside.get("ServerId") or "")
    assert (await change(alice, "FolderUpdate", where, *moved)).get("Status") == "1"
    assert await stand.folder("alice", "Tours")
    assert (await change(alice, "FolderDelete", where)).get("Status") == "1"
    assert (await change(alice, "FolderDelete", where)).get("Status") == "4"
    assert (await alice.folder_sync()).get("Changes/Count") == "0"


async def test_what_every_account_has_stays(alice: Phone) -> None:
    inbox = await alice.at("INBOX")
    assert (await change(alice, "FolderDelete", ("FolderHierarchy:ServerId", inbox))).get("Status") == "3"
    other = ("FolderHierarchy:ParentId", "0"), ("FolderHierarchy:DisplayName", "x")
    assert (await change(alice, "FolderUpdate", ("FolderHierarchy:ServerId", inbox), *other)).get("Status") == "3"


async def test_a_parent_that_is_not_there(alice: Phone) -> None:
    await alice.folder_sync()
    said = ("FolderHierarchy:DisplayName", "x"), ("FolderHierarchy:Type", "12")
    assert (await change(alice, "FolderCreate", ("FolderHierarchy:ParentId", "999"), *said)).get("Status") == "5"
    assert (await change(alice, "FolderCreate", ("FolderHierarchy:ParentId", "0"), said[0])).get("Status") == "10"


async def test_shared_folders_come_and_go(stand: Stand, alice: Phone) -> None:
    await alice.folder_sync()
    at = str(await stand.share("bob", "Calendar", "alice@example.test", "lr"))
    said = await alice.folder_sync()
    assert said.get("Changes/Count") == "1"
    assert alice.folders[at] == ("0", "Calendar (bob@example.test)", "13")
    await stand.share("bob", "Calendar", "alice@example.test", "l")
    await alice.folder_sync()
    assert at not in alice.folders


async def test_an_answer_that_is_lost_is_given_again(stand: Stand, alice: Phone) -> None:
    await alice.folder_sync()
    before = alice.keys[""]
    await stand.share("bob", "Calendar", "alice@example.test", "lr")
    lost = await alice.folder_sync()
    alice.keys[""] = before
    again = await alice.folder_sync()
    assert again.every("Changes/Add")[0].get("ServerId") == lost.every("Changes/Add")[0].get("ServerId")
    assert (await alice.folder_sync()).get("Changes/Count") == "0"
    alice.keys[""] = before
    assert (await alice.folder_sync()).get("Status") == "1"


async def test_a_key_of_elsewhere_means_nothing(alice: Phone) -> None:
    await alice.folder_sync()
    for key in ("99-00000000", "nonsense", "x" * 100, alice.keys[""][:-1] + "z"):
        alice.keys[""] = key
        assert (await alice.folder_sync()).get("Status") == "9"
