"""OPTIONS, queries in both forms, who may ask, and what is said when something is wrong."""

from __future__ import annotations

import httpx

from tests.support.eas.stand import PATH, Phone, Stand
from tests.support.eas.wire import write

ASK = ("FolderHierarchy:FolderSync", ("FolderHierarchy:SyncKey", "0"))


async def test_what_there_is(stand: Stand, alice: Phone) -> None:
    got = await stand.http.options(PATH, auth=("alice@example.test", alice.password))
    assert got.status_code == 200
    assert got.headers["ms-asprotocolversions"] == "12.1,14.0,14.1,16.0,16.1"
    assert {"Sync", "FolderSync", "Ping", "Provision"} <= set(got.headers["ms-asprotocolcommands"].split(","))


async def test_nobody_is_asked_for_a_password(stand: Stand, alice: Phone) -> None:
    assert (await stand.http.options(PATH)).status_code == 401
    alice.password = "wrong"
    got = await alice.post("FolderSync", write(ASK))
    assert got.status_code == 401 and got.headers["www-authenticate"].startswith("Basic")


async def test_a_domain_before_the_address_is_left_aside(stand: Stand, alice: Phone) -> None:
    got = await stand.http.options(PATH, auth=("EXAMPLE\\alice@example.test", alice.password))
    assert got.status_code == 200


async def test_a_query_in_base64_is_the_same(alice: Phone) -> None:
    plain = (await alice.folder_sync()).every("Changes/Add")
    alice.coded, alice.keys, alice.policy = True, {}, "0"
    assert [each.get("ServerId") for each in (await alice.folder_sync()).every("Changes/Add")] == [
        each.get("ServerId") for each in plain
    ]


async def post(stand: Stand, alice: Phone, query: str, **headers: str) -> httpx.Response:
    sent = {key.replace("_", "-"): value for key, value in headers.items()}
    return await stand.http.post(f"{PATH}?{query}", headers=sent, auth=("alice@example.test", alice.password))


async def test_bad_queries(stand: Stand, alice: Phone) -> None:
    assert (await post(stand, alice, "Cmd=FolderSync&DeviceType=x")).status_code == 400
    assert (await post(stand, alice, "Cmd=FolderSync&DeviceId=x")).status_code == 400
    assert (await post(stand, alice, "Cmd=Nothing&DeviceId=x&DeviceType=y")).status_code == 501
    for coded in ("", "AAAA", "!!!!", "jAAJBFBB", "x" * 5000):
        assert (await post(stand, alice, coded)).status_code == 400
    got = await post(stand, alice, "Cmd=FolderSync&DeviceId=x&DeviceType=y", ms_asprotocolversion="2.5")
    assert got.status_code == 400
    got = await post(stand, alice, "Cmd=FolderSync&DeviceId=x&DeviceType=y", x_ms_policykey="x")
    assert got.status_code == 400


async def test_what_is_no_wbxml_is_said_by_a_status(alice: Phone) -> None:
    got = await alice.post("FolderSync", b"<xml/>")
    assert got.status_code == 200 and b"102" in got.content
    alice.version = "12.1"
    assert (await alice.post("FolderSync", b"<xml/>")).status_code == 400


async def test_another_document_than_the_command_wants(alice: Phone) -> None:
    assert (await alice.ask("FolderSync", ("Ping:Ping",))).get("Status") == "103"
