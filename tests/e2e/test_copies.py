"""A message that has been copied to another folder: what is done to it in one of them leaves it in the other."""

from __future__ import annotations

import imaplib

from playwright.sync_api import expect

from tests.e2e.calendars import until
from tests.e2e.conftest import Desk, Make, letter


def copy_to(desk: Desk, path: str) -> None:
    """All of the inbox into another folder, as a mail program does it."""
    with imaplib.IMAP4("127.0.0.1", desk.server.port("imap")) as client:
        client.login(desk.who.address, desk.who.password)
        client.select("INBOX")
        assert client.copy("1:*", path)[0] == "OK"


def there(desk: Desk, path: str) -> int:
    """How many messages a mail program sees in a folder."""
    with imaplib.IMAP4("127.0.0.1", desk.server.port("imap")) as client:
        client.login(desk.who.address, desk.who.password)
        return int(client.select(path, readonly=True)[1][0] or b"0")


def test_deleting_one_of_two_copies_leaves_the_other(sit: Make) -> None:
    desk = sit()
    desk.put(letter("Lease"))
    copy_to(desk, "Archive")
    desk.sign_in()
    desk.open("Lease")
    desk.page.keyboard.press("#")
    expect(desk.row("Lease")).to_have_count(0)
    desk.folder("Archive").click()
    expect(desk.row("Lease")).to_be_visible()
    desk.folder("Trash").click()
    expect(desk.row("Lease")).to_be_visible()
    desk.undo("moved")
    expect(desk.row("Lease")).to_have_count(0)
    until(desk.page, lambda: [there(desk, each) for each in ("INBOX", "Archive", "Trash")] == [1, 1, 0])


def test_what_goes_from_the_trash_for_good_stays_where_it_is_as_well(sit: Make) -> None:
    desk = sit()
    for subject in ("Lease", "Lunch"):
        desk.put(letter(subject), seen=True)
    copy_to(desk, "Trash")
    desk.sign_in()
    desk.row("Lunch").get_by_role("button", name="Select").click()
    desk.page.keyboard.press("#")
    expect(desk.row("Lunch")).to_have_count(0)
    desk.folder("Trash").click()
    expect(desk.page.locator("li.row")).to_have_count(2)
    desk.page.get_by_role("button", name="Actions for Trash").click()
    desk.page.get_by_role("menuitem", name="Empty").click()
    desk.page.get_by_role("dialog").get_by_role("button", name="Empty").click()
    expect(desk.page.locator("li.row")).to_have_count(0)
    until(desk.page, lambda: [there(desk, each) for each in ("INBOX", "Trash")] == [1, 0])
    desk.folder("Inbox").click()
    expect(desk.row("Lease")).to_be_visible()


def test_a_search_shows_a_copied_message_once_and_says_all_its_folders(sit: Make) -> None:
    desk = sit()
    desk.put(letter("Lease"))
    copy_to(desk, "Archive")
    desk.sign_in()
    find = desk.page.get_by_role("combobox", name="Search")
    find.fill("lease")
    find.press("Enter")
    expect(desk.page.locator("li.row")).to_have_count(1)
    expect(desk.row("Lease").locator(".where")).to_have_text("Archive, Inbox")
