"""Notes and the journal: written, found, kept, and seen by other programs."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from groupware.model.ids import EVERY, BlobId
from groupware.model.rights import Right
from groupware.store.api import ReadTx
from tests.e2e.calendars import until
from tests.e2e.conftest import Desk, Make
from tests.e2e.test_looks import faults


def stored(desk: Desk, path: str = "Notes") -> list[str]:
    """The objects of one of one's folders."""
    site = desk.server.site

    def work(tx: ReadTx) -> list[BlobId]:
        at = tx.locate(tx.account(desk.who.address).id, path, Right.READ)
        return [BlobId(row[1]) for row in tx.columns(at.id, ("blob",), EVERY)]

    return [octets.decode() for octets in site.run(site.blobs.read_many(site.read(work))).values()]


def enter(desk: Desk) -> Locator:
    """Goes into the room of notes; its stage."""
    desk.sign_in()
    desk.page.get_by_role("link", name="Notes", exact=True).click()
    stage = desk.page.get_by_role("main")
    expect(stage.get_by_text("No notes yet")).to_be_visible()
    return stage


def line(desk: Desk, name: str) -> Locator:
    return desk.page.locator("li.note-line").filter(has_text=name)


def test_a_note_saves_itself_is_found_and_comes_back_by_undo(sit: Make) -> None:
    desk = sit()
    stage = enter(desk)
    desk.page.get_by_role("button", name="New note", exact=True).click()
    stage.get_by_label("Title").fill("Beds")
    stage.get_by_label("Write here").fill("Peas,\nthen beans")
    stage.get_by_label("Categories, parted by commas").fill("garden")
    expect(stage.get_by_role("status")).to_have_text("Saved")
    lines = {"SUMMARY:Beds", "DESCRIPTION:Peas\\,\\nthen beans", "CATEGORIES:garden"}
    until(desk.page, lambda: [lines <= set(each.split("\r\n")) for each in stored(desk)] == [True])
    assert faults(desk.page) == []
    stage.get_by_label("Search notes").fill("beans garden")
    expect(line(desk, "Beds")).to_be_visible()
    stage.get_by_label("Search notes").fill("carrots")
    expect(stage.get_by_text("Nothing matches")).to_be_visible()
    stage.get_by_label("Search notes").fill("")
    desk.page.reload()
    expect(stage.get_by_label("Title")).to_have_value("Beds")
    stage.get_by_role("button", name="Delete").click()
    expect(line(desk, "Beds")).to_have_count(0)
    desk.undo("Note deleted")
    expect(line(desk, "Beds")).to_be_visible()
    assert len(stored(desk)) == 1


def test_an_entry_of_the_journal_has_its_day(sit: Make) -> None:
    desk = sit()
    stage = enter(desk)
    desk.page.get_by_role("link", name="Journal").click()
    desk.page.get_by_role("button", name="New note", exact=True).click()
    stage.get_by_label("Day").fill("2026-02-01")
    stage.get_by_label("Title").fill("Frost")
    expect(stage.get_by_role("status")).to_have_text("Saved")
    expect(line(desk, "Frost")).to_contain_text("1 Feb 2026")
    until(desk.page, lambda: "DTSTART;VALUE=DATE:20260201" in "".join(stored(desk, "Journal")))


def test_what_another_program_writes_appears_and_what_is_shared_is_only_read(sit: Make) -> None:
    desk = sit(width=390)
    other = sit()
    desk.server.grant(other.who, "Notes", desk.who, "viewer")
    theirs = enter(other)
    mine = enter(desk)
    other.page.get_by_role("button", name="New note", exact=True).click()
    theirs.get_by_label("Title").fill("Seen by two")
    expect(line(desk, "Seen by two")).to_be_visible()
    line(desk, "Seen by two").get_by_role("link").click()
    expect(mine.get_by_label("Title")).to_have_attribute("readonly", "")
    expect(mine.get_by_role("button", name="Delete")).to_have_count(0)
    assert desk.page.evaluate("document.documentElement.scrollWidth") <= 390
    mine.get_by_role("button", name="Back").click()
    expect(line(desk, "Seen by two")).to_be_visible()


def test_a_notebook_is_made_and_taken_away(sit: Make) -> None:
    desk = sit()
    enter(desk)
    desk.page.get_by_role("button", name="New notebook").click()
    shown = desk.page.get_by_role("dialog")
    shown.get_by_label("Name").fill("Recipes")
    shown.get_by_role("button", name="Save").click()
    book = desk.page.get_by_role("link", name="Recipes")
    book.click()
    desk.page.get_by_role("button", name="New note", exact=True).click()
    desk.page.get_by_role("main").get_by_label("Title").fill("Soup")
    expect(desk.page.get_by_role("main").get_by_role("status")).to_have_text("Saved")
    until(desk.page, lambda: len(stored(desk, "Recipes")) == 1)
    book.hover()
    desk.page.get_by_role("button", name="Actions for Recipes").click()
    desk.page.get_by_role("menuitem", name="Delete").click()
    shown.get_by_role("button", name="Delete").click()
    expect(book).to_have_count(0)
