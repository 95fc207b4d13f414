"""Alarms in a calendar that is shared: each person's own, also of those who may only read."""

from __future__ import annotations

import pytest

from groupware.model.annotation import ALARMS
from groupware.model.content import parse
from groupware.store.api import WriteTx
from tests.support.davstand import Client, Said, Stand, event

WORK = "/dav/calendars/alice@example.test/Calendar/"
A = WORK + "a.ics"
BOB = "bob@example.test"


def alarm(minutes: int, *lines: str) -> tuple[str, ...]:
    return ("BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:x", f"TRIGGER:-PT{minutes}M", *lines, "END:VALARM")


def triggers(said: Said) -> list[str]:
    [whole] = parse(said.body)
    return [each.text("TRIGGER") for part in whole.parts for each in part.named("VALARM")]


async def seen(client: Client, path: str = A) -> list[str]:
    return triggers(await client.ask("GET", path))


async def shared(stand: Stand, alice: Client, rights: str = "lrs") -> None:
    await alice.put(A, event("1", "20261201T100000Z", *alarm(90)))
    await stand.share("alice", "Calendar", BOB, rights)


@pytest.mark.parametrize("rights", ["lrs", "lrswite"])
async def test_everybody_sees_their_own(stand: Stand, alice: Client, bob: Client, rights: str) -> None:
    await shared(stand, alice, rights)
    assert await seen(bob) == []
    said = await bob.put(A, event("1", "20261201T100000Z", *alarm(5, "ACKNOWLEDGED:20261130T000000Z")))
    assert said.status == 204
    assert await seen(bob) == ["-PT5M"]
    assert b"ACKNOWLEDGED:20261130T000000Z" in (await bob.ask("GET", A)).body
    assert await seen(alice) == ["-PT90M"]


async def test_who_may_only_read_changes_nothing_else(stand: Stand, alice: Client, bob: Client) -> None:
    await shared(stand, alice)
    before = (await alice.ask("GET", A)).headers["etag"]
    for changed in (
        event("1", "20261201T100000Z", *alarm(5), summary="Changed"),
        event("1", "20261201T110000Z", *alarm(5)),
        event("1", "20261201T100000Z", "LOCATION:Here", *alarm(5)),
    ):
        assert (await bob.put(A, changed)).status == 403
    assert (await bob.put(WORK + "b.ics", event("2", "20261201T100000Z", *alarm(5)))).status == 403
    assert await seen(bob) == []
    assert (await bob.put(A, event("1", "20261201T100000Z", "X-CLIENT:1", *alarm(5)))).status == 204
    assert (await alice.ask("GET", A)).headers["etag"] == before
    assert b"X-CLIENT" not in (await bob.ask("GET", A)).body


async def test_an_editor_s_change_leaves_the_owner_s_alarms(stand: Stand, alice: Client, bob: Client) -> None:
    await shared(stand, alice, "lrswite")
    said = await bob.put(A, event("1", "20261201T120000Z", *alarm(5), summary="Changed"))
    assert said.status == 204
    assert await seen(alice) == ["-PT90M"]
    assert b"SUMMARY:Changed" in (await alice.ask("GET", A)).body
    await alice.put(A, event("1", "20261201T130000Z", *alarm(80)))
    assert await seen(bob) == ["-PT5M"]
    assert b"DTSTART:20261201T130000Z" in (await bob.ask("GET", A)).body


async def test_what_an_editor_puts_in_has_no_alarm_for_others(stand: Stand, alice: Client, bob: Client) -> None:
    await shared(stand, alice, "lrsi")
    assert (await bob.put(WORK + "b.ics", event("2", "20261201T100000Z", *alarm(5)))).status == 201
    assert await seen(bob, WORK + "b.ics") == ["-PT5M"]
    assert await seen(alice, WORK + "b.ics") == []
    await stand.share("alice", "Calendar", BOB, "li")
    assert (await bob.put(WORK + "c.ics", event("3", "20261201T100000Z", *alarm(5)))).status == 201
    assert await seen(alice, WORK + "c.ics") == []


async def test_the_entity_tag_is_that_of_what_one_is_told(stand: Stand, alice: Client, bob: Client) -> None:
    await shared(stand, alice, "lrswite")
    mine = event("1", "20261201T100000Z", *alarm(5))
    said = await bob.put(A, mine)
    got = await bob.ask("GET", A)
    assert got.body.decode() == mine
    assert said.headers["etag"] == got.headers["etag"]
    assert said.headers["etag"] != (await alice.ask("GET", A)).headers["etag"]
    assert (await bob.ask("GET", A, if_none_match=said.headers["etag"])).status == 304
    await alice.put(A, event("1", "20261201T150000Z", *alarm(90)))
    assert (await bob.put(A, mine, if_match=said.headers["etag"])).status == 412
    assert await seen(bob) == ["-PT5M"]
    now = (await bob.ask("GET", A)).headers["etag"]
    again = event("1", "20261201T150000Z", *alarm(6))
    assert (await bob.put(A, again, if_match=now)).status == 204
    assert (await bob.put(A, again, if_match=now)).status == 412
    assert (await bob.ask("DELETE", A, if_match=now)).status == 412


async def test_what_was_sent_otherwise_gets_no_entity_tag(stand: Stand, alice: Client, bob: Client) -> None:
    await shared(stand, alice)
    other = event("1", "20261201T100000Z", *alarm(5)).replace("20260101T000000Z", "20260202T000000Z")
    said = await bob.put(A, other)
    assert said.status == 204
    assert "etag" not in said.headers


async def test_listings_and_reports_tell_the_same_as_get(stand: Stand, alice: Client, bob: Client) -> None:
    await shared(stand, alice)
    await alice.put(WORK + "b.ics", event("2", "20261202T100000Z", *alarm(90)))
    await bob.put(A, event("1", "20261201T100000Z", *alarm(5)))
    tags = {name: (await bob.ask("GET", WORK + name)).headers["etag"] for name in ("a.ics", "b.ics")}
    listed = await bob.props(WORK, "D:getetag", depth=1)
    wide = await bob.props(WORK, "D:getetag", "D:getlastmodified", depth=1)
    synced = await bob.sync(WORK)
    hrefs = "".join(f"<D:href>{WORK}{name}</D:href>" for name in tags)
    got = await bob.report(WORK, "C:calendar-multiget", f"<D:prop><D:getetag/><C:calendar-data/></D:prop>{hrefs}")
    for name, tag in tags.items():
        assert [each.found(WORK + name, "D:getetag") for each in (listed, wide, synced, got)] == [tag] * 4
    assert "TRIGGER:-PT5M" in (got.found(A, "C:calendar-data") or "")
    assert "VALARM" not in (got.found(WORK + "b.ics", "C:calendar-data") or "")
    assert triggers(await bob.ask("GET", WORK)) == ["-PT5M"]


async def test_an_alarm_is_a_change_for_its_owner_s_other_programs(stand: Stand, alice: Client, bob: Client) -> None:
    await shared(stand, alice)
    tokens = {name: (await client.sync(WORK)).texts("D:sync-token")[0] for name, client in _each(alice, bob)}
    await bob.put(A, event("1", "20261201T100000Z", *alarm(5)))
    found = {name: (await client.sync(WORK, tokens[name])).hrefs for name, client in _each(alice, bob)}
    assert found == {"alice": [], "bob": [A]}


def _each(*clients: Client) -> list[tuple[str, Client]]:
    return [(each.name, each) for each in clients]


async def test_a_search_for_alarms_finds_one_s_own(stand: Stand, alice: Client, bob: Client) -> None:
    await shared(stand, alice)
    rings = (
        "<C:comp-filter name='VEVENT'><C:comp-filter name='VALARM'>"
        "<C:time-range start='20261201T{}00Z' end='20261201T{}00Z'/></C:comp-filter></C:comp-filter>"
    )
    assert (await bob.query(WORK, rings.format("0825", "0835"))).hrefs == []
    assert (await alice.query(WORK, rings.format("0825", "0835"))).hrefs == [A]
    await bob.put(A, event("1", "20261201T100000Z", *alarm(5)))
    assert (await bob.query(WORK, rings.format("0950", "0959"))).hrefs == [A]
    assert (await alice.query(WORK, rings.format("0950", "0959"))).hrefs == []


async def test_a_copy_has_the_alarms_of_who_makes_it(stand: Stand, alice: Client, bob: Client) -> None:
    await shared(stand, alice, "lrswite")
    await bob.put(A, event("1", "20261201T100000Z", *alarm(5)))
    own = "/dav/calendars/bob@example.test/Calendar/"
    assert (await bob.ask("COPY", A, destination=own + "x.ics")).status == 201
    assert await seen(bob, own + "x.ics") == ["-PT5M"]
    await bob.put(own + "y.ics", event("7", "20261201T100000Z", *alarm(8)))
    assert (await bob.ask("MOVE", own + "y.ics", destination=WORK + "y.ics")).status == 201
    assert await seen(bob, WORK + "y.ics") == ["-PT8M"]
    assert await seen(alice, WORK + "y.ics") == []


async def test_a_move_within_another_s_calendars_keeps_the_owner_s_alarms(
    stand: Stand, alice: Client, bob: Client
) -> None:
    await shared(stand, alice, "lrswite")
    await alice.ask("MKCALENDAR", "/dav/calendars/alice@example.test/other/")
    number = await stand.share("alice", "other", BOB, "lrswite")
    await bob.put(A, event("1", "20261201T100000Z", *alarm(5)))
    there = f"/dav/calendars/bob@example.test/~{number}/a.ics"
    assert (await bob.ask("MOVE", A, destination=there)).status == 201
    assert await seen(bob, there) == ["-PT5M"]
    assert await seen(alice, f"/dav/calendars/alice@example.test/~{number}/a.ics") == ["-PT90M"]


async def test_an_owner_s_move_takes_everybody_s_alarms_along(stand: Stand, alice: Client, bob: Client) -> None:
    await shared(stand, alice)
    await bob.put(A, event("1", "20261201T100000Z", *alarm(5)))
    there = "/dav/calendars/alice@example.test/other/"
    await alice.ask("MKCALENDAR", there)
    await stand.share("alice", "other", BOB, "lrs")
    assert (await alice.ask("MOVE", A, destination=there + "a.ics")).status == 201
    assert await seen(bob, there + "a.ics") == ["-PT5M"]
    assert await seen(alice, there + "a.ics") == ["-PT90M"]
    assert (await alice.ask("GET", A)).status == 404


async def test_a_move_under_another_name_takes_everybody_s_alarms_along(
    stand: Stand, alice: Client, bob: Client
) -> None:
    await shared(stand, alice)
    await bob.put(A, event("1", "20261201T100000Z", *alarm(5)))
    token = (await bob.sync(WORK)).texts("D:sync-token")[0]
    assert (await alice.ask("MOVE", A, destination=WORK + "b.ics")).status == 201
    assert (await alice.ask("GET", A)).status == 404
    assert await seen(bob, WORK + "b.ics") == ["-PT5M"]
    assert await seen(alice, WORK + "b.ics") == ["-PT90M"]
    there = (await bob.sync(WORK, token)).hrefs
    assert [href.rpartition("/")[2] for href in there] == ["b.ics", "a.ics"]
    other = "/dav/calendars/alice@example.test/other/"
    await alice.ask("MKCALENDAR", other)
    await stand.share("alice", "other", BOB, "lrs")
    assert (await alice.ask("MOVE", WORK + "b.ics", destination=other + "c.ics")).status == 201
    assert await seen(bob, other + "c.ics") == ["-PT5M"]


async def test_a_move_under_another_name_takes_the_place_of_what_is_there(alice: Client) -> None:
    await alice.put(A, event("1", "20261201T100000Z", *alarm(90)))
    await alice.put(WORK + "b.ics", event("2", "20261202T100000Z"))
    assert (await alice.ask("MOVE", A, destination=WORK + "b.ics", overwrite="F")).status == 412
    assert (await alice.ask("MOVE", A, destination=WORK + "b.ics")).status == 204
    assert await seen(alice, WORK + "b.ics") == ["-PT90M"]
    assert (await alice.ask("GET", A)).status == 404
    assert (await alice.ask("MOVE", WORK + "b.ics", destination=WORK + "b.ics")).status == 403


async def test_a_move_to_a_name_that_something_hidden_has_is_refused(stand: Stand, alice: Client, bob: Client) -> None:
    await shared(stand, alice, "lrswite")
    there = "/dav/calendars/alice@example.test/other/"
    await alice.ask("MKCALENDAR", there)
    await alice.put(there + "a.ics", event("2", "20261201T100000Z", "CLASS:PRIVATE"))
    await stand.share("alice", "other", BOB, "lrswite")
    assert (await bob.ask("MOVE", A, destination=there + "a.ics")).status == 409
    assert (await alice.ask("GET", A)).status == 200
    assert len((await alice.props(there, "D:getetag", depth=1)).hrefs) == 2


async def test_a_calendar_may_have_its_alarms_for_all(stand: Stand, alice: Client, bob: Client) -> None:
    await shared(stand, alice)

    def work(tx: WriteTx) -> None:
        tx.annotate(tx.locate(tx.account("alice@example.test").id, "Calendar").id, {ALARMS: b"shared"})

    token = (await bob.sync(WORK)).texts("D:sync-token")[0]
    await stand.house.write(work)
    assert (await bob.sync(WORK, token)).status == 403  # a client begins again, for it is told more now
    assert await seen(bob) == ["-PT90M"]
    assert (await bob.put(A, event("1", "20261201T100000Z"))).status == 204
    assert await seen(bob) == []
    assert await seen(alice) == ["-PT90M"]


async def test_a_link_and_the_public_have_nobody_s_alarms(stand: Stand, alice: Client) -> None:
    await shared(stand, alice)
    assert triggers(await stand.fetch(await stand.publish("alice", "Calendar", "lrs"))) == []
