"""Mail as files: brought in, taken along, and what comes in files of other programs."""

from __future__ import annotations

import base64
import re
import struct
import zipfile
from pathlib import Path

from playwright.sync_api import expect

from tests.e2e.conftest import Make, letter
from tests.e2e.test_looks import faults


def test_mail_comes_in_from_files_and_goes_out_as_files(sit: Make, tmp_path: Path) -> None:
    desk = sit()
    mbox = tmp_path / "old.mbox"
    head = b"From anna@far.test Thu Nov 26 10:00:00 2026\n"
    mbox.write_bytes(b"".join(head + letter(f"Old {number}").replace(b"\r\n", b"\n") + b"\n" for number in range(40)))
    (tmp_path / "one.eml").write_bytes(letter("From a file"))
    (tmp_path / "odd.bin").write_bytes(b"\0" * 100)
    desk.sign_in()
    desk.folder("Archive").hover()
    desk.page.get_by_role("button", name="Actions for Archive").click()
    desk.page.get_by_role("menuitem", name="Import…").click()
    dialog = desk.page.get_by_role("dialog")
    dialog.get_by_label("Files").set_input_files([mbox, tmp_path / "one.eml", tmp_path / "odd.bin"])
    dialog.get_by_role("button", name="Import").click()
    expect(dialog.get_by_role("status")).to_have_text("41 messages imported")
    expect(dialog.get_by_role("listitem")).to_contain_text(["odd.bin it is neither an .eml nor an mbox file"])
    assert faults(desk.page) == []
    dialog.get_by_role("button", name="Close").last.click()
    desk.folder("Archive").click()
    expect(desk.page.locator(".list h1 small")).to_have_text("41")
    desk.folder("Archive").hover()
    desk.page.get_by_role("button", name="Actions for Archive").click()
    with desk.page.expect_download() as download:
        desk.page.get_by_role("menuitem", name="Export as ZIP").click()
    assert download.value.suggested_filename == "Archive.zip"
    with zipfile.ZipFile(download.value.path()) as found:
        assert len(found.namelist()) == 41 and found.testzip() is None
    desk.row("From a file").get_by_role("button", name="Select").click()
    desk.page.get_by_role("button", name="More actions").first.click()
    with desk.page.expect_download() as download:
        desk.page.get_by_role("menuitem", name="Save as files").click()
    with zipfile.ZipFile(download.value.path()) as found:
        assert found.read(found.namelist()[0]) == (tmp_path / "one.eml").read_bytes()


def tnef() -> bytes:
    """winmail.dat with a text and a file."""

    def attribute(number: int, data: bytes) -> bytes:
        return struct.pack("<BII", 1, number, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)

    return b"".join([
        struct.pack("<IH", 0x223E9F78, 1),
        attribute(0x00018004, b"Plans of Outlook\0"),
        attribute(0x0002800C, b"See the file.\0"),
        attribute(0x00069002, bytes(14)),
        attribute(0x00018010, b"beds.txt\0"),
        attribute(0x0006800F, b"four beds"),
    ])  # fmt: skip


def year() -> str:
    """Two events of a file."""
    events = [
        f"BEGIN:VEVENT\r\nUID:y{day}\r\nDTSTART;VALUE=DATE:2026050{day}\r\nSUMMARY:Day {day}\r\nEND:VEVENT\r\n"
        for day in (1, 2)
    ]
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{''.join(events)}END:VCALENDAR\r\n"


def test_what_is_attached_can_be_looked_at(sit: Make) -> None:
    desk = sit()
    card = "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:x1\r\nFN:Vera Vogel\r\nEMAIL:vera@far.test\r\nEND:VCARD\r\n"
    winmail = base64.encodebytes(tnef()).decode().replace("\n", "\r\n")
    parts = "\r\n".join([
        "--b", "Content-Type: text/plain", "", "See below",
        "--b", "Content-Type: text/vcard", "Content-Disposition: attachment; filename=vera.vcf", "", card,
        "--b", "Content-Type: message/rfc822", "Content-Disposition: attachment; filename=inner.eml", "",
        letter("The inner one", "What was said before", name="Ines Inner").decode(),
        "--b", "Content-Type: application/ms-tnef; name=winmail.dat", "Content-Transfer-Encoding: base64",
        "Content-Disposition: attachment; filename=winmail.dat", "", winmail,
        "--b", "Content-Type: application/pdf", "Content-Disposition: attachment; filename=plan.pdf", "", "%PDF-1.4",
        "--b", "Content-Type: text/calendar", "Content-Disposition: attachment; filename=year.ics", "", year(), "--b--",
    ])  # fmt: skip
    desk.put(letter("Many things", parts, "MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=b"))
    desk.sign_in()
    desk.open("Many things")
    dialog = desk.page.get_by_role("dialog")
    desk.page.get_by_role("button", name="Look at vera.vcf").click()
    expect(dialog).to_contain_text("vera@far.test")
    dialog.get_by_role("button", name="Add to contacts").click()
    expect(desk.toast("Vera Vogel is among your contacts")).to_be_visible()
    assert faults(desk.page) == []
    desk.page.keyboard.press("Escape")
    desk.page.get_by_role("button", name="Look at inner.eml").click()
    expect(dialog.get_by_role("heading", name="The inner one")).to_be_visible()
    expect(dialog).to_contain_text("What was said before")
    desk.page.keyboard.press("Escape")
    desk.page.get_by_role("button", name="Look at winmail.dat").click()
    expect(dialog).to_contain_text("See the file.")
    with desk.page.expect_download() as download:
        dialog.get_by_role("link", name="Download beds.txt").click()
    assert download.value.path().read_bytes() == b"four beds"
    desk.page.keyboard.press("Escape")
    desk.page.get_by_role("button", name="Look at plan.pdf").click()
    expect(dialog.locator("iframe.pdf")).to_have_attribute("src", re.compile("^blob:"))
    desk.page.keyboard.press("Escape")
    desk.page.get_by_role("button", name="Look at year.ics").click()
    expect(dialog.get_by_role("listitem")).to_contain_text(["Day 1", "Day 2"])
