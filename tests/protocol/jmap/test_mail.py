"""Mailboxes, emails and threads. RFC 8621."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from groupware.mime.item import Marks
from groupware.model.flags import FlagChange, Flags
from groupware.model.ids import FolderId, Uid
from tests.support.jmapstand import Client, Stand, letter

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
MIXED = "\r\n".join(
    [
        "Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=",
        "From: Ann <ann@far.test>",
        "Reply-To: Team: x@y.test, Zoe <z@y.test>;",
        "Date: Thu, 1 Jan 2026 10:00:00 +0200",
        "Message-ID: <one@far.test>",
        "X-Odd:  a",
        " b",
        "X-Odd: c",
        "List-Unsubscribe: <https://far.test/u>, <mailto:u@far.test>",
        'Content-Type: multipart/mixed; boundary="m"',
        "",
        "--m",
        'Content-Type: multipart/alternative; boundary="a"',
        "",
        "--a",
        "Content-Type: text/plain; charset=iso-8859-1",
        "Content-Transfer-Encoding: quoted-printable",
        "",
        "Gr=FC=DFe",
        "--a",
        "Content-Type: text/html",
        "",
        "<p>Hi</p>",
        "--a--",
        "--m",
        'Content-Type: application/pdf; name="a.pdf"',
        "Content-Disposition: attachment",
        "Content-Transfer-Encoding: base64",
        "",
        "JVBERg==",
        "--m--",
        "",
    ]
).encode()


async def _inbox(client: Client, account: str | None = None) -> str:
    got = await client.call("Mailbox/query", filter={"role": "inbox"}, accountId=account)
    return str(got["ids"][0])


async def _got(client: Client, email: str, **more: Any) -> dict[str, Any]:
    return dict((await client.call("Email/get", ids=[email], **more))["list"][0])


async def test_mailboxes_say_what_is_in_them_and_what_one_may_do(stand: Stand, alice: Client) -> None:
    await stand.put("alice", letter("One", "Message-ID: <1@x>"))
    await stand.put("alice", letter("Re: One", "Message-ID: <2@x>", "References: <1@x>"), marks=Marks(Flags.SEEN))
    [inbox] = (await alice.call("Mailbox/get", ids=[await _inbox(alice)]))["list"]
    assert (inbox["name"], inbox["role"], inbox["parentId"]) == ("Inbox", "inbox", None)
    assert [inbox[each] for each in ("totalEmails", "unreadEmails", "totalThreads", "unreadThreads")] == [2, 1, 1, 1]
    assert inbox["myRights"]["mayAddItems"] and not inbox["myRights"]["mayDelete"]


async def test_an_email_is_told_from_its_summary_and_its_octets(stand: Stand, alice: Client) -> None:
    email = await stand.put("alice", MIXED, marks=Marks(Flags.SEEN | Flags.FLAGGED, frozenset({"$Work"}), BEGIN))
    got = await _got(alice, email, fetchTextBodyValues=True, maxBodyValueBytes=4)
    assert (got["subject"], got["from"]) == ("Grüße", [{"name": "Ann", "email": "ann@far.test"}])
    assert (got["receivedAt"], got["sentAt"]) == ("2026-01-01T00:00:00Z", "2026-01-01T10:00:00+02:00")
    assert got["keywords"] == {"$seen": True, "$flagged": True, "$work": True}
    assert got["mailboxIds"] == {await _inbox(alice): True}
    assert got["hasAttachment"] and got["messageId"] == ["one@far.test"] and got["size"] == len(MIXED)
    [plain] = got["textBody"]
    assert (plain["type"], plain["charset"], plain["size"]) == ("text/plain", "iso-8859-1", 5)
    assert [each["type"] for each in got["htmlBody"]] == ["text/html"]
    assert [(each["name"], each["size"]) for each in got["attachments"]] == [("a.pdf", 4)]
    assert got["bodyValues"] == {
        plain["partId"]: {"value": "Grü", "isEncodingProblem": False, "isTruncated": True},
    }


async def test_the_structure_is_the_tree_of_parts(stand: Stand, alice: Client) -> None:
    email = await stand.put("alice", MIXED)
    got = await _got(alice, email, properties=["bodyStructure"], bodyProperties=["type", "header:Content-Type:asText"])
    root = got["bodyStructure"]
    assert (root["type"], [each["type"] for each in root["subParts"]]) == (
        "multipart/mixed",
        ["multipart/alternative", "application/pdf"],
    )
    assert [each["type"] for each in root["subParts"][0]["subParts"]] == ["text/plain", "text/html"]


@pytest.mark.parametrize(
    ("property", "value"),
    [
        ("header:Subject", " =?utf-8?Q?Gr=C3=BC=C3=9Fe?="),
        ("header:subject:asText", "Grüße"),
        ("header:X-Odd:asText:all", ["a b", "c"]),
        ("header:X-Odd:asText", "c"),
        ("header:X-None:asRaw:all", []),
        ("header:X-None", None),
        ("header:From:asAddresses", [{"name": "Ann", "email": "ann@far.test"}]),
        (
            "header:Reply-To:asGroupedAddresses",
            [
                {
                    "name": "Team",
                    "addresses": [{"name": None, "email": "x@y.test"}, {"name": "Zoe", "email": "z@y.test"}],
                }
            ],
        ),
        ("header:Message-ID:asMessageIds", ["one@far.test"]),
        ("header:Date:asDate", "2026-01-01T10:00:00+02:00"),
        ("header:List-Unsubscribe:asURLs", ["https://far.test/u", "mailto:u@far.test"]),
    ],
)
async def test_a_header_field_has_the_form_that_is_asked_for(
    stand: Stand, alice: Client, property: str, value: object
) -> None:
    email = await stand.put("alice", MIXED)
    assert (await _got(alice, email, properties=[property]))[property] == value


@pytest.mark.parametrize("property", ["header:Subject:asDate", "header:From:asText", "header:X:asNothing", "nothing"])
async def test_a_form_that_a_field_has_not_is_refused(alice: Client, property: str) -> None:
    assert await alice.refused("Email/get", ids=[], properties=[property]) == "invalidArguments"


async def test_a_query_finds_what_all_conditions_together_say(stand: Stand, alice: Client) -> None:
    old = await stand.put("alice", letter("Invoice", "Cc: carl@far.test"), marks=Marks(Flags.SEEN, saved=BEGIN))
    new = await stand.put("alice", MIXED, marks=Marks(saved=BEGIN + timedelta(days=2)))
    sent = await stand.put("alice", letter("Invoice again"), "Sent", Marks(saved=BEGIN + timedelta(days=1)))
    inbox = await _inbox(alice)
    for sought, found in [
        (None, [new, sent, old]),
        ({"inMailbox": inbox}, [new, old]),
        ({"inMailboxOtherThan": [inbox]}, [sent]),
        ({"hasKeyword": "$seen"}, [old]),
        ({"notKeyword": "$seen", "inMailbox": inbox}, [new]),
        ({"after": "2026-01-02T00:00:00Z"}, [new, sent]),
        ({"before": "2026-01-02T00:00:00Z"}, [old]),
        ({"hasAttachment": True}, [new]),
        ({"subject": "invoice"}, [sent, old]),
        ({"text": "invoice again"}, [sent]),
        ({"cc": "carl"}, [old]),
        ({"minSize": len(MIXED)}, [new]),
        ({"operator": "NOT", "conditions": [{"subject": "invoice"}]}, [new]),
        ({"operator": "OR", "conditions": [{"cc": "carl"}, {"hasAttachment": True}]}, [new, old]),
        ({"operator": "AND", "conditions": [{"subject": "invoice"}, {"inMailbox": inbox}]}, [old]),
        (
            {
                "operator": "AND",
                "conditions": [{"text": "invoice"}, {"operator": "OR", "conditions": [{"cc": "carl"}, {"cc": "x"}]}],
            },
            [old],
        ),
        (
            {
                "operator": "AND",
                "conditions": [{"inMailbox": inbox}, {"operator": "AND", "conditions": [{"notKeyword": "$seen"}]}],
            },
            [new],
        ),
    ]:
        got = await alice.call("Email/query", filter=sought, calculateTotal=True)
        assert (got["ids"], got["total"]) == (found, len(found)), sought


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"filter": {"nothing": 1}}, "unsupportedFilter"),
        ({"filter": {"before": "yesterday"}}, "invalidArguments"),
        ({"filter": {"operator": "XOR", "conditions": []}}, "invalidArguments"),
        ({"sort": [{"property": "nothing"}]}, "unsupportedSort"),
        ({"anchor": "M1"}, "anchorNotFound"),
        ({"limit": -1}, "invalidArguments"),
    ],
)
async def test_a_query_that_cannot_be_is_refused(alice: Client, given: dict[str, Any], kind: str) -> None:
    assert await alice.refused("Email/query", **given) == kind


async def test_a_window_begins_at_a_position_or_beside_an_anchor(stand: Stand, alice: Client) -> None:
    emails = [
        await stand.put("alice", letter(f"{number}"), marks=Marks(saved=BEGIN - timedelta(days=number)))
        for number in range(6)
    ]
    sought = {"inMailbox": await _inbox(alice)}
    for given, found, position in [
        ({"position": 2, "limit": 2}, emails[2:4], 2),
        ({"position": -2}, emails[4:], 4),
        ({"anchor": emails[3], "anchorOffset": -1, "limit": 2}, emails[2:4], 2),
        ({"anchor": emails[0], "anchorOffset": -5, "limit": 1}, emails[:1], 0),
        ({"limit": 0}, [], 0),
        ({"sort": [{"property": "receivedAt"}], "limit": 2}, emails[:3:-1], 0),
    ]:
        got = await alice.call("Email/query", filter=sought, **given)
        assert (got["ids"], got["position"]) == (found, position), given


async def test_collapsed_threads_show_their_first_email_on_both_ways(stand: Stand, alice: Client) -> None:
    root = await stand.put("alice", letter("A", "Message-ID: <1@x>"), marks=Marks(saved=BEGIN))
    other = await stand.put("alice", letter("B", "Message-ID: <2@x>"), marks=Marks(saved=BEGIN + timedelta(1)))
    answer = await stand.put("alice", letter("A", "References: <1@x>"), marks=Marks(saved=BEGIN + timedelta(2)))
    sought = {"inMailbox": await _inbox(alice)}
    for more in ({}, {"calculateTotal": True}):
        got = await alice.call("Email/query", filter=sought, collapseThreads=True, **more)
        assert got["ids"] == [answer, other]
    thread = (await _got(alice, root, properties=["threadId"]))["threadId"]
    [told] = (await alice.call("Thread/get", ids=[thread]))["list"]
    assert told["emailIds"] == [root, answer]


async def test_changes_tell_what_came_changed_and_went(stand: Stand, alice: Client) -> None:
    kept, moved, gone = [await stand.put("alice", letter(str(number))) for number in range(3)]
    inbox = FolderId(int((await _inbox(alice))[1:]))
    state = (await alice.call("Email/get", ids=[]))["state"]
    new = await stand.put("alice", letter("new"))
    await stand.house.write(
        lambda tx: tx.move(inbox, [(Uid(2), Uid(2))], tx.locate(tx.folder(inbox).owner, "Trash").id)
    )
    await stand.house.write(lambda tx: tx.expunge(inbox, [(Uid(3), Uid(3))], deleted_only=False))
    got = await alice.call("Email/changes", sinceState=state)
    assert (got["created"], got["updated"], got["destroyed"]) == ([new], [moved], [gone])
    assert not got["hasMoreChanges"] and kept not in got["updated"]
    again = await alice.call("Email/changes", sinceState=got["newState"])
    assert again["created"] == again["updated"] == again["destroyed"] == []


async def test_changes_come_in_pages_that_end_where_they_began(stand: Stand, alice: Client) -> None:
    state = (await alice.call("Email/get", ids=[]))["state"]
    emails = [await stand.put("alice", letter(str(number))) for number in range(5)]
    found: list[str] = []
    more = True
    while more:
        got = await alice.call("Email/changes", sinceState=state, maxChanges=2)
        assert len(got["created"]) <= 2
        found += got["created"]
        state, more = got["newState"], got["hasMoreChanges"]
    assert found == emails


async def test_what_came_and_changed_on_a_later_page_has_come_first(stand: Stand, alice: Client) -> None:
    state = (await alice.call("Email/get", ids=[]))["state"]
    emails = [await stand.put("alice", letter(str(number))) for number in range(3)]
    inbox = FolderId(int((await _inbox(alice))[1:]))
    await stand.house.write(lambda tx: tx.update_flags(inbox, [(Uid(1), Uid(1))], FlagChange(add=Flags.SEEN)))
    first = await alice.call("Email/changes", sinceState=state, maxChanges=2)
    rest = await alice.call("Email/changes", sinceState=first["newState"])
    assert (first["created"], first["updated"]) == (emails[:2], [])
    assert (rest["created"], rest["updated"]) == (emails[2:], emails[:1])


async def test_threads_that_lost_emails_are_told(stand: Stand, alice: Client) -> None:
    first = await stand.put("alice", letter("One", "Message-ID: <1@x>"))
    answer = await stand.put("alice", letter("Re: One", "Message-ID: <2@x>", "References: <1@x>"))
    alone = await stand.put("alice", letter("Two", "Message-ID: <3@x>"))
    got = await alice.call("Email/get", ids=[first, alone], properties=["threadId"])
    both, single = (each["threadId"] for each in got["list"])
    state = (await alice.call("Thread/get", ids=[]))["state"]
    for email in (answer, alone):
        await alice.call("Email/set", destroy=[email])
    told = await alice.call("Thread/changes", sinceState=state)
    assert (told["updated"], told["destroyed"], told["hasMoreChanges"]) == ([both], [single], False)
    page = await alice.call("Thread/changes", sinceState=state, maxChanges=1)
    rest = await alice.call("Thread/changes", sinceState=page["newState"])
    assert page["hasMoreChanges"]
    assert {*page["updated"], *rest["updated"]} == {both}
    assert {*page["destroyed"], *rest["destroyed"]} == {single}


async def test_emails_are_found_by_header_fields(stand: Stand, alice: Client) -> None:
    listed = await stand.put("alice", letter("One", "List-Id: Friends of =?utf-8?Q?T=C3=A9?= <tea.far.test>"))
    spam = await stand.put("alice", letter("Two", "X-Spam-Flag: YES"))
    plain = await stand.put("alice", letter("Three", body="List-Id: in the body"))

    async def found(**condition: object) -> list[str]:
        return sorted((await alice.call("Email/query", filter=condition))["ids"])

    assert await found(header=["List-Id"]) == [listed]
    assert await found(header=["list-id", "friends of té"]) == [listed]
    assert await found(header=["X-Spam-Flag", "no"]) == []
    assert await found(operator="NOT", conditions=[{"header": ["List-Id"]}]) == sorted([spam, plain])
    either = [{"header": ["List-Id"]}, {"header": ["X-Spam-Flag", "yes"]}]
    assert await found(operator="OR", conditions=either) == sorted([listed, spam])
    assert await found(header=["Subject"], subject="Three") == [plain]
    for wrong in (["X"] * 3, [], "X", ["X", 1], ["a b"]):
        assert await alice.refused("Email/query", filter={"header": wrong}) == "invalidArguments"
    many = [{"header": [f"X-{number}"]} for number in range(5)]
    assert await alice.refused("Email/query", filter={"operator": "OR", "conditions": many}) == "unsupportedFilter"


async def test_changes_of_a_query_by_header_are_told(stand: Stand, alice: Client) -> None:
    sought = {"header": ["X-Spam-Flag"]}
    before = await alice.call("Email/query", filter=sought)
    email = await stand.put("alice", letter("Two", "X-Spam-Flag: YES"))
    told = await alice.call("Email/queryChanges", filter=sought, sinceQueryState=before["queryState"])
    assert told["added"] == [{"id": email, "index": 0}]


async def test_who_loses_a_folder_starts_over(stand: Stand, bob: Client) -> None:
    await stand.put("alice", letter("One"))
    await stand.share("alice", "INBOX", "bob@example.test", "lr")
    await stand.share("alice", "Sent", "bob@example.test", "lr")
    account = await bob.account("alice")
    state = (await bob.call("Email/get", ids=[], accountId=account))["state"]
    await stand.share("alice", "INBOX", "bob@example.test", "")
    for method in ("Email/changes", "Thread/changes"):
        assert await bob.refused(method, sinceState=state, accountId=account) == "cannotCalculateChanges"


async def test_mailboxes_tell_of_new_ones_and_of_their_numbers(stand: Stand, alice: Client) -> None:
    state = (await alice.call("Mailbox/get", properties=["id"]))["state"]
    await stand.put("alice", letter("One"))
    got = await alice.call("Mailbox/changes", sinceState=state)
    assert (got["updated"], got["created"]) == ([await _inbox(alice)], [])
    assert "totalEmails" in got["updatedProperties"]


@pytest.mark.parametrize("state", ["", "x", "9999999-0000000000000000", "1-zz"])
async def test_a_state_that_is_not_known_means_to_start_over(alice: Client, state: str) -> None:
    for method in ("Email/changes", "Mailbox/changes", "Thread/changes"):
        assert await alice.refused(method, sinceState=state) == "cannotCalculateChanges"


@pytest.mark.parametrize("rights", ["", "l", "r", "lr", "lrs", "lw", "lri", "lrswipkxtea"])
async def test_who_may_not_read_a_folder_finds_nothing_of_it(stand: Stand, bob: Client, rights: str) -> None:
    email = await stand.put("alice", letter("Secret"))
    await stand.share("alice", "Sent", "bob@example.test", "lr")
    account = await bob.account("alice")
    await stand.share("alice", "INBOX", "bob@example.test", rights)
    readable, visible = {"l", "r"} <= set(rights), "l" in rights
    got = await bob.call("Email/get", ids=[email], accountId=account, properties=["subject"])
    assert bool(got["list"]) is readable
    assert bool((await bob.call("Email/query", accountId=account))["ids"]) is readable
    names = [each["name"] for each in (await bob.call("Mailbox/get", accountId=account))["list"]]
    assert ("INBOX" in names) is visible


async def test_all_emails_at_once_are_too_many(alice: Client) -> None:
    assert await alice.refused("Email/get", ids=None) == "requestTooLarge"
    assert await alice.refused("Email/get") == "requestTooLarge"
