"""Scripts on the command line, and the rules lab: a look, what is done after it, and how that is taken back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Postroom

ALICE, BOB = "alice@example.test", "bob@example.test"
SORT = """require ["fileinto", "imap4flags", "copy", "mailbox"];
if header :contains "Subject" "list" { fileinto :create :flags "$Sorted" "Lists/New"; }
elsif header :contains "Subject" "copy" { fileinto :copy "Archive"; }
elsif header :contains "Subject" "flag" { addflag "\\\\Flagged"; }
elsif header :contains "Subject" "away" { redirect "elsewhere@far.test"; }
elsif header :contains "Subject" "gone" { discard; }
elsif header :contains "Subject" "wrong" { fileinto "Nowhere"; }
"""


def letter(subject: str, number: int) -> bytes:
    return f"From: Ann <ann@far.test>\nTo: {ALICE}\nSubject: {subject}\nMessage-ID: <{number}@far.test>\n\nx\n".encode()


@pytest.fixture
def full(postroom: Postroom, tmp_path: Path) -> Postroom:
    """Alice's INBOX has one message for each rule, and one for none."""
    source = tmp_path / "source"
    source.mkdir()
    for number, subject in enumerate(("a list", "copy me", "flag me", "far away", "be gone", "wrong folder", "plain")):
        (source / f"{number}.eml").write_bytes(letter(subject, number))
    (tmp_path / "sort.sieve").write_text(SORT)
    assert postroom("import", ALICE, "INBOX", source).status == 0
    return postroom


def counts(postroom: Postroom) -> dict[str, int]:
    return {each["path"]: each["items"] for each in postroom("folder", "list", ALICE, "--json").json if each["items"]}


def test_a_script_is_kept_shown_activated_and_taken_away(postroom: Postroom, tmp_path: Path) -> None:
    (tmp_path / "a.sieve").write_text("keep;\n")
    assert postroom("sieve", "put", ALICE, "main", tmp_path / "a.sieve").status == 0
    assert postroom("sieve", "list", ALICE, "--json").json == [{"name": "main", "size": 6, "active": False}]
    assert postroom("sieve", "show", ALICE, "main").out == "keep;\n"
    assert postroom("sieve", "activate", ALICE, "main").status == 0
    assert postroom("sieve", "list", ALICE, "--json").json[0]["active"] is True
    said = postroom("sieve", "delete", ALICE, "main")
    assert (said.status, "active script" in said.err) == (1, True)
    assert postroom("sieve", "deactivate", ALICE).status == 0
    assert postroom("sieve", "delete", ALICE, "main").status == 0
    assert postroom("sieve", "list", ALICE, "--json").json == []


def test_a_script_comes_from_standard_input_and_is_active_at_once(postroom: Postroom) -> None:
    assert postroom("sieve", "put", ALICE, "main", "-", "--activate", stdin="stop;").status == 0
    assert postroom("sieve", "list", ALICE, "--json").json == [{"name": "main", "size": 5, "active": True}]


def test_a_script_with_an_error_is_not_kept(postroom: Postroom, tmp_path: Path) -> None:
    (tmp_path / "a.sieve").write_text('keep;\nfileinto "x";\n')
    for words in (["put", ALICE, "main", tmp_path / "a.sieve"], ["check", ALICE, tmp_path / "a.sieve"]):
        said = postroom("sieve", *words)
        assert (said.status, "Line 2" in said.err) == (1, True)
    assert postroom("sieve", "list", ALICE, "--json").json == []


def test_a_look_says_what_would_happen_and_does_nothing(full: Postroom, tmp_path: Path) -> None:
    before = counts(full)
    found = full("sieve", "try", ALICE, "INBOX", "--script", tmp_path / "sort.sieve", "--json").json
    assert {each["subject"]: each["would"] for each in found} == {
        "a list": "file into Lists/New with $Sorted",
        "copy me": "file into Archive; keep",
        "flag me": "keep with \\Flagged",
        "far away": "redirect to elsewhere@far.test",
        "be gone": "discard",
        "wrong folder": "file into Nowhere",
        "plain": "keep",
    }
    assert counts(full) == before
    assert full("queue", "list", "--json").json == []
    assert full("sieve", "undo", ALICE, "--list", "--json").json == []


def test_what_is_done_is_filing_and_flags_alone_and_all_of_it_is_taken_back(full: Postroom, tmp_path: Path) -> None:
    full("sieve", "put", ALICE, "main", tmp_path / "sort.sieve", "--activate")
    said = full("sieve", "apply", ALICE, "INBOX", "--json")
    assert {name: said.json[name] for name in ("moved", "copied", "flagged")} == {"moved": 1, "copied": 1, "flagged": 1}
    assert ["Nowhere" in each for each in said.json["problems"]] == [True]
    assert counts(full) == {"INBOX": 6, "Lists/New": 1, "Archive": 1}
    assert full("queue", "list", "--json").json == []
    assert [each["run"] for each in full("sieve", "undo", ALICE, "--list", "--json").json] == [said.json["run"]]
    assert full("sieve", "undo", ALICE, "--json").json == {"steps": 4, "gone": 0}
    assert counts(full) == {"INBOX": 7}
    again = full("sieve", "apply", ALICE, "INBOX", "--json").json
    assert (again["moved"], again["flagged"]) == (1, 1)


def test_a_second_run_finds_nothing_left_to_do_and_each_run_is_taken_back_by_itself(
    full: Postroom, tmp_path: Path
) -> None:
    (tmp_path / "b.sieve").write_text('require "fileinto"; if header "Subject" "plain" { fileinto "Trash"; }')
    first = full("sieve", "apply", ALICE, "INBOX", "--script", tmp_path / "b.sieve", "--json").json
    again = full("sieve", "apply", ALICE, "INBOX", "--script", tmp_path / "b.sieve", "--json").json
    assert (first["moved"], again["moved"]) == (1, 0)
    second = full("sieve", "apply", ALICE, "INBOX", "--script", tmp_path / "sort.sieve", "--json").json
    assert [each["run"] for each in full("sieve", "undo", ALICE, "--list", "--json").json] == [
        second["run"],
        first["run"],
    ]
    assert full("sieve", "undo", ALICE, "--run", first["run"], "--json").json == {"steps": 1, "gone": 0}
    assert counts(full) == {"INBOX": 6, "Lists/New": 1, "Archive": 1}
    said = full("sieve", "undo", ALICE, "--run", first["run"])
    assert (said.status, "no run" in said.err) == (1, True)


def test_a_folder_of_several_pages_is_gone_through_once(postroom: Postroom, tmp_path: Path) -> None:
    box = b"".join(b"From x Thu Nov 26 10:00:00 2026\n" + letter(f"a list {n}", n) + b"\n" for n in range(250))
    (tmp_path / "box").write_bytes(box)
    (tmp_path / "sort.sieve").write_text(SORT)
    postroom("import", ALICE, "INBOX", tmp_path / "box")
    assert len(postroom("sieve", "try", ALICE, "INBOX", "--script", tmp_path / "sort.sieve", "--json").json) == 250
    assert (
        postroom("sieve", "apply", ALICE, "INBOX", "--script", tmp_path / "sort.sieve", "--json").json["moved"] == 250
    )
    assert counts(postroom) == {"Lists/New": 250}
    assert postroom("sieve", "undo", ALICE, "--list", "--json").json[0]["pages"] == 3
    assert postroom("sieve", "undo", ALICE, "--json").json == {"steps": 500, "gone": 0}
    assert counts(postroom) == {"INBOX": 250}


def test_what_is_elsewhere_by_now_is_left_there(full: Postroom, tmp_path: Path) -> None:
    (tmp_path / "b.sieve").write_text('require "fileinto"; if header "Subject" "plain" { fileinto "Trash"; }')
    (tmp_path / "c.sieve").write_text('require "fileinto"; fileinto "Archive";')
    full("sieve", "apply", ALICE, "INBOX", "--script", tmp_path / "b.sieve")
    run = full("sieve", "undo", ALICE, "--list", "--json").json[0]["run"]
    full("sieve", "apply", ALICE, "Trash", "--script", tmp_path / "c.sieve")
    assert full("sieve", "undo", ALICE, "--run", run, "--json").json == {"steps": 0, "gone": 1}
    assert counts(full) == {"INBOX": 6, "Archive": 1}


def test_a_message_that_is_where_it_belongs_stays_there(full: Postroom, tmp_path: Path) -> None:
    (tmp_path / "b.sieve").write_text('require "fileinto"; fileinto "INBOX";')
    assert full("sieve", "apply", ALICE, "INBOX", "--script", tmp_path / "b.sieve", "--json").json["moved"] == 0
    assert counts(full) == {"INBOX": 7}


def test_an_error_is_shown_at_its_message_and_moves_nothing(full: Postroom, tmp_path: Path) -> None:
    (tmp_path / "b.sieve").write_text(
        'require ["fileinto", "variables"];\nif header :matches "Subject" "*list" { set "x" ""; fileinto "${x}"; }'
    )
    found = full("sieve", "try", ALICE, "INBOX", "--script", tmp_path / "b.sieve", "--json").json
    assert found[0]["would"].startswith("error in line 2: ")
    assert full("sieve", "apply", ALICE, "INBOX", "--script", tmp_path / "b.sieve", "--json").json["moved"] == 0


def test_duplicates_are_those_within_the_folder(full: Postroom, tmp_path: Path) -> None:
    (tmp_path / "again").mkdir()
    (tmp_path / "again" / "x.eml").write_bytes(letter("a list", 0) + b"more\n")
    full("import", ALICE, "INBOX", tmp_path / "again")
    (tmp_path / "b.sieve").write_text('require ["duplicate", "fileinto"]; if duplicate { fileinto "Trash"; }')
    found = full("sieve", "try", ALICE, "INBOX", "--script", tmp_path / "b.sieve", "--json").json
    assert [each["uid"] for each in found if each["would"] != "keep"] == [8]


@pytest.mark.parametrize("owner", ["example.test", "server"])
def test_scripts_of_a_domain_and_of_the_server_are_kept_as_those_of_accounts(postroom: Postroom, owner: str) -> None:
    assert postroom("sieve", "put", owner, "main", "-", "--activate", stdin="stop;").status == 0
    assert postroom("sieve", "list", owner, "--json").json == [{"name": "main", "size": 5, "active": True}]
    assert postroom("sieve", "list", ALICE, "--json").json == []
    assert postroom("sieve", "show", owner, "main").out == "stop;"
    assert postroom("sieve", "check", owner, "main").status == 0
    assert postroom("sieve", "deactivate", owner).status == 0
    assert postroom("sieve", "delete", owner, "main").status == 0
    assert postroom("sieve", "list", owner, "--json").json == []


@pytest.mark.parametrize(
    ("owner", "options"), [("example.test", ["--domain", "example.test"]), ("server", ["--server"])]
)
def test_the_lab_runs_the_script_of_a_domain_over_the_folder_of_an_account(
    full: Postroom, tmp_path: Path, owner: str, options: list[str]
) -> None:
    part = 'require "fileinto"; if header "Subject" "plain" { fileinto "Trash"; }'
    full("sieve", "put", owner, "part", "-", stdin=part)
    full("sieve", "put", owner, "main", "-", "--activate", stdin='require "include"; include :personal "part";')
    found = full("sieve", "try", ALICE, "INBOX", *options, "--json").json
    assert [each["subject"] for each in found if each["would"] == "file into Trash"] == ["plain"]
    assert full("sieve", "apply", ALICE, "INBOX", *options, "--json").json["moved"] == 1
    assert counts(full) == {"INBOX": 6, "Trash": 1}
    assert full("sieve", "undo", ALICE, "--json").json == {"steps": 1, "gone": 0}


@pytest.mark.parametrize(
    "words",
    [
        ["try", ALICE, "INBOX"],
        ["try", ALICE, "Nowhere", "--script", "sort.sieve"],
        ["try", ALICE, "INBOX", "--script", "no such script"],
        ["try", "nobody@example.test", "INBOX"],
        ["undo", BOB],
        ["try", ALICE, "INBOX", "--domain", "example.test", "--server", "--script", "sort.sieve"],
        ["try", ALICE, "INBOX", "--server"],
        ["list", "nowhere.test"],
        ["show", ALICE, "main"],
    ],
)
def test_what_cannot_be_is_said_in_a_line(full: Postroom, words: list[str]) -> None:
    said = full("sieve", *words)
    assert (said.status, said.err.count("\n")) == (1, 1)
