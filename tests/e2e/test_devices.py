"""Signed-in devices: one's own phones, beside the browsers that are signed in."""

from __future__ import annotations

from playwright.sync_api import expect

from groupware.model.device import Access, Device, NewDevice
from groupware.store.api import ReadTx
from tests.e2e.conftest import Desk, Make
from tests.e2e.test_looks import faults


def phone(desk: Desk, key: str = "PHONE1", protocol: str = "16.1") -> None:
    """Their phone has asked for something."""
    site = desk.server.site
    new = NewDevice(key, "iPhone", protocol, '{"name": "Pocket phone", "model": "iPhone 15", "os": "iOS 19.1"}')
    who = site.read(lambda tx: tx.identity(tx.account(desk.who.address).id))
    site.run(site.store.write(who, lambda tx: tx.put_device(new)))


def devices(desk: Desk) -> list[Device]:
    def work(tx: ReadTx) -> list[Device]:
        return list(tx.devices(desk.who.address))

    return desk.server.site.read(work)


def test_a_phone_is_blocked_let_in_wiped_and_seen_beside_the_browsers(sit: Make) -> None:
    desk = sit()
    phone(desk)
    desk.sign_in()
    page = desk.page
    page.goto(f"http://127.0.0.1:{desk.server.port('http')}/mail/settings/devices")
    expect(page.get_by_role("region", name="Signed-in browsers").get_by_text("this one")).to_be_visible()
    phones = page.get_by_role("region", name="Phones and tablets")
    expect(phones.get_by_role("listitem")).to_contain_text("iPhone 15 · iOS 19.1 · last seen")
    assert faults(page) == []
    phones.get_by_role("button", name="Block: Pocket phone").click()
    expect(phones.get_by_text("blocked", exact=True)).to_be_visible()
    assert devices(desk)[0].access == Access.LEFT_OUT
    phones.get_by_role("button", name="Let in: Pocket phone").click()
    phones.get_by_role("button", name="Wipe…: Pocket phone").click()
    dialog = page.get_by_role("dialog", name="What is Pocket phone to forget?")
    expect(dialog.get_by_role("radio")).to_have_count(2)
    dialog.get_by_role("button", name="Wipe").click()
    expect(phones.get_by_text("to be wiped")).to_be_visible()
    expect(phones.get_by_role("button", name="Remove: Pocket phone")).to_have_count(0)
    assert devices(desk)[0].wipe == "account"


def test_a_phone_is_forgotten(sit: Make) -> None:
    desk = sit()
    phone(desk, protocol="14.1")
    desk.sign_in()
    page = desk.page
    page.goto(f"http://127.0.0.1:{desk.server.port('http')}/mail/settings/devices")
    page.get_by_role("button", name="Wipe…: Pocket phone").click()
    expect(page.get_by_role("dialog").get_by_role("radio")).to_have_count(1)
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Remove: Pocket phone").click()
    expect(page.get_by_text("No phone keeps a copy of this account by ActiveSync.")).to_be_visible()
    assert devices(desk) == []
