"""Writing, sending, and changing one's mind."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Make, letter


def text(page: Page) -> Locator:
    """The editor."""
    return page.locator(".composer .text-body")


def test_a_letter_with_a_file_is_sent_and_comes_in(sit: Make) -> None:
    desk = sit()
    friend = sit(desk.server.account())
    desk.sign_in()
    desk.page.get_by_role("button", name="New message").first.click()
    desk.page.get_by_label("To", exact=True).fill(friend.who.address)
    desk.page.get_by_label("To", exact=True).press("Enter")
    desk.page.get_by_label("Subject").fill("A plan")
    editor = desk.page.get_by_role("textbox", name="Text", exact=True)
    editor.click()
    editor.press_sequentially("Dear friend, ")
    desk.page.get_by_role("button", name="Bold").click()
    editor.press_sequentially("now")
    file = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"remember"}
    desk.page.locator(".composer footer input[type=file]").set_input_files([file])  # type: ignore[list-item]
    expect(desk.page.locator(".composer")).to_contain_text("notes.txt")
    desk.page.get_by_role("button", name="Send").click()
    expect(desk.toast("Message sent")).to_be_visible()
    desk.folder("Sent").click()
    expect(desk.row("A plan")).to_be_visible()
    friend.sign_in()
    expect(friend.row("A plan")).to_be_visible()
    friend.open("A plan")
    expect(friend.page.frame_locator("iframe.html").locator("strong")).to_have_text("now")
    with friend.page.expect_download() as download:
        friend.page.get_by_role("link", name="Download notes.txt").click()
    assert download.value.path().read_bytes() == b"remember"


def test_sending_is_taken_back(sit: Make) -> None:
    desk = sit()
    desk.put(letter("A question"))
    desk.sign_in()
    desk.open("A question")
    desk.page.keyboard.press("r")
    expect(desk.page.locator(".composer .chips")).to_contain_text("Bob Brandt")
    expect(desk.page.get_by_label("Subject")).to_have_value("Re: A question")
    expect(desk.page.locator(".composer blockquote")).to_contain_text("Hello there")
    desk.page.locator(".composer .text-body").press_sequentially("Yes")
    desk.page.keyboard.press("Control+Enter")
    desk.undo("Message sent")
    expect(desk.toast("Taken back")).to_be_visible()
    expect(desk.page.locator(".composer")).to_be_visible()
    expect(text(desk.page)).to_have_text(re.compile("^Yes"))
    desk.folder("Sent").click()
    expect(desk.page.get_by_text("Nothing here")).to_be_visible()
    desk.folder("Drafts").click()
    expect(desk.row("Re: A question")).to_have_count(1)


def test_a_draft_is_kept_and_gone_on_with(sit: Make) -> None:
    desk = sit()
    desk.sign_in()
    desk.page.keyboard.press("c")
    desk.page.get_by_label("Subject").fill("Half a thought")
    desk.page.locator(".composer .text-body").click()
    desk.page.keyboard.type("to be continued")
    expect(desk.page.locator(".composer").get_by_text("Saved")).to_be_visible()
    desk.page.locator(".composer").get_by_role("button", name="Close").click()
    expect(desk.page.locator(".composer")).to_have_count(0)
    desk.page.reload()
    desk.folder("Drafts").click()
    desk.row("Half a thought").get_by_role("link").click()
    expect(desk.page.get_by_label("Subject")).to_have_value("Half a thought")
    expect(text(desk.page)).to_contain_text("to be continued")
    desk.page.get_by_role("button", name="Discard").click()
    expect(desk.row("Half a thought")).to_have_count(0)


def test_forwarding_takes_the_text_along(sit: Make) -> None:
    desk = sit()
    desk.put(letter("News", "Read all about it"))
    desk.sign_in()
    desk.open("News")
    desk.page.keyboard.press("f")
    expect(desk.page.get_by_label("Subject")).to_have_value("Fwd: News")
    expect(desk.page.locator(".composer .text-body")).to_contain_text("Read all about it")


def test_without_a_recipient_nothing_is_sent(sit: Make) -> None:
    desk = sit()
    desk.sign_in()
    desk.page.keyboard.press("c")
    desk.page.get_by_role("button", name="Send").click()
    expect(desk.toast("Say who it goes to")).to_be_visible()
    desk.page.get_by_label("To", exact=True).fill("nobody")
    desk.page.get_by_label("Subject").click()
    expect(desk.toast("nobody is no address")).to_be_visible()


def test_people_are_completed_from_those_whom_one_knows(sit: Make) -> None:
    desk = sit()
    desk.put(letter("Hello", name="Beatrix Bird"))
    desk.sign_in()
    expect(desk.row("Hello")).to_be_visible()
    desk.page.keyboard.press("c")
    desk.page.get_by_label("To", exact=True).press_sequentially("bea")
    expect(desk.page.get_by_role("option", name="Beatrix Bird")).to_be_visible()
    desk.page.keyboard.press("Enter")
    expect(desk.page.locator(".composer .chips")).to_contain_text("Beatrix Bird")


def test_plain_text_and_signature(sit: Make) -> None:
    desk = sit()
    desk.sign_in()
    desk.page.get_by_role("button", name="Account menu").click()
    desk.page.get_by_role("menuitem", name="Settings").click()
    desk.page.get_by_role("link", name="Signatures").click()
    desk.page.get_by_role("textbox", name="Signature").fill("Alice\nGarden club")
    desk.page.get_by_role("button", name="Save").click()
    expect(desk.toast("Saved")).to_be_visible()
    desk.page.get_by_role("link", name="Mail", exact=True).click()
    desk.page.keyboard.press("c")
    expect(desk.page.locator(".composer .text-body")).to_contain_text("Garden club")
    desk.page.get_by_role("button", name="Plain text").click()
    expect(desk.page.locator(".composer textarea")).to_have_value("Alice\nGarden club")


DROP = """(at, [kind, name]) => {
  const data = new DataTransfer();
  data.items.add(new File(["remember"], name, { type: "text/plain" }));
  const given = { bubbles: true, cancelable: true };
  if (kind === "paste") at.dispatchEvent(new ClipboardEvent("paste", { ...given, clipboardData: data }));
  else for (const each of ["dragover", "drop"]) at.dispatchEvent(new DragEvent(each, { ...given, dataTransfer: data }));
}"""


def test_files_are_dropped_and_pasted(sit: Make) -> None:
    desk = sit()
    desk.sign_in()
    desk.page.keyboard.press("c")
    composer = desk.page.locator(".composer")
    expect(text(desk.page)).to_be_editable()
    composer.evaluate(DROP, ["drop", "dropped.txt"])
    expect(composer.get_by_role("button", name="Remove dropped.txt")).to_be_visible()
    text(desk.page).evaluate(DROP, ["paste", "pasted.txt"])
    expect(composer.get_by_role("button", name="Remove pasted.txt")).to_be_visible()
    composer.get_by_role("button", name="Remove dropped.txt").click()
    expect(composer.get_by_role("button", name="Remove dropped.txt")).to_have_count(0)


def test_a_letter_goes_out_as_whoever_one_may_send_as(sit: Make) -> None:
    desk, owner, friend = sit(), sit(), sit()
    desk.server.grant(owner.who, "", desk.who, "lrs3")
    desk.sign_in()
    desk.page.keyboard.press("c")
    desk.page.get_by_label("From").select_option(label=owner.who.address)
    desk.page.get_by_label("To", exact=True).fill(friend.who.address)
    desk.page.get_by_label("Subject").fill("In her name")
    desk.page.get_by_role("button", name="Send", exact=True).click()
    expect(desk.toast("Message sent")).to_be_visible()
    friend.sign_in()
    friend.open("In her name")
    expect(friend.page.locator(".letterhead").first).to_contain_text(owner.who.address)


def test_people_of_the_domain_are_completed(sit: Make) -> None:
    desk = sit()
    other = desk.server.account("quentin.completed")
    desk.sign_in()
    desk.page.keyboard.press("c")
    desk.page.get_by_label("To", exact=True).press_sequentially("quent")
    desk.page.get_by_role("option", name=other.address).click()
    expect(desk.page.locator(".composer .chips")).to_contain_text(other.address)
