"""What people do about who writes to them, and letters that leave later."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.conftest import Desk, Make, letter


def more(desk: Desk, item: str) -> None:
    desk.page.get_by_role("article").get_by_role("button", name="More").click()
    desk.page.get_by_role("menuitem", name=item).click()


def test_a_sender_is_blocked_from_the_message(sit: Make) -> None:
    desk = sit()
    desk.put(letter("Buy now"))
    desk.sign_in()
    desk.open("Buy now")
    more(desk, "Block bob@far.test")
    expect(desk.toast("bob@far.test is blocked")).to_be_visible()
    expect(desk.row("Buy now")).to_have_count(0)
    site = desk.server.site
    assert site.read(lambda tx: tx.screening(tx.account(desk.who.address).id)).blacklist == "bob@far.test"


def test_a_list_without_one_click_is_left_by_a_letter(sit: Make) -> None:
    desk = sit()
    desk.put(letter("News", "Hello", "List-Unsubscribe: <mailto:leave@far.test?subject=out>"))
    desk.sign_in()
    desk.open("News")
    more(desk, "Unsubscribe")
    expect(desk.page.locator(".composer .chips")).to_contain_text("leave@far.test")
    expect(desk.page.get_by_label("Subject")).to_have_value("out")


def test_a_list_is_left_with_one_click_when_its_server_can_be_reached(sit: Make) -> None:
    desk = sit()
    lines = "List-Unsubscribe: <https://127.0.0.1:9/out>", "List-Unsubscribe-Post: List-Unsubscribe=One-Click"
    desk.put(letter("News", "Hello", *lines))
    desk.sign_in()
    desk.open("News")
    desk.page.on("dialog", lambda asked: asked.accept())
    more(desk, "Unsubscribe")
    expect(desk.toast("The list could not be left")).to_be_visible()  # this server asks nobody in its own network
    desk.wrong.clear()
    asked: list[str] = []
    desk.page.route(
        "**/mail/unsubscribe/**", lambda route: (asked.append(route.request.method), route.fulfill(status=204))
    )
    more(desk, "Unsubscribe")
    expect(desk.toast("You have left")).to_be_visible()
    assert asked == ["POST"]


def test_a_letter_leaves_later_with_a_receipt_and_can_be_had_back(sit: Make) -> None:
    desk = sit()
    other = desk.server.account()
    desk.sign_in()
    desk.page.keyboard.press("c")
    desk.page.get_by_label("To", exact=True).fill(other.address)
    desk.page.get_by_label("Subject").fill("Tomorrow")
    desk.page.get_by_role("button", name="Ask for a receipt when it is read").click()
    desk.page.get_by_role("button", name="Schedule").click()
    desk.page.get_by_role("menuitem").nth(1).click()
    expect(desk.toast("It is sent")).to_be_visible()
    desk.page.get_by_role("button", name="Account menu").click()
    desk.page.get_by_role("menuitem", name="Settings").click()
    desk.page.get_by_role("link", name="Scheduled mail").click()
    row = desk.page.get_by_role("main").get_by_role("listitem").filter(has_text="Tomorrow")
    expect(row).to_contain_text(other.address)
    row.get_by_role("button", name="Do not send").click()
    expect(desk.page.get_by_text("Nothing waits to be sent.")).to_be_visible()
    desk.page.get_by_role("link", name="Mail", exact=True).click()
    desk.folder("Drafts").click()
    desk.row("Tomorrow").get_by_role("link").click()
    expect(desk.page.locator(".composer .chips")).to_contain_text(other.address)


def test_who_is_in_the_address_book_is_completed(sit: Make) -> None:
    desk = sit()
    desk.sign_in()
    desk.page.get_by_role("link", name="Contacts", exact=True).click()
    desk.page.get_by_role("button", name="New contact").click()
    form = desk.page.get_by_role("form")
    form.get_by_label("First name").fill("Zacharias")
    form.get_by_label("Email", exact=True).fill("zach@far.test")
    form.get_by_role("button", name="Save").click()
    expect(desk.page.locator("li.person")).to_contain_text("Zacharias")
    desk.page.get_by_role("link", name="Mail", exact=True).click()
    desk.page.keyboard.press("c")
    desk.page.get_by_label("To", exact=True).press_sequentially("zac")
    expect(desk.page.get_by_role("option", name="Zacharias")).to_be_visible()


def test_a_receipt_is_asked_for_given_and_refused(sit: Make) -> None:
    desk, other = sit(), sit()
    wants = f"Disposition-Notification-To: {other.who.address}"
    desk.put(letter("Please confirm", "Did you get it?", wants))
    desk.put(letter("And this", "Too?", wants), days=1)
    desk.sign_in()
    other.sign_in()
    desk.open("Please confirm")
    desk.page.get_by_role("button", name="Tell", exact=True).click()
    expect(desk.toast("The receipt is on its way")).to_be_visible()
    expect(desk.page.get_by_role("button", name="Tell", exact=True)).to_have_count(0)
    expect(other.page.locator("li.row")).to_have_count(1)
    desk.open("And this")
    desk.page.get_by_role("button", name="Do not tell").click()
    expect(desk.page.get_by_role("button", name="Do not tell")).to_have_count(0)
    desk.page.reload()
    expect(desk.page.locator(".message .plain")).to_contain_text("Too?")
    expect(desk.page.get_by_role("button", name="Do not tell")).to_have_count(0)
    expect(other.page.locator("li.row")).to_have_count(1)
