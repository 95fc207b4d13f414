"""Putting mail in order: labels, pins, and what comes back later."""

from __future__ import annotations

import imaplib

from playwright.sync_api import expect

from groupware.model.ids import EVERY
from groupware.model.rights import Right
from groupware.store.api import WriteTx
from tests.e2e.calendars import until
from tests.e2e.conftest import Desk, Make, letter
from tests.e2e.test_looks import faults


def flags(desk: Desk, folder: str = "INBOX") -> str:
    """What a mail program sees of the messages of a folder."""
    with imaplib.IMAP4("127.0.0.1", desk.server.port("imap")) as client:
        client.login(desk.who.address, desk.who.password)
        client.select(folder, readonly=True)
        return b" ".join(each for each in client.fetch("1:*", "(FLAGS)")[1] if isinstance(each, bytes)).decode()


def test_labels_are_given_by_key_seen_by_mail_programs_and_sought(sit: Make) -> None:
    desk = sit()
    desk.put(letter("Compost"))
    desk.put(letter("Lunch"), days=1)
    desk.sign_in()
    desk.row("Compost").get_by_role("button", name="Select").click()
    desk.page.keyboard.press("l")
    find = desk.page.get_by_role("combobox", name="Find or make a label")
    find.fill("to do")
    find.press("Enter")
    find.fill("Garden plan")
    assert faults(desk.page) == []
    find.press("Enter")
    desk.page.keyboard.press("Escape")
    expect(desk.row("Compost").locator(".label")).to_have_text(["To do", "Garden plan"])
    until(desk.page, lambda: "$label4" in flags(desk).lower() and "garden=20plan" in flags(desk))
    side = desk.page.get_by_role("region", name="Labels")
    side.get_by_role("link", name="Garden plan").click()
    expect(desk.page.locator("li.row")).to_have_count(1)
    desk.open("Compost")
    desk.page.get_by_role("button", name="Take off the label To do").click()
    expect(desk.page.locator(".message .label")).to_have_text(["Garden plan"])
    desk.page.goto(f"http://127.0.0.1:{desk.server.port('http')}/mail/settings/labels")
    desk.page.get_by_label("Colour of Garden plan").select_option("purple")
    desk.page.get_by_role("button", name="Delete the label Garden plan").click()
    assert faults(desk.page) == []
    desk.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(desk.page.get_by_label("Name of Garden plan")).to_have_count(0)
    until(desk.page, lambda: "garden" not in flags(desk))


def test_what_waits_leaves_the_inbox_and_the_server_brings_it_back(sit: Make) -> None:
    desk = sit()
    desk.put(letter("Rent"), days=3)
    desk.put(letter("Lunch"), seen=True)
    desk.sign_in()
    desk.open("Rent")
    desk.page.keyboard.press("b")
    assert faults(desk.page) == []
    desk.page.get_by_role("button", name="Next week").click()
    expect(desk.row("Rent")).to_have_count(0)
    desk.undo("Back on")
    expect(desk.row("Rent")).to_be_visible()
    desk.open("Rent")
    desk.page.keyboard.press("b")
    desk.page.get_by_role("button", name="Tomorrow").click()
    desk.folder("Snoozed").click()
    expect(desk.row("Rent").locator(".waits")).to_be_visible()
    with imaplib.IMAP4("127.0.0.1", desk.server.port("imap")) as client:
        client.login(desk.who.address, desk.who.password)
        assert b'(\\HasNoChildren \\Snoozed) "/" Snoozed' in client.list()[1]
    desk.folder("Inbox").click()
    expect(desk.page.locator("li.row")).to_have_count(1)

    def hasten(tx: WriteTx) -> None:
        owner = tx.account(desk.who.address).id
        at = tx.locate(owner, "Snoozed", Right.READ).id
        tx.wake(next(each for each in tx.waking(100) if each.item in {one.id for one in tx.items(at, EVERY)}))

    desk.server.write(hasten)
    expect(desk.page.locator("li.row")).to_have_count(2)
    first = desk.page.locator("li.row").first
    expect(first).to_contain_text("Rent")
    expect(first.get_by_role("img", name="has come back")).to_be_visible()
    desk.open("Rent")
    expect(desk.page.locator("li.row").first).to_contain_text("Lunch")
    until(desk.page, lambda: "$new" not in flags(desk))


def test_a_pin_keeps_on_top(sit: Make) -> None:
    desk = sit()
    desk.put(letter("Phone numbers"), days=9, seen=True)
    desk.put(letter("Lunch"), seen=True)
    desk.sign_in()
    desk.row("Phone numbers").get_by_role("button", name="Select").click()
    desk.page.get_by_role("button", name="More actions").click()
    desk.page.get_by_role("menuitem", name="Pin to the top").click()
    expect(desk.page.locator("li.row").first).to_contain_text("Phone numbers")
    until(desk.page, lambda: "$pinned" in flags(desk))
    desk.open("Phone numbers")
    desk.page.keyboard.press("p")
    expect(desk.page.locator("li.row").first).to_contain_text("Lunch")


def test_what_others_share_cannot_wait_and_that_is_said(sit: Make) -> None:
    owner, desk = sit(), sit()
    owner.put(letter("Rota"))
    desk.server.grant(owner.who, "INBOX", desk.who, "lrswte")
    desk.sign_in()
    desk.page.get_by_label("Search mail").fill("rota")
    desk.page.keyboard.press("Enter")
    desk.open("Rota")
    desk.page.keyboard.press("b")
    expect(desk.toast("Only messages of your own mailbox can wait")).to_be_visible()
    expect(desk.page.get_by_role("dialog")).to_have_count(0)
