"""A phone's screen: what fingers do."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.calendars import WEDNESDAY, ZONE, at, event, program, show, spot, stored, until, visit
from tests.e2e.conftest import Make


def test_an_event_is_dragged_by_a_finger_that_rests_on_it_first(sit: Make) -> None:
    desk = sit(width=390)
    program(desk).add("Potting", at(WEDNESDAY, "10:00"), timeZone=ZONE)
    page = visit(desk, "day")
    expect(event(page, "Potting")).to_be_visible()
    show(page, 9)
    tools = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        tools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    x, y = spot(page, WEDNESDAY, 10.5)
    touch("touchStart", (x, y))
    expect(page.locator(".event.dragged")).to_be_visible()
    for by in (24, 60, 96):
        touch("touchMove", (x, y + by))
    touch("touchEnd")
    until(page, lambda: stored(desk) == [("Potting", at(WEDNESDAY, "12:00"), "PT1H")])
    expect(page.get_by_role("dialog")).to_have_count(0)
    hours = page.locator(".grid-scroll")
    before = hours.evaluate("(at) => at.scrollTop")
    x, y = spot(page, WEDNESDAY, 12.5)
    touch("touchStart", (x, y))
    for by in (20, 60, 100):
        touch("touchMove", (x, y - by))
    touch("touchEnd")
    until(page, lambda: hours.evaluate("(at) => at.scrollTop") > before)
    assert stored(desk) == [("Potting", at(WEDNESDAY, "12:00"), "PT1H")]
