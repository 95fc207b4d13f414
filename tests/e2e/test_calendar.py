"""The calendar in a real browser: its views, and what is drawn in them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.calendars import (
    MONDAY,
    WEDNESDAY,
    ZONE,
    at,
    column,
    drag,
    event,
    program,
    pull,
    spot,
    stored,
    until,
    visit,
)
from tests.e2e.calls import guest
from tests.e2e.conftest import Desk, Make
from tests.e2e.test_looks import faults


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
    until(page, lambda: starts(page) == then)


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
