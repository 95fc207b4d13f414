"""Calendars by their address, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from tests.e2e.calendars import WEDNESDAY, event, visit
from tests.e2e.conftest import Make
from tests.e2e.test_looks import faults


@dataclass
class Far:
    """Another server with one calendar."""

    port: int = 0
    body: bytes = b""
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def far() -> Iterator[Far]:
    made = Far()

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(self.path)
            self.send_response(200 if made.body else 404)
            self.send_header("Content-Length", str(len(made.body)))
            self.end_headers()
            self.wfile.write(made.body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    made.port = server.server_port
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


def match() -> bytes:
    day = f"{WEDNESDAY:%Y%m%d}"
    inside = f"UID:m1\r\nDTSTART:{day}T180000Z\r\nDTEND:{day}T200000Z\r\nSUMMARY:Home match\r\n"
    head = "X-WR-CALNAME:Fixtures\r\nX-APPLE-CALENDAR-COLOR:#b3261e\r\n"
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{head}BEGIN:VEVENT\r\n{inside}END:VEVENT\r\nEND:VCALENDAR\r\n".encode()


def test_a_calendar_is_subscribed_to_looked_at_and_dropped(sit: Make, far: Far) -> None:
    desk = sit()
    page, far.body = visit(desk), match()
    side = page.get_by_role("navigation", name="Calendars")
    side.get_by_role("button", name="Subscribe to a calendar").click()
    dialog = page.get_by_role("dialog", name="Subscribe to a calendar")
    dialog.get_by_label("Address of the calendar").fill("ftp://far.test/")
    dialog.get_by_role("button", name="Subscribe", exact=True).click()
    expect(dialog.get_by_role("alert")).to_contain_text("https://")
    assert not faults(page)
    dialog.get_by_label("Address of the calendar").fill(f"webcal://127.0.0.1:{far.port}/a.ics")
    dialog.get_by_role("button", name="Subscribe", exact=True).click()
    expect(dialog).not_to_be_visible()
    subscribed = page.get_by_role("region", name="Subscribed")
    expect(subscribed).to_contain_text("Fixtures")  # as it calls itself, once it has come
    page.locator(".grid-scroll").evaluate("(at) => at.scrollTo({ top: 800 })")
    event(page, "Home match").click()
    peek = page.get_by_role("dialog")
    expect(peek).to_contain_text("Home match")
    expect(peek.get_by_role("button", name="Delete")).to_be_disabled()
    page.keyboard.press("Escape")

    subscribed.locator("li").hover()
    subscribed.get_by_role("button").first.click()
    page.get_by_role("menuitem", name="Subscription").click()
    settings = page.get_by_role("dialog", name="Subscription")
    expect(settings.get_by_role("status")).to_contain_text("Last fetched")
    assert not faults(page)
    settings.get_by_role("button", name="Unsubscribe").click()
    expect(event(page, "Home match")).to_have_count(0)
    expect(subscribed).to_have_count(0)
    desk.undo("You do not subscribe to Fixtures any more")
    expect(subscribed).to_contain_text("Fixtures")
    expect(event(page, "Home match")).to_be_visible()


def test_a_link_to_a_calendar_opens_the_way_to_subscribe(sit: Make, far: Far) -> None:
    desk = sit()
    desk.page.add_init_script("navigator.registerProtocolHandler = (...given) => { window.handled = given; }")
    page, far.body = visit(desk), match()
    mail = f"http://127.0.0.1:{desk.server.port('http')}/mail/calendar"
    page.goto(f"{mail}?subscribe={quote(f'webcal://127.0.0.1:{far.port}/a.ics', safe='')}")
    dialog = page.get_by_role("dialog", name="Subscribe to a calendar")
    expect(dialog.get_by_label("Address of the calendar")).to_have_value(f"webcal://127.0.0.1:{far.port}/a.ics")
    dialog.get_by_role("button", name="Open webcal: links here").click()
    assert page.evaluate("window.handled") == ["webcal", f"{mail}?subscribe=%s"]
    dialog.get_by_role("button", name="Subscribe", exact=True).click()
    expect(page.get_by_role("region", name="Subscribed")).to_contain_text("Fixtures")
    page.reload()
    expect(page.get_by_role("region", name="Subscribed")).to_contain_text("Fixtures")
    expect(dialog).to_have_count(0)
