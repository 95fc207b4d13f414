"""Mail as files: brought in, taken along, and what comes in files of other programs."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Make, letter
from tests.e2e.test_looks import faults

pytestmark = pytest.mark.xdist_group("browser")


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
