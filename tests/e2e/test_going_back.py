"""Back, reloading and closing: what is open is closed first, and what was typed or done is not lost."""

from __future__ import annotations

from playwright.sync_api import expect

from groupware.model.ids import EVERY
from groupware.store.api import ReadTx
from tests.e2e.calendars import until
from tests.e2e.conftest import Desk, Make, letter


def left_in(desk: Desk, path: str) -> int:
    def work(tx: ReadTx) -> int:
        return len(tx.items(tx.locate(tx.account(desk.who.address).id, path).id, EVERY))

    return desk.server.site.read(work)


def test_on_a_phone_back_closes_the_letter_then_the_message(sit: Make) -> None:
    desk = sit(width=390)
    desk.put(letter("A question"))
    desk.sign_in()
    page = desk.page
    desk.open("A question")
    page.keyboard.press("r")
    page.locator(".composer .text-body").press_sequentially("Half a thought")
    page.go_back()
    expect(page.locator(".composer")).to_have_count(0)
    expect(page.get_by_role("main").get_by_role("heading", name="A question")).to_be_visible()
    page.go_back()
    expect(desk.row("A question")).to_be_visible()
    page.get_by_role("button", name="Menu", exact=True).click()
    desk.folder("Drafts").click()
    expect(desk.row("Re: A question")).to_be_visible()


def test_back_closes_a_dialog_and_the_folders_of_a_phone(sit: Make) -> None:
    desk = sit(width=390)
    desk.sign_in()
    page = desk.page
    begin = page.url
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="Menu", exact=True).click()
    expect(desk.folder("Drafts")).to_be_visible()
    page.go_back()
    expect(desk.folder("Drafts")).not_to_be_visible()
    assert page.url == begin


def test_a_dialog_that_is_closed_leaves_nothing_for_back(sit: Make) -> None:
    desk = sit()
    desk.put(letter("One"))
    desk.sign_in()
    page = desk.page
    desk.open("One")
    for _ in range(2):
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
    page.wait_for_function("() => !history.state?.depth")
    page.go_back()
    expect(page.locator(".reader.idle")).to_be_visible()


def test_a_dialog_that_was_open_when_the_page_was_loaded_anew_leaves_nothing_for_back(sit: Make) -> None:
    desk = sit()
    desk.put(letter("One"))
    desk.sign_in()
    page = desk.page
    desk.open("One")
    page.keyboard.press("?")
    page.wait_for_function("() => history.state?.depth === 1")
    page.reload()
    expect(page.get_by_role("main").get_by_role("heading", name="One")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.go_back()
    expect(page.locator(".reader.idle")).to_be_visible()


def test_the_arrow_of_a_message_leads_where_back_does(sit: Make) -> None:
    desk = sit(width=390)
    desk.put(letter("One"))
    desk.sign_in()
    page = desk.page
    before = page.evaluate("history.length")
    desk.open("One")
    page.get_by_role("button", name="Back").click()
    expect(desk.row("One")).to_be_visible()
    desk.open("One")
    assert page.evaluate("history.length") == before + 1


def test_what_was_typed_of_a_contact_is_there_after_back_and_a_reload(sit: Make) -> None:
    desk = sit()
    desk.sign_in()
    page = desk.page
    page.get_by_role("link", name="Contacts").click()
    page.get_by_role("button", name="New contact").first.click()
    page.get_by_label("First name").fill("Beatrix")
    page.go_back()
    page.get_by_role("button", name="New contact").first.click()
    expect(page.get_by_label("First name")).to_have_value("Beatrix")
    asked: list[str] = []
    page.on("dialog", lambda each: (asked.append(each.type), each.accept()))
    page.reload()
    expect(page.get_by_label("First name")).to_have_value("Beatrix")
    assert asked == ["beforeunload"]
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="New contact").first.click()
    expect(page.get_by_label("First name")).to_have_value("")


def test_what_was_deleted_is_deleted_although_the_page_is_closed(sit: Make) -> None:
    desk = sit()
    desk.put(letter("Old news"), "Trash")
    desk.sign_in()
    page = desk.page
    desk.folder("Trash").click()
    desk.row("Old news").get_by_role("button", name="Select").click()
    page.get_by_role("button", name="Delete", exact=True).first.click()
    expect(desk.toast("Undo")).to_be_visible()
    assert left_in(desk, "Trash") == 1
    page.goto("about:blank")
    until(page, lambda: left_in(desk, "Trash") == 0)
