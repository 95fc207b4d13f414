"""Push: which states are others, told as it happens. RFC 8620 §7."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from groupware.model.principal import Principal
from groupware.store.api import ReadTx
from tests.protocol.jmap.test_submission import draft, sent
from tests.support.jmapstand import Client, Stand, letter
from web.jmap import events
from web.jmap.events import Asked, stream
from web.jmap.turn import Turn

ALL = frozenset(events.TYPES)


def data(octets: bytes) -> dict[str, Any]:
    """What an event says."""
    line = next(each for each in octets.decode().splitlines() if each.startswith("data: "))
    return dict(json.loads(line[6:]))


async def turn_of(stand: Stand, name: str) -> Turn:
    def work(tx: ReadTx) -> Principal:
        return tx.identity(tx.account(f"{name}@example.test").id)

    return Turn(stand.house.parts, await stand.house.read(work))


async def told(found: AsyncIterator[bytes]) -> dict[str, Any]:
    """The states of the next change."""
    async for each in found:
        if each.startswith(b"event: state"):
            return dict(data(each)["changed"])
    raise AssertionError("the stream ended")


async def test_new_mail_is_told_with_the_states_that_the_methods_say(stand: Stand, alice: Client) -> None:
    found = stream(await turn_of(stand, "alice"), Asked(ALL, False, 0, ""), asyncio.Event())
    assert await anext(found) == b": \n\n"
    await stand.put("alice", letter("x"))
    changed = (await told(found))[await alice.account()]
    assert changed.keys() == {"Mailbox", "Email", "Thread", "EmailDelivery"}
    for name in ("Mailbox", "Email"):
        assert changed[name] == (await alice.call(f"{name}/get", ids=[]))["state"]
    await sent(alice, await draft(alice))
    while "EmailSubmission" not in changed:
        changed = (await told(found))[await alice.account()]
    assert changed["EmailSubmission"] == (await alice.call("EmailSubmission/get", ids=[]))["state"]
    await found.aclose()  # type: ignore[attr-defined]


async def test_what_changes_in_calendars_and_address_books_is_told(stand: Stand, alice: Client) -> None:
    found = stream(await turn_of(stand, "alice"), Asked(ALL, False, 0, ""), asyncio.Event())
    assert await anext(found) == b": \n\n"
    mail = {"Mailbox", "Email", "Thread"}
    birthdays = {"CalendarEvent"}  # a contact may have one
    for kind, container, given, also in (
        ("CalendarEvent", "Calendar", {"start": "2025-03-03T10:00:00"}, set()),
        ("ContactCard", "AddressBook", {"name": {"full": "Ann"}}, birthdays),
    ):
        at = (await alice.call(f"{container}/get"))["list"][0]["id"]
        here = {f"{container[0].lower()}{container[1:]}Ids": {at: True}}
        await alice.call(f"{kind}/set", create={"k": {**here, **given}})
        changed = (await told(found))[await alice.account()]
        assert changed.keys() - mail == {kind} | also
        assert changed[kind] == (await alice.call(f"{kind}/get", ids=[]))["state"]
        await alice.call(f"{container}/set", update={at: {"description": "new"}})
        changed = (await told(found))[await alice.account()]
        assert changed.keys() - mail - {kind} - also == {container}
    await found.aclose()  # type: ignore[attr-defined]


async def test_email_delivery_is_told_of_what_came_and_of_no_other_change(stand: Stand, alice: Client) -> None:
    email = await stand.put("alice", letter("x"))
    found = stream(await turn_of(stand, "alice"), Asked(ALL, False, 0, ""), asyncio.Event())
    await anext(found)
    await alice.call("Email/set", update={email: {"keywords/$seen": True}})
    assert (await told(found))[await alice.account()].keys() == {"Mailbox", "Email", "Thread"}
    await stand.put("alice", letter("y"))
    assert "EmailDelivery" in (await told(found))[await alice.account()]
    await found.aclose()  # type: ignore[attr-defined]


async def test_scripts_and_the_answer_of_who_is_away_are_told(stand: Stand, alice: Client) -> None:
    found = stream(await turn_of(stand, "alice"), Asked(ALL, False, 0, ""), asyncio.Event())
    await anext(found)
    blob = (await alice.upload(b"keep;"))["blobId"]
    await alice.call("SieveScript/set", create={"k": {"name": "mine", "blobId": blob}})
    changed = (await told(found))[await alice.account()]
    assert changed["SieveScript"] == (await alice.call("SieveScript/get", ids=[]))["state"]
    assert "VacationResponse" not in changed
    await alice.call("VacationResponse/set", update={"singleton": {"isEnabled": True, "textBody": "Away"}})
    changed = (await told(found))[await alice.account()]
    while "VacationResponse" not in changed:
        changed = (await told(found))[await alice.account()]
    assert changed["VacationResponse"] == (await alice.call("VacationResponse/get"))["state"]
    await found.aclose()  # type: ignore[attr-defined]


async def test_what_is_shared_is_told_and_what_is_not_is_not(stand: Stand, alice: Client, bob: Client) -> None:
    await stand.share("alice", "Archive", "bob@example.test", "lr")
    shared = await bob.account("alice")
    found = stream(await turn_of(stand, "bob"), Asked(frozenset({"Mailbox"}), False, 0, ""), asyncio.Event())
    await anext(found)
    await stand.put("alice", letter("x"), "Archive")
    assert (await told(found)).keys() == {shared}
    await stand.put("alice", letter("secret"))
    await stand.put("bob", letter("mine"))
    assert await bob.account() in await told(found)
    await found.aclose()  # type: ignore[attr-defined]


async def test_what_comes_alone_is_told_at_once(stand: Stand, alice: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "SETTLES", 3600.0)
    found = stream(await turn_of(stand, "alice"), Asked(ALL, False, 0, ""), asyncio.Event())
    await anext(found)
    await stand.put("alice", letter("x"))
    async with asyncio.timeout(10):
        assert "Email" in (await told(found))[await alice.account()]
    await found.aclose()  # type: ignore[attr-defined]


async def test_a_ping_comes_while_nothing_happens(stand: Stand) -> None:
    found = stream(await turn_of(stand, "alice"), Asked(ALL, False, 1, ""), asyncio.Event())
    await anext(found)
    assert await anext(found) == b'event: ping\ndata: {"interval":1}\n\n'
    await found.aclose()  # type: ignore[attr-defined]


async def test_a_stream_ends_when_the_server_stops(stand: Stand) -> None:
    stopping = asyncio.Event()
    found = stream(await turn_of(stand, "alice"), Asked(ALL, False, 0, ""), stopping)
    await anext(found)
    stopping.set()
    assert [each async for each in found] == []


async def test_a_stream_ends_for_who_may_sign_in_no_more(stand: Stand) -> None:
    found = stream(await turn_of(stand, "alice"), Asked(ALL, False, 0, ""), asyncio.Event())
    await anext(found)
    await stand.put("alice", letter("x"))
    await stand.house.write(lambda tx: tx.update_account("alice@example.test", enabled=False))
    assert [each async for each in found if each.startswith(b"event")] == []


async def test_over_http_it_ends_after_the_first_change_if_asked(stand: Stand, alice: Client) -> None:
    place, last = "/jmap/eventsource?types=Email&closeafter=state&ping=0", "nothing"
    for subject in ("one", "two"):
        await stand.put("alice", letter(subject))
        answer = await alice.http.get(place, headers={**alice.headers, "last-event-id": last})
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert data(answer.content)["changed"][await alice.account()].keys() == {"Email"}
        last = next(each[4:] for each in answer.text.splitlines() if each.startswith("id: "))


@pytest.mark.parametrize("query", ["closeafter=never", "ping=x", "ping=-1"])
async def test_parameters_that_cannot_be_are_refused(alice: Client, query: str) -> None:
    assert (await alice.get(f"/jmap/eventsource?{query}")).status_code == 400
