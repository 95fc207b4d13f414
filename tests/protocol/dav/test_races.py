"""Two at once: one of them wins, and the other hears of it."""

from __future__ import annotations

import asyncio

from tests.support.davstand import Client, Stand, card, event

WORK = "/dav/calendars/alice@example.test/Calendar/"
ROUNDS = 10


async def test_of_two_who_make_it_one_does(stand: Stand, alice: Client) -> None:
    for number in range(ROUNDS):
        path = f"{WORK}{number}.ics"
        bodies = [event(f"uid-{number}", summary=each) for each in ("A", "B")]
        both = await asyncio.gather(*(alice.put(path, each, if_none_match="*") for each in bodies))
        assert sorted(each.status for each in both) == [201, 412]
        won = next(body for said, body in zip(both, bodies, strict=True) if said.status == 201)
        assert (await alice.ask("GET", path)).body == won.encode()


async def test_of_two_who_change_what_they_saw_one_does(stand: Stand, alice: Client, bob: Client) -> None:
    await stand.share("alice", "Calendar", "bob@example.test", "lrswite")
    tag = (await alice.put(WORK + "a.ics", event("1"))).headers["etag"]
    for number in range(ROUNDS):
        bodies = [event("1", summary=f"{who} {number}") for who in ("Alice", "Bob")]
        both = await asyncio.gather(
            *(who.put(WORK + "a.ics", each, if_match=tag) for who, each in zip((alice, bob), bodies, strict=True))
        )
        assert sorted(each.status for each in both) == [204, 412]
        tag = next(each.headers["etag"] for each in both if each.status == 204)


async def test_of_two_objects_of_one_uid_one_is_there(stand: Stand, alice: Client) -> None:
    for number in range(ROUNDS):
        names = [f"{WORK}{number}-{each}.ics" for each in "ab"]
        both = await asyncio.gather(*(alice.put(each, event(f"uid-{number}")) for each in names))
        assert sorted(each.status for each in both) == [201, 409]


async def test_a_deletion_and_a_change_leave_no_half(stand: Stand, alice: Client) -> None:
    for number in range(ROUNDS):
        path = f"{WORK}{number}.ics"
        tag = (await alice.put(path, event(f"uid-{number}"))).headers["etag"]
        gone, changed = await asyncio.gather(
            alice.ask("DELETE", path, if_match=tag),
            alice.put(path, event(f"uid-{number}", summary="New"), if_match=tag),
        )
        there = await alice.ask("GET", path)
        assert (gone.status, changed.status, there.status) in ((204, 412, 404), (412, 204, 200))


async def test_two_copies_to_one_name_leave_the_later(stand: Stand, alice: Client) -> None:
    home = "/dav/calendars/alice@example.test"
    await alice.ask("MKCALENDAR", f"{home}/more/")
    for name in "ab":
        await alice.put(f"{WORK}{name}.ics", event(name))
    for number in range(ROUNDS):
        there = f"{home}/more/{number}.ics"
        both = await asyncio.gather(*(alice.ask("COPY", f"{WORK}{each}.ics", destination=there) for each in "ab"))
        assert sorted(each.status for each in both) == [201, 204]
        await alice.ask("DELETE", there)


async def test_of_two_copies_that_overwrite_nothing_one_arrives(stand: Stand, alice: Client) -> None:
    home = "/dav/calendars/alice@example.test"
    await alice.ask("MKCALENDAR", f"{home}/more/")
    for name in "ab":
        await alice.put(f"{WORK}{name}.ics", event(name))
    for number in range(ROUNDS):
        to = {"destination": f"{home}/more/{number}.ics", "overwrite": "F"}
        both = await asyncio.gather(*(alice.ask("COPY", f"{WORK}{each}.ics", **to) for each in "ab"))
        assert sorted(each.status for each in both) == [201, 412]
        await alice.ask("DELETE", to["destination"])


async def test_a_name_that_something_hidden_has_is_refused_cleanly(stand: Stand, alice: Client, bob: Client) -> None:
    await stand.share("alice", "Calendar", "bob@example.test", "lrswite")
    await alice.put(WORK + "a.ics", event("secret", "20261201T100000Z", "CLASS:PRIVATE"))
    mine = "/dav/calendars/bob@example.test/Calendar/"
    await bob.put(mine + "b.ics", event("bob"))
    assert (await bob.put(WORK + "a.ics", event("other"))).status == 409
    assert (await bob.put(WORK + "a.ics", event("other"), if_none_match="*")).status == 412
    assert (await bob.ask("COPY", mine + "b.ics", destination=WORK + "a.ics")).status == 409
    assert b"UID:secret" in (await alice.ask("GET", WORK + "a.ics")).body


async def test_a_move_of_what_one_may_not_take_away_leaves_no_copy(stand: Stand, alice: Client, bob: Client) -> None:
    await stand.share("alice", "Calendar", "bob@example.test", "lri4")
    await alice.put(WORK + "a.ics", event("hers"))
    mine = "/dav/calendars/bob@example.test/Calendar/"
    assert (await bob.ask("MOVE", WORK + "a.ics", destination=mine + "a.ics")).status == 403
    assert (await bob.ask("GET", mine + "a.ics")).status == 404
    assert (await alice.ask("GET", WORK + "a.ics")).status == 200


async def test_programs_of_two_versions_that_change_one_contact_lose_nothing_of_either(alice: Client) -> None:
    path = "/dav/contacts/alice@example.test/Contacts/a.vcf"
    three = card("u1", "Ann", "N:Ann;;;;", "CLASS:PRIVATE")
    four = card("u1", "Ann", "N:Ann;;;;", "GENDER:F").replace("VERSION:3.0", "VERSION:4.0")
    await alice.put(path, three)
    for number in range(ROUNDS):
        bodies = [each.replace("FN:Ann", f"FN:Ann {number}") for each in (three, four)]
        both = await asyncio.gather(*(alice.put(path, each) for each in bodies))
        assert [each.status for each in both] == [204, 204]
        there = (await alice.ask("GET", path, accept="text/vcard;version=3.0")).body.decode()
        assert "CLASS:PRIVATE" in there
        assert "X-GENDER" in there
