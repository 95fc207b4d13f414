"""Emails brought in, copied between accounts, read from blobs, and shown with what was sought. RFC 8621 §4.7 to §5."""

from __future__ import annotations

from groupware.mime.item import Marks
from groupware.model.flags import Flags
from tests.protocol.jmap.test_email_set import box, fetched
from tests.protocol.jmap.test_mail import MIXED
from tests.support.jmapstand import Client, Stand, letter


async def test_an_uploaded_message_is_brought_in_as_it_is(alice: Client) -> None:
    blob = (await alice.upload(MIXED, "message/rfc822"))["blobId"]
    given = {
        "blobId": blob,
        "mailboxIds": {await box(alice, "archive"): True},
        "keywords": {"$seen": True},
        "receivedAt": "2020-05-01T10:00:00Z",
    }
    bad = {"blobId": (await alice.upload(b"no header here"))["blobId"], "mailboxIds": given["mailboxIds"]}
    got = await alice.call("Email/import", emails={"k": given, "gone": {**given, "blobId": "U999"}, "bad": bad})
    made = got["created"]["k"]
    assert await alice.octets(made["blobId"]) == MIXED
    there = await fetched(alice, made["id"])
    assert (there["receivedAt"], there["keywords"]) == ("2020-05-01T10:00:00Z", {"$seen": True})
    assert (got["notCreated"]["gone"]["type"], got["notCreated"]["bad"]["type"]) == (
        "invalidProperties",
        "invalidEmail",
    )


async def test_emails_are_copied_between_accounts_and_the_original_goes(
    stand: Stand, alice: Client, bob: Client
) -> None:
    names = [await stand.put("bob", letter(f"{number}"), marks=Marks(Flags.FLAGGED)) for number in range(2)]
    await stand.share("bob", "INBOX", "alice@example.test", "lrswite")
    shared, own, inbox = await alice.account("bob"), await alice.account(), await box(alice, "inbox")
    create = {
        "a": {"id": names[0], "mailboxIds": {inbox: True}},
        "b": {
            "id": names[1],
            "mailboxIds": {inbox: True},
            "keywords": {"x": True},
            "receivedAt": "2020-05-01T10:00:00Z",
        },
        "c": {"id": "M999999", "mailboxIds": {inbox: True}},
    }
    arguments = {"fromAccountId": shared, "accountId": own, "create": create, "onSuccessDestroyOriginal": True}
    copied, gone = await alice.calls(("Email/copy", arguments))
    assert copied[0] == "Email/copy" and gone[0] == "Email/set"
    first, second = copied[1]["created"]["a"], copied[1]["created"]["b"]
    assert copied[1]["notCreated"]["c"]["type"] == "notFound"
    assert sorted(gone[1]["destroyed"]) == sorted(names)
    assert (await fetched(alice, first["id"]))["keywords"] == {"$flagged": True}
    there = await fetched(alice, second["id"])
    assert (there["keywords"], there["receivedAt"]) == ({"x": True}, "2020-05-01T10:00:00Z")
    assert await alice.octets(first["blobId"]) == letter("0")
    assert await alice.refused("Email/copy", fromAccountId=own, create={}) == "invalidArguments"
    assert await alice.refused("Email/copy", fromAccountId="A999999", create={}) == "fromAccountNotFound"


async def test_a_blob_is_read_as_a_message(stand: Stand, alice: Client) -> None:
    blob = (await alice.upload(MIXED))["blobId"]
    other = (await alice.upload(b"nothing"))["blobId"]
    got = await alice.call("Email/parse", blobIds=[blob, other, "U99999"], fetchTextBodyValues=True)
    read = got["parsed"][blob]
    assert (read["subject"], read["hasAttachment"], "id" in read) == ("Grüße", True, False)
    assert next(iter(read["bodyValues"].values()))["value"] == "Grüße"
    assert (got["notParsable"], got["notFound"]) == ([other], ["U99999"])
    assert await alice.octets(read["attachments"][0]["blobId"]) == b"%PDF"
    [again] = (await alice.call("Email/parse", blobIds=[blob], properties=["id", "mailboxIds", "size"]))[
        "parsed"
    ].values()
    assert again == {"id": None, "mailboxIds": None, "size": len(MIXED)}


async def test_a_snippet_shows_where_the_words_are(stand: Stand, alice: Client) -> None:
    body = "x " * 300 + "the <b>Invoice</b> & more " + "y " * 300
    name = await stand.put("alice", letter("Your invoice & thing", body=body))
    got = await alice.call("SearchSnippet/get", filter={"text": "invoice"}, emailIds=[name, "M99999"])
    [told] = got["list"]
    assert told["subject"] == "Your <mark>invoice</mark> &amp; thing"
    assert "&lt;b&gt;<mark>Invoice</mark>&lt;/b&gt; &amp; more" in told["preview"]
    assert len(told["preview"].encode()) <= 255 and got["notFound"] == ["M99999"]
    got = await alice.call(
        "SearchSnippet/get", filter={"operator": "NOT", "conditions": [{"text": "invoice"}]}, emailIds=[name]
    )
    assert got["list"] == [{"emailId": name, "subject": None, "preview": None}]
