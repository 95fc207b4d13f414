"""What finds emails quickly finds the same: flags that the store looks at, words in order, the first of threads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from groupware.mime.item import Marks
from groupware.model.flags import Flags
from groupware.model.ids import ranges
from groupware.model.item import Query
from groupware.store.upkeep import index_pending
from tests.support.jmapstand import Client, Stand, letter

NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
UNMARKED = Flags(0)
ORDER = [
    {"property": "hasKeyword", "keyword": "$pinned", "isAscending": False},
    {"property": "hasKeyword", "keyword": "$new", "isAscending": False},
    {"property": "receivedAt", "isAscending": False},
]


async def query(client: Client, **given: Any) -> list[str]:
    return list((await client.call("Email/query", **given))["ids"])


async def put(
    stand: Stand, subject: str, minutes: int, *lines: str, flags: Flags = UNMARKED, path: str = "INBOX"
) -> str:
    marks = Marks(flags, saved=NOW + timedelta(minutes=minutes))
    return await stand.put("alice", letter(subject, *lines), path, marks)


async def test_what_is_unread_is_found_in_all_mailboxes(stand: Stand, alice: Client) -> None:
    await put(stand, "read", 9, flags=Flags.SEEN)
    unread = await put(stand, "unread", 1)
    flagged = await put(stand, "both", 2, flags=Flags.FLAGGED)
    other = await put(stand, "else", 3, path="Archive")
    assert await query(alice, filter={"notKeyword": "$seen"}) == [other, flagged, unread]
    assert await query(alice, filter={"notKeyword": "$seen", "hasKeyword": "$flagged"}) == [flagged]
    assert await query(alice, filter={"notKeyword": "$seen", "text": "unread"}) == [unread]
    either = {"operator": "OR", "conditions": [{"hasKeyword": "$flagged"}, {"notKeyword": "$seen"}]}
    assert await query(alice, filter=either) == [other, flagged, unread]
    none = {"operator": "AND", "conditions": [{"hasKeyword": "$seen"}, {"notKeyword": "$seen"}]}
    assert await query(alice, filter=none) == []
    assert await query(alice, filter={"operator": "NOT", "conditions": [{"hasKeyword": "$seen"}]}) == (
        [other, flagged, unread]
    )


async def test_what_somebody_else_has_read_is_unread_for_oneself(stand: Stand, alice: Client, bob: Client) -> None:
    one = await put(stand, "one", 1, flags=Flags.SEEN | Flags.FLAGGED)
    await stand.share("alice", "INBOX", "bob@example.test", "lrs")
    account = await bob.account("alice")
    assert await query(bob, accountId=account, filter={"notKeyword": "$seen", "hasKeyword": "$flagged"}) == [one]
    await bob.call("Email/set", accountId=account, update={one: {"keywords/$seen": True}})
    assert await query(bob, accountId=account, filter={"notKeyword": "$seen"}) == []
    await alice.call("Email/set", update={one: {"keywords/$seen": None}})
    assert await query(bob, accountId=account, filter={"notKeyword": "$seen"}) == []
    assert await query(bob, accountId=account, filter={"hasKeyword": "$seen"}) == [one]


@pytest.mark.parametrize("few", [1000, 0], ids=["one by one", "by the index"])
async def test_words_are_found_with_the_newest_first(
    stand: Stand, alice: Client, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr("groupware.store.sql.search.FEW_ITEMS", few)
    second = await put(stand, "rake", 2)
    third = await put(stand, "a rake", 3, path="Archive")
    first = await put(stand, "rakes", 1)
    await put(stand, "ra ke", 4)
    await index_pending(stand.house.store)
    late = await put(stand, "the rake", 2)
    await put(stand, "spade", 9)
    ids = await query(alice, filter={"text": "rake"})
    assert ids == [third, late, second, first]
    assert await query(alice, filter={"text": "rake", "inMailbox": await mailbox(alice, "inbox")}) == [
        late,
        second,
        first,
    ]
    assert await query(alice, filter={"subject": "rake"}) == ids
    assert await query(alice, filter={"body": "hello", "text": "rake"}) == ids

    def both(tx: Any) -> tuple[list[int], list[int]]:
        at = [each.id for each in tx.folders(of=tx.account("alice@example.test").id) if each.kind == "mail"]
        found = tx.find(at, Query(text=("rake",)))
        newest = sorted(found, key=lambda each: (each.saved_at, each.uid), reverse=True)
        emails = [tx.columns(each.folder, ("email",), ranges([each.uid]))[0][1] for each in newest]
        return emails, list(tx.find_latest(at, Query(text=("rake",))))

    one, other = await stand.house.read(both)
    assert one == other


async def mailbox(client: Client, role: str) -> str:
    return str(next(each["id"] for each in (await client.call("Mailbox/get"))["list"] if each["role"] == role))


@pytest.mark.parametrize("sort", [ORDER, ORDER[-1:]], ids=["with tops", "plain"])
async def test_a_mailbox_has_of_each_thread_the_email_that_comes_first(
    stand: Stand, alice: Client, sort: list[dict[str, Any]]
) -> None:
    inbox = await mailbox(alice, "inbox")
    first = await put(stand, "one", 1, "Message-ID: <a@x>")
    answer = await put(stand, "Re: one", 5, "Message-ID: <b@x>", "References: <a@x>")
    alone = await put(stand, "two", 3, "Message-ID: <c@x>")
    elsewhere = await put(stand, "Re: two", 9, "Message-ID: <d@x>", "References: <c@x>", path="Archive")

    async def shown(**more: Any) -> tuple[list[str], int]:
        asked = {"filter": {"inMailbox": inbox}, "sort": sort, "collapseThreads": True, "calculateTotal": True}
        got = await alice.call("Email/query", **asked, **more)
        return got["ids"], got["total"]

    assert await shown() == ([answer, alone], 2)
    assert await shown(position=1, limit=1) == ([alone], 2)
    assert await shown(anchor=alone) == ([alone], 2)
    await alice.call("Email/set", update={alone: {"keywords/$pinned": True}})
    assert await shown() == (([alone, answer] if sort is ORDER else [answer, alone]), 2)
    await alice.call("Email/set", destroy=[answer])
    assert await shown() == ([alone, first], 2)
    await alice.call("Email/set", update={elsewhere: {"mailboxIds": {inbox: True}}})
    ids, total = await shown()
    assert (total, set(ids)) == (2, {first, alone if sort is ORDER else elsewhere})


async def test_pages_of_threads_hang_together(stand: Stand, alice: Client) -> None:
    inbox = await mailbox(alice, "inbox")
    made = [await put(stand, f"n{each}", each, f"Message-ID: <{each}@x>") for each in range(7)]
    asked = {"filter": {"inMailbox": inbox}, "sort": ORDER, "collapseThreads": True, "limit": 3}
    pages = [await query(alice, **asked, position=at) for at in (0, 3, 6, 9)]
    assert [each for page in pages for each in page] == made[::-1]
    assert all(set(one).isdisjoint(other) for one, other in pairwise(pages))
