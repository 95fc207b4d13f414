"""A day without a mouse: every room is entered, read and written in by the keyboard alone."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.e2e.calendars import program, until
from tests.e2e.conftest import Desk, Make, letter

MOST = 60
"""Presses of Tab until something must have been reached."""


def reach(page: Page, there: Locator) -> None:
    """Goes on by Tab until something has the focus."""
    expect(there.first).to_be_visible()
    for _ in range(MOST):
        if there.first.evaluate("(at) => at === document.activeElement"):
            return
        page.keyboard.press("Tab")
    expect(there.first).to_be_focused()


def enter(desk: Desk) -> Page:
    """Signs in without a mouse."""
    page = desk.page
    page.goto(f"http://127.0.0.1:{desk.server.port('http')}/")
    reach(page, page.get_by_label("Address"))
    page.keyboard.type(desk.who.address)
    page.keyboard.press("Tab")
    page.keyboard.type(desk.who.password)
    page.keyboard.press("Enter")
    expect(page.locator(".list h1 small")).to_be_visible()
    return page


def test_mail_is_read_moved_through_and_answered(sit: Make) -> None:
    desk = sit()
    desk.put(letter("Beds", "\r\n".join(f"line {number}" for number in range(200))))
    desk.put(letter("Lunch"), days=1)
    page, press = enter(desk), desk.page.keyboard.press
    expect(desk.row("Beds")).to_be_visible()
    press("Enter")
    expect(page.get_by_role("main").get_by_role("heading", name="Beds")).to_be_visible()
    expect(page.locator(".message .plain")).to_contain_text("line 199")
    press("PageDown")
    until(page, lambda: page.locator(".conversation").evaluate("(at) => at.scrollTop") > 100)
    press("r")
    expect(page.locator(".composer .text-body")).to_be_focused()
    page.keyboard.type("Yes, gladly.")
    reach(page, page.locator(".composer").get_by_role("button", name="Send"))
    press("Enter")
    expect(desk.toast("Message sent")).to_be_visible()
    expect(page.locator(".composer")).to_have_count(0)
    press("j")
    expect(page.get_by_role("main").get_by_role("heading", name="Lunch")).to_be_visible()
    press("u")
    press("/")
    page.keyboard.type("subject:lunch")
    press("Enter")
    expect(page.locator("li.row")).to_have_count(1)
    press("Escape")
    reach(page, page.get_by_role("button", name="Account menu"))
    press("Enter")
    expect(page.get_by_role("menuitem", name="Keyboard shortcuts")).to_be_visible()
    press("Escape")
    expect(page.get_by_role("button", name="Account menu")).to_be_focused()


def test_a_folder_has_its_menu_and_a_dialog_gives_the_focus_back(sit: Make) -> None:
    desk = sit()
    page, press = enter(desk), desk.page.keyboard.press
    reach(page, page.get_by_role("button", name="Actions for Archive"))
    press("Enter")
    for _ in range(10):
        if page.get_by_role("menuitem", name="Share…").evaluate("(at) => at === document.activeElement"):
            break
        press("ArrowDown")
    press("Enter")
    expect(page.get_by_role("dialog").get_by_role("combobox", name="Add people or groups")).to_be_visible()
    press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="Actions for Archive")).to_be_focused()


def test_the_organizer_is_gone_through_and_written_in(sit: Make) -> None:
    desk = sit()
    page, press = enter(desk), desk.page.keyboard.press
    mine = program(desk)

    def room(key: str, ready: str) -> None:
        press("g")
        press(key)
        expect(page.locator(ready).first).to_be_visible()

    room("c", ".calendars li")
    press("c")
    expect(page.get_by_role("dialog").get_by_label("Title")).to_be_focused()
    page.keyboard.type("Potting")
    press("Enter")
    expect(desk.toast("Event saved")).to_be_visible()
    press("j")
    expect(page.locator(".calendar .event").filter(has_text="Potting")).to_be_focused()
    press("Enter")
    expect(page.get_by_role("dialog", name="Potting")).to_be_visible()
    press("Escape")
    for key in "123456":
        press(key)
        expect(page.locator(".views button[aria-pressed='true']")).to_have_count(1)
    press("1")
    room("k", ".side section")
    press("c")
    page.keyboard.type("Buy seeds")
    press("Enter")
    expect(page.locator("li.task")).to_contain_text("Buy seeds")
    press("Escape")
    reach(page, page.get_by_role("button", name="Done: Buy seeds"))
    press(" ")
    until(page, lambda: [each.get("progress") for each in mine.tasks()] == ["completed"])
    room("n", ".side section")
    press("c")
    expect(page.get_by_label("Title")).to_be_focused()
    page.keyboard.type("Beds")
    press("Tab")
    page.keyboard.type("Peas")
    expect(page.locator("li.note-line")).to_contain_text("Beds")
    press("Escape")
    room("p", "li.person, .people-list .none")
    press("c")
    reach(page, page.get_by_role("form").get_by_label("First name"))
    page.keyboard.type("Dora")
    press("Enter")
    expect(page.locator("li.person")).to_contain_text("Dora")
    press("/")
    expect(page.get_by_label("Search contacts")).to_be_focused()
    page.keyboard.type("dor")
    press("ArrowDown")
    press("Enter")
    expect(page.get_by_role("article").get_by_role("heading", name="Dora")).to_be_visible()
    room("s", ".stage.settings")
    reach(page, page.get_by_role("link", name="Storage"))
    press("Enter")
    expect(page.get_by_role("heading", name="Storage", level=1)).to_be_visible()
