"""The calendar in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from groupware.model.principal import NewAccount, PrincipalKind
from groupware.model.rights import parse_rights
from tests.e2e.calls import Program, guest
from tests.e2e.conftest import Desk, Make, letter
from tests.e2e.test_looks import faults

MONDAY = date.today() - timedelta(days=date.today().weekday())
WEDNESDAY = MONDAY + timedelta(days=2)
ZONE = "Etc/UTC"
RIGHTS = parse_rights("lrp9")


def program(desk: Desk) -> Program:
    """The same person, by JMAP."""
    return Program(f"http://127.0.0.1:{desk.server.port('http')}/", desk.who.address, desk.who.password)


def at(day: date, time: str) -> str:
    return f"{day}T{time}:00"


def visit(desk: Desk, view: str = "week", day: date = WEDNESDAY) -> Page:
    """Signs in, and goes to a view of the calendar."""
    desk.page.goto(f"http://127.0.0.1:{desk.server.port('http')}/mail/calendar/{view}/{day}")
    desk.page.get_by_label("Address").fill(desk.who.address)
    desk.page.get_by_label("Password").fill(desk.who.password)
    desk.page.get_by_role("button", name="Sign in").click()
    expect(desk.page.locator(".calendar-bar")).to_be_visible()
    expect(desk.page.locator(".calendars li").first).to_be_attached()
    return desk.page


def event(page: Page, title: str) -> Locator:
    return page.locator(".calendar .event").filter(has_text=title)


def column(page: Page, day: date) -> Locator:
    return page.locator(f".column[data-day='{day}']")


def show(page: Page, hour: float) -> None:
    """Scrolls, so that a time of day and some hours after it are seen."""
    page.locator(".grid-scroll").evaluate(f"(at) => at.scrollTo({{ top: {48 * hour} - 100 }})")


def spot(page: Page, day: date, hour: float) -> tuple[float, float]:
    """Where a time of a day is on the page."""
    box = column(page, day).bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + 48 * hour + 1


def pull(page: Page, begin: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*begin)
    page.mouse.down()
    page.mouse.move((begin[0] + end[0]) / 2, (begin[1] + end[1]) / 2, steps=4)
    page.mouse.move(*end, steps=4)
    page.mouse.up()


def drag(page: Page, begin: tuple[date, float], end: tuple[date, float]) -> None:
    """From a time of a day to another."""
    show(page, min(begin[1], end[1]))
    pull(page, spot(page, *begin), spot(page, *end))


def stored(desk: Desk, **filters: str) -> list[tuple[str, str, str]]:
    """Title, start and duration of what there is."""
    return sorted((each["title"], each["start"], each["duration"]) for each in program(desk).events(**filters))


def until(page: Page, holds: Callable[[], bool]) -> None:
    for _ in range(80):
        if holds():
            return
        page.wait_for_timeout(50)
    assert holds()


def test_an_event_is_drawn_moved_made_longer_and_taken_back(sit: Make) -> None:
    desk = sit()
    page = visit(desk)
    drag(page, (WEDNESDAY, 10), (WEDNESDAY, 11.5))
    dialog = page.get_by_role("dialog", name="New event")
    expect(dialog.get_by_label("Start time")).to_have_value("10:00")
    expect(dialog.get_by_label("End time")).to_have_value("11:30")
    dialog.get_by_label("Title").fill("Potting")
    dialog.get_by_role("button", name="Save").click()
    expect(event(page, "Potting")).to_be_visible()
    assert stored(desk) == [("Potting", at(WEDNESDAY, "10:00"), "PT1H30M")]
    drag(page, (WEDNESDAY, 10.5), (WEDNESDAY + timedelta(days=1), 14.5))
    expect(desk.toast("Event changed")).to_be_visible()
    until(page, lambda: stored(desk) == [("Potting", at(WEDNESDAY + timedelta(days=1), "14:00"), "PT1H30M")])
    expect(column(page, WEDNESDAY + timedelta(days=1)).locator(".event")).to_have_count(1)
    x, y = spot(page, WEDNESDAY + timedelta(days=1), 15.5)
    pull(page, (x, y - 5), (x, y + 48))
    until(page, lambda: stored(desk)[0][2] == "PT2H30M")
    desk.page.keyboard.press("z")
    until(page, lambda: stored(desk)[0][2] == "PT1H30M")


def test_the_keyboard_makes_moves_and_deletes(sit: Make) -> None:
    desk = sit()
    program(desk).add("Weeding", at(WEDNESDAY, "09:00"), timeZone=ZONE)
    page = visit(desk)
    expect(event(page, "Weeding")).to_be_visible()
    event(page, "Weeding").focus()
    page.keyboard.press("Alt+ArrowDown")
    until(page, lambda: stored(desk)[0][1] == at(WEDNESDAY, "09:15"))
    event(page, "Weeding").focus()
    page.keyboard.press("Alt+ArrowRight")
    until(page, lambda: stored(desk)[0][1] == at(WEDNESDAY + timedelta(days=1), "09:15"))
    event(page, "Weeding").focus()
    page.keyboard.press("Alt+Shift+ArrowUp")
    until(page, lambda: stored(desk)[0][2] == "PT45M")
    event(page, "Weeding").focus()
    page.keyboard.press("Enter")
    page.get_by_role("dialog", name="Weeding").get_by_role("button", name="Delete").click()
    expect(event(page, "Weeding")).to_have_count(0)
    desk.undo("Event deleted")
    expect(event(page, "Weeding")).to_be_visible()
    page.keyboard.press("n")
    expect(event(page, "Weeding")).to_have_count(0)
    page.keyboard.press("t")
    expect(event(page, "Weeding")).to_be_visible()
    page.keyboard.press("c")
    expect(page.get_by_role("dialog", name="New event")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_contain_text("New event")


def test_every_view_shows_what_there_is(sit: Make) -> None:
    desk = sit()
    mine = program(desk)
    mine.add("Potting", at(WEDNESDAY, "09:00"), timeZone=ZONE)
    mine.add("Holiday", at(MONDAY, "00:00"), duration="P3D", timeZone=None, showWithoutTime=True)
    page = visit(desk)
    for view in ("Day", "Work week", "Week", "Month"):
        page.get_by_role("group", name="View").get_by_role("button", name=view, exact=True).click()
        expect(event(page, "Potting")).to_be_visible()
        expect(event(page, "Holiday")).to_have_count(1)
    page.keyboard.press("5")
    expect(page.locator(".year .busy").first).to_be_visible()
    page.locator(".year").get_by_role("button", name=f"{WEDNESDAY:%A}, {WEDNESDAY.day} {WEDNESDAY:%B %Y}").click()
    expect(event(page, "Potting")).to_be_visible()
    page.keyboard.press("6")
    expect(page.locator(".agenda").get_by_role("button", name="Potting")).to_be_visible()
    page.go_back()
    expect(event(page, "Potting")).to_be_visible()


def test_calendars_are_overlaid_shown_and_hidden(sit: Make) -> None:
    desk = sit()
    friend = sit(desk.server.account())
    program(friend).add("Their lunch", at(WEDNESDAY, "12:00"), timeZone=ZONE)
    desk.server.grant(friend.who, "Calendar", desk.who, "lr")
    page = visit(desk)
    expect(event(page, "Their lunch")).to_be_visible()
    event(page, "Their lunch").click()
    expect(page.get_by_role("dialog").get_by_role("button", name="Edit")).to_have_count(0)
    page.keyboard.press("Escape")
    page.get_by_role("region", name=friend.who.address).get_by_role("checkbox").uncheck()
    expect(event(page, "Their lunch")).to_have_count(0)
    page.get_by_role("button", name="New calendar").click()
    page.get_by_role("dialog").get_by_label("Name").fill("Club")
    page.get_by_role("dialog").get_by_label("Colour 4").check()
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.get_by_role("checkbox", name="Club")).to_be_checked()
    club = next(each for each in program(desk).call("Calendar/get")["list"] if each["name"] == "Club")
    program(desk).add("Meeting of the club", at(WEDNESDAY, "15:00"), calendarIds={club["id"]: True}, timeZone=ZONE)
    expect(event(page, "Meeting of the club")).to_be_visible()
    assert event(page, "Meeting of the club").evaluate("(at) => at.style.getPropertyValue('--c')") == club["color"]
    page.reload()
    expect(event(page, "Meeting of the club")).to_be_visible()
    expect(event(page, "Their lunch")).to_have_count(0)
    page.get_by_role("button", name="Actions for Club").click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(event(page, "Meeting of the club")).to_have_count(0)


def daily(desk: Desk) -> None:
    rule = {"@type": "RecurrenceRule", "frequency": "daily", "count": 5}
    program(desk).add("Watering", at(MONDAY, "09:00"), timeZone=ZONE, recurrenceRules=[rule])


def starts(page: Page) -> list[str]:
    """When the waterings of the week are, by day."""
    return page.locator(".column").evaluate_all(
        "(all) => all.map((day) => [...day.querySelectorAll('.event')].map((at) => at.querySelector('.when')"
        ".textContent.slice(0, 5)).join())"
    )


@pytest.mark.parametrize(
    ("scope", "then"),
    [
        ("This one only", ["09:00", "09:00", "13:00", "09:00", "09:00", "", ""]),
        ("This and those that follow", ["09:00", "09:00", "13:00", "13:00", "13:00", "", ""]),
        ("All of them", ["13:00", "13:00", "13:00", "13:00", "13:00", "", ""]),
    ],
)
def test_of_a_series_one_or_some_or_all_are_moved(sit: Make, scope: str, then: list[str]) -> None:
    desk = sit()
    daily(desk)
    page = visit(desk)
    expect(event(page, "Watering")).to_have_count(5)
    drag(page, (WEDNESDAY, 9.25), (WEDNESDAY, 13.25))
    page.get_by_role("dialog", name="Which of the series?").get_by_role("button", name=scope).click()
    until(page, lambda: starts(page) == then)
    expect(desk.toast("Event changed")).to_be_visible()
    page.reload()
    expect(event(page, "Watering")).to_have_count(5)
    assert starts(page) == then


def test_a_series_is_cut_short_and_that_is_taken_back(sit: Make) -> None:
    desk = sit()
    daily(desk)
    page = visit(desk)
    event(page, "Watering").nth(2).click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="This and those that follow").click()
    expect(event(page, "Watering")).to_have_count(2)
    desk.undo("Event deleted")
    expect(event(page, "Watering")).to_have_count(5)
    event(page, "Watering").nth(2).click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="This one only").click()
    until(page, lambda: "recurrenceOverrides" in program(desk).events()[0])
    expect(event(page, "Watering")).to_have_count(4)


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
    expect(page.get_by_role("region", name="Guests")).to_contain_text("1 maybe", timeout=15_000)


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


def test_what_is_printed_is_the_view_alone(sit: Make) -> None:
    desk = sit()
    program(desk).add("Potting", at(WEDNESDAY, "09:00"), timeZone=ZONE)
    page = visit(desk)
    expect(event(page, "Potting")).to_be_visible()
    page.emulate_media(media="print")
    for hidden in (".rail", ".side", ".top", ".views", ".fab"):
        expect(page.locator(hidden).first).to_be_hidden()
    expect(event(page, "Potting")).to_be_visible()
    expect(page.locator(".calendar h1")).to_be_visible()
    page.emulate_media(media="screen")
    for number in range(9):
        program(desk).add(f"Bed {number}", at(WEDNESDAY, "10:00"), timeZone=ZONE)
    page.keyboard.press("4")
    expect(page.locator(".month .more")).to_be_visible()
    page.emulate_media(media="print")
    expect(event(page, "Bed")).to_have_count(9)
    assert all(each.bounding_box() for each in event(page, "Bed").all())
    expect(page.locator(".month .more")).to_have_count(0)


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


def test_one_is_reminded_wherever_one_is(sit: Make) -> None:
    desk = sit()
    soon = datetime.now() + timedelta(minutes=10)
    alert = {"@type": "Alert", "trigger": {"@type": "OffsetTrigger", "offset": "-PT15M"}}
    program(desk).add("Kettle", soon.strftime("%Y-%m-%dT%H:%M:00"), timeZone=local_zone(desk), alerts={"1": alert})
    due = (soon - timedelta(minutes=20)).strftime("%Y-%m-%dT%H:%M:00")
    at_due = {"@type": "Alert", "trigger": {"@type": "OffsetTrigger", "offset": "PT0S", "relativeTo": "end"}}
    program(desk).task("Descale", due=due, timeZone=local_zone(desk), alerts={"1": at_due})
    desk.sign_in()
    told = desk.page.get_by_role("region", name="Reminders")
    kettle, descale = (told.get_by_role("article").filter(has_text=name) for name in ("Kettle, in", "Descale"))
    expect(kettle).to_be_visible(timeout=15_000)
    assert faults(desk.page) == []
    descale.get_by_role("button", name="Dismiss").click()
    expect(descale).to_have_count(0)
    until(desk.page, lambda: "acknowledged" in program(desk).tasks()[0]["alerts"]["1"])
    kettle.get_by_label("Put off Kettle").select_option("5 minutes")
    expect(kettle).to_have_count(0)
    until(desk.page, lambda: len(program(desk).events()[0]["alerts"]) == 2)
    alerts = program(desk).events()[0]["alerts"]
    assert "acknowledged" in alerts["1"]
    [put_off] = [each for key, each in alerts.items() if key != "1"]
    assert put_off["trigger"]["@type"] == "AbsoluteTrigger"
    assert {"reltype": "SNOOZE"} in [each[1] for each in put_off["iCalendar"]["properties"]]
    program(desk).add("Teapot", soon.strftime("%Y-%m-%dT%H:%M:00"), timeZone=local_zone(desk), alerts={"1": alert})
    told.get_by_role("article").filter(has_text="Teapot").get_by_role("button", name="Open").click()
    expect(desk.page.get_by_role("dialog", name="Teapot")).to_be_visible()
    desk.page.reload()
    expect(event(desk.page, "Kettle")).to_be_visible()


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


def test_in_a_shared_calendar_one_is_reminded_by_one_s_own_alone(sit: Make) -> None:
    desk = sit()
    friend = sit(desk.server.account())
    soon = (datetime.now() + timedelta(minutes=10)).strftime("%Y-%m-%dT%H:%M:00")
    alert = {"@type": "Alert", "trigger": {"@type": "OffsetTrigger", "offset": "-PT15M"}}
    for title in ("Hers", "Ours"):
        program(friend).add(title, soon, timeZone=local_zone(desk), alerts={"1": alert})
    desk.server.grant(friend.who, "Calendar", desk.who, "lr")
    mine, account = program(desk), program(friend).account
    ours = next(each["id"] for each in program(friend).events() if each["title"] == "Ours")
    mine.call("CalendarEvent/set", accountId=account, update={ours: {"alerts": {"m": alert}}})
    desk.sign_in()
    told = desk.page.get_by_role("region", name="Reminders")
    expect(told.get_by_role("article")).to_have_count(1, timeout=15_000)
    told.get_by_role("article").filter(has_text="Ours").get_by_role("button", name="Dismiss").click()

    def seen() -> bool:
        [found] = mine.call("CalendarEvent/get", accountId=account, ids=[ours])["list"]
        return any("acknowledged" in each for each in found["alerts"].values())

    until(desk.page, seen)
    assert all("acknowledged" not in each["alerts"]["1"] for each in program(friend).events())


def local_zone(desk: Desk) -> str:
    """The zone of the browser, which is that of this process."""
    found: str = desk.page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone")
    return "Etc/UTC" if found == "UTC" else found


def test_weeks_and_hours_and_zones_are_as_one_wants_them(sit: Make) -> None:
    desk = sit()
    program(desk).add("Call", at(WEDNESDAY, "12:00"), timeZone="Etc/UTC")
    page = visit(desk)
    page.get_by_role("button", name="Calendar settings").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Weeks begin on").select_option("Sunday")
    dialog.get_by_label("Time zone").select_option("Asia/Tokyo")
    dialog.get_by_label("Work from").fill("10:00")
    page.keyboard.press("Escape")
    expect(event(page, "Call")).to_contain_text("21:00")
    expect(page.locator(".grid-head button").first).to_contain_text("Sun")
    page.reload()
    expect(event(page, "Call")).to_contain_text("21:00")
    page.keyboard.press("g")
    page.keyboard.press("s")
    zone = page.get_by_role("main").get_by_label("Time zone")
    expect(zone).to_have_value("Asia/Tokyo")
    zone.select_option("Asia/Dubai")
    page.keyboard.press("g")
    page.keyboard.press("c")
    expect(event(page, "Call")).to_contain_text("16:00")


@pytest.mark.parametrize(("width", "dark"), [(1360, False), (390, True)])
def test_a_screen_reader_meets_nothing_serious_in_the_calendar(sit: Make, width: int, dark: bool) -> None:
    desk = sit(width=width, dark=dark)
    mine = program(desk)
    mine.add("Potting", at(WEDNESDAY, "09:00"), timeZone=ZONE, participants={"b": guest("bob@far.test", "Bob")})
    mine.add("Holiday", at(MONDAY, "00:00"), duration="P7D", timeZone=None, showWithoutTime=True)
    page = visit(desk)
    for key in "341" if width > 1000 else "5641":
        page.keyboard.press(key)
        expect(page.locator(".calendar .event, .agenda-line, .year .busy").first).to_be_visible()
        assert key == "5" or faults(page) == []  # a year has only what the month in the side has, 365 times
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    event(page, "Potting").click()
    expect(page.get_by_role("dialog").get_by_role("button", name="Edit")).to_be_enabled()
    assert faults(page) == []
    page.get_by_role("dialog").get_by_role("button", name="Edit").click()
    expect(page.get_by_label("Repeat")).to_be_visible()
    assert faults(page) == []
    assert page.evaluate(
        "document.querySelector('.dialog').scrollWidth <= document.querySelector('.dialog').clientWidth"
    )
