"""Mailboxes made, changed and taken away; the differences of queries. RFC 8621 §2."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupware.model.item import Kind
from groupware.store.api import WriteTx
from tests.support.jmapstand import Client, Stand, letter
from web.jmap.remembered import difference


async def box(client: Client, name: str, account: str | None = None) -> dict[str, Any]:
    """The mailbox of that name."""
    got = await client.call("Mailbox/get", accountId=account)
    return next(each for each in got["list"] if each["name"] == name)


async def made(client: Client, account: str | None = None, **given: Any) -> str:
    """The id of a new mailbox."""
    got = await client.call("Mailbox/set", create={"k": given}, accountId=account)
    assert got["notCreated"] is None, got
    return str(got["created"]["k"]["id"])


async def refused(client: Client, account: str | None = None, **given: Any) -> dict[str, Any]:
    """The SetError of a mailbox that is not made."""
    got = await client.call("Mailbox/set", create={"k": given}, accountId=account)
    return dict(got["notCreated"]["k"])


async def not_updated(client: Client, name: str, patch: dict[str, Any], account: str | None = None) -> dict[str, Any]:
    got = await client.call("Mailbox/set", update={name: patch}, accountId=account)
    return dict(got["notUpdated"][name])


async def test_a_tree_is_made_in_one_call(alice: Client) -> None:
    got = await alice.call(
        "Mailbox/set",
        create={
            "deep": {"name": "Deep", "parentId": "#work"},
            "work": {"name": "Work", "isSubscribed": False, "sortOrder": 7},
        },
    )
    assert got["oldState"] != got["newState"]
    work, deep = got["created"]["work"], got["created"]["deep"]
    assert work["parentId"] is None and work["totalEmails"] == 0 and "name" not in work and "sortOrder" not in work
    there = {each["id"]: each for each in (await alice.call("Mailbox/get"))["list"]}
    assert there[deep["id"]]["parentId"] == work["id"]
    assert (there[work["id"]]["isSubscribed"], there[work["id"]]["sortOrder"]) == (False, 7)


@pytest.mark.parametrize(
    ("given", "properties"),
    [
        ({}, ["name"]),
        ({"name": ""}, ["name"]),
        ({"name": "a/b"}, ["name"]),
        ({"name": "x" * 300}, ["name"]),
        ({"name": " x"}, ["name"]),
        ({"name": "Inbox"}, ["name"]),
        ({"name": "Sent"}, ["name"]),
        ({"name": 7}, ["name"]),
        ({"name": "x", "parentId": "F999999"}, ["parentId"]),
        ({"name": "x", "parentId": 7}, ["parentId"]),
        ({"name": "x", "role": "nothing"}, ["role"]),
        ({"name": "x", "role": "sent"}, ["role"]),
        ({"name": "x", "sortOrder": -1}, ["sortOrder"]),
        ({"name": "x", "isSubscribed": 1}, ["isSubscribed"]),
        ({"name": "x", "totalEmails": 1}, ["totalEmails"]),
        ({"name": "x", "odd": 1}, ["odd"]),
    ],
)
async def test_a_mailbox_that_cannot_be_says_which_property(
    alice: Client, given: dict[str, Any], properties: list[str]
) -> None:
    said = await refused(alice, **given)
    assert (said["type"], said["properties"]) == ("invalidProperties", properties)


async def test_a_mailbox_gets_another_name_and_place_and_keeps_its_id(stand: Stand, alice: Client) -> None:
    work, old = await made(alice, name="Work"), await made(alice, name="Old")
    await stand.put("alice", letter("x"), "Old")
    got = await alice.call("Mailbox/set", update={old: {"name": "New", "parentId": work, "sortOrder": 3}})
    assert got["updated"] == {old: None}
    there = await box(alice, "New")
    assert (there["id"], there["parentId"], there["sortOrder"], there["totalEmails"]) == (old, work, 3, 1)
    assert (await not_updated(alice, work, {"parentId": old}))["properties"] == ["parentId"]
    await alice.call("Mailbox/set", update={old: {"parentId": None}})
    assert (await box(alice, "New"))["parentId"] is None


async def test_the_inbox_stays_where_it_is_with_what_is_in_it(stand: Stand, alice: Client) -> None:
    await stand.put("alice", letter("x"))
    inbox = (await box(alice, "Inbox"))["id"]
    assert (await not_updated(alice, inbox, {"name": "Other"}))["type"] == "forbidden"
    assert (await not_updated(alice, inbox, {"role": None}))["type"] == "invalidProperties"
    got = await alice.call("Mailbox/set", destroy=[inbox], onDestroyRemoveEmails=True)
    assert got["notDestroyed"][inbox]["type"] == "forbidden"
    assert (await box(alice, "Inbox"))["totalEmails"] == 1


async def test_what_is_refused_has_a_reason_that_pages_can_say_in_their_language(
    stand: Stand, alice: Client, bob: Client
) -> None:
    made = await alice.call("Mailbox/set", create={"a": {"name": "A"}, "b": {"name": "B", "parentId": "#a"}})
    above, below = made["created"]["a"]["id"], made["created"]["b"]["id"]
    got = await alice.call("Mailbox/set", update={above: {"parentId": below}, below: {"role": "trash"}})
    assert got["notUpdated"][above]["reason"] == "belowItself"
    taken = got["notUpdated"][below]
    assert (taken["reason"], taken["facts"]) == ("roleTaken", {"folder": "Trash"})
    await stand.share("alice", "A", "bob@example.test", "lr")
    account = await bob.account("alice")
    no = (await bob.call("Mailbox/set", accountId=account, destroy=[below]))["notDestroyed"][below]
    assert (no["type"], no["reason"], no["facts"]) == ("forbidden", "noRight", {"folder": "A/B", "rights": "x"})


async def test_a_role_goes_from_one_mailbox_to_another_in_one_call(alice: Client) -> None:
    sent, new = (await box(alice, "Sent"))["id"], await made(alice, name="Gone out")
    got = await alice.call("Mailbox/set", update={new: {"role": "sent"}, sent: {"role": None}})
    assert got["notUpdated"] is None
    assert ((await box(alice, "Gone out"))["role"], (await box(alice, "Sent"))["role"]) == ("sent", None)


async def test_what_is_full_or_has_others_below_is_not_destroyed_by_accident(stand: Stand, alice: Client) -> None:
    work = await made(alice, name="Work")
    deep = await made(alice, name="Deep", parentId=work)
    await stand.put("alice", letter("x"), "Work/Deep")
    got = await alice.call("Mailbox/set", destroy=[work, deep, "F999999"])
    kinds = {name: each["type"] for name, each in got["notDestroyed"].items()}
    assert kinds == {work: "mailboxHasChild", deep: "mailboxHasEmail", "F999999": "notFound"}
    got = await alice.call("Mailbox/set", destroy=[work, deep], onDestroyRemoveEmails=True)
    assert got["destroyed"] == [deep, work]


async def test_order_and_subscription_are_each_persons_own(stand: Stand, alice: Client, bob: Client) -> None:
    inbox = (await box(alice, "Inbox"))["id"]
    await stand.share("alice", "INBOX", "bob@example.test", "lrs")
    shared = await bob.account("alice")
    before = await box(alice, "Inbox")
    got = await bob.call("Mailbox/set", update={inbox: {"sortOrder": 99, "isSubscribed": True}}, accountId=shared)
    assert got["updated"] == {inbox: None}
    [mine] = (await bob.call("Mailbox/get", ids=[inbox], accountId=shared))["list"]
    assert (mine["sortOrder"], mine["isSubscribed"]) == (99, True)
    assert await box(alice, "Inbox") == before


async def test_who_may_only_read_changes_nothing(stand: Stand, alice: Client, bob: Client) -> None:
    work = await made(alice, name="Work")
    await stand.share("alice", "Work", "bob@example.test", "lr")
    shared = await bob.account("alice")
    assert (await refused(bob, shared, name="x"))["type"] == "forbidden"
    assert (await refused(bob, shared, name="x", parentId=work))["type"] == "forbidden"
    assert (await not_updated(bob, work, {"name": "Mine"}, shared))["type"] == "forbidden"
    got = await bob.call("Mailbox/set", destroy=[work], accountId=shared)
    assert got["notDestroyed"][work]["type"] == "forbidden"
    await stand.share("alice", "Work", "bob@example.test", "lrkx")
    assert await made(bob, shared, name="Below", parentId=work)
    assert (await refused(bob, shared, name="x", parentId=work, role="archive"))["type"] == "invalidProperties"


async def test_a_hidden_mailbox_below_is_not_told_and_not_lost(stand: Stand, alice: Client, bob: Client) -> None:
    work = await made(alice, name="Work")
    await made(alice, name="Secret", parentId=work)
    await stand.share("alice", "Work", "bob@example.test", "lrx")

    def hide(tx: WriteTx) -> None:
        at = tx.locate(tx.account("alice@example.test").id, "Work/Secret")
        tx.grant(at.id, "bob@example.test", at.rights & ~at.rights, at.rights)

    await stand.house.write(hide)
    got = await bob.call("Mailbox/set", destroy=[work], accountId=await bob.account("alice"))
    assert got["notDestroyed"][work]["type"] == "mailboxHasChild"
    assert (await box(alice, "Secret"))["parentId"] == work


async def test_a_call_with_an_old_state_is_refused_whole(alice: Client) -> None:
    old = (await alice.call("Mailbox/get", ids=[]))["state"]
    work = await made(alice, name="Work")
    assert await alice.refused("Mailbox/set", ifInState=old, destroy=[work]) == "stateMismatch"
    now = (await alice.call("Mailbox/get", ids=[]))["state"]
    got = await alice.call("Mailbox/set", ifInState=now, destroy=[work])
    assert got["destroyed"] == [work]


async def test_too_many_objects_are_refused(alice: Client) -> None:
    create = {f"k{number}": {"name": f"n{number}"} for number in range(501)}
    assert await alice.refused("Mailbox/set", create=create) == "requestTooLarge"


async def test_what_a_set_did_is_told_as_changes(stand: Stand, alice: Client) -> None:
    gone, renamed = await made(alice, name="Gone"), await made(alice, name="Old")
    since = (await alice.call("Mailbox/get", ids=[]))["state"]
    await alice.call("Mailbox/set", destroy=[gone], update={renamed: {"name": "New"}})
    new = await made(alice, name="Other")
    got = await alice.call("Mailbox/changes", sinceState=since)
    assert (got["created"], got["updated"], got["destroyed"]) == ([new], [renamed], [gone])
    assert got["updatedProperties"] is None
    assert got["newState"] == (await alice.call("Mailbox/get", ids=[]))["state"]
    await stand.put("alice", letter("x"))
    got = await alice.call("Mailbox/changes", sinceState=got["newState"])
    assert got["updated"] == [(await box(alice, "Inbox"))["id"]]
    assert "totalEmails" in got["updatedProperties"] and "name" not in got["updatedProperties"]


async def test_a_query_of_mailboxes_tells_what_became_of_it(alice: Client) -> None:
    asked: dict[str, Any] = {"filter": {"hasAnyRole": False}, "sort": [{"property": "name"}]}
    b, c = await made(alice, name="B"), await made(alice, name="C")
    before = await alice.call("Mailbox/query", **asked)
    assert before["ids"] == [b, c] and before["canCalculateChanges"]
    a = await made(alice, name="A")
    await alice.call("Mailbox/set", destroy=[c], update={b: {"name": "D"}})
    got = await alice.call("Mailbox/queryChanges", sinceQueryState=before["queryState"], calculateTotal=True, **asked)
    assert (got["removed"], got["added"], got["total"]) == ([c], [{"id": a, "index": 0}], 2)
    assert await alice.refused("Mailbox/queryChanges", sinceQueryState="Qnothing") == "cannotCalculateChanges"
    few = {"sinceQueryState": before["queryState"], "maxChanges": 1, **asked}
    assert await alice.refused("Mailbox/queryChanges", **few) == "tooManyChanges"


async def test_mailboxes_are_sorted_and_filtered_as_a_tree(alice: Client) -> None:
    b = await made(alice, name="B", sortOrder=1)
    a = await made(alice, name="A", sortOrder=2)
    under_a = await made(alice, name="B1", parentId=a, sortOrder=0)
    asked: dict[str, Any] = {"filter": {"hasAnyRole": False}, "sort": [{"property": "sortOrder"}]}
    assert (await alice.call("Mailbox/query", **asked))["ids"] == [under_a, b, a]
    assert (await alice.call("Mailbox/query", sortAsTree=True, **asked))["ids"] == [b, a, under_a]
    asked["filter"] = {"name": "B"}
    assert sorted((await alice.call("Mailbox/query", **asked))["ids"]) == sorted(
        [b, under_a, *await named(alice, "Inbox")]
    )
    got = (await alice.call("Mailbox/query", filterAsTree=True, **asked))["ids"]
    assert under_a not in got and b in got


async def named(client: Client, name: str) -> list[str]:
    return [(await box(client, name))["id"]]


@given(st.lists(st.integers(0, 30), unique=True), st.lists(st.integers(0, 30), unique=True))
def test_a_difference_leads_from_the_old_list_to_the_new_one(old: list[int], new: list[int]) -> None:
    before, after = [f"M{each}" for each in old], [f"M{each}" for each in new]
    told = difference(before, after, None)
    found = [each for each in before if each not in told["removed"]]
    for each in told["added"]:
        found.insert(each["index"], each["id"])
    assert found == after


async def test_a_query_of_emails_tells_what_became_of_it(stand: Stand, alice: Client) -> None:
    inbox = (await box(alice, "Inbox"))["id"]
    one, two = [await stand.put("alice", letter(f"Invoice {number}")) for number in range(2)]
    for asked in ({"filter": {"inMailbox": inbox}}, {"filter": {"subject": "invoice"}}):
        before = await alice.call("Email/query", **asked)
        assert sorted(before["ids"]) == sorted([one, two]) and before["canCalculateChanges"]
        three = await stand.put("alice", letter("Invoice 3"))
        got = await alice.call("Email/queryChanges", sinceQueryState=before["queryState"], calculateTotal=True, **asked)
        assert (got["removed"] in ([], [three]), got["added"], got["total"]) == (True, [{"id": three, "index": 0}], 3)
        last = got["newQueryState"]

        def away(tx: WriteTx) -> None:
            at = tx.locate(tx.account("alice@example.test").id, "INBOX")
            uid = tx.latest(at.id, 0, 1)[0][0]
            tx.expunge(at.id, [(uid, uid)], deleted_only=False)

        await stand.house.write(away)
        got = await alice.call("Email/queryChanges", sinceQueryState=last, **asked)
        assert (got["removed"], got["added"]) == ([three], [])


async def test_no_folder_of_another_kind_is_a_mailbox(stand: Stand, alice: Client) -> None:
    def calendar(tx: WriteTx) -> int:
        return tx.add_folder(tx.account("alice@example.test").id, "Dates", Kind.CALENDAR).id

    number = f"F{await stand.house.write(calendar)}"
    got = await alice.call("Mailbox/set", destroy=[number])
    assert got["notDestroyed"][number]["type"] == "notFound"
