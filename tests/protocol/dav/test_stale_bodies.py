"""An organizer's client stores what it had before others answered: nobody's answer is lost. RFC 6638 §3.2.10."""

from __future__ import annotations

from tests.protocol.dav.test_scheduling import ALICE, BOB, HOME, meeting, room, says, the_one
from tests.support.davstand import Client, Stand

M = ALICE + "m.ics"
NEEDS = "PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:bob@"


def said_of(text: str, who: str) -> str:
    """PARTSTAT of somebody in an object, without folds."""
    [line] = [each for each in text.split("\r\n") if each.startswith("ATTENDEE") and each.endswith(f":mailto:{who}")]
    return line.partition("PARTSTAT=")[2].partition(";")[0].partition(":")[0]


async def own(client: Client) -> str:
    return (await the_one(client, ALICE))[1]


async def test_an_old_body_keeps_the_answer_that_it_does_not_know(alice: Client, bob: Client) -> None:
    await alice.put(M, meeting("m"))
    await says(bob, BOB, "ACCEPTED")
    said = await alice.put(M, meeting("m", "LOCATION:here"))
    assert said.status == 204 and "etag" not in said.headers
    assert "LOCATION:here" in await own(alice) and said_of(await own(alice), "bob@example.test") == "ACCEPTED"
    copy = (await the_one(bob, BOB))[1]
    assert "LOCATION:here" in copy and said_of(copy, "bob@example.test") == "ACCEPTED"


async def test_an_old_body_keeps_what_a_room_has_accepted(stand: Stand, alice: Client) -> None:
    await room(stand)
    await alice.put(M, meeting("m", names=("room",)))
    assert said_of(await own(alice), "room@example.test") == "ACCEPTED"
    await alice.put(M, meeting("m", "LOCATION:here", names=("room",)))
    assert said_of(await own(alice), "room@example.test") == "ACCEPTED"


async def test_another_time_asks_all_anew_whatever_the_client_knows(alice: Client, bob: Client) -> None:
    await alice.put(M, meeting("m"))
    await says(bob, BOB, "ACCEPTED")
    await alice.put(M, meeting("m", start="20261202T100000Z"))
    assert said_of(await own(alice), "bob@example.test") == "NEEDS-ACTION"


async def test_an_answer_that_an_organizer_writes_down_counts(alice: Client, bob: Client) -> None:
    await alice.put(M, meeting("m"))
    await says(bob, BOB, "ACCEPTED")
    await alice.put(M, meeting("m").replace(NEEDS, "PARTSTAT=DECLINED:mailto:bob@"))
    assert said_of(await own(alice), "bob@example.test") == "DECLINED"


async def test_who_has_seen_the_answer_may_take_it_back(alice: Client, bob: Client) -> None:
    await alice.put(M, meeting("m"))
    await says(bob, BOB, "ACCEPTED")
    etag = (await alice.ask("GET", M)).headers["etag"]
    assert (await alice.put(M, meeting("m"), if_match=etag)).status == 204
    assert said_of(await own(alice), "bob@example.test") == "NEEDS-ACTION"


async def test_an_occurrence_that_is_made_from_an_old_body_has_the_answer_to_the_whole(
    alice: Client, bob: Client
) -> None:
    rule = "RRULE:FREQ=DAILY;COUNT=3"
    await alice.put(M, meeting("m", rule))
    await says(bob, BOB, "ACCEPTED")
    one = meeting("m", "RECURRENCE-ID:20261202T100000Z", "LOCATION:here", start="20261202T100000Z")
    part = one[one.index("BEGIN:VEVENT") : one.index("END:VCALENDAR")]
    await alice.put(M, meeting("m", rule).replace("END:VCALENDAR", part + "END:VCALENDAR"))
    assert (await own(alice)).count("PARTSTAT=ACCEPTED") == 2


async def test_a_meeting_that_is_stored_as_it_is_keeps_its_octets(alice: Client, bob: Client) -> None:
    await alice.put(M, meeting("m"))
    await says(bob, BOB, "ACCEPTED")
    octets = (await alice.ask("GET", M)).body
    said = await alice.put(M, octets.decode())
    assert said.headers["etag"] == (await alice.ask("GET", M)).headers["etag"]
    assert (await alice.ask("GET", M)).body == octets


async def test_who_is_sent_by_an_attendee_stays_and_is_another_schedule_tag(
    stand: Stand, alice: Client, bob: Client
) -> None:
    carol = stand.client("carol")
    tag = (await alice.put(M, meeting("m"))).headers["schedule-tag"]
    href, text = await the_one(bob, BOB)
    line = next(each for each in text.split("\r\n") if each.startswith("ATTENDEE"))
    goes = 'ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:carol@example.test":mailto:bob@example.test'
    comes = 'ATTENDEE;PARTSTAT=NEEDS-ACTION;DELEGATED-FROM="mailto:bob@example.test":mailto:carol@example.test'
    assert (await bob.put(href, text.replace(line, f"{goes}\r\n{comes}"))).status == 204
    assert "carol@" in await own(alice)
    assert (await alice.put(M, meeting("m", "LOCATION:a"), if_schedule_tag_match=tag)).status == 412
    await alice.put(M, meeting("m", "LOCATION:b"))
    assert said_of(await own(alice), "bob@example.test") == "DELEGATED"
    assert "STATUS:CANCELLED" not in (await the_one(carol, HOME.format("carol")))[1]


async def test_while_nobody_has_answered_an_alarm_is_stored_as_it_is_sent(alice: Client, bob: Client) -> None:
    await alice.put(M, meeting("m"))
    alarm = meeting("m", "BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT5M", "DESCRIPTION:x", "END:VALARM")
    assert "etag" in (await alice.put(M, alarm)).headers
    assert (await alice.ask("GET", M)).body == alarm.encode()
