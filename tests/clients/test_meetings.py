"""Meetings between people here and elsewhere, by the scheduling of the `caldav` library."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import caldav
import pytest
from icalendar import Calendar, vCalAddress

from tests.clients.account import Account
from tests.clients.programs import Programs
from tests.clients.test_dav import url
from tests.support.davstand import event
from tests.support.server import RunningServer


@pytest.fixture
def principals(server: RunningServer, programs: Programs, alice: Account, bob: Account) -> Iterator[list[Any]]:
    """Alice and Bob, each signed in by the library."""
    verify = str(programs.certificate)
    clients: list[Any] = [
        caldav.DAVClient(url(server), username=each.address, password=each.password, ssl_verify_cert=verify)  # type: ignore[operator]
        for each in (alice, bob)
    ]
    yield [each.principal() for each in clients]
    for each in clients:
        each.close()


def default(person: Any) -> Any:
    return next(each for each in person.get_calendars() if str(each.url).endswith("/Calendar/"))


def test_caldav_invites_accepts_and_sees_the_answer(principals: list[Any], bob: Account) -> None:
    organizer, attendee = principals
    calendar = default(organizer)
    invite = Calendar.from_ical(event("m1", "20291201T100000Z", end="20291201T110000Z"))
    person = vCalAddress(f"mailto:{bob.address}")
    person.params["RSVP"] = "TRUE"
    saved = calendar.save_with_invites(invite, [organizer, person])
    [request] = [each for each in attendee.schedule_inbox().get_items() if each.is_invite_request()]
    assert "m1" in request.data
    copy = default(attendee).get_event_by_uid("m1")
    copy.change_attendee_status(attendee=attendee, partstat="ACCEPTED")
    copy.save()
    saved.load()
    [answer] = [
        each for each in saved.icalendar_component["attendee"] if isinstance(each, vCalAddress) and bob.address in each
    ]
    assert answer.params["PARTSTAT"] == "ACCEPTED"
    assert [each for each in organizer.schedule_inbox().get_items() if each.is_invite_reply()]


def test_caldav_asks_when_somebody_is_busy(principals: list[Any], alice: Account, bob: Account) -> None:
    organizer = principals[0]
    default(organizer).save_event(event("x", "20291201T100000Z", end="20291201T110000Z"))
    found = organizer.freebusy_request(
        datetime(2029, 12, 1, tzinfo=UTC), datetime(2029, 12, 2, tzinfo=UTC), [alice.address, bob.address]
    )
    text = str({name: each.data if hasattr(each, "data") else each for name, each in found.items()})
    assert "20291201T100000Z/20291201T110000Z" in text
