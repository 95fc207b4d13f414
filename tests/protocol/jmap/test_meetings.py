"""Meetings: what happened to them, and other times that are proposed. Decision 313."""

from __future__ import annotations

from typing import Any, NamedTuple

from tests.protocol.jmap.test_calendars import ALICE, BOB, DAILY, made, one
from tests.support.jmapstand import Client, Stand

Json = dict[str, Any]
LATER: Json = {"start": "2025-03-03T15:00:00", "duration": "PT2H", "comment": "after lunch, please"}


class Met(NamedTuple):
    """The ids of one meeting, for who organizes it and for who is invited."""

    mine: str
    theirs: str


async def invited(organizer: Client, guest: Client, **more: Any) -> Met:
    """A meeting to which somebody is invited."""
    people = {"b": {"email": f"{guest.name}@example.test", "expectReply": True}}
    mine = await made(
        organizer, title="Meet", participants=people, tell=True, **{"uid": f"by-{organizer.name}", **more}
    )
    uid = (await one(organizer, mine))["uid"]
    [theirs] = (await guest.call("CalendarEvent/query", filter={"uid": uid}))["ids"]
    return Met(mine, theirs)


async def told(client: Client, **named: str) -> list[tuple[str, str, str]]:
    """(what, by, text) of a timeline."""
    lines = (await client.call("CalendarEvent/timeline", **named))["list"]
    return [(each["what"], each["by"], each["text"]) for each in lines]


async def test_another_time_is_proposed_seen_and_taken(alice: Client, bob: Client) -> None:
    met = await invited(alice, bob)
    await bob.call("CalendarEvent/propose", id=met.theirs, **LATER)
    [waits] = (await alice.call("MeetingProposal/get"))["list"]
    assert {name: waits[name] for name in ("eventId", "by", "comment", "start", "duration", "title")} == {
        "eventId": met.mine, "by": BOB, "title": "Meet", **LATER
    }  # fmt: skip
    assert (await one(alice, met.mine))["start"] == "2025-03-03T10:00:00"
    await alice.call("MeetingProposal/answer", id=waits["id"], accept=True)
    for client, name in ((alice, met.mine), (bob, met.theirs)):
        event = await one(client, name)
        assert (event["start"], event["duration"]) == ("2025-03-03T15:00:00", "PT2H")
    assert (await alice.call("MeetingProposal/get"))["list"] == []
    assert await alice.refused("MeetingProposal/answer", id=waits["id"], accept=True) == "notFound"
    lines = await told(alice, id=met.mine)
    assert [each[:2] for each in lines if each[0] in ("sent", "counter")][:2] == [("sent", ALICE), ("counter", BOB)]
    assert "after lunch, please" in next(each[2] for each in lines if each[0] == "counter")


async def test_a_proposal_for_one_occurrence_is_declined_with_a_reason(alice: Client, bob: Client) -> None:
    met = await invited(alice, bob, recurrenceRules=DAILY)
    await bob.call(
        "CalendarEvent/propose", id=f"{met.theirs}-20250304T100000", start="2025-03-04T16:00:00", duration="PT1H"
    )
    [waits] = (await alice.call("MeetingProposal/get"))["list"]
    assert (waits["recurrenceId"], waits["start"]) == ("2025-03-04T10:00:00", "2025-03-04T16:00:00")
    await alice.call("MeetingProposal/answer", id=waits["id"], accept=False, comment="the room is taken")
    assert (await one(bob, met.theirs)).get("recurrenceOverrides") is None
    assert any(
        each[0] == "declinecounter" and "the room is taken" in each[2] for each in await told(bob, id=met.theirs)
    )


async def test_nobody_proposes_for_what_is_not_theirs(stand: Stand, alice: Client, bob: Client) -> None:
    met = await invited(alice, bob)
    assert await alice.refused("CalendarEvent/propose", id=met.mine, **LATER) == "forbidden"
    assert await bob.refused("CalendarEvent/propose", id=met.mine, **LATER) == "notFound"
    for wrong in ({"start": "soon"}, {"duration": "-PT1H"}, {"timeZone": "Mars/Base"}):
        given = {"id": met.theirs, **LATER, **wrong}
        assert await bob.refused("CalendarEvent/propose", **given) == "invalidArguments"
    await stand.share("alice", "Calendar", BOB, "lr")
    account = await bob.account("alice")
    assert await bob.refused("CalendarEvent/propose", accountId=account, id=met.mine, **LATER) != ""
    assert (await alice.call("MeetingProposal/get"))["list"] == []


async def test_a_timeline_is_told_to_who_may_read_the_event(stand: Stand, alice: Client, bob: Client) -> None:
    met = await invited(alice, bob)
    uid = (await one(alice, met.mine))["uid"]
    assert await told(alice, uid=uid) == await told(alice, id=met.mine) != []
    assert await told(alice, uid="never-heard-of") == []
    assert await bob.refused("CalendarEvent/timeline", id=met.mine) == "notFound"
    assert await bob.refused("CalendarEvent/timeline") == "invalidArguments"
    await stand.share("alice", "Calendar", BOB, "lr")
    account = await bob.account("alice")
    assert (await bob.call("CalendarEvent/timeline", accountId=account, id=met.mine))["list"] != []
    hidden = await made(alice, title="Secret", privacy="private", uid="u9")
    for named in ({"id": hidden}, {"uid": "u9"}):
        assert await bob.refused("CalendarEvent/timeline", accountId=account, **named) == "notFound"
