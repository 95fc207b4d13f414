"""Folders of one's own, of others and public ones, and lists of any length."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from groupware.mime.item import Marks, read_item
from groupware.model.rights import Right
from groupware.store.api import WriteTx
from tests.e2e.conftest import Make, letter

MANY = 600


def test_folders_of_others_and_public_ones_are_in_the_tree_with_what_is_unread(sit: Make) -> None:
    desk, owner = sit(), sit()
    desk.server.folder(owner.who, "Beds")
    desk.server.grant(owner.who, "Beds", desk.who, "viewer")
    desk.server.folder(desk.server.domain, "News")
    owner.put(letter("Compost of all"), "Beds")
    desk.sign_in()
    tree = desk.page.get_by_role("navigation", name="Folders")
    theirs = tree.get_by_role("region", name=owner.who.address)
    expect(theirs.get_by_role("link", name="Beds")).to_contain_text("1")
    theirs.get_by_role("link", name="Beds").click()
    desk.open("Compost of all")
    expect(theirs.get_by_role("link", name="Beds")).not_to_contain_text("1")
    expect(tree.get_by_role("region", name="Public folders").get_by_role("link", name="News")).to_be_visible()


def test_of_a_long_list_only_what_is_seen_is_there(sit: Make) -> None:
    desk = sit()
    site, begin = desk.server.site, datetime.now(UTC)
    new = [
        site.run(read_item(letter(f"Number {number:03}"), site.blobs, Marks(saved=begin - timedelta(minutes=number))))
        for number in range(MANY)
    ]

    def work(tx: WriteTx) -> None:
        tx.append(tx.locate(tx.account(desk.who.address).id, "INBOX", Right.INSERT).id, new)

    site.write(work)
    desk.sign_in()
    expect(desk.page.locator(".list h1 small")).to_have_text(str(MANY))
    expect(desk.row("Number 000")).to_be_visible()
    assert desk.page.locator("li.row").count() < 60
    desk.page.locator(".list .scroll").evaluate("(at) => at.scrollTo({ top: at.scrollHeight })")
    expect(desk.row(f"Number {MANY - 1}")).to_be_visible()
    expect(desk.row("Number 000")).to_have_count(0)
    assert desk.page.locator("li.row").count() < 60


def test_what_is_no_spam_goes_back_to_the_inbox(sit: Make) -> None:
    desk = sit()
    desk.put(letter("Bargain"), "Junk")
    desk.sign_in()
    desk.folder("Junk").click()
    desk.open("Bargain")
    desk.page.locator(".reader").get_by_role("button", name="Not junk").click()
    expect(desk.row("Bargain")).to_have_count(0)
    desk.folder("Inbox").click()
    expect(desk.row("Bargain")).to_be_visible()


def test_mail_is_dropped_into_a_folder_of_somebody_else_and_comes_back(sit: Make) -> None:
    desk, owner = sit(), sit()
    desk.server.folder(owner.who, "Beds")
    desk.server.grant(owner.who, "Beds", desk.who, "lrswite")
    desk.put(letter("For all"))
    desk.sign_in()
    theirs = desk.page.get_by_role("region", name=owner.who.address).get_by_role("link", name="Beds")
    desk.row("For all").drag_to(theirs)
    expect(theirs).to_contain_text("1")
    expect(desk.row("For all")).to_have_count(0)
    desk.undo("Moved to Beds")
    expect(desk.row("For all")).to_be_visible()
    expect(theirs).not_to_contain_text("1")


def test_a_folder_shows_what_is_unread_alone_is_folded_and_emptied(sit: Make) -> None:
    desk = sit()
    desk.server.folder(desk.who, "Trash/Old")
    desk.put(letter("Read"), "Trash", seen=True)
    desk.put(letter("Unread"), "Trash")
    desk.sign_in()
    page, tree = desk.page, desk.page.get_by_role("navigation", name="Folders")
    desk.folder("Trash").click()
    page.get_by_role("button", name="Filter").click()
    page.get_by_role("menuitemradio", name="Unread").click()
    expect(page.locator("li.row")).to_have_count(1)
    tree.get_by_role("button", name="Folders in Trash").click()
    expect(desk.folder("Old")).to_have_count(0)
    tree.get_by_role("button", name="Actions for Trash").click()
    page.get_by_role("menuitem", name="Empty").click()
    page.get_by_role("dialog").get_by_role("button", name="Empty").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="Filter: Unread").click()
    page.get_by_role("menuitemradio", name="All messages").click()
    expect(page.locator(".list .none")).to_have_text("Nothing here")
