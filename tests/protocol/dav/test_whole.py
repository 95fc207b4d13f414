"""A collection as one file: what one may read of it, and nothing sent again that has not changed."""

from __future__ import annotations

from groupware.model.content import parse
from groupware.store.walk import BATCH
from tests.support.davstand import Client, Stand, card, event

WORK, CARDS = "/dav/calendars/alice@example.test/Calendar/", "/dav/contacts/alice@example.test/Contacts/"


def uids(octets: bytes) -> list[str]:
    return [part.text("UID") for top in parse(octets) for part in (top.named("VEVENT") or [top])]


async def test_a_calendar_is_one_file(alice: Client) -> None:
    for number in range(250):
        await alice.put(f"{WORK}{number}.ics", event(f"uid-{number}"))
    got = await alice.ask("GET", WORK)
    assert (got.status, got.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
    assert uids(got.body) == [f"uid-{number}" for number in range(250)]
    assert parse(got.body)[0].text("NAME") == "Calendar"


async def test_an_address_book_is_one_file(alice: Client) -> None:
    await alice.put(CARDS + "a.vcf", card("1", "Zoë"))
    await alice.put(CARDS + "b.vcf", card("2"))
    got = await alice.ask("GET", CARDS)
    assert (got.headers["content-type"], uids(got.body)) == ("text/vcard; charset=utf-8", ["1", "2"])


async def test_an_empty_calendar_is_a_file_too(alice: Client) -> None:
    assert parse((await alice.ask("GET", WORK)).body)[0].parts == []


async def test_what_is_private_is_left_out_for_who_may_not_read_it(stand: Stand, alice: Client, bob: Client) -> None:
    await alice.put(WORK + "a.ics", event("open"))
    await alice.put(WORK + "b.ics", event("secret", "20261201T100000Z", "CLASS:PRIVATE"))
    await stand.share("alice", "Calendar", "bob@example.test", "lr")
    assert uids((await bob.ask("GET", WORK)).body) == ["open"]
    assert uids((await alice.ask("GET", WORK)).body) == ["open", "secret"]
    await stand.share("alice", "Calendar", "bob@example.test", "lr5")
    assert uids((await bob.ask("GET", WORK)).body) == ["open", "secret"]


async def test_who_may_not_read_gets_no_file(stand: Stand, bob: Client) -> None:
    assert (await bob.ask("GET", WORK)).status == 404
    await stand.share("alice", "Calendar", "bob@example.test", "l")
    assert (await bob.ask("GET", WORK)).status == 403


async def test_it_is_sent_again_when_it_has_changed(alice: Client) -> None:
    await alice.put(WORK + "a.ics", event("1"))
    tag = (await alice.ask("GET", WORK)).headers["etag"]
    assert (await alice.ask("GET", WORK, if_none_match=tag)).status == 304
    await alice.put(WORK + "a.ics", event("1", summary="Other"))
    again = await alice.ask("GET", WORK, if_none_match=tag)
    assert (again.status, again.headers["etag"] != tag) == (200, True)


async def test_head_tells_the_tag_and_no_more(alice: Client) -> None:
    said = await alice.ask("HEAD", WORK)
    assert (said.status, said.body, said.headers["etag"]) == (200, b"", (await alice.ask("GET", WORK)).headers["etag"])


async def test_a_home_is_no_file(alice: Client) -> None:
    assert (await alice.ask("GET", "/dav/calendars/alice@example.test/")).status == 405


async def test_a_file_has_all_that_may_be_read_behind_many_private_events(
    stand: Stand, alice: Client, bob: Client
) -> None:
    for number in range(BATCH + 1):
        private = ["CLASS:PRIVATE"] if number < BATCH else []
        await alice.put(f"{WORK}{number}.ics", event(f"{number}", "20261201T100000Z", *private))
    await stand.share("alice", "Calendar", "bob@example.test", "lr")
    got = await bob.ask("GET", WORK)
    assert (got.status, got.body.count(b"BEGIN:VEVENT")) == (200, 1)
