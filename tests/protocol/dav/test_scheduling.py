"""Meetings with others over CalDAV: copies here at once, letters to those elsewhere. RFC 6638."""

from __future__ import annotations

import asyncio
import email
from email.message import Message

import pytest

from groupware.calendar.item import read_item
from groupware.model.principal import OPERATOR, NewAccount, PrincipalKind
from groupware.store.api import WriteTx
from tests.support.davstand import Client, Said, Stand, card, event

HOME = "/dav/calendars/{}@example.test/Calendar/"
ALICE, BOB = HOME.format("alice"), HOME.format("bob")
CHAIR = "ORGANIZER;CN=Alice:mailto:alice@example.test"


def invites(*names: str) -> list[str]:
    people = [f"{each}@example.test" if "@" not in each else each for each in names]
    return [CHAIR, *(f"ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:{each}" for each in people)]


def meeting(uid: str, *lines: str, start: str = "20261201T100000Z", names: tuple[str, ...] = ("bob",)) -> str:
    return event(uid, start, *invites(*names), *lines, end=start.replace("00Z", "30Z").replace("T10", "T11"))


async def bodies(client: Client, home: str) -> list[str]:
    """What is in a calendar."""
    found = await client.query(home, "<C:comp-filter name='VEVENT'/>")
    return found.texts("D:response/D:propstat/D:prop/C:calendar-data")


async def the_one(client: Client, home: str) -> tuple[str, str]:
    """The path and the text of the one object in a calendar."""
    found = await client.query(home, "<C:comp-filter name='VEVENT'/>")
    [href] = found.hrefs
    return href, found.texts("D:response/D:propstat/D:prop/C:calendar-data")[0].replace("\r\n ", "")


async def says(client: Client, home: str, word: str, **headers: str) -> Said:
    href, text = await the_one(client, home)
    mine = f"mailto:{client.name}@example.test"
    lines = [
        f"ATTENDEE;PARTSTAT={word}:{mine}" if line.startswith("ATTENDEE") and line.endswith(mine) else line
        for line in text.split("\r\n")
    ]
    return await client.put(href, "\r\n".join(lines), **headers)


async def letters(stand: Stand) -> list[Message]:
    return [
        email.message_from_bytes(await stand.house.blobs.read(each.envelope.blob))
        for each in await stand.house.queued()
    ]


async def room(stand: Stand, **settings: str | int | bool) -> None:
    def work(tx: WriteTx) -> None:
        made = tx.put_account(NewAccount("room@example.test", PrincipalKind.RESOURCE, "Blue Room"))
        for name, value in settings.items():
            tx.put_setting(name, value, made.id)

    await stand.house.write(work, OPERATOR)


async def test_who_is_invited_has_the_meeting_at_once(alice: Client, bob: Client) -> None:
    said = await alice.put(ALICE + "m.ics", meeting("m"))
    assert said.status == 201 and "etag" not in said.headers and said.headers["schedule-tag"]
    _, text = await the_one(bob, BOB)
    assert "UID:m" in text and "METHOD" not in text
    _, own = await the_one(alice, ALICE)
    assert "SCHEDULE-STATUS=1.2" in own and "SCHEDULE-STATUS" not in text


async def test_an_answer_is_with_the_organizer_and_with_the_others(stand: Stand, alice: Client, bob: Client) -> None:
    carol = stand.client("carol")
    await alice.put(ALICE + "m.ics", meeting("m", names=("bob", "carol")))
    assert (await says(bob, BOB, "ACCEPTED")).status == 204
    for client, home in ((alice, ALICE), (carol, HOME.format("carol"))):
        _, text = await the_one(client, home)
        assert any("PARTSTAT=ACCEPTED" in line and "bob@" in line for line in text.split("\r\n"))


async def test_the_inbox_has_what_came_and_listings_of_calendars_have_no_inbox(alice: Client, bob: Client) -> None:
    await alice.put(ALICE + "m.ics", meeting("m"))
    inbox = "/dav/calendars/bob@example.test/~inbox/"
    found = await bob.props(inbox, "D:resourcetype", "D:getetag", "C:schedule-default-calendar-URL", depth=1)
    assert "schedule-inbox" in (found.found(inbox, "D:resourcetype") or "")
    assert found.found(inbox, "C:schedule-default-calendar-URL") == f"<D:href>{BOB}</D:href>".replace(
        "<D:", "<ns0:"
    ) or BOB in (found.found(inbox, "C:schedule-default-calendar-URL") or "")
    [message] = [each for each in found.hrefs if each != inbox]
    assert b"METHOD:REQUEST" in (await bob.ask("GET", message)).body
    home = await bob.props("/dav/calendars/bob@example.test/", "D:resourcetype", depth=1)
    assert not any("inbox" in each.lower() for each in home.hrefs)
    assert (await bob.ask("DELETE", message)).status == 204


async def test_a_client_finds_inbox_and_outbox_and_all_addresses(stand: Stand, alice: Client) -> None:
    await stand.house.write(lambda tx: tx.put_alias("alice@example.test", "a.adams@example.test"))
    at = "/dav/principals/alice@example.test/"
    names = ("C:schedule-inbox-URL", "C:schedule-outbox-URL", "C:calendar-user-address-set", "C:calendar-user-type")
    found = await alice.props(at, *names)
    assert "/~inbox/" in (found.found(at, names[0]) or "") and "/~outbox/" in (found.found(at, names[1]) or "")
    assert "mailto:a.adams@example.test" in (found.found(at, names[2]) or "")
    assert "calendar-auto-schedule" in (await alice.ask("OPTIONS", at)).headers["dav"]
    outbox = "/dav/calendars/alice@example.test/~outbox/"
    told = await alice.props(outbox, "D:resourcetype", "D:current-user-privilege-set")
    assert "schedule-outbox" in (told.found(outbox, "D:resourcetype") or "")
    assert "schedule-send-freebusy" in (told.found(outbox, "D:current-user-privilege-set") or "")


async def test_another_alias_of_the_organizer_is_the_organizer(stand: Stand, alice: Client, bob: Client) -> None:
    await stand.house.write(lambda tx: tx.put_alias("alice@example.test", "a.adams@example.test"))
    text = meeting("m").replace("mailto:alice@", "mailto:a.adams@")
    assert (await alice.put(ALICE + "m.ics", text)).status == 201
    await says(bob, BOB, "DECLINED")
    assert "PARTSTAT=DECLINED" in (await the_one(alice, ALICE))[1]


async def test_a_meeting_that_is_deleted_is_called_off(alice: Client, bob: Client) -> None:
    await alice.put(ALICE + "m.ics", meeting("m"))
    assert (await alice.ask("DELETE", ALICE + "m.ics")).status == 204
    assert "STATUS:CANCELLED" in (await the_one(bob, BOB))[1]


async def test_a_copy_that_is_deleted_declines_unless_the_client_says_otherwise(alice: Client, bob: Client) -> None:
    for uid, reply, word in (("m", "T", "PARTSTAT=DECLINED"), ("n", "F", "PARTSTAT=NEEDS-ACTION")):
        await alice.put(f"{ALICE}{uid}.ics", meeting(uid))
        href, _ = await the_one(bob, BOB)
        assert (await bob.ask("DELETE", href, schedule_reply=reply)).status == 204
        assert word in (await alice.ask("GET", f"{ALICE}{uid}.ics")).body.decode().replace("\r\n ", "")


async def test_an_attendee_who_moves_the_meeting_is_refused_and_nothing_changes(alice: Client, bob: Client) -> None:
    await alice.put(ALICE + "m.ics", meeting("m"))
    href, text = await the_one(bob, BOB)
    said = await bob.put(href, text.replace("T100000Z", "T090000Z"))
    assert said.status == 403 and b"allowed-attendee-scheduling-object-change" in said.body
    assert (await the_one(bob, BOB))[1] == text


async def test_the_tag_stays_while_only_answers_come_and_such_a_put_keeps_them(alice: Client, bob: Client) -> None:
    tag = (await alice.put(ALICE + "m.ics", meeting("m"))).headers["schedule-tag"]
    before = (await alice.ask("GET", ALICE + "m.ics")).headers["etag"]
    await says(bob, BOB, "ACCEPTED")
    now = await alice.ask("GET", ALICE + "m.ics")
    assert now.headers["schedule-tag"] == tag and now.headers["etag"] != before
    text = meeting("m", "LOCATION:here")
    assert (await alice.put(ALICE + "m.ics", text, if_schedule_tag_match=tag)).status == 204
    own = (await the_one(alice, ALICE))[1]
    assert "LOCATION:here" in own and "PARTSTAT=ACCEPTED" in own
    assert (await alice.put(ALICE + "m.ics", text, if_schedule_tag_match=tag)).status == 412


async def test_the_tag_of_a_copy_changes_with_the_meeting_and_not_with_the_answers_of_others(
    stand: Stand, alice: Client, bob: Client
) -> None:
    carol = stand.client("carol")
    await alice.put(ALICE + "m.ics", meeting("m", names=("bob", "carol")))
    href, _ = await the_one(bob, BOB)

    async def tag() -> str | None:
        return (await bob.props(href, "C:schedule-tag")).found(href, "C:schedule-tag")

    first = await tag()
    await says(carol, HOME.format("carol"), "ACCEPTED")
    assert await tag() == first is not None
    await says(bob, BOB, "TENTATIVE")
    assert await tag() == first
    await alice.put(ALICE + "m.ics", meeting("m", "LOCATION:here", names=("bob", "carol")))
    assert await tag() != first


async def test_one_elsewhere_gets_a_letter_with_words_and_with_the_message(stand: Stand, alice: Client) -> None:
    await alice.put(ALICE + "m.ics", meeting("m", "LOCATION:Room 5", names=("eve@far.test",)))
    [letter] = await letters(stand)
    assert letter["subject"] == "Invitation: Meeting" and letter["to"] == "eve@far.test"
    assert "alice@example.test" in letter["from"] and letter.get_content_type() == "multipart/alternative"
    words, data = (each.get_payload(decode=True).decode() for each in letter.get_payload())
    assert "Tuesday, 1 December 2026, 10:00" in words and "Room 5" in words and "METHOD:REQUEST" in data
    assert letter.get_payload()[1].get_param("method") == "REQUEST"
    assert "SCHEDULE-STATUS=1.1" in (await the_one(alice, ALICE))[1]


async def test_nobody_of_that_address_is_said_so(alice: Client) -> None:
    await alice.put(ALICE + "m.ics", meeting("m", names=("nobody",)))
    assert "SCHEDULE-STATUS=3.7" in (await the_one(alice, ALICE))[1]


async def test_who_has_closed_the_calendar_to_somebody_gets_no_invitation(
    stand: Stand, alice: Client, bob: Client
) -> None:
    from groupware.model.rights import Right

    def deny(tx: WriteTx) -> None:
        at = tx.locate(tx.account("bob@example.test").id, "Calendar")
        tx.grant(at.id, "alice@example.test", Right.NONE, Right.POST)

    await stand.house.write(deny)
    await alice.put(ALICE + "m.ics", meeting("m"))
    assert "SCHEDULE-STATUS=3.8" in (await the_one(alice, ALICE))[1] and await bodies(bob, BOB) == []


async def test_a_deputy_invites_on_behalf_of_the_owner_and_an_editor_may_not(
    stand: Stand, alice: Client, bob: Client
) -> None:
    carol = stand.client("carol")
    await stand.share("alice", "Calendar", "bob@example.test", "lrswipte")
    assert (await bob.put(ALICE + "m.ics", meeting("m", names=("carol",)))).status == 403
    assert await bodies(carol, HOME.format("carol")) == []
    await stand.share("alice", "Calendar", "bob@example.test", "lrswipte1")
    assert (await bob.put(ALICE + "m.ics", meeting("m", names=("carol", "eve@far.test")))).status == 201
    assert "ORGANIZER;CN=Alice:mailto:alice@example.test" in (await the_one(carol, HOME.format("carol")))[1]
    [letter] = await letters(stand)
    assert letter["from"] == "alice@example.test" and letter["sender"] == "bob@example.test"


async def test_a_deputy_who_may_not_read_the_calendar_puts_a_meeting_in_and_overwrites_nothing(
    stand: Stand, alice: Client, bob: Client
) -> None:
    await stand.share("alice", "Calendar", "bob@example.test", "li1")
    assert (await bob.put(ALICE + "m.ics", meeting("m", names=("carol",)))).status == 201
    await the_one(stand.client("carol"), HOME.format("carol"))
    assert (await bob.ask("GET", ALICE + "m.ics")).status == 403
    assert (await bob.put(ALICE + "m.ics", meeting("other", names=("carol",)))).status == 409
    assert "UID:m\r\n" in (await the_one(stand.client("carol"), HOME.format("carol")))[1]


async def test_what_is_no_meeting_is_put_in_and_taken_away_without_a_look_before(
    stand: Stand, alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    await alice.props(ALICE, "D:getetag")  # she is signed in from now on

    def read(*given: object) -> None:
        raise AssertionError("it was looked at before the write")

    for name in ("read", "glance"):
        monkeypatch.setattr(type(stand.house.store), name, read)
    assert (await alice.put(ALICE + "m.ics", event("m"))).status == 201
    assert (await alice.put(ALICE + "m.ics", event("m", summary="Other"))).status == 204
    assert (await alice.ask("DELETE", ALICE + "m.ics")).status == 204
    contacts = "/dav/contacts/alice@example.test/Contacts/"
    assert (await alice.put(contacts + "c.vcf", card("c"))).status == 201
    assert (await alice.ask("DELETE", contacts + "c.vcf")).status == 204


async def test_a_meeting_that_was_brought_in_from_a_file_is_called_off_when_it_is_deleted(
    stand: Stand, alice: Client
) -> None:
    octets = meeting("m", names=("eve@far.test",)).encode()
    _, new = await read_item(octets, stand.house.blobs, "m.ics")

    def bring(tx: WriteTx) -> None:
        tx.append(tx.locate(tx.account("alice@example.test").id, "Calendar").id, [new])

    await stand.house.write(bring)
    assert await letters(stand) == []
    assert (await alice.ask("DELETE", ALICE + "m.ics")).status == 204
    [letter] = await letters(stand)
    assert letter["subject"] == "Called off: Meeting"


async def test_a_task_goes_to_the_tasks_of_who_is_to_do_it_and_comes_back_done(alice: Client, bob: Client) -> None:
    tasks = "/dav/calendars/{}@example.test/Tasks/"
    given = meeting("t").replace("VEVENT", "VTODO").replace("DTEND", "DUE")
    assert (await alice.put(tasks.format("alice") + "t.ics", given)).status == 201
    assert await bodies(bob, BOB) == [] and (await bob.sync(BOB)).hrefs == []
    [href] = (await bob.sync(tasks.format("bob"))).hrefs
    copy = (await bob.ask("GET", href)).body.decode().replace("\r\n ", "")
    assert (await bob.put(href, copy.replace("NEEDS-ACTION", "COMPLETED"))).status == 204
    own = (await alice.ask("GET", tasks.format("alice") + "t.ics")).body.decode()
    assert "PARTSTAT=COMPLETED" in own


async def test_a_meeting_that_loses_its_organizer_is_called_off(alice: Client, bob: Client) -> None:
    await alice.put(ALICE + "m.ics", meeting("m"))
    assert (await alice.put(ALICE + "m.ics", event("m"))).status == 204
    assert "STATUS:CANCELLED" in (await the_one(bob, BOB))[1]


async def test_a_meeting_is_once_in_all_calendars_of_somebody_and_moves_without_a_word(
    alice: Client, bob: Client
) -> None:
    await alice.ask("MKCALENDAR", "/dav/calendars/alice@example.test/other/")
    other = "/dav/calendars/alice@example.test/other/"
    tag = (await alice.put(ALICE + "m.ics", meeting("m"))).headers["schedule-tag"]
    said = await alice.put(other + "m.ics", meeting("m"))
    assert said.status == 403 and b"unique-scheduling-object-resource" in said.body
    assert (await alice.ask("MOVE", ALICE + "m.ics", destination=other + "m.ics")).status == 201
    assert "STATUS:CANCELLED" not in (await the_one(bob, BOB))[1]
    assert (await alice.ask("GET", other + "m.ics")).headers["schedule-tag"] == tag
    await says(bob, BOB, "ACCEPTED")
    assert "PARTSTAT=ACCEPTED" in (await the_one(alice, other))[1]


async def test_what_is_no_meeting_costs_nothing_and_keeps_its_octets(alice: Client) -> None:
    said = await alice.put(ALICE + "m.ics", event("m", "20261201T100000Z", CHAIR))
    assert "etag" in said.headers and "schedule-tag" not in said.headers
    assert (await alice.ask("GET", ALICE + "m.ics")).body.decode() == event("m", "20261201T100000Z", CHAIR)


OUTBOX, INBOX = (f"/dav/calendars/{{}}@example.test/~{each}/" for each in ("outbox", "inbox"))


async def asks(client: Client, *addresses: str) -> Said:
    """When these are busy on 1 December 2026."""
    inside = ["UID:fb", "DTSTAMP:20260101T000000Z", "DTSTART:20261201T000000Z", "DTEND:20261202T000000Z"]
    people = [f"ATTENDEE:mailto:{each}" for each in addresses]
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", "METHOD:REQUEST", "BEGIN:VFREEBUSY", *inside]
    own = f"ORGANIZER:mailto:{client.name}@example.test"
    text = "\r\n".join([*head, own, *people, "END:VFREEBUSY", "END:VCALENDAR", ""])
    return await client.ask("POST", OUTBOX.format(client.name), text, content_type="text/calendar")


def times(said: Said) -> list[str]:
    """The times of the first who was asked about."""
    assert said.status == 200
    text = said.texts("C:response/C:calendar-data")[0]
    return [line.strip() for line in text.splitlines() if line.startswith("FREEBUSY")]


async def test_when_others_are_busy_is_told_as_far_as_one_may_know(stand: Stand, alice: Client, bob: Client) -> None:
    await bob.put(BOB + "x.ics", event("x", "20261201T100000Z", end="20261201T110000Z"))
    people = ("bob@example.test", "nobody@example.test", "eve@far.test")
    said = await asks(alice, *people)
    assert [each[:3] for each in said.texts("C:response/C:request-status")] == ["3.8", "3.7", "3.7"]
    await stand.share("bob", "Calendar", "alice@example.test", "9")
    assert times(await asks(alice, *people)) == ["FREEBUSY:20261201T100000Z/20261201T110000Z"]
    own = OUTBOX.format("alice")
    assert (await bob.ask("POST", own, "BEGIN:VCALENDAR", content_type="text/calendar")).status == 403


async def test_a_calendar_that_is_transparent_does_not_count(stand: Stand, alice: Client, bob: Client) -> None:
    await bob.put(BOB + "x.ics", event("x", "20261201T100000Z", end="20261201T110000Z"))
    await stand.share("bob", "Calendar", "alice@example.test", "9")
    for kind, wanted in (("transparent", []), ("opaque", ["FREEBUSY:20261201T100000Z/20261201T110000Z"])):
        await bob.set(BOB, f"<C:schedule-calendar-transp><C:{kind}/></C:schedule-calendar-transp>")
        assert times(await asks(alice, "bob@example.test")) == wanted
        assert times(await asks(bob, "bob@example.test")) == wanted


WORK = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:x
BEGIN:VAVAILABILITY
UID:work
DTSTAMP:20260101T000000Z
BEGIN:AVAILABLE
UID:days
DTSTAMP:20260101T000000Z
DTSTART:20260105T090000Z
DTEND:20260105T170000Z
RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR
END:AVAILABLE
END:VAVAILABILITY
END:VCALENDAR
"""
AROUND = [
    "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20261201T000000Z/20261201T090000Z",
    "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20261201T170000Z/20261202T000000Z",
]


@pytest.mark.parametrize("space", ["C", "S"])
async def test_times_when_somebody_cannot_be_met_count(stand: Stand, alice: Client, bob: Client, space: str) -> None:
    await stand.share("bob", "Calendar", "alice@example.test", "9")
    inbox, name = INBOX.format("bob"), f"{space}:calendar-availability"
    said = await bob.set(inbox, f"<{name}>{WORK}</{name}>")
    assert said.status == 207
    for each in ("C:calendar-availability", "S:calendar-availability"):
        told = (await bob.props(inbox, each)).found(inbox, each) or ""
        assert "BEGIN:VAVAILABILITY" in told and "UID:days" in told
    assert times(await asks(alice, "bob@example.test")) == AROUND
    await bob.set(inbox, f"<{name}/>", "remove")
    assert times(await asks(alice, "bob@example.test")) == []


async def test_what_is_no_availability_is_refused_and_the_old_one_stays(alice: Client) -> None:
    inbox = INBOX.format("alice")
    await alice.set(inbox, f"<C:calendar-availability>{WORK}</C:calendar-availability>")
    bad = WORK.replace("FREQ=WEEKLY", "FREQ=SOMETIMES")
    said = await alice.set(inbox, f"<C:calendar-availability>{bad}</C:calendar-availability>")
    assert said.status == 403 and b"valid-calendar-data" in said.body and b"RRULE" in said.body
    assert times(await asks(alice, "alice@example.test")) == AROUND


async def test_an_availability_in_a_calendar_counts_like_one_of_the_inbox(alice: Client) -> None:
    assert (await alice.put(ALICE + "work.ics", WORK)).status == 201
    assert times(await asks(alice, "alice@example.test")) == AROUND
    query = '<C:time-range start="20261201T000000Z" end="20261202T000000Z"/>'
    text = (await alice.report(ALICE, "C:free-busy-query", query)).body.decode()
    assert [line.strip() for line in text.splitlines() if line.startswith("FREEBUSY")] == AROUND


async def test_a_calendar_that_is_deleted_calls_its_meetings_off(stand: Stand, alice: Client, bob: Client) -> None:
    extra = "/dav/calendars/alice@example.test/extra/"
    await alice.ask("MKCALENDAR", extra)
    await alice.put(extra + "m.ics", meeting("m", names=("bob", "eve@far.test")))
    await alice.put(extra + "plain.ics", event("plain", "20261201T080000Z"))
    await bob.put("/dav/calendars/bob@example.test/Calendar/own.ics", event("own", "20261201T080000Z"))
    assert (await alice.ask("DELETE", extra)).status == 204
    assert (await alice.props(extra, "D:displayname")).status == 404
    [cancelled] = [text for text in await bodies(bob, BOB) if "UID:m" in text]
    assert "STATUS:CANCELLED" in cancelled
    [_, last] = await letters(stand)
    assert (last["To"], last["Subject"]) == ("eve@far.test", "Called off: Meeting")


async def test_a_guest_who_deletes_a_calendar_declines(alice: Client, bob: Client) -> None:
    await alice.put(ALICE + "m.ics", meeting("m"))
    extra = "/dav/calendars/bob@example.test/extra/"
    await bob.ask("MKCALENDAR", extra)
    href, _ = await the_one(bob, BOB)
    assert (await bob.ask("MOVE", href, destination=extra + "m.ics")).status == 201
    assert (await bob.ask("DELETE", extra)).status == 204
    assert "PARTSTAT=DECLINED" in (await the_one(alice, ALICE))[1]


async def test_who_may_not_delete_a_calendar_calls_nothing_off(stand: Stand, alice: Client, bob: Client) -> None:
    extra = "/dav/calendars/alice@example.test/extra/"
    await alice.ask("MKCALENDAR", extra)
    await alice.put(extra + "m.ics", meeting("m", names=("carol",)))
    await stand.share("alice", "extra", "bob@example.test", "lrswite1")
    assert (await bob.ask("DELETE", extra)).status == 403
    [text] = await bodies(alice, extra)
    assert "UID:m" in text


# --- rooms ------------------------------------------------------------------------------------------------------------


async def test_a_room_accepts_what_is_free_and_names_the_conflict_and_free_times(
    stand: Stand, alice: Client, bob: Client
) -> None:
    await room(stand)
    await alice.put(ALICE + "m.ics", meeting("m", names=("room", "bob")))
    assert "PARTSTAT=ACCEPTED" in (await the_one(alice, ALICE))[1]
    assert "PARTSTAT=ACCEPTED" in (await the_one(bob, BOB))[1]
    second = meeting("n", names=("room",)).replace(CHAIR, CHAIR.replace("alice", "bob").replace("Alice", "Bob"))
    await bob.put(BOB + "n.ics", second)
    text = (await bob.ask("GET", BOB + "n.ics")).body.decode().replace("\r\n ", "")
    assert "PARTSTAT=DECLINED" in text
    lines = await stand.house.read(
        lambda tx: tx.timeline(tx.locate(tx.account("bob@example.test").id, "Calendar").id, "n")
    )
    words = " ".join(each.text for each in lines)
    assert "taken from 2026-12-01 10:00 to 11:00" in words and "free 2026-12-01 11:" in words


async def test_a_room_that_is_given_back_can_be_booked_again(stand: Stand, alice: Client, bob: Client) -> None:
    await room(stand)
    await alice.put(ALICE + "m.ics", meeting("m", names=("room",)))
    await alice.ask("DELETE", ALICE + "m.ics")
    second = meeting("n", names=("room",)).replace(CHAIR, CHAIR.replace("alice", "bob").replace("Alice", "Bob"))
    await bob.put(BOB + "n.ics", second)
    assert "PARTSTAT=ACCEPTED" in (await the_one(bob, BOB))[1]


async def test_two_who_race_for_a_room_get_one_acceptance(stand: Stand, alice: Client, bob: Client) -> None:
    await room(stand)
    second = meeting("n", names=("room",)).replace(CHAIR, CHAIR.replace("alice", "bob").replace("Alice", "Bob"))
    await asyncio.gather(alice.put(ALICE + "m.ics", meeting("m", names=("room",))), bob.put(BOB + "n.ics", second))
    words = [(await the_one(alice, ALICE))[1], (await the_one(bob, BOB))[1]]
    assert sorted("PARTSTAT=ACCEPTED" in each for each in words) == [False, True]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"resourceBooking": "closed"}, "no bookings"),
        ({"resourceCapacity": 1}, "for 1 people"),
        ({"resourceHorizon": 1}, "1 days ahead"),
        ({"resourceBookers": "group:staff@example.test carol@example.test"}, "not among those"),
    ],
)
async def test_a_room_declines_what_its_settings_bar(
    stand: Stand, alice: Client, settings: dict[str, str | int], words: str
) -> None:
    await room(stand, **settings)
    start = "20291201T100000Z"
    await alice.put(ALICE + "m.ics", meeting("m", names=("room", "bob"), start=start))
    assert any("DECLINED" in line and "room@" in line for line in (await the_one(alice, ALICE))[1].split("\r\n"))
    lines = await stand.house.read(
        lambda tx: tx.timeline(tx.locate(tx.account("alice@example.test").id, "Calendar").id, "m")
    )
    assert any(words in each.text for each in lines)


async def test_a_room_that_asks_its_approver_waits_for_the_answer_in_its_calendar(stand: Stand, alice: Client) -> None:
    carol = stand.client("carol")
    await room(stand, resourceBooking="approval", resourceApprover="carol@example.test")
    await alice.put(ALICE + "m.ics", meeting("m", names=("room",)))
    assert "PARTSTAT=TENTATIVE" in (await the_one(alice, ALICE))[1]
    [letter] = await letters(stand)
    assert (letter["to"], letter["subject"]) == ("carol@example.test", "Booking of Blue Room to approve: Meeting")
    await stand.share("room", "Calendar", "carol@example.test", "lrswipte1")
    href, text = await the_one(carol, HOME.format("room"))
    assert (await carol.put(href, text.replace("PARTSTAT=TENTATIVE", "PARTSTAT=ACCEPTED"))).status == 204
    assert "PARTSTAT=ACCEPTED" in (await the_one(alice, ALICE))[1]


@pytest.mark.parametrize("buffer", ["resourceBufferBefore", "resourceBufferAfter"])
@pytest.mark.parametrize(
    ("start", "end", "answer"),
    [("1115", "1200", "DECLINED"), ("0900", "0945", "DECLINED"), ("1131", "1200", "ACCEPTED")],
)
async def test_a_room_keeps_time_free_around_bookings(
    stand: Stand, alice: Client, buffer: str, start: str, end: str, answer: str
) -> None:
    await room(stand, **{buffer: 30})
    await alice.put(ALICE + "m.ics", meeting("m", names=("room",)))
    times = f"20261201T{start}00Z", f"20261201T{end}00Z"
    await alice.put(ALICE + "n.ics", event("n", times[0], *invites("room"), end=times[1]))
    text = (await alice.ask("GET", ALICE + "n.ics")).body.decode()
    assert f"PARTSTAT={answer}" in text


async def test_one_occurrence_that_moves_onto_a_booking_is_declined_alone(stand: Stand, alice: Client) -> None:
    await room(stand)
    await alice.put(ALICE + "n.ics", event("n", "20261203T150000Z", *invites("room"), end="20261203T160000Z"))
    rule = "RRULE:FREQ=DAILY;COUNT=5"
    whole = event("m", "20261201T100000Z", rule, *invites("room"), end="20261201T110000Z")
    await alice.put(ALICE + "m.ics", whole)
    stored = (await alice.ask("GET", ALICE + "m.ics")).body.decode()
    mark = "RECURRENCE-ID:20261203T100000Z"
    moved = event("m", "20261203T150000Z", mark, *invites("room"), end="20261203T160000Z")
    part = moved[moved.index("BEGIN:VEVENT") : moved.index("END:VCALENDAR")]
    await alice.put(ALICE + "m.ics", stored.replace("END:VCALENDAR", part + "END:VCALENDAR"))
    text = (await alice.ask("GET", ALICE + "m.ics")).body.decode().replace("\r\n ", "")
    first, second = text.split("BEGIN:VEVENT")[1:]
    assert "PARTSTAT=ACCEPTED" in first and "PARTSTAT=DECLINED" in second
