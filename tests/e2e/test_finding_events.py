"""Events are found by their words, in all calendars that one may read."""

from __future__ import annotations

from datetime import date, timedelta

from playwright.sync_api import expect

from tests.e2e.calendars import WEDNESDAY, ZONE, at, event, program, visit
from tests.e2e.calls import Program
from tests.e2e.conftest import Make

LONG_AGO = date.today() - timedelta(days=1500)
SOON = date.today() + timedelta(days=40)


def test_an_event_of_another_year_is_found_and_shown_on_its_day(sit: Make) -> None:
    desk = sit()
    mine = program(desk)
    mine.add(
        "Harvest party", at(LONG_AGO, "18:00"), timeZone=ZONE, locations={"1": {"@type": "Location", "name": "Barn"}}
    )
    mine.add("Party of the board", at(SOON, "10:00"), timeZone=ZONE)
    mine.add("Weeding", at(WEDNESDAY, "09:00"), timeZone=ZONE)
    page = visit(desk)
    page.keyboard.press("/")
    page.keyboard.type("party")
    found = page.get_by_role("listbox", name="Events found").get_by_role("option")
    expect(found).to_have_count(2)
    expect(found.first).to_contain_text("Party of the board")
    expect(found.last).to_contain_text("Barn")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Harvest party")).to_be_visible()
    assert f"/week/{LONG_AGO}" in page.url
    expect(event(page, "Harvest party")).to_be_visible()


def test_of_a_series_the_next_time_is_found_and_what_others_share_too(sit: Make) -> None:
    desk = sit()
    other = desk.server.account()
    rule = [{"@type": "RecurrenceRule", "frequency": "weekly"}]
    start = date.today() - timedelta(days=70 - 1)
    program(desk).add("Choir practice", at(start, "20:00"), timeZone=ZONE, recurrenceRules=rule)
    theirs = Program(f"http://127.0.0.1:{desk.server.port('http')}/", other.address, other.password)
    theirs.add("Choir outing", at(SOON, "08:00"), timeZone=ZONE)
    people = theirs.call("Principal/get", ids=None)["list"]
    she = next(each["id"] for each in people if each["email"] == desk.who.address)
    theirs.call("Calendar/set", update={theirs.calendar(): {f"shareWith/{she}": {"mayReadItems": True}}})
    page = visit(desk)
    page.get_by_label("Search events").fill("choir")
    found = page.get_by_role("option")
    expect(found).to_have_count(2)
    expect(found.first).to_contain_text("Choir practice")
    found.first.click()
    assert f"/week/{date.today() + timedelta(days=1)}" in page.url
    page.get_by_label("Search events").fill("nowhere to be found")
    expect(page.get_by_text("No event has these words.")).to_be_visible()
