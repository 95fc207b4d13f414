"""`postroom policy`: rules made, changed, moved, written out, read in, and tried."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Postroom

LETTER = b"From: ann@far.test\r\nSubject: Buy now\r\n\r\nhello\r\n"


def names(postroom: Postroom) -> list[str]:
    return [each["name"] for each in postroom("policy", "list", "--json").json]


@pytest.fixture
def three(postroom: Postroom) -> None:
    for name in ("a", "b", "c"):
        assert postroom("policy", "add", name, "--at", "mail", "--if", f"mailFromUser is {name}",
                        "--then", "reject").status == 0  # fmt: skip


def test_there_are_no_rules_at_first(postroom: Postroom) -> None:
    said = postroom("policy", "list")
    assert (said.status, said.out, said.err) == (0, "", "postroom: there are no rules\n")


def test_a_rule_is_made_shown_and_changed(postroom: Postroom) -> None:
    said = postroom(
        *("policy", "add", "big", "--at", "data", "--if", "messageSize greater 5", "--any", "authUser not exists"),
        *("--any", "rcptCount greater 9", "--then", "reject 552 \"Too big, 'really'.\"", "--note", "for now"),
    )
    assert (said.out, said.err) == ("big is asked at data\n", "")
    assert postroom("policy", "show", "BIG").out == (
        "[[rule]]\nname = \"big\"\nat = \"data\"\nnote = \"for now\"\nall = [\"messageSize greater 5\"]\n"
        "any = [\n    \"authUser not exists\",\n    \"rcptCount greater 9\",\n]\n"
        "then = [\"reject 552 \\\"Too big, 'really'.\\\"\"]\n"
    )  # fmt: skip
    assert postroom("policy", "set", "big", "--always", "--if", "rcptCount greater 3").status == 0
    assert postroom("policy", "show", "big", "--json").json == {
        "name": "big",
        "at": "data",
        "note": "for now",
        "all": ["rcptCount greater 3"],
        "then": ["reject 552 \"Too big, 'really'.\""],
    }


def test_rules_have_an_order_and_a_switch(postroom: Postroom, three: None) -> None:
    assert postroom("policy", "add", "d", "--at", "mail", "--then", "stop", "--before", "b").status == 0
    assert names(postroom) == ["a", "d", "b", "c"]
    postroom("policy", "move", "c", "--first")
    postroom("policy", "move", "a")
    assert names(postroom) == ["c", "d", "b", "a"]
    postroom("policy", "disable", "d")
    assert [each.get("enabled") for each in postroom("policy", "list", "--json").json] == [None, False, None, None]
    postroom("policy", "enable", "d")
    assert "enabled" not in postroom("policy", "show", "d").out
    assert postroom("policy", "delete", "d").out == "d is gone\n"
    assert names(postroom) == ["c", "b", "a"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            ["add", "a", "--at", "mail", "--then", "stop"],
            "there is a rule 'a' already; change it with: postroom policy",
        ),
        (["add", "x", "--at", "mail", "--then", "fly"], "rule 'x', then 1: there is no action 'fly'"),
        (["add", "x", "--then", "stop"], "rule 'x', at: 'None' is no event"),
        (["add", "x", "--at", "mail", "--then", "stop", "--before", "y"], "there is no rule 'y'"),
        (["set", "a", "--if", "rcpt exists"], "rule 'a', all 1: rcpt is not known at mail"),
        (["show", "x"], "there is no rule 'x'"),
        (["delete", "x"], "there is no rule 'x'"),
        (["move", "a", "--before", "a"], "a rule cannot stand in front of itself"),
        (["try", "--ip", "localhost"], "'localhost' is no IP address"),
    ],
)
def test_what_is_wrong_is_said_and_changes_nothing(postroom: Postroom, three: None, line: list[str], said: str) -> None:
    before = postroom("policy", "export").out
    answer = postroom("policy", *line)
    assert (answer.status, answer.out) == (1, "") and answer.err.startswith(f"postroom: {said}")
    assert postroom("policy", "export").out == before


def test_what_is_exported_is_imported(postroom: Postroom, three: None, tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    assert postroom("policy", "export", file).status == 0
    assert postroom("policy", "check", file).out == "3 rules, all of them right\n"
    postroom("policy", "delete", "a")
    assert postroom("policy", "import", file).out == "3 rules hold now\n"
    assert names(postroom) == ["a", "b", "c"]
    assert postroom("policy", "import", "-", stdin="").out == "0 rules hold now\n"
    assert names(postroom) == []


def test_a_file_is_taken_as_a_whole_or_not_at_all(postroom: Postroom, three: None, tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text('[[rule]]\nname = "x"\nat = "mail"\nthen = "stop"\n[[rule]]\nname = "y"\nat = "noon"\n')
    said = postroom("policy", "check", file)
    assert (said.status, said.out) == (1, "") and said.err.startswith("postroom: rule 'y', at: 'noon' is no event")
    assert postroom("policy", "import", file).status == 1
    assert names(postroom) == ["a", "b", "c"]


def test_a_dry_run_tells_event_by_event_what_would_happen(postroom: Postroom, tmp_path: Path) -> None:
    letter, file = tmp_path / "letter.eml", tmp_path / "rules.toml"
    letter.write_bytes(LETTER)
    file.write_text(
        """
        [[rule]]
        name = "few"
        at = "mail"
        all = ["mailFromDomain is far.test"]
        then = ["set maxRcptCount 3"]
        [[rule]]
        name = "unknown"
        at = "rcpt"
        all = ["rcptExists is no"]
        then = ["reject 550 5.1.1"]
        [[rule]]
        name = "ads"
        at = "headers"
        all = ["header.subject contains buy", "maxRcptCount is 3"]
        then = ["add-header X-Ad yes"]
        """.replace(', "maxRcptCount is 3"', "")
    )
    line = ["--ip", "127.0.0.9", "--from", "ann@far.test", "--to", "alice@example.test", "--to", "x@example.test"]
    found = postroom("policy", "try", letter, "--rules", file, *line, "--json").json
    assert [(each["event"], each["rules"], each["does"]) for each in found] == [
        ("connect", [], []),
        ("ehlo", [], []),
        ("mail", ["few"], ["set maxRcptCount 3"]),
        ("rcpt", [], []),
        ("rcpt", ["unknown"], ["reject 550 5.1.1"]),
        ("headers", ["ads"], ["add-header X-Ad yes"]),
        ("data", [], []),
    ]
    assert names(postroom) == []


def test_what_checks_would_find_and_how_it_would_fail_are_tried(postroom: Postroom, tmp_path: Path) -> None:
    for at, when, then in (
        ("headers", "DMARCResult is fail", "add-header X-Odd yes"),
        ("relay", "relayDomain is far.test", "route mx.test"),
        ("failure", "failureCode is 5.1.1", "no-report"),
        ("temporary-failure", "failureCode is 4.2.2", "give-up"),
    ):
        assert postroom("policy", "add", at, "--at", at, "--if", when, "--then", then).status == 0

    def tried(*given: str) -> list[str]:
        line = ["policy", "try", "--from", "bob@example.test", "--user", "bob@example.test", "--to", "ann@far.test"]
        line += [word for each in given for word in ("--set", each)]
        return [name for each in postroom(*line, "--json").json for name in each["rules"]]

    assert tried() == ["relay"]
    assert tried("DMARCResult=fail", "failureCode=5.1.1") == ["headers", "relay", "failure"]
    assert tried("failureCode=4.2.2") == ["relay", "temporary-failure"]
    for wrong in ("nothing=1", "DMARCResult"):
        said = postroom("policy", "try", "--set", wrong)
        assert (said.status, said.err.startswith(f"postroom: --set {wrong}")) == (1, True)


def test_a_stored_message_is_tried(postroom: Postroom, tmp_path: Path) -> None:
    letter = tmp_path / "letter.eml"
    letter.write_bytes(LETTER)
    postroom("import", "alice@example.test", "INBOX", letter)
    postroom("policy", "add", "ads", "--at", "headers", "--if", "header.subject contains buy", "--then", "reject 554")
    line = ["policy", "try", "--stored", "alice@example.test", "INBOX", "1", "--to", "bob@example.test", "--json"]
    assert postroom(*line).json[-1]["does"] == ["reject 554"]
    line[5] = "7"
    assert postroom(*line).err == "postroom: there is no message with the UID 7 in INBOX\n"


def test_the_words_of_the_language_are_shown(postroom: Postroom) -> None:
    assert "header.NAME" in {each["name"] for each in postroom("policy", "variables", "--json").json}
    assert {"in-network", "reject"} <= {each["word"] for each in postroom("policy", "words", "--json").json}


def test_a_domain_has_rules_of_its_own(postroom: Postroom, tmp_path: Path) -> None:
    of = ("--domain", "example.test")
    assert postroom("policy", "add", "odd", "--at", "rcpt", "--then", "reject 'Not now.'", *of).status == 0
    assert postroom("policy", "list", "--json").json == []
    assert [each["name"] for each in postroom("policy", "list", "--json", *of).json] == ["odd"]
    tried = postroom("policy", "try", "--from", "x@far.test", "--to", "alice@example.test", "--json").json
    assert [(each["about"], each["rules"]) for each in tried if each["rules"]] == [
        ("alice@example.test (rules of example.test)", ["odd"])
    ]
    said = postroom("policy", "add", "bad", "--at", "rcpt", "--then", "set remoteDelivery all", *of)
    assert (said.status, "server's own rules" in said.err) == (1, True)
    file = tmp_path / "rules.toml"
    assert postroom("policy", "export", file, *of).status == 0
    assert postroom("policy", "disable", "odd", *of).status == 0
    assert postroom("policy", "import", file, *of).out == "1 rules hold now\n"
    assert postroom("policy", "delete", "odd", *of).status == 0
    assert postroom("policy", "list", "--json", *of).json == []
    assert postroom("policy", "list", "--domain", "nowhere.test").status == 1
