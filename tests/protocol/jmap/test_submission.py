"""Identities, and mail handed in: every check of SMTP's submission, and mail that waits. RFC 8621 §6, §7."""

from __future__ import annotations

from typing import Any

import pytest

from groupware.model.principal import OPERATOR
from groupware.model.rights import Right
from groupware.store.api import WriteTx
from tests.protocol.jmap.test_email_set import box, created, fetched
from tests.support.jmapstand import Client, Stand

ME = "alice@example.test"


async def identity(client: Client, email: str = ME) -> dict[str, Any]:
    got = await client.call("Identity/get")
    return next(dict(each) for each in got["list"] if each["email"] == email)


async def draft(client: Client, **more: Any) -> str:
    """The id of a new message to Bob."""
    given = {
        "from": [{"name": "Alice", "email": ME}],
        "to": [{"name": None, "email": "bob@example.test"}],
        "subject": "Hello",
        "keywords": {"$draft": True},
        "bodyValues": {"1": {"value": "Hello there"}},
        "textBody": [{"partId": "1", "type": "text/plain"}],
    }
    return str((await created(client, **{**given, **more}))["id"])


async def sent(client: Client, email: str, **more: Any) -> dict[str, Any]:
    """The answer to a submission."""
    who = more.pop("identityId", None) or (await identity(client))["id"]
    given = {"emailId": email, "identityId": who, **more}
    return await client.call("EmailSubmission/set", create={"k": given})


async def test_ones_own_addresses_are_identities(stand: Stand, alice: Client) -> None:
    await stand.house.write(lambda tx: tx.put_alias(ME, "info@example.test"))
    got = await alice.call("Identity/get")
    assert sorted(each["email"] for each in got["list"]) == [ME, "info@example.test"]
    assert not any(each["mayDelete"] for each in got["list"])
    mine = await identity(alice)
    changed = await alice.call("Identity/set", update={mine["id"]: {"name": "A.", "textSignature": "-- \nA"}})
    assert changed["updated"] == {mine["id"]: None} and changed["newState"] != changed["oldState"]
    again = await identity(alice)
    assert (again["id"], again["name"], again["textSignature"]) == (mine["id"], "A.", "-- \nA")
    told = await alice.call("Identity/changes", sinceState=changed["oldState"])
    assert (told["created"], told["updated"], told["destroyed"]) == ([], [mine["id"]], [])
    got = await alice.call("Identity/set", destroy=[mine["id"]])
    assert got["notDestroyed"][mine["id"]]["type"] == "forbidden"


async def test_an_identity_of_ones_own_comes_and_goes(alice: Client) -> None:
    given = {"email": ME, "name": "Work", "replyTo": [{"name": None, "email": "x@y.test"}]}
    got = await alice.call("Identity/set", create={"k": given})
    made = got["created"]["k"]
    assert made["mayDelete"] and made["htmlSignature"] == ""
    [there] = (await alice.call("Identity/get", ids=[made["id"]]))["list"]
    assert (there["name"], there["replyTo"]) == ("Work", given["replyTo"])
    told = await alice.call("Identity/changes", sinceState=got["oldState"])
    assert told["created"] == [made["id"]]
    assert (await alice.call("Identity/set", destroy=[made["id"]]))["destroyed"] == [made["id"]]
    told = await alice.call("Identity/changes", sinceState=got["newState"])
    assert told["destroyed"] == [made["id"]]


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"email": "bob@example.test"}, "forbiddenFrom"),
        ({"email": "alice@far.test"}, "forbiddenFrom"),
        ({"name": "x"}, "invalidProperties"),
        ({"email": ME, "name": 7}, "invalidProperties"),
        ({"email": ME, "bcc": [{"email": "x"}]}, "invalidProperties"),
        ({"email": ME, "mayDelete": True}, "invalidProperties"),
    ],
)
async def test_an_identity_that_cannot_be_is_refused(alice: Client, given: dict[str, Any], kind: str) -> None:
    assert (await alice.call("Identity/set", create={"k": given}))["notCreated"]["k"]["type"] == kind


async def test_who_may_send_as_another_has_the_identity(stand: Stand, alice: Client, bob: Client) -> None:
    await stand.share("alice", "INBOX", "bob@example.test", "lr")

    def allow(tx: WriteTx) -> None:
        root = tx.locate(tx.account(ME).id, "")
        tx.grant(root.id, "bob@example.test", Right.SEND_AS)

    await stand.house.parts.store.write(OPERATOR, allow)
    who = await identity(bob, ME)
    email = await draft(bob, to=[{"email": "alice@example.test"}])
    got = await sent(bob, email, identityId=who["id"])
    assert got["notCreated"] is None
    assert len(await stand.house.items("alice")) == 1


async def test_a_message_goes_out_and_the_draft_becomes_a_sent_one(stand: Stand, alice: Client) -> None:
    email = await draft(alice, bcc=[{"email": "hidden@far.test"}])
    own, gone = await alice.account(), await box(alice, "sent")
    got, after = await alice.calls(
        (
            "EmailSubmission/set",
            {
                "accountId": own,
                "create": {"k": {"emailId": email, "identityId": (await identity(alice))["id"]}},
                "onSuccessUpdateEmail": {"#k": {"mailboxIds": {gone: True}, "keywords/$draft": None}},
            },
        )
    )
    made = got[1]["created"]["k"]
    assert (made["undoStatus"], after[0], after[1]["updated"]) == ("final", "Email/set", {email: None})
    there = await fetched(alice, email)
    assert (there["mailboxIds"], there["keywords"]) == ({gone: True}, {})
    [octets] = await stand.house.bodies("bob")
    assert b"Subject: Hello\r\n" in octets and b"hidden" not in octets and b"with ESMTPSA id" in octets
    [queued] = await stand.house.queued()
    assert [each.recipient.address for each in queued.recipients] == ["hidden@far.test"]
    assert made["envelope"]["rcptTo"][1]["email"] == "hidden@far.test"
    [told] = (await alice.call("EmailSubmission/get", ids=[made["id"]]))["list"]
    assert told["deliveryStatus"]["bob@example.test"]["delivered"] == "yes"
    assert told["deliveryStatus"]["hidden@far.test"]["delivered"] == "queued"
    assert told["deliveryStatus"]["bob@example.test"]["smtpReply"].startswith("250 2.0.0")


async def test_what_is_sent_can_be_destroyed_at_once(alice: Client) -> None:
    email = await draft(alice)
    given = {"emailId": email, "identityId": (await identity(alice))["id"]}
    own = await alice.account()
    _, after = await alice.calls(
        ("EmailSubmission/set", {"accountId": own, "create": {"k": given}, "onSuccessDestroyEmail": ["#k"]})
    )
    assert after[1]["destroyed"] == [email]


HELD = {
    "mailFrom": {"email": ME, "parameters": {"HOLDFOR": "3600"}},
    "rcptTo": [{"email": "bob@example.test", "parameters": {"NOTIFY": "NEVER"}}],
}


async def test_a_message_that_waits_is_taken_back(stand: Stand, alice: Client) -> None:
    made = (await sent(alice, await draft(alice), envelope=HELD))["created"]["k"]
    assert made["undoStatus"] == "pending"
    assert await stand.house.items("bob") == []
    [waiting] = await stand.house.queued()
    assert [each.state for each in waiting.recipients] == ["waiting"]
    assert waiting.recipients[0].recipient.notify == "NEVER"
    got = await alice.call("EmailSubmission/set", update={made["id"]: {"undoStatus": "canceled"}})
    assert got["updated"] == {made["id"]: None}
    assert await stand.house.queued() == []
    [told] = (await alice.call("EmailSubmission/get", ids=[made["id"]]))["list"]
    assert told["undoStatus"] == "canceled"
    told = await alice.call("EmailSubmission/changes", sinceState=got["oldState"])
    assert told["updated"] == [made["id"]]


async def test_what_has_gone_out_is_not_taken_back(alice: Client) -> None:
    made = (await sent(alice, await draft(alice)))["created"]["k"]
    got = await alice.call("EmailSubmission/set", update={made["id"]: {"undoStatus": "canceled"}})
    assert got["notUpdated"][made["id"]]["type"] == "cannotUnsend"
    got = await alice.call("EmailSubmission/set", update={made["id"]: {"undoStatus": "pending"}})
    assert got["notUpdated"][made["id"]]["type"] == "invalidProperties"
    assert (await alice.call("EmailSubmission/set", destroy=[made["id"]]))["destroyed"] == [made["id"]]


async def test_nobody_takes_back_what_others_sent(stand: Stand, alice: Client, bob: Client) -> None:
    made = (await sent(alice, await draft(alice), envelope=HELD))["created"]["k"]
    got = await bob.call("EmailSubmission/set", update={made["id"]: {"undoStatus": "canceled"}}, destroy=[made["id"]])
    assert got["notUpdated"][made["id"]]["type"] == got["notDestroyed"][made["id"]]["type"] == "notFound"
    assert len(await stand.house.queued()) == 1


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"emailId": "M999999"}, "invalidProperties"),
        ({"identityId": "I999999"}, "invalidProperties"),
        ({"envelope": {"mailFrom": {"email": "bob@example.test"}, "rcptTo": HELD["rcptTo"]}}, "forbiddenMailFrom"),
        ({"envelope": {"mailFrom": {"email": "a b"}, "rcptTo": HELD["rcptTo"]}}, "invalidProperties"),
        ({"envelope": {"mailFrom": {"email": ME}, "rcptTo": []}}, "noRecipients"),
        ({"envelope": {"mailFrom": {"email": ME}, "rcptTo": [{"email": "nobody@example.test"}]}}, "invalidRecipients"),
        ({"envelope": {"mailFrom": {"email": ME}, "rcptTo": [{"email": "a>\r\nRCPT TO:<b@c"}]}}, "invalidRecipients"),
        (
            {"envelope": {"mailFrom": {"email": ME, "parameters": {"ODD": "1"}}, "rcptTo": HELD["rcptTo"]}},
            "invalidProperties",
        ),
        (
            {"envelope": {"mailFrom": {"email": ME, "parameters": {"HOLDFOR": "99999999"}}, "rcptTo": HELD["rcptTo"]}},
            "invalidProperties",
        ),
        ({"envelope": 7}, "invalidProperties"),
        ({"sendAt": 7, "odd": 1}, "invalidProperties"),
    ],
)
async def test_a_submission_that_cannot_be_is_refused(
    stand: Stand, alice: Client, more: dict[str, Any], kind: str
) -> None:
    got = await sent(alice, await draft(alice), **more) if "emailId" not in more else await sent(alice, **_email(more))
    assert got["notCreated"]["k"]["type"] == kind, got
    assert await stand.house.queued() == [] and await stand.house.items("bob") == []
    assert (await alice.call("EmailSubmission/get"))["list"] == []


def _email(more: dict[str, Any]) -> dict[str, Any]:
    return {"email": more["emailId"]}


async def test_the_author_has_to_be_ones_own(stand: Stand, alice: Client) -> None:
    email = await draft(alice, **{"from": [{"email": "bob@example.test"}]})
    envelope = {"mailFrom": {"email": ME}, "rcptTo": HELD["rcptTo"]}
    got = await sent(alice, email, envelope=envelope)
    assert got["notCreated"]["k"]["type"] == "forbiddenFrom"
    assert await stand.house.items("bob") == []


async def test_settings_and_quotas_of_sending_hold(stand: Stand, alice: Client) -> None:
    email = await draft(alice)
    await stand.house.write(lambda tx: tx.put_setting("smtpOutgoing", False, tx.account(ME).id))
    assert (await sent(alice, email))["notCreated"]["k"]["type"] == "forbiddenToSend"
    await stand.house.write(lambda tx: tx.put_setting("smtpOutgoing", None, tx.account(ME).id))
    await stand.house.write(lambda tx: tx.put_setting("sendQuotaMessages", 1, tx.account(ME).id))
    assert (await sent(alice, email))["notCreated"] is None
    assert (await sent(alice, email))["notCreated"]["k"]["type"] == "rateLimit"


async def test_submissions_are_found_and_sorted(alice: Client) -> None:
    one, two = await draft(alice), await draft(alice)
    first = (await sent(alice, one))["created"]["k"]["id"]
    second = (await sent(alice, two, envelope=HELD))["created"]["k"]["id"]
    for sought, found in [
        (None, [first, second]),
        ({"emailIds": [two]}, [second]),
        ({"undoStatus": "pending"}, [second]),
        ({"operator": "NOT", "conditions": [{"undoStatus": "pending"}]}, [first]),
        ({"after": "2000-01-01T00:00:00Z", "before": "2000-01-02T00:00:00Z"}, []),
    ]:
        got = await alice.call("EmailSubmission/query", filter=sought, sort=[{"property": "sentAt"}])
        assert got["ids"] == found, sought
    got = await alice.call("EmailSubmission/query")
    await alice.call("EmailSubmission/set", destroy=[first])
    told = await alice.call("EmailSubmission/queryChanges", sinceQueryState=got["queryState"])
    assert (told["removed"], told["added"]) == ([first], [])
    assert await alice.refused("EmailSubmission/query", filter={"odd": 1}) == "unsupportedFilter"


async def test_mail_is_submitted_from_ones_own_account_alone(stand: Stand, alice: Client, bob: Client) -> None:
    await stand.share("alice", "INBOX", "bob@example.test", "lr")
    shared = await bob.account("alice")
    for method in ("Identity/get", "EmailSubmission/get", "EmailSubmission/query"):
        assert await bob.refused(method, accountId=shared) == "accountNotSupportedByMethod"
