"""Contacts: written, found, grouped, merged, brought in and out."""

from __future__ import annotations

import re
from base64 import b64encode
from pathlib import Path

from playwright.sync_api import Locator, expect

from groupware.contacts.photos import put_photo
from groupware.model.ids import EVERY, BlobId
from groupware.model.rights import Right
from groupware.store.api import ReadTx
from tests.e2e.calendars import program
from tests.e2e.conftest import Desk, Make, letter
from tests.e2e.test_looks import faults

CARDS = "".join(
    f"BEGIN:VCARD\r\nVERSION:4.0\r\nUID:{uid}\r\nFN:{name}\r\n{more}\r\nEND:VCARD\r\n"
    for uid, name, more in (
        ("1", "Ann Berg", "N:Berg;Ann;;;\r\nEMAIL:ann@far.test\r\nX-OWN:kept"),
        ("2", "Ann Berg", "N:Berg;Ann;;;\r\nTEL;TYPE=cell:+49 1"),
        ("3", "Ben Amsel", "N:Amsel;Ben;;;\r\nEMAIL:ben@far.test"),
    )
)
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c494441"
    "54789c63e0ce8e0500015800d4077417b70000000049454e44ae426082"
)


def stored(desk: Desk) -> list[str]:
    """The vCards of one's own address book."""
    site = desk.server.site

    def work(tx: ReadTx) -> list[BlobId]:
        at = tx.locate(tx.account(desk.who.address).id, "Contacts", Right.READ)
        return [BlobId(row[1]) for row in tx.columns(at.id, ("blob",), EVERY)]

    blobs = site.read(work)
    return [octets.decode() for octets in site.run(site.blobs.read_many(blobs)).values()]


def enter(desk: Desk) -> Locator:
    """Goes into the room of contacts; its stage."""
    desk.sign_in()
    desk.page.get_by_role("link", name="Contacts", exact=True).first.click()
    stage = desk.page.get_by_role("main")
    expect(stage.get_by_label("Search contacts")).to_be_visible()
    return stage


def bring(desk: Desk, text: str, name: str, policy: str = "fill") -> None:
    """Imports a file."""
    desk.page.get_by_role("button", name="Import").click()
    shown = desk.page.get_by_role("dialog")
    shown.get_by_label("File (vCard or CSV)").set_input_files({"name": name, "mimeType": "", "buffer": text.encode()})
    shown.get_by_label("Those that are there already").select_option(policy)
    shown.get_by_role("button", name="Import").click()
    expect(shown.get_by_role("status")).to_be_visible()


def line(desk: Desk, name: str) -> Locator:
    return desk.page.locator("li.person").filter(has_text=name)


def test_a_contact_is_written_found_changed_and_written_to(sit: Make, tmp_path: Path) -> None:
    desk = sit()
    stage = enter(desk)
    expect(stage.get_by_text("No contacts yet")).to_be_visible()
    desk.page.get_by_role("button", name="New contact").click()
    form = stage.get_by_role("form")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("alert")).to_contain_text("A contact needs a name")
    form.get_by_label("First name").fill("Dora")
    form.get_by_label("Last name").fill("Delgado")
    form.get_by_label("Email", exact=True).fill("dora@far.test")
    form.get_by_label("Phone", exact=True).fill("+49 2")
    form.get_by_role("button", name="Add: Address").click()
    form.get_by_label("Town").fill("Bonn")
    form.get_by_label("Birthday").fill("1990-02-03")
    (tmp_path / "photo.png").write_bytes(PIXEL)
    with desk.page.expect_file_chooser() as chooser:
        form.get_by_role("button", name="Choose a photo").click()
    chooser.value.set_files(tmp_path / "photo.png")
    expect(form.locator("img.face")).to_be_visible()
    assert faults(desk.page) == []
    form.get_by_role("button", name="Save").click()
    view = stage.get_by_role("article")
    expect(view.get_by_role("heading", name="Dora Delgado")).to_be_visible()
    expect(view).to_contain_text("3 February 1990")
    expect(view.locator("img.face")).to_be_visible()
    assert faults(desk.page) == []
    [card] = stored(desk)
    assert ":dora@far.test" in card
    assert ":19900203" in card
    view.get_by_role("button", name="Edit contact").click()
    form.get_by_label("Last name").fill("Dunn")
    form.get_by_role("button", name="Save").click()
    expect(line(desk, "Dora Dunn")).to_be_visible()
    stage.get_by_label("Search contacts").fill("dunn bonn")
    expect(stage.get_by_text("Nothing matches")).to_be_visible()
    stage.get_by_label("Search contacts").fill("FAR.test dun")
    expect(line(desk, "Dora Dunn")).to_be_visible()
    view.get_by_role("button", name="Write").click()
    expect(desk.page.locator(".composer .chips")).to_contain_text("Dora Dunn")


def test_a_deleted_contact_comes_back_by_undo(sit: Make) -> None:
    desk = sit()
    stage = enter(desk)
    bring(desk, CARDS, "cards.vcf", "keep")
    desk.page.keyboard.press("Escape")
    line(desk, "Ben Amsel").get_by_role("link").click()
    stage.get_by_role("article").get_by_role("button", name="Delete").click()
    expect(line(desk, "Ben Amsel")).to_have_count(0)
    desk.undo("Ben Amsel deleted")
    expect(line(desk, "Ben Amsel")).to_be_visible()
    assert len(stored(desk)) == 3


def test_a_file_comes_in_twice_and_duplicates_become_one(sit: Make) -> None:
    desk = sit()
    stage = enter(desk)
    bring(desk, CARDS.replace("FN:Ben", "FN;X=\x01:Ben"), "broken.vcf")
    bring_again = desk.page.get_by_role("dialog")
    expect(bring_again.get_by_role("status")).to_contain_text("contacts added")
    desk.page.keyboard.press("Escape")
    bring(desk, CARDS, "cards.vcf", "skip")
    desk.page.keyboard.press("Escape")
    expect(desk.page.locator("li.person")).to_have_count(3)
    desk.page.get_by_role("button", name="Find duplicates").click()
    shown = desk.page.get_by_role("dialog")
    assert faults(desk.page) == []
    shown.get_by_role("button", name="Merge").click()
    expect(shown.get_by_text("No contact is there twice.")).to_be_visible()
    shown.get_by_role("button", name="Close").click()
    expect(desk.page.locator("li.person")).to_have_count(2)
    line(desk, "Ann Berg").get_by_role("link").click()
    view = stage.get_by_role("article")
    expect(view).to_contain_text("ann@far.test")
    expect(view).to_contain_text("+49 1")
    assert any("X-OWN:kept" in each and "+49 1" in each for each in stored(desk))
    desk.undo("Ann Berg is one contact now")
    expect(desk.page.locator("li.person")).to_have_count(3)


def test_a_csv_comes_in_and_goes_out(sit: Make) -> None:
    desk = sit()
    enter(desk)
    bring(desk, "First Name,Last Name,E-mail Address,Mobile Phone\nÉva,Kiss,eva@far.test,123\n", "people.csv")
    desk.page.keyboard.press("Escape")
    expect(line(desk, "Éva Kiss")).to_be_visible()
    for form, what in (("csv", "Éva,,Kiss,"), ("3.0", "VERSION:3.0"), ("4.0", "VERSION:4.0")):
        desk.page.get_by_role("button", name="Export").click()
        shown = desk.page.get_by_role("dialog")
        shown.get_by_label("Form").select_option(form)
        with desk.page.expect_download() as download:
            shown.get_by_role("button", name="Export").click()
        text = Path(download.value.path()).read_text()
        assert what in text
        assert re.search("eva@far.test", text)
        expect(shown).to_have_count(0)


def test_a_group_is_made_and_all_its_members_are_written_to(sit: Make) -> None:
    desk = sit()
    stage = enter(desk)
    bring(desk, CARDS, "cards.vcf", "skip")
    desk.page.keyboard.press("Escape")
    desk.page.get_by_role("button", name="New group").click()
    form = stage.get_by_role("form")
    form.get_by_label("Name of the group").fill("Choir")
    form.get_by_label("Add a member…").select_option(label="Ben Amsel")
    form.get_by_label("Add a member…").select_option("1")
    form.get_by_role("button", name="Save").click()
    expect(line(desk, "Choir")).to_contain_text("2 members")
    stage.get_by_role("article").get_by_role("button", name="Write").click()
    chips = desk.page.locator(".composer .chips")
    expect(chips).to_contain_text("Ben Amsel")
    expect(chips).to_contain_text("Ann Berg")


def test_books_of_others_and_who_there_is_are_seen(sit: Make) -> None:
    desk = sit(width=390)
    other = desk.server.account("owner.book")
    desk.server.grant(other, "Contacts", desk.who, "viewer")
    site = desk.server.site
    them = site.read(lambda tx: tx.identity(tx.account(other.address).id))
    site.run(site.store.write(them, lambda tx: put_photo(tx, PIXEL)))
    desk.sign_in()
    desk.page.get_by_role("link", name="Contacts", exact=True).click()
    desk.page.get_by_role("button", name="Menu", exact=True).click()
    expect(desk.page.get_by_role("region", name=other.address)).to_be_visible()
    desk.page.get_by_role("link", name="Directory").click()
    stage = desk.page.get_by_role("main")
    stage.get_by_label("Search contacts").fill("owner.book")
    row = stage.get_by_role("listitem").filter(has_text=other.address)
    expect(row.locator("img.face")).to_have_js_property("naturalWidth", 1)
    row.get_by_role("button", name=f"Add {other.address} to my contacts").click()
    expect(desk.toast("is in your contacts")).to_be_visible()
    assert ":owner.book@server.test" in stored(desk)[0]
    assert desk.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_photos_of_contacts_and_of_the_directory_are_beside_their_mail(sit: Make) -> None:
    desk = sit()
    other = desk.server.account()
    site = desk.server.site
    them = site.read(lambda tx: tx.identity(tx.account(other.address).id))
    site.run(site.store.write(them, lambda tx: put_photo(tx, PIXEL)))
    desk.put(letter("From within").replace(b"bob@far.test", other.address.encode()))
    desk.put(letter("From afar"), days=1)
    desk.put(letter("From a stranger").replace(b"bob@far.test", b"who@far.test"), days=2)
    mine = program(desk)
    book = mine.call("AddressBook/get")["list"][0]["id"]
    photo = {"@type": "Media", "kind": "photo", "uri": f"data:image/png;base64,{b64encode(PIXEL).decode()}"}
    card = {"addressBookIds": {book: True}, "name": {"full": "Bob"}, "emails": {"e": {"address": "Bob@far.test"}}}
    mine.call("ContactCard/set", create={"k": {**card, "media": {"p": photo}}})
    desk.sign_in()
    for subject in ("From within", "From afar"):
        expect(desk.row(subject).locator(".face img")).to_have_js_property("naturalWidth", 1)
    expect(desk.row("From a stranger").locator(".face img")).to_have_count(0)
    desk.open("From afar")
    expect(desk.page.locator(".letterhead .face img")).to_be_visible()
