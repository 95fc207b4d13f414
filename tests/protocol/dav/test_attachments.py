"""Managed attachments: added, replaced, taken away and fetched, by who may. RFC 8607."""

from __future__ import annotations

import re

import pytest

from groupware.store.api import WriteTx
from tests.protocol.dav.test_scheduling import ALICE, BOB, letters, meeting, says, the_one
from tests.support.davstand import Client, Said, Stand, event

AT = ALICE + "m.ics"
MOST_OCTETS, MOST = 20 * 1024 * 1024, 100
"""What the settings say when nobody has set them."""
NAMED = {"content_type": "text/plain", "content_disposition": 'attachment; filename="../Agenda 1.txt"'}


async def attach(client: Client, path: str = AT, body: bytes = b"first", query: str = "", **headers: str) -> Said:
    return await client.ask("POST", f"{path}?action=attachment-add{query}", body, **{**NAMED, **headers})


async def text(client: Client, path: str = AT) -> str:
    return (await client.ask("GET", path)).body.decode().replace("\r\n ", "")


def urls(said: str) -> list[str]:
    return re.findall(r"ATTACH;[^:]*:(\S+)", said)


async def test_what_is_attached_is_in_the_event_and_can_be_fetched(alice: Client) -> None:
    await alice.put(AT, event("m"))
    said = await attach(alice)
    assert said.status == 201
    key = said.headers["cal-managed-id"]
    got = await alice.ask("GET", AT)
    assert said.headers["etag"] == got.headers["etag"]
    line = re.search(r"ATTACH;\S.*", await text(alice))
    assert line is not None
    for each in (f"MANAGED-ID={key}", "FMTTYPE=text/plain", "FILENAME=Agenda 1.txt", "SIZE=5"):
        assert each in line[0]
    [url] = urls(await text(alice))
    assert url.startswith(f"https://dav.example.test/dav/attachments/{key}/")
    fetched = await alice.ask("GET", url)
    assert fetched.status == 200 and fetched.body == b"first" and fetched.headers["content-type"] == "text/plain"
    assert fetched.headers["content-disposition"].startswith("attachment;")
    again = await alice.ask("GET", url, if_none_match=fetched.headers["etag"])
    assert again.status == 304


async def test_who_may_not_read_the_event_finds_no_attachment(stand: Stand, alice: Client, bob: Client) -> None:
    await alice.put(AT, event("m"))
    await attach(alice)
    [url] = urls(await text(alice))
    assert (await bob.ask("GET", url)).status == 404
    await stand.share("alice", "Calendar", "bob@example.test", "lr")
    assert (await bob.ask("GET", url)).body == b"first"


async def test_a_private_events_attachment_is_private(stand: Stand, alice: Client, bob: Client) -> None:
    await alice.put(AT, event("m", "20261201T100000Z", "CLASS:PRIVATE"))
    await attach(alice)
    [url] = urls(await text(alice))
    await stand.share("alice", "Calendar", "bob@example.test", "lr")
    assert (await bob.ask("GET", url)).status == 404


async def test_nobody_gets_at_an_attachment_by_writing_its_name(alice: Client, bob: Client) -> None:
    await alice.put(AT, event("m"))
    await attach(alice)
    stolen = await text(alice)
    said = await bob.put(BOB + "m.ics", stolen)
    assert said.status == 403 and said.find("C:valid-managed-id")
    assert (await bob.ask("GET", urls(stolen)[0])).status == 404


async def test_an_attachment_is_replaced_and_taken_away(alice: Client) -> None:
    await alice.put(AT, event("m"))
    first = (await attach(alice)).headers["cal-managed-id"]
    path = f"{AT}?action=attachment-update&managed-id={first}"
    said = await alice.ask("POST", path, b"second", content_type="text/html")
    second = said.headers["cal-managed-id"]
    assert said.status == 204 and second != first
    [url] = urls(await text(alice))
    assert second in url and (await alice.ask("GET", url)).body == b"second"
    gone = await alice.ask("POST", f"{AT}?action=attachment-remove&managed-id={second}")
    assert gone.status == 204 and urls(await text(alice)) == []
    assert (await alice.ask("GET", url)).status == 404


async def test_one_occurrence_can_have_an_attachment_of_its_own(alice: Client) -> None:
    await alice.put(AT, event("m", "20261201T100000Z", "RRULE:FREQ=DAILY;COUNT=5", end="20261201T110000Z"))
    assert (await attach(alice, query="&rid=20261203T100000Z")).status == 201
    first, second = (await text(alice)).split("END:VEVENT")[:2]
    assert not urls(first) and urls(second) and "RECURRENCE-ID:20261203T100000Z" in second
    assert (await attach(alice, body=b"more", query="&rid=M,20261203T100000Z")).status == 201
    first, second = (await text(alice)).split("END:VEVENT")[:2]
    assert len(urls(first)) == 1 and len(urls(second)) == 2


@pytest.mark.parametrize(
    ("query", "condition"),
    [
        ("", "valid-action"),
        ("?action=attachment-eat", "valid-action"),
        ("?action=attachment-add&managed-id=x", "valid-managed-id"),
        ("?action=attachment-remove", "valid-managed-id"),
        ("?action=attachment-remove&managed-id=unknown", "valid-managed-id"),
        ("?action=attachment-add&rid=20301203T100000Z", "valid-rid"),
        ("?action=attachment-add&rid=never", "valid-rid"),
        ("?action=attachment-update&managed-id=x&rid=M", "valid-rid"),
    ],
)
async def test_what_cannot_be_done_names_its_precondition(alice: Client, query: str, condition: str) -> None:
    await alice.put(AT, event("m"))
    before = await text(alice)
    said = await alice.ask("POST", AT + query, b"first", content_type="text/plain")
    assert said.status == 403 and said.find(f"C:{condition}")
    assert await text(alice) == before


async def test_if_match_holds(alice: Client) -> None:
    await alice.put(AT, event("m"))
    assert (await attach(alice, if_match='"other"')).status == 412
    assert urls(await text(alice)) == []


async def test_the_changed_object_comes_back_when_it_is_asked_for(alice: Client) -> None:
    await alice.put(AT, event("m"))
    said = await attach(alice, prefer="return=representation")
    assert said.status == 201 and b"MANAGED-ID" in said.body and said.headers["content-location"] == AT


async def test_those_who_are_invited_can_fetch_it(alice: Client, bob: Client, stand: Stand) -> None:
    await alice.put(AT, meeting("m"))
    assert (await attach(alice)).status == 201
    _, copy = await the_one(bob, BOB)
    assert (await bob.ask("GET", urls(copy)[0])).body == b"first"
    assert (await stand.client("carol").ask("GET", urls(copy)[0])).status == 404


async def test_those_elsewhere_get_it_in_the_letter(alice: Client, stand: Stand) -> None:
    await alice.put(AT, meeting("m", names=("guest@elsewhere.test",)))
    await attach(alice)
    part = (await letters(stand))[-1].get_payload()[1]
    said = part.get_payload(decode=True).decode().replace("\r\n ", "")
    assert "ENCODING=BASE64" in said and ":Zmlyc3Q=" in said and "MANAGED-ID" not in said


async def test_the_number_of_attachments_has_a_bound(alice: Client) -> None:
    lines = [f"ATTACH;MANAGED-ID={number:032x}:https://x.test/" for number in range(MOST + 1)]
    said = await alice.put(AT, event("m", "20261201T100000Z", *lines))
    assert said.status == 403 and said.find("C:max-attachments-per-resource")


async def test_an_attachment_has_a_bound(alice: Client) -> None:
    await alice.put(AT, event("m"))
    said = await attach(alice, body=b"x" * (MOST_OCTETS + 1))
    assert said.status == 413 and said.find("C:max-attachment-size")
    props = await alice.props(ALICE, "C:max-attachment-size", "C:max-attachments-per-resource")
    assert props.found(ALICE, "C:max-attachment-size") == str(MOST_OCTETS)
    assert props.found(ALICE, "C:max-attachments-per-resource") == str(MOST)


async def test_the_bounds_are_settings(stand: Stand, alice: Client) -> None:
    def work(tx: WriteTx) -> None:
        for name, value in (("attachmentSize", 2), ("attachmentCount", 1)):
            tx.put_setting(name, value, tx.account("alice@example.test").id)

    await stand.house.write(work)
    await alice.put(AT, event("m"))
    assert (await attach(alice, body=b"x" * 2049)).status == 413
    assert (await attach(alice, body=b"x" * 2048)).status == 201
    said = await attach(alice, body=b"y")
    assert said.status == 403 and said.find("C:max-attachments-per-resource")
    props = await alice.props(ALICE, "C:max-attachment-size", "C:max-attachments-per-resource")
    assert props.found(ALICE, "C:max-attachment-size") == "2048"
    assert props.found(ALICE, "C:max-attachments-per-resource") == "1"


async def test_an_answer_leaves_attachments_as_they_are(alice: Client, bob: Client) -> None:
    await alice.put(AT, meeting("m"))
    await attach(alice)
    assert (await says(bob, BOB, "ACCEPTED")).status == 204
    for client, home in ((alice, ALICE), (bob, BOB)):
        [url] = urls((await the_one(client, home))[1])
        assert (await client.ask("GET", url)).body == b"first"
