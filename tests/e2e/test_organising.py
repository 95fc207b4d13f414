"""Putting mail in order: labels, pins, and what comes back later."""

from __future__ import annotations

import imaplib

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Desk, Make, letter
from tests.e2e.test_looks import faults

pytestmark = pytest.mark.xdist_group("browser")


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
    assert "$label4" in flags(desk).lower() and "garden=20plan" in flags(desk)
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
    assert "garden" not in flags(desk)
