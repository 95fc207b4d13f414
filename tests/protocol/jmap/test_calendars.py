"""Calendars and events over JMAP. draft-ietf-jmap-calendars."""

from __future__ import annotations

from typing import Any

import pytest

from groupware.calendar.item import read_item
from groupware.model.rights import Right
from groupware.store.api import WriteTx
from tests.support.jmapstand import Client, Stand
from web.jmap.ids import principal_id

Json = dict[str, Any]
ALICE, BOB = "alice@example.test", "bob@example.test"
TEN = {"start": "2025-03-03T10:00:00", "timeZone": "Europe/Berlin", "duration": "PT1H"}
DAILY = [{"frequency": "daily", "count": 5}]


def vevent(uid: str, *lines: str) -> bytes:
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20250101T000000Z"]
    return "\r\n".join([*head, *lines, "END:VEVENT", "END:VCALENDAR", ""]).encode()


async def put(stand: Stand, name: str, octets: bytes, path: str = "Calendar") -> str:
    """Puts an event into somebody's calendar, as DAV would; gives its id."""
    _, new = await read_item(octets, stand.house.blobs, f"{abs(hash(octets))}.ics")

    def work(tx: WriteTx) -> int:
        at = tx.locate(tx.account(f"{name}@example.test").id, path, Right.INSERT)
        return tx.append(at.id, [new])[0].id

    return f"E{await stand.house.write(work)}"


async def octets_of(stand: Stand, name: str, path: str = "Calendar") -> list[bytes]:
    """What is stored there."""

    def work(tx: WriteTx) -> list[Any]:
        at = tx.locate(tx.account(f"{name}@example.test").id, path, Right.READ)
        return [each.blob for each in tx.items(at.id, [(each, each) for each in tx.uids(at.id)])]

    return [await stand.house.blobs.read(blob) for blob in await stand.house.write(work)]


async def calendar(client: Client) -> str:
    return str(next(each["id"] for each in (await client.call("Calendar/get"))["list"] if each["isDefault"]))


async def made(client: Client, **given: Any) -> str:
    """The id of a new event."""
    tell = given.pop("tell", False)
    event = {"calendarIds": {await calendar(client): True}, **TEN, **given}
    got = await client.call("CalendarEvent/set", create={"k": event}, sendSchedulingMessages=tell)
    assert got["created"], got
    return str(got["created"]["k"]["id"])


async def one(client: Client, name: str, **given: Any) -> Json:
    [found] = (await client.call("CalendarEvent/get", ids=[name], **given))["list"]
    return dict(found)


async def test_everybody_has_a_calendar(alice: Client) -> None:
    [found, birthdays] = (await alice.call("Calendar/get"))["list"]
    assert birthdays["name"] == "Birthdays"
    assert found["name"] == "Calendar"
    assert found["isDefault"] is True
    assert found["includeInAvailability"] == "all"
    assert found["myRights"] == {
        **dict.fromkeys(["mayReadFreeBusy", "mayReadItems", "mayWriteAll", "mayWriteOwn", "mayRSVP", "mayShare"], True),
        **{"mayUpdatePrivate": True, "mayDelete": False},
    }


async def test_a_calendar_is_made_changed_and_taken_away(alice: Client) -> None:
    since = (await alice.call("Calendar/get", ids=[]))["state"]
    given = {"name": "Work", "color": "#1e90ff", "includeInAvailability": "none", "isVisible": False, "sortOrder": 2}
    name = (await alice.call("Calendar/set", create={"k": given}))["created"]["k"]["id"]
    [found] = (await alice.call("Calendar/get", ids=[name]))["list"]
    assert {key: found[key] for key in given} == given
    assert (await alice.call("Calendar/changes", sinceState=since))["created"] == [name]
    wrong = await alice.call("Calendar/set", update={name: {"color": "</x>"}})
    assert wrong["notUpdated"][name]["properties"] == ["color"]
    await alice.call("CalendarEvent/set", create={"e": {"calendarIds": {name: True}, **TEN}})
    kept = await alice.call("Calendar/set", destroy=[name])
    assert kept["notDestroyed"][name]["type"] == "calendarHasEvent"
    assert (await alice.call("Calendar/set", destroy=[name], onDestroyRemoveEvents=True))["destroyed"] == [name]


async def test_a_colour_that_an_apple_program_has_set_is_one_of_css(stand: Stand, alice: Client) -> None:
    entry = "/shared/vendor/postroom/dav/http./apple.com/ns/ical/calendar-color"

    def work(tx: WriteTx) -> None:
        at = tx.locate(tx.account(ALICE).id, "Calendar")
        tx.annotate(at.id, {entry: b"#0E61B9FF"})

    await stand.house.write(work)
    assert (await alice.call("Calendar/get"))["list"][0]["color"] == "#0E61B9"


async def test_an_event_is_made_changed_and_taken_away(stand: Stand, alice: Client) -> None:
    name = await made(alice, title="Tea", locations={"l": {"name": "Kitchen"}})
    found = await one(alice, name)
    assert found["title"] == "Tea"
    assert found["start"] == TEN["start"]
    assert found["isOrigin"] is True
    state = (await alice.call("CalendarEvent/get", ids=[]))["state"]
    await alice.call("CalendarEvent/set", update={name: {"title": "Coffee", "locations/l/name": "Bar"}})
    assert (await alice.call("CalendarEvent/changes", sinceState=state))["updated"] == [name]
    [octets] = await octets_of(stand, "alice")
    assert b"SUMMARY:Coffee\r\n" in octets
    assert b"LOCATION;JSID=l:Bar\r\n" in octets
    assert b"BEGIN:VTIMEZONE" in octets
    assert (await alice.call("CalendarEvent/set", destroy=[name]))["destroyed"] == [name]
    assert await octets_of(stand, "alice") == []


async def test_a_change_keeps_what_the_object_says_beside_it(stand: Stand, alice: Client) -> None:
    name = await put(
        stand, "alice", vevent("1", "DTSTART:20250303T100000Z", "X-OWN;P=q:v", "SUMMARY;LANGUAGE=de:A", "GEO:1;2")
    )
    await alice.call("CalendarEvent/set", update={name: {"title": "B"}})
    [octets] = await octets_of(stand, "alice")
    assert {b"X-OWN;P=q:v", b"SUMMARY;LANGUAGE=de:B", b"GEO:1;2", b"PRODID:x"} <= set(octets.split(b"\r\n"))


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"start": "tomorrow"}, "start"),
        ({"timeZone": "Mars/Base"}, "timeZone"),
        ({"odd": 1}, "odd"),
        ({"id": "E1"}, "id"),
        ({"utcStart": "2025-01-01T00:00:00Z"}, "utcStart"),
        ({"isDraft": True}, "isDraft"),
        ({"calendarIds": {}}, "calendarIds"),
        ({"calendarIds": {"F999": True}}, "calendarIds"),
        ({"recurrenceRules": [{"frequency": "never"}]}, "recurrenceRules"),
        ({"iCalendar": {"components": ["BEGIN:VALARM"]}}, "iCalendar"),
    ],
)
async def test_an_event_that_cannot_be_is_refused_and_nothing_is_stored(
    stand: Stand, alice: Client, wrong: Json, name: str
) -> None:
    event = {"calendarIds": {await calendar(alice): True}, **TEN, **wrong}
    got = await alice.call("CalendarEvent/set", create={"k": event})
    assert got["notCreated"]["k"]["properties"] == [name]
    assert await octets_of(stand, "alice") == []


async def test_what_takes_place_in_some_time_is_found_by_the_index(stand: Stand, alice: Client) -> None:
    first = await made(alice, title="Tea", recurrenceRules=DAILY)
    second = await made(alice, title="Late", start="2025-03-10T10:00:00")
    third = await put(stand, "alice", vevent("9", "DTSTART:20250304T233000", "DTEND:20250305T003000", "SUMMARY:floats"))

    async def found(after: str, before: str, **more: Any) -> list[str]:
        given = {"filter": {"after": after, "before": before}, **more}
        return list((await alice.call("CalendarEvent/query", sort=[{"property": "start"}], **given))["ids"])

    assert await found("2025-03-01T00:00:00", "2025-04-01T00:00:00") == [first, third, second]
    assert await found("2025-03-07T09:00:00", "2025-03-07T10:00:00") == [first]
    assert await found("2025-03-07T10:00:00", "2025-03-08T10:00:00") == []
    assert await found("2025-03-05T00:00:00", "2025-03-05T01:00:00", timeZone="Asia/Tokyo") == [third]
    assert await found("2025-03-04T10:00:00", "2025-03-05T09:30:00", expandRecurrences=True) == [
        third,
        f"{first}-20250305T100000",
    ]


async def test_an_occurrence_is_told_changed_and_taken_out(stand: Stand, alice: Client) -> None:
    name = await made(alice, title="Tea", recurrenceRules=DAILY)
    this = f"{name}-20250305T100000"
    told = await one(alice, this)
    assert (told["start"], told["recurrenceId"], told["baseEventId"]) == (
        "2025-03-05T10:00:00",
        "2025-03-05T10:00:00",
        name,
    )
    assert "recurrenceRules" not in told
    await alice.call("CalendarEvent/set", update={this: {"title": "Cake", "start": "2025-03-05T12:00:00"}})
    overrides = (await one(alice, name))["recurrenceOverrides"]
    assert {key: overrides["2025-03-05T10:00:00"][key] for key in ("title", "start")} == {
        "title": "Cake",
        "start": "2025-03-05T12:00:00",
    }
    assert (await one(alice, this))["title"] == "Cake"
    gone = f"{name}-20250306T100000"
    assert (await alice.call("CalendarEvent/set", destroy=[gone]))["destroyed"] == [gone]
    assert (await alice.call("CalendarEvent/get", ids=[gone]))["notFound"] == [gone]
    [octets] = await octets_of(stand, "alice")
    assert b"EXDATE;TZID=Europe/Berlin:20250306T100000\r\n" in octets
    assert (await alice.call("CalendarEvent/set", destroy=[gone]))["notDestroyed"][gone]["type"] == "notFound"


@pytest.mark.parametrize(
    ("sought", "found"),
    [
        ({"text": "kitchen"}, "1"),
        ({"title": "tea"}, "1"),
        ({"title": "cake"}, "1"),
        ({"description": "bring"}, "2"),
        ({"location": "kitchen"}, "1"),
        ({"uid": "u2"}, "2"),
        ({"attendee": "bob"}, "2"),
        ({"owner": "alice"}, "2"),
        ({"inCalendar": "F999"}, ""),
        ({"operator": "NOT", "conditions": [{"title": "tea"}]}, "2"),
        ({"operator": "AND", "conditions": [{"after": "2025-03-05T00:00:00"}, {"title": "e"}]}, "1"),
    ],
)
async def test_events_are_found(alice: Client, sought: Json, found: str) -> None:
    other = {"2025-03-04T10:00:00": {"title": "Cake"}}
    first = await made(
        alice, title="Tea", locations={"l": {"name": "Kitchen"}}, recurrenceRules=DAILY, recurrenceOverrides=other
    )
    people = {"b": {"email": BOB}, "a": {"email": ALICE, "roles": {"owner": True}}}
    second = await made(alice, uid="u2", title="Meet", description="bring it", participants=people)
    names = {first: "1", second: "2"}
    got = await alice.call("CalendarEvent/query", filter=sought, calculateTotal=True)
    assert "".join(names[each] for each in got["ids"]) == found
    assert got["total"] == len(found)


async def test_queries_that_cannot_be_are_refused(alice: Client) -> None:
    for given, kind in (
        ({"expandRecurrences": True}, "invalidArguments"),
        ({"filter": {"after": "soon"}}, "invalidArguments"),
        ({"filter": {"title": 1}}, "invalidArguments"),
        ({"timeZone": "Mars/Base"}, "invalidArguments"),
        ({"filter": {"operator": "OR", "conditions": [{"after": "2025-03-05T00:00:00"}]}}, "unsupportedFilter"),
    ):
        assert await alice.refused("CalendarEvent/query", **given) == kind


async def test_times_in_utc_and_some_overrides_are_told_when_they_are_asked_for(alice: Client) -> None:
    overrides = {f"2025-03-0{day}T10:00:00": {"title": f"{day}"} for day in (4, 5)}
    name = await made(alice, recurrenceRules=DAILY, recurrenceOverrides=overrides)
    assert "utcStart" not in await one(alice, name)
    found = await one(alice, name, properties=["utcStart", "utcEnd"])
    assert found == {"id": name, "utcStart": "2025-03-03T09:00:00Z", "utcEnd": "2025-03-03T10:00:00Z"}
    found = await one(alice, name, recurrenceOverridesAfter="2025-03-05T00:00:00Z")
    assert list(found["recurrenceOverrides"]) == ["2025-03-05T10:00:00"]


async def test_a_meeting_is_told_to_who_is_invited_when_the_client_says_so(
    stand: Stand, alice: Client, bob: Client
) -> None:
    people = {"b": {"email": BOB, "expectReply": True}}
    quiet = await made(alice, title="Quiet", participants=people)
    assert await octets_of(stand, "bob") == []
    name = await made(alice, title="Meet", participants=people, tell=True)
    [copy] = await octets_of(stand, "bob")
    assert b"SUMMARY:Meet" in copy
    assert (await one(alice, name))["replyTo"] == {"imip": f"mailto:{ALICE}"}
    [theirs] = (await bob.call("CalendarEvent/query"))["ids"]
    told = await one(bob, theirs)
    assert told["isOrigin"] is False
    me = next(key for key, each in told["participants"].items() if BOB in each["sendTo"]["imip"])
    answer = {theirs: {f"participants/{me}/participationStatus": "accepted"}}
    assert (await bob.call("CalendarEvent/set", update=answer, sendSchedulingMessages=True))["updated"]
    assert (await one(alice, name))["participants"]["b"]["participationStatus"] == "accepted"
    await bob.call("CalendarEvent/set", update={theirs: {"title": "Mine"}}, sendSchedulingMessages=True)
    assert (await one(alice, name))["title"] == "Meet"
    await alice.call("CalendarEvent/set", destroy=[name, quiet], sendSchedulingMessages=True)
    assert (await one(bob, theirs))["status"] == "cancelled"


async def test_a_calendar_is_shared_and_what_is_private_is_not(stand: Stand, alice: Client, bob: Client) -> None:
    name, him = await calendar(alice), principal_id(BOB)
    await made(alice, title="Open")
    hidden = await made(alice, title="Secret", privacy="private", uid="u2")
    await alice.call("Calendar/set", update={name: {f"shareWith/{him}": {"mayReadItems": True}}})
    account = await bob.account("alice")
    found = await bob.call("CalendarEvent/get", accountId=account)
    assert [each["title"] for each in found["list"]] == ["Open"]
    assert (await bob.call("CalendarEvent/get", accountId=account, ids=[hidden]))["notFound"] == [hidden]
    assert len((await bob.call("CalendarEvent/query", accountId=account))["ids"]) == 1
    refused = await alice.call("Calendar/set", update={name: {f"shareWith/{him}/mayRSVP": True}})
    assert refused["notUpdated"][name]["properties"] == ["shareWith"]


async def test_an_event_is_copied_from_who_shares_it_and_goes_to_another_calendar(
    stand: Stand, alice: Client, bob: Client
) -> None:
    name = await put(stand, "alice", vevent("7", "DTSTART:20250303T100000Z", "X-OWN:1"))
    await stand.share("alice", "Calendar", BOB, "lr")
    create = {"k": {"id": name, "calendarIds": {await calendar(bob): True}}}
    given = {"fromAccountId": await bob.account("alice"), "accountId": await bob.account(), "create": create}
    [[_, got]] = await bob.calls(("CalendarEvent/copy", given))
    mine = got["created"]["k"]["id"]
    [octets] = await octets_of(stand, "bob")
    assert b"X-OWN:1\r\n" in octets
    there = (await bob.call("Calendar/set", create={"k": {"name": "Work"}}))["created"]["k"]["id"]
    await bob.call("CalendarEvent/set", update={mine: {"calendarIds": {there: True}}})
    assert (await one(bob, mine))["calendarIds"] == {there: True}


async def test_a_file_of_events_is_read(alice: Client) -> None:
    good = (await alice.upload(vevent("1", "DTSTART:20250303T100000Z", "SUMMARY:A"), "text/calendar"))["blobId"]
    bad = (await alice.upload(b"nothing", "text/plain"))["blobId"]
    found = await alice.call("CalendarEvent/parse", blobIds=[good, bad, "U99"], properties=["title"])
    assert found["parsed"] == {good: [{"title": "A"}]}
    assert (found["notParsable"], found["notFound"]) == ([bad], ["U99"])


async def test_what_a_message_about_an_event_is_for_is_told(alice: Client) -> None:
    said = vevent("1", "DTSTART:20250303T100000Z", "SUMMARY:A").replace(
        b"VERSION:2.0", b"VERSION:2.0\r\nMETHOD:REQUEST"
    )
    blob = (await alice.upload(said, "text/calendar"))["blobId"]
    found = await alice.call("CalendarEvent/parse", blobIds=[blob], properties=["title", "method"])
    assert found["parsed"] == {blob: [{"title": "A", "method": "request"}]}


async def test_one_takes_part_as_who_one_is(alice: Client) -> None:
    [found] = (await alice.call("ParticipantIdentity/get"))["list"]
    assert (found["calendarAddress"], found["isDefault"]) == (f"mailto:{ALICE}", True)
    got = await alice.call("ParticipantIdentity/set", destroy=[found["id"]])
    assert got["notDestroyed"][found["id"]]["type"] == "forbidden"
