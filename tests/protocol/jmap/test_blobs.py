"""Octets up and down, and the methods of blobs. RFC 8620 §6, RFC 9404."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from unittest import mock

import pytest

from groupware.model.record import UploadRoom
from tests.protocol.jmap.test_mail import MIXED
from tests.support.jmapstand import Client, Stand, letter
from web.jmap import blob_methods, transfers


async def test_what_is_uploaded_can_be_fetched_again_by_who_brought_it(
    stand: Stand, alice: Client, bob: Client
) -> None:
    said = await alice.upload(b"\0\xff octets", "Image/PNG; name=x")
    assert (said["type"], said["size"], said["accountId"]) == ("image/png", 9, await alice.account())
    assert await alice.octets(said["blobId"]) == b"\0\xff octets"
    assert (await bob.get(f"/jmap/download/{await bob.account()}/{said['blobId']}/x")).status_code == 404


async def test_what_is_uploaded_for_one_account_is_not_in_another(stand: Stand, alice: Client, bob: Client) -> None:
    await stand.share("bob", "INBOX", "alice@example.test", "lri")
    other = await alice.account("bob")
    said = await alice.upload(b"x", account=other)
    assert await alice.octets(said["blobId"], other) == b"x"
    assert (await alice.get(f"/jmap/download/{await alice.account()}/{said['blobId']}/x")).status_code == 404


@pytest.mark.parametrize("account", ["A999999", "", "nothing"])
async def test_nothing_is_uploaded_for_an_account_that_is_not_there(alice: Client, account: str) -> None:
    got = await alice.http.post(f"/jmap/upload/{account}", content=b"x", headers=alice.headers)
    assert got.status_code == 404


async def test_an_upload_that_is_too_large_is_refused_by_its_length(alice: Client) -> None:
    with mock.patch.object(transfers, "UPLOAD_OCTETS", 10):
        place = f"/jmap/upload/{await alice.account()}"
        got = await alice.http.post(place, content=b"x" * 11, headers=alice.headers)
    assert (got.status_code, got.json()["limit"]) == (413, "maxSizeUpload")


async def test_the_oldest_upload_makes_room_for_the_newest(alice: Client) -> None:
    with mock.patch.object(transfers, "UPLOAD_ROOM", UploadRoom(10, 100)):
        first, second = [(await alice.upload(octets))["blobId"] for octets in (b"123456", b"654321")]
    assert (await alice.get(f"/jmap/download/{await alice.account()}/{first}/x")).status_code == 404
    assert await alice.octets(second) == b"654321"


async def test_a_blob_is_put_together_from_pieces(stand: Stand, alice: Client) -> None:
    email = await stand.put("alice", letter("Hello"))
    pieces: list[dict[str, Any]] = [
        {"data:asText": "Ü "},
        {"data:asBase64": base64.b64encode(b"\xff").decode()},
        {"blobId": email.replace("M", "G"), "offset": 9, "length": 5},
    ]
    got = await alice.call("Blob/upload", create={"k": {"data": pieces, "type": "text/x-odd"}})
    made = got["created"]["k"]
    assert (made["type"], made["size"]) == ("text/x-odd", 9)
    assert await alice.octets(made["id"]) == b"\xc3\x9c \xffHello"


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({}, "invalidProperties"),
        ({"data": [{"data:asText": "x", "more": 1}]}, "invalidProperties"),
        ({"data": [{"data:asBase64": "%"}]}, "invalidProperties"),
        ({"data": [{"blobId": "G999999"}]}, "blobNotFound"),
        ({"data": [{"data:asText": "x"}], "type": 7}, "invalidProperties"),
        ({"data": [{"data:asText": ""}] * 65}, "invalidProperties"),
    ],
)
async def test_a_blob_that_cannot_be_put_together_says_why(alice: Client, given: dict[str, Any], kind: str) -> None:
    got = await alice.call("Blob/upload", create={"k": given})
    assert got["created"] is None
    assert got["notCreated"]["k"]["type"] == kind


async def test_a_blob_that_would_be_too_large_is_not_made(alice: Client) -> None:
    with mock.patch.object(blob_methods, "UPLOAD_OCTETS", 3):
        got = await alice.call("Blob/upload", create={"k": {"data": [{"data:asText": "xx"}] * 2}})
    assert got["notCreated"]["k"]["type"] == "tooLarge"


async def test_a_later_call_names_what_was_created_before_it(alice: Client) -> None:
    account = await alice.account()
    made, got = await alice.calls(
        ("Blob/upload", {"accountId": account, "create": {"k": {"data": [{"data:asText": "hello world"}]}}}),
        ("Blob/get", {"accountId": account, "ids": ["#k"], "offset": 6, "length": 5}),
    )
    number = made[1]["created"]["k"]["id"]
    assert got[1]["list"] == [{"id": number, "data:asText": "world", "size": 11}]


async def test_created_ids_go_round_with_the_requests(alice: Client) -> None:
    account = await alice.account()
    call = ["Blob/upload", {"accountId": account, "create": {"k": {"data": []}}}, "0"]
    got = (await alice.post({"using": using(), "methodCalls": [call], "createdIds": {"old": "U1"}})).json()
    assert got["createdIds"].keys() == {"old", "k"}
    call = ["Blob/get", {"accountId": account, "ids": ["#k"], "properties": ["size"]}, "0"]
    got = (await alice.post({"using": using(), "methodCalls": [call], "createdIds": got["createdIds"]})).json()
    assert got["methodResponses"][0][1]["list"][0]["size"] == 0


def using() -> list[str]:
    return ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:blob"]


async def test_digests_and_ranges_are_those_of_the_octets(alice: Client) -> None:
    blob = (await alice.upload(b"The quick brown fox"))["blobId"]
    wanted = ["digest:sha", "digest:sha-256", "data:asBase64", "size"]
    [got] = (await alice.call("Blob/get", ids=[blob], properties=wanted, offset=4, length=5))["list"]
    assert got["digest:sha"] == base64.b64encode(hashlib.sha1(b"quick").digest()).decode()
    assert got["digest:sha-256"] == base64.b64encode(hashlib.sha256(b"quick").digest()).decode()
    assert (got["data:asBase64"], got["size"]) == (base64.b64encode(b"quick").decode(), 19)
    [got] = (await alice.call("Blob/get", ids=[blob], offset=16, length=9))["list"]
    assert (got["data:asText"], got["isTruncated"]) == ("fox", True)


async def test_what_is_no_text_is_told_in_base64(alice: Client) -> None:
    blob = (await alice.upload(b"\xff"))["blobId"]
    [got] = (await alice.call("Blob/get", ids=[blob], properties=["data"]))["list"]
    assert got == {"id": blob, "data:asBase64": "/w==", "isEncodingProblem": True}
    [got] = (await alice.call("Blob/get", ids=[blob], properties=["data:asText"]))["list"]
    assert got == {"id": blob, "data:asText": None, "isEncodingProblem": True}


async def test_a_part_of_an_attached_message_is_a_blob(stand: Stand, alice: Client) -> None:
    inner = MIXED.replace(b"JVBERg==", base64.b64encode(b"%PDF-1"))
    outer = b"Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\nContent-Type: message/rfc822\r\n\r\n" + inner
    email = await stand.put("alice", outer + b"\r\n--o--\r\n")
    assert await alice.octets(f"{email.replace('M', 'G')}-1-4") == b"%PDF-1"
    assert (await alice.get(f"/jmap/download/{await alice.account()}/G1-9-9-9/x")).status_code == 404


async def test_a_lookup_says_what_holds_a_blob(stand: Stand, alice: Client) -> None:
    email = await stand.put("alice", MIXED)
    up = (await alice.upload(b"x"))["blobId"]
    part = f"{email.replace('M', 'G')}-4"
    got = await alice.call("Blob/lookup", ids=[part, up, "G999999"], typeNames=["Email", "Mailbox"])
    [inbox] = (await alice.call("Email/get", ids=[email], properties=["mailboxIds"]))["list"][0]["mailboxIds"]
    assert got["list"] == [
        {"id": part, "matchedIds": {"Email": [email], "Mailbox": [inbox]}},
        {"id": up, "matchedIds": {"Email": [], "Mailbox": []}},
    ]
    assert got["notFound"] == ["G999999"]
    assert await alice.refused("Blob/lookup", ids=[], typeNames=["Nothing"]) == "unknownDataType"


async def test_a_blob_is_copied_from_what_others_share(stand: Stand, alice: Client, bob: Client) -> None:
    email = await stand.put("bob", letter("Shared"))
    await stand.share("bob", "INBOX", "alice@example.test", "lr")
    other, blob = await alice.account("bob"), email.replace("M", "G")
    got = await alice.call("Blob/copy", fromAccountId=other, blobIds=[blob, "G999999"])
    assert await alice.octets(got["copied"][blob]) == letter("Shared")
    assert got["notCopied"]["G999999"]["type"] == "notFound"
    assert await alice.refused("Blob/copy", fromAccountId="A999999", blobIds=[]) == "fromAccountNotFound"
