"""Calendar and contact files brought in: each object by itself, what is refused with its reason, and nothing twice."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Postroom
from tests.support import corpus
from tests.support.davstand import card, event

ALICE = "alice@example.test"


def items(postroom: Postroom, path: str) -> int:
    return next(each["items"] for each in postroom("folder", "list", ALICE, "--json").json if each["path"] == path)


def test_a_calendar_file_goes_in_object_by_object_and_once(postroom: Postroom, tmp_path: Path) -> None:
    body = event("1").replace("END:VCALENDAR\r\n", "") + "".join(event("2").partition("BEGIN:VEVENT")[1:])
    (tmp_path / "all.ics").write_text(body, newline="")
    said = postroom("import", ALICE, "Calendar", tmp_path / "all.ics", "--json").json
    assert said == {"imported": 2, "there_already": 0, "failed": []}
    again = postroom("import", ALICE, "Calendar", tmp_path / "all.ics", "--json").json
    assert again == {"imported": 0, "there_already": 2, "failed": []}
    assert items(postroom, "Calendar") == 2


def test_a_folder_of_files_as_an_export_makes_it_goes_in_again(postroom: Postroom, tmp_path: Path) -> None:
    for number in "12":
        (tmp_path / f"{number}.ics").write_text(event(number), newline="")
        postroom("import", ALICE, "Calendar", tmp_path / f"{number}.ics")
    assert postroom("export", tmp_path / "out", ALICE).status == 0
    said = postroom("import", ALICE, "Copy", tmp_path / "out" / ALICE / "Calendar", "--json").json
    assert said == {"imported": 2, "there_already": 0, "failed": []}
    assert items(postroom, "Copy") == 2


def test_a_file_has_the_zone_that_its_events_name_and_do_not_bring(postroom: Postroom, tmp_path: Path) -> None:
    for number in "12":
        local = event(number).replace("DTSTART:20261201T100000Z", "DTSTART;TZID=Europe/Berlin:20261201T100000")
        (tmp_path / f"{number}.ics").write_text(local, newline="")
        postroom("import", ALICE, "Calendar", tmp_path / f"{number}.ics")
    assert postroom("export", tmp_path / "all.ics", ALICE, "--folder", "Calendar").status == 0
    octets = (tmp_path / "all.ics").read_bytes()
    assert (octets.count(b"BEGIN:VTIMEZONE"), octets.count(b"BEGIN:VEVENT")) == (1, 2)


def test_what_is_refused_says_why_and_the_rest_goes_in(postroom: Postroom, tmp_path: Path) -> None:
    broken = event("bad", "20269901T100000Z").partition("BEGIN:VEVENT")
    task = event("task").replace("VEVENT", "VTODO").partition("BEGIN:VTODO")
    body = event("1").replace("END:VCALENDAR\r\n", "")
    for piece in (broken, task):
        body += piece[1] + piece[2].replace("END:VCALENDAR\r\n", "")
    (tmp_path / "some.ics").write_text(body + "END:VCALENDAR\r\n", newline="")
    said = postroom("import", ALICE, "Calendar", tmp_path / "some.ics", "--json").json
    assert said["imported"] == 1
    assert [("DTSTART" in each, "VTODO" in each) for each in said["failed"]] == [(True, False), (False, True)]


def test_real_calendars_go_in(postroom: Postroom) -> None:
    for name in ("ical4j/samples/valid/friday13.ics", "recurring-ical-events/Germany.ics"):
        said = postroom("import", ALICE, "Holidays", corpus.path("ical") / name, "--json").json
        assert said["failed"] == []
        assert said["imported"] > 0


def test_contacts_go_in_with_a_uid_each(postroom: Postroom, tmp_path: Path) -> None:
    nameless = card("x", "No UID").replace("UID:x\r\n", "")
    (tmp_path / "a.vcf").write_text(card("1", "Ann") + nameless + card("2", "Old").replace("3.0", "2.1"), newline="")
    said = postroom("import", ALICE, "Contacts", tmp_path / "a.vcf", "--json").json
    assert (said["imported"], len(said["failed"]), "2.1" in said["failed"][0]) == (2, 1, True)
    assert postroom("import", ALICE, "Contacts", tmp_path / "a.vcf", "--json").json["there_already"] == 2


def test_a_file_that_is_no_calendar_brings_nothing(postroom: Postroom, tmp_path: Path) -> None:
    (tmp_path / "a.ics").write_text("hello")
    said = postroom("import", ALICE, "Calendar", tmp_path / "a.ics", "--json").json
    assert (said["imported"], "line 1" in said["failed"][0]) == (0, True)


def test_a_calendar_comes_out_as_one_file_and_goes_in_again(postroom: Postroom, tmp_path: Path) -> None:
    body = event("1").replace("END:VCALENDAR\r\n", "") + "".join(event("2").partition("BEGIN:VEVENT")[1:])
    (tmp_path / "in.ics").write_text(body, newline="")
    postroom("import", ALICE, "Calendar", tmp_path / "in.ics")
    said = postroom("export", tmp_path / "out.ics", ALICE, "--folder", "Calendar", "--json").json
    assert said == {"folders": 1, "items": 2, "problems": []}
    again = postroom("import", ALICE, "Copy", tmp_path / "out.ics", "--json").json
    assert again == {"imported": 2, "there_already": 0, "failed": []}


def test_an_address_book_comes_out_as_one_file(postroom: Postroom, tmp_path: Path) -> None:
    (tmp_path / "in.vcf").write_text(card("1", "Zoë") + card("2"), newline="")
    postroom("import", ALICE, "Contacts", tmp_path / "in.vcf")
    assert postroom("export", tmp_path / "out.vcf", ALICE, "--folder", "Contacts").status == 0
    assert (tmp_path / "out.vcf").read_bytes() == (tmp_path / "in.vcf").read_bytes()


def test_an_address_book_comes_out_in_one_version_of_vcard(postroom: Postroom, tmp_path: Path) -> None:
    four = card("2", "Ann", "BDAY:--0229").replace("3.0", "4.0")
    (tmp_path / "in.vcf").write_text(card("1", "Zoë") + four, newline="")
    postroom("import", ALICE, "Contacts", tmp_path / "in.vcf")
    for version in ("3.0", "4.0"):
        out = tmp_path / f"{version}.vcf"
        assert postroom("export", out, ALICE, "--folder", "Contacts", "--vcard", version).status == 0
        assert out.read_text().count(f"VERSION:{version}") == 2
    assert "BDAY;VALUE=date;X-APPLE-OMIT-YEAR=1604:1604-02-29" in (tmp_path / "3.0.vcf").read_text()
    for wrong in (["--folder", "Contacts", "--vcard", "2.1"], ["--vcard", "3.0"]):
        assert postroom("export", tmp_path / "no.vcf", ALICE, *wrong).status != 0
    assert postroom("export", tmp_path / "no.ics", ALICE, "--folder", "Calendar", "--vcard", "3.0").status != 0
    assert not list(tmp_path.glob("no.*"))


def test_one_file_is_of_one_kind_and_never_written_over(postroom: Postroom, tmp_path: Path) -> None:
    assert postroom("export", tmp_path / "a.vcf", ALICE, "--folder", "Calendar").status != 0
    assert postroom("export", tmp_path / "a.ics", ALICE, "--folder", "INBOX").status != 0
    assert postroom("export", tmp_path / "a.ics", "--folder", "Calendar").status != 0
    (tmp_path / "a.ics").write_text("mine")
    assert postroom("export", tmp_path / "a.ics", ALICE, "--folder", "Calendar").status == 1
    assert (tmp_path / "a.ics").read_text() == "mine"


def test_one_broken_line_costs_its_object_alone(postroom: Postroom, tmp_path: Path) -> None:
    body = event("1").replace("END:VCALENDAR\r\n", "")
    for uid, line in (("bad", "no property here"), ("2", "X-A:b")):
        body += "".join(event(uid, "20261201T100000Z", line).partition("BEGIN:VEVENT")[1:]).replace(
            "END:VCALENDAR\r\n", ""
        )
    (tmp_path / "a.ics").write_text(body + "END:VCALENDAR\r\n", newline="")
    said = postroom("import", ALICE, "Calendar", tmp_path / "a.ics", "--json").json
    assert (said["imported"], len(said["failed"])) == (2, 1)
    assert "component from line 10 on: 'no property here'" in said["failed"][0]


def test_a_file_of_more_lines_than_an_object_may_have_goes_in(postroom: Postroom, tmp_path: Path) -> None:
    note = "NOTE:x\r\n" * 60_000
    cards = "".join(card(str(number)).replace("END:", note + "END:") for number in range(2))
    (tmp_path / "a.vcf").write_text(cards, newline="")
    assert postroom("import", ALICE, "Contacts", tmp_path / "a.vcf", "--json").json["imported"] == 2


def test_a_card_without_an_end_is_told_and_the_others_go_in(postroom: Postroom, tmp_path: Path) -> None:
    (tmp_path / "a.vcf").write_text(card("1") + card("2").replace("END:VCARD\r\n", ""), newline="")
    said = postroom("import", ALICE, "Contacts", tmp_path / "a.vcf", "--json").json
    assert (said["imported"], "has no END" in said["failed"][0]) == (1, True)
