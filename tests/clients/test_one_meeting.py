"""One meeting: made by Exchange Web Services, moved on a phone, answered by CalDAV and by mail, taken away by CalDAV.

It is one event with one history, whoever says what in which protocol.
"""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from exchangelib import Attendee, CalendarItem, EWSDateTime, Mailbox
from exchangelib.items import SEND_TO_ALL_AND_SAVE_COPY

from groupware.model.folder import Role
from groupware.model.meeting import Happening
from groupware.store.api import ReadTx
from tests.clients.account import Account
from tests.clients.ewsclient import ZONE, account, trusting
from tests.clients.programs import Programs
from tests.clients.test_meetings import default, principals
from tests.protocol.activesync.test_sync_mail import changed
from tests.protocol.dav.test_imip import EVE, itip, letter
from tests.support.davstand import event
from tests.support.eas.stand import Phone
from tests.support.patience import PATIENCE, until
from tests.support.server import RunningServer

__all__ = ["principals"]
CONFLICT = "7"
"""Somebody else has changed it since. MS-ASCMD §2.2.3.177.17."""


@pytest.fixture(scope="module", autouse=True)
def trusted(server: RunningServer) -> Iterator[None]:
    with trusting(server):
        yield


async def moved_on_a_phone(server: RunningServer, who: Account, *times: tuple[str, str]) -> None:
    """The one event of somebody's calendar gets other times by ActiveSync."""
    name, _, domain = who.address.partition("@")
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port('http')}", timeout=PATIENCE) as http:
        phone = Phone(http, name, password=who.password, domain=domain)
        at = await phone.at("Calendar")
        status: str | None = CONFLICT
        for _ in range(3):  # what became of the letter to Eve may be written into the event just then
            [number] = await phone.all_of(at)
            status = (await phone.sync(at, changed(number, *times))).get("Responses/Change/Status")
            if status != CONFLICT:
                break
        assert status in (None, "1")


def timeline(server: RunningServer, who: Account, uid: str) -> list[Happening]:
    def work(tx: ReadTx) -> list[Happening]:
        return list(tx.timeline(tx.role(tx.account(who.address).id, Role.CALENDAR).id, uid))

    return server.read(work)


def test_a_meeting_is_one_by_every_way(
    server: RunningServer, programs: Programs, alice: Account, bob: Account, principals: list[Any]
) -> None:
    mine = account(server, alice.person)
    start = EWSDateTime(2029, 12, 3, 10, 0, tzinfo=ZONE)
    CalendarItem(
        account=mine,
        folder=mine.calendar,
        subject="Beds",
        start=start,
        end=start + timedelta(hours=1),
        required_attendees=[Attendee(mailbox=Mailbox(email_address=each)) for each in (bob.address, EVE)],
    ).save(send_meeting_invitations=SEND_TO_ALL_AND_SAVE_COPY)
    asyncio.run(
        moved_on_a_phone(
            server, alice, ("Calendar:StartTime", "20291203T130000Z"), ("Calendar:EndTime", "20291203T140000Z")
        )
    )
    organizer, attendee = principals
    [saved] = default(organizer).get_events()
    uid = str(saved.icalendar_component["uid"])
    copy = default(attendee).get_event_by_uid(uid)
    assert copy.icalendar_component["dtstart"].dt.astimezone(ZONE).hour == 14
    copy.change_attendee_status(attendee=attendee, partstat="ACCEPTED")
    copy.save()
    reply = itip("REPLY", event(uid, "20291203T130000Z", f"ATTENDEE;PARTSTAT=DECLINED:mailto:{EVE}"))
    with smtplib.SMTP("127.0.0.1", server.port("smtp"), timeout=PATIENCE) as smtp:
        smtp.sendmail(EVE, [alice.address], letter(reply, method="REPLY"))
    until(lambda: mine.calendar.get(subject="Beds").required_attendees[1].response_type == "Decline")
    made = mine.calendar.get(subject="Beds")
    said = {each.mailbox.email_address: each.response_type for each in made.required_attendees}
    assert said == {bob.address: "Accept", EVE: "Decline"}
    assert made.start == start + timedelta(hours=4)
    [saved] = default(organizer).get_events()
    saved.delete()
    gone = account(server, bob.person).calendar.get(subject="Beds")
    assert gone.is_cancelled
    told = [(each.what, each.client) for each in timeline(server, alice, uid)]
    assert {client.partition(" ")[0] for _, client in told} >= {"ews", "activesync", "dav"}, told
