"""FolderAccess: levels, ends, what is inherited, and why. Decision 273."""

from __future__ import annotations

from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from typing import Any

import pytest

from groupware.model.rights import letters
from tests.support.jmapstand import Client, Stand
from web.jmap.ids import principal_id

Json = dict[str, Any]
ALICE, BOB = "alice@example.test", "bob@example.test"
HIM = principal_id(BOB)


async def folders(client: Client, account: str | None = None, **more: Any) -> dict[str, Json]:
    """By name."""
    given = {"accountId": account, **more} if account else more
    return {each["name"]: each for each in (await client.call("FolderAccess/get", **given))["list"]}


async def grants(stand: Stand, path: str) -> list[tuple[str, str, str]]:
    """(grantee, letters allowed, letters denied)."""
    rows = await stand.house.write(lambda tx: tx.grants(tx.locate(tx.account(ALICE).id, path).id))
    return [(each.grantee, letters(each.allow), letters(each.deny)) for each in rows]


async def test_a_level_with_an_end_is_granted_told_and_taken_away(stand: Stand, alice: Client, bob: Client) -> None:
    at = (await folders(alice))["Archive"]["id"]
    ends = "2099-01-31T12:00:00Z"
    await alice.call("FolderAccess/set", update={at: {f"access/{HIM}": {"level": "editor", "expires": ends}}})
    [row] = (await folders(alice))["Archive"]["access"].values()
    assert (row["grantee"], row["level"], row["rights"], row["expires"], row["state"]) == (
        BOB, "editor", "lrswipte", ends, "invited"
    )  # fmt: skip
    theirs = await folders(bob, await bob.account("alice"))
    assert (theirs["Archive"]["myLevel"], theirs["Archive"]["access"]) == ("editor", None)
    [notice] = (await bob.call("ShareNotification/get"))["list"]
    assert notice["objectId"] == at
    await alice.call("FolderAccess/set", update={at: {f"access/{HIM}": None}})
    assert await grants(stand, "Archive") == []


async def test_what_is_granted_above_holds_below_but_where_it_is_denied(stand: Stand, alice: Client) -> None:
    there = await folders(alice)
    made = await alice.call("Mailbox/set", create={"k": {"name": "Below", "parentId": there["Archive"]["id"]}})
    root, below = there[""]["id"], made["created"]["k"]["id"]
    await alice.call("FolderAccess/set", update={root: {f"access/{HIM}": {"level": "viewer"}}})
    found = (await folders(alice))["Below"]
    assert [(each["from"], each["level"]) for each in found["inherited"]] == [(root, "viewer")]
    why = await alice.call("FolderAccess/explain", id=below, principalId=HIM)
    assert (why["level"], [each["rights"] for each in why["reasons"]]) == ("viewer", ["lrs"])
    await alice.call("FolderAccess/set", update={below: {f"access/{HIM}": {"level": "none"}}})
    why = await alice.call("FolderAccess/explain", id=below, principalId=HIM)
    assert (why["rights"], len(why["reasons"])) == ("", 2)
    assert [each["level"] for each in (await folders(alice))["Below"]["access"].values()] == ["none"]
    await alice.call("FolderAccess/set", update={below: {f"access/{HIM}": {"level": "author"}}})
    assert (await alice.call("FolderAccess/explain", id=below, principalId=HIM))["rights"] == "lrsip64"


async def test_letters_of_ones_own_are_custom(stand: Stand, alice: Client) -> None:
    at = (await folders(alice))["Archive"]["id"]
    entry = {"rights": "lrsw", "denied": "e"}
    await alice.call("FolderAccess/set", update={at: {f"access/{HIM}": entry}})
    [row] = (await folders(alice))["Archive"]["access"].values()
    assert (row["level"], row["rights"], row["denied"]) == ("custom", "lrsw", "e")
    assert await grants(stand, "Archive") == [(BOB, "lrsw", "e")]


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "x"},
        {f"access/{HIM}": 7},
        {f"access/{HIM}": {}},
        {f"access/{HIM}": {"level": "lord"}},
        {f"access/{HIM}": {"rights": "lrQ"}},
        {f"access/{HIM}": {"rights": 3}},
        {f"access/{HIM}": {"level": "viewer", "odd": 1}},
        {f"access/{HIM}": {"level": "viewer", "expires": "soon"}},
        {f"access/{HIM}": {"level": "viewer", "expires": "2001-01-31T12:00:00Z"}},
        {f"access/{principal_id('nobody@example.test')}": {"level": "viewer"}},
        {f"access/{principal_id(ALICE)}": {"level": "viewer"}},
        {"access/x": {"level": "viewer"}},
        {"access/": None},
    ],
)
async def test_what_cannot_be_granted_is_refused_and_changes_nothing(stand: Stand, alice: Client, wrong: Json) -> None:
    at = (await folders(alice))["Archive"]["id"]
    got = await alice.call("FolderAccess/set", update={at: {**wrong}})
    assert got["notUpdated"][at]["type"] == "invalidProperties"
    assert await grants(stand, "Archive") == []


async def test_who_may_not_say_who_may_does_not_learn_it(stand: Stand, alice: Client, bob: Client) -> None:
    await stand.share("alice", "Archive", BOB, "lrswipte")
    account = await bob.account("alice")
    at = (await folders(bob, account))["Archive"]["id"]
    got = await bob.call("FolderAccess/set", accountId=account, update={at: {f"access/{HIM}": {"level": "master"}}})
    assert got["notUpdated"][at]["type"] == "forbidden"
    assert await bob.refused("FolderAccess/explain", accountId=account, id=at, principalId=HIM) == "forbidden"
    hidden = (await folders(alice))["Sent"]["id"]
    got = await bob.call("FolderAccess/set", accountId=account, update={hidden: {f"access/{HIM}": {"level": "viewer"}}})
    assert got["notUpdated"][hidden]["type"] == "notFound"
    assert await bob.refused("FolderAccess/explain", accountId=account, id=hidden, principalId=HIM) == "notFound"
    assert await grants(stand, "Archive") == [(BOB, "lrswipte", "")]


async def test_the_state_is_another_after_a_grant(alice: Client) -> None:
    before = await alice.call("FolderAccess/get", ids=[])
    at = (await folders(alice))["Archive"]["id"]
    patch = {f"access/{HIM}": {"level": "viewer"}}
    await alice.call("FolderAccess/set", update={at: patch}, ifInState=before["state"])
    assert await alice.refused("FolderAccess/set", update={at: patch}, ifInState=before["state"]) == "stateMismatch"
    assert (await alice.call("FolderAccess/set", create={"k": {}}))["notCreated"]["k"]["type"] == "forbidden"
    assert (await alice.call("FolderAccess/set", destroy=[at]))["notDestroyed"][at]["type"] == "forbidden"


async def requests(client: Client) -> list[Json]:
    return list((await client.call("AccessRequest/get"))["list"])


async def test_access_is_asked_for_and_granted_or_refused_at_once(stand: Stand, alice: Client, bob: Client) -> None:
    wanted = {"principalId": principal_id(ALICE), "level": "viewer", "text": "for the party"}
    made = await bob.call(
        "AccessRequest/set", create={"k": {**wanted, "path": "archive"}, "n": {**wanted, "path": "X"}}
    )
    assert made["created"].keys() == {"k", "n"}
    assert {(each["path"], each["folderId"], each["status"]) for each in await requests(bob)} == {
        ("archive", None, "waiting"), ("X", None, "waiting")
    }  # fmt: skip
    there = {each["path"]: each for each in await requests(alice)}
    at = (await folders(alice))["Archive"]["id"]
    assert (there["archive"]["folderId"], there["archive"]["email"], there["X"]["folderId"]) == (at, BOB, None)
    answers = {there["archive"]["id"]: {"status": "granted"}, there["X"]["id"]: {"status": "granted"}}
    got = await alice.call("AccessRequest/set", update=answers)
    assert (list(got["updated"]), got["notUpdated"][there["X"]["id"]]["properties"]) == (
        [there["archive"]["id"]], ["folderId"]
    )  # fmt: skip
    await alice.call("AccessRequest/set", update={there["X"]["id"]: {"status": "refused"}})
    assert await grants(stand, "Archive") == [(BOB, "lrs", "")]
    assert {each["path"]: each["status"] for each in await requests(bob)} == {"archive": "granted", "X": "refused"}


async def letter(stand: Stand) -> tuple[Message, list[str]]:
    """The one letter in the queue, and to whom it goes."""

    [one] = await stand.house.write(lambda tx: tx.queued())
    octets = await stand.house.blobs.read(one.envelope.blob)
    return message_from_bytes(octets), [each.address for each in one.envelope.recipients]


@pytest.mark.parametrize(
    ("language", "subject", "says"),
    [
        ("", "bob@example.test asks for access to your whole mailbox", "to read."),
        ("de-AT", "bob@example.test bittet um Zugriff auf Ihr ganzes Postfach", "lesen."),
        ("fr", "bob@example.test asks for access to your whole mailbox", "to read."),
    ],
)
async def test_the_owner_gets_a_letter_in_their_language(
    stand: Stand, alice: Client, bob: Client, language: str, subject: str, says: str
) -> None:
    await stand.house.write(lambda tx: tx.put_setting("language", language, tx.account(ALICE).id))
    wanted = {"principalId": principal_id(ALICE), "level": "viewer", "text": "please\n$link", "path": ""}
    await bob.call("AccessRequest/set", create={"k": wanted})
    found, to = await letter(stand)
    body = found.get_payload(decode=True).decode()  # type: ignore[union-attr]
    assert (to, str(make_header(decode_header(found["Subject"])))) == ([ALICE], subject)
    assert says in body and "> please\n> $link" in body.replace("\r", "") and "/mail/settings/sharing" in body
    assert (found["Reply-To"], found["X-Postroom-Letter"], found["Auto-Submitted"]) == (
        BOB, "access-request", "auto-generated"
    )  # fmt: skip


async def test_more_is_asked_for_of_a_folder_that_one_sees(stand: Stand, alice: Client, bob: Client) -> None:
    await stand.share("alice", "Archive", BOB, "lrs")
    at = (await folders(alice))["Archive"]["id"]
    asked = {"principalId": principal_id(ALICE), "accountId": await bob.account("alice"), "level": "editor"}
    hidden = (await folders(alice))["Sent"]["id"]
    got = await bob.call(
        "AccessRequest/set", create={"k": {**asked, "folderId": at}, "bad": {**asked, "folderId": hidden}}
    )
    assert (list(got["created"]), got["notCreated"]["bad"]["properties"]) == (["k"], ["folderId"])
    [one] = await requests(alice)
    assert (one["path"], one["folderId"], one["level"]) == ("Archive", at, "editor")
    for wrong in ({"level": "master"}, {"level": 1}, {"principalId": "Px"}, {"text": 1}, {"odd": 1}):
        got = await bob.call("AccessRequest/set", create={"k": {**asked, "path": "Sent", **wrong}})
        assert got["notCreated"]["k"]["type"] == "invalidProperties"
