"""Signing in, reading, and putting mail in its place."""

from __future__ import annotations

import base64
from pathlib import Path

from playwright.sync_api import expect

from tests.e2e.conftest import Make, letter
from tests.support.server import started, stop

HTML = "Content-Type: text/html; charset=utf-8"
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="


def test_a_wrong_password_is_told_and_the_right_one_opens_the_inbox(sit: Make) -> None:
    desk = sit()
    desk.put(letter("Watering list"))
    desk.page.goto(f"http://127.0.0.1:{desk.server.port('http')}/")
    desk.page.get_by_label("Address").fill(desk.who.address)
    desk.page.get_by_label("Password").fill("wrong")
    desk.page.get_by_role("button", name="Sign in").click()
    expect(desk.page.get_by_role("alert").filter(has_text="The name or the password is wrong.")).to_be_visible()
    desk.wrong.clear()  # the 401 that was meant
    desk.sign_in()
    expect(desk.row("Watering list")).to_be_visible()


def test_who_guesses_too_often_reads_when_it_is_possible_again(sit: Make, tmp_path: Path) -> None:
    (tmp_path / "postroom.toml").write_text("[guessing]\nfirst_delay = 0\npeer_failures = 2\n")
    desk = sit()
    strict, base = started(tmp_path)
    try:
        desk.page.goto(f"http://127.0.0.1:{base + 80}/")
        desk.page.get_by_label("Address").fill("nobody@server.test")
        for text in ("The name or the password is wrong.", "Too many sign-ins have failed. Try again at "):
            desk.page.get_by_label("Password").fill("wrong")
            desk.page.get_by_role("button", name="Sign in").click()
            expect(desk.page.get_by_role("alert").filter(has_text=text)).to_be_visible()
        desk.page.goto("about:blank")
    finally:
        stop(strict)
    desk.wrong.clear()  # the answers that were meant


def test_reading_marks_as_read_and_counts(sit: Make) -> None:
    desk = sit()
    desk.put(letter("First", "See https://good.test/page for more"))
    desk.put(letter("Second"))
    desk.sign_in()
    expect(desk.folder("Inbox")).to_contain_text("2")
    desk.open("First")
    expect(desk.page.get_by_role("link", name="https://good.test/page", exact=True)).to_have_attribute(
        "rel", "noopener noreferrer"
    )
    expect(desk.folder("Inbox")).to_contain_text("1")
    desk.page.reload()
    expect(desk.page.get_by_role("main").get_by_role("heading", name="First")).to_be_visible()
    expect(desk.folder("Inbox")).to_contain_text("1")


def test_html_runs_nothing_and_reaches_nothing(sit: Make) -> None:
    desk = sit()
    hostile = (
        "<p>Offer</p><script>parent.document.title='hit'</script><img src=x onerror=\"parent.document.title='hit'\">"
        '<img src="https://tracker.far.test/t.png"><a href="https://good.test/">shop</a>'
    )
    desk.put(letter("Offer of the day", hostile, HTML))
    asked: list[str] = []
    desk.page.on("request", lambda request: asked.append(request.url))
    desk.sign_in()
    desk.open("Offer of the day")
    frame = desk.page.locator("iframe.html")
    expect(frame).to_have_attribute("sandbox", "allow-popups allow-popups-to-escape-sandbox")
    expect(desk.page.frame_locator("iframe.html").get_by_text("Offer")).to_be_visible()
    expect(desk.page.get_by_text("2 pictures from elsewhere are not shown.")).to_be_visible()
    assert frame.evaluate("each => each.contentDocument") is None
    assert desk.page.title() == "Postroom"
    desk.page.get_by_role("button", name="Show", exact=True).click()
    expect(desk.page.frame_locator("iframe.html").locator("img[src^='/mail/image?']")).to_have_count(1)
    assert not [each for each in asked if "far.test/" in each and "/mail/image?" not in each]
    desk.wrong.clear()  # the picture's host is nowhere


def test_a_picture_that_comes_along_is_shown_in_the_frame(sit: Make) -> None:
    desk = sit()
    parts = "\r\n".join([
        "--b", "Content-Type: text/html", "", "<p>Look</p><img src='cid:dot'>",
        "--b", "Content-Type: image/png", "Content-ID: <dot>", "Content-Transfer-Encoding: base64", "", PNG, "--b--",
    ])  # fmt: skip
    desk.put(letter("With a dot", parts, "MIME-Version: 1.0", "Content-Type: multipart/related; boundary=b"))
    desk.sign_in()
    desk.open("With a dot")
    picture = desk.page.frame_locator("iframe.html").locator("img")
    expect(picture).to_be_visible()
    expect(picture).to_have_js_property("naturalWidth", 1)


def test_attachments_are_looked_at_and_fetched(sit: Make) -> None:
    desk = sit()
    parts = "\r\n".join([
        "--b", "Content-Type: text/plain", "", "See below",
        "--b", "Content-Type: image/png; name=dot.png", "Content-Disposition: attachment; filename=dot.png",
        "Content-Transfer-Encoding: base64", "", PNG, "--b--",
    ])  # fmt: skip
    desk.put(letter("A dot", parts, "MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=b"))
    desk.sign_in()
    desk.open("A dot")
    desk.page.get_by_role("button", name="Look at dot.png").click()
    expect(desk.page.get_by_role("dialog").get_by_role("img", name="dot.png")).to_be_visible()
    desk.page.keyboard.press("Escape")
    with desk.page.expect_download() as download:
        desk.page.get_by_role("link", name="Download dot.png").click()
    assert download.value.path().read_bytes() == base64.b64decode(PNG)


def test_the_source_is_shown(sit: Make) -> None:
    desk = sit()
    desk.put(letter("Plain"))
    desk.sign_in()
    desk.open("Plain")
    desk.page.locator(".answers").get_by_role("button", name="More").click()
    desk.page.get_by_role("menuitem", name="Show source").click()
    expect(desk.page.get_by_role("dialog")).to_contain_text("Message-ID: <m")


def test_a_conversation_is_one_line_and_opens_where_it_is_not_read_yet(sit: Make) -> None:
    desk = sit()
    answer = "References: <beds@far.test>", "In-Reply-To: <beds@far.test>"
    desk.put(letter("Beds", "The first", "Message-ID: <beds@far.test>"), days=3, seen=True)
    desk.put(letter("Re: Beds", "The second", *answer), days=2)
    desk.put(letter("Re: Beds", "The third", *answer), days=1, seen=True)
    desk.sign_in()
    row = desk.page.locator("li.row")
    expect(row).to_have_count(1)
    expect(row.locator(".many")).to_have_text("3")
    expect(row.locator("a")).to_contain_text("Unread")
    desk.open("Re: Beds")
    expect(desk.page.locator(".message .plain")).to_contain_text("The second")
    expect(row.locator("a")).not_to_contain_text("Unread")
    desk.page.locator(".folded").first.click()
    expect(desk.page.locator(".message .plain")).to_contain_text("The first")


def test_what_comes_in_appears_by_itself(sit: Make) -> None:
    desk = sit()
    desk.sign_in()
    expect(desk.page.get_by_text("Nothing here")).to_be_visible()
    desk.put(letter("Just in"))
    expect(desk.row("Just in")).to_be_visible()
    expect(desk.folder("Inbox")).to_contain_text("1")


def test_archiving_and_deleting_are_undone(sit: Make) -> None:
    desk = sit()
    desk.put(letter("Keep me"))
    desk.sign_in()
    for button, said in (("Archive", "Moved to Archive"), ("Delete", "Moved to Trash"), ("Junk", "Moved to Junk")):
        desk.open("Keep me")
        desk.page.locator(".reader").get_by_role("button", name=button, exact=True).click()
        expect(desk.row("Keep me")).to_have_count(0)
        desk.undo(said)
        expect(desk.row("Keep me")).to_be_visible()
    desk.page.reload()
    expect(desk.row("Keep me")).to_be_visible()


def test_many_are_selected_moved_and_taken_back(sit: Make) -> None:
    desk = sit()
    for number in range(4):
        desk.put(letter(f"Number {number}"), days=number)
    desk.sign_in()
    desk.row("Number 0").get_by_role("button", name="Select").click()
    desk.row("Number 2").get_by_role("button", name="Select").click(modifiers=["Shift"])
    expect(desk.page.get_by_text("3 selected")).to_be_visible()
    desk.page.get_by_role("button", name="Move").click()
    desk.page.get_by_role("menuitem", name="Archive").click()
    expect(desk.page.locator("li.row")).to_have_count(1)
    desk.undo("3 moved to Archive")
    expect(desk.page.locator("li.row")).to_have_count(4)


def test_deleted_for_good_only_when_nobody_takes_it_back(sit: Make) -> None:
    desk = sit()
    desk.put(letter("Old"), "Trash")
    desk.sign_in()
    desk.folder("Trash").click()
    desk.open("Old")
    desk.page.keyboard.press("#")
    expect(desk.row("Old")).to_have_count(0)
    desk.undo("Deleted for good")
    expect(desk.row("Old")).to_be_visible()


def test_search_goes_across_folders_by_operators(sit: Make) -> None:
    desk = sit()
    desk.put(letter("Garden plan", "tomatoes and beans"))
    desk.put(letter("Garden bill", "to pay", name="Carol Costa"), "Archive")
    desk.put(letter("Other"))
    desk.sign_in()
    search = desk.page.get_by_label("Search mail")

    def find(words: str, *subjects: str) -> None:
        search.fill(words)
        search.press("Enter")
        for each in subjects:
            expect(desk.row(each)).to_be_visible()
        expect(desk.page.locator("li.row")).to_have_count(len(subjects))

    find("subject:garden", "Garden plan", "Garden bill")
    find("subject:garden from:carol", "Garden bill")
    find("in:archive garden", "Garden bill")
    find("beans", "Garden plan")
    find("-subject:garden", "Other")
    desk.page.get_by_role("button", name="Clear search").click()
    expect(desk.page.get_by_role("heading", name="Inbox")).to_be_visible()


def test_a_folder_is_made_renamed_filled_by_dragging_and_deleted(sit: Make) -> None:
    desk = sit()
    desk.put(letter("For the club"))
    desk.sign_in()
    desk.page.get_by_role("button", name="New folder").click()
    desk.page.get_by_label("Name of the folder").fill("Club")
    desk.page.get_by_role("button", name="Save").click()
    desk.folder("Club").hover()
    desk.page.get_by_role("button", name="Actions for Club").click()
    desk.page.get_by_role("menuitem", name="Rename").click()
    desk.page.get_by_label("Name of the folder").fill("Society")
    desk.page.get_by_role("button", name="Save").click()
    desk.row("For the club").drag_to(desk.folder("Society"))
    expect(desk.row("For the club")).to_have_count(0)
    desk.folder("Society").click()
    expect(desk.row("For the club")).to_be_visible()
    desk.page.get_by_role("button", name="Actions for Society").click()
    desk.page.get_by_role("menuitem", name="Delete").click()
    desk.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(desk.folder("Society")).to_have_count(0)
    desk.folder("Trash").click()
    expect(desk.row("For the club")).to_be_visible()


def test_the_keyboard_does_everything(sit: Make) -> None:
    desk = sit()
    for number in range(3):
        desk.put(letter(f"Key {number}"), days=number)
    desk.sign_in()
    expect(desk.row("Key 0")).to_be_visible()
    press = desk.page.keyboard.press
    press("j")
    press("Enter")
    expect(desk.page.get_by_role("heading", name="Key 1")).to_be_visible()
    press("j")
    expect(desk.page.get_by_role("heading", name="Key 2")).to_be_visible()
    press("s")
    expect(desk.row("Key 2").get_by_role("button", name="Flag")).to_have_attribute("aria-pressed", "true")
    press("e")
    expect(desk.row("Key 2")).to_have_count(0)
    press("z")
    expect(desk.row("Key 2")).to_be_visible()
    press("g")
    press("t")
    expect(desk.page.get_by_role("heading", name="Sent")).to_be_visible()
    press("?")
    expect(desk.page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    press("Escape")
    press("/")
    expect(desk.page.get_by_label("Search mail")).to_be_focused()
