"""Emails in several mailboxes: put there, changed, taken out, and told of as far as one may read."""

from __future__ import annotations

from typing import Any

from groupware.mime.item import Marks, read_item
from groupware.model.flags import FlagChange, Flags
from groupware.model.ids import EVERY, FolderId, Uid
from groupware.store.api import WriteTx
from tests.protocol.jmap.test_email_set import box, created, fetched
from tests.support.jmapstand import Client, Stand, letter


async def both(client: Client, *roles: str) -> dict[str, bool]:
    return {await box(client, each): True for each in roles}


async def update(client: Client, name: str, patch: dict[str, Any], account: str | None = None) -> dict[str, Any]:
    got = await client.call("Email/set", update={name: patch}, accountId=account)
    return dict((got["notUpdated"] or {}).get(name) or {})


async def copied(stand: Stand, name: str, to: str, uid: int = 1, path: str = "INBOX") -> None:
    def work(tx: WriteTx) -> None:
        owner = tx.account(f"{name}@example.test").id
        tx.copy(tx.locate(owner, path).id, ((Uid(uid), Uid(uid)),), tx.locate(owner, to).id)

    await stand.house.write(work)


async def test_an_email_is_made_in_several_mailboxes(alice: Client) -> None:
    places = await both(alice, "drafts", "inbox", "archive")
    made = await created(alice, mailboxIds=places, keywords={"$flagged": True, "$work": True})
    got = await fetched(alice, made["id"])
    assert (got["mailboxIds"], got["keywords"]) == (places, {"$flagged": True, "$work": True})
    assert {each: got[each] for each in ("blobId", "size", "threadId")} == {
        each: made[each] for each in ("blobId", "size", "threadId")
    }
    assert (await alice.call("Email/query"))["ids"] == [made["id"]]


async def test_the_capability_sets_no_bound_to_mailboxes(alice: Client) -> None:
    session = (await alice.get("/jmap/session")).json()
    [known, *_] = [each["accountCapabilities"] for each in session["accounts"].values()]
    assert known["urn:ietf:params:jmap:mail"]["maxMailboxesPerEmail"] is None


async def test_an_import_goes_into_several_mailboxes(alice: Client) -> None:
    places = await both(alice, "inbox", "archive")
    blob = (await alice.upload(letter("x"), "message/rfc822"))["blobId"]
    got = await alice.call("Email/import", emails={"k": {"blobId": blob, "mailboxIds": places}})
    assert (await fetched(alice, got["created"]["k"]["id"]))["mailboxIds"] == places


async def test_one_mailbox_more_is_a_copy_and_one_less_takes_that_away(stand: Stand, alice: Client) -> None:
    name = await stand.put("alice", letter("x"), marks=Marks(Flags.FLAGGED, frozenset({"$Work"})))
    inbox, archive = await box(alice, "inbox"), await box(alice, "archive")
    assert await update(alice, name, {f"mailboxIds/{archive}": True, "keywords/$seen": True}) == {}
    assert (await fetched(alice, name))["mailboxIds"] == {inbox: True, archive: True}
    [item] = await stand.house.items("alice", "Archive")
    assert (item.flags, item.keywords) == (Flags.SEEN | Flags.FLAGGED, {"$Work"})
    assert await update(alice, name, {f"mailboxIds/{inbox}": None}) == {}
    assert await stand.house.items("alice") == []
    got = await fetched(alice, name)
    assert (got["mailboxIds"], got["keywords"]) == ({archive: True}, {"$flagged": True, "$seen": True, "$work": True})
    assert (await update(alice, name, {f"mailboxIds/{archive}": None}))["type"] == "invalidProperties"


async def test_one_mailbox_instead_of_another_is_a_move(stand: Stand, alice: Client) -> None:
    name = await stand.put("alice", letter("x"))
    await copied(stand, "alice", "Trash")
    inbox, archive = await box(alice, "inbox"), await box(alice, "archive")
    assert await update(alice, name, {f"mailboxIds/{inbox}": None, f"mailboxIds/{archive}": True}) == {}
    assert (await fetched(alice, name))["mailboxIds"] == await both(alice, "archive", "trash")
    [item] = await stand.house.items("alice", "Archive")
    assert f"M{item.id}" == name


async def test_seen_and_draft_are_what_all_messages_have_and_others_what_one_has(stand: Stand, alice: Client) -> None:
    all_ = Marks(Flags.SEEN | Flags.DRAFT, frozenset({"$Work"}))
    name = await stand.put("alice", letter("x"), marks=all_)
    await copied(stand, "alice", "Archive")
    change = FlagChange(Flags.ANSWERED, Flags.SEEN | Flags.DRAFT, frozenset({"other"}), frozenset({"$Work"}))

    def marked(tx: WriteTx) -> FolderId:
        at = tx.locate(tx.account("alice@example.test").id, "Archive").id
        tx.update_flags(at, EVERY, change)
        return at

    await stand.house.write(marked)
    assert (await fetched(alice, name))["keywords"] == {"$answered": True, "$work": True, "other": True}
    assert await update(alice, name, {"keywords/$draft": True, "keywords/$answered": None}) == {}
    assert (await fetched(alice, name))["keywords"] == {"$draft": True, "$work": True, "other": True}


async def test_the_octets_of_an_email_keep_their_id_when_the_first_message_goes(stand: Stand, alice: Client) -> None:
    octets = letter("x")
    name = await stand.put("alice", octets)
    blob = (await fetched(alice, name))["blobId"]
    await copied(stand, "alice", "Archive")
    found = (await alice.call("Blob/lookup", ids=[blob], typeNames=["Mailbox", "Email"]))["list"][0]["matchedIds"]
    assert (sorted(found["Mailbox"]), found["Email"]) == (sorted(await both(alice, "inbox", "archive")), [name])
    await update(alice, name, {f"mailboxIds/{await box(alice, 'inbox')}": None})
    assert (await fetched(alice, name))["blobId"] == blob
    assert await alice.octets(blob) == octets


async def test_a_message_that_was_written_anew_is_another_email(stand: Stand, alice: Client) -> None:
    name = await stand.put("alice", letter("draft 1"))
    since = (await alice.call("Email/get", ids=[]))["state"]
    [item] = await stand.house.items("alice")
    new = await read_item(letter("draft 2"), stand.house.blobs, Marks())

    def work(tx: WriteTx) -> None:
        at = tx.locate(tx.account("alice@example.test").id, "INBOX").id
        tx.rewrite(at, item.uid, new)

    await stand.house.write(work)
    told = await alice.call("Email/changes", sinceState=since)
    assert (told["updated"], told["destroyed"]) == ([], [name])
    assert (await fetched(alice, told["created"][0]))["subject"] == "draft 2"
    assert (await alice.call("Email/changes", sinceState=told["newState"]))["created"] == []


# --- rights


async def test_a_message_where_one_may_not_read_is_told_in_no_way(stand: Stand, alice: Client, bob: Client) -> None:
    name = await stand.put("alice", letter("x"))
    await stand.share("alice", "INBOX", "bob@example.test", "lrswite")
    shared = await bob.account("alice")

    async def told() -> list[Any]:
        account = {"accountId": shared}
        calls = [
            ("Email/get", {**account, "ids": [name]}),
            ("Email/query", {**account, "calculateTotal": True}),
            ("Email/query", {**account, "filter": {"inMailbox": await box(alice, "archive")}}),
            ("Email/query", {**account, "filter": {"inMailboxOtherThan": [await box(alice, "inbox")]}}),
            ("Email/query", {**account, "filter": {"hasKeyword": "$flagged"}}),
            ("Mailbox/get", account),
            ("Thread/get", {**account, "ids": [(await fetched(alice, name))["threadId"]]}),
            ("Blob/lookup", {**account, "ids": ["G" + name[1:]], "typeNames": ["Mailbox", "Email"]}),
        ]
        return await bob.calls(*calls)

    before = await told()
    await copied(stand, "alice", "Archive")
    await stand.house.write(
        lambda tx: tx.update_flags(
            tx.locate(tx.account("alice@example.test").id, "Archive").id, EVERY, FlagChange(Flags.FLAGGED)
        )
    )
    assert await told() == before
    since = before[0][1]["state"]
    for method in ("Email/changes", "Mailbox/changes"):
        got = await bob.call(method, accountId=shared, sinceState=before[5][1]["state"] if "box" in method else since)
        assert (got["created"], got["updated"], got["destroyed"]) == ([], [], [])
    assert await update(bob, name, {"keywords/$seen": True}, shared) == {}
    got = await bob.call("Email/set", accountId=shared, destroy=[name])
    assert got["destroyed"] == [name]
    assert (await fetched(alice, name))["mailboxIds"] == await both(alice, "archive")


async def test_what_may_not_be_done_to_one_message_is_done_to_none(stand: Stand, alice: Client, bob: Client) -> None:
    name = await stand.put("alice", letter("x"))
    await copied(stand, "alice", "Archive")
    await stand.share("alice", "INBOX", "bob@example.test", "lrswite")
    await stand.share("alice", "Archive", "bob@example.test", "lr")
    shared = await bob.account("alice")
    inbox, archive, trash = [await box(alice, each) for each in ("inbox", "archive", "trash")]
    for patch in (
        {"keywords/$flagged": True},
        {"keywords/word": True},
        {f"mailboxIds/{archive}": None},
        {f"mailboxIds/{inbox}": None, f"mailboxIds/{archive}": None, f"mailboxIds/{trash}": True},
        {"mailboxIds": {inbox: True}, "keywords/$seen": True},
    ):
        assert (await update(bob, name, patch, shared)) != {}, patch
    got = await bob.call("Email/set", accountId=shared, destroy=[name])
    assert got["notDestroyed"][name]["type"] == "forbidden"
    assert (await fetched(bob, name, shared))["mailboxIds"] == {inbox: True, archive: True}
    assert (await fetched(bob, name, shared))["keywords"] == {}
    assert await update(bob, name, {f"mailboxIds/{inbox}": None}, shared) == {}
    assert (await fetched(alice, name))["mailboxIds"] == {archive: True}


async def test_a_copy_in_another_account_is_an_email_of_its_own(stand: Stand, alice: Client, bob: Client) -> None:
    name = await stand.put("alice", letter("x"))
    await copied(stand, "alice", "INBOX")
    await stand.share("alice", "INBOX", "bob@example.test", "lr")
    places = await both(bob, "inbox", "archive")
    asked = {"fromAccountId": await bob.account("alice"), "create": {"k": {"id": name, "mailboxIds": places}}}
    made = [(await bob.call("Email/copy", **asked))["created"]["k"]["id"] for _ in range(2)]
    assert len({name, *made}) == 3
    for each in made:
        assert (await fetched(bob, each))["mailboxIds"] == places
    await update(bob, made[0], {"keywords/$flagged": True})
    assert (await fetched(bob, made[1]))["keywords"] == {}


async def on_top(client: Client, role: str) -> list[str]:
    """A mailbox with what is pinned first."""
    pinned = {"property": "hasKeyword", "keyword": "$pinned", "isAscending": False}
    sort = [pinned, {"property": "receivedAt", "isAscending": False}]
    got = await client.call("Email/query", filter={"inMailbox": await box(client, role)}, sort=sort)
    return [str(each) for each in got["ids"]]


async def test_a_list_with_what_is_pinned_first_calls_copies_by_their_email(stand: Stand, alice: Client) -> None:
    first, second, third = [await stand.put("alice", letter(each)) for each in "abc"]
    await copied(stand, "alice", "Archive", 1)
    await copied(stand, "alice", "Archive", 3)
    await update(alice, third, {f"mailboxIds/{await box(alice, 'inbox')}": None})
    other = await stand.put("alice", letter("d"), "Archive")
    assert await on_top(alice, "archive") == [other, third, first]
    assert await on_top(alice, "inbox") == [second, first]
    await update(alice, third, {"keywords/$pinned": True})
    assert await on_top(alice, "archive") == [third, other, first]


async def test_what_is_pinned_in_one_mailbox_stands_on_top_of_the_others(stand: Stand, alice: Client) -> None:
    first, second = [await stand.put("alice", letter(each)) for each in "ab"]
    await copied(stand, "alice", "Archive", 1)
    await copied(stand, "alice", "Archive", 2)
    await stand.house.write(
        lambda tx: tx.update_flags(
            tx.locate(tx.account("alice@example.test").id, "INBOX").id,
            ((Uid(1), Uid(1)),),
            FlagChange(add_words=frozenset({"$pinned"})),
        )
    )
    assert await on_top(alice, "archive") == [first, second]


async def test_an_email_that_is_in_a_mailbox_twice_is_listed_once(stand: Stand, alice: Client) -> None:
    first, second = [await stand.put("alice", letter(each)) for each in "ab"]
    await copied(stand, "alice", "INBOX", 1)
    assert sorted(await on_top(alice, "inbox")) == sorted([first, second])
