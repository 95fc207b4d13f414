"""Contacts that programs of vCard 3.0 and of 4.0 share: khard, which edits 3.0, and what curl asks for."""

from __future__ import annotations

from pathlib import Path

from tests.clients.account import Account
from tests.clients.programs import Programs
from tests.clients.test_dav import curl, home
from tests.support.server import RunningServer

FOUR = [
    "VERSION:4.0",
    "UID:u1",
    "FN:Ann",
    "N:Other;Ann;;;",
    "TEL;TYPE=home;VALUE=uri:tel:+4912345",
    "EMAIL;PREF=4:ann@x.test",
    "GENDER:F",
    "LANG:fr",
    "RELATED;TYPE=spouse;VALUE=text:Jim",
    "ANNIVERSARY:20090808",
    "PHOTO:data:image/png;base64,iVBORw0KGgoAAAA=",
]
NEW = 'Formatted name: Ann\nLast name: Newer\nFirst name: Ann\nPhone:\n    home: "+4912345"\n    cell: "+49777"\n'


def in_version(programs: Programs, account: Account, there: str, version: str) -> list[str]:
    """The lines of a contact as a program of that version gets them."""
    got = curl(programs, account, "-H", f"Accept: text/vcard;version={version}", there)
    return got.decode().removesuffix("\r\n").replace("\r\n ", "").split("\r\n")


def put(programs: Programs, account: Account, path: Path, there: str) -> None:
    status = curl(programs, account, "-T", path, "-H", "Content-Type: text/vcard", "-w", "%{http_code}", there)
    assert status in (b"201", b"204")


def test_khard_edits_a_contact_of_4_0_as_3_0_and_takes_nothing_away(
    server: RunningServer, programs: Programs, alice: Account
) -> None:
    there = home(server, alice, "contacts") + "Contacts/a.vcf"
    given = ["BEGIN:VCARD", *FOUR, "END:VCARD"]
    (programs.home / "given.vcf").write_text("\r\n".join([*given, ""]), newline="")
    put(programs, alice, programs.home / "given.vcf", there)
    (programs.home / "book").mkdir()
    path = programs.home / "book" / "a.vcf"
    path.write_text("\r\n".join([*in_version(programs, alice, there, "3.0"), ""]), newline="")
    config = programs.file(
        "khard.conf",
        f"[addressbooks]\n[[book]]\npath = {path.parent}\n[general]\neditor = true\nmerge_editor = true\n",
    )
    shown = programs.run("khard", "-c", config, "show", "ann").decode()
    assert ("+4912345" in shown, "ann@x.test" in shown) == (True, True)

    new = programs.file("new.yaml", NEW + "Email:\n    pref: ann@x.test\n")
    programs.run("khard", "-c", config, "edit", "-i", new, "ann", stdin=b"y\n")
    assert "X-WAS" not in path.read_text()  # khard keeps no parameters that it does not know
    put(programs, alice, path, there)
    after = [line for line in in_version(programs, alice, there, "4.0") if not line.startswith("REV:")]
    changed = {"N:Other;Ann;;;": "N:Newer;Ann;;;"}
    assert sorted(after) == sorted([*(changed.get(line, line) for line in given), "TEL;TYPE=cell:+49777"])
