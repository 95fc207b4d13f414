"""A calendar and an address book of everybody in the domain."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from groupware.calendar.item import read_item as read_event
from groupware.contacts.card import read_item as read_card
from groupware.model.folder import Kind
from groupware.model.ids import FolderId
from groupware.model.item import NewItem
from groupware.store.api import WriteTx
from mailcore.cli.folders import owner_of
from mailcore.cli.site import Site
from tests.e2e.calendars import WEDNESDAY, event, visit
from tests.e2e.conftest import Desk, Make

FEAST = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:feast\r\nDTSTAMP:20260201T080000Z\r\n"
    f"DTSTART;VALUE=DATE:{WEDNESDAY:%Y%m%d}\r\nSUMMARY:Feast of all\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
PLUMBER = "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:pipes\r\nFN:Pia Pipes\r\nEMAIL:pia@far.test\r\nEND:VCARD\r\n"


Reading = Coroutine[Any, Any, tuple[str, NewItem]]
Publish = Callable[[Desk, str, Kind, Reading], None]


@pytest.fixture
def publish() -> Iterator[Publish]:
    """Makes a public folder with one thing in it; others that look at the domain find it gone."""
    made: list[tuple[Site, FolderId]] = []

    def publish(desk: Desk, path: str, kind: Kind, reading: Reading) -> None:
        site = desk.server.site
        _, new = site.run(reading)

        def work(tx: WriteTx) -> FolderId:
            at = tx.add_folder(owner_of(tx, desk.server.domain), path, kind).id
            tx.append(at, [new])
            return at

        made.append((site, site.write(work)))

    yield publish
    for site, at in made:
        site.write(lambda tx, at=at: tx.delete_folder(at))  # type: ignore[misc]


def test_a_public_calendar_is_over_one_s_own_and_hidden(sit: Make, publish: Publish) -> None:
    desk = sit()
    publish(desk, "Feasts", Kind.CALENDAR, read_event(FEAST.encode(), desk.server.site.blobs, "feast.ics"))
    page = visit(desk)
    expect(event(page, "Feast of all")).to_be_visible()
    event(page, "Feast of all").click()
    expect(page.get_by_role("dialog").get_by_role("button", name="Edit")).to_have_count(0)
    page.keyboard.press("Escape")
    public = page.get_by_role("region", name="Public calendars")
    public.get_by_role("checkbox", name="Feasts").uncheck()
    expect(event(page, "Feast of all")).to_have_count(0)


def test_a_public_address_book_is_looked_into_and_completes_addresses(sit: Make, publish: Publish) -> None:
    desk = sit()
    publish(desk, "Craftspeople", Kind.CONTACTS, read_card(PLUMBER.encode(), desk.server.site.blobs, "pipes.vcf"))
    desk.sign_in()
    desk.page.get_by_role("link", name="Contacts", exact=True).first.click()
    desk.page.get_by_role("link", name="Craftspeople").click()
    desk.page.locator("li.person").filter(has_text="Pia Pipes").click()
    expect(desk.page.get_by_role("main")).to_contain_text("pia@far.test")
    expect(desk.page.get_by_role("button", name="Edit contact")).to_have_count(0)
    desk.page.get_by_role("link", name="Mail", exact=True).first.click()
    desk.page.keyboard.press("c")
    desk.page.get_by_label("To", exact=True).fill("pia")
    expect(desk.page.get_by_role("option", name="Pia Pipes")).to_be_visible()
