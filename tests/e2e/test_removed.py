"""What was removed for good, and is still kept by the server."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.calls import Program
from tests.e2e.conftest import Make, letter
from tests.e2e.test_looks import faults


def test_what_was_removed_for_good_is_found_in_trash_and_brought_back(sit: Make) -> None:
    desk = sit()
    for subject in ("Lease", "Old news"):
        desk.put(letter(subject))
    program = Program(f"http://127.0.0.1:{desk.server.port('http')}/", desk.who.address, desk.who.password)
    program.call("Email/set", destroy=program.call("Email/query")["ids"])
    program.call("CalendarEvent/set", destroy=[program.add("Standup", "2026-12-01T09:00:00")])
    desk.sign_in()
    desk.folder("Trash").click()
    desk.page.get_by_role("button", name="Recover what was removed").click()
    dialog = desk.page.get_by_role("dialog")
    expect(dialog.get_by_role("listitem")).to_have_count(2)
    assert faults(desk.page) == []
    dialog.get_by_role("searchbox", name="Find among them").fill("lea")
    expect(dialog.get_by_role("listitem")).to_have_count(1)
    dialog.get_by_role("checkbox", name="Lease").check()
    dialog.get_by_role("button", name="Bring back one").click()
    expect(desk.toast("Brought back")).to_be_visible()
    expect(dialog.get_by_text("Nothing matches")).to_be_visible()
    dialog.get_by_role("searchbox").fill("")
    expect(dialog.get_by_role("listitem")).to_contain_text(["Old news"])
    dialog.get_by_role("combobox", name="What").select_option("Events")
    expect(dialog.get_by_role("listitem")).to_contain_text(["Standup"])
    dialog.get_by_role("button", name="Select all").click()
    dialog.get_by_role("button", name="Bring back one").click()
    expect(dialog.get_by_text("Nothing that was removed is kept")).to_be_visible()
    assert [each["title"] for each in program.events()] == ["Standup"]
    dialog.get_by_role("button", name="Close").click()
    desk.folder("Inbox").click()
    expect(desk.row("Lease")).to_be_visible()


def test_a_message_is_opened_by_itself_to_be_printed(sit: Make) -> None:
    desk = sit()
    desk.put(letter("Tickets", "Platform 4"))
    desk.sign_in()
    desk.open("Tickets")
    desk.page.get_by_role("article").get_by_role("button", name="More").click()
    with desk.page.context.expect_page() as opened:
        desk.page.get_by_role("menuitem", name="Open for printing").click()
    paper = opened.value
    for each in ("Tickets", "Bob Brandt", "Platform 4"):
        expect(paper.locator("body")).to_contain_text(each)
