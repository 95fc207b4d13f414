"""Telling who asks for it that an email was seen, and reading such news. RFC 9007, RFC 8098."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest

from tests.protocol.jmap.test_submission import identity
from tests.support.jmapstand import Client, Stand, letter

SEEN = {"actionMode": "manual-action", "sendingMode": "mdn-sent-manually", "type": "displayed"}
WANTED = ("Disposition-Notification-To: Bob <bob@example.test>", "Message-ID: <1@far.test>")
NOTIFICATION = b"\r\n".join(
    [
        b"From: bob@far.test",
        b"Subject: Read: Hello",
        b"Content-Type: multipart/report; report-type=disposition-notification; boundary=x",
        b"",
        b"--x",
        b"Content-Type: text/plain",
        b"",
        b"Bob has seen it.",
        b"--x",
        b"Content-Type: message/disposition-notification",
        b"",
        b"Reporting-UA: far.test; Mailer 1",
        b"Original-Recipient: rfc822;bob@far.test",
        b"Final-Recipient: rfc822;bob@far.test",
        b"Original-Message-ID: <2@example.test>",
        b"Disposition: automatic-action/MDN-sent-automatically; displayed/expired",
        b"X-Odd: yes",
        b"--x--",
        b"",
    ]
)


async def notify(client: Client, email: str, **more: Any) -> dict[str, Any]:
    own, who = await client.account(), (await identity(client))["id"]
    given = {"forEmailId": email, "disposition": SEEN, **more}
    return await client.call("MDN/send", accountId=own, identityId=who, send={"k": given})


async def test_who_asks_for_it_is_told_that_it_was_seen(stand: Stand, alice: Client) -> None:
    email = await stand.put("alice", letter("Hello", *WANTED))
    got = await notify(alice, email, subject="Read: Hello", textBody="Schön, danke", reportingUA="here; Mailer")
    assert got["sent"]["k"] == {"finalRecipient": "rfc822; alice@example.test", "originalMessageId": "<1@far.test>"}
    [octets] = await stand.house.bodies("bob")
    found = message_from_bytes(octets, policy=default)
    assert (found["From"], found["To"], found["Subject"]) == ("alice@example.test", "bob@example.test", "Read: Hello")
    assert (found["Return-Path"], found["Auto-Submitted"]) == ("<>", "auto-replied")
    assert (found.get_content_type(), found.get_param("report-type")) == (
        "multipart/report", "disposition-notification"
    )  # fmt: skip
    text, report = found.iter_parts()
    assert text.get_content().strip() == "Schön, danke"
    said = report.as_string()
    for line in (
        "Reporting-UA: here; Mailer",
        "Final-Recipient: rfc822; alice@example.test",
        "Original-Message-ID: <1@far.test>",
        "Disposition: manual-action/MDN-sent-manually; displayed",
    ):
        assert line in said


async def test_what_was_seen_may_come_along_and_what_was_sent_can_be_read(stand: Stand, alice: Client) -> None:
    email = await stand.put("alice", letter("Hello", *WANTED))
    await notify(alice, email, includeOriginalMessage=True, extensionFields={"X-Note": "one"})
    [octets] = await stand.house.bodies("bob")
    blob = (await alice.upload(octets))["blobId"]
    parsed = (await alice.call("MDN/parse", blobIds=[blob]))["parsed"][blob]
    assert parsed["includeOriginalMessage"] and parsed["extensionFields"] == {"X-Note": "one"}
    assert (parsed["disposition"], parsed["subject"]) == (SEEN, "Read receipt")
    assert (parsed["finalRecipient"], parsed["originalMessageId"]) == ("rfc822; alice@example.test", "<1@far.test>")


async def test_a_notification_of_others_is_read(alice: Client, stand: Stand) -> None:
    blob, plain = (await alice.upload(NOTIFICATION))["blobId"], (await alice.upload(letter("x")))["blobId"]
    got = await alice.call("MDN/parse", blobIds=[blob, plain, "G99"])
    assert (got["notParsable"], got["notFound"]) == ([plain], ["G99"])
    assert got["parsed"][blob] == {
        "forEmailId": None,
        "subject": "Read: Hello",
        "textBody": "Bob has seen it.",
        "includeOriginalMessage": False,
        "reportingUA": "far.test; Mailer 1",
        "disposition": {
            "actionMode": "automatic-action", "sendingMode": "mdn-sent-automatically", "type": "displayed"
        },
        "mdnGateway": None,
        "originalRecipient": "rfc822;bob@far.test",
        "finalRecipient": "rfc822;bob@far.test",
        "originalMessageId": "<2@example.test>",
        "error": None,
        "extensionFields": {"X-Odd": "yes"},
    }  # fmt: skip


async def test_it_is_told_once(stand: Stand, alice: Client) -> None:
    email = await stand.put("alice", letter("Hello", *WANTED))
    own, who = await alice.account(), (await identity(alice))["id"]
    given = {
        "accountId": own,
        "identityId": who,
        "send": {"k": {"forEmailId": email, "disposition": SEEN}},
        "onSuccessUpdateEmail": {"#k": {"keywords/$mdnsent": True}},
    }
    sent, after = await alice.calls(("MDN/send", given))
    assert (list(sent[1]["sent"]), after[0], after[1]["updated"]) == (["k"], "Email/set", {email: None})
    assert (await notify(alice, email))["notSent"]["k"]["type"] == "mdnAlreadySent"
    assert len(await stand.house.items("bob")) == 1


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"disposition": None}, "invalidProperties"),
        ({"disposition": {**SEEN, "type": "eaten"}}, "invalidProperties"),
        ({"disposition": {**SEEN, "x": 1}}, "invalidProperties"),
        ({"subject": 7}, "invalidProperties"),
        ({"subject": "x" * 1000}, "invalidProperties"),
        ({"error": ["x"]}, "invalidProperties"),
        ({"odd": 1}, "invalidProperties"),
        ({"extensionFields": {"Disposition": "x"}}, "invalidProperties"),
        ({"extensionFields": {"a b": "x"}}, "invalidProperties"),
        ({"finalRecipient": "rfc822; bob@example.test"}, "forbiddenFrom"),
        ({"forEmailId": "M999"}, "notFound"),
        ({"forEmailId": None}, "invalidProperties"),
    ],
)
async def test_what_cannot_be_told_is_refused(stand: Stand, alice: Client, more: dict[str, Any], kind: str) -> None:
    email = await stand.put("alice", letter("Hello", *WANTED))
    got = await notify(alice, email, **more)
    assert (got["sent"], got["notSent"]["k"]["type"]) == (None, kind)
    assert await stand.house.items("bob") == []


async def test_nobody_is_told_who_has_not_asked(stand: Stand, alice: Client) -> None:
    email = await stand.put("alice", letter("Hello", body="Disposition-Notification-To: bob@example.test\r\n"))
    assert (await notify(alice, email))["notSent"]["k"]["type"] == "notFound"


async def test_a_line_end_in_a_value_adds_no_field(stand: Stand, alice: Client) -> None:
    email = await stand.put("alice", letter("Hello", *WANTED))
    await notify(
        alice, email, subject="a\r\nBcc: x@y", reportingUA="a\r\n\r\nb", extensionFields={"X-A": "b\r\nX-B: c"}
    )
    [octets] = await stand.house.bodies("bob")
    assert b"\r\nBcc:" not in octets and b"\r\nX-B:" not in octets


async def test_ones_own_identity_is_needed(stand: Stand, alice: Client) -> None:
    email = await stand.put("alice", letter("Hello", *WANTED))
    send = {"k": {"forEmailId": email, "disposition": SEEN}}
    assert await alice.refused("MDN/send", identityId="X1", send=send) == "invalidArguments"
