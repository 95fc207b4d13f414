"""The session object, requests and their limits, references, downloads. RFC 8620."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.support.jmapstand import USING, Client, Stand, letter


async def test_the_session_names_the_own_account_and_where_everything_is(alice: Client) -> None:
    got = (await alice.get("/jmap/session")).json()
    own = got["primaryAccounts"][USING[1]]
    assert got["accounts"][own]["name"] == got["username"] == "alice@example.test"
    assert got["accounts"][own]["isPersonal"] and not got["accounts"][own]["isReadOnly"]
    assert got["apiUrl"] == "https://mail.example.test/jmap/api"


async def test_another_account_is_there_as_long_as_something_in_it_is_shared(
    stand: Stand, alice: Client, bob: Client
) -> None:
    before = (await bob.get("/jmap/session")).json()
    await stand.share("alice", "INBOX", "bob@example.test", "lr")
    after = (await bob.get("/jmap/session")).json()
    assert after["state"] != before["state"]
    [shared] = after["accounts"].keys() - before["accounts"].keys()
    assert after["accounts"][shared]["name"] == "alice@example.test"
    assert after["accounts"][shared]["isReadOnly"] and not after["accounts"][shared]["isPersonal"]
    await stand.share("alice", "INBOX", "bob@example.test", "")
    assert await bob.refused("Mailbox/get", accountId=shared) == "accountNotFound"


async def test_a_wrong_password_is_answered_with_a_challenge(alice: Client) -> None:
    got = await replace(alice, password="wrong").get("/jmap/session")
    assert got.status_code == 401
    assert got.headers["www-authenticate"].startswith("Basic")


@pytest.mark.parametrize("header", [{"x-csrf-token": "of a session that is over"}, {"sec-fetch-site": "same-origin"}])
async def test_a_page_of_ours_whose_session_is_over_gets_none(stand: Stand, header: dict[str, str]) -> None:
    got = await stand.http.get("/jmap/session", headers=header)
    assert got.status_code == 401
    assert "www-authenticate" not in got.headers


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{", "notJSON"),
        (b"\xff", "notJSON"),
        (b'{"using":[],"using":[],"methodCalls":[]}', "notJSON"),
        (b'{"using":["\\ud800"],"methodCalls":[]}', "notJSON"),
        (b'{"using":[],"methodCalls":[["Core/echo",{"a":NaN},"0"]]}', "notJSON"),
        (b'{"using":[],"methodCalls":[["Core/echo",{"a":9007199254740993},"0"]]}', "notJSON"),
        (b"[" * 100_000, "notJSON"),
        (b'{"using":[],"methodCalls":' + b"[" * 200 + b"]" * 200 + b"}", "notJSON"),
        (b"[]", "notRequest"),
        (b'{"using":[]}', "notRequest"),
        (b'{"using":[],"methodCalls":[["Core/echo",{}]]}', "notRequest"),
        (b'{"using":["urn:x"],"methodCalls":[]}', "unknownCapability"),
        (json.dumps({"using": [], "methodCalls": [["a", {}, "0"]] * 33}).encode(), "limit"),
    ],
)
async def test_what_is_no_request_is_told_so(alice: Client, body: bytes, kind: str) -> None:
    got = await alice.post(body)
    assert got.status_code == 400
    assert got.json()["type"] == f"urn:ietf:params:jmap:error:{kind}"


async def test_a_request_that_is_too_long_is_not_read_to_its_end(alice: Client) -> None:
    got = await alice.post(b" " * 10_000_001)
    assert (got.status_code, got.json()["limit"]) == (413, "maxSizeRequest")


async def test_echo_gives_back_what_it_was_given(alice: Client) -> None:
    given = {"a": [1, None, "ü"]}
    assert await alice.calls(("Core/echo", given)) == [["Core/echo", given]]


async def test_a_method_takes_its_capability(alice: Client) -> None:
    got = await alice.post({"using": USING[:1], "methodCalls": [["Mailbox/get", {}, "0"], ["No/such", {}, "1"]]})
    assert [each[1]["type"] for each in got.json()["methodResponses"]] == ["unknownMethod"] * 2


async def test_references_lead_to_what_earlier_calls_gave(stand: Stand, alice: Client) -> None:
    first = await stand.put("alice", letter("One"))
    second = await stand.put("alice", letter("Two"))
    account = await alice.account()

    def of(call: str, name: str, path: str) -> dict[str, str]:
        return {"resultOf": call, "name": name, "path": path}

    answers = await alice.calls(
        ("Email/query", {"accountId": account}),
        ("Email/get", {"accountId": account, "#ids": of("0", "Email/query", "/ids"), "properties": ["threadId"]}),
        ("Thread/get", {"accountId": account, "#ids": of("1", "Email/get", "/list/*/threadId")}),
        ("Email/get", {"accountId": account, "#ids": of("2", "Thread/get", "/list/*/emailIds"), "properties": ["id"]}),
    )
    assert {each["id"] for each in answers[3][1]["list"]} == {first, second}


@pytest.mark.parametrize(
    "reference",
    [
        {},
        {"resultOf": "9", "name": "Core/echo", "path": "/a"},
        {"resultOf": "0", "name": "Email/get", "path": "/a"},
        {"resultOf": "0", "name": "Core/echo", "path": "/b"},
        {"resultOf": "0", "name": "Core/echo", "path": "a"},
        {"resultOf": "0", "name": "Core/echo", "path": "/a/01"},
        {"resultOf": "0", "name": "Core/echo", "path": "/a/0/x"},
    ],
)
async def test_a_reference_that_leads_nowhere_is_an_error_of_its_call_alone(
    alice: Client, reference: dict[str, str]
) -> None:
    answers = await alice.calls(("Core/echo", {"a": [1]}), ("Core/echo", {"#x": reference}), ("Core/echo", {"y": 1}))
    assert answers[1][1]["type"] == "invalidResultReference"
    assert answers[2] == ["Core/echo", {"y": 1}]


async def test_a_download_is_the_message_or_one_of_its_parts_for_who_may_read_it(
    stand: Stand, alice: Client, bob: Client
) -> None:
    octets = letter("File", "Content-Transfer-Encoding: base64", body="SGVsbG8=\r\n")
    email = await stand.put("alice", octets)
    account = await alice.account()

    async def fetched(client: Client, blob: str) -> tuple[int, bytes]:
        got = await client.get(f"/jmap/download/{account}/{blob}/a%20b.eml?accept=text/plain")
        return got.status_code, got.content

    assert await fetched(alice, f"G{email[1:]}") == (200, octets)
    assert await fetched(alice, f"G{email[1:]}-0") == (200, b"Hello")
    assert (await fetched(alice, f"G{email[1:]}-7"))[0] == 404
    assert (await fetched(bob, f"G{email[1:]}"))[0] == 404
    await stand.share("alice", "INBOX", "bob@example.test", "lr")
    assert await fetched(bob, f"G{email[1:]}") == (200, octets)


@pytest.mark.parametrize(
    ("fields", "status", "content", "place"),
    [
        ({"range": "bytes=2-4"}, 206, b"234", "bytes 2-4/10"),
        ({"range": "bytes=7-"}, 206, b"789", "bytes 7-9/10"),
        ({"range": "bytes=-2"}, 206, b"89", "bytes 8-9/10"),
        ({"range": "bytes=8-99999999999999999999"}, 206, b"89", "bytes 8-9/10"),
        ({"range": "bytes=-99"}, 206, b"0123456789", "bytes 0-9/10"),
        ({"range": "bytes=10-"}, 416, None, "bytes */10"),
        ({"range": "bytes=-0"}, 416, None, "bytes */10"),
        ({"range": "bytes=4-2"}, 200, b"0123456789", None),
        ({"range": "bytes=0-1,4-5"}, 200, b"0123456789", None),
        ({"range": "lines=0-1"}, 200, b"0123456789", None),
        ({"range": "bytes=2-4", "if-range": '"another"'}, 200, b"0123456789", None),
        ({"range": "bytes=2-4", "if-range": "TAG"}, 206, b"234", "bytes 2-4/10"),
    ],
)
async def test_a_piece_of_a_download_is_given_where_it_is_asked_for(
    alice: Client, fields: dict[str, str], status: int, content: bytes | None, place: str | None
) -> None:
    blob = (await alice.upload(b"0123456789"))["blobId"]
    at = f"/jmap/download/{await alice.account()}/{blob}/x"
    tag = (await alice.http.get(at, headers=alice.headers)).headers["etag"]
    said = {name: tag if value == "TAG" else value for name, value in fields.items()}
    got = await alice.http.get(at, headers={**alice.headers, **said})
    assert (got.status_code, got.headers.get("content-range")) == (status, place)
    assert content is None or got.content == content


async def test_a_download_is_looked_at_without_its_octets(alice: Client) -> None:
    blob = (await alice.upload(b"0123456789"))["blobId"]
    got = await alice.http.head(f"/jmap/download/{await alice.account()}/{blob}/x", headers=alice.headers)
    assert (got.status_code, got.headers["content-length"], got.headers["accept-ranges"]) == (200, "10", "bytes")


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("No%20%231%3F.txt", "No%20%231%3F.txt"),
        ("..%2F..%5Cetc%2Fpasswd", "passwd"),
        ("a%22%3B", "a%22%3B"),
        ("", "download"),
    ],
)
async def test_a_download_is_called_what_the_address_says_and_leads_into_no_folder(
    alice: Client, asked: str, name: str
) -> None:
    blob = (await alice.upload(b"x"))["blobId"]
    got = await alice.get(f"/jmap/download/{await alice.account()}/{blob}/{asked}")
    assert got.headers["content-disposition"] == f"attachment; filename*=UTF-8''{name}"


async def test_nothing_but_get_is_taken_for_the_session_and_nothing_but_post_for_methods(alice: Client) -> None:
    got: Any = await alice.get("/jmap/api")
    assert (got.status_code, got.headers["allow"]) == (405, "POST")
