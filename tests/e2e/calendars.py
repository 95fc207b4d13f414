"""Calendars in a browser: going there, drawing, and what is stored."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from playwright.sync_api import Locator, Page, expect

from tests.e2e.calls import Program
from tests.e2e.conftest import Desk

MONDAY = date.today() - timedelta(days=date.today().weekday())
WEDNESDAY = MONDAY + timedelta(days=2)
ZONE = "Etc/UTC"


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
    """Waits as long as `expect` does; meanwhile the page goes on."""
    for _ in range(300):
        if holds():
            return
        page.wait_for_timeout(100)
    assert holds()


def local_zone(desk: Desk) -> str:
    """The zone of the browser, which is that of this process."""
    found: str = desk.page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone")
    return "Etc/UTC" if found == "UTC" else found
