"""Invitations and answers that come by mail, with calendars behind them. RFC 6047."""

from __future__ import annotations

import base64
import email

import pytest

from groupware.model.event import Recipient
from groupware.model.item import NewItem
from groupware.model.meeting import Happening
from groupware.model.principal import OPERATOR, NewAccount, PrincipalKind
from groupware.store.api import WriteTx
from mailcore.queue.intake import Intake
from mailcore.queue.plans import Message
from tests.protocol.dav.test_scheduling import ALICE, BOB, bodies, meeting, the_one
from tests.support.davstand import Client, Stand, event

EVE = "eve@far.test"
HEAD = f"ORGANIZER:mailto:{EVE}"


def itip(method: str, text: str) -> str:
    return text.replace("PRODID:test", f"PRODID:test\r\nMETHOD:{method}")


def invitation(*lines: str, start: str = "20261201T100000Z", to: str = "bob@example.test") -> str:
    return itip("REQUEST", event("far", start, HEAD, f"ATTENDEE;RSVP=TRUE:mailto:{to}", *lines))


def letter(text: str, sender: str = EVE, method: str = "REQUEST") -> bytes:
    body = base64.encodebytes(text.encode()).decode()
    return (
        f"From: {sender}\r\nTo: x@example.test\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/alternative; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nCome!\r\n"
        f"--b\r\nContent-Type: text/calendar; method={method}; charset=utf-8\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n"
        f"{body}\r\n--b--\r\n"
    ).encode()


async def arrives(stand: Stand, octets: bytes, *to: str, sender: str = EVE) -> None:
    parts = stand.house.parts
    intake = Intake(parts.store, parts.blobs, parts.directory, parts.counters, stand.house.log)
    people = tuple(Recipient(f"{each}@example.test") for each in to or ("bob",))
    outcomes = await intake.accept(Message(sender, people, octets, "m1"))
    assert all(each.verdict == "sent" for each in outcomes)


async def timeline(stand: Stand, name: str, ident: str) -> list[Happening]:
    at = f"{name}@example.test"
    return list(await stand.house.read(lambda tx: tx.timeline(tx.locate(tx.account(at).id, "Calendar").id, ident)))


async def test_an_invitation_is_in_the_calendar_and_its_mail_in_the_inbox(stand: Stand, bob: Client) -> None:
    await arrives(stand, letter(invitation()))
    _, text = await the_one(bob, BOB)
    assert "UID:far" in text and "METHOD" not in text
    assert len(await stand.house.items("bob")) == 1


async def test_an_answer_to_somebody_elsewhere_goes_by_mail(stand: Stand, bob: Client) -> None:
    await arrives(stand, letter(invitation()))
    href, text = await the_one(bob, BOB)
    line = "ATTENDEE;RSVP=TRUE:mailto:bob"
    assert (await bob.put(href, text.replace(line, line.replace("RSVP=TRUE", "PARTSTAT=ACCEPTED")))).status == 204
    [queued] = await stand.house.queued()
    sent = email.message_from_bytes(await stand.house.blobs.read(queued.envelope.blob))
    assert (queued.envelope.sender, queued.recipients[0].recipient.address) == ("bob@example.test", EVE)
    assert sent["subject"] == "Accepted: Meeting" and sent.get_payload()[1].get_param("method") == "REPLY"
    data = sent.get_payload()[1].get_payload(decode=True).decode().replace("\r\n ", "")
    assert "METHOD:REPLY" in data and "PARTSTAT=ACCEPTED:mailto:bob@example.test" in data
    assert any("SCHEDULE-STATUS=1.1" in each and EVE in each for each in (await the_one(bob, BOB))[1].split("\r\n"))


async def test_an_answer_from_elsewhere_is_in_the_calendar(stand: Stand, alice: Client) -> None:
    await alice.put(ALICE + "m.ics", meeting("m", names=(EVE,)))
    said = itip("REPLY", event("m", "20261201T100000Z", f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{EVE}"))
    await arrives(stand, letter(said, method="REPLY"), "alice")
    assert "PARTSTAT=ACCEPTED" in (await the_one(alice, ALICE))[1]
    assert ("reply", f"{EVE}: accepted") in [(each.what, each.text) for each in await timeline(stand, "alice", "m")]


async def test_an_answer_in_somebody_elses_name_is_ignored_and_that_is_on_the_timeline(
    stand: Stand, alice: Client
) -> None:
    await alice.put(ALICE + "m.ics", meeting("m", names=(EVE,)))
    said = itip("REPLY", event("m", "20261201T100000Z", f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{EVE}"))
    await arrives(stand, letter(said, sender="mallory@bad.test", method="REPLY"), "alice", sender="mallory@bad.test")
    assert "PARTSTAT=ACCEPTED" not in (await the_one(alice, ALICE))[1]
    last = (await timeline(stand, "alice", "m"))[-1]
    assert (last.what, last.who, last.client) == ("ignored", "mallory@bad.test", "mail")
    assert "not the attendee" in last.text


async def test_one_guest_does_not_answer_for_another(stand: Stand, alice: Client) -> None:
    await alice.put(ALICE + "m.ics", meeting("m", names=(EVE, "zoe@far.test")))
    said = itip("REPLY", event("m", "20261201T100000Z", "ATTENDEE;PARTSTAT=DECLINED:mailto:zoe@far.test"))
    await arrives(stand, letter(said, method="REPLY"), "alice")
    assert "PARTSTAT=DECLINED" not in (await the_one(alice, ALICE))[1]
    last = (await timeline(stand, "alice", "m"))[-1]
    assert (last.what, last.who, last.text) == (
        "ignored",
        EVE,
        "REPLY: it answers for zoe@far.test, who has not written it",
    )
    by = f'ATTENDEE;PARTSTAT=DECLINED;SENT-BY="mailto:{EVE}":mailto:zoe@far.test'
    await arrives(stand, letter(itip("REPLY", event("m", "20261201T100000Z", by)), method="REPLY"), "alice")
    assert "PARTSTAT=DECLINED" in (await the_one(alice, ALICE))[1]


async def test_a_meeting_that_somebody_else_calls_off_stays(stand: Stand, bob: Client) -> None:
    await arrives(stand, letter(invitation()))
    off = itip("CANCEL", event("far", "20261201T100000Z", "SEQUENCE:1", HEAD, "ATTENDEE:mailto:bob@example.test"))
    await arrives(stand, letter(off, sender="mallory@bad.test", method="CANCEL"))
    assert "STATUS:CANCELLED" not in (await the_one(bob, BOB))[1]
    await arrives(stand, letter(off, method="CANCEL"))
    assert "STATUS:CANCELLED" in (await the_one(bob, BOB))[1]


async def test_who_wants_no_invitations_from_mail_has_the_mail_alone(stand: Stand, bob: Client) -> None:
    def off(tx: WriteTx) -> None:
        tx.put_setting("calendarInvitations", "off", tx.account("bob@example.test").id)

    await stand.house.write(off, OPERATOR)
    await arrives(stand, letter(invitation()))
    assert await bodies(bob, BOB) == [] and len(await stand.house.items("bob")) == 1


@pytest.mark.parametrize("text", ["BEGIN:VCALENDAR\r\n", invitation(to="carol@example.test"), "", "x" * 100_000])
async def test_what_is_no_invitation_for_the_recipient_is_delivered_and_nothing_else(
    stand: Stand, bob: Client, text: str
) -> None:
    await arrives(stand, letter(text))
    assert await bodies(bob, BOB) == [] and len(await stand.house.items("bob")) == 1


async def test_what_is_published_by_mail_is_in_no_calendar_and_that_is_on_the_timeline(
    stand: Stand, bob: Client
) -> None:
    await arrives(stand, letter(itip("PUBLISH", event("far", "20261201T100000Z")), method="PUBLISH"))
    assert await bodies(bob, BOB) == [] and len(await stand.house.items("bob")) == 1
    [line] = await timeline(stand, "bob", "far")
    assert (line.what, line.who) == ("ignored", EVE) and line.text.startswith("PUBLISH: it is published")


async def test_an_invitation_that_cannot_be_read_is_on_the_timeline_with_what_is_wrong(
    stand: Stand, bob: Client
) -> None:
    await arrives(stand, letter(invitation()))
    await arrives(stand, letter(invitation("RRULE:FREQ=OFTEN")))
    assert "RRULE" not in (await the_one(bob, BOB))[1]
    last = (await timeline(stand, "bob", "far"))[-1]
    assert (last.what, last.who, last.client) == ("ignored", EVE, "mail")
    assert last.text.startswith("REQUEST: line ") and "RRULE" in last.text


async def test_several_recipients_each_have_it_from_one_mail(stand: Stand, alice: Client, bob: Client) -> None:
    text = invitation("ATTENDEE:mailto:alice@example.test")
    await arrives(stand, letter(text), "alice", "bob")
    assert len(await bodies(alice, ALICE)) == len(await bodies(bob, BOB)) == 1


async def test_a_calendar_that_is_full_keeps_no_mail_back(stand: Stand, bob: Client) -> None:
    def full(tx: WriteTx) -> None:
        at = tx.locate(tx.account("bob@example.test").id, "Calendar")
        tx.set_folder(at.id, quota_bytes=1)

    await stand.house.write(full, OPERATOR)
    await arrives(stand, letter(invitation()))
    assert await bodies(bob, BOB) == [] and len(await stand.house.items("bob")) == 1


async def test_a_room_that_is_asked_by_mail_answers_by_mail(stand: Stand) -> None:
    await stand.house.write(
        lambda tx: tx.put_account(NewAccount("room@example.test", PrincipalKind.RESOURCE)), OPERATOR
    )
    await arrives(stand, letter(invitation("DTEND:20261201T110000Z", to="room@example.test")), "room")
    second = invitation("DTEND:20261201T110000Z", to="room@example.test").replace("UID:far", "UID:near")
    await arrives(stand, letter(second), "room")
    said = []
    for queued in await stand.house.queued():
        sent = email.message_from_bytes(await stand.house.blobs.read(queued.envelope.blob))
        said.append(sent["subject"])
    assert said == ["Accepted: Meeting", "Declined: Meeting"]


async def test_importing_a_meeting_invites_nobody(stand: Stand, alice: Client) -> None:
    from groupware.calendar.item import read_item

    _, new = await read_item(meeting("m", names=("bob", EVE)).encode(), stand.house.blobs, "m.ics")

    def work(tx: WriteTx, new: NewItem = new) -> None:
        tx.append(tx.locate(tx.account("alice@example.test").id, "Calendar").id, [new])

    await stand.house.write(work, OPERATOR)
    assert await stand.house.queued() == [] and await bodies(stand.client("bob"), BOB) == []
    assert (await alice.ask("DELETE", ALICE + "m.ics")).status == 204


# --- letters that come back -------------------------------------------------------------------------------------------


def report(ident: str, address: str = EVE, action: str = "failed", status: str = "5.1.1") -> bytes:
    return (
        "From: MAILER-DAEMON@far.test\r\nTo: alice@example.test\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="r"\r\n\r\n'
        "--r\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n"
        "--r\r\nContent-Type: message/delivery-status\r\n\r\n"
        f"Reporting-MTA: dns; far.test\r\nOriginal-Envelope-Id: {ident}\r\n\r\n"
        f"Final-Recipient: rfc822; {address}\r\nAction: {action}\r\nStatus: {status}\r\n"
        "Diagnostic-Code: smtp; 550 no such user\r\n\r\n--r--\r\n"
    ).encode()


async def test_who_was_not_reached_is_marked_and_that_is_on_the_timeline(stand: Stand, alice: Client) -> None:
    await alice.put(ALICE + "m.ics", meeting("m", names=("bob", EVE)))
    [queued] = await stand.house.queued()
    assert queued.envelope.envid == "imip.m"
    await arrives(stand, report("imip.m"), "alice", sender="")
    text = (await the_one(alice, ALICE))[1]
    [line] = [each for each in text.split("\r\n") if each.endswith(EVE)]
    assert "SCHEDULE-STATUS=5.1" in line and text.count("SCHEDULE-STATUS=5.1") == 1
    last = (await timeline(stand, "alice", "m"))[-1]
    assert (last.what, last.text) == ("returned", f"{EVE} was not reached: 550 no such user")
    assert len(await stand.house.items("alice")) == 1


@pytest.mark.parametrize(
    "octets",
    [
        report("imip.other"),
        report("m"),
        report("imip.m", action="delayed", status="4.4.1"),
        report("imip.m", address="bob@example.test.far"),
    ],
)
async def test_a_report_about_something_else_changes_no_meeting(stand: Stand, alice: Client, octets: bytes) -> None:
    await alice.put(ALICE + "m.ics", meeting("m", names=(EVE,)))
    before = (await the_one(alice, ALICE))[1]
    await arrives(stand, octets, "alice", sender="")
    assert (await the_one(alice, ALICE))[1] == before


async def test_a_report_to_a_guest_changes_nothing_in_the_copy(stand: Stand, alice: Client, bob: Client) -> None:
    await alice.put(ALICE + "m.ics", meeting("m", names=("bob", EVE)))
    before = (await the_one(bob, BOB))[1]
    await arrives(stand, report("imip.m"), "bob", sender="")
    assert (await the_one(bob, BOB))[1] == before


# --- groups that are invited ------------------------------------------------------------------------------------------


async def group(stand: Stand, *members: str) -> None:
    def work(tx: WriteTx) -> None:
        tx.put_account(NewAccount("sales@example.test", PrincipalKind.GROUP))
        for each in members:
            tx.put_member("sales@example.test", each)

    await stand.house.write(work, OPERATOR)


async def to_group(stand: Stand) -> None:
    """What is queued for the group is delivered to who is in it."""
    for queued in await stand.house.queued():
        if queued.recipients[0].recipient.address == "sales@example.test":
            await arrives(
                stand, await stand.house.blobs.read(queued.envelope.blob), "sales", sender="alice@example.test"
            )


async def test_who_is_in_an_invited_group_has_the_meeting_and_answers_for_oneself(
    stand: Stand, alice: Client, bob: Client
) -> None:
    await group(stand, "bob@example.test", "carol@example.test", EVE)
    await alice.put(ALICE + "m.ics", meeting("m", names=("sales",)))
    await to_group(stand)
    href, text = await the_one(bob, BOB)
    [mine] = [line for line in text.split("\r\n") if line.endswith("mailto:bob@example.test")]
    assert 'MEMBER="mailto:sales@example.test"' in mine and "PARTSTAT=NEEDS-ACTION" in mine
    assert "carol" not in text
    said = await bob.put(href, text.replace(mine, mine.replace("NEEDS-ACTION", "ACCEPTED")))
    assert said.status == 204
    own = (await the_one(alice, ALICE))[1].split("\r\n")
    [answer] = [line for line in own if line.endswith("mailto:bob@example.test")]
    assert "PARTSTAT=ACCEPTED" in answer and 'MEMBER="mailto:sales@example.test"' in answer
    assert len([line for line in own if line.startswith("ATTENDEE")]) == 2


async def test_who_has_answered_for_a_group_hears_of_changes_at_once(stand: Stand, alice: Client, bob: Client) -> None:
    await group(stand, "bob@example.test")
    await alice.put(ALICE + "m.ics", meeting("m", names=("sales",)))
    await to_group(stand)
    href, text = await the_one(bob, BOB)
    await bob.put(href, text.replace("PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:bob", "PARTSTAT=ACCEPTED:mailto:bob"))
    mine, own = await the_one(alice, ALICE)
    await alice.put(
        mine, own.replace("20261201T100000Z", "20261202T100000Z").replace("20261201T110030Z", "20261202T110030Z")
    )
    assert "DTSTART:20261202T100000Z" in (await the_one(bob, BOB))[1]


async def test_a_member_elsewhere_who_answers_by_mail_is_an_attendee(stand: Stand, alice: Client) -> None:
    await group(stand, EVE)
    await alice.put(ALICE + "m.ics", meeting("m", names=("sales",)))
    said = itip("REPLY", event("m", "20261201T100000Z", f"ATTENDEE;PARTSTAT=DECLINED:mailto:{EVE}"))
    await arrives(stand, letter(said, method="REPLY"), "alice")
    [answer] = [line for line in (await the_one(alice, ALICE))[1].split("\r\n") if line.endswith(EVE)]
    assert "PARTSTAT=DECLINED" in answer


async def test_who_is_in_no_invited_group_is_not_let_in(stand: Stand, alice: Client, bob: Client) -> None:
    await group(stand, "carol@example.test")
    await alice.put(ALICE + "m.ics", meeting("m", names=("sales",)))
    before = (await the_one(alice, ALICE))[1]
    said = itip("REPLY", event("m", "20261201T100000Z", f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{EVE}"))
    await arrives(stand, letter(said, method="REPLY"), "alice")
    assert (await the_one(alice, ALICE))[1] == before
    asked = itip("REQUEST", event("far", "20261201T100000Z", HEAD, "ATTENDEE:mailto:sales@example.test"))
    await arrives(stand, letter(asked), "bob")
    assert await bodies(bob, BOB) == []


async def test_an_organizer_who_is_in_the_group_keeps_the_meeting_as_it_is(stand: Stand, alice: Client) -> None:
    await group(stand, "alice@example.test", "bob@example.test")
    await alice.put(ALICE + "m.ics", meeting("m", names=("sales",)))
    before = (await the_one(alice, ALICE))[1]
    await to_group(stand)
    assert (await the_one(alice, ALICE))[1] == before
