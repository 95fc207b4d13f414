"""What one request may cost: references, filters, orders, header fields, blobs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.jmapstand import Client, Stand, letter
from web.jmap import blob_methods, sets


async def test_answers_that_hold_each_other_many_times_are_not_taken_out_again(alice: Client) -> None:
    def doubled(before: int) -> dict[str, Any]:
        whole = {"resultOf": str(before), "name": "Core/echo", "path": ""}
        return {f"#{name}": whole for name in "abcdefgh"}

    calls = [("Core/echo", {"x": "y" * 1000}), *[("Core/echo", doubled(before)) for before in range(31)]]
    answers = await alice.calls(*calls)
    assert answers[1][1]["h"] == {"x": "y" * 1000}
    assert {each[1]["type"] for each in answers[8:]} == {"invalidResultReference"}


@pytest.mark.parametrize("kind", ["Email", "Mailbox", "ContactCard", "CalendarEvent", "Task", "Principal"])
async def test_an_order_has_a_bound(alice: Client, kind: str) -> None:
    assert await alice.refused(f"{kind}/query", sort=[{"property": "name"}] * 21) == "unsupportedSort"


@pytest.mark.parametrize("kind", ["Email", "Mailbox", "ContactCard"])
@pytest.mark.parametrize("wrong", [{}, {"property": ["name"]}, {"property": "name", "isAscending": "yes"}])
async def test_an_order_that_is_none_is_told_so(alice: Client, kind: str, wrong: dict[str, Any]) -> None:
    assert await alice.refused(f"{kind}/query", sort=[wrong]) == "invalidArguments"


@pytest.mark.parametrize(("kind", "by"), [("Mailbox", "name"), ("ContactCard", "text"), ("Email", "text")])
async def test_a_filter_has_a_bound(alice: Client, kind: str, by: str) -> None:
    conditions = [{by: "x"}] * 600
    assert await alice.refused(f"{kind}/query", filter={"operator": "OR", "conditions": conditions}) == (
        "unsupportedFilter"
    )


async def test_header_fields_of_one_call_have_a_bound(stand: Stand, alice: Client) -> None:
    email = await stand.put("alice", letter("One"))
    many = [f"header:X-{number}:asRaw" for number in range(101)]
    assert await alice.refused("Email/get", ids=[email], properties=many) == "requestTooLarge"
    assert await alice.refused("Email/get", ids=[email], bodyProperties=many) == "requestTooLarge"
    assert len((await alice.call("Email/get", ids=[email], properties=many[1:]))["list"][0]) == 101


async def test_blobs_of_one_call_have_a_bound(alice: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blob_methods, "BLOBS_READ", 15)
    one, two = [(await alice.upload(octets * 10))["blobId"] for octets in (b"1", b"2")]
    assert (await alice.call("Blob/get", ids=[one], properties=["digest:sha-256"]))["list"]
    assert await alice.refused("Blob/get", ids=[one, two], properties=["digest:sha-256"]) == "requestTooLarge"


async def test_each_object_is_looked_through_once_for_those_that_it_names(
    alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = 0
    names = sets._names

    def counted(value: Any) -> set[str]:
        nonlocal looked
        looked += 1
        return names(value)

    monkeypatch.setattr(sets, "_names", counted)
    chain = {f"k{number}": {"name": f"M{number}", "parentId": f"#k{number + 1}"} for number in range(9)}
    made = await alice.call("Mailbox/set", create={**chain, "k9": {"name": "M9"}})
    assert len(made["created"]) == 10
    assert looked == 10
