"""Pictures within the text of a letter."""

from __future__ import annotations

import base64
from email import message_from_bytes
from email.message import EmailMessage, Message

import pytest
from playwright.sync_api import Locator, Page, expect

from groupware.model.ids import EVERY, BlobId
from groupware.store.api import ReadTx
from tests.e2e.conftest import Desk, Make

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAIAAAACUFjqAAAAEklEQVR4nGNwaDiABzGMSmNDAKZ8lgF/6s5/AAAAAElFTkSuQmCC"
)
GIVE = """([event, named, type, base64, html]) => {
    const octets = Uint8Array.from(atob(base64), (each) => each.charCodeAt(0));
    const data = new DataTransfer();
    data.items.add(new File([octets], named, { type }));
    if (html) data.setData("text/html", html);
    const at = document.querySelector(".composer .text-body");
    const { left, top } = at.getBoundingClientRect();
    const common = { bubbles: true, cancelable: true };
    const made = event === "paste"
        ? new ClipboardEvent("paste", { clipboardData: data, ...common })
        : new DragEvent("drop", { dataTransfer: data, clientX: left + 5, clientY: top + 5, ...common });
    at.dispatchEvent(made);
}"""


def give(
    page: Page, event: str, named: str = "shot.png", kind: str = "image/png", html: str = "", octets: bytes = PNG
) -> None:
    """A file is pasted into the text, or dropped on it."""
    page.evaluate(GIVE, [event, named, kind, base64.b64encode(octets).decode(), html])


def pictures(page: Page) -> Locator:
    return page.locator(".composer .text-body img:not(.ProseMirror-separator)")


def writes(desk: Desk, to: str) -> Page:
    desk.sign_in()
    page = desk.page
    page.keyboard.press("c")
    page.get_by_label("To", exact=True).fill(to)
    page.get_by_label("To", exact=True).press("Enter")
    page.get_by_label("Subject").fill("How it looks")
    page.locator(".composer .text-body").click()
    page.keyboard.type("See: ")
    return page


def is_drawn(picture: Locator) -> None:
    expect(picture).to_have_js_property("naturalWidth", 10)


def newest(desk: Desk) -> Message:
    site = desk.server.site

    def work(tx: ReadTx) -> BlobId:
        return tx.items(tx.locate(tx.account(desk.who.address).id, "INBOX").id, EVERY)[-1].blob

    return message_from_bytes(site.run(site.blobs.read(site.read(work))))


def test_a_picture_by_button_paste_or_drop_is_shown_while_writing_and_to_who_gets_it(sit: Make) -> None:
    desk, friend = sit(), sit()
    page = writes(desk, friend.who.address)
    page.get_by_label("Insert a picture").click()
    given = {"name": "chosen.png", "mimeType": "image/png", "buffer": PNG}
    page.locator(".composer .tools input[type=file]").set_input_files([given])  # type: ignore[list-item]
    expect(pictures(page)).to_have_count(1)
    give(page, "paste", "pasted.png")
    expect(pictures(page)).to_have_count(2)
    give(page, "drop", "dropped.png")
    expect(pictures(page)).to_have_count(3)
    for number in range(3):
        is_drawn(pictures(page).nth(number))
    expect(page.locator(".composer .sheet > .chips")).to_have_count(0)
    page.get_by_role("button", name="Send").click()
    expect(desk.toast("Message sent")).to_be_visible()
    friend.sign_in()
    friend.open("How it looks")
    there = friend.page.frame_locator("iframe.html").locator("img")
    expect(there).to_have_count(3)
    is_drawn(there.first)
    expect(friend.page.locator(".attachments")).to_have_count(0)
    parts = [each.get_content_type() for each in newest(friend).walk()]
    assert parts[:2] == ["multipart/related", "multipart/alternative"]
    assert parts.count("image/png") == 3


def test_a_draft_keeps_its_pictures(sit: Make) -> None:
    desk = sit()
    page = writes(desk, desk.who.address)
    give(page, "paste")
    expect(page.locator(".composer").get_by_text("Saved")).to_be_visible()
    page.locator(".composer").get_by_role("button", name="Close").click()
    page.reload()
    desk.folder("Drafts").click()
    desk.row("How it looks").get_by_role("link").click()
    is_drawn(pictures(page))
    expect(page.locator(".composer .sheet > .chips")).to_have_count(0)


def test_in_plain_text_a_picture_becomes_a_file(sit: Make) -> None:
    desk = sit()
    page = writes(desk, desk.who.address)
    give(page, "paste", "shot.png")
    is_drawn(pictures(page))
    page.get_by_role("button", name="Plain text").click()
    expect(page.locator(".composer .sheet > .chips")).to_contain_text("shot.png")
    expect(page.locator(".composer textarea")).to_have_value("See: [shot.png]")


def test_what_is_no_picture_is_attached_and_text_of_a_word_processor_stays_text(sit: Make) -> None:
    desk = sit()
    page = writes(desk, desk.who.address)
    give(page, "paste", "plan.svg", "image/svg+xml")
    expect(page.locator(".composer .sheet > .chips")).to_contain_text("plan.svg")
    give(page, "paste", "image.png", html="<p>from <b>elsewhere</b></p>")
    expect(page.locator(".composer .text-body strong")).to_have_text("elsewhere")
    expect(pictures(page)).to_have_count(0)


def newsletter() -> bytes:
    """An email with a form of its own, and a picture within it."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "Bob Brandt <bob@far.test>", "me@server.test", "In colour"
    made.set_content("As text")
    made.add_alternative(
        '<p>As <b>bold</b> as <a href="https://x.test/">this</a></p><img src="cid:p@far.test" alt="plan">'
        '<img src="https://x.test/open.gif"><script>alert(1)</script>',
        subtype="html",
    )
    html = made.get_payload()[1]
    assert isinstance(html, EmailMessage)
    html.add_related(PNG, "image", "png", cid="<p@far.test>")
    return made.as_bytes()


@pytest.mark.parametrize(("key", "subject"), [("r", "Re: In colour"), ("f", "Fwd: In colour")])
def test_an_answer_keeps_the_form_and_the_pictures_of_what_it_answers(sit: Make, key: str, subject: str) -> None:
    desk = sit()
    desk.put(newsletter())
    desk.sign_in()
    page = desk.page
    desk.open("In colour")
    page.keyboard.press(key)
    expect(page.get_by_label("Subject")).to_have_value(subject)
    text = page.locator(".composer .text-body")
    expect(text.locator("strong")).to_have_text("bold")
    expect(text.locator("a")).to_have_attribute("href", "https://x.test/")
    expect(pictures(page)).to_have_count(1)
    is_drawn(pictures(page))
    expect(page.locator(".composer .sheet > .chips")).to_have_count(0)
    if key == "r":
        page.locator(".composer .chips").get_by_role("button").click()
    page.get_by_label("To", exact=True).fill(desk.who.address)
    page.get_by_label("Subject").fill("On")
    page.get_by_role("button", name="Send").click()
    expect(desk.row("On")).to_be_visible()
    parts = list(newest(desk).walk())
    assert [each["Content-ID"] for each in parts if each.get_content_type() == "image/png"] == ["<p@far.test>"]
    assert not any(b"open.gif" in (each.get_payload(decode=True) or b"") for each in parts if not each.is_multipart())
