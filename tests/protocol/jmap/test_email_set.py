"""Emails made, changed, moved and taken away; threads and searches that follow. RFC 8621 §3, §4."""

from __future__ import annotations

import email
import email.policy
from datetime import timedelta
from typing import Any

import pytest

from groupware.mime.item import Marks
from groupware.model.flags import Flags
from groupware.model.principal import OPERATOR
from tests.protocol.jmap.test_mail import BEGIN, MIXED
from tests.support.jmapstand import Client, Stand, letter

DRAFT: dict[str, Any] = {
    "from": [{"name": "Älice", "email": "alice@example.test"}],
    "to": [{"name": 'Bob, the "B"', "email": "bob@example.test"}, {"name": None, "email": "x@y.test"}],
    "subject": "Grüße — " + "lang " * 40,
    "keywords": {"$draft": True, "$Work": True},
    "bodyValues": {"1": {"value": "Hällo\nWorld\n"}},
    "textBody": [{"partId": "1", "type": "text/plain"}],
}


async def box(client: Client, role: str, account: str | None = None) -> str:
    return str((await client.call("Mailbox/query", filter={"role": role}, accountId=account))["ids"][0])


async def named(client: Client, name: str, account: str) -> str:
    got = await client.call("Mailbox/get", accountId=account)
    return next(str(each["id"]) for each in got["list"] if each["name"] == name)


async def created(client: Client, account: str | None = None, **given: Any) -> dict[str, Any]:
    at = {"mailboxIds": {await box(client, "drafts"): True}} if "mailboxIds" not in given else {}
    got = await client.call("Email/set", create={"k": {**at, **given}}, accountId=account)
    assert got["notCreated"] is None, got
    return dict(got["created"]["k"])


async def refused(client: Client, **given: Any) -> dict[str, Any]:
    at = {"mailboxIds": {await box(client, "drafts"): True}} if "mailboxIds" not in given else {}
    got = await client.call("Email/set", create={"k": {**at, **given}})
    assert got["created"] is None
    return dict(got["notCreated"]["k"])


async def fetched(client: Client, name: str, account: str | None = None, **more: Any) -> dict[str, Any]:
    return dict((await client.call("Email/get", ids=[name], accountId=account, **more))["list"][0])


async def test_a_draft_comes_back_as_it_was_given(alice: Client) -> None:
    made = await created(alice, **DRAFT)
    got = await fetched(alice, made["id"], fetchTextBodyValues=True)
    for name in ("from", "to"):
        assert got[name] == DRAFT[name]
    assert got["subject"] == DRAFT["subject"].strip()
    assert got["keywords"] == {"$draft": True, "$work": True}
    assert (got["blobId"], got["threadId"], got["size"]) == (made["blobId"], made["threadId"], made["size"])
    [part] = got["textBody"]
    assert got["bodyValues"][part["partId"]]["value"] == "Hällo\nWorld\n"
    assert part["charset"] == "utf-8" and got["messageId"] and got["sentAt"]
    octets = await alice.octets(made["blobId"])
    assert len(octets) == made["size"] and octets.isascii() and b"\n" not in octets.replace(b"\r\n", b"")
    assert max(map(len, octets.split(b"\r\n"))) <= 90


async def test_texts_and_files_become_the_tree_that_readers_expect(alice: Client) -> None:
    image = (await alice.upload(b"\x89PNG", "image/png"))["blobId"]
    file = (await alice.upload(b"%PDF" * 100, "application/pdf"))["blobId"]
    made = await created(
        alice,
        subject="Both",
        bodyValues={"t": {"value": "Plain"}, "h": {"value": "<p>Rich <img src='cid:i1'></p>"}},
        textBody=[{"partId": "t", "type": "text/plain"}],
        htmlBody=[{"partId": "h", "type": "text/html"}],
        attachments=[
            {"blobId": image, "type": "image/png", "cid": "i1", "disposition": "inline", "name": "Bild ü.png"},
            {"blobId": file, "type": "application/pdf", "name": 'a;b".pdf'},
        ],
    )
    read = email.message_from_bytes(await alice.octets(made["blobId"]), policy=email.policy.default)
    assert [each.get_content_type() for each in read.walk()] == [
        "multipart/mixed",
        "multipart/related",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "image/png",
        "application/pdf",
    ]
    names = [each.get_filename() for each in read.walk() if each.get_filename()]
    assert names == ["Bild ü.png", 'a;b".pdf']
    got = await fetched(alice, made["id"])
    assert [(each["name"], each["cid"], each["size"]) for each in got["attachments"]] == [
        ("Bild ü.png", "i1", 4),
        ('a;b".pdf', None, 400),
    ]
    assert got["hasAttachment"]
    assert await alice.octets(got["attachments"][1]["blobId"]) == b"%PDF" * 100


async def test_a_structure_of_ones_own_is_kept(stand: Stand, alice: Client) -> None:
    inner = (await stand.put("alice", MIXED)).replace("M", "G")
    made = await created(
        alice,
        bodyValues={"a": {"value": "One"}, "b": {"value": "x" * 2000}},
        bodyStructure={
            "type": "multipart/mixed",
            "header:X-Part": " raw  value",
            "subParts": [
                {"partId": "a", "type": "text/plain", "language": ["de", "en"], "location": "http://x.test/a"},
                {"partId": "b", "type": "text/csv", "name": "t.csv", "disposition": "attachment"},
                {"blobId": inner, "type": "message/rfc822"},
                {"blobId": f"{inner}-4", "type": "application/pdf"},
            ],
        },
    )
    got = await fetched(
        alice,
        made["id"],
        properties=["bodyStructure"],
        bodyProperties=["type", "language", "location", "header:X-Part"],
    )
    root = got["bodyStructure"]
    assert (root["type"], root["header:X-Part"]) == ("multipart/mixed", " raw  value")
    assert [each["type"] for each in root["subParts"]] == [
        "text/plain",
        "text/csv",
        "message/rfc822",
        "application/pdf",
    ]
    assert (root["subParts"][0]["language"], root["subParts"][0]["location"]) == (["de", "en"], "http://x.test/a")
    assert await alice.octets(f"{made['blobId']}-3") == MIXED
    assert await alice.octets(f"{made['blobId']}-3-4") == b"%PDF"


@pytest.mark.parametrize(
    ("property", "value", "found"),
    [
        ("header:X-Odd", " as it stands", " as it stands"),
        ("header:X-Odd:asText", "Grün", "Grün"),
        ("header:X-Odd:asText:all", ["a", "b"], ["a", "b"]),
        ("header:Resent-To:asAddresses", [{"name": "Ü", "email": "u@x.test"}], [{"name": "Ü", "email": "u@x.test"}]),
        (
            "header:Reply-To:asGroupedAddresses",
            [{"name": "Team", "addresses": [{"name": None, "email": "x@y.test"}]}],
            [{"name": "Team", "addresses": [{"name": None, "email": "x@y.test"}]}],
        ),
        ("header:Resent-Date:asDate", "2026-01-01T10:00:00+02:00", "2026-01-01T10:00:00+02:00"),
        ("header:List-Post:asURLs", ["mailto:x@y.test"], ["mailto:x@y.test"]),
        ("header:X-Odd", None, None),
    ],
)
async def test_a_field_is_written_in_the_form_that_it_is_given_in(
    alice: Client, property: str, value: object, found: object
) -> None:
    made = await created(alice, subject="x", **{property: value})
    assert (await fetched(alice, made["id"], properties=[property]))[property] == found


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"mailboxIds": {}}, "invalidProperties"),
        ({"mailboxIds": {"F999999": True}}, "invalidProperties"),
        ({"mailboxIds": 7}, "invalidProperties"),
        ({"headers": []}, "invalidProperties"),
        ({"size": 7}, "invalidProperties"),
        ({"from": [{"email": "a@b.test"}], "header:From": " x@y.test"}, "invalidProperties"),
        ({"header:Content-Type": " text/plain"}, "invalidProperties"),
        ({"header:Subject:asAddresses": []}, "invalidProperties"),
        ({"header:X": "x\r\nBcc: evil@x.test"}, "invalidProperties"),
        ({"from": [{"name": "x", "email": "a@b>\r\nBcc: x@y"}]}, "invalidProperties"),
        ({"messageId": ["a> <b"]}, "invalidProperties"),
        ({"sentAt": "yesterday"}, "invalidProperties"),
        ({"receivedAt": "2026-13-01T00:00:00Z"}, "invalidProperties"),
        ({"keywords": {"a b": True}}, "invalidProperties"),
        ({"keywords": {"$deleted": True}}, "invalidProperties"),
        ({"keywords": {"x": False}}, "invalidProperties"),
        ({"keywords": {f"k{number}": True for number in range(101)}}, "tooManyKeywords"),
        ({"textBody": [{"partId": "1"}]}, "invalidProperties"),
        ({"textBody": [{"partId": "1"}] * 2, "bodyValues": {"1": {"value": "x"}}}, "invalidProperties"),
        (
            {"textBody": [{"partId": "1", "type": "text/html"}], "bodyValues": {"1": {"value": "x"}}},
            "invalidProperties",
        ),
        (
            {"textBody": [{"partId": "1"}], "bodyValues": {"1": {"value": "x", "isTruncated": True}}},
            "invalidProperties",
        ),
        ({"textBody": [{"partId": "1", "charset": "x"}], "bodyValues": {"1": {"value": "x"}}}, "invalidProperties"),
        ({"bodyStructure": {"type": "multipart/mixed", "partId": "1"}}, "invalidProperties"),
        ({"bodyStructure": {"blobId": "U1", "partId": "1"}}, "blobNotFound"),
        ({"attachments": [{"blobId": "G999999"}]}, "blobNotFound"),
        (
            {
                "bodyStructure": {"partId": "1", "header:Content-Transfer-Encoding": " 7bit"},
                "bodyValues": {"1": {"value": "x"}},
            },
            "invalidProperties",
        ),
    ],
)
async def test_an_email_that_cannot_be_is_refused(alice: Client, given: dict[str, Any], kind: str) -> None:
    assert (await refused(alice, **given))["type"] == kind


async def test_keywords_are_set_whole_and_in_part(stand: Stand, alice: Client) -> None:
    name = await stand.put(
        "alice", letter("x"), marks=Marks(Flags.DELETED | Flags.FLAGGED, frozenset({"$Work", "Odd"}))
    )
    for patch, found in [
        ({"keywords/$seen": True}, {"$flagged", "$seen", "$work", "odd"}),
        ({"keywords/$work": None, "keywords/new~1x": True}, {"$flagged", "$seen", "odd", "new/x"}),
        ({"keywords": {"$Answered": True}}, {"$answered"}),
        ({"keywords": {}}, set()),
    ]:
        got = await alice.call("Email/set", update={name: patch})
        assert got["updated"] == {name: None}, got
        assert (await fetched(alice, name, properties=["keywords"]))["keywords"].keys() == found
    [item] = await stand.house.items("alice")
    assert item.flags == Flags.DELETED


@pytest.mark.parametrize(
    ("patch", "kind"),
    [
        ({"keywords": {}, "keywords/x": True}, "invalidPatch"),
        ({"keywords/x": False}, "invalidPatch"),
        ({"keywords/x": 1}, "invalidPatch"),
        ({"keywords/x/y": True}, "invalidPatch"),
        ({"keywords/": True}, "invalidPatch"),
        ({"subject": "y"}, "invalidProperties"),
        ({"mailboxIds": {}}, "invalidProperties"),
        ({"mailboxIds": {"F999999": True}}, "invalidProperties"),
        ({"keywords/a b": True}, "invalidProperties"),
        ({"keywords": 7}, "invalidProperties"),
    ],
)
async def test_a_patch_that_cannot_be_changes_nothing(
    stand: Stand, alice: Client, patch: dict[str, Any], kind: str
) -> None:
    name = await stand.put("alice", letter("x"))
    got = await alice.call("Email/set", update={name: {"keywords/$seen": True, **patch}})
    assert got["notUpdated"][name]["type"] in (kind, "invalidPatch")
    assert (await fetched(alice, name))["keywords"] == {}


async def test_an_email_is_moved_and_keeps_its_id(stand: Stand, alice: Client) -> None:
    names = [await stand.put("alice", letter(f"{number}")) for number in range(3)]
    inbox, archive = await box(alice, "inbox"), await box(alice, "archive")
    since = (await alice.call("Email/get", ids=[]))["state"]
    patch = {"mailboxIds": {archive: True}, "keywords/$seen": True}
    other = {f"mailboxIds/{archive}": True, f"mailboxIds/{inbox}": None}
    got = await alice.call("Email/set", update={names[0]: patch, names[1]: other, "M999999": patch})
    assert got["updated"].keys() == set(names[:2])
    assert got["notUpdated"]["M999999"]["type"] == "notFound"
    for name in names[:2]:
        assert (await fetched(alice, name))["mailboxIds"] == {archive: True}
    assert (await fetched(alice, names[0]))["keywords"] == {"$seen": True}
    journal = await stand.house.read(lambda tx: tx.journal(tx.locate(tx.account("alice@example.test").id, "INBOX").id))
    assert {row.client for row in journal if row.what == "item.left"} == {"jmap"}
    changes = await alice.call("Email/changes", sinceState=since)
    assert (sorted(changes["updated"]), changes["destroyed"]) == (sorted(names[:2]), [])
    assert changes["newState"] == got["newState"]


async def test_emails_are_destroyed(stand: Stand, alice: Client) -> None:
    names = [await stand.put("alice", letter(f"{number}")) for number in range(2)]
    since = (await alice.call("Email/get", ids=[]))["state"]
    got = await alice.call("Email/set", destroy=[names[0], "M999999"])
    assert (got["destroyed"], got["notDestroyed"]["M999999"]["type"]) == ([names[0]], "notFound")
    assert (await alice.call("Email/get", ids=names))["notFound"] == [names[0]]
    assert (await alice.call("Email/changes", sinceState=since))["destroyed"] == [names[0]]


async def test_rights_of_others_mail_are_those_of_the_folder(stand: Stand, alice: Client, bob: Client) -> None:
    name = await stand.put("alice", letter("x"))
    await stand.share("alice", "INBOX", "bob@example.test", "lrs")
    shared = await bob.account("alice")
    got = await bob.call("Email/set", accountId=shared, update={name: {"keywords/$seen": True}})
    assert got["updated"] == {name: None}
    for patch in ({"keywords/$flagged": True}, {"keywords/word": True}, {"keywords": {"$seen": True, "$draft": True}}):
        got = await bob.call("Email/set", accountId=shared, update={name: patch})
        assert got["notUpdated"][name]["type"] == "forbidden"
    got = await bob.call("Email/set", accountId=shared, destroy=[name])
    assert got["notDestroyed"][name]["type"] == "forbidden"
    assert (await fetched(alice, name))["keywords"] == {}
    got = await bob.call(
        "Email/set", accountId=shared, create={"k": {"mailboxIds": (await fetched(alice, name))["mailboxIds"]}}
    )
    assert got["notCreated"]["k"]["type"] == "forbidden"


async def test_one_that_may_not_is_refused_and_the_others_are_done(stand: Stand, alice: Client, bob: Client) -> None:
    one = await stand.put("alice", letter("1"))
    two = await stand.put("alice", letter("2"), "Archive")
    await stand.share("alice", "INBOX", "bob@example.test", "lrswite")
    await stand.share("alice", "Archive", "bob@example.test", "lr")
    shared = await bob.account("alice")
    got = await bob.call("Email/set", accountId=shared, destroy=[two, one])
    assert (got["destroyed"], got["notDestroyed"][two]["type"]) == ([one], "forbidden")


async def test_an_old_state_refuses_a_set_and_new_mailboxes_do_not_matter(stand: Stand, alice: Client) -> None:
    name = await stand.put("alice", letter("x"))
    old = (await alice.call("Email/get", ids=[]))["state"]
    await alice.call("Mailbox/set", create={"k": {"name": "New"}})
    got = await alice.call("Email/set", ifInState=old, update={name: {"keywords/$seen": True}})
    assert got["updated"] == {name: None}
    assert await alice.refused("Email/set", ifInState=old, destroy=[name]) == "stateMismatch"
    assert await alice.refused("Email/set", ifInState="nothing", destroy=[name]) == "stateMismatch"


async def test_a_later_call_moves_what_an_earlier_one_made(alice: Client) -> None:
    account = await alice.account()
    mailbox, made, moved = await alice.calls(
        ("Mailbox/set", {"accountId": account, "create": {"m": {"name": "Fresh"}}}),
        ("Email/set", {"accountId": account, "create": {"e": {**DRAFT, "mailboxIds": {"#m": True}}}}),
        ("Email/set", {"accountId": account, "update": {"#e": {"keywords/$seen": True, "keywords/$draft": None}}}),
    )
    name = made[1]["created"]["e"]["id"]
    assert moved[1]["updated"] == {name: None}
    there = await fetched(alice, name)
    assert there["mailboxIds"] == {mailbox[1]["created"]["m"]["id"]: True}
    assert there["keywords"] == {"$seen": True, "$work": True}


async def test_a_thread_follows_what_comes_moves_and_goes(stand: Stand, alice: Client) -> None:
    names = [await stand.put("alice", letter("One", "Message-ID: <1@x>"), marks=Marks(saved=BEGIN))]
    thread = (await fetched(alice, names[0]))["threadId"]

    async def told() -> list[str]:
        [found] = (await alice.call("Thread/get", ids=[thread]))["list"]
        return list(found["emailIds"])

    assert await told() == names
    for number in (2, 3):
        reply = letter(f"Re: {number}", f"Message-ID: <{number}@x>", "References: <1@x>")
        names.append(await stand.put("alice", reply, marks=Marks(saved=BEGIN + timedelta(days=number))))
    assert await told() == names
    archive = await box(alice, "archive")
    await alice.call("Email/set", update={names[1]: {"mailboxIds": {archive: True}}})
    assert await told() == names
    await alice.call("Email/set", destroy=[names[0], names[2]])
    assert await told() == [names[1]]
    inbox = await alice.call("Mailbox/get", ids=[await box(alice, "inbox"), archive], properties=["totalThreads"])
    assert [each["totalThreads"] for each in inbox["list"]] == [0, 1]


async def test_words_are_found_whatever_else_is_asked(stand: Stand, alice: Client) -> None:
    names = [await stand.put("alice", letter(f"Invoice {number}"), marks=Marks(saved=BEGIN)) for number in range(3)]
    other = await stand.put(
        "alice", letter("Invoice old"), "Archive", Marks(Flags.SEEN, saved=BEGIN - timedelta(days=1))
    )
    for sought, found in [
        ({"text": "invoice"}, [*names[::-1], other]),
        ({"text": "invoice", "hasKeyword": "$seen"}, [other]),
        ({"text": "invoice", "subject": "old"}, [other]),
        ({"subject": "invoice", "inMailbox": await box(alice, "inbox")}, names[::-1]),
        ({"operator": "OR", "conditions": [{"text": "old"}, {"text": "nothing"}]}, [other]),
        ({"operator": "AND", "conditions": [{"text": "invoice"}, {"text": "hello"}]}, [*names[::-1], other]),
        ({"operator": "NOT", "conditions": [{"text": "old"}]}, names[::-1]),
    ]:
        assert (await alice.call("Email/query", filter=sought))["ids"] == found, sought


async def test_what_is_done_here_sets_off_scripts_of_mailboxes(stand: Stand, alice: Client) -> None:
    """RFC 6785: the same occasions as over IMAP."""
    await stand.house.parts.store.write(OPERATOR, lambda tx: tx.put_setting("scriptOnChange", "main", OPERATOR.account))
    made = await created(alice, subject="new")
    await alice.call("Email/set", update={made["id"]: {"keywords/$flagged": True}})
    await alice.call("Email/set", update={made["id"]: {"mailboxIds": {await box(alice, "inbox"): True}}})
    found = await stand.house.parts.store.read(OPERATOR, lambda tx: tx.occasions())
    assert [(each.cause, each.changed, each.by) for each in found] == [
        ("APPEND", (), "alice@example.test"),
        ("FLAG", ("\\Flagged",), "alice@example.test"),
        ("COPY", (), "alice@example.test"),
    ]
