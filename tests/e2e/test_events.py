"""Events in a real browser: all that is said of them, who is asked, and who answers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from groupware.model.principal import NewAccount, PrincipalKind
from groupware.model.rights import parse_rights
from tests.e2e.calendars import MONDAY, WEDNESDAY, ZONE, at, event, program, show, spot, until, visit
from tests.e2e.conftest import Desk, Make, letter
from tests.e2e.test_looks import faults

RIGHTS = parse_rights("lrp9")


def test_all_of_the_dialog_is_stored(sit: Make) -> None:
    desk = sit()
    page = visit(desk)
    page.keyboard.press("c")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="More options").click()
    dialog.get_by_label("Title").fill("Council")
    dialog.get_by_label("Start day").fill(f"{WEDNESDAY}")
    dialog.get_by_label("Start time").fill("09:00")
    dialog.get_by_label("Time zone").select_option("America/New_York")
    dialog.get_by_label("Repeat").select_option("Weekly")
    dialog.get_by_role("group", name="On these days").get_by_role("button", name="Fr").click()
    dialog.get_by_label("Ends").select_option("until")
    dialog.get_by_label("until", exact=True).fill(f"{WEDNESDAY + timedelta(days=60)}")
    dialog.get_by_label("Place").fill("Town hall")
    dialog.get_by_label("Meeting on the web").fill("https://meet.example/1")
    dialog.get_by_label("Reminder", exact=True).select_option("1 hour before")
    dialog.get_by_label("Shown as").select_option("Free")
    dialog.get_by_label("Privacy").select_option("Private")
    dialog.get_by_label("Notes").fill("<b>not bold</b>")
    dialog.get_by_role("button", name="Save").click()
    expect(desk.toast("Event saved")).to_be_visible()
    [found] = program(desk).events()
    assert (found["start"], found["timeZone"], found["duration"]) == (
        at(WEDNESDAY, "09:00"),
        "America/New_York",
        "PT1H",
    )
    [rule] = found["recurrenceRules"]
    assert {each["day"] for each in rule["byDay"]} == {"we", "fr"} and rule["until"][:10] > f"{WEDNESDAY}"
    assert [each["name"] for each in found["locations"].values()] == ["Town hall"]
    assert [each["uri"] for each in found["virtualLocations"].values()] == ["https://meet.example/1"]
    assert [each["trigger"]["offset"] for each in found["alerts"].values()] == ["-PT1H"]
    assert (found["freeBusyStatus"], found["privacy"]) == ("free", "private")
    event(page, "Council").first.click()
    expect(dialog.locator(".description")).to_have_text("<b>not bold</b>")
    dialog.get_by_role("button", name="Edit").click()
    expect(dialog.get_by_label("Time zone")).to_have_value("America/New_York")
    dialog.get_by_label("Title").fill("Council of the town")
    dialog.get_by_role("button", name="Save").click()
    dialog.get_by_role("button", name="All of them").click()
    until(page, lambda: [each["title"] for each in program(desk).events()] == ["Council of the town"])
    after = program(desk).events()[0]
    assert {**found, "title": 0, "updated": 0} == {**after, "title": 0, "updated": 0}


def test_guests_are_asked_when_all_have_time_and_answer(sit: Make) -> None:
    desk = sit()
    friend = sit(desk.server.account())
    desk.server.grant(friend.who, "Calendar", desk.who, "l9")
    program(friend).add("Busy already", at(WEDNESDAY, "10:00"), timeZone=ZONE)
    page = visit(desk, "day")
    page.get_by_role("region", name=friend.who.address).get_by_role("checkbox").uncheck()  # the time that is taken
    expect(event(page, "Busy")).to_have_count(0)
    show(page, 10)
    x, y = spot(page, WEDNESDAY, 10)
    page.mouse.click(x, y + 20)
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Title").fill("Beds")
    dialog.get_by_role("button", name="More options").click()
    dialog.get_by_label("Guests").press_sequentially(friend.who.address.partition("@")[0])
    dialog.get_by_role("option", name=friend.who.address).first.click()
    expect(dialog.get_by_role("status")).to_contain_text("Busy then")
    assert faults(page) == []
    dialog.get_by_role("button", name="Next free time").click()
    expect(dialog.get_by_role("status")).to_contain_text("Everybody has time")
    expect(dialog.get_by_label("Start time")).to_have_value("11:00")
    dialog.get_by_role("button", name="Save and invite").click()
    expect(desk.toast("Event saved")).to_be_visible()
    theirs = visit(friend)
    expect(event(theirs, "Beds")).to_be_visible()
    event(theirs, "Beds").click()
    theirs.get_by_role("group", name="Do you come?").get_by_role("button", name="Maybe").click()
    expect(friend.toast("Answered: maybe")).to_be_visible()
    maybe = theirs.get_by_role("group", name="Do you come?").get_by_role("button", name="Maybe")
    expect(maybe).to_have_attribute("aria-pressed", "true")
    theirs.keyboard.press("Escape")
    event(page, "Beds").click()
    expect(page.get_by_role("region", name="Guests")).to_contain_text("1 maybe")


def test_a_room_is_asked_for_and_says_whether_it_is_free(sit: Make) -> None:
    desk = sit()
    address = f"room-{desk.who.address}"
    room = NewAccount(address, PrincipalKind.RESOURCE, "Blue Room")
    desk.server.write(lambda tx: tx.put_account(room))
    desk.server.write(lambda tx: tx.grant(tx.locate(tx.account(address).id, "Calendar").id, desk.who.address, RIGHTS))
    page = visit(desk)
    page.keyboard.press("c")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="More options").click()
    dialog.get_by_label("Title").fill("Council")
    dialog.get_by_label("Add a room").select_option("Blue Room · Free")
    expect(dialog.get_by_role("status")).to_contain_text("Everybody has time")
    dialog.get_by_role("button", name="Save and invite").click()
    expect(desk.toast("Event saved")).to_be_visible()
    [found] = program(desk).events()
    [blue] = [each for each in found["participants"].values() if address in str(each.get("sendTo"))]
    assert (blue["participationStatus"], blue["kind"]) == ("accepted", "location")
    page.keyboard.press("c")
    dialog.get_by_role("button", name="More options").click()
    expect(dialog.get_by_label("Add a room")).to_contain_text("Blue Room · Busy")


def invitation(desk: Desk, method: str = "REQUEST", status: str = "NEEDS-ACTION") -> bytes:
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//far//EN", f"METHOD:{method}", "BEGIN:VEVENT", "UID:far-1@far.test",
        f"DTSTAMP:{MONDAY:%Y%m%d}T080000Z", f"DTSTART:{WEDNESDAY:%Y%m%d}T100000Z", f"DTEND:{WEDNESDAY:%Y%m%d}T110000Z",
        "SUMMARY:Tea", "LOCATION:The far hall", "ORGANIZER;CN=Bob Brandt:mailto:bob@far.test",
        f"ATTENDEE;PARTSTAT={status};RSVP=TRUE:mailto:{desk.who.address}", "END:VEVENT", "END:VCALENDAR", "",
    ]  # fmt: skip
    parts = [
        "--b", "Content-Type: text/plain; charset=utf-8", "", "Come to tea", "--b",
        f"Content-Type: text/calendar; charset=utf-8; method={method}", "", "\r\n".join(lines), "--b--",
    ]  # fmt: skip
    return letter("Tea", "\r\n".join(parts), "MIME-Version: 1.0", "Content-Type: multipart/alternative; boundary=b")


def test_an_invitation_is_answered_in_the_message(sit: Make) -> None:
    desk = sit()
    program(desk).add("Dentist", at(WEDNESDAY, "10:30"), timeZone=ZONE)
    desk.put(invitation(desk))
    desk.sign_in()
    desk.open("Tea")
    bar = desk.page.get_by_role("region", name="Invitation")
    expect(bar).to_contain_text("The far hall")
    expect(bar).to_contain_text("At that time: Dentist")
    bar.get_by_role("button", name="Yes").click()
    expect(desk.toast("Accepted")).to_be_visible()
    expect(bar.get_by_role("button", name="Yes")).to_have_attribute("aria-pressed", "true")
    assert faults(desk.page) == []
    [found] = program(desk).events(uid="far-1@far.test")
    [me] = [each for each in found["participants"].values() if desk.who.address in str(each.get("sendTo"))]
    assert me["participationStatus"] == "accepted"
    bar.get_by_role("button", name="Open in the calendar").click()
    expect(event(desk.page, "Tea")).to_be_visible()


@pytest.mark.parametrize(
    ("method", "status", "says"),
    [("CANCEL", "NEEDS-ACTION", "An event was called off"), ("REPLY", "DECLINED", "Answer to an invitation")],
)
def test_what_a_message_is_about_is_said(sit: Make, method: str, status: str, says: str) -> None:
    desk = sit()
    desk.put(invitation(desk, method, status))
    desk.sign_in()
    desk.open("Tea")
    bar = desk.page.get_by_role("region", name=says)
    expect(bar).to_contain_text("Tea")
    expect(bar.get_by_role("button", name="Yes")).to_have_count(0)
    if method == "REPLY":
        expect(bar).to_contain_text(f"{desk.who.address}: declined")


def test_busy_times_of_others_and_birthdays_are_seen_and_not_changed(sit: Make) -> None:
    desk = sit()
    friend = sit(desk.server.account())
    program(friend).add("Secret talks", at(WEDNESDAY, "12:00"), timeZone=ZONE)
    desk.server.grant(friend.who, "Calendar", desk.who, "l9")
    book = program(desk).call("AddressBook/get")["list"][0]["id"]
    born = {"@type": "PartialDate", "year": 1980, "month": WEDNESDAY.month, "day": WEDNESDAY.day}
    day = {"@type": "Anniversary", "kind": "birth", "date": born}
    card = {"addressBookIds": {book: True}, "name": {"full": "Ann Other"}, "anniversaries": {"b": day}}
    program(desk).call("ContactCard/set", create={"k": card})
    page = visit(desk)
    show(page, 11)
    for title in ("Busy", "Ann Other"):
        event(page, title).click()
        expect(page.get_by_role("dialog")).to_be_visible()
        expect(page.get_by_role("dialog").get_by_role("button", name="Edit")).to_have_count(0)
        page.keyboard.press("Escape")
    expect(event(page, "Secret talks")).to_have_count(0)
    page.get_by_role("checkbox", name="Birthdays").uncheck()
    expect(event(page, "Ann Other")).to_have_count(0)
