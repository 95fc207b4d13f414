"""Emails that wait until a moment, and the order in which what is pinned or has come back is first (decision 309)."""

from __future__ import annotations

import random
from typing import Any

from groupware.store.waking import wake_due
from tests.support.jmapstand import Client, Stand, letter

PAST, LATER = "2026-01-01T08:00:00Z", "2029-01-01T08:00:00Z"
TOPS = [
    {"property": "hasKeyword", "keyword": "$pinned", "isAscending": False},
    {"property": "hasKeyword", "keyword": "$new", "isAscending": False},
    {"property": "receivedAt", "isAscending": False},
]


async def role(client: Client, name: str) -> str:
    found = (await client.call("Mailbox/query", filter={"role": name}))["ids"]
    if found:
        return str(found[0])
    made = await client.call("Mailbox/set", create={"k": {"name": name.capitalize(), "role": name}})
    return str(made["created"]["k"]["id"])


async def one(client: Client, email: str) -> dict[str, Any]:
    wanted = ["mailboxIds", "keywords", "snoozed"]
    return dict((await client.call("Email/get", ids=[email], properties=wanted))["list"][0])


async def test_an_email_waits_and_comes_back(stand: Stand, alice: Client) -> None:
    email, at = await stand.put("alice", letter("later")), await role(alice, "snoozed")
    inbox, archive = await role(alice, "inbox"), await role(alice, "archive")
    state = (await alice.call("Email/get", ids=[]))["state"]
    waits = {"until": LATER, "moveToMailboxId": archive}
    got = await alice.call("Email/set", update={email: {"mailboxIds": {at: True}, "snoozed": waits}})
    assert got["updated"] == {email: None}
    assert await one(alice, email) == {"id": email, "mailboxIds": {at: True}, "keywords": {}, "snoozed": waits}
    assert email in (await alice.call("Email/changes", sinceState=state))["updated"]
    await alice.call("Email/set", update={email: {"keywords/$seen": True, "snoozed": {"until": PAST}}})
    assert (await wake_due(stand.house.store))[0] == 1
    back = await one(alice, email)
    assert (back["mailboxIds"], back["keywords"], back["snoozed"]) == ({inbox: True}, {"$new": True}, None)


async def test_it_waits_nowhere_else_and_until_a_moment(stand: Stand, alice: Client) -> None:
    await stand.share("bob", "INBOX", "alice@example.test", "lrswite")
    email, at = await stand.put("alice", letter("later")), await role(alice, "snoozed")
    for patch in (
        {"snoozed": {"until": LATER}},
        {"mailboxIds": {at: True}, "snoozed": {"until": "soon"}},
        {"mailboxIds": {at: True}, "snoozed": {}},
        {"mailboxIds": {at: True}, "snoozed": {"until": LATER, "moveToMailboxId": 1}},
        {"mailboxIds": {at: True}, "snoozed": {"until": LATER, "setKeywords": {}}},
    ):
        told = await alice.call("Email/set", update={email: patch})
        assert told["notUpdated"][email]["type"] == "invalidProperties", patch
    assert (await one(alice, email))["snoozed"] is None
    await alice.call("Email/set", update={email: {"mailboxIds": {at: True}, "snoozed": {"until": LATER}}})
    inbox = await role(alice, "inbox")
    told = await alice.call("Email/set", update={email: {"mailboxIds": {inbox: True}, "snoozed": None}})
    assert told["updated"] == {email: None} and (await one(alice, email))["snoozed"] is None


async def test_the_order_by_the_index_is_the_one_by_looking_at_all(stand: Stand, alice: Client) -> None:
    inbox, choice = await role(alice, "inbox"), random.Random(7)
    emails = [await stand.put("alice", letter(f"n{number}")) for number in range(24)]
    marks = {each: choice.choice(["", "", "$pinned", "$new", "both"]) for each in emails}
    words = {"": {}, "both": {"keywords/$pinned": True, "keywords/$new": True}}
    update = {name: words.get(mark, {f"keywords/{mark}": True}) for name, mark in marks.items()}
    await alice.call("Email/set", update=update)
    every = {"operator": "AND", "conditions": [{"inMailbox": inbox}]}
    for sort in (TOPS, [TOPS[1], TOPS[0], TOPS[2]], [TOPS[0], TOPS[2]]):
        whole = (await alice.call("Email/query", filter=every, sort=sort))["ids"]
        assert len(whole) == 24
        for position, limit in ((0, 24), (0, 3), (2, 9), (7, 7), (15, 4), (20, 10), (30, 5)):
            given = {"filter": {"inMailbox": inbox}, "sort": sort, "position": position, "limit": limit}
            told = await alice.call("Email/query", **given, calculateTotal=True)
            assert told["ids"] == whole[position : position + limit], (sort, position)
            assert told["total"] == 24 and not told["canCalculateChanges"]
