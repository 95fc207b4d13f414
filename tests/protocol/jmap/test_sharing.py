"""Whom things are shared with, who there is, and when they are busy. RFC 9670."""

from __future__ import annotations

from typing import Any

import pytest

from groupware.model.principal import NewAccount, PrincipalKind
from groupware.model.rights import Right, letters
from tests.protocol.jmap.test_calendars import made, put, vevent
from tests.support.jmapstand import USING, Client, Stand
from web.jmap.ids import principal_id

Json = dict[str, Any]
ALICE, BOB = "alice@example.test", "bob@example.test"
HIM = principal_id(BOB)
MARCH = {"utcStart": "2025-03-01T00:00:00Z", "utcEnd": "2025-04-01T00:00:00Z"}


async def inbox(client: Client) -> str:
    return str((await client.call("Mailbox/query", filter={"role": "inbox"}))["ids"][0])


async def test_a_mailbox_is_shared_with_the_rights_that_imap_has(stand: Stand, alice: Client, bob: Client) -> None:
    at = await inbox(alice)
    given = {"mayReadItems": True, "maySetSeen": True}
    got = await alice.call("Mailbox/set", update={at: {f"shareWith/{HIM}": given}})
    assert at in got["updated"]
    rows = await stand.house.write(lambda tx: tx.grants(tx.locate(tx.account(ALICE).id, "INBOX").id))
    assert [(each.grantee, letters(each.allow)) for each in rows] == [(BOB, "lrs")]
    told = (await alice.call("Mailbox/get", ids=[at]))["list"][0]
    assert told["shareWith"][HIM]["maySetSeen"] is True
    assert told["shareWith"][HIM]["mayAddItems"] is False
    assert told["myRights"]["mayShare"] is True
    account = await bob.account("alice")
    theirs = (await bob.call("Mailbox/get", accountId=account, ids=[at]))["list"][0]
    assert (theirs["shareWith"], theirs["myRights"]["mayShare"]) == (None, False)
    refused = await bob.call("Mailbox/set", accountId=account, update={at: {"shareWith": None}})
    assert refused["notUpdated"][at]["type"] == "forbidden"
    await alice.call("Mailbox/set", update={at: {f"shareWith/{HIM}": None}})
    assert not await stand.house.write(lambda tx: tx.grants(tx.locate(tx.account(ALICE).id, "INBOX").id))


async def test_sharing_of_mailboxes_is_there_for_who_names_it(alice: Client) -> None:
    at, account = await inbox(alice), await alice.account()

    async def asked(method: str, given: Json) -> Json:
        body = {"using": USING[:2], "methodCalls": [[method, {"accountId": account, **given}, "0"]]}
        return dict((await alice.post(body)).json()["methodResponses"][0][1])

    [told] = (await asked("Mailbox/get", {"ids": [at]}))["list"]
    assert "shareWith" not in told
    assert "mayShare" not in told["myRights"]
    got = await asked("Mailbox/set", {"update": {at: {"shareWith": None}}})
    assert got["notUpdated"][at]["type"] == "invalidProperties"


async def test_a_denial_stays_until_what_it_denies_is_given(stand: Stand, alice: Client) -> None:
    at = await inbox(alice)

    def deny(tx: Any) -> None:
        tx.grant(
            tx.locate(tx.account(ALICE).id, "INBOX").id, BOB, Right.LOOKUP | Right.READ, Right.SEEN | Right.EXPUNGE
        )

    await stand.house.write(deny)
    await alice.call("Mailbox/set", update={at: {f"shareWith/{HIM}/maySetSeen": True}})
    rows = await stand.house.write(lambda tx: tx.grants(tx.locate(tx.account(ALICE).id, "INBOX").id))
    assert [(letters(each.allow), letters(each.deny)) for each in rows] == [("lrs", "e")]


async def test_everybody_of_the_domain_is_a_principal(stand: Stand, alice: Client) -> None:
    await stand.house.write(lambda tx: tx.put_account(NewAccount("team@example.test", PrincipalKind.GROUP)))
    there = {each["email"]: each for each in (await alice.call("Principal/get"))["list"]}
    assert {ALICE, BOB, "team@example.test"} <= there.keys()
    assert there["team@example.test"]["type"] == "group"
    assert there[BOB]["id"] == HIM
    session = (await alice.get("/jmap/session")).json()
    mine = session["accounts"][await alice.account()]["accountCapabilities"]["urn:ietf:params:jmap:principals"]
    assert mine == {"currentUserPrincipalId": there[ALICE]["id"]}
    assert list(there[ALICE]["accounts"]) == [await alice.account()]
    [one] = (await alice.call("Principal/get", ids=[HIM, principal_id("no@one")]))["list"]
    assert one["email"] == BOB


@pytest.mark.parametrize(
    ("sought", "found"),
    [
        ({"email": "bob"}, [HIM]),
        ({"text": "BOB@"}, [HIM]),
        ({"operator": "NOT", "conditions": [{"type": "individual"}, {"type": "other"}]}, []),
        ({"name": "everybody of"}, [principal_id("domain:example.test")]),
    ],
)
async def test_principals_are_found(alice: Client, sought: Json, found: list[str]) -> None:
    assert (await alice.call("Principal/query", filter=sought))["ids"] == found


async def test_a_group_is_shared_with_by_its_id(stand: Stand, alice: Client, bob: Client) -> None:
    await stand.house.write(lambda tx: tx.put_account(NewAccount("team@example.test", PrincipalKind.GROUP)))
    await stand.house.write(lambda tx: tx.put_member("team@example.test", BOB))
    [team] = (await alice.call("Principal/query", filter={"type": "group"}))["ids"]
    at = (await alice.call("Calendar/get"))["list"][0]["id"]
    await alice.call("Calendar/set", update={at: {f"shareWith/{team}": {"mayReadItems": True}}})
    assert (await bob.call("Calendar/get", accountId=await bob.account("alice")))["list"][0]["id"] == at


async def test_who_is_invited_is_told(alice: Client, bob: Client) -> None:
    at = (await alice.call("Calendar/get"))["list"][0]["id"]
    before = (await bob.call("ShareNotification/get", ids=[]))["state"]
    await alice.call("Calendar/set", update={at: {f"shareWith/{HIM}": {"mayReadItems": True}}})
    [told] = (await bob.call("ShareNotification/get"))["list"]
    assert (told["objectType"], told["objectId"], told["changedBy"]["email"]) == ("Calendar", at, ALICE)
    assert told["newRights"]["mayReadItems"] is True
    assert told["newRights"]["mayWriteAll"] is False
    assert await bob.refused("ShareNotification/changes", sinceState=before) == "cannotCalculateChanges"
    assert (await bob.call("ShareNotification/query", filter={"objectType": "Mailbox"}))["ids"] == []
    gone = await bob.call("ShareNotification/set", destroy=[told["id"]], create={"k": {}})
    assert gone["destroyed"] == [told["id"]]
    assert gone["notCreated"]["k"]["type"] == "forbidden"
    assert (await bob.call("ShareNotification/get"))["list"] == []


async def test_when_somebody_is_busy_is_told_and_nothing_else(stand: Stand, alice: Client, bob: Client) -> None:
    await made(alice, title="Tea")
    await put(stand, "alice", vevent("2", "DTSTART:20250304T100000Z", "DTEND:20250304T110000Z", "CLASS:PRIVATE"))
    await put(stand, "alice", vevent("3", "DTSTART:20250305T100000Z", "DTEND:20250305T110000Z", "TRANSP:TRANSPARENT"))
    me = principal_id(ALICE)
    assert await bob.refused("Principal/getAvailability", id=me, **MARCH) == "forbidden"
    await stand.share("alice", "Calendar", BOB, "9")
    found = await bob.call("Principal/getAvailability", id=me, showDetails=True, **MARCH)
    assert found["list"] == [
        {
            "utcStart": f"2025-03-0{day}:00:00Z",
            "utcEnd": f"2025-03-0{end}:00:00Z",
            "busyStatus": "confirmed",
            "event": None,
        }
        for day, end in (("3T09", "3T10"), ("4T10", "4T11"))
    ]


async def test_what_takes_a_time_is_told_where_it_may_be_read(stand: Stand, alice: Client, bob: Client) -> None:
    await made(alice, title="Tea")
    daily = ("DTSTART:20250310T100000Z", "DTEND:20250310T110000Z", "RRULE:FREQ=DAILY;COUNT=2", "SUMMARY:Walk")
    await put(stand, "alice", vevent("1", *daily))
    await put(stand, "alice", vevent("2", "DTSTART:20250310T103000Z", "DTEND:20250310T120000Z", "CLASS:PRIVATE"))
    await put(stand, "alice", vevent("3", "DTSTART:20250305T100000Z", "DTEND:20250305T110000Z", "TRANSP:TRANSPARENT"))
    await stand.share("alice", "Calendar", BOB, "lr9")
    asked = {"id": principal_id(ALICE), "showDetails": True, "eventProperties": ["title"], **MARCH}
    found = (await bob.call("Principal/getAvailability", **asked))["list"]
    told = [(each["utcStart"][8:13], each["utcEnd"][8:13], (each["event"] or {}).get("title")) for each in found]
    assert told == [
        ("03T09", "03T10", "Tea"),
        ("10T10", "10T11", "Walk"),
        ("10T11", "10T12", None),
        ("11T10", "11T11", "Walk"),
    ]
    mine = (await alice.call("Principal/getAvailability", **asked))["list"]
    assert [bool(each["event"]) for each in mine] == [True, True, True, True]
    assert await bob.refused("Principal/getAvailability", **{**asked, "eventProperties": ["odd"]}) == "invalidArguments"


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"id": "Pnobody", **MARCH}, "notFound"),
        ({"id": principal_id("domain:example.test"), **MARCH}, "notFound"),
        ({"id": HIM, "utcStart": MARCH["utcEnd"], "utcEnd": MARCH["utcStart"]}, "invalidArguments"),
        ({"id": HIM, "utcStart": "soon", "utcEnd": MARCH["utcEnd"]}, "invalidArguments"),
        ({"id": HIM, "utcStart": "1900-01-01T00:00:00Z", "utcEnd": MARCH["utcEnd"]}, "invalidArguments"),
    ],
)
async def test_times_that_cannot_be_asked_for_are_refused(alice: Client, given: Json, kind: str) -> None:
    assert await alice.refused("Principal/getAvailability", **given) == kind
